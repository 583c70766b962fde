/* Any file as a capture: what is taken keeps the limits, and reads the same once it is written again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what)
{
    (void)fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static void append(FILE *f, char *line)
{
    if (!line || strlen(line) < 2 || strchr(line, '\n') != line + strlen(line) - 1)
        fail("a line");
    (void)fputs(line, f);
    free(line);
}

static void check_record(const struct capture *c, const struct capture_record *r)
{
    if (r->gateway >= c->gateway_count || r->len > CAPTURE_BODY_MAX || strlen(r->body) != r->len)
        fail("a record");
    if (!r->pushed && (*r->path != '/' || strlen(r->path) >= MESSAGE_PATH_MAX ||
                       !(r->latency_ms >= 0 && r->latency_ms <= CAPTURE_LATENCY_MAX_MS)))
        fail("a reply");
}

static void check_again(const struct capture *c, const char *text, size_t len)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture *again = len <= CAPTURE_FILE_MAX ? capture_read(text, len, why) : NULL;

    if (!again)
        return; /* escaped, a line may have become too long */
    if (again->count != c->count || again->end_ms != c->end_ms ||
        again->gateway_count != c->gateway_count)
        fail("it reads otherwise");
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(again->records[i].body, c->records[i].body) != 0)
            fail("a body reads otherwise");
    }
    capture_free(again);
}

static void check(const struct capture *c)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return;
    append(f, capture_write_header(c));
    for (size_t i = 0; i < c->count; i++) {
        check_record(c, &c->records[i]);
        append(f, capture_write_record(c, &c->records[i]));
    }
    append(f, capture_write_end(c->end_ms, "time"));
    (void)fclose(f);
    check_again(c, text, len);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[CAPTURE_WHY_MAX] = "", *text = malloc(size + 1);
    struct capture *c;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    c = capture_read(text, size, why);
    if (c)
        check(c);
    else if (!why[0] || strlen(why) >= sizeof why)
        fail("why");
    capture_free(c);
    free(text);
    return 0;
}

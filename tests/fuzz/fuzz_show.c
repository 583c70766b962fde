/*
 * Whatever other processes put on the bus, drawn on a terminal of any size. The first three bytes are
 * width, height and a set of flags; then lines: a path, '=' and a number or text; a line without '='
 * is the name of the service that the next ones belong to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/show_view.h"

/* No line is wider than the screen, and nothing but our own colours steers the terminal. */
static void check_screen(const struct show_text *t, const struct show_look *look)
{
    static char line[1 << 16];
    size_t lines = 0;

    for (const char *at = t->data; at; lines++) {
        size_t used = 0;
        for (; *at && *at != '\n' && used + 1 < sizeof line; at++) {
            if (*at == '\x1b') {
                if (!look->color || at[1] != '[')
                    abort();
                at += 2 + strspn(at + 2, "0123456789;");
                if (*at != 'm')
                    abort();
            } else if ((unsigned char)*at < 0x20 || *at == 0x7F) {
                abort();
            } else {
                line[used++] = *at;
            }
        }
        line[used] = '\0';
        if (look->width && show_text_width(line, look->utf8) > look->width)
            abort();
        at = *at ? at + 1 : NULL;
    }
    if (look->height && lines != look->height)
        abort();
}

static void feed(struct show_model *m, struct show_row **row, char *line, int64_t now_ms)
{
    char *value = strchr(line, '='), *end;

    if (!value) {
        struct show_row *next = show_model_add(m, line);
        *row = next ? next : *row;
        if (next)
            show_row_told(next, now_ms);
        return;
    }
    if (!*row)
        return;
    *value++ = '\0';
    double number = strtod(value, &end);
    struct value v = *value && !*end ? value_double(number) : value_string(value);
    show_row_item(*row, line, &v);
    show_row_updated(*row, now_ms);
}

static void draw(const struct show_model *m, const struct show_look *look)
{
    struct show_text t = {0};
    size_t scroll = 3;

    show_view_screen(m, look, &scroll, &t);
    check_screen(&t, look);
    show_text_reset(&t);
    show_view_json(m, look, &t);
    show_text_finish(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct show_model *m = size >= 3 ? show_model_create() : NULL;
    char *text = m ? malloc(size) : NULL, *save = NULL;
    struct show_row *row = NULL;

    if (text) {
        struct show_look look = {.width = data[0] ? data[0] : 1,
                                 .height = data[1] ? data[1] : 1,
                                 .color = data[2] & 1,
                                 .utf8 = data[2] & 2,
                                 .gateways = data[2] & 4,
                                 .history = data[2] & 8};
        memcpy(text, data + 3, size - 3);
        text[size - 3] = '\0';
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
            look.now_ms += data[2] * 100;
            feed(m, &row, line, look.now_ms);
        }
        draw(m, &look);
    }
    free(text);
    show_model_destroy(m);
    return 0;
}

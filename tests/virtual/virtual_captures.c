/*
 * Every capture in tests/fixtures/captures is a test: what is read of it, played at its own speed, is what the .golden
 * file beside it says. Of a template device, an .ini file beside it holds the section. With --write, the golden files are made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/poller.h"
#include "core/capture.h"
#include "core/text.h"
#include "edge/sys/clock.h"
#include "edge/sys/file.h"
#include "edge/sys/log.h"
#include "edge/sys/loop.h"
#include "support/world.h"

enum { GOLDEN_MAX = 4 * 1024 * 1024, AFTERWARDS_MS = 1000 };

static const char command[] = "build/x86_64-debug/tests/virtual_captures --write";

/* ---- What is read of one gateway, as text ---- */

struct playing {
    FILE *out;
    int64_t began_ms;
    const struct poller *poller;
};

static void put_time(const struct playing *p)
{
    fprintf(p->out, "%.1f s", (double)(clock_now_ms() - p->began_ms) / 1000);
}

static void put_reading(const struct playing *p, const char *how, const struct reading *r)
{
    static const char *const reaches[] = {"heard", "lost", "no data yet", "asleep", "no power"};

    put_time(p);
    fprintf(p->out, " %s %u %s \"%s\" %s", how, r->index, r->serial, r->name, reaches[r->reach]);
    for (int f = 0; f < FIELD_COUNT; f++) {
        for (int slot = 0; slot < PHASE_SLOTS; slot++) {
            if (has_value(r->value[f][slot]))
                fprintf(p->out, " %s%s%.*d=%.10g%s", field_key((enum field)f), slot ? "_L" : "",
                        slot ? 1 : 0, slot, r->value[f][slot], field_unit((enum field)f));
        }
    }
    for (unsigned n = 0; n < r->strings; n++)
        fprintf(p->out, " [%s %.10gW]", r->string[n].name, r->string[n].power_w);
    fputc('\n', p->out);
}

static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    put_reading(user, "asked", r);
}

static void on_pushed(void *user, const struct reading *r)
{
    put_reading(user, "pushed", r);
}

static void on_info(void *user, const struct gateway_info *info)
{
    const struct playing *p = user;

    put_time(p);
    fprintf(p->out, " firmware %s\n", info->firmware[0] ? info->firmware : "unknown");
}

static void on_listed(void *user, unsigned index, const char *serial)
{
}

static void nothing(void *user)
{
}

static void on_cycle(void *user, const struct cycle *cycle)
{
    struct playing *p = user;
    const struct health *health = p->poller ? poller_health(p->poller) : NULL;

    if (!health || !health->failing)
        return;
    put_time(p);
    fprintf(p->out, " failed: %s\n", health->last_error);
}

/* The section of the .ini file beside the capture: what a template device is, no capture says. */
static void read_template(const char *path, const char *section, struct gateway_conf *conf)
{
    struct conf_report report;
    char ini[512];
    size_t len;

    snprintf(ini, sizeof ini, "%.*s.ini", (int)(strrchr(path, '.') - path), path);
    char *text = file_read(ini, GOLDEN_MAX, &len);
    struct config *c = text ? config_parse(text, len, &report) : NULL;
    if (!c || report.errors)
        fail_msg("%s: %s", ini, !text ? strerror(errno) : report.messages[0].text);
    for (size_t g = 0; g < c->gateway_count; g++) {
        if (strcmp(c->gateways[g].section, section) == 0)
            *conf = c->gateways[g];
    }
    if (!conf_is_template(conf))
        fail_msg("%s has no [%s]", ini, section);
    conf_report_finish(&report);
    config_free(c);
    free(text);
}

static void play(FILE *out, const char *path, const struct capture_gateway *g, int64_t ms)
{
    struct loop *l = loop_create();
    struct http *http = http_create(l);
    struct playing p = {.out = out, .began_ms = clock_now_ms()};
    struct gateway_conf conf = {.driver = "replay",
                                .timeout_ms = 2500,
                                .push = true,
                                .replay_speed = 1};
    const struct poller_events events = {.reading = on_reading,
                                         .pushed = on_pushed,
                                         .gateway = on_info,
                                         .listed = on_listed,
                                         .list_end = nothing,
                                         .cycle = on_cycle,
                                         .health = nothing,
                                         .user = &p};

    if (strcmp(g->driver, "template") == 0)
        read_template(path, g->section, &conf);
    conf.interval_ms = g->interval_ms >= 1000 ? g->interval_ms : 5000;
    text_copy(conf.section, sizeof conf.section, g->section);
    text_copy(conf.replay_file, sizeof conf.replay_file, path);
    struct poller *poller = poller_create(l, http, &conf, &events);
    assert_non_null(poller);
    p.poller = poller;
    fprintf(out, "%s, %s\n", g->section, g->driver);
    world_run(l, ms + AFTERWARDS_MS);
    poller_destroy(poller);
    http_destroy(http);
    loop_destroy(l);
}

/* To be freed. */
static char *readings_of(const char *path)
{
    char why[CAPTURE_WHY_MAX] = "", *out = NULL;
    size_t len, size = 0;
    char *text = file_read(path, CAPTURE_FILE_MAX, &len);
    struct capture *c = text ? capture_read(text, len, why) : NULL;
    FILE *f = open_memstream(&out, &size);

    if (!c)
        fail_msg("%s: %s", path, text ? why : strerror(errno));
    assert_non_null(f);
    world_reset();
    for (size_t g = 0; g < c->gateway_count; g++)
        play(f, path, &c->gateways[g], c->end_ms);
    fclose(f);
    capture_free(c);
    free(text);
    return out;
}

/* ---- The files ---- */

/* "x.jsonl": "x.golden" */
static void golden_path(const char *path, char out[512])
{
    snprintf(out, 512, "%.*s.golden", (int)(strrchr(path, '.') - path), path);
}

static void write_golden(const char *path)
{
    char golden[512], *text = readings_of(path);
    FILE *f;

    golden_path(path, golden);
    f = fopen(golden, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        fprintf(stderr, "%s: %s\n", golden, strerror(errno));
    else
        printf("%s\n", golden);
    free(text);
}

/* The first line that differs. */
static void compare(const char *path, const char *golden, const char *expected, const char *text)
{
    unsigned line = 1;

    while (*text && *text == *expected) {
        line += *text == '\n';
        text++;
        expected++;
    }
    if (*text != *expected)
        fail_msg("%s reads otherwise than line %u of %s. Where that is right: %s", path, line,
                 golden, command);
}

static void test_capture(void **state)
{
    const char *path = *state;
    char golden[512];
    size_t len;

    golden_path(path, golden);
    char *expected = file_read(golden, GOLDEN_MAX, &len), *text = readings_of(path);
    if (!expected)
        fail_msg("%s is missing: %s makes it. Read what it says", golden, command);
    compare(path, golden, expected, text);
    free(expected);
    free(text);
}

int main(int argc, char **argv)
{
    glob_t files;
    struct CMUnitTest *tests;

    log_set_level((enum log_level)(LOG_CRITICAL + 1));
    if (glob("tests/fixtures/captures/*.jsonl", 0, NULL, &files) != 0) {
        fprintf(stderr, "there is no capture in tests/fixtures/captures\n");
        return 1;
    }
    tests = calloc(files.gl_pathc, sizeof *tests);
    for (size_t i = 0; tests && i < files.gl_pathc; i++) {
        const char *name = strrchr(files.gl_pathv[i], '/') + 1;
        tests[i] = (struct CMUnitTest){.name = name,
                                       .test_func = test_capture,
                                       .initial_state = files.gl_pathv[i]};
        if (argc > 1 && strcmp(argv[1], "--write") == 0)
            write_golden(files.gl_pathv[i]);
    }
    int failed = argc > 1 || !tests
                     ? 0
                     : _cmocka_run_group_tests("captures", tests, files.gl_pathc, NULL, NULL);
    free(tests);
    globfree(&files);
    return failed;
}

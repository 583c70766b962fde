#include "cli/selftest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/device_files.h"
#include "bridge/locations.h"
#include "cli/fold.h"
#include "core/conf.h"
#include "edge/bus/bus.h"
#include "edge/net/http.h"
#include "edge/sys/file.h"
#include "edge/sys/loop.h"
#include "version.h"

enum { ANSWER_MS = 4000 };

static const char help[] =
    "Usage: dbus-opendtu selftest [--config FILE]\n"
    "\n"
    "Tells whether the program can work on this machine: its libraries come up, the D-Bus can be\n"
    "reached, FILE (if given) is a configuration without errors. Changes nothing.\n"
    "Exit code: 0 yes, 1 no, 2 wrong usage.\n";

static bool libraries_work(void)
{
    struct loop *loop = loop_create();
    struct http *http = loop ? http_create(loop) : NULL;
    bool ok = http != NULL;

    if (!ok)
        fprintf(stderr, "selftest: the event loop or libcurl does not come up\n");
    http_destroy(http);
    loop_destroy(loop);
    return ok;
}

struct look {
    struct loop *loop;
    char why[160]; /* "": it is there */
};

static void on_ready(void *user)
{
    struct look *look = user;

    look->why[0] = '\0';
    loop_stop(look->loop, 0);
}

static void on_failed(void *user, const char *why)
{
    struct look *look = user;

    snprintf(look->why, sizeof look->why, "%s", why);
    loop_stop(look->loop, 0);
}

static void on_late(void *user)
{
    on_failed(user, "it does not answer");
}

static bool bus_works(void)
{
    struct look look = {.loop = loop_create(), .why = "out of memory"};
    const struct bus_events events = {.ready = on_ready, .failed = on_failed, .user = &look};
    struct bus *bus = look.loop ? bus_open(look.loop, &events) : NULL;

    if (bus) {
        struct loop_timer late;
        loop_timer_init(&late, look.loop, on_late, &look);
        loop_timer_arm(&late, ANSWER_MS);
        (void)loop_run(look.loop);
        loop_timer_disarm(&late);
    }
    if (*look.why)
        fprintf(stderr, "selftest: the D-Bus cannot be reached: %s\n", look.why);
    bus_close(bus);
    loop_destroy(look.loop);
    return !*look.why;
}

static bool config_works(const char *path)
{
    struct conf_report report;
    size_t len;
    char *text = file_read(path, LOCATION_CONFIG_MAX, &len);

    if (!text) {
        fprintf(stderr, "selftest: %s: %s\n", path, strerror(errno));
        return false;
    }
    struct config *config = device_files_parse(path, text, len, &report);
    free(text);
    for (size_t i = 0; i < report.count; i++)
        if (report.messages[i].severity > CONF_WARNING)
            fprintf(stderr, "selftest: %s:%u: %s\n", path, report.messages[i].line,
                    report.messages[i].text);
    bool ok = config != NULL && report.errors == 0;
    config_free(config);
    conf_report_finish(&report);
    return ok;
}

int cli_selftest(int argc, char **argv)
{
    const char *config = NULL;

    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fold_print(stdout, help, FOLD_PARAGRAPHS);
        return 0;
    }
    if (argc == 3 && !strcmp(argv[1], "--config")) {
        config = argv[2];
    } else if (argc != 1) {
        fold_print(stderr, help, FOLD_PARAGRAPHS);
        return 2;
    }
    bool ok = libraries_work();
    ok = bus_works() && ok;
    ok = (!config || config_works(config)) && ok;
    printf("dbus-opendtu %s: %s\n", dtu_version, ok ? "sound" : "not usable here");
    return ok ? 0 : 1;
}

#include "cli/run.h"

#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>

#include "bridge/app.h"
#include "bridge/locations.h"
#include "cli/fold.h"
#include "edge/sys/log.h"
#include "edge/sys/loop.h"
#include "edge/sys/privileges.h"

static const char help[] =
    "Usage: dbus-opendtu run [--config FILE] [--state FILE] [--copy FILE]\n"
    "\n"
    "Asks the gateways that the configuration names and publishes their inverters on the D-Bus: the\n"
    "system bus, or the session bus if DBUS_SESSION_BUS_ADDRESS is set. Logs to stderr.\n"
    "\n"
    "  --config FILE  default: config.ini beside the program, else /data/dbus-opendtu/config.ini\n"
    "  --state FILE   what is remembered over restarts; default: state.json beside the configuration\n"
    "  --copy FILE    keep a copy of the configuration there, renewed whenever it changes\n"
    "\n"
    "The configuration is read again when it changes, and on SIGHUP; SIGTERM and SIGINT end.\n"
    "Exit code: 0 ended by a signal, 1 the D-Bus was lost or memory ran out, 2 wrong usage.\n";

/* Signals are told by the loop, which runs when there is an app. */
static void on_end(void *user, int signal)
{
    struct app **app = user;

    (void)signal;
    app_end(*app, 0);
}

/* One that comes before there is anything to reload is answered by the start itself. */
static void on_hangup(void *user, int signal)
{
    struct app **app = user;

    (void)signal;
    if (*app)
        app_reload(*app);
}

/* Returns 0 to go on, else the exit code plus 1. */
static int parse(int argc, char **argv, struct app_options *options)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {"copy", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "c:s:h", long_options, NULL)) != -1) {
        switch (c) {
        case 'c':
            options->config_path = optarg;
            break;
        case 's':
            options->state_path = optarg;
            break;
        case 'k':
            options->copy_path = optarg;
            break;
        case 'h':
            fold_print(stdout, help, FOLD_PARAGRAPHS);
            return 1;
        default:
            fold_print(stderr, help, FOLD_PARAGRAPHS);
            return 3;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "run: unexpected \"%s\"\n", argv[optind]);
        fold_print(stderr, help, FOLD_PARAGRAPHS);
        return 3;
    }
    return 0;
}

/* Before anything is read that others wrote. */
static void drop_privileges(const struct app_options *options)
{
    char config[LOCATION_MAX], state[LOCATION_MAX], config_folder[LOCATION_MAX],
        state_folder[LOCATION_MAX];

    location_config(options->config_path, config);
    location_state(options->state_path, config, state);
    (void)snprintf(config_folder, sizeof config_folder, "%s", config);
    (void)snprintf(state_folder, sizeof state_folder, "%s", state);
    const char *const paths[] = {config, state, dirname(config_folder), dirname(state_folder),
                                 options->copy_path};
    if (privileges_drop(paths, sizeof paths / sizeof paths[0]))
        log_info("the files of %s belong to another user: root's right to them is kept", config);
}

int cli_run(int argc, char **argv)
{
    struct app_options options = {0};
    int code = parse(argc, argv, &options);
    if (code)
        return code - 1;
    drop_privileges(&options);

    /* Signals first: from here on none ends the program but through the loop. */
    struct app *app = NULL;
    struct loop *loop = loop_create();
    if (!loop || loop_signal(loop, SIGTERM, on_end, &app) ||
        loop_signal(loop, SIGINT, on_end, &app) || loop_signal(loop, SIGHUP, on_hangup, &app)) {
        log_notice(NOTICE_NO_MEMORY, "out of memory at the start");
        loop_destroy(loop);
        return 1;
    }
    app = app_create(loop, &options);
    code = app ? loop_run(loop) : 1;
    app_destroy(app);
    loop_destroy(loop);
    return code < 0 ? 1 : code;
}

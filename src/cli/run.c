#include "cli/run.h"

#include <libgen.h>
#include <signal.h>
#include <stdio.h>

#include "bridge/app.h"
#include "bridge/locations.h"
#include "cli/service_options.h"
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

static int take_copy(void *user, const char *path)
{
    struct app_options *options = user;

    options->copy_path = path;
    return 0;
}

static int parse(int argc, char **argv, struct app_options *options)
{
    const struct service_command command = {.name = "run",
                                            .help = help,
                                            .own = "copy",
                                            .letters = "c:s:h",
                                            .take = take_copy,
                                            .user = options,
                                            .config_path = &options->config_path,
                                            .state_path = &options->state_path};

    return service_options(argc, argv, &command);
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

#include "cli/run.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/app.h"
#include "bridge/device_files.h"
#include "bridge/locations.h"
#include "cli/service_options.h"
#include "core/conf.h"
#include "core/wipe.h"
#include "edge/sys/file.h"
#include "edge/sys/log.h"
#include "edge/sys/loop.h"
#include "edge/sys/privileges.h"
#include "edge/sys/privsep.h"

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

/* Where its files lie; they last, since the process that keeps them goes on naming them. */
struct places {
    char config[LOCATION_MAX], config_folder[LOCATION_MAX], devices[LOCATION_MAX];
    char target_folder[PATH_MAX]; /* what config.ini as a link leads to: it is watched too */
    char state[LOCATION_MAX], state_folder[LOCATION_MAX], backup[LOCATION_LOCK_MAX],
        lock[LOCATION_LOCK_MAX];
};

static void find_places(const struct app_options *options, struct places *p)
{
    char path[LOCATION_MAX], target[PATH_MAX];

    location_config(options->config_path, p->config);
    location_devices(p->config, p->devices);
    location_state(options->state_path, p->config, p->state);
    location_lock(p->state, p->lock);
    (void)snprintf(p->backup, sizeof p->backup, "%s.bak", p->state);
    (void)snprintf(path, sizeof path, "%s", p->config);
    (void)snprintf(p->config_folder, sizeof p->config_folder, "%s", dirname(path));
    (void)snprintf(p->target_folder, sizeof p->target_folder, "%s",
                   realpath(p->config, target) ? dirname(target) : p->config_folder);
    (void)snprintf(path, sizeof path, "%s", p->state);
    (void)snprintf(p->state_folder, sizeof p->state_folder, "%s", dirname(path));
}

/* Before anything is read that others wrote. What is left is for become_user(), and gone after it. */
static bool drop_privileges(const struct app_options *options, const struct places *p)
{
    const char *const paths[] = {p->config, p->state, p->config_folder, p->state_folder,
                                 options->copy_path};
    bool kept =
        privileges_drop(paths, sizeof paths / sizeof paths[0], PRIVILEGE_USER | PRIVILEGE_SIGNAL);
    if (kept)
        log_info("the files of %s belong to another user: root's right to them is kept", p->config);
    return kept;
}

/* What the configuration says of RunAs and Seccomp; nothing where it cannot be read, which the service says. */
static void read_user(const char *config_path, char user[CONF_USER_MAX], bool *confined)
{
    struct conf_report report;
    size_t len;
    char *text = file_read(config_path, LOCATION_CONFIG_MAX, &len);
    struct config *config = text ? device_files_parse(config_path, text, len, &report) : NULL;

    if (config) {
        memcpy(user, config->run_as, CONF_USER_MAX);
        *confined = config->seccomp;
    }
    if (text)
        conf_report_finish(&report);
    config_free(config);
    wipe_free(text, text ? len : 0);
}

/* Returns in the process that is the service; in the other one when that has ended, with true and its exit code. */
static bool become_user(const char *user, const struct app_options *options, const struct places *p,
                        bool files, bool confined, int *code)
{
    static struct kept_file kept[5];
    size_t count = 0;
    char why[PRIVSEP_WHY_MAX];

    kept[count++] = (struct kept_file){p->config, FILE_READ | FILE_PRIVATE};
    kept[count++] = (struct kept_file){p->state, FILE_READ | FILE_REPLACE};
    kept[count++] = (struct kept_file){p->backup, FILE_READ};
    kept[count++] = (struct kept_file){p->lock, FILE_LOCK};
    if (options->copy_path)
        kept[count++] = (struct kept_file){options->copy_path,
                                           FILE_READ | FILE_CREATE | FILE_REPLACE | FILE_PRIVATE};
    const char *const folders[] = {p->config_folder, p->target_folder, p->devices};
    const struct privsep how = {.user = user,
                                .files = kept,
                                .file_count = count,
                                .folders = folders,
                                .folder_count = sizeof folders / sizeof folders[0],
                                .capabilities = PRIVILEGE_SIGNAL | (files ? PRIVILEGE_FILES : 0),
                                .confined = confined};
    enum privsep_result result = privsep_begin(&how, code, why);
    if (result == PRIVSEP_FAILED)
        log_notice(NOTICE_NOT_ANOTHER_USER,
                   "RunAs=%s: %s. The service works as the user that "
                   "started it",
                   user, why);
    return result == PRIVSEP_ENDED;
}

int cli_run(int argc, char **argv)
{
    static struct places places;
    struct app_options options = {0};
    char user[CONF_USER_MAX] = "";
    bool confined = false;
    int code = parse(argc, argv, &options);
    if (code)
        return code - 1;
    find_places(&options, &places);
    bool files = drop_privileges(&options, &places);
    read_user(places.config, user, &confined);
    if (*user && become_user(user, &options, &places, files, confined, &code))
        return code;
    privileges_keep(files ? PRIVILEGE_FILES : 0);
    options.run_as = user;

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
    if (!app)
        log_notice(NOTICE_NO_MEMORY, "out of memory at the start");
    code = app ? loop_run(loop) : 1;
    app_destroy(app);
    loop_destroy(loop);
    return code < 0 ? 1 : code;
}

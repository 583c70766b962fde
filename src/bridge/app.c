#include "bridge/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/claims.h"
#include "bridge/device_files.h"
#include "bridge/fleet.h"
#include "bridge/gateways.h"
#include "bridge/limiter.h"
#include "bridge/locations.h"
#include "bridge/overview.h"
#include "bridge/secrecy.h"
#include "bridge/statefile.h"
#include "bridge/unit.h"
#include "core/budget.h"
#include "core/conf.h"
#include "core/wipe.h"
#include "edge/net/http.h"
#include "edge/sys/file.h"
#include "edge/sys/lock.h"
#include "edge/sys/log.h"
#include "edge/sys/syscalls.h"
#include "edge/sys/watch.h"
#include "version.h"

enum {
    LOOK_AGAIN_MS = 5 * 1000, /* for a configuration where there is none */
    LOCK_AGAIN_MS = 5 * 1000, /* while another process works with the state file */
    SETTLE_MS = 2 * 1000, /* after something was learnt: several mostly are, one after another */
    /* Flash wears out: energy, which always moves, and what is learnt now and then. */
    SAVE_MS = 15 * 60 * 1000,
    SAVE_PAUSE_MS = 60 * 1000,
    END_MS = 5 * 1000, /* for lifting power limits at the end */
    END_LOOK_MS = 100, /* how often to see whether that is done */
};

/*
 * How often the state is written, whoever makes it change: a burst is for an owner who sets something, and
 * what is over is written later. Twice what energy needs by itself.
 */
static const struct budget_rate save_rate = {.burst = 30, .per_day = 192};

struct app {
    struct loop *loop;
    struct http *http;
    struct statefile *memory;
    struct claims *claims;
    struct limiter *limiter;
    struct fleet *fleet; /* NULL until there was a configuration */
    struct gateways *gateways;
    struct overview *overview;    /* NULL until the state file is ours */
    struct overview_source shown; /* by it */
    struct unit_env env;
    char config_given[LOCATION_MAX], state_given[LOCATION_MAX], config_path[LOCATION_MAX];
    char copy_path[LOCATION_MAX];      /* "": none is kept */
    bool copy_failed;                  /* the log says so */
    struct watch *watch;               /* of config_path; NULL while there is none */
    char lock_path[LOCATION_LOCK_MAX]; /* of the state file's lock; "": not taken yet */
    int lock;                          /* -1: it could not be taken, and that was said */
    bool locked_out;                   /* another process has it: the log says so */
    bool running;                      /* by a configuration */
    bool confined;                     /* syscalls_refuse() was called: it is for good */
    char run_as[CONF_USER_MAX];        /* since the start; "": as whoever started it */
    unsigned sign_of_life_min;
    bool faulty; /* the file, when it was read last: the log says so */
    bool ending;
    int end_code;
    int64_t end_ms;
    int64_t saved_ms, save_due_ms;
    struct budget saves;
    struct loop_timer look_again, lock_again, save, sign_of_life, end, added;
};

/* used: the file is; else nothing became of what it says. */
static void log_report(const char *path, const struct conf_report *report, bool used)
{
    static const enum notice notices[] = {[CONF_NOTE] = NOTICE_NONE,
                                          [CONF_WARNING] = NOTICE_CONFIG_WARNING,
                                          [CONF_ERROR] = NOTICE_CONFIG_ERROR,
                                          [CONF_FATAL] = NOTICE_CONFIG_ERROR};

    for (size_t i = 0; i < report->count; i++) {
        const struct conf_message *m = &report->messages[i];
        const char *outcome = used ? m->outcome : "";
        char line[16] = "";
        if (m->line)
            snprintf(line, sizeof line, ":%u", m->line);
        log_notice(notices[m->severity], "%s%s: %s%s%s", path, line, m->text, *outcome ? "; " : "",
                   outcome);
    }
}

/* Where there is none yet, it is made for its owner's eyes only: a password may be in it. */
static int write_copy(const char *path, const char *text, size_t len)
{
    (void)file_create_private(path);
    return file_replace(path, text, len);
}

/* Flash is written where something is new, and only there. */
static void keep_copy(struct app *a, const char *text, size_t len)
{
    size_t kept_len = 0;
    char *kept = *a->copy_path ? file_read(a->copy_path, LOCATION_CONFIG_MAX, &kept_len) : NULL;
    bool same = kept && kept_len == len && memcmp(kept, text, len) == 0;

    wipe_free(kept, kept_len);
    if (!*a->copy_path || same)
        return;
    int err = write_copy(a->copy_path, text, len);
    if (err < 0 && !a->copy_failed)
        log_notice(NOTICE_CONFIG_NOT_COPIED, "%s: no copy of the configuration can be kept: %s",
                   a->copy_path, strerror(-err));
    a->copy_failed = err < 0;
}

/* While there is a configuration that is in use already, its state is that of the file. */
static enum overview_state state_of(const struct app *a, const struct config *config, bool clean)
{
    if (!config)
        return a->running ? OVERVIEW_REFUSED : OVERVIEW_STARTS;
    if (!clean)
        return OVERVIEW_FAULTS;
    return config->dry_run ? OVERVIEW_DRY_RUN : OVERVIEW_RUNS;
}

static void tell_unreadable(struct app *a, int err)
{
    struct conf_message m = {.severity = CONF_FATAL};
    const struct conf_report report = {.count = 1, .messages = &m, .fatals = 1};

    (void)snprintf(m.text, sizeof m.text, "%s. Copy config.example there and set Host",
                   strerror(err));
    log_notice(NOTICE_CONFIG_UNREADABLE, "%s: %s", a->config_path, m.text);
    if (a->overview)
        overview_config(a->overview, state_of(a, NULL, false), a->config_path, &report);
}

/* NULL when the file is not to be used; *clean: it held nothing worse than warnings. */
static struct config *read_config(struct app *a, bool *clean)
{
    struct conf_report report;
    size_t len;

    char *text = file_read(a->config_path, LOCATION_CONFIG_MAX, &len);
    if (!text) {
        tell_unreadable(a, errno);
        return NULL;
    }
    keep_copy(a, text, len);
    struct config *config = device_files_parse(a->config_path, text, len, &report);
    wipe_free(text, len);
    *clean = report.errors == 0 && report.fatals == 0;
    /* In use, a configuration is changed as a whole or not at all. */
    if (a->running && !*clean) {
        config_free(config);
        config = NULL;
    }
    log_report(a->config_path, &report, config != NULL);
    if (a->overview)
        overview_config(a->overview, state_of(a, config, *clean), a->config_path, &report);
    if (config) {
        secrecy_keep(config, a->config_path);
        if (*a->copy_path)
            secrecy_keep(config, a->copy_path);
    }
    conf_report_finish(&report);
    return config;
}

static void save_by(struct app *a, int64_t delay_ms)
{
    int64_t wait_ms = budget_wait_ms(&a->saves, &save_rate, loop_now_ms(a->loop));

    if (delay_ms < wait_ms)
        delay_ms = wait_ms;
    a->save_due_ms = loop_now_ms(a->loop) + delay_ms;
    loop_timer_arm(&a->save, delay_ms);
}

static void save_memory(struct app *a)
{
    if (!a->fleet)
        return;
    fleet_remember(a->fleet);
    a->saved_ms = loop_now_ms(a->loop);
    if (statefile_save(a->memory))
        (void)budget_take(&a->saves, &save_rate, a->saved_ms);
}

static void on_save(void *user)
{
    struct app *a = user;
    save_memory(a);
    save_by(a, SAVE_MS);
}

static void save_soon(struct app *a, int64_t not_before_ms)
{
    int64_t now = loop_now_ms(a->loop), due = now + SETTLE_MS;

    if (due < not_before_ms)
        due = not_before_ms;
    if (!loop_timer_armed(&a->save) || due < a->save_due_ms)
        save_by(a, due - now);
}

static void on_settled(void *user)
{
    struct app *a = user;
    save_soon(a, a->saved_ms ? a->saved_ms + SAVE_PAUSE_MS : 0);
}

/* A person does not do so often, and expects it to be kept. */
static void on_chosen(void *user)
{
    save_soon(user, 0);
}

static void on_passed(void *user)
{
    struct app *a = user;

    if (a->overview)
        overview_pass(a->overview);
}

static void on_bus_lost(void *user)
{
    struct app *a = user;
    if (a->ending)
        return;
    log_notice(NOTICE_BUS_GONE,
               "the D-Bus is gone; ending, so that the supervisor restarts the program");
    app_end(a, 1);
}

static void on_sign_of_life(void *user)
{
    struct app *a = user;
    fleet_sign_of_life(a->fleet);
    loop_timer_arm(&a->sign_of_life, (int64_t)a->sign_of_life_min * 60 * 1000);
}

static void unlock_state(struct app *a)
{
    if (a->lock >= 0)
        close(a->lock);
    a->lock = -1;
    a->lock_path[0] = '\0';
}

/*
 * One process a state file: two would overwrite what the other remembers, and claim the same inverters.
 * A supervisor would start one that ends here every second, so it waits. False meanwhile.
 */
static bool lock_state(struct app *a)
{
    char state[LOCATION_MAX], path[sizeof a->lock_path];
    long holder = 0;

    location_state(a->state_given, a->config_path, state);
    location_lock(state, path);
    if (a->fleet || strcmp(a->lock_path, path) == 0)
        return true;
    unlock_state(a); /* the configuration has come at another place */
    int result = lock_take(path, &a->lock, &holder);
    if (result == LOCK_TAKEN) {
        if (!a->locked_out)
            log_notice(
                NOTICE_ANOTHER_RUNS,
                "another dbus-opendtu (process %ld) works with %s: this one waits until that has "
                "ended, and publishes nothing",
                holder, state);
        a->locked_out = true;
        loop_timer_arm(&a->lock_again, LOCK_AGAIN_MS);
        return false;
    }
    if (result < 0)
        log_notice(NOTICE_NO_LOCK,
                   "%s: cannot be locked (%s): a second dbus-opendtu would not be noticed", path,
                   strerror(-result));
    if (a->locked_out)
        log_good_news(NOTICE_ANOTHER_RUNS, "the other dbus-opendtu has ended: this one starts");
    a->locked_out = false;
    memcpy(a->lock_path, path, sizeof path);
    return true;
}

static void on_lock_again(void *user)
{
    app_reload(user);
}

static void on_wake(void *user, int gateway)
{
    struct app *a = user;

    if (a->gateways) /* at the end, devices go after them */
        gateways_wake(a->gateways, gateway);
}

/* What lies beside the configuration, and so has to wait for one: false when memory ran out. */
static bool open_state(struct app *a)
{
    char path[LOCATION_MAX];

    if (a->fleet)
        return true;
    location_state(a->state_given, a->config_path, path);
    a->memory = statefile_open(path);
    a->claims = a->memory ? claims_create(a->loop, a->memory, on_bus_lost, a) : NULL;
    a->env.claims = a->claims;
    a->limiter = a->memory ? limiter_create(a->loop, a->memory, on_wake, a) : NULL;
    a->env.limiter = a->limiter;
    a->fleet = a->claims && a->limiter ? fleet_create(&a->env, a->memory) : NULL;
    a->shown.fleet = a->fleet;
    a->shown.added = a->fleet ? statefile_added(a->memory) : NULL;
    return a->fleet != NULL;
}

/* Asked for by the first configuration, so before a gateway has been asked for anything. */
static void confine(struct app *a, bool wanted)
{
    if (a->confined == wanted)
        return;
    if (!wanted) {
        log_info("Seccomp=0 is in force from the next start of the service on");
        return;
    }
    a->confined = true;
    int err = syscalls_refuse();
    if (err < 0)
        log_debug("the kernel has no seccomp (%s): system calls that are not needed stay possible",
                  strerror(-err));
    else
        log_debug("seccomp: system calls that are not needed are refused");
}

/* Of another user than at the start: said each time that it is read. */
static void tell_user(const struct app *a, const struct config *config)
{
    if (strcmp(a->run_as, config->run_as) == 0)
        return;
    if (*config->run_as)
        log_notice(NOTICE_NOT_ANOTHER_USER,
                   "RunAs=%s is in force from the next start of the service on", config->run_as);
    else
        log_info("without RunAs the service works from its next start on");
}

static void apply_globals(struct app *a, const struct config *config)
{
    bool dry_run_changed = a->running && a->env.dry_run != config->dry_run;

    log_set_level(config->log_level);
    confine(a, config->seccomp);
    tell_user(a, config);
    a->env.dry_run = a->shown.dry_run = config->dry_run;
    if (dry_run_changed)
        fleet_show_again(a->fleet);
    if (config->sign_of_life_min == a->sign_of_life_min)
        return;
    a->sign_of_life_min = config->sign_of_life_min;
    loop_timer_disarm(&a->sign_of_life);
    if (a->sign_of_life_min > 0)
        loop_timer_arm(&a->sign_of_life, (int64_t)a->sign_of_life_min * 60 * 1000);
}

/* What has not changed is not touched. */
static void apply(struct app *a, struct config *config)
{
    if (!open_state(a)) {
        log_notice(NOTICE_NO_MEMORY,
                   "out of memory; ending, so that the supervisor restarts the program");
        loop_stop(a->loop, 1);
        return;
    }
    config_add(config, a->shown.added);
    apply_globals(a, config);
    gateways_retire(a->gateways, config);
    bool ok = fleet_apply(a->fleet, config);
    if (!gateways_apply(a->gateways, config, a->fleet, a->limiter) || !ok) {
        log_notice(NOTICE_NO_MEMORY,
                   "out of memory; ending, so that the supervisor restarts the program");
        loop_stop(a->loop, 1);
        return;
    }
    a->running = true;
    if (a->overview)
        overview_renew(a->overview);
    if (!loop_timer_armed(&a->save))
        save_by(a, SAVE_MS);
    log_info("dbus-opendtu %s: gateways: %zu, devices: %zu, by %s", dtu_version,
             config->gateway_count, fleet_count(a->fleet), a->config_path);
}

static void on_config_changed(void *user)
{
    app_reload(user);
}

/* While there is no configuration at all: in which of two places it will appear is not known. */
static void on_look_again(void *user)
{
    struct app *a = user;

    location_config(a->config_given, a->config_path);
    if (access(a->config_path, F_OK) == 0)
        app_reload(a);
    else
        loop_timer_arm(&a->look_again, LOOK_AGAIN_MS);
}

static void watch_config(struct app *a)
{
    loop_timer_disarm(&a->look_again);
    watch_destroy(a->watch);
    a->watch = NULL;
    if (access(a->config_path, F_OK) == 0)
        a->watch = watch_create(a->loop, a->config_path, on_config_changed, a);
    if (!a->watch)
        loop_timer_arm(&a->look_again, LOOK_AGAIN_MS);
}

/* ---- The page on the GX screen ---- */

static void on_refresh(void *user)
{
    struct app *a = user;
    gateways_ask_now(a->gateways);
}

/* With the file as it is: one that is refused at present leaves them waiting, as it does all that is new. */
static void on_added(void *user)
{
    app_reload(user);
}

static bool on_add(void *user, const char *text)
{
    struct app *a = user;
    struct addresses *added = a->fleet ? statefile_added(a->memory) : NULL;

    if (!added || a->ending || !addresses_write(added, text))
        return false;
    on_chosen(a);
    loop_timer_arm(&a->added, 0); /* not from inside the write: gateways come and go */
    return true;
}

/* Of the process that has the state file alone. */
static void show_overview(struct app *a)
{
    const struct overview_events events = {.refresh = on_refresh, .add = on_add, .user = a};

    if (!a->overview)
        a->overview = overview_create(a->loop, &a->shown, &events);
}

void app_reload(struct app *a)
{
    bool clean = false;

    if (a->ending)
        return;
    location_config(a->config_given, a->config_path);
    if (!lock_state(a))
        return;
    show_overview(a);
    watch_config(a); /* before it is read: no change is missed */
    struct config *config = read_config(a, &clean);
    if (!config && a->running)
        log_notice(NOTICE_CONFIG_REFUSED,
                   "%s: refused for these errors; keeping the previous configuration",
                   a->config_path);
    else if (!config)
        log_notice(NOTICE_CONFIG_WAITING, "waiting until %s can be used", a->config_path);
    else if (a->faulty && clean)
        log_good_news(NOTICE_CONFIG_WAITING, "%s: the errors have gone; it is in use now",
                      a->config_path);
    a->faulty = !clean;
    if (config)
        apply(a, config);
    config_free(config);
}

static void on_end(void *user)
{
    struct app *a = user;

    if (limiter_is_left(a->limiter, -1) && loop_now_ms(a->loop) < a->end_ms) {
        loop_timer_arm(&a->end, END_LOOK_MS);
        return;
    }
    for (size_t n = 0; limiter_left(a->limiter, n); n++)
        log_notice(
            NOTICE_LIMIT_UNCONFIRMED,
            "inverter %s has not confirmed its full power: that is sent again at the next start",
            limiter_left(a->limiter, n));
    loop_stop(a->loop, a->end_code);
}

struct app *app_create(struct loop *l, const struct app_options *options)
{
    struct app *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->loop = l;
    a->lock = -1;
    a->env = (struct unit_env){.loop = l,
                               .bus_lost = on_bus_lost,
                               .settled = on_settled,
                               .chosen = on_chosen,
                               .passed = on_passed,
                               .user = a};
    if (options->config_path)
        snprintf(a->config_given, sizeof a->config_given, "%s", options->config_path);
    if (options->state_path)
        snprintf(a->state_given, sizeof a->state_given, "%s", options->state_path);
    if (options->copy_path)
        snprintf(a->copy_path, sizeof a->copy_path, "%s", options->copy_path);
    if (options->run_as)
        snprintf(a->run_as, sizeof a->run_as, "%s", options->run_as);
    loop_timer_init(&a->look_again, l, on_look_again, a);
    loop_timer_init(&a->lock_again, l, on_lock_again, a);
    loop_timer_init(&a->save, l, on_save, a);
    loop_timer_init(&a->sign_of_life, l, on_sign_of_life, a);
    loop_timer_init(&a->end, l, on_end, a);
    loop_timer_init(&a->added, l, on_added, a);
    a->http = http_create(l);
    a->gateways = a->http ? gateways_create(l, a->http) : NULL;
    if (!a->gateways) {
        http_destroy(a->http);
        free(a);
        return NULL;
    }
    a->shown.gateways = gateways_list(a->gateways);
    app_reload(a);
    return a;
}

void app_end(struct app *a, int code)
{
    if (a->ending)
        return;
    a->ending = true;
    a->end_code = code;
    a->end_ms = loop_now_ms(a->loop) + END_MS;
    if (!a->limiter) {
        loop_stop(a->loop, code);
        return;
    }
    limiter_release(a->limiter);
    on_end(a);
}

void app_destroy(struct app *a)
{
    if (!a)
        return;
    loop_timer_disarm(&a->save);
    loop_timer_disarm(&a->sign_of_life);
    loop_timer_disarm(&a->look_again);
    loop_timer_disarm(&a->lock_again);
    loop_timer_disarm(&a->end);
    loop_timer_disarm(&a->added);
    overview_destroy(a->overview);
    watch_destroy(a->watch);
    gateways_destroy(a->gateways);
    a->gateways = NULL;
    save_memory(a);
    fleet_destroy(a->fleet);
    limiter_destroy(a->limiter);
    claims_destroy(a->claims);
    statefile_close(a->memory);
    unlock_state(a);
    http_destroy(a->http);
    free(a);
}

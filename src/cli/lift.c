#include "cli/lift.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/device_files.h"
#include "bridge/limiter.h"
#include "bridge/locations.h"
#include "bridge/poller.h"
#include "bridge/statefile.h"
#include "cli/service_options.h"
#include "core/conf.h"
#include "edge/net/http.h"
#include "edge/sys/file.h"
#include "edge/sys/lock.h"
#include "edge/sys/log.h"
#include "edge/sys/loop.h"

enum { WAIT_S = 60, WAIT_MAX_S = 600, LOOK_MS = 200 };

enum { LIFT_WELL = 0, LIFT_LEFT = 1 };

static const char help[] =
    "Usage: dbus-opendtu lift [--config FILE] [--state FILE] [--wait SECONDS]\n"
    "\n"
    "Tells each inverter that a power limit of this program may have been left on that it may make all that "
    "it can, and waits until it has confirmed that. The service does so when it ends, and at its "
    "next start; this is for when there will be none.\n"
    "\n"
    "  --config FILE   as for `run`\n"
    "  --state FILE    as for `run`\n"
    "  --wait SECONDS  1..600; default: 60\n"
    "\n"
    "Exit code: 0 no inverter is limited any more, 1 some have not confirmed it (they are named), the service runs, "
    "or the configuration cannot be used, 2 wrong usage.\n";

struct options {
    const char *config_path, *state_path;
    unsigned long wait_s;
};

struct lifting {
    struct options options;
    char config_path[LOCATION_MAX], state_path[LOCATION_MAX];
    struct loop *loop;
    struct http *http;
    struct config *config;
    struct statefile *memory;
    struct limiter *limiter;
    struct limiter_port ports[CONF_DTUS_MAX];
    struct poller *pollers[CONF_DTUS_MAX];
    struct loop_timer timer;
    int64_t until_ms;
};

/* ---- What gateways tell: nothing of it counts but whom they hear ---- */

static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    const struct limiter_port *port = user;

    (void)latency_ms;
    if (r->reach == REACH_OK)
        limiter_heard(port->limiter, port->gateway, r->serial);
}

static void on_pushed(void *user, const struct reading *r)
{
    on_reading(user, r, MISSING);
}

static void on_info(void *user, const struct gateway_info *info)
{
    (void)user;
    (void)info;
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    (void)user;
    (void)index;
    (void)serial;
}

static void on_list_end(void *user)
{
    (void)user;
}

static void on_cycle(void *user, const struct cycle *c)
{
    (void)user;
    (void)c;
}

static void on_health(void *user)
{
    (void)user;
}

/* ---- Lifting ---- */

static void on_wake(void *user, int gateway)
{
    struct lifting *l = user;

    if (l->pollers[gateway])
        poller_wake(l->pollers[gateway]);
}

static void on_timer(void *user)
{
    struct lifting *l = user;

    if (limiter_is_left(l->limiter, -1) && loop_now_ms(l->loop) < l->until_ms)
        loop_timer_arm(&l->timer, LOOK_MS);
    else
        loop_stop(l->loop, 0);
}

static bool open_gateways(struct lifting *l)
{
    bool ok = true;

    for (size_t g = 0; ok && g < l->config->dtu_count; g++) {
        struct limiter_port *port = &l->ports[g];
        *port = (struct limiter_port){.limiter = l->limiter,
                                      .gateway = (int)g,
                                      .section = l->config->gateways[g].section};
        const struct poller_events events = {.reading = on_reading,
                                             .pushed = on_pushed,
                                             .gateway = on_info,
                                             .listed = on_listed,
                                             .list_end = on_list_end,
                                             .cycle = on_cycle,
                                             .health = on_health,
                                             .outbox = limiter_outbox(port),
                                             .user = port};
        l->pollers[g] = poller_create(l->loop, l->http, &l->config->gateways[g], &events);
        ok = l->pollers[g] != NULL;
    }
    return ok;
}

/* Its owner did that, and may have had a reason: it is not for this to undo. */
static void tell_switched_off(const struct lifting *l)
{
    size_t count;
    const struct device_memory *all = statefile_all(l->memory, &count);

    for (size_t i = 0; i < count; i++) {
        if (all[i].orders.off)
            printf(
                "inverter %s was switched off by hand and stays so: the page of its DTU can switch it on\n",
                all[i].serial);
    }
}

static int tell_left(const struct lifting *l)
{
    size_t n = 0;

    for (; limiter_left(l->limiter, n); n++)
        printf(
            "inverter %s has not confirmed its full power: switch it off and on, or set its limit on "
            "the page of its DTU\n",
            limiter_left(l->limiter, n));
    tell_switched_off(l);
    if (n == 0)
        puts("no inverter is limited");
    return n == 0 ? LIFT_WELL : LIFT_LEFT;
}

/* Nobody is asked where nothing is left. */
static int lift(struct lifting *l)
{
    if (!limiter_is_left(l->limiter, -1))
        return tell_left(l);
    limiter_release(l->limiter);
    l->until_ms = loop_now_ms(l->loop) + (int64_t)l->options.wait_s * 1000;
    loop_timer_init(&l->timer, l->loop, on_timer, l);
    loop_timer_arm(&l->timer, LOOK_MS);
    bool ok = open_gateways(l) && loop_run(l->loop) == 0;
    loop_timer_disarm(&l->timer);
    if (!ok)
        fputs("lift: out of memory\n", stderr);
    return ok ? tell_left(l) : LIFT_LEFT;
}

/* ---- What it needs ---- */

static bool read_config(struct lifting *l)
{
    struct conf_report report;
    size_t len;
    char *text = file_read(l->config_path, LOCATION_CONFIG_MAX, &len);

    if (!text) {
        fprintf(stderr, "lift: %s: %s\n", l->config_path, strerror(errno));
        return false;
    }
    l->config = device_files_parse(l->config_path, text, len, &report);
    free(text);
    conf_report_finish(&report);
    if (!l->config)
        fprintf(stderr, "lift: %s cannot be used: `dbus-opendtu check` tells why\n",
                l->config_path);
    return l->config != NULL;
}

static bool create(struct lifting *l)
{
    l->loop = loop_create();
    l->http = l->loop ? http_create(l->loop) : NULL;
    l->memory = l->http ? statefile_open(l->state_path) : NULL;
    l->limiter = l->memory ? limiter_create(l->loop, l->memory, on_wake, l) : NULL;
    if (!l->limiter)
        fputs("lift: out of memory\n", stderr);
    return l->limiter != NULL;
}

static void destroy(struct lifting *l)
{
    for (size_t g = 0; g < CONF_DTUS_MAX; g++)
        poller_destroy(l->pollers[g]);
    limiter_destroy(l->limiter);
    statefile_close(l->memory);
    http_destroy(l->http);
    loop_destroy(l->loop);
    config_free(l->config);
}

/* The service would send its own commands at the same time. */
static bool take_lock(const struct lifting *l, int *lock)
{
    char path[LOCATION_LOCK_MAX];
    long holder = 0;

    *lock = -1;
    location_lock(l->state_path, path);
    if (lock_take(path, lock, &holder) != LOCK_TAKEN)
        return true;
    fprintf(stderr,
            "lift: the service runs (process %ld). It lifts its limits when it ends, and with "
            "PowerLimit = 0\n",
            holder);
    return false;
}

static int take_wait(void *user, const char *text)
{
    struct options *options = user;
    char *end;

    options->wait_s = strtoul(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && options->wait_s >= 1 &&
        options->wait_s <= WAIT_MAX_S)
        return 0;
    fprintf(stderr, "lift: --wait is %s: 1 to %d seconds are possible\n", text, WAIT_MAX_S);
    return SERVICE_USAGE + 1;
}

static int parse(int argc, char **argv, struct options *options)
{
    const struct service_command command = {.name = "lift",
                                            .help = help,
                                            .own = "wait",
                                            .letters = "c:s:w:h",
                                            .take = take_wait,
                                            .user = options,
                                            .config_path = &options->config_path,
                                            .state_path = &options->state_path};

    return service_options(argc, argv, &command);
}

int cli_lift(int argc, char **argv)
{
    struct lifting l = {.options = {.wait_s = WAIT_S}};
    int lock, code = parse(argc, argv, &l.options);

    if (code)
        return code - 1;
    log_set_level(LOG_INFO);
    location_config(l.options.config_path, l.config_path);
    location_state(l.options.state_path, l.config_path, l.state_path);
    if (!take_lock(&l, &lock))
        return LIFT_LEFT;
    code = LIFT_LEFT;
    if (read_config(&l) && create(&l))
        code = lift(&l);
    destroy(&l);
    if (lock >= 0)
        close(lock);
    return code;
}

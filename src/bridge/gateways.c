#include "bridge/gateways.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/lineup.h"
#include "edge/sys/log.h"

enum {
    LEAVE_MS = 60 * 1000, /* for lifting power limits before one is let go */
    LEAVE_LOOK_MS = 1000, /* how often to see whether that is done */
};

struct gateways {
    struct loop *loop;
    struct http *http;
    struct limiter *limiter; /* NULL until there was a configuration */
    struct gateway *list[FLEET_GATEWAYS];
    int64_t leaves_ms[FLEET_GATEWAYS]; /* it is let go then, at the latest; 0: it is not */
    struct loop_timer leave;
};

static void drop(struct gateways *g, size_t i)
{
    gateway_destroy(g->list[i]);
    g->list[i] = NULL;
    g->leaves_ms[i] = 0;
}

/* Those that are to go and still have something to lift. */
static void on_leave(void *user)
{
    struct gateways *g = user;
    int64_t now = loop_now_ms(g->loop);
    bool any = false;

    for (size_t i = 0; i < FLEET_GATEWAYS; i++) {
        if (!g->leaves_ms[i])
            continue;
        bool left = limiter_is_left(g->limiter, (int)i);
        if (left && now < g->leaves_ms[i]) {
            any = true;
            continue;
        }
        if (left)
            log_notice(NOTICE_LIMIT_LEFT,
                       "a gateway that is no longer configured is let go although not all of its "
                       "inverters have confirmed their full power");
        drop(g, i);
    }
    if (any)
        loop_timer_arm(&g->leave, LEAVE_LOOK_MS);
}

/* An inverter that was limited is not left so: its gateway stays until that is lifted, and feeds nobody. */
static void let_go(struct gateways *g, size_t i)
{
    if (!g->list[i] || g->leaves_ms[i])
        return;
    if (!limiter_is_left(g->limiter, (int)i)) {
        drop(g, i);
        return;
    }
    g->leaves_ms[i] = loop_now_ms(g->loop) + LEAVE_MS;
    loop_timer_arm(&g->leave, LEAVE_LOOK_MS);
}

static void find(const struct config *config, bool there[FLEET_GATEWAYS])
{
    memset(there, 0, FLEET_GATEWAYS * sizeof *there);
    for (size_t i = 0; i < config->gateway_count; i++)
        there[lineup_home(&config->gateways[i])] = true;
}

void gateways_retire(struct gateways *g, const struct config *config)
{
    bool there[FLEET_GATEWAYS];

    find(config, there);
    for (size_t i = 0; i < FLEET_GATEWAYS; i++) {
        if (g->list[i] && !there[i])
            gateway_retire(g->list[i]);
    }
}

static void let_go_others(struct gateways *g, const struct config *config)
{
    bool there[FLEET_GATEWAYS];

    find(config, there);
    for (size_t i = 0; i < FLEET_GATEWAYS; i++) {
        if (there[i])
            g->leaves_ms[i] = 0;
        else
            let_go(g, i);
    }
}

static const struct device_conf *unnamed_of(const struct config *config, size_t i)
{
    return i < config->dtu_count && config->gateways[i].auto_add ? &config->unnamed[i] : NULL;
}

bool gateways_apply(struct gateways *g, const struct config *config, struct fleet *fleet,
                    struct limiter *limiter)
{
    bool ok = true;

    g->limiter = limiter;
    let_go_others(g, config);
    for (size_t i = 0; ok && i < config->gateway_count; i++) {
        const struct gateway_conf *conf = &config->gateways[i];
        const struct device_conf *unnamed = unnamed_of(config, i);
        struct gateway **at = &g->list[lineup_home(conf)];
        if (*at) {
            ok = gateway_reconfigure(*at, conf, unnamed);
        } else {
            *at = gateway_create(g->loop, g->http, conf, unnamed, fleet, limiter);
            ok = *at != NULL;
        }
    }
    return ok;
}

void gateways_wake(struct gateways *g, int number)
{
    if (g->list[number])
        gateway_wake(g->list[number]);
}

void gateways_ask_now(struct gateways *g)
{
    for (size_t i = 0; i < FLEET_GATEWAYS; i++) {
        if (g->list[i] && !g->leaves_ms[i])
            gateway_ask_now(g->list[i]);
    }
}

struct gateway *const *gateways_list(const struct gateways *g)
{
    return g->list;
}

struct gateways *gateways_create(struct loop *l, struct http *http)
{
    struct gateways *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    g->loop = l;
    g->http = http;
    loop_timer_init(&g->leave, l, on_leave, g);
    return g;
}

void gateways_destroy(struct gateways *g)
{
    if (!g)
        return;
    loop_timer_disarm(&g->leave);
    for (size_t i = 0; i < FLEET_GATEWAYS; i++)
        drop(g, i);
    free(g);
}

#include "gateway.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "edge/log.h"
#include "poller.h"

enum { LISTED_MAX = CONF_INVERTERS_MAX };

/* A reading that no unit was bound to waits for the end of the list. */
struct waiting {
    struct reading reading;
    double latency_ms;
};

struct gateway {
    struct loop *loop;
    struct http *http;
    struct fleet *fleet;
    int number;
    struct gateway_conf conf;
    bool adds;
    struct device_conf unnamed; /* only if it adds */
    bool was_failing; /* until its conf was changed, which has not been seen to help yet */
    struct poller *poller;

    /* The present cycle. */
    size_t listed_count, waiting_count;
    struct roster_entry listed[LISTED_MAX];
    struct waiting *waiting; /* LISTED_MAX of them; NULL until one is needed */
    size_t spare;            /* inverters without a unit, as last logged */
};

static void keep_waiting(struct gateway *g, const struct reading *r, double latency_ms)
{
    if (!g->waiting)
        g->waiting = calloc(LISTED_MAX, sizeof *g->waiting);
    if (g->waiting && g->waiting_count < LISTED_MAX)
        g->waiting[g->waiting_count++] = (struct waiting){*r, latency_ms};
}

static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    struct gateway *g = user;

    if (g->listed_count < LISTED_MAX) {
        struct roster_entry *entry = &g->listed[g->listed_count++];
        entry->index = r->index;
        text_copy(entry->serial, sizeof entry->serial, r->serial);
    }
    if (!fleet_feed(g->fleet, g->number, r, latency_ms))
        keep_waiting(g, r, latency_ms);
}

/* Of one that no unit is, the next list tells. */
static void on_pushed(void *user, const struct reading *r)
{
    struct gateway *g = user;
    (void)fleet_feed(g->fleet, g->number, r, MISSING);
}

static void on_info(void *user, const struct gateway_info *info)
{
    struct gateway *g = user;
    fleet_info(g->fleet, g->number, info);
}

static void log_spare(struct gateway *g, size_t spare)
{
    if (spare == g->spare)
        return;
    g->spare = spare;
    if (spare)
        log_line(LOG_INFO,
                 "%s: %zu of its %zu inverters have no [INVERTERn] section and are not shown",
                 g->conf.section, spare, g->listed_count);
}

/* The poller that logged the fault has gone with the conf; a new one logs its own. */
static void log_mended(struct gateway *g, bool complete)
{
    if (g->was_failing && complete)
        log_line(LOG_WARNING, "%s: %s answers", g->conf.section, g->conf.base_url);
    g->was_failing = false;
}

static void on_cycle(void *user, bool complete)
{
    struct gateway *g = user;
    const struct roster_list list = {g->number, g->listed, g->listed_count, complete};

    log_mended(g, complete);

    /* An empty list says nothing: a gateway that has lost all of its inverters has just started. */
    if (g->listed_count > 0)
        log_spare(g, fleet_list(g->fleet, &list, g->adds ? &g->unnamed : NULL));
    for (size_t i = 0; i < g->waiting_count; i++)
        (void)fleet_feed(g->fleet, g->number, &g->waiting[i].reading, g->waiting[i].latency_ms);
    g->listed_count = g->waiting_count = 0;
    fleet_cycle(g->fleet, g->number);
}

static bool open_poller(struct gateway *g)
{
    const struct poller_events events = {.reading = on_reading,
                                         .pushed = on_pushed,
                                         .gateway = on_info,
                                         .cycle = on_cycle,
                                         .user = g};
    g->poller = poller_create(g->loop, g->http, &g->conf, &events);
    if (g->poller)
        fleet_health(g->fleet, g->number, poller_health(g->poller));
    return g->poller != NULL;
}

static void close_poller(struct gateway *g)
{
    fleet_health(g->fleet, g->number, NULL);
    poller_destroy(g->poller);
    g->poller = NULL;
}

static void set_unnamed(struct gateway *g, const struct device_conf *unnamed)
{
    g->adds = unnamed != NULL;
    if (unnamed)
        g->unnamed = *unnamed;
}

struct gateway *gateway_create(struct loop *l, struct http *h, const struct gateway_conf *conf,
                               const struct device_conf *unnamed, struct fleet *fleet)
{
    struct gateway *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    g->loop = l;
    g->http = h;
    g->fleet = fleet;
    g->number = fleet_gateway(conf);
    g->conf = *conf;
    set_unnamed(g, unnamed);
    if (!open_poller(g)) {
        gateway_destroy(g);
        return NULL;
    }
    return g;
}

static bool counts_the_same(const struct template_value *a, const struct template_value *b)
{
    return strcmp(a->path, b->path) == 0 && a->mult == b->mult;
}

bool gateway_reconfigure(struct gateway *g, const struct gateway_conf *conf,
                         const struct device_conf *unnamed)
{
    set_unnamed(g, unnamed);
    if (gateway_conf_equal(conf, &g->conf)) {
        poller_ask(g->poller); /* there may be new sections for what it lists */
        return true;
    }
    if (conf->max_inverters && conf->max_inverters != g->conf.max_inverters)
        fleet_narrow(g->fleet, g->number);
    bool anew = !counts_the_same(&conf->template.total, &g->conf.template.total);
    g->was_failing = g->was_failing || health_failing(poller_health(g->poller));
    close_poller(g);
    g->conf = *conf;
    if (anew)
        fleet_counts_anew(g->fleet, g->number);
    g->listed_count = g->waiting_count = 0;
    return open_poller(g);
}

void gateway_destroy(struct gateway *g)
{
    if (!g)
        return;
    fleet_gateway_gone(g->fleet, g->number);
    poller_destroy(g->poller);
    free(g->waiting);
    free(g);
}

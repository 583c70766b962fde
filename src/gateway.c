#include "gateway.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "edge/log.h"
#include "poller.h"

enum { LISTED_MAX = CONF_INVERTERS_MAX };

/* A reading whose inverter only the complete list can give to a unit waits for it. */
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
    bool list_told;
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

static bool is_listed(const struct gateway *g, const char *serial)
{
    for (size_t i = 0; i < g->listed_count; i++) {
        if (serial_equal(g->listed[i].serial, serial))
            return true;
    }
    return false;
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    struct gateway *g = user;

    if (g->listed_count == LISTED_MAX || is_listed(g, serial))
        return;
    struct roster_entry *entry = &g->listed[g->listed_count++];
    entry->index = index;
    text_copy(entry->serial, sizeof entry->serial, serial);
}

static struct roster_list list_of(const struct gateway *g)
{
    return (struct roster_list){g->number, g->listed, g->listed_count, g->list_told};
}

static bool feed_or_add(struct gateway *g, const struct reading *r, double latency_ms)
{
    const struct roster_list list = list_of(g);

    if (fleet_feed(g->fleet, g->number, r, latency_ms))
        return true;
    if (g->adds)
        fleet_add(g->fleet, &list, r->serial, &g->unnamed);
    return g->adds && fleet_feed(g->fleet, g->number, r, latency_ms);
}

/* Where the list is not told apart from the readings, as much of it as there is gives away what it can. */
static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    struct gateway *g = user;

    on_listed(g, r->index, r->serial);
    if (fleet_feed(g->fleet, g->number, r, latency_ms))
        return;
    if (!g->list_told) {
        const struct roster_list list = list_of(g);
        fleet_list(g->fleet, &list);
    }
    if (!feed_or_add(g, r, latency_ms))
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

static void log_spare(struct gateway *g)
{
    const struct roster_list list = list_of(g);
    size_t spare = fleet_spare(g->fleet, &list);

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
        log_good_news(LOG_WARNING, "%s: %s answers", g->conf.section, g->conf.base_url);
    g->was_failing = false;
}

/* An empty list says nothing: a gateway that has lost all of its inverters has just started. */
static void on_list_end(void *user)
{
    struct gateway *g = user;

    g->list_told = true;
    const struct roster_list list = list_of(g);
    if (g->listed_count > 0)
        fleet_list(g->fleet, &list);
    for (size_t i = 0; i < g->waiting_count; i++)
        (void)feed_or_add(g, &g->waiting[i].reading, g->waiting[i].latency_ms);
    g->waiting_count = 0;
}

static void begin_list(struct gateway *g)
{
    g->list_told = false;
    g->listed_count = g->waiting_count = 0;
}

static void on_cycle(void *user, const struct cycle *c)
{
    struct gateway *g = user;

    log_mended(g, c->complete);
    if (c->complete && !g->list_told)
        on_list_end(g);
    if (c->complete && g->listed_count > 0)
        log_spare(g);
    begin_list(g);
    fleet_cycle(g->fleet, g->number, c);
}

static void on_health(void *user)
{
    struct gateway *g = user;
    fleet_health_renewed(g->fleet, g->number);
}

static bool open_poller(struct gateway *g)
{
    const struct poller_events events = {.reading = on_reading,
                                         .pushed = on_pushed,
                                         .gateway = on_info,
                                         .listed = on_listed,
                                         .list_end = on_list_end,
                                         .cycle = on_cycle,
                                         .health = on_health,
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
    begin_list(g);
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

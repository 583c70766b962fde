#include "bridge/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/poller.h"
#include "core/text.h"
#include "edge/sys/log.h"

enum {
    LISTED_MAX = CONF_INVERTERS_MAX,
    SPARE_PAUSE_MS = 3600 * 1000,
    KEPT_MS = 30 * 1000 /* a reading that is older is not shown as a new one */
};

/* A reading whose inverter only the complete list can give to a unit waits for it. */
struct waiting {
    struct reading reading;
    double latency_ms;
};

/* What the gateway lists in a cycle. */
struct listing {
    bool told; /* all of it */
    size_t count, waiting_count;
    struct roster_entry entries[LISTED_MAX];
    struct waiting *waiting; /* LISTED_MAX of them; NULL until one is needed */
};

struct gateway {
    struct loop *loop;
    struct http *http;
    struct fleet *fleet;
    int number;
    struct gateway_conf conf;
    bool adds;
    bool answered;              /* it is what it was taken for */
    struct device_conf unnamed; /* only if it adds */
    bool was_failing; /* until its conf was changed, which has not been seen to help yet */
    struct poller *poller;
    char firmware[VERSION_MAX], product[PRODUCT_MAX]; /* as they were told last */

    /* The present cycle's, and the last whole one: a section that comes later finds its inverter there. */
    struct listing now, last;
    int64_t last_ms;  /* when that one ended */
    bool failed;      /* the last poll */
    size_t spare;     /* inverters without a unit, as last logged */
    int64_t spare_ms; /* when that was */
    struct door door;
    struct limiter_port port;
};

static void keep_waiting(struct listing *l, const struct reading *r, double latency_ms)
{
    if (!l->waiting)
        l->waiting = calloc(LISTED_MAX, sizeof *l->waiting);
    if (l->waiting && l->waiting_count < LISTED_MAX)
        l->waiting[l->waiting_count++] = (struct waiting){*r, latency_ms};
}

static bool is_listed(const struct listing *l, const char *serial)
{
    for (size_t i = 0; i < l->count; i++) {
        if (serial_equal(l->entries[i].serial, serial))
            return true;
    }
    return false;
}

static void on_listed(void *user, unsigned index, const char *serial)
{
    struct listing *l = &((struct gateway *)user)->now;

    if (l->count == LISTED_MAX || is_listed(l, serial))
        return;
    struct roster_entry *entry = &l->entries[l->count++];
    entry->index = index;
    text_copy(entry->serial, sizeof entry->serial, serial);
}

static struct roster_list list_of(const struct gateway *g)
{
    return (struct roster_list){.gateway = g->number,
                                .entries = g->now.entries,
                                .count = g->now.count,
                                .complete = g->now.told};
}

static bool feed_or_add(struct gateway *g, const struct roster_list *list, const struct reading *r,
                        double latency_ms)
{
    if (fleet_feed(g->fleet, g->number, r, latency_ms))
        return true;
    if (g->adds)
        fleet_add(g->fleet, list, r->serial, &g->unnamed, &g->door);
    return g->adds && fleet_feed(g->fleet, g->number, r, latency_ms);
}

/* Those that still have no unit wait on. */
static void feed_waiting(struct gateway *g, const struct roster_list *list, struct listing *l)
{
    size_t left = 0;

    for (size_t i = 0; i < l->waiting_count; i++) {
        const struct waiting *w = &l->waiting[i];
        if (!feed_or_add(g, list, &w->reading, w->latency_ms))
            l->waiting[left++] = *w;
    }
    l->waiting_count = left;
}

/* Commands go where an inverter is heard; never to what was added on the screen. */
static void hear(struct gateway *g, const struct reading *r)
{
    if (r->reach == REACH_OK && !conf_is_added(&g->conf))
        limiter_heard(g->port.limiter, g->number, r->serial);
}

/* Where the list is not told apart from the readings, as much of it as there is gives away what it can. */
static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    struct gateway *g = user;

    if (r->product)
        text_copy(g->product, sizeof g->product, r->product);
    on_listed(g, r->index, r->serial);
    hear(g, r);
    if (fleet_feed(g->fleet, g->number, r, latency_ms))
        return;
    const struct roster_list list = list_of(g);
    if (!list.complete)
        fleet_list(g->fleet, &list, &g->door);
    if (!feed_or_add(g, &list, r, latency_ms))
        keep_waiting(&g->now, r, latency_ms);
}

/* Of one that no unit is, the next list tells. */
static void on_pushed(void *user, const struct reading *r)
{
    struct gateway *g = user;

    hear(g, r);
    (void)fleet_feed(g->fleet, g->number, r, MISSING);
    fleet_passed(g->fleet);
}

static void on_info(void *user, const struct gateway_info *info)
{
    struct gateway *g = user;

    if (strcmp(g->firmware, info->firmware) != 0)
        limiter_began_anew(&g->port);
    text_copy(g->firmware, sizeof g->firmware, info->firmware);
    fleet_info(g->fleet, g->number, info);
}

/* Where they may be added, the door says why one is not. */
static void log_spare(struct gateway *g)
{
    const struct roster_list list = list_of(g);
    size_t spare = g->adds || conf_is_template(&g->conf) ? 0 : fleet_spare(g->fleet, &list);
    int64_t now = loop_now_ms(g->loop);

    if (spare == g->spare || (g->spare_ms && now - g->spare_ms < SPARE_PAUSE_MS))
        return;
    g->spare = spare;
    g->spare_ms = now;
    if (spare)
        log_info("%s: %zu of its %zu inverters have no [INVERTERn] section and are not shown",
                 g->conf.section, spare, list.count);
}

/* The poller that logged the fault has gone with the conf; a new one logs its own. */
static void log_mended(struct gateway *g, bool complete)
{
    if (g->was_failing && complete)
        log_good_news(NOTICE_GATEWAY_OTHER, "%s: %s answers", g->conf.section, g->conf.base_url);
    g->was_failing = false;
}

/* An empty list says nothing: a gateway that has lost all of its inverters has just started. */
static void on_list_end(void *user)
{
    struct gateway *g = user;

    g->now.told = true;
    const struct roster_list list = list_of(g);
    if (list.count > 0)
        fleet_list(g->fleet, &list, &g->door);
    feed_waiting(g, &list, &g->now);
}

static void begin_list(struct gateway *g)
{
    g->now.told = false;
    g->now.count = g->now.waiting_count = 0;
}

/* A list that was not told to its end is of no use any more. */
static void end_list(struct gateway *g)
{
    struct waiting *spare = g->last.waiting;

    if (g->now.told && g->now.count > 0) {
        g->last = g->now;
        g->last_ms = loop_now_ms(g->loop);
        g->now.waiting = spare;
    }
    begin_list(g);
}

static const struct health_view *health_of(const struct gateway *g)
{
    return health_shown(poller_health(g->poller));
}

/* What could not be asked may have started in the meantime. */
static void note_failure(struct gateway *g)
{
    bool failed = health_failing(poller_health(g->poller));

    if (g->failed && !failed)
        limiter_began_anew(&g->port);
    g->failed = failed;
}

static void on_cycle(void *user, const struct cycle *c)
{
    struct gateway *g = user;

    log_mended(g, c->complete);
    g->answered = g->answered || c->complete;
    note_failure(g);
    if (c->complete && !g->now.told)
        on_list_end(g);
    if (c->complete && g->now.count > 0)
        log_spare(g);
    end_list(g);
    fleet_health(g->fleet, g->number, health_of(g)); /* a fault may have begun, or ended */
    fleet_cycle(g->fleet, g->number, c);
    fleet_passed(g->fleet);
    if (g->adds && door_waits(&g->door))
        poller_ask(g->poller);
}

/*
 * Another configuration of the inverters meets what was listed last. Who is missing there may have come
 * since: nothing is concluded from that.
 */
static void look_again(struct gateway *g)
{
    const struct roster_list list = {.gateway = g->number,
                                     .entries = g->last.entries,
                                     .count = g->last.count};

    if (list.count == 0)
        return;
    fleet_list(g->fleet, &list, &g->door);
    if (loop_now_ms(g->loop) - g->last_ms <= KEPT_MS)
        feed_waiting(g, &list, &g->last);
}

static void on_health(void *user)
{
    struct gateway *g = user;
    fleet_health_renewed(g->fleet, g->number, health_of(g));
}

static bool open_poller(struct gateway *g)
{
    struct poller_events events = {.reading = on_reading,
                                   .pushed = on_pushed,
                                   .gateway = on_info,
                                   .listed = on_listed,
                                   .list_end = on_list_end,
                                   .cycle = on_cycle,
                                   .health = on_health,
                                   .user = g};
    if (!conf_is_added(&g->conf))
        events.outbox = limiter_outbox(&g->port);
    g->poller = poller_create(g->loop, g->http, &g->conf, &events);
    if (g->poller)
        fleet_health(g->fleet, g->number, health_of(g));
    return g->poller != NULL;
}

static void close_poller(struct gateway *g)
{
    fleet_health(g->fleet, g->number, NULL);
    poller_destroy(g->poller);
    g->poller = NULL;
    limiter_cut_off(g->port.limiter, g->number);
}

static void set_unnamed(struct gateway *g, const struct device_conf *unnamed)
{
    g->adds = unnamed != NULL;
    if (unnamed)
        g->unnamed = *unnamed;
}

struct gateway *gateway_create(struct loop *l, struct http *h, const struct gateway_conf *conf,
                               const struct device_conf *unnamed, struct fleet *fleet,
                               struct limiter *limiter)
{
    struct gateway *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    g->loop = l;
    g->http = h;
    g->fleet = fleet;
    g->number = lineup_home(conf);
    g->conf = *conf;
    g->port =
        (struct limiter_port){.limiter = limiter, .gateway = g->number, .section = g->conf.section};
    set_unnamed(g, unnamed);
    fleet_door(fleet, g->number, &g->door);
    if (!open_poller(g)) {
        gateway_destroy(g);
        return NULL;
    }
    return g;
}

static bool counts_the_same(const struct template_value *a, const struct template_value *b)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        if (strcmp(a->path[slot], b->path[slot]) != 0)
            return false;
    }
    return a->mult == b->mult;
}

bool gateway_reconfigure(struct gateway *g, const struct gateway_conf *conf,
                         const struct device_conf *unnamed)
{
    set_unnamed(g, unnamed);
    door_open(&g->door);
    g->spare_ms = 0;
    if (gateway_conf_equal(conf, &g->conf)) {
        look_again(g);         /* there may be new sections for what it lists */
        poller_ask(g->poller); /* and for what has come since */
        return true;
    }
    if (conf->max_inverters && conf->max_inverters != g->conf.max_inverters)
        fleet_narrow(g->fleet, g->number);
    bool anew = !counts_the_same(&conf->template.value[FIELD_ENERGY_FORWARD],
                                 &g->conf.template.value[FIELD_ENERGY_FORWARD]);
    g->was_failing = g->was_failing || health_failing(poller_health(g->poller));
    close_poller(g);
    g->answered = g->answered && strcmp(conf->base_url, g->conf.base_url) == 0;
    g->conf = *conf;
    if (anew)
        fleet_counts_anew(g->fleet, g->number);
    begin_list(g);
    g->last.count = g->last.waiting_count = 0;
    return open_poller(g);
}

void gateway_retire(struct gateway *g)
{
    set_unnamed(g, NULL);
    fleet_gateway_gone(g->fleet, g->number);
}

void gateway_wake(struct gateway *g)
{
    if (g->poller)
        poller_wake(g->poller);
}

void gateway_ask_now(struct gateway *g)
{
    if (g->poller)
        poller_ask_now(g->poller);
}

static enum gateway_state state_of(const struct gateway *g, const struct health *health)
{
    if (health->requests == 0)
        return GATEWAY_STARTS;
    if (!health_failing(health))
        return GATEWAY_ANSWERS;
    return g->conf.nearby && !g->answered ? GATEWAY_UNFOUND : GATEWAY_FAILS;
}

void gateway_overview(const struct gateway *g, struct gateway_overview *out)
{
    static const struct health unasked;
    /* Without memory for another poller, the program is about to end. */
    const struct health *health = g->poller ? poller_health(g->poller) : &unasked;

    *out = (struct gateway_overview){.conf = &g->conf,
                                     .product = g->product,
                                     .firmware = g->firmware,
                                     .why = health_failing(health) ? health->last_error : "",
                                     .health = health_shown(health),
                                     .state = state_of(g, health),
                                     .pushes = g->poller && poller_listens(g->poller)};
}

void gateway_destroy(struct gateway *g)
{
    if (!g)
        return;
    fleet_gateway_gone(g->fleet, g->number);
    poller_destroy(g->poller);
    g->poller = NULL;
    limiter_cut_off(g->port.limiter, g->number);
    free(g->now.waiting);
    free(g->last.waiting);
    explicit_bzero(&g->conf, sizeof g->conf);
    free(g);
}

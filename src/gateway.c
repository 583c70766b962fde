#include "gateway.h"

#include <stdlib.h>

#include "core/roster.h"
#include "edge/log.h"
#include "poller.h"

enum { LISTED_MAX = CONF_INVERTERS_MAX };

struct gateway {
    const struct gateway_conf *conf;
    struct poller *poller;
    size_t count; /* of units and slots, alike in order */
    struct unit **units;
    struct roster_slot *slots;
    unsigned char *changed; /* scratch of roster_bind */

    /* The present cycle. A reading that no slot is bound to waits for the end of the list. */
    size_t listed_count, waiting_count;
    struct roster_entry listed[LISTED_MAX];
    struct reading *waiting; /* waiting_max of them */
    double *waiting_latency;
    size_t waiting_max;
    size_t spare; /* inverters without a section, as last logged */
};

static void on_reading(void *user, const struct reading *r, double latency_ms)
{
    struct gateway *g = user;

    if (g->listed_count < LISTED_MAX) {
        struct roster_entry *entry = &g->listed[g->listed_count++];
        entry->index = r->index;
        text_copy(entry->serial, sizeof entry->serial, r->serial);
    }
    int slot = roster_find(g->slots, g->count, r->serial);
    if (slot >= 0) {
        unit_feed(g->units[slot], r, latency_ms);
    } else if (g->waiting_count < g->waiting_max) {
        g->waiting[g->waiting_count] = *r;
        g->waiting_latency[g->waiting_count++] = latency_ms;
    }
}

static void on_info(void *user, const struct gateway_info *info)
{
    struct gateway *g = user;
    for (size_t i = 0; i < g->count; i++)
        unit_gateway(g->units[i], info);
}

static void log_spare(struct gateway *g, size_t spare)
{
    if (spare == g->spare)
        return;
    g->spare = spare;
    if (spare)
        log_line(LOG_INFO,
                 "%s: %zu of its %zu inverters have no [INVERTERn] section and are not shown",
                 g->conf->section, spare, g->listed_count);
}

static void feed_waiting(struct gateway *g, bool complete)
{
    size_t spare = 0;

    roster_bind(g->slots, g->count, g->listed, g->listed_count, complete, g->changed);
    for (size_t i = 0; i < g->count; i++)
        if (g->changed[i] == ROSTER_REBOUND)
            unit_replace(g->units[i], g->slots[i].serial);
    for (size_t i = 0; i < g->waiting_count; i++) {
        int slot = roster_find(g->slots, g->count, g->waiting[i].serial);
        if (slot >= 0)
            unit_feed(g->units[slot], &g->waiting[i], g->waiting_latency[i]);
        else
            spare++;
    }
    log_spare(g, spare);
}

static void on_cycle(void *user, bool complete)
{
    struct gateway *g = user;

    if (g->waiting_count > 0)
        feed_waiting(g, complete);
    g->listed_count = g->waiting_count = 0;
    for (size_t i = 0; i < g->count; i++)
        unit_cycle(g->units[i]);
}

static bool allocate(struct gateway *g, size_t count)
{
    /* An inverter more than there are sections waits as well: it may replace one. */
    g->waiting_max = count ? LISTED_MAX : 0;
    g->units = calloc(count + 1, sizeof *g->units);
    g->slots = calloc(count + 1, sizeof *g->slots);
    g->changed = calloc(count + 1, 1);
    g->waiting = calloc(g->waiting_max + 1, sizeof *g->waiting);
    g->waiting_latency = calloc(g->waiting_max + 1, sizeof *g->waiting_latency);
    return g->units && g->slots && g->changed && g->waiting && g->waiting_latency;
}

struct gateway *gateway_create(struct loop *l, struct http *h, const struct gateway_conf *conf,
                               struct unit *const *units, const struct device_memory *memories,
                               size_t count)
{
    struct gateway *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->conf = conf;
    g->count = count;
    if (!allocate(g, count)) {
        gateway_destroy(g);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct device_conf *device = unit_conf(units[i]);
        g->units[i] = units[i];
        g->slots[i].index = device->index;
        text_copy(g->slots[i].serial, sizeof g->slots[i].serial,
                  device->serial[0] ? device->serial : memories[i].serial);
    }
    const struct poller_events events = {.reading = on_reading,
                                         .gateway = on_info,
                                         .cycle = on_cycle,
                                         .user = g};
    g->poller = poller_create(l, h, conf, &events);
    if (!g->poller) {
        gateway_destroy(g);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        unit_health(units[i], poller_health(g->poller));
    return g;
}

void gateway_destroy(struct gateway *g)
{
    if (!g)
        return;
    for (size_t i = 0; g->poller && i < g->count; i++)
        unit_health(g->units[i], NULL);
    poller_destroy(g->poller);
    free(g->units);
    free(g->slots);
    free(g->changed);
    free(g->waiting);
    free(g->waiting_latency);
    free(g);
}

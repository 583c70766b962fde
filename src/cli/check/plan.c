#include "cli/check/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/admission.h"
#include "core/choice.h"
#include "core/lineup.h"
#include "core/map.h"
#include "core/roster.h"
#include "core/text.h"
#include "edge/sys/clock.h"

static const char service_prefix[] = "com.victronenergy."; /* every Servicename begins so */

struct making {
    const struct config *config;
    const struct asked *asked;
    const struct statefile *memory;
    struct plan *plan;
    struct roster_slot
        *slots;             /* of the plan's devices, alike in order; a template's is never bound */
    unsigned char *changed; /* scratch of roster_bind */
};

/* ---- Who has what --------------------------------------------------------------------------- */

static const struct device_memory *memory_of(const struct making *m, const char *serial)
{
    char id[SERIAL_MAX];

    serial_key(id, serial);
    return statefile_find(m->memory, id);
}

static void add(struct making *m, enum plan_kind kind, const struct device_conf *conf,
                enum roster_kind how, const char *serial)
{
    m->plan->devices[m->plan->count] =
        (struct plan_device){.kind = kind, .conf = conf, .gateway = conf->gateway};
    roster_slot_init(&m->slots[m->plan->count++], how, (int)conf->gateway, conf->index, serial);
}

/* As the service begins. */
static bool add_lineup(struct making *m)
{
    struct lineup_question q = {.config = m->config};
    struct lineup_entry *entries;

    q.known = statefile_all(m->memory, &q.known_count);
    size_t max = m->config->device_count + q.known_count;
    entries = calloc(max + 1, sizeof *entries);
    if (!entries)
        return false;
    size_t count = lineup_make(&q, entries, max);
    for (size_t i = 0; i < count; i++)
        add(m, entries[i].kind == ROSTER_ADDED ? PLAN_ADDED : PLAN_SECTION, entries[i].conf,
            entries[i].kind, entries[i].serial);
    free(entries);
    return true;
}

/* The gateway's readings go to who is bound to them by now. */
static void take_readings(struct making *m, size_t g)
{
    const struct asked *a = &m->asked[g];

    for (size_t i = 0; i < a->reading_count; i++) {
        int slot = roster_find(m->slots, m->plan->count, a->readings[i].serial);
        if (slot >= 0)
            (void)roster_takes(&m->slots[slot], (int)g, a->readings[i].reach == REACH_OK, 0);
    }
}

static size_t services(const struct plan *plan)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->count; i++)
        n += plan->devices[i].kind != PLAN_LEFT_OUT && !plan->devices[i].conf->off;
    return n;
}

/* When it is published: the service may want to see a new one in a few lists before. */
static void add_unnamed(struct making *m, size_t g, const char *serial, bool adds)
{
    struct plan *plan = m->plan;
    int goes;
    enum admission_word word =
        adds ? admission_room(m->slots, plan->count, services(plan), (int)g, &goes) : ADMISSION_YES;

    adds = adds && word == ADMISSION_YES;
    add(m, adds ? PLAN_ADDED : PLAN_LEFT_OUT, &m->config->unnamed[g], ROSTER_ADDED, serial);
    plan->devices[plan->count - 1].refused = word;
}

/* One gateway's list, as the service takes it. */
static void take_list(struct making *m, size_t g)
{
    const struct asked *a = &m->asked[g];
    const struct roster_list list = {.gateway = (int)g,
                                     .entries = a->listed,
                                     .count = a->listed_count,
                                     .complete = a->complete};

    if (list.count == 0) /* says nothing: it may have just started */
        return;
    take_readings(m, g);
    roster_bind(m->slots, m->plan->count, &list, 0, m->changed);
    for (size_t i = 0; i < list.count; i++) {
        bool adds = m->config->gateways[g].auto_add &&
                    roster_may_add(m->slots, m->plan->count, &list, &list.entries[i]);
        if (roster_find(m->slots, m->plan->count, list.entries[i].serial) < 0)
            add_unnamed(m, g, list.entries[i].serial, adds);
    }
    take_readings(m, g);
}

static const struct reading *listed(const struct asked *a, const char *serial)
{
    for (size_t i = 0; i < a->reading_count; i++)
        if (serial_equal(a->readings[i].serial, serial))
            return &a->readings[i];
    return NULL;
}

/* The reading of what a device was bound to: of the gateway that brings it, else of another. */
static void find_reading(const struct making *m, struct plan_device *d,
                         const struct roster_slot *slot)
{
    size_t count = m->config->dtu_count, first = d->gateway;

    if (conf_device_is_template(m->config, d->conf)) {
        const struct asked *a = &m->asked[d->gateway];
        for (size_t i = 0; i < a->reading_count && !d->reading; i++)
            d->reading = a->readings[i].index == d->conf->index ? &a->readings[i] : NULL;
        d->memory = statefile_find(m->memory, d->conf->section);
        return;
    }
    if (slot->source != ROSTER_NOBODY)
        first = (size_t)slot->source;
    for (size_t i = 0; i < count && !d->reading; i++) {
        d->reading = listed(&m->asked[(first + i) % count], slot->serial);
        if (d->reading)
            d->gateway = (first + i) % count;
    }
    d->memory = memory_of(m, slot->serial);
}

/* Of what was added, some may have been given up to a section of a gateway behind. */
static void drop_given_up(struct plan *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->count; i++)
        if (plan->devices[i].kind == PLAN_SECTION || plan->devices[i].reading)
            plan->devices[kept++] = plan->devices[i];
    plan->count = kept;
}

/* ---- What would be published ---------------------------------------------------------------- */

static bool feed(const struct making *m, struct plan_device *d)
{
    struct device_memory memory;
    bool known;

    d->in_use = -1;
    device_memory_init(&memory);
    if (d->memory)
        memory = *d->memory;
    if (!memory.id[0] && conf_device_is_template(m->config, d->conf))
        text_copy(memory.id, sizeof memory.id, d->conf->section);
    (void)snprintf(d->service, sizeof d->service, "%s%s", service_prefix,
                   choice_class(d->conf->service + strlen(service_prefix), memory.choice.role));
    if (!d->reading)
        return true;
    d->device = device_create(d->conf, &memory);
    if (!d->device)
        return false;
    const struct venus_class *class = venus_class_find(d->service, &known);
    device_set_class(d->device, known ? class->name : NULL, class->meter);
    device_feed(d->device, d->reading, m->asked[d->gateway].latency_ms, 0, clock_unix_s());
    d->view = device_view(d->device);
    return true;
}

static size_t most(const struct making *m)
{
    size_t known, n = m->config->device_count;

    (void)statefile_all(m->memory, &known);
    n += known;
    for (size_t g = 0; g < m->config->dtu_count; g++)
        n += m->asked[g].listed_count;
    return n;
}

static bool make(struct making *m)
{
    struct plan *plan = m->plan;
    bool ok = add_lineup(m);

    for (size_t g = 0; ok && g < m->config->dtu_count; g++)
        take_list(m, g);
    for (size_t i = 0; i < plan->count; i++)
        find_reading(m, &plan->devices[i], &m->slots[i]);
    drop_given_up(plan);
    for (size_t i = 0; ok && i < plan->count; i++)
        ok = feed(m, &plan->devices[i]);
    return ok;
}

struct plan *plan_create(const struct config *config, const struct asked *asked,
                         const struct statefile *memory)
{
    struct making m = {.config = config, .asked = asked, .memory = memory};

    m.plan = calloc(1, sizeof *m.plan);
    m.slots = calloc(most(&m) + 1, sizeof *m.slots);
    m.changed = calloc(most(&m) + 1, 1);
    if (m.plan)
        m.plan->devices = calloc(most(&m) + 1, sizeof *m.plan->devices);
    bool ok = m.plan && m.plan->devices && m.slots && m.changed && make(&m);
    free(m.slots);
    free(m.changed);
    if (ok)
        return m.plan;
    plan_destroy(m.plan);
    return NULL;
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): without room for devices, count is 0 */
        device_destroy(plan->devices[i].device);
    free(plan->devices);
    free(plan);
}

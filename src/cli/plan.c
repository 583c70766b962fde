#include "cli/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
    const struct config *config;
    const struct asked *asked;
    const struct device_memory *memories;
    size_t memory_count;
    struct plan *plan;
};

/* ---- Who has what --------------------------------------------------------------------------- */

static bool is_template(const struct making *m, const struct plan_device *d)
{
    return d->conf->gateway >= m->config->dtu_count;
}

static const struct device_memory *memory_of_section(const struct making *m, const char *section)
{
    for (size_t i = 0; i < m->memory_count; i++)
        if (*section && strcmp(m->memories[i].section, section) == 0)
            return &m->memories[i];
    return NULL;
}

static const struct device_memory *memory_of_serial(const struct making *m, const char *serial)
{
    for (size_t i = 0; i < m->memory_count; i++)
        if (serial_equal(m->memories[i].serial, serial))
            return &m->memories[i];
    return NULL;
}

static const struct reading *listed(const struct asked *a, const char *serial)
{
    for (size_t i = 0; i < a->reading_count; i++)
        if (serial_equal(a->readings[i].serial, serial))
            return &a->readings[i];
    return NULL;
}

static bool is_taken(const struct making *m, const char *serial)
{
    for (size_t i = 0; i < m->plan->count; i++) {
        const struct plan_device *d = &m->plan->devices[i];
        if (d->reading && !is_template(m, d) && serial_equal(d->reading->serial, serial))
            return true;
    }
    return false;
}

static void give(struct plan_device *d, size_t gateway, const struct reading *r)
{
    d->gateway = gateway;
    d->reading = r;
}

/* The serial that a section is bound to; "" where to none. */
static const char *bound_to(const struct plan_device *d)
{
    if (d->conf->serial[0])
        return d->conf->serial;
    return d->memory ? d->memory->serial : "";
}

/* A template has what its device says. A serial is taken where it is listed, at home first. */
static void bind_by_serial(struct making *m, struct plan_device *d)
{
    const struct asked *home = &m->asked[d->conf->gateway];

    if (is_template(m, d)) {
        if (home->reading_count)
            give(d, d->conf->gateway, &home->readings[0]);
        return;
    }
    const struct reading *r = listed(home, bound_to(d));
    if (r)
        give(d, d->conf->gateway, r);
    for (size_t g = 0; !r && g < m->config->dtu_count; g++) {
        r = listed(&m->asked[g], bound_to(d));
        if (r)
            give(d, g, r);
    }
}

/* A section that is bound to nothing, or to what a complete list does not hold any more. */
static void bind_by_place(struct making *m, struct plan_device *d)
{
    const struct asked *home = &m->asked[d->conf->gateway];

    if (d->reading || d->conf->serial[0] || is_template(m, d) ||
        (bound_to(d)[0] && !(home->ended && !home->failed && home->complete)))
        return;
    for (size_t i = 0; i < home->reading_count && !d->reading; i++) {
        const struct reading *r = &home->readings[i];
        if (r->index == d->conf->index && !is_taken(m, r->serial))
            give(d, d->conf->gateway, r);
    }
    if (d->reading)
        d->memory = memory_of_serial(m, d->reading->serial);
}

static void take_the_rest(struct making *m)
{
    for (size_t g = 0; g < m->config->dtu_count; g++) {
        for (size_t i = 0; i < m->asked[g].reading_count; i++) {
            const struct reading *r = &m->asked[g].readings[i];
            if (is_taken(m, r->serial))
                continue;
            struct plan_device *d = &m->plan->devices[m->plan->count];
            d->kind = m->config->gateways[g].auto_add ? PLAN_ADDED : PLAN_LEFT_OUT;
            d->conf = &m->config->unnamed[g];
            d->memory = memory_of_serial(m, r->serial);
            give(d, g, r);
            m->plan->count++;
        }
    }
}

/* ---- What would be published ---------------------------------------------------------------- */

static bool feed(const struct making *m, struct plan_device *d)
{
    struct device_memory memory;

    device_memory_init(&memory);
    if (d->memory)
        memory = *d->memory;
    if (!memory.id[0] && is_template(m, d))
        text_copy(memory.id, sizeof memory.id, d->conf->section);
    if (memory.role[0])
        (void)snprintf(d->service, sizeof d->service, "com.victronenergy.%s", memory.role);
    else
        text_copy(d->service, sizeof d->service, d->conf->service);
    if (!d->reading)
        return true;
    d->device = device_create(d->conf, &memory);
    if (!d->device)
        return false;
    device_feed(d->device, d->reading, m->asked[d->gateway].latency_ms, 0);
    d->view = device_view(d->device);
    return true;
}

static size_t most(const struct making *m)
{
    size_t n = m->config->device_count;

    for (size_t g = 0; g < m->config->dtu_count; g++)
        n += m->asked[g].reading_count;
    return n;
}

static void add_sections(struct making *m)
{
    for (size_t i = 0; i < m->config->device_count; i++) {
        struct plan_device *d = &m->plan->devices[m->plan->count++];
        d->conf = &m->config->devices[i];
        d->gateway = d->conf->gateway;
        d->memory = memory_of_section(m, d->conf->section);
    }
}

struct plan *plan_create(const struct config *config, const struct asked *asked,
                         const struct device_memory *memories, size_t memory_count)
{
    struct making m = {.config = config,
                       .asked = asked,
                       .memories = memories,
                       .memory_count = memory_count,
                       .plan = calloc(1, sizeof(struct plan))};
    if (!m.plan)
        return NULL;
    m.plan->devices = calloc(most(&m) + 1, sizeof *m.plan->devices);
    bool ok = m.plan->devices != NULL;

    if (ok)
        add_sections(&m);
    for (size_t i = 0; i < m.plan->count; i++)
        bind_by_serial(&m, &m.plan->devices[i]);
    for (size_t i = 0; i < m.plan->count; i++)
        bind_by_place(&m, &m.plan->devices[i]);
    if (ok)
        take_the_rest(&m);
    for (size_t i = 0; ok && i < m.plan->count; i++)
        ok = feed(&m, &m.plan->devices[i]);
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
        device_destroy(plan->devices[i].device);
    free(plan->devices);
    free(plan);
}

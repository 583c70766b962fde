/* Devices that cannot be there together. */
#include <string.h>

#include "core/conf_parse.h"

bool conf_is_template(const struct config *c, const struct device_conf *d)
{
    return strcmp(c->gateways[d->gateway].driver, "template") == 0;
}

/* A template's gateway goes with it. */
static void drop_device(struct config *c, size_t i)
{
    size_t gateway = c->devices[i].gateway;

    if (conf_is_template(c, &c->devices[i])) {
        c->gateway_count--;
        memmove(&c->gateways[gateway], &c->gateways[gateway + 1],
                (c->gateway_count - gateway) * sizeof c->gateways[0]);
        for (size_t j = 0; j < c->device_count; j++)
            c->devices[j].gateway -= c->devices[j].gateway > gateway;
    }
    c->device_count--;
    memmove(&c->devices[i], &c->devices[i + 1], (c->device_count - i) * sizeof c->devices[0]);
}

/*
 * Whether the DTU has this inverter is not known: many files have a section for each of ten inverters,
 * whatever the DTU lists. The first one it has.
 */
static bool is_doubtful(const struct config *c, const struct device_conf *d)
{
    return !conf_is_template(c, d) && d->index > 0 && !d->serial[0] &&
           !c->gateways[d->gateway].max_inverters;
}

static bool is_rival(const struct device_conf *a, const struct device_conf *b)
{
    return a->instance == b->instance && a->instance != CONF_INSTANCE_AUTO &&
           strcmp(a->service, b->service) == 0;
}

/* The device that keeps the instance which device i wants as well; NULL when there is none. */
static const struct device_conf *winner_over(const struct config *c, size_t i)
{
    const struct device_conf *d = &c->devices[i];

    /* Inverters come first in the list; one that may not exist yields to a template, which does. */
    for (size_t j = i + 1; is_doubtful(c, d) && j < c->device_count; j++) {
        if (conf_is_template(c, &c->devices[j]) && is_rival(d, &c->devices[j]))
            return &c->devices[j];
    }
    for (size_t j = 0; j < i; j++) {
        bool yields = conf_is_template(c, d) && is_doubtful(c, &c->devices[j]);
        if (!yields && is_rival(d, &c->devices[j]))
            return &c->devices[j];
    }
    return NULL;
}

/*
 * Of two devices with one instance, the later one is left out. That a doubtful inverter yields to a
 * template is no error, since such a file has always worked.
 */
void conf_settle_instances(struct conf_parse *p)
{
    struct config *c = p->config;

    for (size_t i = c->device_count; i-- > 0;) {
        const struct device_conf *d = &c->devices[i], *winner = winner_over(c, i);
        if (!winner)
            continue;
        bool yields = conf_is_template(c, winner) && !conf_is_template(c, d);
        conf_say(p, yields ? CONF_WARNING : CONF_ERROR, conf_section_line(p, d->section),
                 "[%s] DeviceInstance = %d is that of [%s] already; [%s] is left out%s", d->section,
                 d->instance, winner->section, d->section,
                 yields ? ". Give one of them another if the DTU has so many inverters" : "");
        drop_device(c, i);
    }
}

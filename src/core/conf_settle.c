/* Devices that cannot be there together. */
#include <string.h>

#include "core/conf_parse.h"

/*
 * Whether the DTU has this inverter is not known: many files have a section for each of ten inverters,
 * whatever the DTU lists. The first one it has.
 */
static bool is_doubtful(const struct config *c, const struct device_conf *d)
{
    return !conf_device_is_template(c, d) && d->index > 0 && !d->serial[0] &&
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
        if (conf_device_is_template(c, &c->devices[j]) && is_rival(d, &c->devices[j]))
            return &c->devices[j];
    }
    for (size_t j = 0; j < i; j++) {
        bool yields = conf_device_is_template(c, d) && is_doubtful(c, &c->devices[j]);
        if (!yields && is_rival(d, &c->devices[j]))
            return &c->devices[j];
    }
    return NULL;
}

/*
 * A wrong number is no reason to publish nothing: of two devices with one instance, the later one takes
 * any that is free. That a doubtful inverter yields to a template is no error, since such a file has
 * always worked.
 */
void conf_settle_instances(struct conf_parse *p)
{
    struct config *c = p->config;

    for (size_t i = c->device_count; i-- > 0;) {
        struct device_conf *d = &c->devices[i];
        const struct device_conf *winner = winner_over(c, i);
        if (!winner)
            continue;
        bool yields = conf_device_is_template(c, winner) && !conf_device_is_template(c, d);
        conf_say(p, yields ? CONF_WARNING : CONF_ERROR, conf_section_line(p, d->section),
                 "auto is used instead",
                 "[%s] DeviceInstance = %d is already used by [%s]: change one of them", d->section,
                 d->instance, winner->section);
        d->instance = CONF_INSTANCE_AUTO;
    }
}

void conf_settle_count(struct conf_parse *p)
{
    struct config *c = p->config;
    size_t on = 0;

    for (size_t i = 0; i < c->device_count; i++) {
        struct device_conf *d = &c->devices[i];
        if (d->off || on++ < CONF_SERVICES_MAX)
            continue;
        conf_say(
            p, CONF_ERROR, conf_section_line(p, d->section), "it is not published",
            "[%s] is one device too many: at most %d are published. Remove sections that are not "
            "needed",
            d->section, CONF_SERVICES_MAX);
        d->off = true;
    }
}

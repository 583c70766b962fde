/* DTUs whose addresses were added on the GX screen: as [DEFAULT] says, but for what is another DTU's. */
#include <stdio.h>
#include <string.h>

#include "core/conf_parse.h"
#include "core/text.h"

enum { FIRST_RETRY_MS = 15 * 60 * 1000 };

static void read_devices(struct conf_parse *p, struct conf_place place)
{
    struct device_conf *d = &p->config->added_device;

    if (!conf_apply(p, place, CONF_IN_DTU, DEVICE, d))
        p->config->added.auto_add = false;
    d->instance = CONF_INSTANCE_AUTO; /* [DEFAULT]'s is not meant */
}

void conf_read_added(struct conf_parse *p)
{
    const struct conf_place place = {.section = conf_default_section};
    struct gateway_conf *g = &p->config->added;

    (void)conf_apply(p, place, CONF_IN_DTU, GATEWAY, g);
    explicit_bzero(g->username, sizeof g->username);
    explicit_bzero(g->password, sizeof g->password);
    explicit_bzero(g->authorization, sizeof g->authorization);
    g->base_url[0] = g->replay_file[0] = '\0';
    text_copy(g->driver, sizeof g->driver, "auto");
    g->digest = false;
    g->auto_add = g->nearby = true;
    g->first_retry_ms = FIRST_RETRY_MS;
    read_devices(p, place);
}

static bool is_configured(const struct config *c, const struct gateway_conf *g)
{
    for (size_t i = 0; i < c->gateway_count; i++) {
        if (conf_same_address(c->gateways[i].base_url, g->base_url))
            return true;
    }
    return false;
}

/* Behind the other DTUs, before the templates. */
static void insert(struct config *c, const struct gateway_conf *g)
{
    size_t at = c->dtu_count++;

    memmove(&c->gateways[at + 1], &c->gateways[at], (c->gateway_count++ - at) * sizeof *g);
    for (size_t d = 0; d < c->device_count; d++)
        c->devices[d].gateway += c->devices[d].gateway >= at;
    c->gateways[at] = *g;
    c->unnamed[at] = c->added_device;
    c->unnamed[at].gateway = (unsigned)at;
    conf_describe_connection(g, c->unnamed[at].connection, sizeof c->unnamed[at].connection);
}

void config_add(struct config *c, const struct addresses *a)
{
    for (unsigned n = 0; n < ADDRESSES_MAX; n++) {
        struct gateway_conf g = c->added;
        bool v6 = strchr(a->list[n], ':') != NULL;
        if (!a->list[n][0])
            continue;
        (void)snprintf(g.section, sizeof g.section, "%s%u", conf_added_prefix, n + 1);
        (void)snprintf(g.base_url, sizeof g.base_url, "http://%s%s%s", v6 ? "[" : "", a->list[n],
                       v6 ? "]" : "");
        g.number = CONF_DTUS_MAX + n;
        if (!is_configured(c, &g))
            insert(c, &g);
    }
}

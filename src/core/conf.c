#include "core/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf_parse.h"

static const char template_driver[] = "template";

/* ---- Gateways and devices ------------------------------------------------------------------- */

/* "TCP/IP (HTTP) 192.168.1.50", beginning as in the Python program. */
static void describe_connection(const struct gateway_conf *g, char *out, size_t size)
{
    bool tls = strncmp(g->base_url, "https:", 6) == 0;
    const char *address = strstr(g->base_url, "//");
    char text[sizeof g->base_url + 16];

    (void)snprintf(text, sizeof text, "TCP/IP (HTTP%s) %s", tls ? "S" : "",
                   address ? address + 2 : "");
    text_copy(out, size, text);
}

static bool has_host(struct conf_parse *p, const struct gateway_conf *g, const char *section)
{
    if (g->base_url[0])
        return true;
    if (conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, conf_section_line(p, section),
            "[%s] Host is missing: write Host = and the address of the %s, such as 192.168.1.50",
            section, strcmp(g->driver, template_driver) == 0 ? "device" : "DTU");
    return false;
}

static bool lowest_inverter(const struct conf_parse *p, char out[CONF_SECTION_MAX])
{
    for (unsigned n = 0; n < CONF_INVERTERS_MAX; n++) {
        conf_section_name(out, conf_inverter_prefix, n);
        if (inifile_section(p->file, out))
            return true;
    }
    return false;
}

/*
 * The DTU's own keys stand in [DEFAULT]; those that the Python program reads from the first inverter's
 * section (Host, Username, Password, DigestAuth) may stand there as well, and then count.
 */
static bool read_dtu(struct conf_parse *p, struct gateway_conf *g)
{
    char first[CONF_SECTION_MAX];
    bool ok = true;

    text_copy(g->section, sizeof g->section, conf_default_section);
    text_copy(g->driver, sizeof g->driver, p->counts.dtu);
    if (!lowest_inverter(p, first))
        text_copy(first, sizeof first, conf_default_section);
    for (size_t k = 0; k < conf_table_size; k++) {
        if (conf_storings[k].owner == GATEWAY && conf_table[k].scopes & CONF_IN_DEFAULT)
            ok = conf_apply_key(p,
                                conf_table[k].scopes & CONF_IN_INVERTER ? first
                                                                        : conf_default_section,
                                k, g) &&
                 ok;
    }
    return ok && has_host(p, g, conf_default_section);
}

static void warn_of_second_dtu(struct conf_parse *p, const char *section,
                               const struct gateway_conf *dtu)
{
    const struct conf_key *host = conf_key_named("Host");
    const struct inifile_entry *e = inifile_own(p->file, section, host->name);
    char value[CONF_VALUE_MAX], url[CONF_TEXT_MAX] = "";
    const char *hint = NULL;

    if (!e)
        return;
    (void)inifile_expand(p->file, section, e, value, sizeof value);
    if (set_host(NULL, value, url, &hint) != SET_OK || strcmp(url, dtu->base_url) != 0)
        conf_say_of_value(p, CONF_WARNING, e, host, value,
                          "not used: there is one DTU, that of [DEFAULT]");
}

static struct device_conf *read_device(struct conf_parse *p, const char *section, unsigned scope,
                                       size_t gateway)
{
    struct device_conf *d = &p->config->devices[p->config->device_count];

    memset(d, 0, sizeof *d);
    text_copy(d->section, sizeof d->section, section);
    d->gateway = (unsigned)gateway;
    describe_connection(&p->config->gateways[gateway], d->connection, sizeof d->connection);
    return conf_apply(p, section, scope, DEVICE, d) ? d : NULL;
}

/* An instance of [DEFAULT] is no unnamed inverter's: there may be several. */
static void read_unnamed(struct conf_parse *p, size_t gateway)
{
    struct device_conf *d = &p->config->unnamed[gateway];

    d->gateway = (unsigned)gateway;
    describe_connection(&p->config->gateways[gateway], d->connection, sizeof d->connection);
    if (!conf_apply(p, conf_default_section, CONF_IN_DTU, DEVICE, d))
        p->config->gateways[gateway].auto_add = false;
    d->instance = CONF_INSTANCE_AUTO;
}

static void read_inverters(struct conf_parse *p)
{
    size_t gateway = p->config->gateway_count;
    struct gateway_conf *dtu = &p->config->gateways[gateway];
    char section[CONF_SECTION_MAX];

    if (strcmp(p->counts.dtu, template_driver) == 0 || !read_dtu(p, dtu))
        return;
    p->config->gateway_count++;
    p->config->dtu_count++;
    read_unnamed(p, gateway);
    for (unsigned n = 0; n < CONF_INVERTERS_MAX; n++) {
        conf_section_name(section, conf_inverter_prefix, n);
        if (!inifile_section(p->file, section) || (dtu->max_inverters && n >= dtu->max_inverters))
            continue;
        warn_of_second_dtu(p, section, dtu);
        struct device_conf *d = read_device(p, section, CONF_IN_INVERTER, gateway);
        if (d) {
            d->index = n;
            p->config->device_count++;
        }
    }
}

static bool has_template_keys(struct conf_parse *p, const struct gateway_conf *g,
                              const char *section)
{
    unsigned line = conf_section_line(p, section);

    if (!g->template.api_path[0] && conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, line,
            "[%s] CUST_API_PATH is missing: write what to ask for, such as rpc/Switch.GetStatus?id=0",
            section);
    if (!g->template.power.path[0] && conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, line,
            "[%s] CUST_Power is missing: write where the power stands in the JSON reply, such as "
            "apower",
            section);
    return g->template.api_path[0] && g->template.power.path[0];
}

static void read_template(struct conf_parse *p, const char *section)
{
    size_t gateway = p->config->gateway_count;
    struct gateway_conf *g = &p->config->gateways[gateway];
    bool ok;

    memset(g, 0, sizeof *g); /* a section that was left out may have begun to fill it */
    text_copy(g->section, sizeof g->section, section);
    text_copy(g->driver, sizeof g->driver, template_driver);
    ok = conf_apply(p, section, CONF_IN_TEMPLATE, GATEWAY, g);
    /* A bad value has been told already: do not call it missing as well. */
    ok = ok && has_host(p, g, section);
    ok = ok && has_template_keys(p, g, section);
    /* Read in any case: its faults are to be told together with the others. */
    struct device_conf *d = read_device(p, section, CONF_IN_TEMPLATE, gateway);
    if (!ok || !d)
        return;
    if (!d->serial[0])
        text_copy(d->serial, sizeof d->serial, section);
    if (!d->name[0])
        text_copy(d->name, sizeof d->name, section);
    text_copy(g->template.serial, sizeof g->template.serial, d->serial);
    p->config->gateway_count++;
    p->config->device_count++;
}

static void read_templates(struct conf_parse *p)
{
    const struct conf_key *key = conf_key_named("NumberOfTemplates");
    const struct inifile_entry *number = conf_find_value(p, conf_default_section, key);
    char section[CONF_SECTION_MAX];

    for (unsigned n = 0; n < CONF_TEMPLATES_MAX; n++) {
        conf_section_name(section, conf_template_prefix, n);
        const struct inifile_section *s = inifile_section(p->file, section);
        if (n < p->counts.templates && s)
            read_template(p, section);
        else if (n < p->counts.templates && conf_is_whole(p))
            conf_say(p, CONF_ERROR, number ? number->line : 0,
                     "[DEFAULT] NumberOfTemplates = %u, but there is no [%s]", p->counts.templates,
                     section);
        else if (s && !number)
            conf_say(p, CONF_WARNING, s->line,
                     "[%s] is not used: NumberOfTemplates is missing in [DEFAULT]", section);
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void read_config(struct conf_parse *p)
{
    conf_check_names(p);
    (void)conf_apply(p, conf_default_section, CONF_IN_DEFAULT, GLOBAL, p->config);
    /* With a DTU of an unknown kind there is nothing to ask but the templates. */
    if (!conf_apply(p, conf_default_section, CONF_IN_DEFAULT, COUNTS, &p->counts))
        text_copy(p->counts.dtu, sizeof p->counts.dtu, template_driver);
    read_inverters(p);
    read_templates(p);
    conf_settle_instances(p);
}

static void on_fault(void *user, unsigned line, const char *text)
{
    conf_say(user, CONF_FATAL, line, "%s", text);
}

struct config *config_parse(const char *text, struct conf_report *report)
{
    struct config *config = calloc(1, sizeof *config);
    struct conf_parse p = {.report = report, .config = config};
    struct inifile *file;

    memset(report, 0, sizeof *report);
    file = config ? inifile_read(text, on_fault, &p) : NULL;
    p.file = file;
    if (file)
        read_config(&p);
    if (!file || p.out_of_memory)
        conf_say(&p, CONF_FATAL, 0, "out of memory");
    inifile_free(file);
    if (report->fatals) {
        config_free(config);
        return NULL;
    }
    return config;
}

void config_free(struct config *c)
{
    free(c);
}

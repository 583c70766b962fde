#include "core/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf_parse.h"
#include "core/text.h"

static const char template_driver[] = "template";

void conf_describe_connection(const struct gateway_conf *g, char *out, size_t size)
{
    bool tls = strncmp(g->base_url, "https:", 6) == 0;
    const char *address = strstr(g->base_url, "//");
    char text[sizeof g->base_url + 16];

    (void)snprintf(text, sizeof text, "TCP/IP (HTTP%s) %s", tls ? "S" : "",
                   address ? address + 2 : "");
    text_copy(out, size, text);
}

bool conf_has_host(struct conf_parse *p, const struct gateway_conf *g, const char *section)
{
    if (g->base_url[0])
        return true;
    if (conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, conf_section_line(p, section), NULL,
            "[%s] Host is missing: write Host = and the address of the %s, such as 192.168.1.50",
            section, strcmp(g->driver, template_driver) == 0 ? "device" : "DTU");
    return false;
}

/* ---- Templates ------------------------------------------------------------------------------ */

static bool has_template_keys(struct conf_parse *p, const struct gateway_conf *g,
                              const char *section)
{
    unsigned line = conf_section_line(p, section);

    if (!g->template.api_path[0] && conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, line, NULL,
            "[%s] CUST_API_PATH is missing: write what to ask for, such as rpc/Switch.GetStatus?id=0",
            section);
    if (!g->template.power.path[0] && conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, line, NULL,
            "[%s] CUST_Power is missing: write where the power stands in the JSON reply, such as "
            "apower",
            section);
    return g->template.api_path[0] && g->template.power.path[0];
}

static void read_template(struct conf_parse *p, const char *section)
{
    size_t gateway = p->config->gateway_count;
    struct gateway_conf *g = &p->config->gateways[gateway];
    struct device_conf *d = &p->config->devices[p->config->device_count];
    struct conf_place place = {.section = section};
    bool ok;

    /* A section that was left out may have begun to fill them. */
    memset(g, 0, sizeof *g);
    memset(d, 0, sizeof *d);
    text_copy(g->section, sizeof g->section, section);
    text_copy(g->driver, sizeof g->driver, template_driver);
    ok = conf_apply(p, place, CONF_IN_TEMPLATE, GATEWAY, g);
    /* A bad value has been told already: do not call it missing as well. */
    ok = ok && conf_has_host(p, g, section);
    ok = ok && has_template_keys(p, g, section);
    /* Read in any case: its faults are to be told together with the others. */
    text_copy(d->section, sizeof d->section, section);
    d->gateway = (unsigned)gateway;
    conf_describe_connection(g, d->connection, sizeof d->connection);
    if (!conf_apply(p, place, CONF_IN_TEMPLATE, DEVICE, d) || !ok)
        return;
    if (!d->serial[0])
        text_copy(d->serial, sizeof d->serial, section);
    if (!d->name[0])
        text_copy(d->name, sizeof d->name, section);
    d->has_dc = g->template.dc_voltage.path[0] || has_value(g->template.dc_voltage.fallback);
    text_copy(g->template.serial, sizeof g->template.serial, d->serial);
    p->config->gateway_count++;
    p->config->device_count++;
}

static void read_templates(struct conf_parse *p)
{
    const struct conf_key *key = conf_key_named("NumberOfTemplates", CONF_IN_DEFAULT);
    const struct inifile_entry *number = conf_own_value(p, conf_default_section, key);
    char section[CONF_SECTION_MAX];

    for (unsigned n = 0; n < CONF_TEMPLATES_MAX; n++) {
        conf_section_name(section, conf_template_prefix, n);
        const struct inifile_section *s = inifile_section(p->file, section);
        if (n < p->counts.templates && s)
            read_template(p, section);
        else if (n < p->counts.templates && conf_is_whole(p))
            conf_say(p, CONF_ERROR, number ? number->line : 0, NULL,
                     "[DEFAULT] NumberOfTemplates = %u, but there is no [%s]", p->counts.templates,
                     section);
        else if (s && !number)
            conf_say(p, CONF_WARNING, s->line, NULL,
                     "[%s] is not used: NumberOfTemplates is missing in [DEFAULT]", section);
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

enum { PATIENT_S = 30 };

static bool is_impatient(const struct device_conf *d)
{
    return d->error_mode == ERROR_MODE_TIMEOUT && d->error_after_s < PATIENT_S;
}

/* Of values that stay the same an OpenDTU pushes only every 10 s: who cannot wait so long is polled. */
static void settle_push(struct config *c)
{
    for (size_t i = 0; i < c->device_count; i++) {
        if (is_impatient(&c->devices[i]))
            c->gateways[c->devices[i].gateway].push = false;
    }
    for (size_t i = 0; i < c->dtu_count; i++) {
        if (is_impatient(&c->unnamed[i]))
            c->gateways[i].push = false;
    }
}

static void read_config(struct conf_parse *p)
{
    struct conf_place place = {.section = conf_default_section};

    conf_check_names(p);
    (void)conf_apply(p, place, CONF_IN_DEFAULT, GLOBAL, p->config);
    if (!conf_apply(p, place, CONF_IN_DEFAULT, COUNTS, &p->counts))
        p->counts.dtu[0] = '\0';
    conf_read_dtus(p);
    read_templates(p);
    conf_settle_instances(p);
    settle_push(p->config);
}

static void on_fault(void *user, unsigned line, const char *text)
{
    conf_say(user, CONF_FATAL, line, NULL, "%s", text);
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
        conf_say(&p, CONF_FATAL, 0, NULL, "out of memory");
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

#include "core/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf_parse.h"
#include "core/driver.h"
#include "core/text.h"

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

void conf_describe_connection(const struct gateway_conf *g, char *out, size_t size)
{
    bool tls = begins_with(g->base_url, "https:");
    bool file = begins_with(g->base_url, "file:");
    const char *address = strstr(g->base_url, "//");
    char text[sizeof g->base_url + 16];

    (void)snprintf(text, sizeof text, "%s %s",
                   file  ? "Capture"
                   : tls ? "TCP/IP (HTTPS)"
                         : "TCP/IP (HTTP)",
                   address ? address + 2 : "");
    text_copy(out, size, text);
}

const char conf_template_driver[] = "template";

bool conf_is_template(const struct gateway_conf *g)
{
    /* What is played has the driver that plays it. */
    return strcmp(g->driver, conf_template_driver) == 0 || g->template.api_path[0][0];
}

bool conf_device_is_template(const struct config *c, const struct device_conf *d)
{
    return conf_is_template(&c->gateways[d->gateway]);
}

bool conf_plays_file(const struct gateway_conf *g)
{
    const struct driver *driver = driver_find(g->driver);

    return driver && driver->plays_file;
}

void conf_take_file(struct gateway_conf *g)
{
    if (conf_plays_file(g))
        (void)snprintf(g->base_url, sizeof g->base_url, "%s%s", g->replay_file[0] ? "file://" : "",
                       g->replay_file);
}

bool conf_has_host(struct conf_parse *p, const struct gateway_conf *g, const char *section)
{
    if (g->base_url[0])
        return true;
    if (conf_plays_file(g)) {
        if (conf_is_whole(p))
            conf_say(p, CONF_ERROR, conf_section_line(p, section), NULL,
                     "[%s] ReplayFile is missing: write ReplayFile = and the path of a capture",
                     section);
        return false;
    }
    if (conf_is_whole(p) && !(g->number == 0 && !conf_is_template(g) && p->told_host))
        conf_say(
            p, CONF_ERROR, conf_section_line(p, section), NULL,
            "[%s] Host is missing: write Host = and the address of the %s, such as 192.168.1.50",
            section, conf_is_template(g) ? "device" : "DTU");
    return false;
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

static void warn_of_dry_run(struct conf_parse *p)
{
    const struct conf_key *key = conf_key_named("DryRun", CONF_IN_DEFAULT);
    const struct inifile_entry *e = conf_own_value(p, conf_default_section, key);

    if (p->config->dry_run && e && !p->told[e - p->file->entries])
        conf_say(p, CONF_WARNING, e->line, NULL,
                 "[DEFAULT] DryRun is on: values are read and logged, but not published");
}

static void read_config(struct conf_parse *p)
{
    struct conf_place place = {.section = conf_default_section};

    conf_check_names(p);
    (void)conf_apply(p, place, CONF_IN_DEFAULT, GLOBAL, p->config);
    warn_of_dry_run(p);
    if (!conf_apply(p, place, CONF_IN_DEFAULT, COUNTS, &p->counts))
        p->counts.dtu[0] = '\0';
    conf_read_dtus(p);
    conf_read_templates(p);
    conf_read_added(p);
    conf_settle_count(p);
    conf_settle_instances(p);
    settle_push(p->config);
}

static void on_fault(void *user, unsigned line, const char *text)
{
    conf_say(user, CONF_FATAL, line, NULL, "%s", text);
}

struct config *config_parse(const char *text, size_t len, struct conf_report *report)
{
    static const struct device_text none = {NULL, NULL, NULL};

    return config_parse_with(text, len, &none, report);
}

struct config *config_parse_with(const char *text, size_t len, const struct device_text *own,
                                 struct conf_report *report)
{
    struct config *config = calloc(1, sizeof *config);
    struct conf_parse p = {.report = report, .config = config, .own_devices = own};
    struct inifile *file = NULL;

    memset(report, 0, sizeof *report);
    bool readable = conf_check_form(&p, text, len);
    if (config && readable)
        file = inifile_read(text, on_fault, &p);
    p.file = file;
    if (file)
        read_config(&p);
    if ((readable && !file) || p.out_of_memory)
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
    if (!c)
        return;
    /* One more than there are: of a section that was read and dropped. What was never written to is left alone, since
     * zeros there would cost the memory that it does not take. */
    size_t read = c->gateway_count + (c->gateway_count < CONF_GATEWAYS_MAX);
    explicit_bzero(c->gateways, read * sizeof c->gateways[0]);
    free(c);
}

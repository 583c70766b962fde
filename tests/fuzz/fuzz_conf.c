/* Whatever stands in config.ini: a report that can be shown, and a config within its ranges or none. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf.h"
#include "core/text.h"
#include "fuzz/sane.h"

static void check_dtu(const struct config *c, size_t i)
{
    const struct gateway_conf *g = &c->gateways[i];
    const struct device_conf *d = &c->unnamed[i];

    if (!strcmp(g->driver, "template") || g->number >= CONF_DTUS_MAX || d->gateway != i ||
        d->instance != CONF_INSTANCE_AUTO || *d->section || *d->serial)
        abort();
    if (g->auto_add && strncmp(d->service, "com.victronenergy.", 18) != 0)
        abort();
    for (size_t j = 0; j < i; j++) {
        if (!strcmp(c->gateways[j].base_url, g->base_url) || c->gateways[j].number >= g->number)
            abort();
    }
}

static void check_gateway(const struct config *c, size_t i)
{
    const struct gateway_conf *g = &c->gateways[i];

    if (!gateway_conf_equal(g, g) || (i < c->dtu_count) == !strcmp(g->driver, "template"))
        abort();
    if (i < c->dtu_count)
        check_dtu(c, i);
    if (strncmp(g->base_url, "http", 4) != 0 || strpbrk(g->base_url, " @\n\r\t"))
        abort();
    if (g->interval_ms < 1000 || g->timeout_ms < 100 || g->timeout_ms > 60000)
        abort();
    if (strcmp(g->driver, "template") != 0)
        return;
    if (g->template.api_path[0][0] != '/' || !g->template.value[FIELD_POWER].path[0][0] ||
        !g->template.serial[0])
        abort();
    if (!isfinite(g->template.value[FIELD_POWER].mult) ||
        !isfinite(g->template.value[FIELD_ENERGY_FORWARD].mult))
        abort();
}

static void check_device(const struct config *c, size_t i)
{
    const struct device_conf *d = &c->devices[i];

    if (!device_conf_equal(d, d) || d->index >= CONF_INVERTERS_MAX ||
        d->gateway >= c->gateway_count || d->instance < CONF_INSTANCE_AUTO || d->instance > 255 ||
        d->position < CONF_POSITION_AUTO || d->position > 2 || d->phase > PHASE_3P)
        abort();
    if (strncmp(d->service, "com.victronenergy.", 18) != 0)
        abort();
    if (!sane_text(d->name, sizeof d->name) || !sane_text(d->serial, sizeof d->serial) ||
        !sane_text(d->section, sizeof d->section) ||
        !memchr(d->connection, '\0', sizeof d->connection))
        abort();
    for (size_t j = 0; j < i; j++) {
        if (d->serial[0] && c->devices[j].gateway < c->dtu_count && d->gateway < c->dtu_count &&
            serial_equal(d->serial, c->devices[j].serial))
            abort();
        if (d->instance >= 0 && c->devices[j].instance == d->instance &&
            !strcmp(c->devices[j].service, d->service))
            abort();
    }
}

static void check_report(const struct conf_report *report)
{
    unsigned line = 0;

    for (size_t i = 0; i < report->count; i++) {
        const struct conf_message *m = &report->messages[i];
        char copy[sizeof m->text];
        if (m->line && (m->line < line || line == (unsigned)-1))
            abort();
        line = m->line ? m->line : (unsigned)-1;
        text_copy(copy, sizeof copy, m->text);
        if (!*m->text || strcmp(copy, m->text) != 0)
            abort();
        text_copy(copy, sizeof copy, m->outcome);
        if (strcmp(copy, m->outcome) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf_report report;
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    struct config *c = config_parse(text, size, &report);
    free(text);
    check_report(&report);
    if (!c != (report.fatals > 0))
        abort();
    for (size_t i = 0; c && i < c->gateway_count; i++)
        check_gateway(c, i);
    for (size_t i = 0; c && i < c->device_count; i++)
        check_device(c, i);
    config_free(c);
    conf_report_finish(&report);
    return 0;
}

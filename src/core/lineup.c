#include "core/lineup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/admission.h"
#include "core/text.h"

enum { FIRST_TEMPLATE = CONF_HOMES_MAX };

/* ---- Gateways by number --------------------------------------------------------------------- */

int lineup_home(const struct gateway_conf *conf)
{
    const char *n = conf->section + strcspn(conf->section, "0123456789");

    return conf_is_template(conf) ? FIRST_TEMPLATE + (int)strtol(n, NULL, 10) : (int)conf->number;
}

bool lineup_is_template(int home)
{
    return home >= FIRST_TEMPLATE;
}

bool lineup_is_added(int home)
{
    return home >= CONF_DTUS_MAX && home < FIRST_TEMPLATE;
}

void lineup_home_section(int home, char out[CONF_SECTION_MAX])
{
    if (lineup_is_template(home))
        (void)snprintf(out, CONF_SECTION_MAX, "TEMPLATE%d", home - FIRST_TEMPLATE);
    else if (lineup_is_added(home))
        (void)snprintf(out, CONF_SECTION_MAX, "ADDED%d", home - CONF_DTUS_MAX + 1);
    else if (home > 0)
        (void)snprintf(out, CONF_SECTION_MAX, "DTU%d", home);
    else
        text_copy(out, CONF_SECTION_MAX, "DEFAULT");
}

void lineup_binding(const char *section, int home, char out[CONF_SECTION_MAX])
{
    if (*section && home > 0 && !lineup_is_template(home))
        (void)snprintf(out, CONF_SECTION_MAX, "%.20s@DTU%d", section, home);
    else
        text_copy(out, CONF_SECTION_MAX, section);
}

/* ---- Who is there --------------------------------------------------------------------------- */

struct making {
    const struct lineup_question *q;
    struct lineup_entry *out;
    size_t count, max, beyond;
};

static bool is_taken(const struct making *m, const char *serial)
{
    for (size_t i = 0; i < m->count; i++) {
        if (serial_equal(m->out[i].serial, serial))
            return true;
    }
    return false;
}

static bool has_room(const struct making *m, int home)
{
    size_t services = 0, its = 0;

    for (size_t i = 0; i < m->count; i++) {
        services += !m->out[i].conf->off;
        its += m->out[i].kind == ROSTER_ADDED && m->out[i].home == home;
    }
    return services < CONF_SERVICES_MAX && its < ADMISSION_GATEWAY_MAX;
}

static void add(struct making *m, const struct device_conf *conf, enum roster_kind kind, int home,
                const char *serial)
{
    if (kind == ROSTER_ADDED && !has_room(m, home))
        return;
    if (m->count == m->max) {
        m->beyond++;
        return;
    }
    m->out[m->count] = (struct lineup_entry){.conf = conf, .kind = kind, .home = home};
    text_copy(m->out[m->count++].serial, SERIAL_MAX, serial);
}

/* Rule 1, and a place for each of the others. */
static void add_sections(struct making *m)
{
    const struct config *c = m->q->config;

    for (size_t i = 0; i < c->device_count; i++) {
        const struct device_conf *conf = &c->devices[i];
        int home = lineup_home(&c->gateways[conf->gateway]);
        bool template = lineup_is_template(home);
        bool named = template || conf->serial[0];
        add(m, conf, named ? ROSTER_BY_SERIAL : ROSTER_BY_PLACE, home,
            template ? "" : conf->serial);
    }
}

/* Rule 2. False for a section that was not there. */
static bool keep_inverter(struct making *m, struct lineup_entry *e)
{
    for (size_t i = 0; i < m->q->present_count; i++) {
        const struct lineup_present *p = &m->q->present[i];
        if (strcmp(p->section, e->conf->section) != 0 || p->slot->home != e->home)
            continue;
        if (!is_taken(m, p->slot->serial))
            text_copy(e->serial, sizeof e->serial, p->slot->serial);
        return true;
    }
    return false;
}

/* Rule 3. */
static void recall_inverter(struct making *m, struct lineup_entry *e)
{
    char binding[CONF_SECTION_MAX];

    lineup_binding(e->conf->section, e->home, binding);
    for (size_t i = 0; i < m->q->known_count; i++) {
        const struct device_memory *known = &m->q->known[i];
        if (strcmp(known->section, binding) == 0 && !is_taken(m, known->serial)) {
            text_copy(e->serial, sizeof e->serial, known->serial);
            return;
        }
    }
}

static void find_inverters(struct making *m)
{
    bool there[CONF_DEVICES_MAX] = {false};

    for (size_t i = 0; i < m->count; i++)
        there[i] = m->out[i].kind != ROSTER_BY_PLACE || keep_inverter(m, &m->out[i]);
    for (size_t i = 0; i < m->count; i++) {
        if (!there[i])
            recall_inverter(m, &m->out[i]);
    }
}

/* What this gateway lists and no section has is added as this; NULL: it is not. */
static const struct device_conf *unnamed_of(const struct config *c, int home)
{
    for (size_t i = 0; i < c->dtu_count; i++) {
        if (lineup_home(&c->gateways[i]) == home)
            return c->gateways[i].auto_add ? &c->unnamed[i] : NULL;
    }
    return NULL;
}

/* Rule 4. */
static void add_present(struct making *m, bool missing)
{
    for (size_t i = 0; i < m->q->present_count; i++) {
        const struct roster_slot *slot = m->q->present[i].slot;
        int home = slot->kind == ROSTER_ADDED ? slot->home : slot->source;
        const struct device_conf *conf = unnamed_of(m->q->config, home);
        if (conf && slot->serial[0] && (slot->missing_ms >= 0) == missing &&
            !is_taken(m, slot->serial))
            add(m, conf, ROSTER_ADDED, home, slot->serial);
    }
}

/* Rule 5. */
static void add_remembered(struct making *m)
{
    const struct config *c = m->q->config;

    for (size_t g = 0; g < c->dtu_count; g++) {
        for (size_t i = 0; c->gateways[g].auto_add && i < m->q->known_count; i++) {
            const struct device_memory *known = &m->q->known[i];
            if (!known->section[0] && known->serial[0] &&
                strcmp(known->gateway, c->gateways[g].section) == 0 && !is_taken(m, known->serial))
                add(m, &c->unnamed[g], ROSTER_ADDED, lineup_home(&c->gateways[g]), known->serial);
        }
    }
}

size_t lineup_make(const struct lineup_question *q, struct lineup_entry *out, size_t max)
{
    struct making m = {.q = q, .out = out, .max = max};

    add_sections(&m);
    find_inverters(&m);
    add_present(&m, false);
    add_present(&m, true);
    add_remembered(&m);
    return m.count + m.beyond;
}

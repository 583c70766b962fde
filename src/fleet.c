#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "edge/log.h"

struct member {
    struct unit *unit;
    char section[CONF_SECTION_MAX];
    int fed_by; /* the gateway whose health it shows */
};

struct fleet {
    const struct unit_env *env;
    struct memory *memory;
    size_t count;
    struct member members[FLEET_MAX];
    struct roster_slot
        slots[FLEET_MAX]; /* of the members, alike in order; a template's is never bound */
    const struct health *health[FLEET_GATEWAYS];
    bool narrowed[FLEET_GATEWAYS];    /* its next complete list is to be taken at its word */
    struct loop_timer missing;        /* when the next one has been missing for long enough */
    unsigned char changed[FLEET_MAX]; /* scratch of roster_bind */
    bool told_full;
};

/* ---- Gateways by number --------------------------------------------------------------------- */

enum { FIRST_TEMPLATE = CONF_DTUS_MAX };

static bool is_template(int gateway)
{
    return gateway >= FIRST_TEMPLATE;
}

int fleet_gateway(const struct gateway_conf *conf)
{
    unsigned n;

    if (sscanf(conf->section, "TEMPLATE%u", &n) == 1)
        return FIRST_TEMPLATE + (int)n;
    return (int)conf->number;
}

/* The section of a gateway, as the memory has it. */
static void gateway_section(int gateway, char out[CONF_SECTION_MAX])
{
    if (is_template(gateway))
        (void)snprintf(out, CONF_SECTION_MAX, "TEMPLATE%d", gateway - FIRST_TEMPLATE);
    else if (gateway > 0)
        (void)snprintf(out, CONF_SECTION_MAX, "DTU%d", gateway);
    else
        text_copy(out, CONF_SECTION_MAX, "DEFAULT");
}

void fleet_binding(const char *section, int home, char out[CONF_SECTION_MAX])
{
    if (*section && home > 0 && !is_template(home))
        (void)snprintf(out, CONF_SECTION_MAX, "%.20s@DTU%d", section, home);
    else
        text_copy(out, CONF_SECTION_MAX, section);
}

static int home_of(const struct config *config, const struct device_conf *conf)
{
    return fleet_gateway(&config->gateways[conf->gateway]);
}

static bool named_by_section(const struct config *config, const char *serial)
{
    for (size_t i = 0; *serial && i < config->device_count; i++) {
        if (!is_template(home_of(config, &config->devices[i])) &&
            serial_equal(config->devices[i].serial, serial))
            return true;
    }
    return false;
}

/* ---- Units come and go ---------------------------------------------------------------------- */

/* The memory of an inverter, whether it was ever seen or not. */
static void recall(const struct fleet *f, const char *serial, struct device_memory *out)
{
    char id[SERIAL_MAX];
    const struct device_memory *known;

    serial_key(id, serial);
    known = memory_find(f->memory, id);
    if (known) {
        *out = *known;
        return;
    }
    device_memory_init(out);
    text_copy(out->id, sizeof out->id, id);
    text_copy(out->serial, sizeof out->serial, serial);
}

static void remember(struct fleet *f, size_t i, bool listed)
{
    const struct roster_slot *slot = &f->slots[i];
    struct device_memory m;

    unit_remember(f->members[i].unit, &m);
    fleet_binding(f->members[i].section, slot->home, m.section);
    m.gateway[0] = '\0';
    if (listed)
        gateway_section(slot->source == ROSTER_NOBODY ? slot->home : slot->source, m.gateway);
    if (m.serial[0])
        memory_put(f->memory, &m);
}

static void drop(struct fleet *f, size_t i)
{
    unit_destroy(f->members[i].unit);
    f->count--;
    memmove(&f->slots[i], &f->slots[i + 1], (f->count - i) * sizeof f->slots[0]);
    memmove(&f->members[i], &f->members[i + 1], (f->count - i) * sizeof f->members[0]);
    memmove(&f->changed[i], &f->changed[i + 1], f->count - i);
}

/* The gateway by its number, which is the same in every configuration. */
static struct device_conf with_home(const struct device_conf *conf, int home)
{
    struct device_conf own = *conf;

    own.gateway = (unsigned)home;
    return own;
}

static bool add(struct fleet *f, const struct device_conf *conf, int home, enum roster_kind kind,
                const struct device_memory *memory)
{
    const struct device_conf own = with_home(conf, home);
    const char *serial = memory ? memory->serial : conf->serial;
    struct unit *u;

    if (f->count == FLEET_MAX) {
        if (!f->told_full)
            log_line(LOG_ERROR, "there are more than %d devices: %s is left out", FLEET_MAX,
                     serial);
        f->told_full = true;
        return true;
    }
    u = unit_create(f->env, &own, memory);
    if (!u)
        return false;
    roster_slot_init(&f->slots[f->count], kind, home, conf->index, is_template(home) ? "" : serial);
    f->members[f->count] = (struct member){.unit = u, .fed_by = home};
    text_copy(f->members[f->count].section, CONF_SECTION_MAX, conf->section);
    f->count++;
    unit_health(u, f->health[home]);
    return true;
}

static bool add_template(struct fleet *f, const struct device_conf *conf, int home)
{
    const struct device_memory *known = memory_find(f->memory, conf->section);
    struct device_memory m;

    device_memory_init(&m);
    if (known)
        m = *known;
    text_copy(m.id, sizeof m.id, conf->section);
    return add(f, conf, home, ROSTER_BY_SERIAL, &m);
}

/* A section begins with the serial it names, else with the inverter that it had before. */
static bool add_section(struct fleet *f, const struct config *config,
                        const struct device_conf *conf, int home)
{
    char binding[CONF_SECTION_MAX];
    const struct device_memory *known;
    struct device_memory m;

    if (conf->serial[0]) {
        recall(f, conf->serial, &m);
        known = memory_find(f->memory, m.id);
        return add(f, conf, home, ROSTER_BY_SERIAL, known ? &m : NULL);
    }
    fleet_binding(conf->section, home, binding);
    known = memory_of_section(f->memory, binding);
    if (!known || roster_find(f->slots, f->count, known->serial) >= 0 ||
        named_by_section(config, known->serial))
        return add(f, conf, home, ROSTER_BY_PLACE, NULL);
    m = *known;
    return add(f, conf, home, ROSTER_BY_PLACE, &m);
}

/* ---- Configuration -------------------------------------------------------------------------- */

static const struct device_conf *find_section(const struct config *config, const char *section)
{
    for (size_t i = 0; i < config->device_count; i++) {
        if (strcmp(config->devices[i].section, section) == 0)
            return &config->devices[i];
    }
    return NULL;
}

/* The configuration of what this gateway lists and no section names; NULL: it is not to be added. */
static const struct device_conf *find_unnamed(const struct config *config, int gateway)
{
    for (size_t i = 0; i < config->dtu_count; i++) {
        if (fleet_gateway(&config->gateways[i]) == gateway)
            return config->gateways[i].auto_add ? &config->unnamed[i] : NULL;
    }
    return NULL;
}

/* What unit i is configured as now; NULL when it has no place any more. */
static const struct device_conf *still_there(const struct fleet *f, const struct config *config,
                                             size_t i)
{
    const struct roster_slot *slot = &f->slots[i];
    const struct device_conf *conf;

    if (slot->kind == ROSTER_ADDED)
        return named_by_section(config, slot->serial) ? NULL : find_unnamed(config, slot->home);
    conf = find_section(config, f->members[i].section);
    if (!conf || home_of(config, conf) != slot->home)
        return NULL;
    if (is_template(slot->home))
        return conf;
    if (conf->serial[0])
        return serial_equal(conf->serial, slot->serial) ? conf : NULL;
    return named_by_section(config, slot->serial) ? NULL : conf;
}

static void keep(struct fleet *f, size_t i, const struct device_conf *conf)
{
    struct roster_slot *slot = &f->slots[i];
    const struct device_conf own = with_home(conf, slot->home);

    if (slot->kind != ROSTER_ADDED)
        slot->kind = conf->serial[0] ? ROSTER_BY_SERIAL : ROSTER_BY_PLACE;
    slot->index = conf->index;
    unit_reconfigure(f->members[i].unit, &own);
}

static void keep_or_drop(struct fleet *f, const struct config *config)
{
    for (size_t i = f->count; i-- > 0;) {
        const struct device_conf *conf = still_there(f, config, i);
        if (conf) {
            keep(f, i, conf);
            continue;
        }
        remember(f, i, true);
        drop(f, i);
    }
}

static bool add_what_came(struct fleet *f, const struct config *config)
{
    bool ok = true;

    for (size_t i = 0; ok && i < config->device_count; i++) {
        const struct device_conf *conf = &config->devices[i];
        int home = home_of(config, conf);
        size_t at = 0;
        while (at < f->count && strcmp(f->members[at].section, conf->section) != 0)
            at++;
        if (at == f->count)
            ok = is_template(home) ? add_template(f, conf, home)
                                   : add_section(f, config, conf, home);
    }
    return ok;
}

/* Inverters that had been added by themselves are there again before their gateway answers. */
static bool add_remembered(struct fleet *f, const struct config *config)
{
    bool ok = true;

    for (size_t i = 0; ok && i < config->dtu_count; i++) {
        const struct gateway_conf *gateway = &config->gateways[i];
        for (size_t e = 0; ok && gateway->auto_add && e < memory_count(f->memory); e++) {
            struct device_memory m = *memory_at(f->memory, e);
            if (m.section[0] || strcmp(m.gateway, gateway->section) != 0 || !m.serial[0] ||
                roster_find(f->slots, f->count, m.serial) >= 0)
                continue;
            ok = add(f, &config->unnamed[i], fleet_gateway(gateway), ROSTER_ADDED, &m);
        }
    }
    return ok;
}

bool fleet_apply(struct fleet *f, const struct config *config)
{
    keep_or_drop(f, config);
    return add_what_came(f, config) && add_remembered(f, config);
}

void fleet_show_again(struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++)
        unit_show_again(f->members[i].unit);
}

/* ---- What gateways bring -------------------------------------------------------------------- */

static bool feed_template(struct fleet *f, int gateway, const struct reading *r, double latency_ms)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->slots[i].home == gateway)
            unit_feed(f->members[i].unit, r, latency_ms);
    }
    return true;
}

void fleet_counts_anew(struct fleet *f, int gateway)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->slots[i].home == gateway)
            unit_counts_anew(f->members[i].unit);
    }
}

bool fleet_feed(struct fleet *f, int gateway, const struct reading *r, double latency_ms)
{
    if (is_template(gateway))
        return feed_template(f, gateway, r, latency_ms);
    int i = roster_find(f->slots, f->count, r->serial);
    if (i < 0)
        return false;
    struct roster_slot *slot = &f->slots[i];
    if (roster_takes(slot, gateway, r->reach == REACH_OK, loop_now_ms(f->env->loop))) {
        if (slot->kind == ROSTER_ADDED)
            slot->home = gateway;
        f->members[i].fed_by = gateway;
        unit_health(f->members[i].unit, f->health[gateway]);
        unit_feed(f->members[i].unit, r, latency_ms);
    }
    return true;
}

static void take_over(struct fleet *f, size_t i, bool replaced)
{
    const char *serial = f->slots[i].serial;
    struct device_memory m;

    if (replaced) {
        unit_remember(f->members[i].unit, &m);
        log_line(LOG_WARNING,
                 "%s: inverter %s has gone from its gateway; %s stands in its place now",
                 unit_label(f->members[i].unit), m.serial, serial);
        m.section[0] = m.gateway[0] = '\0';
        memory_put(f->memory, &m);
    }
    recall(f, serial, &m);
    unit_become(f->members[i].unit, &m);
}

/* Those that were given up first: what they know is for those that take their inverters. */
static void follow_changes(struct fleet *f)
{
    for (size_t i = f->count; i-- > 0;) {
        if (f->changed[i] != ROSTER_GIVEN_UP)
            continue;
        remember(f, i, true);
        drop(f, i);
    }
    for (size_t i = 0; i < f->count; i++) {
        if (f->changed[i])
            take_over(f, i, f->changed[i] == ROSTER_REBOUND);
    }
}

static void drop_missing(struct fleet *f, size_t i)
{
    log_line(LOG_WARNING, "%s: no gateway lists it any more; it is taken off the bus",
             unit_label(f->members[i].unit));
    remember(f, i, false);
    drop(f, i);
}

/* The gateway is asked for fewer now: what its list lacks is not waited for. */
static void narrow(struct fleet *f, int gateway)
{
    for (size_t i = f->count; i-- > 0;) {
        const struct roster_slot *slot = &f->slots[i];
        if (slot->kind == ROSTER_ADDED && slot->home == gateway && slot->missing_ms >= 0)
            drop_missing(f, i);
    }
    f->narrowed[gateway] = false;
}

/* Whether another list comes or not: of a gateway that is listened to, there may be none for long. */
static void on_missing(void *user)
{
    struct fleet *f = user;
    int64_t now = loop_now_ms(f->env->loop), next = INT64_MAX;

    for (size_t i = f->count; i-- > 0;) {
        int64_t due = roster_drop_due(&f->slots[i]);
        if (due <= now)
            drop_missing(f, i);
        else if (due < next)
            next = due;
    }
    if (next < INT64_MAX)
        loop_timer_arm(&f->missing, next - now);
    else
        loop_timer_disarm(&f->missing);
}

void fleet_list(struct fleet *f, const struct roster_list *list)
{
    if (is_template(list->gateway))
        return;
    roster_bind(f->slots, f->count, list, loop_now_ms(f->env->loop), f->changed);
    follow_changes(f);
    if (list->complete && f->narrowed[list->gateway])
        narrow(f, list->gateway);
    on_missing(f);
}

/* With its reading, not before: a service that does not know its shape yet would have to come twice. */
void fleet_add(struct fleet *f, const struct roster_list *list, const char *serial,
               const struct device_conf *unnamed)
{
    struct device_memory m;

    for (size_t i = 0; i < list->count; i++) {
        const struct roster_entry *entry = &list->entries[i];
        if (!serial_equal(entry->serial, serial) ||
            !roster_may_add(f->slots, f->count, list, entry))
            continue;
        recall(f, entry->serial, &m);
        (void)add(f, unnamed, list->gateway, ROSTER_ADDED, &m);
    }
}

size_t fleet_spare(const struct fleet *f, const struct roster_list *list)
{
    size_t spare = 0;

    for (size_t i = 0; i < list->count; i++)
        spare += roster_find(f->slots, f->count, list->entries[i].serial) < 0;
    return spare;
}

static bool is_asked_for(const struct fleet *f, size_t i, int gateway)
{
    const struct roster_slot *slot = &f->slots[i];

    return slot->source == gateway || (slot->source == ROSTER_NOBODY && slot->home == gateway);
}

void fleet_cycle(struct fleet *f, int gateway, const struct cycle *c)
{
    for (size_t i = 0; i < f->count; i++) {
        if (is_asked_for(f, i, gateway))
            unit_cycle(f->members[i].unit, c);
    }
}

void fleet_health_renewed(struct fleet *f, int gateway)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->members[i].fed_by == gateway)
            unit_health_renewed(f->members[i].unit);
    }
}

void fleet_info(struct fleet *f, int gateway, const struct gateway_info *info)
{
    for (size_t i = 0; i < f->count; i++) {
        if (is_asked_for(f, i, gateway))
            unit_gateway(f->members[i].unit, info);
    }
}

void fleet_health(struct fleet *f, int gateway, const struct health *health)
{
    f->health[gateway] = health;
    for (size_t i = 0; i < f->count; i++) {
        if (f->members[i].fed_by == gateway)
            unit_health(f->members[i].unit, health);
    }
}

void fleet_narrow(struct fleet *f, int gateway)
{
    f->narrowed[gateway] = true;
}

void fleet_gateway_gone(struct fleet *f, int gateway)
{
    f->health[gateway] = NULL;
    for (size_t i = 0; i < f->count; i++) {
        struct roster_slot *slot = &f->slots[i];
        struct member *m = &f->members[i];
        if (slot->source == gateway)
            slot->source = ROSTER_NOBODY;
        if (m->fed_by != gateway)
            continue;
        m->fed_by = slot->home;
        unit_health(m->unit, f->health[slot->home]);
    }
}

/* ---- Life ----------------------------------------------------------------------------------- */

struct fleet *fleet_create(const struct unit_env *env, struct memory *memory)
{
    struct fleet *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    f->env = env;
    f->memory = memory;
    loop_timer_init(&f->missing, env->loop, on_missing, f);
    return f;
}

void fleet_destroy(struct fleet *f)
{
    if (!f)
        return;
    loop_timer_disarm(&f->missing);
    for (size_t i = 0; i < f->count; i++)
        unit_destroy(f->members[i].unit);
    free(f);
}

void fleet_remember(struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++)
        remember(f, i, f->slots[i].missing_ms < 0 || f->slots[i].kind != ROSTER_ADDED);
}

size_t fleet_count(const struct fleet *f)
{
    return f->count;
}

void fleet_sign_of_life(const struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++)
        unit_sign_of_life(f->members[i].unit);
}

#include "bridge/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/lineup.h"
#include "core/text.h"
#include "edge/sys/log.h"

struct member {
    struct unit *unit;
    char section[CONF_SECTION_MAX];
    int fed_by; /* the gateway whose health it shows */
    bool off;   /* kept off the bus */
};

struct fleet {
    const struct unit_env *env;
    struct statefile *memory;
    size_t count;
    struct member members[FLEET_MAX];
    struct roster_slot
        slots[FLEET_MAX]; /* of the members, alike in order; a template's is never bound */
    bool health_known[FLEET_GATEWAYS];
    struct health_view health[FLEET_GATEWAYS];
    bool narrowed[FLEET_GATEWAYS];    /* its next complete list is to be taken at its word */
    struct loop_timer missing;        /* when the next one has been missing for long enough */
    unsigned char changed[FLEET_MAX]; /* scratch of roster_bind */
};

/* How a gateway answers; NULL: not known. */
static const struct health_view *health_of(const struct fleet *f, int gateway)
{
    return f->health_known[gateway] ? &f->health[gateway] : NULL;
}

/* ---- Units come and go ---------------------------------------------------------------------- */

/* The memory of an inverter, whether it was ever seen or not. */
static void recall(const struct fleet *f, const char *serial, struct device_memory *out)
{
    char id[SERIAL_MAX];
    const struct device_memory *known;

    serial_key(id, serial);
    known = statefile_find(f->memory, id);
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
    lineup_binding(f->members[i].section, slot->home, m.section);
    m.gateway[0] = '\0';
    if (listed)
        lineup_home_section(slot->source == ROSTER_NOBODY ? slot->home : slot->source, m.gateway);
    if (m.serial[0])
        statefile_put(f->memory, &m);
}

/* A unit that has been handed on is NULL. */
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

    if (f->count == FLEET_MAX) /* never: sections and what is added are counted */
        return true;
    u = unit_create(f->env, &own, memory);
    if (!u)
        return false;
    roster_slot_init(&f->slots[f->count], kind, home, conf->index,
                     lineup_is_template(home) ? "" : serial);
    f->members[f->count] = (struct member){.unit = u, .fed_by = home, .off = conf->off};
    text_copy(f->members[f->count].section, CONF_SECTION_MAX, conf->section);
    f->count++;
    unit_health(u, health_of(f, home));
    return true;
}

/* ---- Configuration -------------------------------------------------------------------------- */

/* From one configuration to the next: scratch. */
struct change {
    struct lineup_entry entries[FLEET_MAX];
    struct lineup_present present[FLEET_MAX]; /* of the members, alike in order */
    bool kept[FLEET_MAX];                     /* by member */
    bool made[FLEET_MAX];                     /* by entry: there is a unit for it */
    struct member members[FLEET_MAX];
    struct roster_slot slots[FLEET_MAX];
};

static size_t make_lineup(struct fleet *f, const struct config *config, struct change *c)
{
    struct lineup_question q = {.config = config, .present = c->present, .present_count = f->count};

    q.known = statefile_all(f->memory, &q.known_count);
    for (size_t i = 0; i < f->count; i++)
        c->present[i] = (struct lineup_present){f->members[i].section, &f->slots[i]};
    size_t count = lineup_make(&q, c->entries, FLEET_MAX);
    return count < FLEET_MAX ? count : FLEET_MAX;
}

/* The member that goes on as this entry: the same inverter, else the same section without one; -1: none. */
static int find_member(const struct fleet *f, const struct lineup_entry *e)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct roster_slot *slot = &f->slots[i];
        bool section =
            strcmp(f->members[i].section, e->conf->section) == 0 && slot->home == e->home;
        if (e->serial[0] ? serial_equal(slot->serial, e->serial) : section && !slot->serial[0])
            return (int)i;
    }
    return -1;
}

static void keep(struct fleet *f, struct change *c, const struct lineup_entry *e, size_t from,
                 size_t to)
{
    c->kept[from] = true;
    c->members[to] = f->members[from];
    c->slots[to] = f->slots[from];
    text_copy(c->members[to].section, CONF_SECTION_MAX, e->conf->section);
    c->members[to].off = e->conf->off;
    c->slots[to].kind = e->kind;
    c->slots[to].home = e->home;
    c->slots[to].index = e->conf->index;
}

static bool create(struct fleet *f, const struct lineup_entry *e)
{
    struct device_memory m;
    const struct device_memory *known;

    if (lineup_is_template(e->home)) {
        known = statefile_find(f->memory, e->conf->section);
        device_memory_init(&m);
        if (known)
            m = *known;
        text_copy(m.id, sizeof m.id, e->conf->section);
        return add(f, e->conf, e->home, e->kind, &m);
    }
    recall(f, e->serial, &m);
    return add(f, e->conf, e->home, e->kind, statefile_find(f->memory, m.id) ? &m : NULL);
}

/* Who stays is moved before anybody goes, and told what it is after that: a name may be handed on. */
static bool rearrange(struct fleet *f, struct change *c, size_t count)
{
    size_t kept = 0;
    bool ok = true;

    for (size_t e = 0; e < count; e++) {
        int from = find_member(f, &c->entries[e]);
        c->made[e] = from >= 0;
        if (from >= 0)
            keep(f, c, &c->entries[e], (size_t)from, kept++);
    }
    for (size_t i = 0; i < f->count; i++) {
        if (c->kept[i])
            continue;
        remember(f, i, true);
        unit_destroy(f->members[i].unit);
    }
    f->count = kept;
    memcpy(f->members, c->members, kept * sizeof f->members[0]);
    memcpy(f->slots, c->slots, kept * sizeof f->slots[0]);
    kept = 0;
    for (size_t e = 0; e < count; e++) {
        if (!c->made[e])
            continue;
        const struct device_conf own = with_home(c->entries[e].conf, c->entries[e].home);
        unit_reconfigure(f->members[kept++].unit, &own);
    }
    for (size_t e = 0; ok && e < count; e++)
        ok = c->made[e] || create(f, &c->entries[e]);
    return ok;
}

void fleet_door(const struct fleet *f, int gateway, struct door *door)
{
    char section[CONF_SECTION_MAX];

    lineup_home_section(gateway, section);
    door_init(door, f->env->loop, f->memory, section);
}

static bool has_home(const struct config *config, int home)
{
    for (size_t i = 0; i < config->gateway_count; i++) {
        if (lineup_home(&config->gateways[i]) == home)
            return true;
    }
    return false;
}

/* The number of an added address that was removed goes to the next one, and its inverters do not. */
static void leave_added(struct fleet *f, const struct config *config)
{
    char section[CONF_SECTION_MAX];

    for (int home = CONF_DTUS_MAX; home < CONF_HOMES_MAX; home++) {
        lineup_home_section(home, section);
        if (!has_home(config, home))
            statefile_leave_gateway(f->memory, section);
    }
}

bool fleet_apply(struct fleet *f, const struct config *config)
{
    struct change *c = calloc(1, sizeof *c);
    bool ok = c && rearrange(f, c, make_lineup(f, config, c));

    free(c);
    leave_added(f, config);
    return ok;
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
        if (f->slots[i].home == gateway && f->slots[i].index == r->index)
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
    if (lineup_is_template(gateway))
        return feed_template(f, gateway, r, latency_ms);
    int i = roster_find(f->slots, f->count, r->serial);
    if (i < 0)
        return false;
    struct roster_slot *slot = &f->slots[i];
    if (roster_takes(slot, gateway, r->reach == REACH_OK, loop_now_ms(f->env->loop))) {
        if (slot->kind == ROSTER_ADDED)
            slot->home = gateway;
        f->members[i].fed_by = gateway;
        unit_health(f->members[i].unit, health_of(f, gateway));
        unit_feed(f->members[i].unit, r, latency_ms);
    }
    return true;
}

/* The slot and its unit are always of one inverter: without memory for it, the next list tries again. */
static void take_over(struct fleet *f, size_t i, bool replaced, struct door *door)
{
    struct roster_slot *slot = &f->slots[i];
    struct unit *u = f->members[i].unit;
    struct device_memory before, now;

    unit_remember(u, &before);
    recall(f, slot->serial, &now);
    if (!unit_become(u, &now)) {
        log_notice(NOTICE_NO_MEMORY_FOR_DEVICE, "out of memory: inverter %s has to wait",
                   slot->serial);
        if (replaced)
            door_undone(door, slot->serial);
        roster_slot_init(slot, slot->kind, slot->home, slot->index, before.serial);
        return;
    }
    if (!replaced)
        return;
    log_notice(NOTICE_INVERTER_REPLACED,
               "%s: its gateway no longer lists inverter %s; inverter %s takes its place",
               unit_label(u), before.serial, slot->serial);
    before.section[0] = before.gateway[0] = '\0';
    statefile_put(f->memory, &before);
}

/*
 * An inverter that had been there without a section is the section's now: its unit goes on as that, and
 * its service stays.
 */
static bool hand_over(struct fleet *f, size_t section)
{
    struct member *to = &f->members[section];

    for (size_t i = 0; i < f->count; i++) {
        struct member *from = &f->members[i];
        if (f->changed[i] != ROSTER_GIVEN_UP || !from->unit ||
            !serial_equal(unit_serial(from->unit), f->slots[section].serial))
            continue;
        unit_succeed(from->unit, to->unit);
        to->unit = from->unit;
        to->fed_by = from->fed_by;
        f->slots[section].source = f->slots[i].source;
        f->slots[section].heard_ms = f->slots[i].heard_ms;
        from->unit = NULL;
        return true;
    }
    return false;
}

static void follow_changes(struct fleet *f, struct door *door)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->changed[i] == ROSTER_BOUND && hand_over(f, i))
            f->changed[i] = 0;
    }
    for (size_t i = f->count; i-- > 0;) {
        if (f->changed[i] == ROSTER_GIVEN_UP)
            drop(f, i);
    }
    for (size_t i = 0; i < f->count; i++) {
        if (f->changed[i])
            take_over(f, i, f->changed[i] == ROSTER_REBOUND, door);
    }
}

static void drop_missing(struct fleet *f, size_t i)
{
    log_notice(NOTICE_INVERTER_GONE, "%s: no gateway lists it any more; it is taken off the bus",
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

void fleet_list(struct fleet *f, const struct roster_list *list, struct door *door)
{
    struct roster_list guarded = *list;

    if (lineup_is_template(list->gateway))
        return;
    guarded.may_replace = door_replaces;
    guarded.user = door;
    roster_bind(f->slots, f->count, &guarded, loop_now_ms(f->env->loop), f->changed);
    follow_changes(f, door);
    door_list(door, f->slots, f->count, list);
    if (list->complete && f->narrowed[list->gateway])
        narrow(f, list->gateway);
    on_missing(f);
}

static size_t services(const struct fleet *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->count; i++)
        n += !f->members[i].off;
    return n;
}

/* With its reading, not before: a service that does not know its shape yet would have to come twice. */
void fleet_add(struct fleet *f, const struct roster_list *list, const char *serial,
               const struct device_conf *unnamed, struct door *door)
{
    struct device_memory m;
    int goes;

    for (size_t i = 0; i < list->count; i++) {
        const struct roster_entry *entry = &list->entries[i];
        if (!serial_equal(entry->serial, serial) ||
            !roster_may_add(f->slots, f->count, list, entry) ||
            !door_adds(door, entry->serial, f->slots, f->count, services(f), list->gateway, &goes))
            continue;
        if (goes >= 0)
            drop_missing(f, (size_t)goes);
        recall(f, entry->serial, &m);
        if (!add(f, unnamed, list->gateway, ROSTER_ADDED, &m))
            door_undone(door, entry->serial);
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

void fleet_health_renewed(struct fleet *f, int gateway, const struct health_view *health)
{
    fleet_health(f, gateway, health);
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

void fleet_health(struct fleet *f, int gateway, const struct health_view *health)
{
    f->health_known[gateway] = health != NULL;
    if (health)
        f->health[gateway] = *health;
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
    f->health_known[gateway] = false;
    for (size_t i = 0; i < f->count; i++) {
        struct roster_slot *slot = &f->slots[i];
        struct member *m = &f->members[i];
        if (slot->source == gateway)
            slot->source = ROSTER_NOBODY;
        if (m->fed_by != gateway)
            continue;
        m->fed_by = slot->home;
        unit_health(m->unit, health_of(f, slot->home));
    }
}

/* ---- Life ----------------------------------------------------------------------------------- */

struct fleet *fleet_create(const struct unit_env *env, struct statefile *memory)
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

void fleet_passed(const struct fleet *f)
{
    f->env->passed(f->env->user);
}

struct unit *fleet_unit(const struct fleet *f, size_t n, int *gateway)
{
    *gateway = f->members[n].fed_by;
    return f->members[n].unit;
}

void fleet_sign_of_life(const struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++)
        unit_sign_of_life(f->members[i].unit);
}

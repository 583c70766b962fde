/*
 * The DTUs and their inverters. DTU 0 is that of [DEFAULT]; a [DTU0] may say more of it. The others
 * are the [DTUn] sections.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/conf_parse.h"
#include "core/text.h"

enum state {
    ABSENT,
    UNUSED, /* DTU=template: its [INVERTERn] may stay in the file */
    FAULTY, /* which has been told */
    READY,
};

struct dtu {
    enum state state;
    size_t gateway;     /* READY: index into config.gateways */
    unsigned inverters; /* [INVERTERn] sections that say so, up to the present one */
};

enum { NO_DTU = CONF_DTUS_MAX };

struct inverter {
    bool there;
    bool known; /* which one it is: else dtu may be NO_DTU, and index says nothing */
    unsigned dtu, index;
    char serial[SERIAL_MAX];
};

struct dtus {
    struct dtu dtu[CONF_DTUS_MAX];
    struct inverter inverter[CONF_INVERTERS_MAX];
};

/* ---- Which inverter is whose ---------------------------------------------------------------- */

/*
 * Every section's place, before anything else is read: whether a section is left out for a fault must
 * not move the ones behind it.
 */
static void place_inverters(struct conf_parse *p, struct dtus *all)
{
    char section[CONF_SECTION_MAX];

    for (unsigned n = 0; n < CONF_INVERTERS_MAX; n++) {
        struct inverter *inverter = &all->inverter[n];
        struct conf_inverter said = {.index = -1};
        struct conf_place place = {.section = section};

        conf_section_name(section, conf_inverter_prefix, n);
        if (!inifile_section(p->file, section))
            continue;
        bool home = conf_apply(p, place, CONF_IN_INVERTER, HOME, &said);
        bool known = conf_apply(p, place, CONF_IN_INVERTER, INVERTER, &said);
        *inverter = (struct inverter){.there = true,
                                      .known = home && known,
                                      .dtu = home ? said.dtu : NO_DTU};
        text_copy(inverter->serial, sizeof inverter->serial, said.serial);
        unsigned listed = home ? all->dtu[said.dtu].inverters++ : 0;
        if (said.index >= 0)
            inverter->index = (unsigned)said.index;
        else /* with DTU 0 as ever: the files of one DTU number by its list */
            inverter->index = said.dtu == 0 ? n : listed;
    }
}

/* ---- DTUs ----------------------------------------------------------------------------------- */

static bool has_own(const struct conf_parse *p, const char *section, const char *name)
{
    return conf_own_value(p, section, conf_key_named(name, conf_scope_of(section))) != NULL;
}

/* How the file calls it. */
static const char *title(const struct conf_parse *p, const struct gateway_conf *g)
{
    return g->number == 0 && inifile_section(p->file, "DTU0") ? "DTU0" : g->section;
}

/* What it may mean must not appear as one without a section, with values that nobody chose. */
static void put_in_doubt(struct gateway_conf *g, const char *section)
{
    if (g->auto_add)
        text_copy(g->in_doubt, sizeof g->in_doubt, section);
    g->auto_add = false;
}

/* As an inverter that no section names is read; for such, [DEFAULT]'s DeviceInstance is not meant. */
static void read_unnamed(struct conf_parse *p, struct conf_place place, size_t gateway)
{
    struct device_conf *d = &p->config->unnamed[gateway];
    struct gateway_conf *g = &p->config->gateways[gateway];

    d->gateway = (unsigned)gateway;
    d->instance = CONF_INSTANCE_AUTO;
    conf_describe_connection(g, d->connection, sizeof d->connection);
    if (!conf_apply(p, place, CONF_IN_DTU, DEVICE, d))
        put_in_doubt(g, title(p, g));
}

/*
 * The keys of DTU 0 stand in [DTU0] or [DEFAULT]; those that the Python program reads from the first
 * inverter's section (Host, Username, Password, DigestAuth) may stand there as well, and then count.
 */
static enum state read_first(struct conf_parse *p, const struct dtus *all, struct gateway_conf *g)
{
    char first[CONF_SECTION_MAX];
    struct conf_place place = {.section = "DTU0"};
    bool section = inifile_section(p->file, "DTU0") != NULL, others = false;

    if (strcmp(p->counts.dtu, conf_template_driver) == 0 && !section)
        return UNUSED;
    for (unsigned n = CONF_INVERTERS_MAX; n-- > 0;) {
        if (all->inverter[n].there && all->inverter[n].dtu == 0) {
            conf_section_name(first, conf_inverter_prefix, n);
            place.parent = first;
        }
    }
    for (unsigned n = 1; n < CONF_DTUS_MAX; n++)
        others = others || all->dtu[n].state != ABSENT;
    text_copy(g->section, sizeof g->section, conf_default_section);
    if (!conf_apply(p, place, CONF_IN_DTU, GATEWAY, g))
        return FAULTY;
    if (!has_own(p, "DTU0", "Type")) {
        if (!p->counts.dtu[0])
            return FAULTY;
        if (has_own(p, conf_default_section, "DTU") &&
            strcmp(p->counts.dtu, conf_template_driver) != 0)
            text_copy(g->driver, sizeof g->driver, p->counts.dtu);
    }
    conf_take_file(g);
    if (!g->base_url[0] && !section && others && !conf_plays_file(g))
        return ABSENT;
    return conf_has_host(p, g, title(p, g)) ? READY : FAULTY;
}

/* [DEFAULT]'s Host is DTU 0's: inherited, it would make two of one. */
static enum state read_other(struct conf_parse *p, const char *section, unsigned n,
                             struct gateway_conf *g)
{
    struct conf_place place = {.section = section};
    bool ok = conf_apply(p, place, CONF_IN_DTU, GATEWAY, g);

    text_copy(g->section, sizeof g->section, section);
    g->number = n;
    conf_take_file(g);
    if (has_own(p, section, "Host") || conf_plays_file(g))
        return ok && conf_has_host(p, g, section) ? READY : FAULTY;
    g->base_url[0] = '\0';
    if (!has_own(p, conf_default_section, "Host"))
        (void)conf_has_host(p, g, section);
    else if (conf_is_whole(p))
        conf_say(
            p, CONF_ERROR, conf_section_line(p, section), NULL,
            "[%s] Host is missing: the Host of [DEFAULT] is another DTU, which would be asked twice",
            section);
    return FAULTY;
}

/* "http://a:80" is "http://a". */
static size_t without_port(const char *url)
{
    const char *port = strncmp(url, "https:", 6) == 0 ? ":443" : ":80";
    size_t len = strlen(url), tail = strlen(port);

    return len > tail && strcmp(url + len - tail, port) == 0 ? len - tail : len;
}

bool conf_same_address(const char *a, const char *b)
{
    size_t len = without_port(a);
    return len == without_port(b) && strncasecmp(a, b, len) == 0;
}

static bool has_twin(struct conf_parse *p, const struct gateway_conf *g)
{
    const struct conf_key *host = conf_key_named("Host", CONF_IN_DTU);
    char outcome[CONF_OUTCOME_MAX];

    for (size_t i = 0; i < p->config->dtu_count && !conf_plays_file(g); i++) {
        const struct gateway_conf *other = &p->config->gateways[i];
        if (!conf_same_address(other->base_url, g->base_url))
            continue;
        const struct inifile_entry *e = conf_own_value(p, g->section, host);
        (void)snprintf(outcome, sizeof outcome, "[%s] is left out", g->section);
        conf_say(p, CONF_ERROR, conf_line(e), outcome,
                 "[%s] Host is the same as in [%s], so that DTU would be asked twice", g->section,
                 title(p, other));
        return true;
    }
    return false;
}

static void read_dtu(struct conf_parse *p, struct dtus *all, unsigned n)
{
    size_t gateway = p->config->gateway_count;
    struct gateway_conf *g = &p->config->gateways[gateway];
    struct dtu *dtu = &all->dtu[n];
    char section[CONF_SECTION_MAX];

    memset(g, 0, sizeof *g); /* one that was left out may have begun to fill it */
    conf_section_name(section, conf_dtu_prefix, n);
    if (n == 0)
        dtu->state = read_first(p, all, g);
    else if (dtu->state != ABSENT)
        dtu->state = read_other(p, section, n, g);
    if (dtu->state == READY && has_twin(p, g))
        dtu->state = FAULTY;
    if (dtu->state != READY)
        return;
    dtu->gateway = gateway;
    p->config->gateway_count++;
    p->config->dtu_count++;
    read_unnamed(p, (struct conf_place){.section = section}, gateway);
}

/* ---- Inverters ------------------------------------------------------------------------------ */

/* lost: which inverter the section means is not known. */
static void say_kept_off(char out[CONF_OUTCOME_MAX], const char *section, bool lost)
{
    (void)snprintf(out, CONF_OUTCOME_MAX, "[%s] is kept off the bus%s", section,
                   lost ? ", and so are inverters without a section" : "");
}

/* Which of the DTU's inverters the section means is not known; of any DTU's, with NO_DTU. */
static void lose(struct conf_parse *p, const struct dtus *all, const char *section, unsigned dtu)
{
    for (unsigned n = 0; n < CONF_DTUS_MAX; n++) {
        if (all->dtu[n].state == READY && (n == dtu || dtu == NO_DTU))
            put_in_doubt(&p->config->gateways[all->dtu[n].gateway], section);
    }
}

static void say_no_dtu(struct conf_parse *p, const char *section, const struct inverter *inverter)
{
    const struct inifile_entry *e = inifile_own(p->file, section, "DTU");
    unsigned line = e ? e->line : conf_section_line(p, section), dtu = inverter->dtu;
    char outcome[CONF_OUTCOME_MAX];

    if (!conf_is_whole(p))
        return;
    say_kept_off(outcome, section, !inverter->serial[0]);
    if (dtu > 0)
        conf_say(p, CONF_ERROR, line, outcome, "[%s] DTU = %u, but there is no [DTU%u]", section,
                 dtu, dtu);
    else
        conf_say(
            p, CONF_ERROR, line, outcome,
            "[%s] is an inverter of DTU 0, but [DEFAULT] has no Host: write DTU = and the n of its "
            "[DTUn]",
            section);
}

/* The same address again does no harm: many a file has it in each section. */
static void warn_of_host(struct conf_parse *p, const char *section, const struct gateway_conf *dtu)
{
    const struct conf_key *host = conf_key_named("Host", CONF_IN_INVERTER);
    const struct inifile_entry *e = inifile_own(p->file, section, host->name);
    char value[CONF_VALUE_MAX], url[CONF_TEXT_MAX] = "", what[CONF_SAID_MAX];
    const char *hint = NULL;

    if (!e)
        return;
    (void)inifile_expand(p->file, section, e, value, sizeof value);
    if (set_host(NULL, value, url, &hint) == SET_OK && conf_same_address(url, dtu->base_url))
        return;
    (void)snprintf(
        what, sizeof what,
        "not used: its DTU is [%s]; for another DTU, add a [DTUn] with this Host, and DTU = n here",
        title(p, dtu));
    conf_say_of_value(p, CONF_WARNING, e, host, value, NULL, what);
}

/* An inverter can be one section's only. */
static bool is_free(struct conf_parse *p, const struct device_conf *d)
{
    char outcome[CONF_OUTCOME_MAX];

    for (size_t i = 0; i < p->config->device_count; i++) {
        const struct device_conf *other = &p->config->devices[i];
        bool serial = serial_equal(d->serial, other->serial);
        bool index = !d->serial[0] && !other->serial[0] && d->gateway == other->gateway &&
                     d->index == other->index;
        if (!serial && !index)
            continue;
        const struct inifile_entry *e =
            inifile_own(p->file, d->section, serial ? "Serial" : "Index");
        say_kept_off(outcome, d->section, true);
        conf_say(p, CONF_ERROR, e ? e->line : conf_section_line(p, d->section), outcome,
                 "[%s] %s is the same as in [%s]", d->section, serial ? "Serial" : "Index",
                 other->section);
        return false;
    }
    return true;
}

/*
 * The section's device, into the config where there is a DTU that may list its inverter: one with a
 * serial is kept from being taken for one without a section, wherever it is listed.
 */
static void read_inverter(struct conf_parse *p, const struct dtus *all, const char *section,
                          const struct inverter *inverter)
{
    bool home = inverter->dtu != NO_DTU && all->dtu[inverter->dtu].state == READY;
    struct device_conf *d = &p->config->devices[p->config->device_count];
    size_t gateway = home ? all->dtu[inverter->dtu].gateway : 0;
    const struct gateway_conf *g = &p->config->gateways[gateway];
    char parent[CONF_SECTION_MAX];
    struct conf_place place = {.section = section, .parent = parent};

    if (home)
        warn_of_host(p, section, g);
    memset(d, 0, sizeof *d);
    text_copy(d->section, sizeof d->section, section);
    conf_section_name(parent, conf_dtu_prefix, inverter->dtu);
    d->off = !conf_apply(p, place, CONF_IN_INVERTER, DEVICE, d) || !home;
    text_copy(d->serial, sizeof d->serial, inverter->serial);
    if (!inverter->known || !(home || (d->serial[0] && p->config->dtu_count > 0)))
        return;
    d->gateway = (unsigned)gateway;
    d->index = inverter->index;
    conf_describe_connection(g, d->connection, sizeof d->connection);
    if (is_free(p, d))
        p->config->device_count++;
    else
        lose(p, all, section, inverter->dtu);
}

/* Beyond NumberOfInvertersToQuery nobody is asked; where a serial stands in the list is not known. */
static bool is_asked(const struct conf_parse *p, const struct inverter *inverter,
                     const struct dtu *dtu)
{
    unsigned max = p->config->gateways[dtu->gateway].max_inverters;

    return dtu->state != READY || max == 0 || inverter->index < max || inverter->serial[0];
}

/* The owner said so: nothing is wrong with that. */
static void note_unused(struct conf_parse *p, const unsigned *unused, size_t count, const char *why)
{
    char list[CONF_LIST_MAX], section[CONF_SECTION_MAX];

    conf_list(list, conf_inverter_prefix, unused, count);
    conf_section_name(section, conf_inverter_prefix, unused[0]);
    conf_say(p, CONF_NOTE, conf_section_line(p, section), NULL, "%s not used: %s", list, why);
}

static void read_inverters(struct conf_parse *p, const struct dtus *all)
{
    static const struct dtu nowhere = {.state = FAULTY};
    unsigned beyond[CONF_INVERTERS_MAX], unused[CONF_INVERTERS_MAX];
    size_t beyond_count = 0, unused_count = 0;
    char section[CONF_SECTION_MAX];

    for (unsigned n = 0; n < CONF_INVERTERS_MAX; n++) {
        const struct inverter *inverter = &all->inverter[n];
        const struct dtu *dtu = inverter->dtu == NO_DTU ? &nowhere : &all->dtu[inverter->dtu];

        conf_section_name(section, conf_inverter_prefix, n);
        if (inverter->there && dtu->state == UNUSED)
            unused[unused_count++] = n;
        if (!inverter->there || dtu->state == UNUSED)
            continue;
        if (dtu->state == ABSENT)
            say_no_dtu(p, section, inverter);
        if (!inverter->known || (dtu->state == ABSENT && !inverter->serial[0]))
            lose(p, all, section, dtu->state == ABSENT ? NO_DTU : inverter->dtu);
        if (is_asked(p, inverter, dtu))
            read_inverter(p, all, section, inverter);
        else
            beyond[beyond_count++] = n;
    }
    if (beyond_count > 0)
        note_unused(p, beyond, beyond_count, "beyond NumberOfInvertersToQuery");
    if (unused_count > 0)
        note_unused(p, unused, unused_count, "with DTU = template there is no DTU");
}

/* Of a DTU that may list what it likes. */
static void warn_of_idle_dtu(struct conf_parse *p, const struct gateway_conf *g, size_t gateway)
{
    char section[CONF_SECTION_MAX];
    const struct conf_place place = {.section = section};
    const struct conf_key *key = conf_key_named("AutoAdd", CONF_IN_DTU);

    for (size_t i = 0; i < p->config->device_count; i++) {
        if (p->config->devices[i].gateway == gateway)
            return;
    }
    if (g->auto_add || g->in_doubt[0])
        return;
    conf_section_name(section, conf_dtu_prefix, g->number);
    const struct inifile_entry *e = conf_find_value(p, place, (size_t)(key - conf_table));
    conf_say(p, CONF_WARNING, conf_line(e), NULL,
             "[%s] AutoAdd = 0, and it has no [INVERTERn]: nothing of this DTU is published",
             title(p, g));
}

void conf_read_dtus(struct conf_parse *p)
{
    char section[CONF_SECTION_MAX];
    struct dtus all = {0};

    /* FAULTY until read: there, at least. */
    for (unsigned n = 1; n < CONF_DTUS_MAX; n++) {
        conf_section_name(section, conf_dtu_prefix, n);
        all.dtu[n].state = inifile_section(p->file, section) ? FAULTY : ABSENT;
    }
    place_inverters(p, &all);
    for (unsigned n = 0; n < CONF_DTUS_MAX; n++)
        read_dtu(p, &all, n);
    read_inverters(p, &all);
    for (size_t g = 0; g < p->config->dtu_count; g++)
        warn_of_idle_dtu(p, &p->config->gateways[g], g);
}

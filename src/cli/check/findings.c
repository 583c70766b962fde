#include "cli/check/findings.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/chosen.h"
#include "cli/check/findings_parts.h"
#include "core/choice.h"
#include "core/conf_like.h"
#include "core/counter.h"
#include "core/limit.h"
#include "core/map.h"
#include "core/obstacle.h"
#include "core/text.h"

void findings_say(struct findings *f, enum finding_kind kind, size_t gateway, int device,
                  const char *format, ...)
{
    struct finding *more = realloc(f->list, (f->count + 1) * sizeof *more);
    char text[FINDING_TEXT_MAX];
    va_list args;

    if (!more) {
        f->out_of_memory = true;
        return;
    }
    f->list = more;
    struct finding *one = &more[f->count++];
    *one = (struct finding){.kind = kind, .gateway = gateway, .device = device};
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_copy(one->text, sizeof one->text, text);
    f->problems += kind == FINDING_PROBLEM;
}

/* ---- Gateways ------------------------------------------------------------------------------- */

const char *asked_kind(const struct asked *a)
{
    const struct driver *driver = driver_find(a->conf->driver);
    const char *product = a->reading_count ? a->readings[0].product : NULL;

    for (size_t i = 0; !driver->title && product && drivers[i]; i++)
        if (drivers[i]->title && strcmp(drivers[i]->title, product) == 0)
            return drivers[i]->name;
    return driver->name;
}

bool asked_may_be_another(const struct asked *a)
{
    return a->failed && (a->kind == HEALTH_STATUS || a->kind == HEALTH_BAD_REPLY) &&
           driver_find(a->conf->driver)->probe;
}

/* The key that names the kind: of the DTU of [DEFAULT] it is another one than of a [DTUn]. */
static const char *kind_key(const struct asked *a)
{
    return a->conf->number == 0 ? "DTU" : "Type";
}

static void look_at_failure(struct findings *f, size_t g, const struct asked *a,
                            const struct asked *other, const struct identity *identity)
{
    if (other->conf && !other->failed && other->reading_count) {
        const char *kind = asked_kind(other);
        findings_say(f, FINDING_PROBLEM, g, -1, "this is an %s: set %s = %s (or auto) in [%s]",
                     other->readings[0].product, kind_key(a), kind, a->conf->section);
        return;
    }
    if (identity->what[0]) {
        findings_say(
            f, FINDING_PROBLEM, g, -1,
            "this is %s, not a DTU: describe it in a [TEMPLATEn] section with this Host (see "
            "NumberOfTemplates); %s",
            identity->what,
            a->conf->number > 0 ? "take this section out"
                                : "without a DTU, write DTU = template into [DEFAULT]");
        return;
    }
    findings_say(f, FINDING_PROBLEM, g, -1, "%s", a->why);
    if (a->kind == HEALTH_STATUS && conf_is_template(a->conf))
        findings_say(f, FINDING_NOTE, g, -1,
                     "is CUST_API_PATH right? `dbus-opendtu paths` can try one");
    else if (a->kind == HEALTH_STATUS)
        findings_say(
            f, FINDING_NOTE, g, -1,
            "is its firmware older than 2022? Then update it; is it no DTU at all? Then describe it in "
            "a [TEMPLATEn]");
}

/* a.b.c by numbers; what is no version counts as old: OpenDTU's first ones are hashes. */
static bool is_older(const char *version, unsigned long x, unsigned long y, unsigned long z)
{
    unsigned long n[3] = {0};
    const char *at = version + (*version == 'v');
    size_t count = 0;

    /* strtoul() ends at the largest number there is; sscanf() may do anything with a larger one. */
    while (count < 3 && isdigit((unsigned char)*at)) {
        char *end;
        n[count++] = strtoul(at, &end, 10);
        at = *end == '.' ? end + 1 : "";
    }
    if (count < 2)
        return true;
    if (n[0] != x)
        return n[0] < x;
    return n[1] != y ? n[1] < y : n[2] < z;
}

static void look_at_firmware(struct findings *f, size_t g, const struct asked *a)
{
    const char *version = a->info.firmware, *kind = asked_kind(a);

    if (!version[0] || a->failed)
        return;
    if (strcmp(kind, "opendtu") == 0 && is_older(version, 24, 2, 12))
        findings_say(
            f, FINDING_NOTE, g, -1,
            "an old firmware (%s): it works; from v24.2.12 on an OpenDTU has less to do for each poll",
            version);
    if (strcmp(kind, "ahoy") == 0 && is_older(version, 0, 7, 0))
        findings_say(
            f, FINDING_NOTE, g, -1,
            "an old firmware (%s): it works; from 0.7 on an AhoyDTU says how old its values are",
            version);
}

/* What it complains of itself. */
static void look_at_hints(struct findings *f, size_t g, const struct asked *a)
{
    if (a->info.no_time)
        findings_say(
            f, FINDING_PROBLEM, g, -1,
            "it has no time from the network: does it reach its time server (NTP)? Without the time, "
            "the energy of the day does not start again, and some firmware asks no inverter");
    if (a->info.radio_problem)
        findings_say(f, FINDING_PROBLEM, g, -1,
                     "it does not reach its radio module: are its pins wired and set right?");
    if (a->info.default_password)
        findings_say(
            f, FINDING_PROBLEM, g, -1,
            "its password is the one that every new DTU has: set another on its page for security");
}

/* What a section says at length, a type says in a word. */
static void look_for_type(struct findings *f, size_t g, const struct asked *a,
                          const struct inifile *file)
{
    struct conf_like like;
    char channel[32] = "";

    if (a->failed || !conf_is_template(a->conf))
        return;
    conf_like(file, a->conf->section, device_texts, &like);
    if (!like.type)
        return;
    if (like.channel >= 0)
        (void)snprintf(channel, sizeof channel, " with Channel = %d", like.channel);
    findings_say(f, FINDING_NOTE, g, -1,
                 "this is what Type = %s%s says: it can stand in place of the CUST_ keys%s%s",
                 like.type, channel, like.kept_count ? ", except " : "", like.kept);
}

static void look_at_gateway(struct findings *f, size_t g, const struct asked *a,
                            const struct asked *other, const struct identity *identity)
{
    size_t before = f->count;

    if (conf_is_template(a->conf))
        findings_template(f, g, a);
    /* What the driver made of it says no more than that. */
    if (a->failed && f->count == before)
        look_at_failure(f, g, a, other, identity);
    look_at_firmware(f, g, a);
    look_at_hints(f, g, a);
}

/* ---- Power limits --------------------------------------------------------------------------- */

static enum command_right right_of(const struct asked *a, const char *serial)
{
    for (size_t i = 0; i < a->right_count; i++) {
        if (serial_equal(a->rights[i].serial, serial))
            return a->rights[i].right;
    }
    return COMMAND_UNKNOWN;
}

static enum obstacle obstacle_of(const struct plan_device *d, const struct asked *a)
{
    enum command_right right = right_of(a, d->view->serial);

    if (!a->takes_commands)
        return OBSTACLE_NO_COMMANDS;
    if (a->rights_outcome == REPLY_UNAUTHORIZED)
        return OBSTACLE_LOGIN;
    if (right == COMMAND_DISABLED)
        return OBSTACLE_DISABLED;
    return right == COMMAND_UNKNOWN ? OBSTACLE_UNKNOWN : OBSTACLE_NONE;
}

/* Why the device takes no commands, and what to do; "" where it does. */
static const char *why_no_commands(const struct plan_device *d, const struct asked *a)
{
    bool failed = a->takes_commands && a->rights_outcome != REPLY_OK &&
                  a->rights_outcome != REPLY_UNAUTHORIZED;

    return failed ? a->rights_why : obstacle_finding(obstacle_of(d, a));
}

static const struct owner_choice *choice_of(const struct plan_device *d)
{
    return d->memory ? &d->memory->choice : &choice_unset;
}

static void look_at_switch(struct findings *f, int i, const struct plan_device *d,
                           const struct asked *a)
{
    const char *why = why_no_commands(d, a);

    if (!choice_switches(choice_of(d), d->conf))
        return;
    if (strcmp(d->service, "com.victronenergy.pvinverter") != 0) {
        findings_say(f, FINDING_NOTE, d->gateway, i, "Switch: only a pvinverter can be switched");
        return;
    }
    if (*why)
        findings_say(f, FINDING_PROBLEM, d->gateway, i, "cannot be switched on and off: %s", why);
}

static void look_at_limit(struct findings *f, int i, const struct plan_device *d,
                          const struct asked *a)
{
    double max_w = d->view->value[FIELD_MAX_POWER][0];
    const char *why = why_no_commands(d, a);

    if (!choice_limits(choice_of(d), d->conf))
        return;
    if (strcmp(d->service, "com.victronenergy.pvinverter") != 0) {
        findings_say(f, FINDING_NOTE, d->gateway, i,
                     "PowerLimit: Venus OS limits a pvinverter only");
        return;
    }
    if (!*why && !(max_w > 0))
        why = obstacle_finding(OBSTACLE_POWER);
    if (*why)
        findings_say(f, FINDING_PROBLEM, d->gateway, i, "cannot be limited: %s", why);
    else
        findings_say(f, FINDING_NOTE, d->gateway, i, "can be limited: %.0f to %.0f W",
                     limit_floor(max_w, d->view->strings, d->conf->power_limit_min_w), max_w);
}

/* ---- Devices -------------------------------------------------------------------------------- */

/* "114182940773, 114182940774" */
static void list_serials(const struct asked *a, char out[200])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < a->reading_count && used < 160; i++)
        used += (size_t)snprintf(out + used, 200 - used, "%s%s", used ? ", " : "",
                                 a->readings[i].serial);
    if (!used)
        (void)snprintf(out, 200, "none");
}

static void look_at_empty_section(struct findings *f, int i, const struct plan_device *d,
                                  const struct asked *a)
{
    char serials[200];

    list_serials(a, serials);
    if (d->conf->serial[0])
        findings_say(f, FINDING_PROBLEM, d->gateway, i,
                     "no gateway lists an inverter %s: is Serial right? [%s] lists %s",
                     d->conf->serial, a->conf->section, serials);
    else
        findings_say(
            f, FINDING_PROBLEM, d->gateway, i,
            "no inverter for it: place %u of the list of [%s], counted from 0, does not exist or has "
            "another section; the list is %s",
            d->conf->index, a->conf->section, serials);
}

/* A section that asks for a place of the gateway's list, and gets none. */
static bool is_without_place(const struct plan_device *d, size_t gateway)
{
    return d->gateway == gateway && d->kind == PLAN_SECTION && !d->reading && !d->conf->serial[0];
}

/* "[INVERTER2], [INVERTER3] and 6 more" */
static void list_sections(const struct plan *plan, size_t gateway, size_t count, char out[200])
{
    enum { NAMED_MAX = 9 };
    size_t named = 0, used = 0;

    for (size_t i = 0; i < plan->count && named < NAMED_MAX; i++) {
        if (!is_without_place(&plan->devices[i], gateway))
            continue;
        used += (size_t)snprintf(out + used, 200 - used, "%s[%s]",
                                 !named               ? ""
                                 : named + 1 == count ? " and "
                                                      : ", ",
                                 plan->devices[i].conf->section);
        named++;
    }
    if (named < count)
        (void)snprintf(out + used, 200 - used, " and %zu more", count - named);
}

/* The sections of a stock file that nobody took out: one line for all of them. */
static void look_at_spare_sections(struct findings *f, const struct plan *plan, size_t gateway,
                                   size_t count, const struct asked *a)
{
    enum finding_kind kind = FINDING_PROBLEM;
    char sections[200], serials[200];

    list_serials(a, serials);
    list_sections(plan, gateway, count, sections);
    for (size_t i = 0; i < plan->count; i++) {
        if (!is_without_place(&plan->devices[i], gateway))
            continue;
        findings_say(f, kind, gateway, (int)i,
                     "[%s] has %zu inverters (%s), and none for %s: take these sections out",
                     a->conf->section, a->reading_count, serials, sections);
        kind = FINDING_REPEATED;
    }
}

static void look_at_empty_sections(struct findings *f, const struct plan *plan, size_t gateway,
                                   const struct asked *a)
{
    enum { MANY = 3 };
    size_t count = 0;

    if (a->failed) /* that is said of the gateway */
        return;
    for (size_t i = 0; i < plan->count; i++)
        count += is_without_place(&plan->devices[i], gateway);
    if (count >= MANY)
        look_at_spare_sections(f, plan, gateway, count, a);
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_device *d = &plan->devices[i];
        if (d->gateway == gateway && !d->reading && (count < MANY || !is_without_place(d, gateway)))
            look_at_empty_section(f, (int)i, d, a);
    }
}

/*
 * What one phase of a house carries in decades, a roof of 30 kW makes in a life, an inverter in 25 years
 * in the sun: a quarter of what its rating would give day and night.
 */
static double kwh_beyond_belief(const struct plan_device *d, bool template)
{
    const double *rating = d->view->value[FIELD_MAX_POWER];
    bool house = d->view->phases > 1 || strcmp(d->service, "com.victronenergy.grid") == 0;

    if (!template && has_value(rating[0]))
        return counter_beyond_belief_kwh(rating[0]);
    return house ? 1e6 : 50000;
}

/* A multiplier that was forgotten, or a counter that a bad packet spoilt. */
static void look_at_counter(struct findings *f, int i, const struct plan_device *d,
                            const struct gateway_conf *home)
{
    bool template = conf_is_template(home);
    double kwh = d->view->value[FIELD_ENERGY_FORWARD][0] - d->conf->energy_offset_kwh;

    if (!(kwh > kwh_beyond_belief(d, template)) ||
        (template && findings_forgotten_unit(&home->template.value[FIELD_ENERGY_FORWARD])))
        return;
    if (template)
        findings_say(
            f, FINDING_PROBLEM, d->gateway, i,
            "%.0f kWh cannot be right: in which unit does it count? CUST_Total_Mult=%g converts Wh to "
            "kWh",
            kwh, home->template.value[FIELD_ENERGY_FORWARD].mult * 0.001);
    else
        findings_say(
            f, FINDING_PROBLEM, d->gateway, i,
            "%.0f kWh cannot be right: what does the page of the DTU say? Try restarting it", kwh);
}

/* What wins over the file, or would. */
static void look_at_choice(struct findings *f, int i, const struct plan_device *d)
{
    char text[CHOSEN_MAX];

    if (*chosen_text(choice_of(d), d->conf, text))
        findings_say(f, FINDING_NOTE, d->gateway, i, "set on the GX screen: %s", text);
    if (!choice_enabled(choice_of(d)))
        findings_say(f, FINDING_NOTE, d->gateway, i,
                     "is kept off the bus: it was disabled there, on the page DbusOpendtu");
}

/* home: the gateway that lists it. */
static void look_at_device(struct findings *f, int i, const struct plan_device *d,
                           const struct gateway_conf *home, const struct asked *a)
{
    bool known;

    if (d->conf->off) { /* its section's errors have said why */
        findings_say(f, FINDING_PROBLEM, d->gateway, i,
                     "is not published because of the errors in [%s]", d->conf->section);
        return;
    }
    if (d->kind == PLAN_LEFT_OUT && home->in_doubt[0]) {
        findings_say(
            f, FINDING_PROBLEM, d->gateway, i,
            "has no [INVERTERn] section and is not published: the error in [%s] leaves open whether "
            "it is meant there",
            home->in_doubt);
        return;
    }
    if (d->kind == PLAN_LEFT_OUT && d->refused != ADMISSION_YES) {
        findings_say(
            f, FINDING_PROBLEM, d->gateway, i,
            "has no [INVERTERn] section and is not published: %s. Write one with its Serial",
            admission_reason(d->refused));
        return;
    }
    if (d->kind == PLAN_LEFT_OUT) {
        findings_say(
            f, FINDING_NOTE, d->gateway, i,
            "has no [INVERTERn] section and is not published: write one, or set AutoAdd = 1");
        return;
    }
    look_at_choice(f, i, d);
    if (!choice_enabled(choice_of(d)))
        return;
    if (d->view->state == DEVICE_NIGHT)
        findings_say(f, FINDING_NOTE, d->gateway, i,
                     "the gateway does not hear it at present (night?): %s",
                     d->view->meter ? "a meter has no values then" : "0 W, its energy is kept");
    else if (d->view->readings_dropped)
        findings_say(f, FINDING_PROBLEM, d->gateway, i,
                     "what the DTU tells of it cannot be a measurement and is dropped: %s",
                     d->view->dropped_why);
    else if (d->view->state == DEVICE_START && d->reading->why[0])
        findings_say(f, FINDING_PROBLEM, d->gateway, i, "no power is published: %s",
                     d->reading->why);
    else if (d->view->state == DEVICE_START)
        findings_say(f, FINDING_NOTE, d->gateway, i, "the gateway has no values of it yet");
    venus_class_find(d->service, &known);
    look_at_counter(f, i, d, home);
    look_at_limit(f, i, d, a);
    look_at_switch(f, i, d, a);
    if (!known)
        findings_say(f, FINDING_PROBLEM, d->gateway, i,
                     "%s is not a class that this program knows: it gets a meter's paths",
                     d->service);
}

void findings_make(struct findings *f, const struct config *config, const struct inifile *file,
                   const struct asked *asked, const struct asked *others,
                   const struct identity *identities, const struct plan *plan)
{
    *f = (struct findings){.count = 0};
    for (size_t g = 0; g < config->gateway_count; g++) {
        look_at_gateway(f, g, &asked[g], &others[g], &identities[g]);
        look_for_type(f, g, &asked[g], file);
        look_at_empty_sections(f, plan, g, &asked[g]);
    }
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_device *d = &plan->devices[i];
        if (d->reading)
            look_at_device(f, (int)i, d, &config->gateways[d->gateway], &asked[d->gateway]);
    }
}

void findings_elsewhere(struct findings *f, const struct plan *plan, const struct elsewhere *e)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_device *d = &plan->devices[i];
        const struct elsewhere_service *other =
            d->view && d->kind != PLAN_LEFT_OUT ? elsewhere_find(e, d->view->serial, false) : NULL;
        if (other)
            findings_say(
                f, FINDING_PROBLEM, d->gateway, (int)i,
                "another process (%ld) already publishes serial number %s as %s: stop one of "
                "the two, or give two devices two serial numbers (CUST_SN)",
                other->process, other->serial, other->name);
    }
}

/* Whether a gateway of the configuration is reached like that. */
static bool is_configured(const struct config *config, const char *connection)
{
    for (size_t g = 0; g < config->dtu_count; g++)
        if (strcmp(config->unnamed[g].connection, connection) == 0)
            return true;
    for (size_t d = 0; d < config->device_count; d++)
        if (strcmp(config->devices[d].connection, connection) == 0)
            return true;
    return false;
}

static bool is_planned(const struct plan *plan, const char *serial)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_device *d = &plan->devices[i];
        if (d->view && d->kind != PLAN_LEFT_OUT && !d->conf->off &&
            serial_equal(d->view->serial, serial))
            return true;
    }
    return false;
}

void findings_unexplained(struct findings *f, const struct config *config, const struct plan *plan,
                          const struct elsewhere *e)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct elsewhere_service *s = &e->services[i];
        if (s->own && !is_planned(plan, s->serial) && !is_configured(config, s->connection))
            findings_say(
                f, FINDING_PROBLEM, FINDING_OF_NO_GATEWAY, -1,
                "%s is on the D-Bus, by %s, which this file does not have: the running service does "
                "not use this file, or not yet",
                s->name, s->connection);
    }
}

void findings_finish(struct findings *f)
{
    free(f->list);
    *f = (struct findings){.count = 0};
}

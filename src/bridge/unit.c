#include "bridge/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/unit_parts.h"
#include "core/lineup.h"
#include "core/map.h"
#include "core/text.h"
#include "edge/sys/clock.h"
#include "edge/sys/log.h"

enum { BUS_RETRY_MS = 10 * 1000 };

static const char service_prefix[] = "com.victronenergy.";

static struct unit_said said(const struct unit *u)
{
    return (struct unit_said){u->label, u->conf.section[0] != '\0', u->device};
}

/* ---- On the bus ----------------------------------------------------------------------------- */

static void show(struct unit *u)
{
    if (!u->published.service)
        return;
    u->shown_ms = loop_now_ms(u->env->loop);
    u->published.dry_run = u->env->dry_run;
    device_seen(u->device, u->shown_ms);
    published_show(&u->published, u->device);
}

static void show_limit(struct unit *u)
{
    char state[LIMIT_STATE_MAX];
    struct device_limit limit;

    controls_show(&u->controls, device_view(u->device)->value[FIELD_POWER][0], state, &limit);
    device_limit(u->device, &limit);
}

/* Paths that the GX screen may set, and what ESS commands. */
static int on_write(void *user, size_t item, const struct value *value)
{
    struct unit *u = user;
    struct owner_choice choice = u->claim.choice;

    if (u->published.rows[item]->command != VALUE_INVALID)
        return controls_write(&u->controls, u->published.rows[item], value) ? SERVICE_ACCEPTED
                                                                            : SERVICE_REFUSED;
    if (!choice_write(&choice, u->published.rows[item]->source, value,
                      device_view(u->device)->phases))
        return SERVICE_REFUSED;
    device_choose(u->device, &choice);
    claim_choose(&u->claim, &choice);
    show(u);
    u->env->chosen(u->env->user);
    return SERVICE_ACCEPTED;
}

static void on_bus_lost(void *user)
{
    struct unit *u = user;
    u->env->bus_lost(u->env->user);
}

static void disappear(struct unit *u)
{
    published_close(&u->published);
    u->there = false;
    claim_on_bus(&u->claim, false);
    loop_timer_disarm(&u->bus_retry);
}

static void on_limit_changed(void *user)
{
    struct unit *u = user;

    show_limit(u);
    show(u);
}

static void on_ordered(void *user)
{
    struct unit *u = user;
    u->env->chosen(u->env->user);
}

bool unit_is_enabled(const struct unit *u)
{
    return choice_enabled(&u->claim.choice);
}

bool unit_limits(const struct unit *u)
{
    return choice_limits(&u->claim.choice, &u->conf);
}

bool unit_switches(const struct unit *u)
{
    return choice_switches(&u->claim.choice, &u->conf);
}

/* Only a pvinverter behind a DTU: Venus OS limits nothing else. One that was added gets no login, so no commands. */
bool unit_is_commandable(const struct unit *u)
{
    return u->known && !u->conf.off && !lineup_is_template((int)u->conf.gateway) &&
           !lineup_is_added((int)u->conf.gateway) && u->class &&
           strcmp(u->class->name, "pvinverter") == 0;
}

static bool may_be_commanded(const struct unit *u)
{
    return (unit_limits(u) || unit_switches(u)) && !u->env->dry_run && unit_is_enabled(u) &&
           unit_is_commandable(u);
}

static void command_or_not(struct unit *u)
{
    const struct device_view *view = device_view(u->device);
    const struct limited_conf conf = {.label = u->label,
                                      .limits = unit_limits(u),
                                      .switches = unit_switches(u),
                                      .max_power_w = view->value[FIELD_MAX_POWER][0],
                                      .floor_w = u->conf.power_limit_min_w,
                                      .dc_inputs = view->strings};

    controls_configure(&u->controls, may_be_commanded(u) ? view->serial : NULL, &conf);
    show_limit(u);
}

static void find_class(struct unit *u)
{
    char service[sizeof service_prefix + CLASS_MAX];
    bool known;

    (void)snprintf(service, sizeof service, "%s%s", service_prefix, u->claim.class);
    u->class = venus_class_find(service, &known);
    command_or_not(u);
    device_set_class(u->device, known ? u->class->name : NULL, u->class->meter);
}

static void on_there(void *user)
{
    struct unit *u = user;
    const struct unit_said who = said(u);
    const char *name = published_name(&u->published);

    u->there = true;
    claim_on_bus(&u->claim, true);
    log_recovered(&u->bus_fault, loop_now_ms(u->env->loop), "%s: %s is on the bus", u->label, name);
    unit_log_on_bus(&who, name);
    show(u);
    u->env->passed(u->env->user);
}

static void on_failed(void *user, int err, const char *why)
{
    struct unit *u = user;

    disappear(u);
    if (err == -EEXIST) {
        claim_refused(&u->claim);
        return;
    }
    log_fault(&u->bus_fault, loop_now_ms(u->env->loop), NOTICE_DEVICE_NOT_ON_BUS,
              "%s: not on the bus: %s", u->label, why);
    loop_timer_arm(&u->bus_retry, BUS_RETRY_MS);
}

static void appear(void *user)
{
    struct unit *u = user;
    const struct service_events events = {
        .write = on_write, .there = on_there, .failed = on_failed, .lost = on_bus_lost, .user = u};
    char name[CLAIM_NAME_MAX];
    char why[160] = "out of memory";

    disappear(u);
    find_class(u);
    u->waits = unit_is_enabled(u) && !device_present(u->device);
    if (u->waits || !unit_is_enabled(u))
        return;
    claim_name(&u->claim, name);
    u->published.dry_run = u->env->dry_run;
    if (!published_open(&u->published, u->env->loop, name, u->class, u->device, &events, why,
                        sizeof why))
        on_failed(u, -ENOMEM, why);
}

/*
 * Shows what is new. A meter that went away says so before it leaves the bus, in one turn; its name and
 * number stay its own.
 */
static void follow(struct unit *u)
{
    bool present = device_present(u->device);

    show(u);
    if (u->published.service && !present) {
        disappear(u);
        u->waits = true;
    } else if (u->waits && present) {
        appear(u);
    }
}

/* Whether other controls belong to the service than before: their rows come with it. */
static bool reshape(struct unit *u)
{
    bool limited = u->controls.conf.limits, switched = u->controls.conf.switches;

    command_or_not(u);
    return limited != u->controls.conf.limits || switched != u->controls.conf.switches;
}

/* Class, instance and the owner's choice are known, or have changed; or another process has it. */
static void on_granted(void *user)
{
    struct unit *u = user;
    char name[CLAIM_NAME_MAX];

    if (!u->claim.settled) {
        disappear(u);
        u->waits = false;
        return;
    }
    device_set_instance(u->device, u->claim.instance);
    device_choose(u->device, &u->claim.choice);
    claim_name(&u->claim, name);
    bool reshaped = reshape(u);
    if (unit_is_enabled(u) && !reshaped && u->published.service &&
        strcmp(published_name(&u->published), name) == 0)
        show(u);
    else
        appear(u);
    u->env->settled(u->env->user);
}

/* ---- Which device it is --------------------------------------------------------------------- */

const char *unit_class_of(const struct device_conf *conf)
{
    bool ours = strncmp(conf->service, service_prefix, sizeof service_prefix - 1) == 0;
    return ours ? conf->service + sizeof service_prefix - 1 : conf->service;
}

static void fill_wish(const struct unit *u, struct claim_wish *wish)
{
    struct device_memory m;

    device_remember(u->device, &m);
    *wish = (struct claim_wish){
        .explicit_instance = u->conf.instance,
        .last_instance = m.instance,
    };
    text_copy(wish->label, sizeof wish->label, u->label);
    text_copy(wish->id, sizeof wish->id, m.id);
    text_copy(wish->serial, sizeof wish->serial, m.serial);
    claim_uid(&m, lineup_is_template((int)u->conf.gateway), wish->uid);
    text_copy(wish->class, sizeof wish->class, unit_class_of(&u->conf));
}

/* An instance of the configuration is kept free even while its inverter was never seen, or is off. */
static void claim_anew(struct unit *u)
{
    struct claim_wish wish;

    u->waits = false; /* for a name that may be another one now */
    if (u->published.service && !u->there)
        disappear(u); /* it is about to get a name that may be another's now */
    fill_wish(u, &wish);
    if (u->known && !u->conf.off)
        claim_begin(u->env->claims, &u->claim, &wish, on_granted, u);
    else if (u->conf.instance != CONF_INSTANCE_AUTO)
        claim_reserve(u->env->claims, &u->claim, &wish);
    else
        claim_end(&u->claim); /* what was reserved by another configuration */
}

static void write_label(struct unit *u)
{
    if (u->conf.section[0])
        text_copy(u->label, sizeof u->label, u->conf.section);
    else
        (void)snprintf(u->label, sizeof u->label, "inverter %s", device_view(u->device)->serial);
}

static void warn_of_class(const struct unit *u)
{
    bool known;

    (void)venus_class_find(u->conf.service, &known);
    if (!known)
        log_notice(NOTICE_CLASS_UNKNOWN,
                   "%s: Servicename %s is not a known class; it gets the paths of a meter",
                   u->label, u->conf.service);
}

static void on_deadline(void *user);

struct unit *unit_create(const struct unit_env *env, const struct device_conf *conf,
                         const struct device_memory *memory)
{
    struct unit *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->env = env;
    u->conf = *conf;
    u->device = device_create(&u->conf, memory);
    const struct controls_events events = {on_limit_changed, on_ordered, u};
    controls_init(&u->controls, env->limiter, &events);
    loop_timer_init(&u->bus_retry, env->loop, appear, u);
    loop_timer_init(&u->deadline, env->loop, on_deadline, u);
    silence_init(&u->silence);
    if (!u->device) {
        unit_destroy(u);
        return NULL;
    }
    write_label(u);
    warn_of_class(u);
    u->known = memory && memory->serial[0];
    u->claim.choice = memory ? memory->choice : choice_unset;
    if (memory)
        u->controls.orders = memory->orders;
    claim_anew(u);
    return u;
}

void unit_destroy(struct unit *u)
{
    if (!u)
        return;
    disappear(u);
    claim_end(&u->claim);
    controls_configure(&u->controls, NULL, &u->controls.conf);
    loop_timer_disarm(&u->deadline);
    device_destroy(u->device);
    free(u);
}

void unit_reconfigure(struct unit *u, const struct device_conf *conf)
{
    bool class_changed = strcmp(conf->service, u->conf.service) != 0;
    bool renamed = class_changed || conf->instance != u->conf.instance ||
                   conf->off != u->conf.off || strcmp(conf->section, u->conf.section) != 0;
    bool other_shape = conf->has_dc != u->conf.has_dc;

    if (device_conf_equal(conf, &u->conf))
        return;
    if (conf->off) {
        disappear(u);
        claim_end(&u->claim);
    }
    u->conf = *conf;
    device_reconfigure(u->device, &u->conf);
    write_label(u);
    if (class_changed)
        warn_of_class(u);
    if (renamed)
        claim_anew(u);
    if ((reshape(u) || other_shape) && u->published.service)
        appear(u);
    follow(u);
}

void unit_succeed(struct unit *u, struct unit *section)
{
    const struct device_conf conf = section->conf;

    unit_destroy(section); /* and with it, what it had reserved */
    unit_reconfigure(u, &conf);
}

void unit_counts_anew(struct unit *u)
{
    device_counts_anew(u->device);
    show(u);
}

void unit_show_again(struct unit *u)
{
    command_or_not(u);
    show(u);
}

bool unit_become(struct unit *u, const struct device_memory *memory)
{
    struct device_memory m = *memory;

    /* The owner said "the roof, on L2" of what hangs there, whichever inverter that is. */
    if (u->known)
        choice_inherit(&m.choice, &u->claim.choice);
    struct device *device = device_create(&u->conf, &m);
    if (!device)
        return false;
    const struct device_view *view = device_view(u->device);
    device_health(device, view->health_known ? &view->health : NULL);
    disappear(u);
    claim_end(&u->claim);
    controls_configure(&u->controls, NULL, &u->controls.conf);
    u->claim.choice = m.choice;
    u->controls.orders = m.orders;
    device_destroy(u->device);
    u->device = device;
    silence_init(&u->silence);
    u->known = false;
    write_label(u);
    claim_anew(u);
    return true;
}

/* ---- What it does --------------------------------------------------------------------------- */

/* why: "" where there is nothing to add. */
static void log_events(struct unit *u, unsigned events, const char *why)
{
    const struct unit_said who = said(u);

    /* Why it is off, the configuration's errors have said; and nobody wants to hear of what is disabled. */
    if (u->conf.off || !unit_is_enabled(u))
        return;
    unit_log_events(&u->log, &who, events, why, loop_now_ms(u->env->loop));
}

static void log_dry_run(const struct unit *u)
{
    const struct unit_said who = said(u);

    unit_log_dry_run(&who);
}

/* What it comes to that nothing comes may be due before the next poll, or without one. */
static void await_deadline(struct unit *u, bool missed)
{
    int64_t now = loop_now_ms(u->env->loop), due = missed ? device_deadline(u->device) : -1;
    int64_t silence = silence_next(&u->silence, now);

    if (device_view(u->device)->state != DEVICE_ERROR && silence != SCHEDULE_NEVER)
        due = due >= 0 && due < silence ? due : silence;
    if (due >= 0)
        loop_timer_arm(&u->deadline, due > now ? due - now : 0);
}

/* What it makes by now, and what is known of it. */
static void limit_fed(struct unit *u, bool fresh)
{
    const struct device_view *view = device_view(u->device);

    if (!u->controls.limited)
        return;
    if (fresh)
        command_or_not(u);
    if (fresh || view->state != DEVICE_RUNNING)
        controls_measured(&u->controls, view->state == DEVICE_RUNNING, view->value[FIELD_POWER][0]);
    show_limit(u);
}

/* So many polls have brought nothing. */
static void miss(struct unit *u, unsigned count)
{
    unsigned events = 0;

    for (; count > 0; count--)
        events |= device_miss(u->device, loop_now_ms(u->env->loop));
    log_events(u, events, "");
    limit_fed(u, false);
    follow(u); /* sends nothing but what changed: the state, or the gateway's health */
    await_deadline(u, silence_told(&u->silence));
}

static void on_deadline(void *user)
{
    struct unit *u = user;
    unsigned count = silence_passed(&u->silence, loop_now_ms(u->env->loop));

    miss(u, count > 0 ? count : device_deadline(u->device) >= 0);
    u->env->passed(u->env->user);
}

void unit_feed(struct unit *u, const struct reading *r, double latency_ms)
{
    unsigned events =
        device_feed(u->device, r, latency_ms, loop_now_ms(u->env->loop), clock_unix_s());

    silence_heard(&u->silence, loop_now_ms(u->env->loop));
    loop_timer_disarm(&u->deadline);
    if (r->at_once)
        log_notice(NOTICE_PATH_FINDS_NOTHING, "%s: %s", u->label, r->why);
    log_events(u, events, r->why);
    if (events & DEVICE_MISSED)
        await_deadline(u, true);
    limit_fed(u, (events & DEVICE_FRESH) != 0);
    if (u->env->dry_run)
        log_dry_run(u);
    if (events & (DEVICE_ENERGY_RESET | DEVICE_ENERGY_RAISED))
        u->env->settled(u->env->user); /* a new offset, or another counter, must not be lost */
    if (!u->known) {
        u->known = true;
        write_label(u);
        claim_anew(u);
        u->env->settled(u->env->user);
    } else if ((events & DEVICE_SHAPE_CHANGED) && u->published.service) {
        appear(u);
        u->env->settled(u->env->user);
    } else {
        follow(u);
    }
}

void unit_cycle(struct unit *u, const struct cycle *c)
{
    if (!u->known)
        return;
    unsigned count = silence_cycle(&u->silence, c, loop_now_ms(u->env->loop));
    if (count > 0 || !c->complete)
        miss(u, count);
    else
        await_deadline(u, silence_told(&u->silence));
}

void unit_health_renewed(struct unit *u)
{
    if (loop_now_ms(u->env->loop) - u->shown_ms >= HEALTH_RENEW_MS)
        show(u);
}

void unit_gateway(struct unit *u, const struct gateway_info *info)
{
    device_gateway(u->device, info);
}

void unit_health(struct unit *u, const struct health_view *health)
{
    device_health(u->device, health);
}

void unit_choose(struct unit *u, enum choice_leaf leaf, double value)
{
    struct owner_choice choice = u->claim.choice;
    const struct value v = value_int(value != 0);

    choice_read(&choice, leaf, &v);
    claim_choose(&u->claim, &choice);
    if (leaf == LEAF_ENABLED)
        log_info("%s: %s on the GX screen", u->label, value != 0 ? "enabled" : "disabled");
    if (u->claim.settled)
        on_granted(u);
    u->env->chosen(u->env->user);
}

void unit_remember(const struct unit *u, struct device_memory *out)
{
    device_remember(u->device, out);
    out->choice = u->claim.choice;
    out->orders = u->controls.orders;
}

const char *unit_serial(const struct unit *u)
{
    return device_view(u->device)->serial;
}

const char *unit_label(const struct unit *u)
{
    return u->label;
}

void unit_sign_of_life(const struct unit *u)
{
    const struct unit_said who = said(u);

    if (u->conf.off)
        log_info("%s: kept off the bus for the errors in its section", u->label);
    else if (!unit_is_enabled(u))
        log_info("%s: kept off the bus: disabled on the GX screen", u->label);
    else if (!u->known)
        log_info("%s: its gateway has not shown it yet", u->label);
    else
        unit_log_sign_of_life(&who);
}

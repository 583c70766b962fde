#include "core/device.h"

#include <stdlib.h>
#include <string.h>

#include "core/choice.h"
#include "core/device_energy.h"
#include "core/device_view.h"
#include "core/sample.h"
#include "core/text.h"

struct device {
    const struct device_conf *conf;
    struct device_view view;
    struct device_energy energy;
    struct sample sample;                      /* the last packet, dropped or not */
    double measured[FIELD_COUNT][PHASE_SLOTS]; /* as last shown, for a change of phase */
    char id[MEMORY_ID_MAX];                    /* as it was given; "" is the key of the serial */
    char gateway_name[NAME_MAX_BYTES];
    unsigned phases; /* of the device itself; 0 where unknown */
    struct owner_choice choice;
    int claimed_instance;       /* the last one without an explicit one in the conf; -1 is none */
    bool met;                   /* a reading has told something of it */
    unsigned misses;            /* in a row */
    int64_t heard_ms, fresh_ms; /* last answer for this device, last measurement; -1: none yet */
    int64_t dropped_since_ms;   /* since when all that came was dropped; -1: the last was not */
    bool told_dropped;          /* DEVICE_NOTHING_PLAUSIBLE */
};

/* ---- The view ------------------------------------------------------------------------------- */

static void show_name(struct device *d)
{
    const char *name = d->gateway_name;

    if (d->conf->name[0])
        name = d->conf->name;
    if (d->choice.custom_name[0])
        name = d->choice.custom_name;
    text_copy(d->view.name, sizeof d->view.name, name);
}

/* Victron counts the places of a pvinverter and of a load differently; AcPosition has the former's. */
static void show_position(struct device *d)
{
    enum { PV_AC_OUTPUT = 1, LOAD_AC_OUTPUT = 0, LOAD_AC_INPUT = 1 };
    int said = d->conf->position;

    d->view.position = said == CONF_POSITION_AUTO ? PV_AC_OUTPUT : said;
    d->view.load_position = said == PV_AC_OUTPUT ? LOAD_AC_OUTPUT : LOAD_AC_INPUT;
    if (d->choice.position >= 0)
        d->view.position = d->choice.position;
    if (d->choice.load_position >= 0)
        d->view.load_position = d->choice.load_position;
}

static void show_dc(struct device *d)
{
    d->view.has_dc = d->conf->has_dc || d->view.strings > 0;
}

static bool is_silent(const struct device *d)
{
    return d->view.state == DEVICE_NIGHT || d->view.state == DEVICE_ERROR;
}

/* Not of a meter that is not heard: its counter goes on meanwhile. */
static void show_energy(struct device *d)
{
    if (!d->view.meter || !is_silent(d))
        energy_show(&d->energy, d->conf, &d->view, d->fresh_ms >= 0);
}

/* An inverter that is not heard makes nothing; what a meter would show is not known. */
static void show_silence(struct device *d)
{
    if (d->view.meter)
        view_nothing_known(&d->view);
    else
        view_nothing_flows(&d->view);
}

static unsigned enter(struct device *d, enum device_state state)
{
    enum device_state before = d->view.state;

    d->view.state = state;
    if (is_silent(d))
        show_silence(d);
    return before == state ? 0 : DEVICE_CHANGED_STATE;
}

/* ---- Phases --------------------------------------------------------------------------------- */

static enum phase_choice resolved_phase(const struct device *d)
{
    enum phase_choice phase = d->conf->phase;

    if (phase == PHASE_AUTO)
        phase = d->phases == PHASES ? PHASE_3P : PHASE_L1;
    if (phase != PHASE_3P && d->choice.phase)
        phase = (enum phase_choice)d->choice.phase;
    return phase;
}

/* Returns whether the phase is another one now. Everything that is shown has moved with it, then. */
static bool settle_phase(struct device *d)
{
    enum phase_choice phase = resolved_phase(d);

    if (phase == d->view.phase)
        return false;
    view_set_phase(&d->view, phase);
    if (d->view.state == DEVICE_RUNNING)
        view_reading(&d->view, d->measured, d->conf->max_power_w);
    else if (is_silent(d))
        show_silence(d);
    show_energy(d);
    return true;
}

/* ---- Readings ------------------------------------------------------------------------------- */

static unsigned learn_shape(struct device *d, const struct reading *r)
{
    struct device_view *view = &d->view;
    unsigned strings = r->strings < STRINGS_MAX ? r->strings : STRINGS_MAX;
    unsigned event = 0, phases = view->phases;

    if (energy_is_of_another(view->serial, r->serial, d->id))
        energy_init(&d->energy, d->conf);
    view->by_radio = r->by_radio;
    text_copy(view->serial, sizeof view->serial, r->serial);
    if (r->product)
        text_copy(view->product, sizeof view->product, r->product);
    if (r->name[0] && strcmp(r->name, d->gateway_name) != 0) {
        text_copy(d->gateway_name, sizeof d->gateway_name, r->name);
        show_name(d);
    }
    if (strings > view->strings) {
        view->strings = strings;
        show_dc(d);
        event = DEVICE_SHAPE_CHANGED;
    }
    for (unsigned s = 0; s < strings; s++) {
        if (r->string[s].name[0])
            text_copy(view->string[s].name, sizeof view->string[s].name, r->string[s].name);
    }
    if (r->phases > d->phases)
        d->phases = r->phases;
    if (settle_phase(d) && view->phases != phases)
        event = DEVICE_SHAPE_CHANGED;
    return event;
}

static void heard(struct device *d, int64_t now_ms)
{
    d->met = true;
    d->misses = 0;
    d->heard_ms = now_ms;
    d->dropped_since_ms = -1;
    d->told_dropped = false;
}

/* The gateway states it now and then. */
static double rating(const struct device *d, const struct reading *r)
{
    double rated_w = r->value[FIELD_MAX_POWER][0];

    return has_value(rated_w) ? rated_w : d->view.value[FIELD_MAX_POWER][0];
}

static bool too_old(const struct device *d, double age_s)
{
    return d->conf->max_age_s >= 0 && age_s > d->conf->max_age_s;
}

/*
 * The gateway does not hear the device. Its counter is not fed: a gateway that restarted at night says 0
 * until the morning. Only where nothing is known at all, its last one is better than none.
 */
static unsigned feed_night(struct device *d, const struct reading *r, int64_t now_ms)
{
    if (!has_value(d->energy.forward[0].total) && energy_in(d->conf, r->value) > 0) {
        energy_feed(&d->energy, d->conf, &d->view, r, now_ms);
        show_energy(d);
    }
    return enter(d, DEVICE_NIGHT);
}

static void show_reading(struct device *d, const struct reading *r)
{
    memcpy(d->measured, r->value, sizeof d->measured);
    view_reading(&d->view, d->measured, d->conf->max_power_w);
    view_strings(&d->view, r);
}

static unsigned feed_sample(struct device *d, const struct reading *r, int64_t now_ms)
{
    unsigned events = DEVICE_FRESH | enter(d, DEVICE_RUNNING);

    d->fresh_ms = now_ms;
    d->view.update_index++;
    d->view.measured_ms = now_ms;
    show_reading(d, r);
    events |= energy_feed(&d->energy, d->conf, &d->view, r, now_ms);
    show_energy(d);
    return events;
}

/* As the owner has it, else as it is configured. */
static bool is_pvinverter(const struct device *d)
{
    const char *class = strrchr(d->conf->service, '.');

    return strcmp(d->choice.role[0] ? d->choice.role : class ? class + 1 : "", "pvinverter") == 0;
}

/* The device answers, but does not say its power: that is none, never 0. */
static unsigned feed_without_power(struct device *d, const struct reading *r, int64_t now_ms)
{
    unsigned events = energy_feed(&d->energy, d->conf, &d->view, r, now_ms);

    if (d->view.state == DEVICE_RUNNING) {
        memcpy(d->measured, r->value, sizeof d->measured);
        view_reading(&d->view, d->measured, d->conf->max_power_w);
    }
    show_energy(d);
    return events | DEVICE_MISSED | device_miss(d, now_ms);
}

static unsigned feed_repeated(struct device *d, const struct reading *r)
{
    unsigned events = enter(d, DEVICE_RUNNING);

    show_reading(d, r);
    show_energy(d);
    return events;
}

static unsigned drop(struct device *d, bool repeated, int64_t now_ms)
{
    unsigned events = 0;

    if (!repeated) {
        d->view.readings_dropped++;
        events = DEVICE_READING_DROPPED;
    }
    if (d->dropped_since_ms < 0)
        d->dropped_since_ms = now_ms;
    if (now_ms - d->dropped_since_ms < DEVICE_PATIENCE_MS) {
        d->misses = 0;
        d->heard_ms = now_ms;
        return events;
    }
    if (!d->told_dropped) {
        d->told_dropped = true;
        events |= DEVICE_NOTHING_PLAUSIBLE;
    }
    d->heard_ms = d->dropped_since_ms;
    return events | DEVICE_MISSED | device_miss(d, now_ms);
}

static unsigned feed_heard(struct device *d, const struct reading *r, double latency_ms,
                           int64_t now_ms)
{
    bool repeated = sample_repeats(&d->sample, r, latency_ms, now_ms);

    if (!repeated)
        sample_take(&d->sample, r, now_ms);
    if (!plausible(r, rating(d, r), d->view.dropped_why))
        return drop(d, repeated, now_ms);
    heard(d, now_ms);
    if (repeated)
        return feed_repeated(d, r);
    d->view.pushed = !has_value(latency_ms);
    return feed_sample(d, r, now_ms);
}

int age_shown_s(int64_t measured_ms, int64_t now_ms)
{
    int64_t s = (now_ms - measured_ms) / 1000;

    if (measured_ms < 0)
        return -1;
    return s > INT32_MAX ? INT32_MAX : (int)(s - s % 60);
}

void device_seen(struct device *d, int64_t now_ms)
{
    d->view.age_s = age_shown_s(d->view.measured_ms, now_ms);
}

unsigned device_feed(struct device *d, const struct reading *r, double latency_ms, int64_t now_ms,
                     double unix_s)
{
    unsigned events = learn_shape(d, r);

    if (has_value(latency_ms))
        d->view.latency_ms = latency_ms;
    if (r->reach == REACH_NO_DATA_YET) {
        /* A gateway that restarts at dusk may go on saying so until the morning. */
        if (d->view.state == DEVICE_RUNNING && too_old(d, (double)(now_ms - d->fresh_ms) / 1000))
            events |= enter(d, DEVICE_NIGHT);
        return events;
    }
    if (r->reach == REACH_NO_POWER || (r->reach == REACH_ASLEEP && !is_pvinverter(d)))
        return events | feed_without_power(d, r, now_ms);
    if (r->reach == REACH_OK && !too_old(d, sample_age_s(r, unix_s)))
        return events | feed_heard(d, r, latency_ms, now_ms);
    heard(d, now_ms);
    return events | feed_night(d, r, now_ms);
}

unsigned device_miss(struct device *d, int64_t now_ms)
{
    const struct device_conf *conf = d->conf;
    bool over;

    if (d->heard_ms < 0)
        d->heard_ms = now_ms; /* never heard: the waiting begins with the first poll that failed */
    d->misses++;
    if (conf->error_mode == ERROR_MODE_TIMEOUT)
        over = now_ms - d->heard_ms >= (int64_t)conf->error_after_s * 1000;
    else
        over = d->misses >= conf->min_retries;
    return over ? enter(d, DEVICE_ERROR) : 0;
}

int64_t device_deadline(const struct device *d)
{
    if (d->conf->error_mode != ERROR_MODE_TIMEOUT || d->view.state == DEVICE_ERROR ||
        d->heard_ms < 0)
        return -1;
    return d->heard_ms + (int64_t)d->conf->error_after_s * 1000;
}

/* ---- Life ----------------------------------------------------------------------------------- */

/* It may come from a file. */
static void take_choice(struct device *d, const struct owner_choice *choice)
{
    for (enum choice_leaf leaf = LEAF_NAME; leaf < LEAVES; leaf++) {
        struct value v = choice_value(choice, leaf);
        choice_read(&d->choice, leaf, &v);
    }
}

static void recall(struct device *d, const struct device_memory *memory)
{
    struct device_view *view = &d->view;

    text_copy(d->id, sizeof d->id, memory->id);
    if (!d->conf->serial[0])
        text_copy(view->serial, sizeof view->serial, memory->serial);
    text_copy(d->gateway_name, sizeof d->gateway_name, memory->name);
    text_copy(view->product, sizeof view->product, memory->product);
    take_choice(d, &memory->choice);
    d->claimed_instance = memory->instance;
    d->phases = memory->phases == PHASES || memory->phases == 1 ? memory->phases : 0;
    view->strings = memory->strings < STRINGS_MAX ? memory->strings : STRINGS_MAX;
    view->value[FIELD_MAX_POWER][0] = memory->max_power_w;
    energy_recall(&d->energy, d->conf, memory);
}

/* What the view has of the conf; a change of phase moves everything that is shown. */
static void show_conf(struct device *d)
{
    d->view.section = d->conf->section;
    d->view.connection = d->conf->connection;
    if (d->conf->max_power_w > 0)
        d->view.value[FIELD_MAX_POWER][0] = d->conf->max_power_w;
    show_name(d);
    show_position(d);
    show_dc(d);
    if (!settle_phase(d))
        show_energy(d);
}

struct device *device_create(const struct device_conf *conf, const struct device_memory *memory)
{
    struct device *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->conf = conf;
    d->choice = choice_unset;
    d->claimed_instance = -1;
    d->heard_ms = d->fresh_ms = d->dropped_since_ms = -1;
    sample_init(&d->sample);
    energy_init(&d->energy, d->conf);
    view_init(&d->view);
    d->view.measured_ms = -1;
    d->view.age_s = -1;
    d->view.instance = conf->instance;
    text_copy(d->view.serial, sizeof d->view.serial, conf->serial);
    if (memory)
        recall(d, memory);
    show_conf(d);
    return d;
}

void device_destroy(struct device *d)
{
    free(d);
}

void device_reconfigure(struct device *d, const struct device_conf *conf)
{
    d->conf = conf;
    /* The last measurement has a reading of the other counter as well. */
    if (energy_reconfigure(&d->energy, conf) && d->view.state == DEVICE_RUNNING)
        energy_feed_forward(&d->energy, conf, &d->view, d->measured, d->fresh_ms);
    show_conf(d);
}

void device_counts_anew(struct device *d)
{
    energy_init(&d->energy, d->conf);
    show_energy(d);
}

void device_gateway(struct device *d, const struct gateway_info *info)
{
    if (info->firmware[0])
        text_copy(d->view.firmware, sizeof d->view.firmware, info->firmware);
}

void device_limit(struct device *d, const struct device_limit *limit)
{
    d->view.power_limit_w = limit->power_limit_w;
    d->view.throttled = limit->throttled;
    d->view.limit_trial_w = limit->trial_w;
    d->view.off = limit->off;
    memcpy(d->view.control, limit->control, sizeof d->view.control);
    text_copy(d->view.limit_state, sizeof d->view.limit_state, limit->state);
}

void device_health(struct device *d, const struct health_view *health)
{
    d->view.health_known = health != NULL;
    if (health)
        d->view.health = *health;
}

void device_choose(struct device *d, const struct owner_choice *choice)
{
    take_choice(d, choice);
    show_name(d);
    show_position(d);
    settle_phase(d);
}

void device_set_instance(struct device *d, int instance)
{
    d->view.instance = instance;
    if (d->conf->instance == CONF_INSTANCE_AUTO)
        d->claimed_instance = instance;
}

void device_set_class(struct device *d, const char *class, bool meter)
{
    bool other_silence = meter != d->view.meter && is_silent(d);

    d->view.class = class;
    d->view.meter = meter;
    if (!other_silence)
        return;
    if (d->fresh_ms >= 0)
        view_reading(&d->view, d->measured,
                     d->conf->max_power_w); /* what the day brought, among others */
    show_silence(d);
    show_energy(d);
}

bool device_present(const struct device *d)
{
    if (!d->view.meter)
        return true;
    return d->met && (d->view.state != DEVICE_ERROR || d->conf->meter_away == METER_AWAY_INVALID);
}

const struct device_view *device_view(const struct device *d)
{
    return &d->view;
}

/* ---- Memory --------------------------------------------------------------------------------- */

const struct owner_orders orders_none = {.limit_w = MISSING};

void device_memory_init(struct device_memory *m)
{
    memset(m, 0, sizeof *m);
    m->orders = orders_none;
    m->choice = choice_unset;
    m->instance = -1;
    m->max_power_w = m->energy_kwh = MISSING;
    m->counter = ENERGY_UNKNOWN;
}

void device_remember(const struct device *d, struct device_memory *out)
{
    device_memory_init(out);
    if (d->id[0])
        text_copy(out->id, sizeof out->id, d->id);
    else
        serial_key(out->id, d->view.serial);
    text_copy(out->section, sizeof out->section, d->conf->section);
    text_copy(out->serial, sizeof out->serial, d->view.serial);
    text_copy(out->name, sizeof out->name, d->gateway_name);
    text_copy(out->product, sizeof out->product, d->view.product);
    out->instance = d->claimed_instance;
    out->phases = d->phases;
    out->strings = d->view.strings;
    out->max_power_w = d->view.value[FIELD_MAX_POWER][0];
    energy_remember(&d->energy, out);
}

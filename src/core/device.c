#include "core/device.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONFIRM_READINGS = 3,   /* a fall or a jump is believed when this many readings ... */
    CONFIRM_MS = 60 * 1000, /* ... over this long agree */
    UNKNOWN_GAP_H = 24,     /* taken as the gap to a counter that comes from the memory */
};

static const double default_max_power_w = 5000;
static const double rise_slack_kwh = 1; /* counters are coarse, and MAX_POWER is a nominal value */
static const double same_kwh = 1e-6; /* two readings of one counter, after a factor was applied */
static const double least_voltage_v = 1; /* below it a current computed from power means nothing */

/* A counter that never falls without having been confirmed. */
struct counter {
    double good;      /* what is published; MISSING where never known */
    int64_t good_ms;  /* when that was read; -1: before this program started */
    double candidate; /* the last of the readings that contradict good */
    int64_t candidate_ms, candidate_since_ms;
    unsigned candidate_count;
};

struct device {
    const struct device_conf *conf;
    struct device_view view;
    struct counter forward[PHASE_SLOTS], reverse[PHASE_SLOTS], string[STRINGS_MAX];
    char gateway_name[NAME_MAX_BYTES], custom_name[NAME_MAX_BYTES];
    int written_position;       /* from the GX screen; -1 is none */
    unsigned misses;            /* in a row */
    int64_t heard_ms, fresh_ms; /* last answer for this device, last measurement; -1: none yet */
};

/* ---- Counters ------------------------------------------------------------------------------- */

static struct counter counter_init(double good)
{
    return (struct counter){.good = good, .good_ms = -1};
}

static double possible_rise_kwh(double max_power_w, int64_t from_ms, int64_t now_ms)
{
    double hours = from_ms < 0 ? UNKNOWN_GAP_H : (double)(now_ms - from_ms) / 3600e3;

    return max_power_w / 1000 * hours + rise_slack_kwh;
}

static unsigned counter_accept(struct counter *c, double v, int64_t now_ms)
{
    c->good = v;
    c->good_ms = now_ms;
    c->candidate_count = 0;
    return 0;
}

/* Whether v goes on where the readings that contradict the good one have been. */
static bool agrees(const struct counter *c, double v, double max_power_w, int64_t now_ms)
{
    double rise = v - c->candidate;

    return c->candidate_count && rise >= -same_kwh &&
           rise <= possible_rise_kwh(max_power_w, c->candidate_ms, now_ms);
}

static unsigned counter_feed(struct counter *c, double v, double max_power_w, int64_t now_ms)
{
    bool fell;

    if (!has_value(v))
        return 0;
    if (!has_value(c->good))
        return counter_accept(c, v, now_ms);
    fell = v < c->good - same_kwh;
    if (!fell && v - c->good <= possible_rise_kwh(max_power_w, c->good_ms, now_ms))
        return counter_accept(c, v > c->good ? v : c->good, now_ms);

    if (!agrees(c, v, max_power_w, now_ms)) {
        c->candidate_count = 0;
        c->candidate_since_ms = now_ms;
    }
    c->candidate = v;
    c->candidate_ms = now_ms;
    if (++c->candidate_count >= CONFIRM_READINGS && now_ms - c->candidate_since_ms >= CONFIRM_MS) {
        counter_accept(c, v, now_ms);
        return fell ? DEVICE_ENERGY_RESET : 0;
    }
    if (c->candidate_count > 1)
        return 0;
    return fell ? DEVICE_ENERGY_HELD : DEVICE_ENERGY_JUMP;
}

/* ---- The view ------------------------------------------------------------------------------- */

static bool in_use(const struct device_view *view, unsigned slot)
{
    return view->phase == PHASE_3P || slot == (unsigned)view->phase;
}

static void show_name(struct device *d)
{
    const char *name = d->gateway_name;

    if (d->conf->name[0])
        name = d->conf->name;
    if (d->custom_name[0])
        name = d->custom_name;
    text_copy(d->view.name, sizeof d->view.name, name);
}

static void show_position(struct device *d)
{
    d->view.position = d->written_position >= 0 ? d->written_position : d->conf->position;
}

static void set_phase(struct device_view *view, enum phase_choice phase)
{
    view->phase = phase == PHASE_AUTO ? PHASE_L1 : phase;
    view->phases = phase == PHASE_3P ? PHASES : 1;
}

/* One counter's good values in the slots in use: the phases' own, or their share of the total. */
static void show_counter(struct device_view *view, enum field field, const struct counter *counter)
{
    double *out = view->value[field];
    bool own =
        has_value(counter[1].good) && has_value(counter[2].good) && has_value(counter[3].good);

    out[0] = counter[0].good;
    for (unsigned slot = 1; slot <= PHASES; slot++) {
        if (!in_use(view, slot))
            out[slot] = MISSING;
        else if (view->phase != PHASE_3P)
            out[slot] = counter[0].good;
        else
            out[slot] = own ? counter[slot].good : counter[0].good / PHASES;
    }
}

static void show_energy(struct device *d)
{
    show_counter(&d->view, FIELD_ENERGY_FORWARD, d->forward);
    show_counter(&d->view, FIELD_ENERGY_REVERSE, d->reverse);
    for (unsigned s = 0; s < d->view.strings; s++)
        d->view.string[s].yield_total_kwh = d->string[s].good;
}

/* What does not outlive a measurement becomes "no value"; power, current and energy are the caller's. */
static void forget_measurements(struct device_view *view)
{
    static const enum field fields[] = {
        FIELD_POWER,        FIELD_CURRENT,        FIELD_VOLTAGE,     FIELD_FREQUENCY,
        FIELD_POWER_FACTOR, FIELD_REACTIVE_POWER, FIELD_TEMPERATURE, FIELD_EFFICIENCY,
        FIELD_DC_VOLTAGE,   FIELD_LIMIT,
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (unsigned slot = 0; slot < PHASE_SLOTS; slot++)
            view->value[fields[i]][slot] = MISSING;
    }
    for (unsigned s = 0; s < view->strings; s++)
        view->string[s].voltage_v = MISSING;
}

static double zero_if_known(double v)
{
    return has_value(v) ? 0 : MISSING;
}

/* NIGHT and ERROR: nothing flows. A service without a DC side does not get one by that. */
static void show_nothing_flows(struct device_view *view)
{
    forget_measurements(view);
    for (unsigned slot = 0; slot < PHASE_SLOTS; slot++) {
        if (slot == 0 || in_use(view, slot)) {
            view->value[FIELD_POWER][slot] = 0;
            view->value[FIELD_CURRENT][slot] = 0;
        }
    }
    view->value[FIELD_DC_POWER][0] = zero_if_known(view->value[FIELD_DC_POWER][0]);
    view->value[FIELD_DC_CURRENT][0] = zero_if_known(view->value[FIELD_DC_CURRENT][0]);
    for (unsigned s = 0; s < view->strings; s++) {
        view->string[s].power_w = 0;
        view->string[s].current_a = 0;
    }
}

static unsigned enter(struct device *d, enum device_state state)
{
    if (state == DEVICE_NIGHT || state == DEVICE_ERROR)
        show_nothing_flows(&d->view);
    if (d->view.state == state)
        return 0;
    d->view.state = state;
    return DEVICE_CHANGED_STATE;
}

/* ---- Phases --------------------------------------------------------------------------------- */

static bool has_phases(const double *value)
{
    return has_value(value[1]) && has_value(value[2]) && has_value(value[3]);
}

/* The device's own value, or what its phases add up to. */
static double total_of(const double *value)
{
    if (has_value(value[0]) || !has_phases(value))
        return value[0];
    return value[1] + value[2] + value[3];
}

static double current_of(double power_w, double voltage_v)
{
    return has_value(power_w) && voltage_v >= least_voltage_v ? power_w / voltage_v : MISSING;
}

/* Hoymiles' three-phase inverters say nothing about their phases: each makes a third. */
static void fill_three_phases(struct device_view *view, const struct reading *r)
{
    static const enum field alike[] = {FIELD_VOLTAGE, FIELD_POWER_FACTOR};
    const double *power = r->value[FIELD_POWER], *current = r->value[FIELD_CURRENT];

    for (unsigned slot = 1; slot <= PHASES; slot++) {
        for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
            const double *value = r->value[alike[i]];
            view->value[alike[i]][slot] = has_phases(value) ? value[slot] : value[0];
        }
        view->value[FIELD_POWER][slot] = has_phases(power) ? power[slot] : power[0] / PHASES;
        view->value[FIELD_CURRENT][slot] =
            has_phases(current)
                ? current[slot]
                : current_of(view->value[FIELD_POWER][slot], view->value[FIELD_VOLTAGE][slot]);
    }
}

static void fill_one_phase(struct device_view *view)
{
    static const enum field fields[] = {FIELD_POWER, FIELD_CURRENT, FIELD_VOLTAGE,
                                        FIELD_POWER_FACTOR};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        double *value = view->value[fields[i]];
        for (unsigned slot = 1; slot <= PHASES; slot++)
            value[slot] = in_use(view, slot) ? value[0] : MISSING;
    }
}

static void show_reading(struct device_view *view, const struct reading *r)
{
    double max_power_w = view->value[FIELD_MAX_POWER][0];

    for (size_t f = 0; f < FIELD_COUNT; f++) {
        if (f != FIELD_ENERGY_FORWARD && f != FIELD_ENERGY_REVERSE)
            view->value[f][0] = r->value[f][0];
    }
    /* Asked for only now and then. */
    if (!has_value(view->value[FIELD_MAX_POWER][0]))
        view->value[FIELD_MAX_POWER][0] = max_power_w;
    view->value[FIELD_POWER][0] = total_of(r->value[FIELD_POWER]);
    if (view->phase == PHASE_3P)
        fill_three_phases(view, r);
    else
        fill_one_phase(view);
}

/* ---- Readings ------------------------------------------------------------------------------- */

static unsigned learn_shape(struct device *d, const struct reading *r)
{
    struct device_view *view = &d->view;
    unsigned strings = r->strings < STRINGS_MAX ? r->strings : STRINGS_MAX;
    unsigned event = 0;

    text_copy(view->serial, sizeof view->serial, r->serial);
    if (r->name[0] && strcmp(r->name, d->gateway_name) != 0) {
        text_copy(d->gateway_name, sizeof d->gateway_name, r->name);
        show_name(d);
    }
    if (strings > view->strings) {
        view->strings = strings;
        event = DEVICE_SHAPE_CHANGED;
    }
    for (unsigned s = 0; s < strings; s++) {
        if (r->string[s].name[0])
            text_copy(view->string[s].name, sizeof view->string[s].name, r->string[s].name);
    }
    if (d->conf->phase == PHASE_AUTO && r->phases == PHASES && view->phase != PHASE_3P) {
        set_phase(view, PHASE_3P);
        event = DEVICE_SHAPE_CHANGED;
    }
    return event;
}

static void show_strings(struct device_view *view, const struct reading *r)
{
    struct reading nothing;

    reading_init(&nothing);
    for (unsigned s = 0; s < view->strings; s++) {
        struct string_reading *out = &view->string[s];
        const struct string_reading *in = s < r->strings ? &r->string[s] : &nothing.string[s];
        out->power_w = in->power_w;
        out->voltage_v = in->voltage_v;
        out->current_a = in->current_a;
        out->yield_today_kwh = in->yield_today_kwh;
    }
}

static unsigned feed_counters(struct device *d, const struct reading *r, int64_t now_ms)
{
    double max_power_w = d->view.value[FIELD_MAX_POWER][0];
    enum field field = d->conf->use_yield_day ? FIELD_ENERGY_TODAY : FIELD_ENERGY_FORWARD;
    unsigned events;

    if (!has_value(max_power_w))
        max_power_w = default_max_power_w;
    events = counter_feed(&d->forward[0], total_of(r->value[field]), max_power_w, now_ms);
    counter_feed(&d->reverse[0], total_of(r->value[FIELD_ENERGY_REVERSE]), max_power_w, now_ms);
    for (unsigned slot = 1; slot <= PHASES; slot++) {
        counter_feed(&d->forward[slot], r->value[field][slot], max_power_w, now_ms);
        counter_feed(&d->reverse[slot], r->value[FIELD_ENERGY_REVERSE][slot], max_power_w, now_ms);
    }
    for (unsigned s = 0; s < d->view.strings && s < r->strings; s++)
        counter_feed(&d->string[s], r->string[s].yield_total_kwh, max_power_w, now_ms);
    return events;
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
    const double *value =
        r->value[d->conf->use_yield_day ? FIELD_ENERGY_TODAY : FIELD_ENERGY_FORWARD];

    if (!has_value(d->forward[0].good) && total_of(value) > 0) {
        feed_counters(d, r, now_ms);
        show_energy(d);
    }
    return enter(d, DEVICE_NIGHT);
}

static unsigned feed_running(struct device *d, const struct reading *r, int64_t now_ms)
{
    unsigned events = DEVICE_FRESH;

    d->fresh_ms = now_ms;
    d->view.update_index++;
    show_reading(&d->view, r);
    show_strings(&d->view, r);
    events |= feed_counters(d, r, now_ms);
    show_energy(d);
    return events | enter(d, DEVICE_RUNNING);
}

unsigned device_feed(struct device *d, const struct reading *r, double latency_ms, int64_t now_ms)
{
    unsigned events = learn_shape(d, r);

    d->view.latency_ms = latency_ms;
    if (r->reach == REACH_NO_DATA_YET) {
        /* A gateway that restarts at dusk may go on saying so until the morning. */
        if (d->view.state == DEVICE_RUNNING && too_old(d, (double)(now_ms - d->fresh_ms) / 1000))
            events |= enter(d, DEVICE_NIGHT);
        return events;
    }
    d->misses = 0;
    d->heard_ms = now_ms;
    if (r->reach == REACH_LOST || too_old(d, r->age_s))
        return events | feed_night(d, r, now_ms);
    return events | feed_running(d, r, now_ms);
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

static void recall(struct device *d, const struct device_memory *memory)
{
    struct device_view *view = &d->view;

    if (!d->conf->serial[0])
        text_copy(view->serial, sizeof view->serial, memory->serial);
    text_copy(d->gateway_name, sizeof d->gateway_name, memory->name);
    text_copy(d->custom_name, sizeof d->custom_name, memory->custom_name);
    if (memory->position >= 0 && memory->position <= 2)
        d->written_position = memory->position;
    if (d->conf->phase == PHASE_AUTO && memory->phases == PHASES)
        set_phase(view, PHASE_3P);
    view->strings = memory->strings < STRINGS_MAX ? memory->strings : STRINGS_MAX;
    view->value[FIELD_MAX_POWER][0] = memory->max_power_w;
    d->forward[0].good = memory->energy_kwh;
    show_energy(d);
    /* Whether the phases count for themselves is not known before the first reading. */
    for (unsigned slot = 1; slot <= PHASES && view->phase == PHASE_3P; slot++)
        view->value[FIELD_ENERGY_FORWARD][slot] = MISSING;
}

struct device *device_create(const struct device_conf *conf, const struct device_memory *memory)
{
    struct device *d = calloc(1, sizeof *d);
    struct reading nothing;

    if (!d)
        return NULL;
    d->conf = conf;
    d->written_position = -1;
    d->heard_ms = d->fresh_ms = -1;
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        d->forward[slot] = d->reverse[slot] = counter_init(MISSING);
    for (size_t s = 0; s < STRINGS_MAX; s++)
        d->string[s] = counter_init(MISSING);

    reading_init(&nothing);
    memcpy(d->view.value, nothing.value, sizeof d->view.value);
    memcpy(d->view.string, nothing.string, sizeof d->view.string);
    d->view.state = DEVICE_START;
    d->view.section = conf->section;
    d->view.connection = conf->connection;
    d->view.instance = conf->instance;
    d->view.latency_ms = MISSING;
    text_copy(d->view.serial, sizeof d->view.serial, conf->serial);
    set_phase(&d->view, conf->phase);
    if (memory)
        recall(d, memory);
    show_name(d);
    show_position(d);
    return d;
}

void device_destroy(struct device *d)
{
    free(d);
}

void device_gateway(struct device *d, const struct gateway_info *info)
{
    if (info->firmware[0])
        text_copy(d->view.firmware, sizeof d->view.firmware, info->firmware);
}

void device_set_custom_name(struct device *d, const char *name)
{
    text_copy(d->custom_name, sizeof d->custom_name, name);
    show_name(d);
}

void device_set_position(struct device *d, int position)
{
    d->written_position = position;
    show_position(d);
}

const struct device_view *device_view(const struct device *d)
{
    return &d->view;
}

void device_remember(const struct device *d, struct device_memory *out)
{
    memset(out, 0, sizeof *out);
    text_copy(out->section, sizeof out->section, d->conf->section);
    text_copy(out->serial, sizeof out->serial, d->view.serial);
    text_copy(out->name, sizeof out->name, d->gateway_name);
    text_copy(out->custom_name, sizeof out->custom_name, d->custom_name);
    out->position = d->written_position;
    out->phases = d->view.phases;
    out->strings = d->view.strings;
    out->max_power_w = d->view.value[FIELD_MAX_POWER][0];
    out->energy_kwh = d->forward[0].good;
}

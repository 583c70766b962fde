#include "core/device_view.h"

#include <string.h>

static const double least_voltage_v = 1; /* below it a current computed from power means nothing */

void view_init(struct device_view *view)
{
    struct reading nothing;

    reading_init(&nothing);
    memset(view, 0, sizeof *view);
    memcpy(view->value, nothing.value, sizeof view->value);
    memcpy(view->string, nothing.string, sizeof view->string);
    view->state = DEVICE_START;
    view->latency_ms = view->power_limit_w = view->limit_trial_w = MISSING;
    view_set_phase(view, PHASE_L1);
}

static bool in_use(const struct device_view *view, unsigned slot)
{
    return view->phase == PHASE_3P || slot == (unsigned)view->phase;
}

void view_set_phase(struct device_view *view, enum phase_choice phase)
{
    view->phase = phase;
    view->phases = phase == PHASE_3P ? PHASES : 1;
}

/* ---- Measurements --------------------------------------------------------------------------- */

/* What has values of its phases has them in full: a missing one is not a third of the whole. */
static bool has_own_phases(const double *value)
{
    return has_value(value[1]) || has_value(value[2]) || has_value(value[3]);
}

double view_total(const double value[PHASE_SLOTS])
{
    /* With a phase that is MISSING, so is the sum. */
    return has_value(value[0]) ? value[0] : value[1] + value[2] + value[3];
}

static double current_of(double power_w, double voltage_v)
{
    return has_value(power_w) && voltage_v >= least_voltage_v ? power_w / voltage_v : MISSING;
}

/* Hoymiles' three-phase inverters say nothing about their phases: each makes a third, at one voltage. */
static void fill_three_phases(struct device_view *view, const double (*from)[PHASE_SLOTS])
{
    const double *power = from[FIELD_POWER], *current = from[FIELD_CURRENT];
    const double *voltage = from[FIELD_VOLTAGE];

    view->own_phases = has_own_phases(power);
    for (unsigned slot = 1; slot <= PHASES; slot++) {
        view->value[FIELD_VOLTAGE][slot] = has_own_phases(voltage) ? voltage[slot] : voltage[0];
        view->value[FIELD_POWER_FACTOR][slot] = from[FIELD_POWER_FACTOR][slot];
        view->value[FIELD_POWER][slot] = has_own_phases(power) ? power[slot] : power[0] / PHASES;
        view->value[FIELD_CURRENT][slot] =
            has_own_phases(current)
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

void view_reading(struct device_view *view, const double (*value)[PHASE_SLOTS], double rated_w)
{
    double max_power_w = view->value[FIELD_MAX_POWER][0];

    for (size_t f = 0; f < FIELD_COUNT; f++)
        view->value[f][0] = value[f][0];
    /* Asked for only now and then. */
    if (!has_value(view->value[FIELD_MAX_POWER][0]))
        view->value[FIELD_MAX_POWER][0] = max_power_w;
    if (rated_w > 0)
        view->value[FIELD_MAX_POWER][0] = rated_w;
    view->value[FIELD_POWER][0] = view_total(value[FIELD_POWER]);
    if (view->phase == PHASE_3P)
        fill_three_phases(view, value);
    else
        fill_one_phase(view);
}

void view_strings(struct device_view *view, const struct reading *r)
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

/* ---- Nothing -------------------------------------------------------------------------------- */

/* What does not outlive a measurement becomes "no value"; power, current and energy are the caller's. */
static void forget_measurements(struct device_view *view)
{
    static const enum field fields[] = {
        FIELD_POWER,        FIELD_CURRENT,     FIELD_VOLTAGE,    FIELD_FREQUENCY,
        FIELD_POWER_FACTOR, FIELD_TEMPERATURE, FIELD_DC_VOLTAGE, FIELD_LIMIT,
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (unsigned slot = 0; slot < PHASE_SLOTS; slot++)
            view->value[fields[i]][slot] = MISSING;
    }
}

void view_nothing_known(struct device_view *view)
{
    struct reading nothing;
    double max_power_w = view->value[FIELD_MAX_POWER][0];

    reading_init(&nothing);
    memcpy(view->value, nothing.value, sizeof view->value);
    view->value[FIELD_MAX_POWER][0] = max_power_w;
    for (unsigned s = 0; s < view->strings; s++) {
        struct string_reading *string = &view->string[s];
        string->power_w = string->voltage_v = string->current_a = MISSING;
        string->yield_today_kwh = string->yield_total_kwh = MISSING;
    }
}

void view_nothing_flows(struct device_view *view)
{
    forget_measurements(view);
    for (unsigned slot = 0; slot < PHASE_SLOTS; slot++) {
        if (slot == 0 || in_use(view, slot)) {
            view->value[FIELD_POWER][slot] = 0;
            view->value[FIELD_CURRENT][slot] = 0;
        }
    }
    for (unsigned s = 0; s < view->strings; s++) {
        view->string[s].power_w = view->string[s].current_a = 0;
        view->string[s].voltage_v = MISSING;
    }
}

/* ---- Energy --------------------------------------------------------------------------------- */

void view_energy(struct device_view *view, enum field field, double total, const double *own,
                 bool shares)
{
    double *out = view->value[field];

    out[0] = total;
    for (unsigned slot = 1; slot <= PHASES; slot++) {
        if (!in_use(view, slot))
            out[slot] = MISSING;
        else if (view->phase != PHASE_3P)
            out[slot] = total;
        else if (own && has_own_phases(own))
            out[slot] = own[slot];
        else
            out[slot] = shares && !view->own_phases ? total / PHASES : MISSING;
    }
}

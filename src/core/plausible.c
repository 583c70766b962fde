#include "core/plausible.h"

#include <stdio.h>

static const double end_v = 6553.5, end_a = 655.35, end_w = 6553.5, end_hz = 655.35,
                    end_kwh = 65.535;
static const double end_tolerance = 0.001; /* gateways compute with single precision */
static const double voltage_max_v = 300;
static const double frequency_min_hz = 40, frequency_max_hz = 70;
static const double rating_share = 1.25, rating_slack_w = 50;
static const double apparent_share = 1.2, apparent_slack_w = 20;

/* Where the AC side's first finding goes. */
struct finding {
    char *why;
    bool found;
};

static bool is_at_end(double v, double end)
{
    return fabs(v - end) < end_tolerance;
}

static void check_end(struct finding *f, const char *what, double v, double end, const char *unit)
{
    if (f->found || !is_at_end(v, end))
        return;
    f->found = true;
    (void)snprintf(f->why, PLAUSIBLE_WHY_MAX, "%s %.10g %s, the end of its range", what, end, unit);
}

static void check_ends(struct finding *f, const struct reading *r)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        check_end(f, "AC voltage", r->value[FIELD_VOLTAGE][slot], end_v, "V");
        check_end(f, "AC current", r->value[FIELD_CURRENT][slot], end_a, "A");
        check_end(f, "AC power", r->value[FIELD_POWER][slot], end_w, "W");
    }
    check_end(f, "frequency", r->value[FIELD_FREQUENCY][0], end_hz, "Hz");
    check_end(f, "yield of the day", r->value[FIELD_ENERGY_TODAY][0], end_kwh, "kWh");
    for (unsigned s = 0; s < r->strings && s < STRINGS_MAX; s++) {
        check_end(f, "voltage of a string", r->string[s].voltage_v, end_v, "V");
        check_end(f, "current of a string", r->string[s].current_a, end_a, "A");
        check_end(f, "power of a string", r->string[s].power_w, end_w, "W");
        check_end(f, "a string's yield of the day", r->string[s].yield_today_kwh, end_kwh, "kWh");
    }
}

static void check_voltage(struct finding *f, double v)
{
    if (f->found || !(v < 0 || v > voltage_max_v))
        return;
    f->found = true;
    (void)snprintf(f->why, PLAUSIBLE_WHY_MAX, "AC voltage %.1f V, possible are 0 to %.0f V", v,
                   voltage_max_v);
}

static void check_frequency(struct finding *f, double hz)
{
    bool possible = !(hz < 0) && !(hz > 0 && hz < frequency_min_hz) && !(hz > frequency_max_hz);

    if (f->found || possible)
        return;
    f->found = true;
    (void)snprintf(f->why, PLAUSIBLE_WHY_MAX,
                   "frequency %.2f Hz, possible are 0 and %.0f to %.0f Hz", hz, frequency_min_hz,
                   frequency_max_hz);
}

static void check_rating(struct finding *f, double power_w, double rated_w)
{
    double most_w = rating_share * rated_w + rating_slack_w;

    if (f->found || !(fabs(power_w) > most_w))
        return;
    f->found = true;
    (void)snprintf(f->why, PLAUSIBLE_WHY_MAX,
                   "AC power %.1f W, possible are %.0f W (it is rated at %.0f W)", power_w, most_w,
                   rated_w);
}

static void check_apparent(struct finding *f, const struct reading *r)
{
    double u = r->value[FIELD_VOLTAGE][0], i = r->value[FIELD_CURRENT][0];
    double power_w = r->value[FIELD_POWER][0], most_w = apparent_share * u * i + apparent_slack_w;

    if (f->found || r->phases != 1 || !(power_w > most_w))
        return;
    f->found = true;
    (void)snprintf(f->why, PLAUSIBLE_WHY_MAX,
                   "AC power %.1f W, possible are %.1f W (at %.1f V and %.2f A)", power_w, most_w,
                   u, i);
}

bool plausible(const struct reading *r, double rated_w, char why[PLAUSIBLE_WHY_MAX])
{
    struct finding f = {.why = why};

    if (!r->by_radio)
        return true;
    check_ends(&f, r);
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        check_voltage(&f, r->value[FIELD_VOLTAGE][slot]);
    check_frequency(&f, r->value[FIELD_FREQUENCY][0]);
    check_rating(&f, r->value[FIELD_POWER][0], rated_w);
    check_apparent(&f, r);
    return !f.found;
}

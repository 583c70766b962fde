#include "core/guess.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json_terms.h"

enum { ALIKE_MAX = 4 };

struct all {
    struct guess_number *numbers;
    size_t count;
    struct guess *out;
};

/* ---- Units ---- */

/* The first unit that makes a quantity of it that is usual in a house; UNITS: none. */
static enum guess_unit_id fit(double value, double low, double high,
                              const enum guess_unit_id *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double v = value * guess_units[units[i]].times;
        if (v >= low && v <= high)
            return units[i];
    }
    return UNITS;
}

static enum guess_unit_id unit_by_size(enum field f, double v)
{
    static const enum guess_unit_id volts[] = {UNIT_V, UNIT_DECI_V, UNIT_CENTI_V, UNIT_MV};
    static const enum guess_unit_id hertz[] = {UNIT_HZ, UNIT_DECI_HZ, UNIT_CENTI_HZ, UNIT_MHZ};
    static const enum guess_unit_id factors[] = {UNIT_ONE, UNIT_PERCENT};

    switch (f) {
    case FIELD_VOLTAGE:
        return fit(v, 80, 480, volts, 4);
    case FIELD_FREQUENCY:
        return fit(v, 45, 65, hertz, 4);
    case FIELD_POWER_FACTOR:
        return fit(v, -1, 1, factors, 2);
    case FIELD_TEMPERATURE:
        return v > -60 && v < 150 ? UNIT_C : UNITS;
    case FIELD_CURRENT:
        return fabs(v) > 400 ? UNIT_MA : UNIT_A;
    case FIELD_POWER:
        return fabs(v) <= 1e6 ? UNIT_W : UNITS;
    case FIELD_ENERGY_TODAY:
        return v > 200 ? UNIT_WH : UNIT_KWH;
    default:
        return v > 100000 ? UNIT_WH : UNIT_KWH;
    }
}

/* Below, a house has hardly used so much, and above, hardly so little. */
static bool size_leaves_no_doubt(enum field f, double v)
{
    if (f == FIELD_ENERGY_TODAY)
        return false;
    return f != FIELD_ENERGY_FORWARD && f != FIELD_ENERGY_REVERSE ? true : v > 1e7;
}

static bool is_energy(enum field f)
{
    return f == FIELD_ENERGY_FORWARD || f == FIELD_ENERGY_REVERSE || f == FIELD_ENERGY_TODAY;
}

static void name_it(struct guess_number *n)
{
    struct guess_name name;

    n->known = guess_name(n->path, &name);
    if (!n->known)
        return;
    n->field = name.field;
    n->slot = name.slot;
    n->score = name.score;
    n->sure = name.unit != UNITS;
    n->unit = n->sure ? name.unit : unit_by_size(n->field, n->value);
    n->sure = n->sure || size_leaves_no_doubt(n->field, n->value);
    if (is_energy(n->field)) /* a counter never falls, and is at least 0 */
        n->known = n->motion != GUESS_MOVES && n->value >= 0;
    if (n->motion == GUESS_RISES)
        n->score += is_energy(n->field) ? 3 : 0;
    n->known = n->known && n->unit != UNITS;
}

/* ---- Three alike ---- */

static int index_of(const struct all *a, const char *path)
{
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->numbers[i].path, path) == 0)
            return (int)i;
    }
    return -1;
}

static bool is_apart(const char *path, size_t at)
{
    bool digit = isdigit((unsigned char)path[at]) != 0;
    char before = at ? path[at - 1] : '/', behind = path[at + 1];

    if (digit)
        return !isdigit((unsigned char)before) && !isdigit((unsigned char)behind);
    return !isalnum((unsigned char)behind) &&
           (!isalpha((unsigned char)before) ||
            (isupper((unsigned char)path[at]) && islower((unsigned char)before)));
}

/* Those that differ from this one in the character at only: "a_power", "b_power", "c_power". How many there are. */
static unsigned alike(const struct all *a, size_t first, size_t at, int found[ALIKE_MAX])
{
    const struct guess_number *n = &a->numbers[first];
    char path[JSON_PATH_MAX];
    unsigned count = 0;

    (void)snprintf(path, sizeof path, "%s", n->path);
    if (path[at] == '1') { /* of a list from 0 it is the second */
        path[at] = '0';
        if (index_of(a, path) >= 0)
            return 0;
        path[at] = '1';
    }
    for (; count < ALIKE_MAX; count++, path[at]++) {
        int i = index_of(a, path);
        if (i < 0 || !a->numbers[i].known || a->numbers[i].field != n->field)
            break;
        found[count] = i;
    }
    return count;
}

/* Of a number that is the first of some: as many as there are, else 0. */
static unsigned first_of_alike(const struct all *a, size_t first, int found[ALIKE_MAX])
{
    const char *path = a->numbers[first].path;
    size_t len = strlen(path);

    for (size_t at = 0; at < len && len < JSON_PATH_MAX; at++) {
        unsigned count;
        if (!strchr("01aArR", path[at]) || !is_apart(path, at))
            continue;
        count = alike(a, first, at, found);
        if (count > 1)
            return count;
    }
    return 0;
}

/* ---- The choice ---- */

static bool has_phases(enum field f)
{
    return f == FIELD_POWER || f == FIELD_VOLTAGE || f == FIELD_CURRENT ||
           f == FIELD_POWER_FACTOR || f == FIELD_ENERGY_FORWARD || f == FIELD_ENERGY_REVERSE;
}

static bool adds_up(enum field f)
{
    return f == FIELD_POWER || f == FIELD_ENERGY_FORWARD || f == FIELD_ENERGY_REVERSE ||
           f == FIELD_ENERGY_TODAY;
}

static double canonical(const struct guess_number *n)
{
    return n->value * guess_units[n->unit].times;
}

/* The best of three alike, or of what their names call L1 to L3, as the phases. */
static void choose_phases(const struct all *a, enum field f)
{
    int best = 0, *of = a->out->of[f];

    for (size_t i = 0; i < a->count && has_phases(f); i++) {
        const struct guess_number *n = &a->numbers[i];
        int found[ALIKE_MAX];
        if (!n->known || n->field != f)
            continue;
        if (n->slot && of[n->slot] < 0) {
            of[n->slot] = (int)i;
            best = 100;
        }
        if (n->score <= best || first_of_alike(a, i, found) != PHASES)
            continue;
        best = n->score;
        memcpy(&of[1], found, PHASES * sizeof found[0]);
    }
    for (unsigned slot = 1; slot < PHASE_SLOTS; slot++) {
        if (of[slot] < 0)
            of[1] = of[2] = of[3] = -1; /* all three, or none */
    }
    for (unsigned slot = 1; slot < PHASE_SLOTS && of[1] >= 0; slot++) {
        a->numbers[of[slot]].slot = slot;
        a->numbers[of[slot]].unit = a->numbers[of[1]].unit;
    }
}

static bool is_phase(const struct guess *g, enum field f, int i)
{
    return i == g->of[f][1] || i == g->of[f][2] || i == g->of[f][3];
}

/* Whether it is what its phases are together, as far as one moment can tell. */
static bool is_their_sum(const struct all *a, enum field f, const struct guess_number *n)
{
    const int *of = a->out->of[f];
    double sum = 0;

    for (unsigned slot = 1; slot < PHASE_SLOTS; slot++)
        sum += a->numbers[of[slot]].value;
    return fabs(sum - n->value) <= 0.05 * fabs(sum) + 10;
}

/* Where the phases are known, their voltages and currents are no whole. */
static bool may_be_whole(const struct all *a, enum field f, int i)
{
    const struct guess_number *n = &a->numbers[i];

    if (!n->known || n->field != f || is_phase(a->out, f, i))
        return false;
    if (a->out->of[f][1] < 0)
        return n->slot == 0;
    return adds_up(f) && is_their_sum(a, f, n);
}

/* Where the power is that of two together, the current of one is not the whole. */
static bool is_of_one_of_two(const struct all *a, enum field f)
{
    unsigned count = 0;

    for (size_t i = 0; i < a->count; i++)
        count += a->numbers[i].known && a->numbers[i].field == f;
    return (f == FIELD_CURRENT || f == FIELD_POWER_FACTOR) && count > 1 &&
           a->out->second[FIELD_POWER] >= 0;
}

static void choose_whole(const struct all *a, enum field f)
{
    int found[ALIKE_MAX], best = -1;

    if (is_of_one_of_two(a, f))
        return;
    for (int i = 0; i < (int)a->count; i++) {
        if (may_be_whole(a, f, i) && (best < 0 || a->numbers[i].score > a->numbers[best].score))
            best = i;
    }
    a->out->of[f][0] = best;
    if (best < 0)
        return;
    if (a->out->of[f][1] >= 0)
        a->numbers[best].unit = a->numbers[a->out->of[f][1]].unit;
    else if (adds_up(f) && first_of_alike(a, (size_t)best, found) == 2)
        a->out->second[f] = found[1];
}

/* ---- What fits together ---- */

static double power_of(const struct all *a)
{
    const int *of = a->out->of[FIELD_POWER];
    double sum = 0;

    if (of[0] >= 0)
        return canonical(&a->numbers[of[0]]);
    for (unsigned slot = 1; slot < PHASE_SLOTS; slot++)
        sum += of[slot] >= 0 ? canonical(&a->numbers[of[slot]]) : MISSING;
    return sum;
}

/* The unit in which a counter that rose so fast counts this power; UNITS: it is none. */
static enum guess_unit_id unit_by_power(double per_s, double power_w)
{
    static const enum guess_unit_id units[] = {UNIT_KWH, UNIT_WH, UNIT_WMIN, UNIT_WS};
    double kwh_per_s = fabs(power_w) / 3.6e6;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        double ratio = per_s * guess_units[units[i]].times / kwh_per_s;
        if (ratio > 0.5 && ratio < 2)
            return units[i];
    }
    return UNITS;
}

/* A counter that has no name, or no unit, is known by how fast it rises. */
static void look_at_counters(const struct all *a)
{
    double power = power_of(a);

    if (!(fabs(power) > 20))
        return;
    for (size_t i = 0; i < a->count; i++) {
        struct guess_number *n = &a->numbers[i];
        bool counts =
            n->motion == GUESS_RISES && n->value > 0 && (!n->known || is_energy(n->field));
        enum guess_unit_id unit = counts ? unit_by_power(n->per_s, power) : UNITS;
        if (unit == UNITS)
            continue;
        if (!n->known)
            n->field = power > 0 ? FIELD_ENERGY_FORWARD : FIELD_ENERGY_REVERSE;
        n->score += n->known ? 5 : 5 - n->score;
        n->known = n->sure = true;
        n->unit = unit;
    }
}

/* Of mA and A, the one that fits power and voltage. */
static void look_at_current(const struct all *a)
{
    int u = a->out->of[FIELD_VOLTAGE][0], first = a->out->of[FIELD_CURRENT][0];
    double power = fabs(power_of(a));

    if (u < 0 || first < 0 || !(power > 20))
        return;
    struct guess_number *n = &a->numbers[first];
    double expected = power / canonical(&a->numbers[u]), ratio = fabs(n->value) / expected;
    if (n->unit == UNIT_A && ratio > 300 && ratio < 3000)
        n->unit = UNIT_MA;
}

void guess_make(struct guess_number *numbers, size_t count, struct guess *out)
{
    const struct all a = {numbers, count, out};

    out->numbers = numbers;
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
            out->of[f][slot] = -1;
        out->second[f] = -1;
    }
    for (size_t i = 0; i < count; i++)
        name_it(&numbers[i]);
    choose_phases(&a, FIELD_POWER);
    choose_whole(&a, FIELD_POWER);
    look_at_counters(&a);
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        if (f == FIELD_POWER)
            continue;
        choose_phases(&a, (enum field)f);
        choose_whole(&a, (enum field)f);
    }
    look_at_current(&a);
}

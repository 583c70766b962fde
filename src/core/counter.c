#include "core/counter.h"

#include <math.h>

#include "core/reading.h"

enum {
    FALL_SAMPLES = 3,            /* a lower counter is believed when so many samples ... */
    FALL_MS = 60 * 1000,         /* ... over this long agree */
    RISE_STEPS = 3,              /* a higher one when it rose so often as the power explains ... */
    RISE_MS = 6 * 3600 * 1000,   /* ... over this long */
    UNHEARD_MS = 10 * 60 * 1000, /* what was made in a longer gap nobody measured */
    UNKNOWN_GAP_H = 24           /* taken as the gap to a counter that comes from the memory */
};

static const double rise_slack_kwh = 1; /* counters are coarse, and MAX_POWER is a nominal value */
static const double same_kwh = 1e-6; /* two readings of one counter, after a factor was applied */
static const double explained_share = 0.3, explained_slack_kwh = 0.05;
static const double step_kwh = 0.1; /* a rise that says something: twice the slack */
static const double lifetime_h = 25 * 8766.0, day_share = 0.25;

struct counter counter_unknown(void)
{
    return counter_recalled(MISSING, 0);
}

struct counter counter_recalled(double total, double offset)
{
    return (struct counter){.total = total, .raw = total - offset, .offset = offset, .good_ms = -1};
}

void counter_expect_anew(struct counter *c)
{
    c->anew = true;
}

static double possible_rise_kwh(double max_power_w, int64_t from_ms, int64_t now_ms)
{
    double hours = from_ms < 0 ? UNKNOWN_GAP_H : (double)(now_ms - from_ms) / 3600e3;

    return max_power_w / 1000 * hours + rise_slack_kwh;
}

double counter_beyond_belief_kwh(double max_power_w)
{
    return max_power_w / 1000 * lifetime_h * day_share;
}

static bool is_beyond_belief(double kwh, const struct counter_rules *rules)
{
    return kwh > counter_beyond_belief_kwh(rules->max_power_w);
}

static void accept(struct counter *c, double raw, int64_t now_ms)
{
    c->raw = raw;
    c->good_ms = now_ms;
    c->anew = false;
    c->row.count = 0;
}

/* The sum may be the last bit less than the one before. */
static void rise(struct counter *c, double raw, int64_t now_ms)
{
    accept(c, raw, now_ms);
    if (!(c->total >= raw + c->offset))
        c->total = raw + c->offset;
}

/* ---- A lower one ---------------------------------------------------------------------------- */

/*
 * How much of the first sample after a reset was made since. A counter of the day began at 0 then, if
 * that much can have been made at all: gateways correct such a counter, too, and 2.4 kWh after 2.5 is
 * no new day.
 */
static double made_before_first(const struct counter *c, const struct counter_rules *rules)
{
    double possible = possible_rise_kwh(rules->max_power_w, c->good_ms, c->row.since_ms);

    return rules->starts_at_zero && c->row.first <= possible ? c->row.first : 0;
}

static void reset(struct counter *c, double raw, const struct counter_rules *rules, int64_t now_ms)
{
    if (rules->keep && !is_beyond_belief(c->raw, rules)) {
        c->offset = c->total - c->row.first + made_before_first(c, rules);
        rise(c, raw, now_ms);
    } else {
        if (!rules->keep)
            c->offset = 0;
        c->total = raw + c->offset;
        accept(c, raw, now_ms);
    }
}

/* ---- A row of contradicting samples ---------------------------------------------------------- */

static void begin_row(struct counter_row *row, double raw, const struct counter_rules *rules,
                      bool higher, int64_t now_ms)
{
    *row = (struct counter_row){
        .count = 1,
        .higher = higher,
        .first = raw,
        .last = raw,
        .since_ms = now_ms,
        .last_ms = now_ms,
        .power_w = rules->power_w,
    };
}

/* Whether raw goes on where the row has been. */
static bool continues(const struct counter_row *row, double raw, const struct counter_rules *rules,
                      int64_t now_ms)
{
    double change = raw - row->last;

    return row->count && change >= -same_kwh &&
           change <= possible_rise_kwh(rules->max_power_w, row->last_ms, now_ms);
}

/*
 * False when the counter has not followed the measured power. That is looked at each time it has risen by a
 * step, over all that was measured of the row.
 */
static bool follows_power(struct counter_row *row, double raw, double power_w, int64_t now_ms)
{
    double hours = (double)(now_ms - row->last_ms) / 3600e3;
    double made = (row->power_w + power_w) / 2 / 1000 * hours, next = step_kwh * (row->steps + 1);

    row->power_w = power_w;
    if (!has_value(made) || now_ms - row->last_ms > UNHEARD_MS)
        return true;
    row->explained += made;
    row->risen += raw - row->last;
    if (row->risen < next)
        return true;
    row->steps++;
    return fabs(row->risen - row->explained) <=
           explained_share * row->explained + explained_slack_kwh;
}

static bool is_confirmed(const struct counter_row *row, int64_t now_ms)
{
    int64_t lasted_ms = now_ms - row->since_ms;

    if (row->higher)
        return row->steps >= RISE_STEPS && lasted_ms >= RISE_MS;
    return row->count >= FALL_SAMPLES && lasted_ms >= FALL_MS;
}

/* Takes a sample that contradicts the good one. */
static enum counter_event contradict(struct counter *c, double raw, bool higher,
                                     const struct counter_rules *rules, int64_t now_ms)
{
    struct counter_row *row = &c->row;

    if (row->higher != higher || !continues(row, raw, rules, now_ms)) {
        begin_row(row, raw, rules, higher, now_ms);
        return higher ? COUNTER_JUMP : COUNTER_HELD;
    }
    if (higher && !follows_power(row, raw, rules->power_w, now_ms)) {
        begin_row(row, raw, rules, higher, now_ms);
        return COUNTER_NONE;
    }
    row->last = raw;
    row->last_ms = now_ms;
    row->count++;
    if (!is_confirmed(row, now_ms))
        return COUNTER_NONE;
    if (higher)
        rise(c, raw, now_ms);
    else
        reset(c, raw, rules, now_ms);
    return higher ? COUNTER_RAISED : COUNTER_RESET;
}

/* ---- A sample -------------------------------------------------------------------------------- */

/*
 * What goes on in a row that is too high stays so, though with the hours that pass more and more would be
 * possible.
 */
static bool is_jump(const struct counter *c, double raw, const struct counter_rules *rules,
                    int64_t now_ms)
{
    if (c->row.higher && continues(&c->row, raw, rules, now_ms))
        return true;
    return raw - c->raw > possible_rise_kwh(rules->max_power_w, c->good_ms, now_ms);
}

static void begin_anew(struct counter *c, double raw, int64_t now_ms)
{
    accept(c, raw, now_ms);
    c->total = raw + c->offset;
}

enum counter_event counter_feed(struct counter *c, double raw, const struct counter_rules *rules,
                                int64_t now_ms)
{
    bool fell, jumped;

    if (!has_value(raw))
        return COUNTER_NONE;
    if (!has_value(c->total)) {
        rise(c, raw, now_ms);
        return COUNTER_NONE;
    }
    if (is_beyond_belief(c->offset, rules)) {
        c->offset = 0;
        begin_anew(c, raw, now_ms);
        return COUNTER_RESET;
    }
    fell = raw < c->raw - same_kwh;
    jumped = !fell && is_jump(c, raw, rules, now_ms);
    if (c->anew) {
        begin_anew(c, raw, now_ms);
        return fell ? COUNTER_RESET : jumped ? COUNTER_RAISED : COUNTER_NONE;
    }
    if (fell || jumped)
        return contradict(c, raw, jumped, rules, now_ms);
    rise(c, fmax(raw, c->raw), now_ms);
    return COUNTER_NONE;
}

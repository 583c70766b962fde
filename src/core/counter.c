#include "core/counter.h"

#include "core/reading.h"

enum {
    CONFIRM_READINGS = 3,   /* a fall or a jump is believed when this many readings ... */
    CONFIRM_MS = 60 * 1000, /* ... over this long agree */
    UNKNOWN_GAP_H = 24,     /* taken as the gap to a counter that comes from the memory */
};

static const double rise_slack_kwh = 1; /* counters are coarse, and MAX_POWER is a nominal value */
static const double same_kwh = 1e-6; /* two readings of one counter, after a factor was applied */

struct counter counter_unknown(void)
{
    return counter_recalled(MISSING, 0);
}

struct counter counter_recalled(double total, double offset)
{
    return (struct counter){.total = total, .raw = total - offset, .offset = offset, .good_ms = -1};
}

static double possible_rise_kwh(double max_power_w, int64_t from_ms, int64_t now_ms)
{
    double hours = from_ms < 0 ? UNKNOWN_GAP_H : (double)(now_ms - from_ms) / 3600e3;

    return max_power_w / 1000 * hours + rise_slack_kwh;
}

static void accept(struct counter *c, double raw, int64_t now_ms)
{
    c->raw = raw;
    c->good_ms = now_ms;
    c->candidate_count = 0;
}

/* The sum may be the last bit less than the one before. */
static void rise(struct counter *c, double raw, int64_t now_ms)
{
    accept(c, raw, now_ms);
    if (!(c->total >= raw + c->offset))
        c->total = raw + c->offset;
}

/*
 * How much of the first reading after a reset was made since. A counter of the day began at 0 then, if
 * that much can have been made at all: gateways correct such a counter, too, and 2.4 kWh after 2.5 is
 * no new day.
 */
static double made_before_first(const struct counter *c, const struct counter_rules *rules)
{
    double possible = possible_rise_kwh(rules->max_power_w, c->good_ms, c->candidate_since_ms);

    return rules->starts_at_zero && c->candidate_first <= possible ? c->candidate_first : 0;
}

static void reset(struct counter *c, double raw, const struct counter_rules *rules, int64_t now_ms)
{
    if (rules->keep) {
        c->offset = c->total - c->candidate_first + made_before_first(c, rules);
        rise(c, raw, now_ms);
    } else {
        c->offset = 0;
        c->total = raw;
        accept(c, raw, now_ms);
    }
}

/* Whether raw goes on where the readings that contradict the good one have been. */
static bool agrees(const struct counter *c, double raw, double max_power_w, int64_t now_ms)
{
    double change = raw - c->candidate;

    return c->candidate_count && change >= -same_kwh &&
           change <= possible_rise_kwh(max_power_w, c->candidate_ms, now_ms);
}

/* Takes a reading that contradicts the good one; whether it is confirmed by now. */
static bool contradict(struct counter *c, double raw, double max_power_w, int64_t now_ms)
{
    if (!agrees(c, raw, max_power_w, now_ms)) {
        c->candidate_count = 0;
        c->candidate_first = raw;
        c->candidate_since_ms = now_ms;
    }
    c->candidate = raw;
    c->candidate_ms = now_ms;
    c->candidate_count++;
    return c->candidate_count >= CONFIRM_READINGS && now_ms - c->candidate_since_ms >= CONFIRM_MS;
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
    fell = raw < c->raw - same_kwh;
    jumped = raw - c->raw > possible_rise_kwh(rules->max_power_w, c->good_ms, now_ms);
    if (!fell && !jumped) {
        rise(c, raw > c->raw ? raw : c->raw, now_ms);
        return COUNTER_NONE;
    }
    if (!contradict(c, raw, rules->max_power_w, now_ms)) {
        if (c->candidate_count > 1)
            return COUNTER_NONE;
        return fell ? COUNTER_HELD : COUNTER_JUMP;
    }
    if (jumped) {
        rise(c, raw, now_ms);
        return COUNTER_NONE;
    }
    reset(c, raw, rules, now_ms);
    return COUNTER_RESET;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/counter.h"
#include "core/reading.h"

#define S   1000LL
#define MIN (60 * S)
#define H   (60 * MIN)

static const struct counter_rules follow = {.max_power_w = 1000};
static const struct counter_rules keep = {.max_power_w = 1000, .keep = true};
static const struct counter_rules keep_days = {.max_power_w = 1000,
                                               .keep = true,
                                               .starts_at_zero = true};

static struct counter c;

static int setup(void **state)
{
    c = counter_unknown();
    return 0;
}

static void assert_total(double kwh)
{
    if (!has_value(kwh) ? has_value(c.total) : !(fabs(c.total - kwh) < 1e-9))
        fail_msg("%.12g instead of %.12g", c.total, kwh);
}

static void starts_unknown(void **state)
{
    assert_total(MISSING);
    assert_int_equal(counter_feed(&c, MISSING, &follow, 0), COUNTER_NONE);
    assert_total(MISSING);
    assert_int_equal(counter_feed(&c, 2e6, &follow, 0), COUNTER_NONE); /* nothing contradicts it */
    assert_total(2e6);
    assert_int_equal(counter_feed(&c, MISSING, &follow, S), COUNTER_NONE);
    assert_total(2e6);
    c = counter_recalled(MISSING, 0);
    counter_feed(&c, 3, &follow, 0);
    assert_total(3);
}

/* Three readings over a minute, risen by 0.2 kWh meanwhile. */
static enum counter_event fall_to(double raw, const struct counter_rules *rules, int64_t at_ms)
{
    double before = c.total;

    assert_int_equal(counter_feed(&c, raw, rules, at_ms), COUNTER_HELD);
    assert_int_equal(counter_feed(&c, raw + 0.1, rules, at_ms + 30 * S), COUNTER_NONE);
    assert_total(before);
    return counter_feed(&c, raw + 0.2, rules, at_ms + 60 * S);
}

static void follows_a_confirmed_fall(void **state)
{
    counter_feed(&c, 100, &follow, 0);
    assert_int_equal(fall_to(5, &follow, 5 * S), COUNTER_RESET);
    assert_total(5.2);
    counter_feed(&c, 5.3, &follow, 70 * S);
    assert_total(5.3);
}

static void keeps_the_total_over_a_confirmed_fall(void **state)
{
    counter_feed(&c, 100, &keep, 0);
    assert_int_equal(fall_to(0.5, &keep, 5 * S), COUNTER_RESET);
    assert_total(100.2);
    counter_feed(&c, 0.9, &keep, 70 * S);
    assert_total(100.4);
    assert_int_equal(fall_to(0, &keep, 80 * S), COUNTER_RESET);
    assert_total(100.6);
    counter_feed(&c, 0.3, &keep, 150 * S);
    assert_total(100.7);
}

static void a_fall_that_is_not_confirmed_leaves_no_offset(void **state)
{
    counter_feed(&c, 100, &keep, 0);
    counter_feed(&c, 5, &keep, 5 * S);
    counter_feed(&c, 5, &keep, 300 * S);
    counter_feed(&c, 100.1, &keep, 305 * S);
    assert_total(100.1);
    assert_true(c.offset == 0);
}

static void judges_by_the_raw_counter(void **state)
{
    c = counter_recalled(1005, 1000);
    counter_feed(&c, 5.1, &keep, 0);
    assert_total(1005.1);
    assert_int_equal(counter_feed(&c, 5, &keep, S), COUNTER_HELD);
    assert_int_equal(counter_feed(&c, 5.2, &keep, 2 * S), COUNTER_NONE);
    assert_int_equal(counter_feed(&c, 6.3, &keep, 3 * S), COUNTER_JUMP);
    assert_total(1005.2);
    assert_int_equal(counter_feed(&c, 1005.3, &keep, 4 * S), COUNTER_JUMP);
    assert_total(1005.2);
}

/* ---- A higher counter ------------------------------------------------------------------------ */

/*
 * From from_ms on, for hours, a sample every 10 s: the counter begins at raw and rises by share of what power_w
 * makes. Returns the last event that was one, and in *events how many were.
 */
static enum counter_event rise_for(double hours, double raw, double power_w, double share,
                                   int64_t from_ms, unsigned *events)
{
    struct counter_rules rules = follow;
    enum counter_event last = COUNTER_NONE;

    rules.power_w = power_w;
    *events = 0;
    for (int64_t t = 0; t <= (int64_t)(hours * H); t += 10 * S) {
        double made = power_w / 1000 * (double)t / H;
        enum counter_event event = counter_feed(&c, raw + share * made, &rules, from_ms + t);
        if (event != COUNTER_NONE) {
            last = event;
            (*events)++;
        }
    }
    return last;
}

static void follows_a_higher_one_that_the_power_explains_for_six_hours(void **state)
{
    unsigned events;

    counter_feed(&c, 100, &follow, 0);
    assert_int_equal(rise_for(5.9, 500, 400, 1, 10 * S, &events), COUNTER_JUMP);
    assert_int_equal(events, 1);
    assert_total(100);
    c = counter_unknown();
    counter_feed(&c, 100, &follow, 0);
    assert_int_equal(rise_for(6, 500, 400, 1, 10 * S, &events), COUNTER_RAISED);
    assert_int_equal(events, 2);
    assert_total(500 + 0.4 * 6);
}

static void six_hours_to_the_millisecond(void **state)
{
    struct counter_rules rules = follow;
    unsigned events;

    rules.power_w = 400;
    counter_feed(&c, 100, &follow, 0);
    rise_for(5.99, 500, 400, 1, 10 * S, &events);
    assert_int_equal(counter_feed(&c, 502.4, &rules, 10 * S + 6 * H - 1), COUNTER_NONE);
    assert_int_equal(counter_feed(&c, 502.4, &rules, 10 * S + 6 * H), COUNTER_RAISED);
}

/* What lies on a bound is still believed; what does not is not. */
static void at_the_bounds(void **state)
{
    const double beyond_kwh = counter_beyond_belief_kwh(1000);

    counter_feed(&c, 100, &follow, 0);
    assert_int_equal(counter_feed(&c, 102, &follow, H), COUNTER_NONE); /* 1 kWh made, and 1 */
    assert_int_equal(counter_feed(&c, 104.001, &follow, 2 * H), COUNTER_JUMP);
    assert_int_equal(counter_feed(&c, 102 - 1e-6, &follow, 2 * H), COUNTER_NONE);
    assert_total(102);
    assert_int_equal(counter_feed(&c, 102 - 2e-6, &follow, 2 * H), COUNTER_HELD);
    c = counter_recalled(100, 0); /* a day long, whatever it was, and 1 kWh */
    assert_int_equal(counter_feed(&c, 125.001, &follow, 0), COUNTER_JUMP);
    c = counter_recalled(100, 0);
    assert_int_equal(counter_feed(&c, 125, &follow, 0), COUNTER_NONE);
    c = counter_recalled(beyond_kwh + 5, beyond_kwh);
    assert_int_equal(counter_feed(&c, 5.5, &keep, 0), COUNTER_NONE);
    assert_total(beyond_kwh + 5.5);
    c = counter_unknown();
    counter_feed(&c, 100, &keep_days, 0); /* of a day that may have made 2 kWh in an hour */
    assert_int_equal(fall_to(2, &keep_days, H), COUNTER_RESET);
    assert_total(102.2);
    c = counter_unknown();
    counter_feed(&c, 100, &keep_days, 0);
    assert_int_equal(fall_to(2.001, &keep_days, H), COUNTER_RESET);
    assert_total(100.2);
}

static void a_fall_takes_a_minute(void **state)
{
    counter_feed(&c, 100, &follow, 0);
    assert_int_equal(counter_feed(&c, 5, &follow, 5 * S), COUNTER_HELD);
    assert_int_equal(counter_feed(&c, 5, &follow, 30 * S), COUNTER_NONE);
    assert_int_equal(counter_feed(&c, 5, &follow, 65 * S - 1), COUNTER_NONE);
    assert_total(100);
    assert_int_equal(counter_feed(&c, 5, &follow, 65 * S), COUNTER_RESET);
}

/* What was made in a gap of more than ten minutes nobody measured: it explains nothing. */
static void gaps_that_are_measured(void **state)
{
    static const struct {
        int64_t gap_ms;
        bool follows;
    } cases[] = {{10 * MIN, true}, {10 * MIN + 1, false}};
    struct counter_rules rules = follow;

    rules.power_w = 400;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        c = counter_unknown();
        counter_feed(&c, 100, &rules, 0);
        for (int64_t n = 1; n <= 40; n++)
            counter_feed(&c, 500 + 0.4 * (double)(n * cases[i].gap_ms) / H, &rules,
                         n * cases[i].gap_ms);
        assert_int_equal(c.total > 500, cases[i].follows);
    }
}

/* 30 % and 0.05 kWh either way. */
static void the_power_explains_only_so_much(void **state)
{
    static const struct {
        double share;
        bool follows;
    } cases[] = {{1.3202, true}, {0.6792, true}, {1.34, false}, {0.66, false}, {1.25, true},
                 {0.75, true},   {2.1, false},   {0.15, false}, {0, false}};
    unsigned events;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        c = counter_unknown();
        counter_feed(&c, 100, &follow, 0);
        enum counter_event last = rise_for(24, 500, 400, cases[i].share, 10 * S, &events);
        assert_int_equal(last, cases[i].follows ? COUNTER_RAISED : COUNTER_JUMP);
        if (!cases[i].follows)
            assert_total(100);
    }
}

/* Less than 0.3 kWh in six hours is less than three rises that are worth comparing. */
static void six_hours_of_dusk_are_not_enough(void **state)
{
    unsigned events;

    counter_feed(&c, 100, &follow, 0);
    assert_int_equal(rise_for(6.5, 500, 40, 1, 10 * S, &events), COUNTER_JUMP);
    assert_total(100);
    rise_for(2, 500 + 0.04 * 6.5, 40, 1, 10 * S + 13 * H / 2, &events);
    assert_total(500 + 0.04 * 8.5);
}

/* A YieldDay of 22 Wh became 123885 Wh and rose by 1 Wh with each poll; the inverter makes 600 W. */
static void a_wrong_counter_that_creeps_is_never_followed(void **state)
{
    const struct counter_rules rules = {.max_power_w = 600, .power_w = 100, .starts_at_zero = true};
    int64_t t = 5 * S;

    counter_feed(&c, 0.022, &rules, 0);
    assert_int_equal(counter_feed(&c, 123.885, &rules, t), COUNTER_JUMP);
    for (int i = 1; i < 100000; i++) {
        t += 5 * S;
        assert_int_equal(counter_feed(&c, 123.885 + i / 1e3, &rules, t), COUNTER_NONE);
        assert_total(0.022);
    }
    counter_feed(&c, 0.9, &rules, t + 5 * S);
    assert_total(0.9);
}

/* With the days that pass, 20 kWh more would be possible: not for one that was too high from the first. */
static void time_alone_makes_no_jump_possible(void **state)
{
    unsigned events;

    counter_feed(&c, 100, &follow, 0);
    assert_int_equal(rise_for(72, 120, 0, 1, 10 * S, &events), COUNTER_JUMP);
    assert_int_equal(events, 1);
    assert_total(100);
}

/* At night nothing is fed, and nobody measures what is made in a gap: the next day goes on. */
static void a_night_in_between(void **state)
{
    unsigned events;

    counter_feed(&c, 100, &follow, 0);
    rise_for(0.5, 500, 400, 1, 10 * S, &events);
    assert_total(100);
    assert_int_equal(rise_for(1, 500.7, 400, 1, 12 * H, &events), COUNTER_RAISED);
}

static void without_a_measured_power_nothing_explains_it(void **state)
{
    struct counter_rules blind = follow;

    blind.power_w = MISSING;
    counter_feed(&c, 100, &blind, 0);
    for (int64_t t = 5 * S; t < 24 * H; t += 5 * S)
        counter_feed(&c, 500 + 0.4 * (double)t / H, &blind, t);
    assert_total(100);
}

static void a_raised_counter_keeps_the_offset(void **state)
{
    unsigned events;

    c = counter_recalled(1005, 1000);
    counter_feed(&c, 5, &keep, 0);
    assert_int_equal(rise_for(6, 50, 400, 1, 5 * S, &events), COUNTER_RAISED);
    assert_total(1052.4);
}

/* Within three polls of each other they rise by more than 1 kWh: two counters, not one. */
static void falls_that_rise_too_fast_do_not_confirm(void **state)
{
    counter_feed(&c, 100, &follow, 200 * H);
    counter_feed(&c, 5, &follow, 201 * H);
    assert_int_equal(counter_feed(&c, 8, &follow, 201 * H + 30 * S), COUNTER_HELD);
    assert_int_equal(counter_feed(&c, 11, &follow, 201 * H + 60 * S), COUNTER_HELD);
    assert_int_equal(counter_feed(&c, 14, &follow, 201 * H + 90 * S), COUNTER_HELD);
    assert_total(100);
}

/* ---- Told to begin anew ---------------------------------------------------------------------- */

static void begins_anew_when_told(void **state)
{
    counter_feed(&c, 100, &follow, 0);
    counter_expect_anew(&c);
    assert_total(100);
    assert_int_equal(counter_feed(&c, MISSING, &follow, S), COUNTER_NONE);
    assert_int_equal(counter_feed(&c, 900, &follow, S), COUNTER_RAISED);
    assert_total(900);
    assert_int_equal(counter_feed(&c, 100, &follow, 2 * S), COUNTER_HELD);
    counter_expect_anew(&c);
    assert_int_equal(counter_feed(&c, 100, &follow, 3 * S), COUNTER_RESET);
    assert_total(100);
    counter_expect_anew(&c);
    assert_int_equal(counter_feed(&c, 100, &follow, 4 * S), COUNTER_NONE);
    c = counter_recalled(1005, 1000);
    counter_expect_anew(&c);
    counter_feed(&c, 50, &keep, 5 * S);
    assert_total(1050);
}

/* ---- Poisoned before ------------------------------------------------------------------------- */

/* An earlier version believed 2113405 kWh of an inverter that had made 553. */
static void a_poisoned_total_recovers_by_itself(void **state)
{
    c = counter_recalled(2113405, 0);
    assert_int_equal(counter_feed(&c, 553.492, &follow, 0), COUNTER_HELD);
    counter_feed(&c, 553.493, &follow, 30 * S);
    assert_int_equal(counter_feed(&c, 553.494, &follow, 60 * S), COUNTER_RESET);
    assert_total(553.494);
}

/* With KeepEnergy it was held first, or made the offset of what came after. */
static void keeps_nothing_beyond_belief(void **state)
{
    c = counter_recalled(2113405, 0);
    counter_feed(&c, 553.492, &keep, 0);
    counter_feed(&c, 553.493, &keep, 30 * S);
    assert_int_equal(counter_feed(&c, 553.494, &keep, 60 * S), COUNTER_RESET);
    assert_total(553.494);
    assert_true(c.offset == 0);
    c = counter_recalled(2113405, 2113405 - 553.492);
    assert_int_equal(counter_feed(&c, 553.5, &keep, 0), COUNTER_RESET);
    assert_total(553.5);
    c = counter_recalled(2113455, 50); /* of a reset that was true */
    counter_feed(&c, 553.492, &keep, 0);
    counter_feed(&c, 553.493, &keep, 30 * S);
    assert_int_equal(counter_feed(&c, 553.494, &keep, 60 * S), COUNTER_RESET);
    assert_total(603.494);
    assert_true(fabs(counter_beyond_belief_kwh(1000) - 54787.5) < 1);
    c = counter_recalled(54000, 53000);
    counter_feed(&c, 1000.5, &keep, 0);
    assert_total(54000.5);
}

static void an_offset_outlives_its_rule_until_the_next_reset(void **state)
{
    c = counter_recalled(1005, 1000);
    counter_feed(&c, 5.5, &follow, 0);
    assert_total(1005.5);
    assert_int_equal(fall_to(1, &follow, 5 * S), COUNTER_RESET);
    assert_total(1.2);
    counter_feed(&c, 1.3, &keep, 90 * S);
    assert_total(1.3);
}

static void a_restart_in_a_held_fall(void **state)
{
    counter_feed(&c, 100, &keep, 0);
    counter_feed(&c, 0.1, &keep, 5 * S);
    counter_feed(&c, 0.1, &keep, 10 * S);
    c = counter_recalled(c.total, c.offset);
    assert_total(100);
    assert_int_equal(fall_to(0.2, &keep, 1 * S), COUNTER_RESET);
    assert_total(100.2);
}

static void days_add_up(void **state)
{
    counter_feed(&c, 2.5, &keep_days, 0);
    assert_int_equal(fall_to(0.3, &keep_days, 12 * H), COUNTER_RESET);
    assert_total(3); /* the day's 0.5 was made since midnight, all of it */
    counter_feed(&c, 4, &keep_days, 20 * H);
    assert_total(6.5);
    c = counter_recalled(c.total, c.offset);
    assert_int_equal(fall_to(1, &keep_days, 0), COUNTER_RESET);
    assert_total(7.7);
}

static void a_corrected_day_is_no_new_one(void **state)
{
    counter_feed(&c, 2.5, &keep_days, 0);
    assert_int_equal(fall_to(2.2, &keep_days, 5 * S), COUNTER_RESET);
    assert_total(2.7);
}

static void a_lifetime_does_not_begin_at_zero(void **state)
{
    counter_feed(&c, 100, &keep, 0);
    assert_int_equal(fall_to(10, &keep, 12 * H), COUNTER_RESET);
    assert_total(100.2);
}

/* What a sum rounds to is never less than it was. */
static void never_loses_the_last_bit(void **state)
{
    uint64_t bits = 88172645463325252u;
    int64_t now = 0;
    double raw = 0;

    for (int i = 0; i < 200000; i++) {
        double before = c.total;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        now += 25 * S;
        raw = bits % 100 < 3 ? (double)(bits >> 32) * 1e-12 : raw + (double)(bits % 7) / 3000;
        counter_feed(&c, raw, &keep, now);
        if (bits % 64 == 0)
            c = counter_recalled(c.total, c.offset);
        assert_true(!has_value(before) || c.total >= before);
    }
    assert_true(c.offset > 1);
}

/* The offset is rounded, and so is the sum with it: here both times down. */
static void a_sum_that_rounds_down(void **state)
{
    const double total = 1 + 0x1p-52, raw = 0x1p-53;

    c = counter_recalled(total, 0);
    counter_feed(&c, raw, &keep, 0);
    counter_feed(&c, raw, &keep, 30 * S);
    assert_int_equal(counter_feed(&c, raw, &keep, 60 * S), COUNTER_RESET);
    assert_true(raw + c.offset < total);
    assert_true(c.total >= total);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(starts_unknown),
        TEST(follows_a_confirmed_fall),
        TEST(keeps_the_total_over_a_confirmed_fall),
        TEST(a_fall_that_is_not_confirmed_leaves_no_offset),
        TEST(judges_by_the_raw_counter),
        TEST(follows_a_higher_one_that_the_power_explains_for_six_hours),
        TEST(at_the_bounds),
        TEST(six_hours_to_the_millisecond),
        TEST(a_fall_takes_a_minute),
        TEST(gaps_that_are_measured),
        TEST(the_power_explains_only_so_much),
        TEST(six_hours_of_dusk_are_not_enough),
        TEST(a_wrong_counter_that_creeps_is_never_followed),
        TEST(time_alone_makes_no_jump_possible),
        TEST(a_night_in_between),
        TEST(without_a_measured_power_nothing_explains_it),
        TEST(a_raised_counter_keeps_the_offset),
        TEST(falls_that_rise_too_fast_do_not_confirm),
        TEST(begins_anew_when_told),
        TEST(a_poisoned_total_recovers_by_itself),
        TEST(keeps_nothing_beyond_belief),
        TEST(an_offset_outlives_its_rule_until_the_next_reset),
        TEST(a_restart_in_a_held_fall),
        TEST(days_add_up),
        TEST(a_corrected_day_is_no_new_one),
        TEST(a_lifetime_does_not_begin_at_zero),
        TEST(never_loses_the_last_bit),
        TEST(a_sum_that_rounds_down),
    };
    return cmocka_run_group_tests_name("counter", tests, NULL, NULL);
}

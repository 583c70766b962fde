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

static void a_confirmed_jump_keeps_the_offset(void **state)
{
    c = counter_recalled(1005, 1000);
    counter_feed(&c, 5, &keep, 0);
    assert_int_equal(counter_feed(&c, 50, &keep, 5 * S), COUNTER_JUMP);
    counter_feed(&c, 50, &keep, 35 * S);
    assert_int_equal(counter_feed(&c, 50, &keep, 65 * S), COUNTER_NONE);
    assert_total(1050);
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
        TEST(a_confirmed_jump_keeps_the_offset),
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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/sample.h"

#define S 1000LL

static struct sample s;
static struct reading r;

static int setup(void **state)
{
    sample_init(&s);
    reading_init(&r);
    r.by_radio = true;
    r.value[FIELD_POWER][0] = 300;
    r.value[FIELD_ENERGY_FORWARD][0] = 553.492;
    return 0;
}

static bool repeats(double age_s, double latency_ms, int64_t now_ms)
{
    r.age_s = age_s;
    return sample_repeats(&s, &r, latency_ms, now_ms);
}

static void take(double age_s, int64_t now_ms)
{
    r.age_s = age_s;
    sample_take(&s, &r, now_ms);
}

static void nothing_is_repeated_at_first(void **state)
{
    assert_false(repeats(0, 20, 0));
    assert_false(repeats(MISSING, MISSING, 0));
    r.stamp_s = 1750000000;
    assert_false(repeats(0, 20, 0));
}

/* Shelly, Tasmota: each reply is a measurement, whether it says the same or not. */
static void who_says_nothing_measures_each_time(void **state)
{
    take(MISSING, 0);
    assert_false(repeats(MISSING, 20, 5 * S));
    assert_false(repeats(3, 20, 5 * S));
    take(3, 5 * S);
    assert_false(repeats(MISSING, 20, 10 * S));
}

/* Whole seconds, rounded down, of a packet of 100 ms before the first reply; for 66 s. */
static void a_packet_that_only_ages_is_the_same(void **state)
{
    take(0, 0);
    for (int64_t t = 1 * S; t <= 66 * S; t += 700) {
        double age_s = floor((double)(t + 100) / 1000);
        if (!repeats(age_s, 20, t))
            fail_msg("at %d ms, %g s old, it is another", (int)t, age_s);
    }
}

/* The gateway's own clock was read somewhere between the request and the end of the reply. */
static void a_slow_reply_makes_no_new_packet(void **state)
{
    take(2, 0);
    assert_true(repeats(2, 8000, 8 * S));
    assert_true(repeats(10, 8000, 8 * S));
    assert_false(repeats(0, 20, 8 * S));
}

static void a_new_packet_is_told_by_its_age(void **state)
{
    take(2, 0);
    assert_true(repeats(6, 20, 5 * S));
    assert_false(repeats(2, 20, 5 * S));
    assert_false(repeats(2.034, MISSING, 5 * S));
    assert_true(repeats(5, MISSING, 5 * S)); /* pushed, and a second and a bit under way */
}

/* Two seconds, and how long the reply was under way, are within what rounding makes of one packet. */
static void how_much_younger_is_another_packet(void **state)
{
    take(0, 0);
    assert_true(repeats(0, MISSING, 2000));
    assert_false(repeats(0, MISSING, 2001));
    assert_true(repeats(0, 20, 2020));
    assert_false(repeats(0, 20, 2021));
    assert_true(repeats(66, MISSING, 68000));
    assert_false(repeats(66, MISSING, 68001));
    take(1e9, 0);
    assert_true(repeats(1e9, 20, 1 * S));
}

static void a_stamp_that_is_missing_leaves_it_to_the_age(void **state)
{
    r.stamp_s = 1750000000;
    take(2, 0);
    r.stamp_s = MISSING;
    assert_true(repeats(4, 20, 2 * S));
    take(2, 0);
    r.stamp_s = 1750000000;
    assert_true(repeats(4, 20, 2 * S));
}

static void other_values_are_another_packet(void **state)
{
    take(0, 0);
    r.value[FIELD_POWER][0] = 301;
    assert_false(repeats(1, 20, 1 * S));
    r.value[FIELD_POWER][0] = MISSING;
    assert_false(repeats(1, 20, 1 * S));
    r.value[FIELD_POWER][0] = 300;
    r.value[FIELD_VOLTAGE][2] = 230;
    assert_false(repeats(1, 20, 1 * S));
    r.value[FIELD_VOLTAGE][2] = MISSING;
    /* What the gateway is told by others, or asks for at other times. */
    r.value[FIELD_LIMIT][0] = 100;
    r.value[FIELD_MAX_POWER][0] = 600;
    assert_true(repeats(1, 20, 1 * S));
}

static void one_stamp_is_one_packet(void **state)
{
    r.stamp_s = 1750000000;
    take(2, 0);
    assert_true(repeats(68, 20, 66 * S));
    assert_true(repeats(MISSING, 20, 66 * S));
    r.value[FIELD_ENERGY_TODAY][0] = 0; /* zeroed at midnight by the gateway itself */
    assert_true(repeats(68, 20, 66 * S));
    r.stamp_s = 1750000001;
    assert_false(repeats(2, 20, 1 * S));
    r.stamp_s = 1749999999; /* its clock was set back */
    assert_false(repeats(2, 20, 1 * S));
}

static void an_age_of_years_is_none(void **state)
{
    take(1e15, 0);
    assert_false(repeats(1e15, 20, 5 * S));
}

/* ---- Age by the wall clock ------------------------------------------------------------------ */

static void the_gateways_clock_comes_first(void **state)
{
    r.age_s = 7;
    r.stamp_s = 1750000000;
    assert_true(sample_age_s(&r, 1750009000) == 7);
}

static void ours_judges_where_it_has_none(void **state)
{
    static const struct {
        double stamp_s, unix_s, age_s;
    } cases[] = {
        {1750000000, 1750009000, 9000},     {1750000000, 1750000000, 0},
        {1750000000, 1749999940, 0},       /* a minute behind: clocks differ */
        {1750000000, 1749999939, MISSING}, /* more: it does not know the time yet */
        {1750000000, 120, MISSING},        /* 1970, after a boot */
        {1700000000, 1735689599, MISSING}, /* before this program was written */
        {1700000000, 1735689600, 35689600}, {1750000000, MISSING, MISSING},
        {1750000000, 1750000000.5, 0.5},    {1577836800, 1750000000, 172163200},
        {1577836799, 1750000000, MISSING}, /* 2019 */
        {30, 1750000000, MISSING},         /* since its start: no time of day */
        {MISSING, 1750000000, MISSING},    /* nothing was heard */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        r.stamp_s = cases[i].stamp_s;
        double age_s = sample_age_s(&r, cases[i].unix_s);
        if (has_value(cases[i].age_s) ? age_s != cases[i].age_s : has_value(age_s))
            fail_msg("case %zu: %g instead of %g", i, age_s, cases[i].age_s);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_repeated_at_first),
        TEST(who_says_nothing_measures_each_time),
        TEST(a_packet_that_only_ages_is_the_same),
        TEST(a_slow_reply_makes_no_new_packet),
        TEST(a_new_packet_is_told_by_its_age),
        TEST(how_much_younger_is_another_packet),
        TEST(a_stamp_that_is_missing_leaves_it_to_the_age),
        TEST(other_values_are_another_packet),
        TEST(one_stamp_is_one_packet),
        TEST(an_age_of_years_is_none),
        TEST(the_gateways_clock_comes_first),
        TEST(ours_judges_where_it_has_none),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}

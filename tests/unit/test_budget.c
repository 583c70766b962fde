#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/budget.h"

#define DAY (24 * 3600 * 1000LL)

static const struct budget_rate rate = {.burst = 5, .per_day = 24}; /* one an hour */

static unsigned take_all(struct budget *b, int64_t now_ms)
{
    unsigned count = 0;

    while (budget_take(b, &rate, now_ms))
        count++;
    return count;
}

static void a_burst_and_then_evenly(void **state)
{
    struct budget b = {0};

    (void)state;
    assert_int_equal(budget_wait_ms(&b, &rate, 0), 0);
    assert_int_equal(take_all(&b, 0), 5);
    assert_int_equal(budget_wait_ms(&b, &rate, 0), DAY / 24);
    assert_int_equal(budget_wait_ms(&b, &rate, 1000), DAY / 24 - 1000);
    assert_int_equal(take_all(&b, DAY / 24 - 1), 0);
    assert_int_equal(take_all(&b, DAY / 24), 1);
    assert_int_equal(take_all(&b, 3 * DAY / 24), 2);
    assert_int_equal(take_all(&b, 20 * DAY / 24), 5); /* no more than it holds */
}

static void the_bound_of_a_day(void **state)
{
    struct budget b = {0};
    unsigned count = 0;

    (void)state;
    for (int64_t now = 12345; now < 12345 + DAY; now += 100) /* ten times a second */
        count += budget_take(&b, &rate, now);
    assert_in_range(count, 5 + 23, 5 + 24);
}

/* A refusal costs nothing: who asks all the time waits no longer. */
static void a_refusal_is_free(void **state)
{
    struct budget b = {0};

    (void)state;
    assert_int_equal(take_all(&b, 0), 5);
    for (int i = 0; i < 100000; i++)
        assert_false(budget_take(&b, &rate, 1));
    assert_true(budget_take(&b, &rate, DAY / 24));
}

/* In a test, or with a clock that is none: it never stays empty for ever. */
static void a_clock_that_goes_back(void **state)
{
    struct budget b = {0};

    (void)state;
    assert_int_equal(take_all(&b, 100 * DAY), 5);
    assert_int_equal(take_all(&b, 0), 5);
    assert_int_equal(take_all(&b, 1000), 0);
}

static void one_at_a_time(void **state)
{
    const struct budget_rate one = {.burst = 1, .per_day = 1440};
    struct budget b = {0};

    (void)state;
    assert_true(budget_take(&b, &one, 7));
    assert_false(budget_take(&b, &one, 7 + 59999));
    assert_true(budget_take(&b, &one, 7 + 60000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_evenly), cmocka_unit_test(the_bound_of_a_day),
        cmocka_unit_test(a_refusal_is_free),       cmocka_unit_test(a_clock_that_goes_back),
        cmocka_unit_test(one_at_a_time),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}

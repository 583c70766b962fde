/* How often others can make us do something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pace.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static void at_once_at_first(void **state)
{
    struct pace p = {0};

    assert_int_equal(pace_wait(&p, 0), 0);
    pace_step(&p, 5000);
    assert_int_equal(pace_wait(&p, 5000), PACE_FIRST_MS);
    assert_int_equal(pace_wait(&p, 5000 + PACE_FIRST_MS - 1), 1);
    assert_int_equal(pace_wait(&p, 5000 + PACE_FIRST_MS), 0);
    pace_step(&p, 9000);
    assert_int_equal(pace_wait(&p, 9000), 2 * PACE_FIRST_MS);
}

static void one_that_is_rare_is_never_slow(void **state)
{
    struct pace p = {0};

    for (int64_t now = 0; now < (int64_t)30 * DAY_MS; now += PACE_FORGET_MS) {
        pace_step(&p, now);
        assert_int_equal(pace_wait(&p, now), PACE_FIRST_MS);
    }
}

static void a_flood_is_some_hundred_a_day(void **state)
{
    struct pace p = {0};
    unsigned steps = 0;

    for (int64_t now = 0; now < DAY_MS; now += 10) {
        if (pace_wait(&p, now) > 0)
            continue;
        pace_step(&p, now);
        steps++;
    }
    assert_in_range(steps, 90, 120);
    assert_int_equal(pace_wait(&p, p.last_ms), PACE_LONGEST_MS);
}

/* Whoever keeps to the longest pause is not forgotten: that would be a flood of another shape. */
static void the_longest_pause_is_not_forgotten(void **state)
{
    assert_true(PACE_LONGEST_MS < PACE_FORGET_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once_at_first),
        cmocka_unit_test(one_that_is_rare_is_never_slow),
        cmocka_unit_test(a_flood_is_some_hundred_a_day),
        cmocka_unit_test(the_longest_pause_is_not_forgotten),
    };

    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

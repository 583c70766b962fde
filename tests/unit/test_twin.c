/* Who publishes a device that two processes have: two of them side by side come to one answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/twin.h"

#define A "com.victronenergy.pvinverter.http_34"
#define B "com.victronenergy.pvinverter.http_35"

static void alone(void **state)
{
    struct twin t = {0};

    assert_int_equal(twin_look(&t, NULL, NULL, 0), TWIN_OURS);
    assert_int_equal(twin_look(&t, A, NULL, 5), TWIN_OURS);
}

static void whoever_comes_second_waits(void **state)
{
    struct twin first = {0}, second = {0};

    assert_int_equal(twin_look(&first, B, NULL, 0), TWIN_OURS);
    assert_int_equal(twin_look(&second, NULL, B, 0), TWIN_LEAVE);
    assert_int_equal(twin_look(&second, NULL, B, 1000), TWIN_WAIT);
    assert_true(second.left);
}

/* Whatever the order in which they look. */
static void two_at_a_time_settle_at_once(void **state)
{
    struct twin a = {0}, b = {0};

    assert_int_equal(twin_look(&a, A, B, 0), TWIN_OURS);
    assert_int_equal(twin_look(&b, B, A, 0), TWIN_LEAVE);
    assert_int_equal(twin_look(&a, A, NULL, 0), TWIN_OURS);
    assert_int_equal(twin_look(&b, NULL, A, 0), TWIN_WAIT);
}

/* Then it is the other one's on the bus, whatever we thought. */
static void the_same_name_is_left(void **state)
{
    struct twin t = {0};

    assert_int_equal(twin_look(&t, A, A, 0), TWIN_LEAVE);
}

static void a_restart_changes_nothing(void **state)
{
    struct twin t = {0};

    assert_int_equal(twin_look(&t, NULL, A, 0), TWIN_LEAVE);
    assert_int_equal(twin_look(&t, NULL, NULL, 100), TWIN_WAIT);
    assert_int_equal(twin_look(&t, NULL, NULL, 100 + TWIN_GONE_MS - 1), TWIN_WAIT);
    assert_int_equal(twin_look(&t, NULL, A, 100 + TWIN_GONE_MS), TWIN_WAIT);
    assert_int_equal(twin_look(&t, NULL, NULL, 50000), TWIN_WAIT); /* counts anew */
    assert_int_equal(twin_look(&t, NULL, NULL, 50000 + TWIN_GONE_MS), TWIN_BACK);
    assert_int_equal(twin_look(&t, NULL, NULL, 50000 + TWIN_GONE_MS), TWIN_OURS);
    assert_false(t.left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),
        cmocka_unit_test(whoever_comes_second_waits),
        cmocka_unit_test(two_at_a_time_settle_at_once),
        cmocka_unit_test(the_same_name_is_left),
        cmocka_unit_test(a_restart_changes_nothing),
    };

    return cmocka_run_group_tests_name("twin", tests, NULL, NULL);
}

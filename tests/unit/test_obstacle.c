/* What stands in the way of a limit, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/obstacle.h"

static void nothing_in_the_way(void **state)
{
    (void)state;
    assert_string_equal(obstacle_words(OBSTACLE_NONE), "");
    assert_string_equal(obstacle_cure(OBSTACLE_NONE), "");
    assert_string_equal(obstacle_finding(OBSTACLE_NONE), "");
}

static void each_has_words(void **state)
{
    (void)state;
    for (int o = OBSTACLE_NONE + 1; o <= OBSTACLE_POWER; o++) {
        assert_true(*obstacle_words((enum obstacle)o));
        assert_non_null(obstacle_cure((enum obstacle)o));
        assert_true(*obstacle_finding((enum obstacle)o));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_the_way),
        cmocka_unit_test(each_has_words),
    };

    return cmocka_run_group_tests_name("obstacle", tests, NULL, NULL);
}

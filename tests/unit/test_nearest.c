/* What was probably meant by a misspelt word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/nearest.h"

static void distances(void **state)
{
    assert_int_equal(nearest_distance("check", "check"), 0);
    assert_int_equal(nearest_distance("check", "CHECK"), 0);
    assert_int_equal(nearest_distance("chek", "check"), 1);
    assert_int_equal(nearest_distance("check", "chek"), 1);
    assert_int_equal(nearest_distance("checks", "check"), 1);
    assert_int_equal(nearest_distance("check", "checks"), 1);
    assert_int_equal(nearest_distance("hceck", "check"), 2);
    assert_int_equal(nearest_distance("", "check"), 5);
    assert_int_equal(nearest_distance("check", ""), 5);
    assert_int_equal(nearest_distance("Fase", "Phase"), 2);
}

static void what_is_too_long_is_far_away(void **state)
{
    static const char of_40[] = "0123456789012345678901234567890123456789";
    static const char of_41[] = "01234567890123456789012345678901234567890";

    assert_int_equal(nearest_distance(of_40, of_40), 0);
    assert_int_equal(nearest_distance(of_41, of_41), 40);
    assert_int_equal(nearest_distance(of_41, of_40), 40);
    assert_int_equal(nearest_distance(of_40, of_41), 40);
    assert_true(nearest_limit(of_41) < 40);
}

static void longer_words_may_be_farther(void **state)
{
    assert_int_equal(nearest_limit("run"), 2);
    assert_int_equal(nearest_limit("chek"), 3);
    assert_int_equal(nearest_limit("DeviceInstnce"), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(what_is_too_long_is_far_away),
        cmocka_unit_test(longer_words_may_be_farther),
    };

    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}

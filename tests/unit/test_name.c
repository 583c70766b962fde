/* How services are called on the bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/name.h"

static void of_our_kind(void **state)
{
    assert_true(name_is_of_our_kind("com.victronenergy.pvinverter.http_34"));
    assert_true(name_is_of_our_kind("com.victronenergy.grid.http_0"));
    assert_false(name_is_of_our_kind("com.victronenergy.pvinverter.http_"));
    assert_false(name_is_of_our_kind("com.victronenergy.pvinverter.http_3a"));
    assert_false(name_is_of_our_kind("com.victronenergy.pvinverter.http_34.x"));
    assert_false(name_is_of_our_kind("com.victronenergy.pvinverter.xhttp_34"));
    assert_false(name_is_of_our_kind("com.victronenergy.pvinverter.http-34"));
    assert_false(name_is_of_our_kind("http_34"));
    assert_false(name_is_of_our_kind(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_our_kind)};

    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}

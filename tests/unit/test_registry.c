/* The drivers by their names. */
#include "unit/support/driver_run.h"

static void test_registry(void **state)
{
    (void)state;
    for (size_t i = 0; drivers[i]; i++)
        assert_ptr_equal(driver_find(drivers[i]->name), drivers[i]);
    assert_string_equal(driver_find("OpenDTU")->name, "opendtu");
    assert_string_equal(driver_find("AHOY")->name, "ahoy");
    assert_string_equal(driver_find("opendtu")->title, "OpenDTU");
    assert_string_equal(driver_find("ahoy")->title, "AhoyDTU");
    assert_null(driver_find("auto")->title); /* that of what it finds */
    assert_null(driver_find("opendt"));
    assert_null(driver_find("opendtu2"));
    assert_null(driver_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}

/* The drivers by their names. */
#include <string.h>

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

/* What a person reads who is to choose one. */
static void test_keys_name_all(void **state)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);

    (void)state;
    for (size_t k = 0; k < count; k++) {
        bool dtu = keys[k].scopes & CONF_IN_DEFAULT && strcmp(keys[k].name, "DTU") == 0;
        bool type = keys[k].scopes & CONF_IN_DTU && strcmp(keys[k].name, "Type") == 0;

        for (size_t i = 0; drivers[i]; i++) {
            if (!dtu && (!type || strcmp(drivers[i]->name, conf_template_driver) == 0))
                continue;
            if (!strstr(keys[k].type, drivers[i]->name))
                fail_msg("%s of core/conf.def does not name %s", keys[k].name, drivers[i]->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_keys_name_all),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}

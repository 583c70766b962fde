#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/reading.h"

static void starts_without_any_value(void **state)
{
    struct reading r;

    memset(&r, 0x55, sizeof r);
    reading_init(&r);
    assert_string_equal(r.serial, "");
    assert_string_equal(r.name, "");
    assert_int_equal(r.reach, REACH_OK);
    assert_int_equal(r.strings, 0);
    assert_int_equal(r.phases, 0);
    assert_false(has_value(r.age_s));
    for (int f = 0; f < FIELD_COUNT; f++) {
        for (int slot = 0; slot < PHASE_SLOTS; slot++)
            assert_false(has_value(r.value[f][slot]));
    }
    for (int s = 0; s < STRINGS_MAX; s++) {
        assert_false(has_value(r.string[s].power_w));
        assert_false(has_value(r.string[s].yield_total_kwh));
        assert_string_equal(r.string[s].name, "");
    }
}

static void has_units(void **state)
{
    assert_string_equal(field_unit(FIELD_POWER), "W");
    assert_string_equal(field_unit(FIELD_ENERGY_FORWARD), "kWh");
    assert_string_equal(field_unit(FIELD_POWER_FACTOR), "");
    assert_string_equal(field_unit(FIELD_LIMIT), "W");
    assert_string_equal(field_unit(FIELD_COUNT), "");
}

static void has_keys(void **state)
{
    char key[TEMPLATE_KEY_MAX];

    assert_string_equal(field_key(FIELD_POWER), "Power");
    assert_string_equal(field_key(FIELD_ENERGY_REVERSE), "Return");
    assert_string_equal(field_key(FIELD_LIMIT), "");
    assert_string_equal(field_key(FIELD_COUNT), "");
    template_key(key, FIELD_ENERGY_FORWARD, 0);
    assert_string_equal(key, "CUST_Total");
    template_key(key, FIELD_POWER, 1);
    assert_string_equal(key, "CUST_Power_L1");
    template_key(key, FIELD_POWER_FACTOR, 3);
    assert_string_equal(key, "CUST_PowerFactor_L3");
}

static void compares_serials(void **state)
{
    assert_true(serial_equal("114181234567", "114181234567"));
    assert_true(serial_equal("1141a1b2c3d4", "1141A1B2C3D4"));
    assert_true(serial_equal("0011", "11"));
    assert_true(serial_equal("11", "0011"));
    assert_true(serial_equal("0", "00"));
    assert_false(serial_equal("11", "110"));
    assert_false(serial_equal("110", "11"));
    assert_false(serial_equal("11", "12"));
    assert_false(serial_equal("0", "1"));
    assert_false(serial_equal("", ""));
    assert_false(serial_equal("", "0"));
    assert_false(serial_equal("1", ""));
}

static void assert_key(const char *serial, const char *expected)
{
    char key[SERIAL_MAX + 1];

    memset(key, 'x', sizeof key);
    serial_key(key, serial);
    assert_string_equal(key, expected);
    assert_int_equal(key[SERIAL_MAX], 'x');
}

static void makes_keys_of_serials(void **state)
{
    assert_key("114181234567", "114181234567");
    assert_key("1141A1B2C3D4", "1141a1b2c3d4");
    assert_key("0011", "11");
    assert_key("T0", "t0");
    assert_key("0", "0");
    assert_key("000", "0");
    assert_key("", "");
    assert_key("0123456789012345678901234567890123456789", "1234567890123456789012345678901");
}

static void keys_are_equal_where_serials_are(void **state)
{
    static const char *const serials[] = {"0",  "00",  "1",  "01",   "10",  "A",
                                          "0a", "aA1", "Aa", "00A0", "0a0", "t20"};

    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
        for (size_t j = 0; j < sizeof serials / sizeof serials[0]; j++) {
            char a[SERIAL_MAX], b[SERIAL_MAX];
            serial_key(a, serials[i]);
            serial_key(b, serials[j]);
            assert_int_equal(strcmp(a, b) == 0, serial_equal(serials[i], serials[j]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_without_any_value),
        cmocka_unit_test(has_units),
        cmocka_unit_test(has_keys),
        cmocka_unit_test(compares_serials),
        cmocka_unit_test(makes_keys_of_serials),
        cmocka_unit_test(keys_are_equal_where_serials_are),
    };
    return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}

/* What the drivers share, as far as no single driver shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drivers/common.h"

static struct reading r;

static int setup(void **state)
{
    reading_init(&r);
    r.by_radio = true;
    return 0;
}

static void series_by_the_serial(void **state)
{
    static const struct {
        const char *serial;
        bool three_phase, mit, mi;
    } cases[] = {
        {"136100000001", true, false, false},  /* HMT-4T */
        {"138200000001", true, false, false},  /* HMT-6T */
        {"1520a025566b", true, true, false},   /* MIT-5000 */
        {"114182000001", false, false, false}, /* HM-600 */
        {"116182000001", false, false, false}, /* HM-1500 */
        {"104182000001", false, false, true},  /* MI-600 */
        {"136000000001", false, false, false},
        {"138100000001", false, false, false},
        {"011361000001", false, false, false},
        {"136", false, false, false},
        {"1", false, false, false},
        {"", false, false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *serial = cases[i].serial;
        if (common_three_phase(serial) != cases[i].three_phase ||
            common_mit(serial) != cases[i].mit || common_mi(serial) != cases[i].mi)
            fail_msg("%s is taken for another series", serial);
    }
}

static enum reach reach_of(double power_w, double voltage_v, double frequency_hz, double energy_kwh)
{
    setup(NULL);
    r.value[FIELD_POWER][0] = power_w;
    r.value[FIELD_VOLTAGE][0] = voltage_v;
    r.value[FIELD_FREQUENCY][0] = frequency_hz;
    r.value[FIELD_ENERGY_FORWARD][0] = energy_kwh;
    assert_true(common_finish(&r, true));
    return r.reach;
}

static void what_is_data(void **state)
{
    assert_int_equal(reach_of(0, 0, 50, 0), REACH_OK); /* one of them alone */
    assert_int_equal(reach_of(0, 230, 0, 0), REACH_OK);
    assert_int_equal(reach_of(5, 0, 0, 0), REACH_OK);
    assert_int_equal(reach_of(0, MISSING, 50, MISSING), REACH_OK);
    assert_int_equal(reach_of(0, MISSING, MISSING, 553), REACH_OK);
    assert_int_equal(reach_of(0, 0, MISSING, 553), REACH_OK);
    assert_int_equal(reach_of(0, MISSING, 0, 553), REACH_OK);
    assert_int_equal(reach_of(0, 0, 0, 553), REACH_NO_DATA_YET);
    assert_int_equal(reach_of(MISSING, 0, 0, 553), REACH_NO_DATA_YET);
    assert_int_equal(reach_of(0, 0, 0, 0), REACH_NO_DATA_YET);
    assert_int_equal(reach_of(0, MISSING, MISSING, MISSING), REACH_NO_DATA_YET);
    assert_int_equal(reach_of(0, MISSING, MISSING, 0), REACH_NO_DATA_YET);
}

/* A phase of which nothing is told gets no 0 for that. */
static void idle_on_three_phases(void **state)
{
    const double *power = r.value[FIELD_POWER], *current = r.value[FIELD_CURRENT];

    r.phases = PHASES;
    r.value[FIELD_POWER][0] = 12;
    r.value[FIELD_VOLTAGE][0] = 230;
    r.value[FIELD_POWER][3] = 4;
    r.value[FIELD_CURRENT][1] = 0.1;
    r.value[FIELD_CURRENT][3] = 0.3;
    assert_true(common_finish(&r, false));
    assert_true(power[0] == 0 && power[3] == 0 && !has_value(power[1]) && !has_value(power[2]));
    assert_true(current[0] == 0 && current[1] == 0 && current[3] == 0 && !has_value(current[2]));
    assert_true(r.value[FIELD_VOLTAGE][0] == 230);
}

/* A template's 5000 V is a wrong multiplier; of a packet it is judged with the rest. */
static void ranges(void **state)
{
    common_put(&r, FIELD_VOLTAGE, 6553.5);
    assert_true(r.value[FIELD_VOLTAGE][0] == 6553.5);
    common_put(&r, FIELD_FREQUENCY, 655.35);
    assert_true(r.value[FIELD_FREQUENCY][0] == 655.35);
    common_put(&r, FIELD_VOLTAGE, 10001);
    assert_false(has_value(r.value[FIELD_VOLTAGE][0]));
    common_put(&r, FIELD_VOLTAGE, -1);
    assert_false(has_value(r.value[FIELD_VOLTAGE][0]));
    common_put(&r, FIELD_POWER, 2e6);
    assert_false(has_value(r.value[FIELD_POWER][0]));
    r.by_radio = false;
    common_put(&r, FIELD_VOLTAGE, 1000);
    assert_true(r.value[FIELD_VOLTAGE][0] == 1000);
    common_put(&r, FIELD_VOLTAGE, 1001);
    assert_false(has_value(r.value[FIELD_VOLTAGE][0]));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(series_by_the_serial),
        TEST(what_is_data),
        TEST(idle_on_three_phases),
        TEST(ranges),
    };
    return cmocka_run_group_tests_name("common", tests, NULL, NULL);
}

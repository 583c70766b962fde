/* What the drivers share, as far as no single driver shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/conf.h"
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

/* To their ends, and not a thousandth beyond. */
static void ends_of_ranges(void **state)
{
    static const struct {
        enum field field;
        double low, high, packet_high;
    } cases[] = {
        {FIELD_POWER, -1e6, 1e6, 1e6},       {FIELD_VOLTAGE, 0, 1000, 1e4},
        {FIELD_CURRENT, -1e4, 1e4, 1e4},     {FIELD_ENERGY_FORWARD, 0, 1e8, 1e8},
        {FIELD_ENERGY_REVERSE, 0, 1e8, 1e8}, {FIELD_ENERGY_TODAY, 0, 1e5, 1e5},
        {FIELD_FREQUENCY, 0, 100, 1e3},      {FIELD_POWER_FACTOR, -1.01, 1.01, 1.01},
        {FIELD_TEMPERATURE, -60, 200, 200},  {FIELD_DC_VOLTAGE, 0, 2000, 1e4},
        {FIELD_MAX_POWER, 1, 1e6, 1e6},      {FIELD_LIMIT, 0, 1e6, 1e6},
    };

    assert_int_equal(sizeof cases / sizeof cases[0], FIELD_COUNT);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        enum field f = cases[i].field;
        assert_true(common_in_range(f, cases[i].low) == cases[i].low);
        assert_true(common_in_range(f, cases[i].high) == cases[i].high);
        assert_false(has_value(common_in_range(f, cases[i].low - 0.001)));
        assert_false(has_value(common_in_range(f, cases[i].high + 0.001)));
        assert_true(common_in_packet(f, cases[i].low) == cases[i].low);
        assert_true(common_in_packet(f, cases[i].packet_high) == cases[i].packet_high);
        assert_false(has_value(common_in_packet(f, cases[i].packet_high + 0.001)));
    }
}

static const char *serial_in(const char *json)
{
    static char serial[SERIAL_MAX];
    cJSON *root = cJSON_Parse(json);

    bool there = common_serial(root, serial);
    cJSON_Delete(root);
    return there ? serial : NULL;
}

static void serials(void **state)
{
    static const char longest[] = "123456789012345678901234567890123456789012345678901234567890"
                                  "12345678901234567890123456789012345678901234567890";
    char json[256];

    (void)snprintf(json, sizeof json, "{\"serial\":\"    %.*s \"}", SERIAL_MAX - 1, longest);
    assert_int_equal(strlen(serial_in(json)), SERIAL_MAX - 1);
    assert_string_equal(serial_in("{\"serial\":\"  114180000001 \"}"), "114180000001");
    assert_string_equal(serial_in("{\"serial\":114180000001}"), "114180000001");
    assert_string_equal(serial_in("{\"serial\":\"0a0\"}"), "0a0");
    assert_null(serial_in("{\"serial\":\"000000000000\"}"));
    assert_null(serial_in("{\"serial\":\"   \"}"));
    assert_null(serial_in("{\"serial\":null}"));
    assert_null(serial_in("{}"));
}

/* Of a gateway that has just started nothing is kept, of no phase and of no string. */
static void nothing_yet(void **state)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        r.value[FIELD_VOLTAGE][slot] = r.value[FIELD_POWER][slot] = 0;
    r.value[FIELD_FREQUENCY][0] = 0;
    r.strings = 2;
    assert_true(common_finish(&r, true));
    assert_int_equal(r.reach, REACH_NO_DATA_YET);
    assert_int_equal(r.strings, 0);
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
        assert_false(has_value(r.value[FIELD_VOLTAGE][slot] + 0 * r.value[FIELD_POWER][slot]));
}

/* A little is not nothing. */
static void little_data(void **state)
{
    assert_int_equal(reach_of(0.5, 0, 0, 0), REACH_OK);
    assert_int_equal(reach_of(0, 0.5, 0, 0), REACH_OK);
    assert_int_equal(reach_of(0, 0, 0.5, 0), REACH_OK);
    assert_int_equal(reach_of(0, MISSING, MISSING, 0.5), REACH_OK);
}

static void what_is_of_use(void **state)
{
    assert_false(common_finish(&r, true));
    setup(NULL);
    r.reach = REACH_LOST;
    assert_true(common_finish(&r, true));
    assert_true(r.value[FIELD_POWER][0] == 0);
    setup(NULL);
    r.value[FIELD_ENERGY_FORWARD][0] = 7;
    assert_true(common_finish(&r, true));
}

static void add_string(double volts, double today_kwh, double total_kwh)
{
    const struct string_reading s = {.power_w = 5,
                                     .voltage_v = volts,
                                     .current_a = 1,
                                     .yield_today_kwh = today_kwh,
                                     .yield_total_kwh = total_kwh};
    common_add_string(&r, &s);
}

/* What is not told of the whole is what the strings add up to. */
static void sums_of_strings(void **state)
{
    r.value[FIELD_POWER][0] = 10;
    add_string(33, 0.25, 100);
    add_string(44, 0.5, 20);
    assert_true(common_finish(&r, true));
    assert_true(r.value[FIELD_ENERGY_TODAY][0] == 0.75);
    assert_true(r.value[FIELD_ENERGY_FORWARD][0] == 120);
    assert_true(r.value[FIELD_DC_VOLTAGE][0] == 33);
    setup(NULL);
    r.value[FIELD_POWER][0] = 10;
    r.value[FIELD_ENERGY_FORWARD][0] = 7;
    add_string(33, MISSING, 100);
    add_string(44, 0.5, 20);
    assert_true(common_finish(&r, true));
    assert_true(r.value[FIELD_ENERGY_FORWARD][0] == 7);
    assert_false(has_value(r.value[FIELD_ENERGY_TODAY][0]));
}

static void as_many_strings_as_there_is_room_for(void **state)
{
    for (unsigned n = 0; n <= STRINGS_MAX; n++)
        add_string(n, 0, n);
    assert_int_equal(r.strings, STRINGS_MAX);
    assert_true(r.string[STRINGS_MAX - 1].voltage_v == STRINGS_MAX - 1);
    common_lost(&r);
    assert_int_equal(r.strings, STRINGS_MAX);
    assert_true(r.string[STRINGS_MAX - 1].power_w == 0);
}

/* Its counters stay, but one that says 0 is not known; the values of the moment go. */
static void lost(void **state)
{
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        r.value[FIELD_POWER][slot] = 10;
        r.value[FIELD_CURRENT][slot] = 1;
        r.value[FIELD_VOLTAGE][slot] = 230;
        r.value[FIELD_POWER_FACTOR][slot] = 1;
        r.value[FIELD_FREQUENCY][slot] = 50;
        r.value[FIELD_TEMPERATURE][slot] = 20;
        r.value[FIELD_DC_VOLTAGE][slot] = 30;
    }
    r.value[FIELD_ENERGY_FORWARD][0] = 0.5;
    r.value[FIELD_ENERGY_TODAY][0] = 0;
    add_string(33, 0, 0.5);
    add_string(44, 0.25, 0);
    common_lost(&r);
    for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
        assert_true(r.value[FIELD_POWER][slot] == 0 && r.value[FIELD_CURRENT][slot] == 0);
        assert_false(has_value(r.value[FIELD_VOLTAGE][slot]));
        assert_false(has_value(r.value[FIELD_POWER_FACTOR][slot]));
        assert_false(has_value(r.value[FIELD_FREQUENCY][slot]));
        assert_false(has_value(r.value[FIELD_TEMPERATURE][slot]));
        assert_false(has_value(r.value[FIELD_DC_VOLTAGE][slot]));
    }
    assert_true(r.value[FIELD_ENERGY_FORWARD][0] == 0.5 && r.value[FIELD_ENERGY_TODAY][0] == 0);
    assert_true(r.string[0].yield_total_kwh == 0.5 && r.string[0].yield_today_kwh == 0);
    assert_true(r.string[0].power_w == 0 && r.string[0].current_a == 0);
    assert_false(has_value(r.string[0].voltage_v));
    assert_false(has_value(r.string[1].yield_total_kwh));
    assert_false(has_value(r.string[1].yield_today_kwh));
    r.value[FIELD_ENERGY_FORWARD][0] = 0;
    common_lost(&r);
    assert_false(has_value(r.value[FIELD_ENERGY_FORWARD][0]));
    assert_false(has_value(r.value[FIELD_ENERGY_TODAY][0]));
}

/* Of a cycle that ended at one, the next begins behind it; of one that was answered, at the first. */
static void turns(void **state)
{
    struct turns t = {0};
    size_t which;

    turns_begin(&t);
    assert_false(turns_next(&t, &which));
    assert_int_equal(turns_current(&t), 0);
    t.count = 3;
    for (size_t n = 0; n < 2; n++) {
        assert_true(turns_next(&t, &which));
        assert_int_equal(which, n);
        assert_int_equal(turns_current(&t), n);
    }
    t = (struct turns){.count = 3};
    assert_true(turns_next(&t, &which));
    turns_begin(&t); /* the first did not answer */
    t.count = 3;
    assert_true(turns_next(&t, &which));
    assert_int_equal(which, 1);
    turns_begin(&t); /* nor the second */
    t.count = 3;
    for (size_t n = 0; n < 3; n++) {
        assert_true(turns_next(&t, &which));
        assert_int_equal(which, (n + 2) % 3);
        turns_answered(&t);
    }
    assert_false(turns_next(&t, &which));
    turns_begin(&t);
    t.count = 3;
    assert_true(turns_next(&t, &which));
    assert_int_equal(which, 0);
}

static size_t limit_of(unsigned max_inverters)
{
    static struct gateway_conf conf;
    conf.max_inverters = max_inverters;
    return common_inverter_limit(&conf);
}

static void inverters_that_are_asked(void **state)
{
    assert_int_equal(limit_of(0), INVERTERS_MAX);
    assert_int_equal(limit_of(1), 1);
    assert_int_equal(limit_of(INVERTERS_MAX), INVERTERS_MAX);
    assert_int_equal(limit_of(INVERTERS_MAX + 1), INVERTERS_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(series_by_the_serial),
        TEST(what_is_data),
        TEST(idle_on_three_phases),
        TEST(ranges),
        TEST(ends_of_ranges),
        TEST(serials),
        TEST(little_data),
        TEST(nothing_yet),
        TEST(what_is_of_use),
        TEST(sums_of_strings),
        TEST(as_many_strings_as_there_is_room_for),
        TEST(lost),
        TEST(turns),
        TEST(inverters_that_are_asked),
    };
    return cmocka_run_group_tests_name("common", tests, NULL, NULL);
}

/* What each version of OpenDTU makes of the list, and what the captures of real ones say. */
#include <stdio.h>
#include <stdlib.h>

#include "unit/support/driver_run.h"
#include "unit/support/opendtu_fixture.h"

static void test_bare_array(void **state)
{
    struct run *run = *state;
    cycle_fixture(run, "opendtu/array-2022-10.json");

    assert_int_equal(run->reading_count, 1);
    const struct reading *r = &run->readings[0];
    assert_string_equal(r->serial, "112100001111");
    assert_string_equal(r->name, "Shed");
    assert_int_equal(r->index, 0);
    assert_int_equal(r->reach, REACH_OK);
    assert_int_equal(r->phases, 1);
    assert_number(r->age_s, 3);
    assert_value(r, FIELD_POWER, 120.5);
    assert_missing(r, FIELD_VOLTAGE); /* "v": null */
    assert_value(r, FIELD_CURRENT, 0.52);
    assert_value(r, FIELD_ENERGY_FORWARD, 81.25);
    assert_value(r, FIELD_ENERGY_TODAY, 0.64);
    assert_value(r, FIELD_FREQUENCY, 50.01);
    assert_value(r, FIELD_POWER_FACTOR, 0.995); /* in "%" then */
    assert_value(r, FIELD_TEMPERATURE, 21.5);
    assert_value(r, FIELD_DC_VOLTAGE, 33.5);
    assert_missing(r, FIELD_MAX_POWER);
    assert_missing(r, FIELD_LIMIT);
    assert_missing(r, FIELD_ENERGY_REVERSE);
    assert_int_equal(r->strings, 1);
    assert_string_equal(r->string[0].name, "");
    assert_number(r->string[0].yield_total_kwh, 81.25);
}

static void test_flat_channels(void **state)
{
    struct run *run = *state;
    cycle_fixture(run, "opendtu/flat-2022-11.json");

    assert_int_equal(run->reading_count, 2);
    const struct reading *r = reading_of(run, "114100002222");
    assert_value(r, FIELD_POWER, 138.2);
    assert_value(r, FIELD_POWER_FACTOR, 1);
    assert_value(r, FIELD_ENERGY_FORWARD, 100.75);
    assert_value(r, FIELD_LIMIT, 300);
    assert_value(r, FIELD_MAX_POWER, 600);
    assert_value(r, FIELD_DC_VOLTAGE, 32.5); /* of string 1, which comes last */
    assert_int_equal(r->strings, 2);
    assert_number(r->string[0].power_w, 75);
    assert_number(r->string[1].power_w, 70);
    assert_number(r->string[1].yield_total_kwh, 40.5);

    r = reading_of(run, "114100003333"); /* heard, but not producing */
    assert_int_equal(r->index, 1);
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 0);
    assert_value(r, FIELD_CURRENT, 0);
    assert_value(r, FIELD_VOLTAGE, 230.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 55.5);
}

static void test_full(void **state)
{
    struct run *run = *state;
    cycle_fixture(run, "opendtu/full-v24.1.json");

    assert_int_equal(run->reading_count, 2);
    const struct reading *r = reading_of(run, "116100004444");
    assert_string_equal(r->name, "Garage");
    assert_value(r, FIELD_POWER, 612.5);
    assert_value(r, FIELD_VOLTAGE, 228.5);
    assert_value(r, FIELD_CURRENT, 2.68);
    assert_value(r, FIELD_ENERGY_FORWARD, 970.125);
    assert_value(r, FIELD_ENERGY_TODAY, 1.52);
    assert_value(r, FIELD_POWER_FACTOR, 0.999);
    assert_value(r, FIELD_TEMPERATURE, 34.5);
    assert_value(r, FIELD_MAX_POWER, 1500);
    assert_value(r, FIELD_LIMIT, 1500);
    assert_int_equal(r->strings, 4);
    assert_string_equal(r->string[2].name, "North 1");
    assert_number(r->string[3].power_w, 160);
    assert_number(r->string[3].voltage_v, 36.6);
    assert_number(r->string[3].current_a, 4.37);
    assert_number(r->string[3].yield_today_kwh, 0.38);
    assert_number(r->string[3].yield_total_kwh, 245.625);
}

/* Frozen power, "producing" still true: 0 W, and the energy kept. */
static void test_unreachable(void **state)
{
    struct run *run = *state;
    cycle_fixture(run, "opendtu/full-v24.1.json");

    const struct reading *r = reading_of(run, "116100005555");
    assert_int_equal(r->reach, REACH_LOST);
    assert_number(r->age_s, 900);
    assert_value(r, FIELD_POWER, 0);
    assert_value(r, FIELD_CURRENT, 0);
    assert_missing(r, FIELD_VOLTAGE);
    assert_missing(r, FIELD_FREQUENCY);
    assert_missing(r, FIELD_TEMPERATURE);
    assert_missing(r, FIELD_DC_VOLTAGE);
    assert_value(r, FIELD_ENERGY_FORWARD, 270.5);
    assert_value(r, FIELD_ENERGY_TODAY, 0.015);
    assert_value(r, FIELD_MAX_POWER, 1500);
    assert_int_equal(r->strings, 2);
    assert_number(r->string[0].power_w, 0);
    assert_number(r->string[0].voltage_v, MISSING);
    assert_number(r->string[0].yield_total_kwh, 135.25);
}

static void test_three_phases(void **state)
{
    struct run *run = *state;
    char *list = run_fixture("opendtu/summary-v26-hmt.json");
    char *inv = run_fixture("opendtu/inv-v26-hmt.json");
    const struct reply replies[] = {{LIST, list}, {INV(HALL), inv}};
    run_cycle(run, 0, replies, COUNT(replies));

    const struct reading *r = reading_of(run, HALL);
    assert_int_equal(r->phases, 3);
    assert_number(r->age_s, 3.25); /* data_age_ms */
    assert_value(r, FIELD_POWER, 1500);
    assert_value(r, FIELD_VOLTAGE, 400 / sqrt(3));
    assert_missing(r, FIELD_CURRENT); /* what the gateway says is not to be relied on */
    assert_phase(r, FIELD_VOLTAGE, 1, MISSING);
    assert_int_equal(r->strings, 6);
    assert_string_equal(r->string[5].name, "S6");
    free(list);
    free(inv);
}

static void test_keys_per_phase(void **state)
{
    struct run *run = *state;
    cycle_fixture(run, "opendtu/inv-phases.json");

    const struct reading *r = reading_of(run, HALL);
    assert_int_equal(r->phases, 3);
    assert_value(r, FIELD_VOLTAGE, 231);
    assert_missing(r, FIELD_CURRENT);
    assert_phase(r, FIELD_VOLTAGE, 1, 229);
    assert_phase(r, FIELD_VOLTAGE, 2, 231);
    assert_phase(r, FIELD_VOLTAGE, 3, 233);
    assert_phase(r, FIELD_CURRENT, 1, 2.1);
    assert_phase(r, FIELD_CURRENT, 3, 2.3);
}

/* One key of one phase is enough, whatever the serial says. */
static void test_a_key_of_a_phase(void **state)
{
    static const char *const keys[] = {"Voltage Ph1-N", "Voltage Ph2-N", "Voltage Ph3-N",
                                       "Current Ph1",   "Current Ph2",   "Current Ph3"};
    struct run *run = *state;
    char list[256];

    for (size_t i = 0; i < COUNT(keys); i++) {
        (void)snprintf(list, sizeof list,
                       "[{\"serial\":\"77\",\"0\":{\"Power\":{\"v\":9},\"Voltage\":{\"v\":400},"
                       "\"%s\":{\"v\":1.5}}}]",
                       keys[i]);
        cycle_with(run, list);
        const struct reading *r = reading_of(run, "77");
        assert_int_equal(r->phases, 3);
        assert_value(r, FIELD_VOLTAGE, 400 / sqrt(3));
        assert_phase(r, i < 3 ? FIELD_VOLTAGE : FIELD_CURRENT, i % 3 + 1, 1.5);
    }
}

static void test_limits_that_are_not_known(void **state)
{
    static const struct {
        const char *absolute, *relative;
        double limit_w, max_w;
    } cases[] = {{"300", "50", 300, 600},        {"0.5", "50", 0.5, 1},
                 {"8", "0.5", 8, 1600},          {"0", "50", MISSING, MISSING},
                 {"-1", "50", MISSING, MISSING}, {"300", "0", 300, MISSING},
                 {"300", "-1", 300, MISSING}};
    struct run *run = *state;
    char list[256];

    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)snprintf(list, sizeof list,
                       "[{\"serial\":\"77\",\"limit_absolute\":%s,\"limit_relative\":%s,\"0\":{"
                       "\"Power\":{\"v\":9}}}]",
                       cases[i].absolute, cases[i].relative);
        cycle_with(run, list);
        assert_value(reading_of(run, "77"), FIELD_LIMIT, cases[i].limit_w);
        assert_value(reading_of(run, "77"), FIELD_MAX_POWER, cases[i].max_w);
    }
}

/* Reachable, and with a counter, but no volts and no hertz: nothing was heard of it yet. */
static void test_no_volts_and_no_hertz(void **state)
{
    struct run *run = *state;

    cycle_with(run,
               "[{\"serial\":\"77\",\"reachable\":true,\"0\":{\"Power\":{\"v\":0},\"Voltage\":{"
               "\"v\":0},\"Frequency\":{\"v\":0},\"YieldTotal\":{\"v\":553.5}}}]");
    assert_int_equal(reading_of(run, "77")->reach, REACH_NO_DATA_YET);
    assert_missing(reading_of(run, "77"), FIELD_POWER);
    assert_missing(reading_of(run, "77"), FIELD_ENERGY_FORWARD);
}

/* Each of the three parts makes it the form with parts; and Wh of the day are read where no string tells them. */
static void test_parts(void **state)
{
    static const struct {
        const char *parts;
        enum field field;
        double value;
    } cases[] = {
        {"\"INV\":{\"0\":{\"YieldTotal\":{\"v\":7},\"YieldDay\":{\"v\":2223}}}", FIELD_ENERGY_TODAY,
         2.223},
        {"\"AC\":{\"0\":{\"YieldTotal\":{\"v\":7},\"YieldDay\":{\"v\":2223}}}", FIELD_ENERGY_TODAY,
         2.223},
        {"\"DC\":{\"0\":{\"YieldTotal\":{\"v\":7}}}", FIELD_ENERGY_FORWARD, 7},
    };
    struct run *run = *state;
    char list[256];

    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)snprintf(list, sizeof list,
                       "[{\"serial\":\"77\",\"reachable\":false,\"data_age\":%zu,%s}]", i,
                       cases[i].parts);
        cycle_with(run, list);
        assert_value(reading_of(run, "77"), cases[i].field, cases[i].value);
        assert_number(reading_of(run, "77")->age_s, (double)i);
    }
    cycle_with(
        run,
        "[{\"serial\":\"77\",\"data_age\":7,\"data_age_ms\":500,\"0\":{\"Power\":{\"v\":9}}}]");
    assert_number(reading_of(run, "77")->age_s, 0.5);
}

static void test_many_strings(void **state)
{
    struct run *run = *state;
    char list[4096];
    size_t n =
        (size_t)snprintf(list, sizeof list,
                         "[{\"serial\":\"77\",\"AC\":{\"0\":{\"Power\":{\"v\":5}}},\"DC\":{");

    for (unsigned i = 0; i < STRINGS_MAX + 2; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s\"%u\":{\"Power\":{\"v\":%u}}",
                              i ? "," : "", i, i);
    (void)snprintf(list + n, sizeof list - n, "}}]");
    cycle_with(run, list);
    assert_int_equal(reading_of(run, "77")->strings, STRINGS_MAX);
    assert_number(reading_of(run, "77")->string[STRINGS_MAX - 1].power_w, STRINGS_MAX - 1);
}

/* Volts to neutral or between phases: OpenDTU may tell either of an MIT-5000. */
static void test_mit(void **state)
{
    static const struct {
        const char *volts;
        double to_neutral;
    } cases[] = {{"231.7", 231.7},
                 {"299.9", 299.9},
                 {"300", 300 / 1.7320508075688772},
                 {"401.3", 401.3 / 1.7320508075688772}};
    struct run *run = *state;
    char list[256];

    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)snprintf(list, sizeof list,
                       "[{\"serial\":\"1520a025566b\",\"0\":{\"Power\":{\"v\":225.4},\"Voltage\":{"
                       "\"v\":%s},\"Current\":{\"v\":1}}}]",
                       cases[i].volts);
        cycle_with(run, list);
        const struct reading *r = reading_of(run, "1520a025566b");
        assert_int_equal(r->phases, 3);
        assert_value(r, FIELD_VOLTAGE, cases[i].to_neutral);
        assert_missing(r, FIELD_CURRENT);
    }
}

static void test_onbattery(void **state)
{
    struct run *run = *state;
    cycle_fixture(run, "opendtu/full-onbattery.json");
    assert_value(reading_of(run, BALCONY), FIELD_POWER, 250.5);

    cycle_with(run, "{\"battery\":{\"enabled\":true},\"power_meter\":{}}"); /* no "inverters" */
    assert_int_equal(run_result(run, LIST), DECODE_BAD_REPLY);
    assert_int_equal(run->reading_count, 0);
}

/* A full entry is emitted as it comes, a bare one is asked for. */
static void test_mixture(void **state)
{
    struct run *run = *state;
    char *inv = run_fixture("opendtu/inv-v24.2-balcony.json");
    const struct reply replies[] = {
        {LIST, "{\"inverters\":[{\"serial\":\"99\",\"AC\":{\"0\":{\"Power\":{\"v\":5},\"Voltage\":"
               "{\"v\":230}}}},{\"serial\":\"" BALCONY "\",\"reachable\":true}]}"},
        {INV(BALCONY), inv},
    };
    run_cycle(run, 0, replies, COUNT(replies));
    assert_int_equal(run->reading_count, 2);
    assert_value(reading_of(run, "99"), FIELD_POWER, 5);
    assert_missing(reading_of(run, "99"), FIELD_ENERGY_FORWARD);
    assert_value(reading_of(run, BALCONY), FIELD_POWER, 301.5);
    assert_int_equal(reading_of(run, BALCONY)->index, 1);
    free(inv);
}

/* ---- Captures of real devices, where they are at hand ---- */

static void test_samples(void **state)
{
    struct run *run = *state;
    char *list = run_sample("opendtu-v24.2.12-status.json");
    char *inv = run_sample("constructed-opendtu-v26.3.30-status-inv.json");
    char *older = run_sample("opendtu-v24.1-status.json"), *array, *flat;

    if (!list || !inv || !older) {
        free(list);
        free(inv);
        free(older);
        skip();
    }
    const struct reply replies[] = {{LIST, list}, {INV("114182000000"), inv}};
    run_cycle(run, 0, replies, COUNT(replies));
    assert_string_equal(run->asked[1].path, INV("114182940773"));
    cycle_with(run, inv);
    assert_int_equal(run->readings[0].reach, REACH_LOST);
    assert_number(run->readings[0].age_s, 49.312);
    assert_value(&run->readings[0], FIELD_ENERGY_FORWARD, 0.004);

    cycle_with(run, older);
    assert_value(reading_of(run, "116181698765"), FIELD_ENERGY_FORWARD, 270.4660034);
    array = run_sample("opendtu-2022-10-status.json");
    cycle_with(run, array);
    assert_value(reading_of(run, "xxx"), FIELD_POWER_FACTOR, 1);
    flat = run_sample("opendtu-2022-11-status.json");
    cycle_with(run, flat);
    assert_value(reading_of(run, "11418180xxxx"), FIELD_ENERGY_FORWARD, 48.5399971);
    assert_int_equal(run->reading_count, 2);

    char *rebooted = run_sample("constructed-opendtu-just-rebooted.json");
    cycle_with(run, rebooted);
    assert_int_equal(run->readings[0].reach, REACH_NO_DATA_YET);
    free(rebooted);
    free(array);
    free(flat);
    free(list);
    free(inv);
    free(older);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, opendtu_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_bare_array),
        TEST(test_flat_channels),
        TEST(test_full),
        TEST(test_unreachable),
        TEST(test_three_phases),
        TEST(test_keys_per_phase),
        TEST(test_a_key_of_a_phase),
        TEST(test_limits_that_are_not_known),
        TEST(test_no_volts_and_no_hertz),
        TEST(test_mit),
        TEST(test_parts),
        TEST(test_many_strings),
        TEST(test_onbattery),
        TEST(test_mixture),
        TEST(test_samples),
    };
    return cmocka_run_group_tests_name("opendtu formats", tests, NULL, NULL);
}

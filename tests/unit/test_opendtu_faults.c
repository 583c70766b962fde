/* Values, entries and replies of an OpenDTU that are odd, wrong or cut off. */
#include <stdlib.h>
#include <string.h>

#include "unit/support/driver_run.h"
#include "unit/support/opendtu_fixture.h"

/* ---- Single values ---- */

#define ENTRY(channels) \
    "[{\"serial\":\"77\",\"AC\":{\"0\":{\"Voltage\":{\"v\":230}}}," channels "}]"

static void test_yield_sources(void **state)
{
    struct run *run = *state;

    cycle_with(run,
               ENTRY("\"INV\":{\"0\":{\"YieldTotal\":{\"v\":3}}},\"DC\":{\"0\":{\"YieldTotal\":"
                     "{\"v\":9}}}"));
    assert_value(reading_of(run, "77"), FIELD_ENERGY_FORWARD, 3);
    cycle_with(run,
               ENTRY("\"DC\":{\"1\":{\"YieldTotal\":{\"v\":9},\"YieldDay\":{\"v\":500},\"Power\":"
                     "{\"v\":10}},\"0\":{\"YieldTotal\":{\"v\":\"1.5\"},\"YieldDay\":{\"v\":"
                     "100},\"Power\":{\"v\":5.5}}}"));
    assert_value(reading_of(run, "77"), FIELD_ENERGY_FORWARD, 10.5);
    assert_value(reading_of(run, "77"), FIELD_ENERGY_TODAY, 0.6);

    /* One string without a counter: no sum, and with no power either, nothing to go by. */
    cycle_with(run, ENTRY("\"DC\":{\"0\":{\"YieldTotal\":{\"v\":9}},\"1\":{\"YieldTotal\":null}}"));
    assert_int_equal(run_result(run, LIST), DECODE_BAD_REPLY);
    cycle_with(run, ENTRY("\"DC\":{\"0\":{\"YieldTotal\":{\"v\":9}},\"1\":null}"));
    assert_int_equal(run_result(run, LIST), DECODE_BAD_REPLY);
}

static void test_out_of_range(void **state)
{
    struct run *run = *state;

    cycle_with(run,
               "[{\"serial\":\"77\",\"data_age\":-5,\"limit_absolute\":1e9,\"0\":{\"Power\":{\"v\":"
               "2e6},\"Voltage\":{\"v\":12000},\"YieldTotal\":{\"v\":-4},\"Frequency\":{\"v\":50},"
               "\"PowerFactor\":{\"v\":100,\"u\":\"\"},\"Temperature\":{\"v\":6000},\"Current\":"
               "{\"v\":\"1.25\"},\"Power DC\":{\"v\":\"NaN\"}},\"1\":{\"YieldTotal\":{\"v\":7}}}]");
    const struct reading *r = reading_of(run, "77");
    assert_missing(r, FIELD_POWER);
    assert_missing(r, FIELD_VOLTAGE);
    assert_value(r, FIELD_ENERGY_FORWARD, 7); /* from its string */
    assert_value(r, FIELD_FREQUENCY, 50);
    assert_missing(r, FIELD_POWER_FACTOR);
    assert_missing(r, FIELD_TEMPERATURE);
    assert_value(r, FIELD_CURRENT, 1.25); /* a number in a text */
    assert_missing(r, FIELD_LIMIT);
    assert_missing(r, FIELD_MAX_POWER);
    assert_number(r->age_s, MISSING);
}

static void test_texts(void **state)
{
    struct run *run = *state;

    cycle_with(run,
               "[{\"serial\":\"  77 \",\"name\":\"D\\u00e4ch\\nle\\u0007\",\"0\":{\"Power\":{\"v\":"
               "1}}},{\"serial\":116181698765,\"0\":{\"Power\":{\"v\":2}}}]");
    assert_string_equal(run->readings[0].serial, "77");
    assert_string_equal(run->readings[0].name, "D\xc3\xa4"
                                               "ch le?");
    assert_string_equal(run->readings[1].serial, "116181698765");
    assert_string_equal(run->readings[1].name, "");
}

static void test_serial_is_encoded(void **state)
{
    struct run *run = *state;

    cycle_with(run, "{\"inverters\":[{\"serial\":\"a&b=c/../\\u00e4\"}]}");
    assert_string_equal(run->asked[1].path, INV("a%26b%3Dc%2F..%2F%C3%A4"));
}

/* ---- Entries ---- */

/* What a damaged packet says is passed on as it is: it is judged as a whole, behind the driver. */
static void test_damaged(void **state)
{
    struct run *run = *state;

    cycle_with(run,
               "[{\"serial\":\"77\",\"0\":{\"Power\":{\"v\":6553.5},\"Voltage\":{\"v\":6553.5},"
               "\"Current\":{\"v\":655.35},\"Frequency\":{\"v\":655.35},\"YieldTotal\":{\"v\":1}},"
               "\"1\":{\"Power\":{\"v\":6553.5},\"Voltage\":{\"v\":6553.5}}}]");
    const struct reading *r = reading_of(run, "77");
    assert_true(r->by_radio);
    assert_value(r, FIELD_POWER, 6553.5);
    assert_value(r, FIELD_VOLTAGE, 6553.5);
    assert_value(r, FIELD_CURRENT, 655.35);
    assert_value(r, FIELD_FREQUENCY, 655.35);
    assert_number(r->string[0].voltage_v, 6553.5);
    assert_number(r->stamp_s, MISSING);
}

static void test_doubtful_entries(void **state)
{
    struct run *run = *state;

    cycle_with(
        run, "[{\"name\":\"no serial\",\"0\":{\"Power\":{\"v\":1}}},{\"serial\":\"000\",\"0\":{"
             "\"Power\":{\"v\":2}}},7,{\"serial\":\"5a\",\"0\":{\"Power\":{\"v\":3}}},{\"serial\":"
             "\"005A\",\"0\":{\"Power\":{\"v\":4}}}]");
    assert_int_equal(run->reading_count, 1);
    assert_value(&run->readings[0], FIELD_POWER, 3); /* the first one of a serial counts */
    assert_int_equal(run->readings[0].index, 3);

    cycle_with(run, "[{\"name\":\"no serial\"},{\"serial\":\"1\",\"0\":{\"Power\":{\"v\":null}}}]");
    assert_int_equal(run_result(run, LIST), DECODE_BAD_REPLY);
    assert_int_equal(run->reading_count, 0);
}

/* ---- What the gateway may answer instead ---- */

static void test_bad_replies(void **state)
{
    static const struct {
        const char *body;
        enum decode_result result;
    } cases[] = {
        {"null", DECODE_BUSY},
        {"", DECODE_BAD_REPLY},
        {"<!DOCTYPE html><html></html>", DECODE_BAD_REPLY},
        {"{}", DECODE_BAD_REPLY},
        {"[]", DECODE_BAD_REPLY},
        {"{\"inverters\":[]}", DECODE_BAD_REPLY},
        {"{\"inverters\":{}}", DECODE_BAD_REPLY},
        {"{\"inverters\":null}", DECODE_BAD_REPLY},
        {"{\"inverters\":[null,1,\"x\",[],{}]}", DECODE_BAD_REPLY},
        {"{\"inverters\":[{\"serial\":\"1\"", DECODE_BAD_REPLY},
        {"{\"message\":\"Not enough memory\"}", DECODE_BAD_REPLY},
        {"7", DECODE_BAD_REPLY},
        {"\"inverters\"", DECODE_BAD_REPLY},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        cycle_with(run, cases[i].body);
        assert_int_equal(run_result(run, LIST), cases[i].result);
        assert_int_equal(run->reading_count, 0);
        assert_int_equal(run->asked_count, 1);
        assert_false(run->complete);
    }
    cycle_with(run, "{\"inverters\":[]}");
    assert_non_null(strstr(run_why(run, LIST), "lists no inverters"));
}

static void test_bad_single_replies(void **state)
{
    struct run *run = *state;
    struct gateway g;
    gateway_open(&g);

    char *absent = run_fixture("opendtu/inv-v24.2-absent.json");
    g.replies[1].body = absent;
    gateway_cycle(run, &g, 0);
    assert_int_equal(run_result(run, INV(BALCONY)), DECODE_ABSENT);
    assert_true(run->complete); /* the others are asked all the same */
    assert_int_equal(run->reading_count, 2);

    g.replies[1].body = g.fence; /* another one's reply never counts for this one */
    gateway_cycle(run, &g, 5000);
    assert_int_equal(run_result(run, INV(BALCONY)), DECODE_ABSENT);
    assert_null(run_find(run, BALCONY));
    assert_value(reading_of(run, FENCE), FIELD_POWER, 0);

    g.replies[1].body = "null";
    gateway_cycle(run, &g, 10000);
    assert_int_equal(run_result(run, INV(BALCONY)), DECODE_BUSY);
    assert_false(run->complete);

    g.replies[1].body = "{\"inverters\":[{\"serial\":\"" BALCONY "\"}]}";
    gateway_cycle(run, &g, 15000);
    assert_int_equal(run_result(run, INV(BALCONY)), DECODE_BAD_REPLY);
    g.replies[1].body = "{}";
    gateway_cycle(run, &g, 20000);
    assert_int_equal(run_result(run, INV(BALCONY)), DECODE_BAD_REPLY);

    g.replies[1].body = g.balcony; /* and all is well again */
    gateway_cycle(run, &g, 25000);
    assert_true(run->complete);
    assert_value(reading_of(run, BALCONY), FIELD_POWER, 301.5);
    free(absent);
    gateway_close(&g);
}

/* ---- Torture ---- */

static void test_torture_summary(void **state)
{
    struct gateway g;
    (void)state;
    gateway_open(&g);
    run_torture(opendtu_open, g.replies, COUNT(g.replies));
    gateway_close(&g);
}

static void test_torture_lists(void **state)
{
    static const char *const fixtures[] = {
        "opendtu/array-2022-10.json", "opendtu/flat-2022-11.json",  "opendtu/full-v24.1.json",
        "opendtu/inv-phases.json",    "opendtu/full-rebooted.json", "opendtu/inv-v26-hmt.json",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(fixtures); i++) {
        char *list = run_fixture(fixtures[i]);
        run_torture(opendtu_open, &(struct reply){LIST, list}, 1);
        free(list);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, opendtu_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_damaged),       TEST(test_yield_sources),      TEST(test_out_of_range),
        TEST(test_texts),         TEST(test_serial_is_encoded),  TEST(test_doubtful_entries),
        TEST(test_bad_replies),   TEST(test_bad_single_replies), TEST(test_torture_summary),
        TEST(test_torture_lists),
    };
    return cmocka_run_group_tests_name("opendtu faults", tests, NULL, NULL);
}

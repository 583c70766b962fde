#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/support/driver_run.h"

#define LIST        "/api/livedata/status"
#define SYSTEM      "/api/system/status"
#define LIMITS      "/api/limit/status"
#define INV(serial) LIST "?inv=" serial

#define BALCONY "114182000001"
#define FENCE   "114182000002"
#define BARN    "1141820000ab"
#define HALL    "138212000001"

enum { HOUR_MS = 3600 * 1000 };

static int setup(void **state)
{
    struct run *run = malloc(sizeof *run);

    assert_non_null(run);
    run_open(run, "opendtu");
    *state = run;
    return 0;
}

static int teardown(void **state)
{
    run_close(*state);
    free(*state);
    return 0;
}

static const struct reading *reading_of(const struct run *run, const char *serial)
{
    const struct reading *r = run_find(run, serial);
    if (!r)
        fail_msg("no reading of %s", serial);
    return r;
}

/* One cycle in which the list is all there is. */
static void cycle_with(struct run *run, const char *list)
{
    run_cycle(run, 0, &(struct reply){LIST, list}, 1);
}

static void cycle_fixture(struct run *run, const char *fixture)
{
    char *list = run_fixture(fixture);
    cycle_with(run, list);
    free(list);
}

/* ---- The shapes ---- */

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

struct gateway {
    char *summary, *balcony, *fence, *barn, *system, *limits;
    struct reply replies[6];
};

static void gateway_open(struct gateway *g)
{
    g->summary = run_fixture("opendtu/summary-v24.2.json");
    g->balcony = run_fixture("opendtu/inv-v24.2-balcony.json");
    g->fence = run_fixture("opendtu/inv-v24.2-fence-lost.json");
    g->barn = run_fixture("opendtu/inv-v24.2-barn.json");
    g->system = run_fixture("opendtu/system-status.json");
    g->limits = run_fixture("opendtu/limit-status.json");
    g->replies[0] = (struct reply){LIST, g->summary};
    g->replies[1] = (struct reply){INV(BALCONY), g->balcony};
    g->replies[2] = (struct reply){INV(FENCE), g->fence};
    g->replies[3] = (struct reply){INV(BARN), g->barn};
    g->replies[4] = (struct reply){SYSTEM, g->system};
    g->replies[5] = (struct reply){LIMITS, g->limits};
}

static void gateway_close(struct gateway *g)
{
    free(g->summary);
    free(g->balcony);
    free(g->fence);
    free(g->barn);
    free(g->system);
    free(g->limits);
}

static void gateway_cycle(struct run *run, struct gateway *g, int64_t now_ms)
{
    run_cycle(run, now_ms, g->replies, COUNT(g->replies));
}

static void test_summary(void **state)
{
    static const char *const order[] = {LIST, INV(BALCONY), INV(FENCE), INV(BARN), SYSTEM, LIMITS};
    struct run *run = *state;
    struct gateway g;
    gateway_open(&g);
    gateway_cycle(run, &g, 1000);

    assert_true(run->complete);
    assert_int_equal(run->asked_count, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++) {
        assert_string_equal(run->asked[i].path, order[i]);
        assert_int_equal(run->asked[i].optional, i >= 4);
    }
    assert_int_equal(run->reading_count, 3);

    const struct reading *r = reading_of(run, BALCONY);
    assert_int_equal(r->index, 0); /* its place in the list, not its "order" */
    assert_value(r, FIELD_POWER, 301.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 512.5);
    assert_value(r, FIELD_ENERGY_TODAY, 1.21);
    assert_value(r, FIELD_TEMPERATURE, 41.5);
    assert_string_equal(r->string[0].name, "left"); /* "1" comes first in the reply */
    assert_number(r->string[1].power_w, 150.5);

    r = reading_of(run, FENCE);
    assert_int_equal(r->index, 1);
    assert_int_equal(r->reach, REACH_LOST);
    assert_value(r, FIELD_POWER, 0);
    assert_value(r, FIELD_ENERGY_FORWARD, 150.25);
    assert_missing(r, FIELD_LIMIT); /* -1 is not known */
    assert_missing(r, FIELD_MAX_POWER);

    r = reading_of(run, BARN); /* poll_enabled is false */
    assert_int_equal(r->reach, REACH_LOST);
    assert_value(r, FIELD_ENERGY_FORWARD, 149.75);

    assert_int_equal(run->info_count, 1);
    assert_string_equal(run->info.firmware, "v26.3.30");
    assert_string_equal(run->info.hostname, "OpenDTU-4F1A20");
    assert_false(run->info.esp8266);
    gateway_close(&g);
}

/* In each list: what it complained of last counts, over the reply that tells its version. */
static void test_hints(void **state)
{
#define HINTED(hints) \
    "{\"inverters\":[{\"serial\":\"1\",\"AC\":{\"0\":{\"Power\":{\"v\":5}}}}]" hints "}"
    static const struct {
        const char *body;
        bool no_time, radio, password;
    } cases[] = {
        {HINTED(",\"hints\":{\"time_sync\":true,\"radio_problem\":false}"), true, false, false},
        {HINTED(",\"hints\":{\"time_sync\":false,\"radio_problem\":true}"), false, true, false},
        {HINTED(",\"hints\":{\"default_password\":true,\"time_sync\":1}"), false, false, true},
        {HINTED(",\"hints\":{\"time_sync\":false}"), false, false, false},
        {HINTED(""), false, false, false},
    };
    static const char system[] = "{\"git_hash\":\"v26.3.30\"}";
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reply replies[] = {{LIST, cases[i].body}, {SYSTEM, system}};
        run_cycle(run, 0, replies, COUNT(replies));
        assert_int_equal(run->info.no_time, cases[i].no_time);
        assert_int_equal(run->info.radio_problem, cases[i].radio);
        assert_int_equal(run->info.default_password, cases[i].password);
        assert_string_equal(run->info.firmware, "v26.3.30");
    }
}

/* The lost ones are asked in the first cycle and in every tenth; in between the list says enough. */
static void test_summary_at_night(void **state)
{
    struct run *run = *state;
    struct gateway g;
    gateway_open(&g);

    for (unsigned cycle = 0; cycle < 25; cycle++) {
        gateway_cycle(run, &g, 5000 * (int64_t)cycle);
        assert_true(run->complete);
        assert_int_equal(run->reading_count, 3);
        assert_int_equal(run_asked(run, INV(BALCONY)), 1);
        assert_int_equal(run_asked(run, INV(FENCE)), cycle % 10 == 0);
        const struct reading *r = reading_of(run, FENCE);
        assert_int_equal(r->reach, REACH_LOST);
        assert_int_equal(r->index, 1);
        assert_string_equal(r->name, "Fence");
        assert_int_equal(r->phases, 1);
        assert_value(r, FIELD_POWER, 0);
        assert_number(r->age_s, 5400);
        if (cycle % 10)
            assert_missing(r, FIELD_ENERGY_FORWARD);
        else
            assert_value(r, FIELD_ENERGY_FORWARD, 150.25);
    }
    gateway_close(&g);
}

static void test_heard_again(void **state)
{
    struct run *run = *state;
    struct gateway g;
    gateway_open(&g);
    gateway_cycle(run, &g, 0);
    gateway_cycle(run, &g, 5000);
    assert_int_equal(run_asked(run, INV(FENCE)), 0);

    /* Rises in the morning: asked at once, each time. */
    char *fence = strstr(g.summary, FENCE);
    assert_non_null(fence);
    char *reachable = strstr(fence, "\"reachable\": false");
    assert_non_null(reachable);
    memcpy(reachable, "\"reachable\": true ", strlen("\"reachable\": true "));
    gateway_cycle(run, &g, 10000);
    assert_int_equal(run_asked(run, INV(FENCE)), 1);
    gateway_cycle(run, &g, 15000);
    assert_int_equal(run_asked(run, INV(FENCE)), 1);
    gateway_close(&g);
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
    } cases[] = {{"300", "50", 300, 600},
                 {"0", "50", MISSING, MISSING},
                 {"-1", "50", MISSING, MISSING},
                 {"300", "0", 300, MISSING},
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

/* Everything 0 while "reachable": the gateway itself has only just started. */
static void test_just_rebooted(void **state)
{
    struct run *run = *state;
    cycle_fixture(run, "opendtu/full-rebooted.json");

    const struct reading *r = reading_of(run, BALCONY);
    assert_int_equal(r->reach, REACH_NO_DATA_YET);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_missing(r, FIELD_POWER);
    assert_int_equal(r->strings, 0);
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

/* Volts to neutral or between phases: OpenDTU may tell either of an MIT-5000. */
static void test_mit(void **state)
{
    static const struct {
        const char *volts;
        double to_neutral;
    } cases[] = {{"231.7", 231.7}, {"401.3", 401.3 / 1.7320508075688772}};
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

/* Started at night: an inverter that was never heard has no counter, not one of 0 kWh. */
static void test_rebooted_at_night(void **state)
{
    struct run *run = *state;
    char *list = run_fixture("opendtu/full-rebooted.json");
    char *reachable = strstr(list, "\"reachable\": true");
    memcpy(reachable, "\"reachable\":false", strlen("\"reachable\":false"));
    cycle_with(run, list);

    const struct reading *r = reading_of(run, BALCONY);
    assert_int_equal(r->reach, REACH_LOST);
    assert_value(r, FIELD_POWER, 0);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_missing(r, FIELD_ENERGY_TODAY);
    assert_number(r->string[0].yield_total_kwh, MISSING);
    free(list);
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

/* ---- Lists ---- */

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

/* The list's order changes: values stay with their serials. */
static void test_reordered(void **state)
{
    struct run *run = *state;
    cycle_with(
        run, "[{\"serial\":\"a1\",\"0\":{\"Power\":{\"v\":1}}},{\"serial\":\"b2\",\"0\":{\"Power\":"
             "{\"v\":2}}}]");
    cycle_with(
        run, "[{\"serial\":\"b2\",\"0\":{\"Power\":{\"v\":2}}},{\"serial\":\"a1\",\"0\":{\"Power\":"
             "{\"v\":1}}}]");
    assert_value(reading_of(run, "a1"), FIELD_POWER, 1);
    assert_value(reading_of(run, "b2"), FIELD_POWER, 2);
    assert_int_equal(reading_of(run, "a1")->index, 1);
}

static char *long_list(unsigned count, const char *rest)
{
    char *list = malloc(count * 128 + 16), *end = list;

    assert_non_null(list);
    end += sprintf(end, "{\"inverters\":[");
    for (unsigned i = 0; i < count; i++)
        end += sprintf(end, "%s{\"serial\":\"1141%08x\"%s}", i ? "," : "", i, rest);
    (void)sprintf(end, "]}");
    return list;
}

static void test_many(void **state)
{
    struct run *run = *state;
    char *list = long_list(64, ",\"AC\":{\"0\":{\"Power\":{\"v\":1}}}");

    cycle_with(run, list);
    assert_int_equal(run->reading_count, 64);
    assert_int_equal(run->readings[63].index, 63);
    run->conf->max_inverters = 5;
    cycle_with(run, list);
    assert_int_equal(run->reading_count, 5);
    free(list);

    list = long_list(100, ",\"AC\":{\"0\":{\"Power\":{\"v\":1}}}");
    run->conf->max_inverters = 0;
    cycle_with(run, list);
    assert_int_equal(run->reading_count, 64);
    free(list);
}

static void test_many_asked_singly(void **state)
{
    struct run *run = *state;
    char *list = long_list(100, ",\"reachable\":true");
    const struct reply replies[] = {{LIST, list}};

    run_cycle(run, 0, replies, 1); /* the first one fails: the cycle ends there */
    assert_int_equal(run->asked_count, 2);
    assert_string_equal(run->asked[1].path, INV("114100000000"));

    /* The one that failed comes last in the next cycle, so that the others have their turn. */
    run_cycle(run, 5000, replies, 1);
    assert_string_equal(run->asked[1].path, INV("114100000001"));
    run_cycle(run, 10000, replies, 1);
    assert_string_equal(run->asked[1].path, INV("114100000002"));
    run->conf->max_inverters = 3;
    run_cycle(run, 15000, replies, 1);
    assert_string_equal(run->asked[1].path, INV("114100000000"));
    free(list);
}

/* Inverters come and go for ever: what is remembered stays bounded. */
static void test_ever_new_serials(void **state)
{
    struct run *run = *state;
    char list[160];

    for (unsigned i = 1; i < 500; i++) {
        (void)snprintf(list, sizeof list, "[{\"serial\":\"%u\",\"0\":{\"Power\":{\"v\":%u}}}]", i,
                       i);
        cycle_with(run, list);
        assert_int_equal(run->reading_count, 1);
        assert_value(&run->readings[0], FIELD_POWER, i);
    }
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

/* ---- What is asked now and then ---- */

static void test_extras(void **state)
{
    struct run *run = *state;
    struct gateway g;
    gateway_open(&g);

    gateway_cycle(run, &g, 0);
    assert_int_equal(run_asked(run, SYSTEM), 1);
    assert_int_equal(run_asked(run, LIMITS), 1);
    gateway_cycle(run, &g, 5000);
    assert_int_equal(run_asked(run, SYSTEM), 0);
    assert_int_equal(run_asked(run, LIMITS), 0);
    assert_string_equal(run->info.firmware, "v26.3.30"); /* said again, for who joins late */
    assert_value(reading_of(run, BALCONY), FIELD_MAX_POWER, 600);
    assert_value(reading_of(run, BARN), FIELD_MAX_POWER, 800); /* the serial's case differs */
    gateway_cycle(run, &g, HOUR_MS - 1);
    assert_int_equal(run_asked(run, SYSTEM), 0);
    gateway_cycle(run, &g, HOUR_MS);
    assert_int_equal(run_asked(run, SYSTEM), 1);
    assert_int_equal(run_asked(run, LIMITS), 1);
    gateway_close(&g);
}

static void test_extras_fail(void **state)
{
    struct run *run = *state;
    struct gateway g;
    gateway_open(&g);

    g.replies[4].body = NULL;
    g.replies[5].body = "[]";
    gateway_cycle(run, &g, 0);
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 3);
    assert_int_equal(run->info_count, 0);
    gateway_cycle(run, &g, 5000); /* not every cycle again */
    assert_int_equal(run_asked(run, SYSTEM), 0);
    gateway_cycle(run, &g, 5 * 60 * 1000);
    assert_int_equal(run_asked(run, SYSTEM), 1);
    assert_int_equal(run_asked(run, LIMITS), 1);
    assert_true(run->complete);
    gateway_close(&g);
}

/* Half of it is better than nothing: it is told, told again, and not asked for more often. */
static void test_half_a_system_status(void **state)
{
    static const struct {
        const char *body, *firmware, *hostname;
    } cases[] = {{"{\"git_hash\":\"v26.3.30\"}", "v26.3.30", ""},
                 {"{\"hostname\":\"OpenDTU-1\"}", "", "OpenDTU-1"}};
    struct gateway g;

    gateway_open(&g);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run *run = *state;
        run_close(run);
        run_open(run, "opendtu");
        g.replies[4].body = cases[i].body;
        for (int64_t now_ms = 0; now_ms <= HOUR_MS; now_ms += HOUR_MS / 4) {
            gateway_cycle(run, &g, now_ms);
            assert_int_equal(run_asked(run, SYSTEM), now_ms == 0 || now_ms == HOUR_MS);
            assert_true(run->info_count > 0);
            assert_string_equal(run->info.firmware, cases[i].firmware);
            assert_string_equal(run->info.hostname, cases[i].hostname);
        }
        g.replies[4].body = "{\"uptime\":5}"; /* neither: refused, and what is known stays */
        gateway_cycle(run, &g, 2 * HOUR_MS);
        assert_int_equal(run_result(run, SYSTEM), DECODE_BAD_REPLY);
        assert_string_equal(run->info.firmware, cases[i].firmware);
        gateway_cycle(run, &g, 2 * HOUR_MS + 299999);
        assert_int_equal(run_asked(run, SYSTEM), 0);
        gateway_cycle(run, &g, 2 * HOUR_MS + 300000);
        assert_int_equal(run_asked(run, SYSTEM), 1);
    }
    gateway_close(&g);
}

/* max_power goes before what follows from the limit in force. */
static void test_max_power(void **state)
{
    struct run *run = *state;
    const struct reply replies[] = {
        {LIST,
         "[{\"serial\":\"a1\",\"limit_relative\":50,\"limit_absolute\":290,\"0\":{\"Power\":{\"v\":"
         "1}}},{\"serial\":\"b2\",\"limit_relative\":0,\"limit_absolute\":300,\"0\":{\"Power\":"
         "{\"v\":1}}}]"},
        {LIMITS, "{\"a1\":{\"max_power\":600},\"b2\":{\"max_power\":-7},\"c3\":{\"max_power\":5}}"},
    };
    run_cycle(run, 0, replies, COUNT(replies));
    assert_value(reading_of(run, "a1"), FIELD_MAX_POWER, 580);
    assert_missing(reading_of(run, "b2"), FIELD_MAX_POWER);
    run_cycle(run, 5000, replies, COUNT(replies));
    assert_value(reading_of(run, "a1"), FIELD_MAX_POWER, 600);
    assert_value(reading_of(run, "a1"), FIELD_LIMIT, 290);
    assert_missing(reading_of(run, "b2"), FIELD_MAX_POWER);
}

/* ---- Torture ---- */

static void open_plain(struct run *run)
{
    run_open(run, "opendtu");
}

static void test_torture_summary(void **state)
{
    struct gateway g;
    (void)state;
    gateway_open(&g);
    run_torture(open_plain, g.replies, COUNT(g.replies));
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
        run_torture(open_plain, &(struct reply){LIST, list}, 1);
        free(list);
    }
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

/* ---- what comes by itself ---- */

#define PUSHED(serial, watts)                                                                      \
    "{\"serial\":\"" serial "\",\"name\":\"Pushed\",\"reachable\":true,\"producing\":true,"        \
    "\"limit_relative\":100,\"limit_absolute\":1500,\"AC\":{\"0\":{\"Power\":{\"v\":" watts "}}}," \
    "\"INV\":{\"0\":{\"YieldTotal\":{\"v\":77}}}}"
#define MESSAGE(entries) "{\"inverters\":[" entries "],\"total\":{},\"hints\":{}}"

/* The summary tells all that there are before the first of them is asked; "00..." is the same serial. */
static void test_list(void **state)
{
    static const char list[] =
        MESSAGE("{\"serial\":\"" BALCONY "\"},{\"name\":\"no serial\"},{\"serial\":\"" FENCE "\"},"
                "{\"serial\":\"00" FENCE "\"}");
    struct run *run = *state;

    cycle_with(run, list);
    assert_false(run->complete); /* neither of them answers */
    assert_true(run->list_ended);
    assert_int_equal(run->listed_count, 2);
    assert_string_equal(run->listed[0].serial, BALCONY);
    assert_int_equal(run->listed[0].index, 0);
    assert_string_equal(run->listed[1].serial, FENCE);
    assert_int_equal(run->listed[1].index, 2);
    cycle_with(run, MESSAGE(PUSHED(FENCE, "1"))); /* the older shapes: list and values in one */
    assert_true(run->list_ended);
    assert_int_equal(run->listed_count, 1);
    run->conf->max_inverters = 1;
    cycle_with(run, list);
    assert_int_equal(run->listed_count, 1);
}

static void test_no_list(void **state)
{
    static const char *const bodies[] = {MESSAGE(""), "{}", "null", MESSAGE("{\"name\":\"x\"},7"),
                                         "{\"inverters\":[{\"serial\":\"" BALCONY "\"}"};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(bodies); i++) {
        cycle_with(run, bodies[i]);
        assert_false(run->list_ended);
    }
}

static void test_feed(void **state)
{
    struct run *run = *state;
    const struct feed *feed;

    assert_null(run->driver->feed(run->session));
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1")));
    feed = run->driver->feed(run->session);
    assert_string_equal(feed->path, "/livedata");
    assert_int_equal(feed->repeat_ms, 10000);
    assert_in_range(feed->silence_ms, 11001,
                    14000); /* it looks once a second what is over 10 s old */
}

static void test_pushed(void **state)
{
    struct run *run = *state;
    const struct driver *d = run->driver;

    assert_int_equal(d->pushed_since(run->session), -1);
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1") "," PUSHED(FENCE, "2")));
    assert_int_equal(run_push(run, 1000, MESSAGE(PUSHED(FENCE, "123.5"))), DECODE_OK);
    assert_int_equal(run->reading_count, 1);
    const struct reading *r = reading_of(run, FENCE);
    assert_int_equal(r->index, 1);
    assert_string_equal(r->name, "Pushed");
    assert_value(r, FIELD_POWER, 123.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 77);
    assert_value(r, FIELD_MAX_POWER, 1500);
    assert_int_equal(d->pushed_since(run->session), -1); /* the other one was not yet */
    assert_int_equal(run_push(run, 2000, "[" PUSHED("00" BALCONY, "3") "]"), DECODE_OK);
    assert_int_equal(reading_of(run, BALCONY)->index, 0);
    assert_int_equal(d->pushed_since(run->session), 1000);
    assert_int_equal(run_push(run, 5000, MESSAGE(PUSHED(FENCE, "4") "," PUSHED(BALCONY, "5"))),
                     DECODE_OK);
    assert_int_equal(run->reading_count, 2);
    assert_int_equal(d->pushed_since(run->session), 5000);
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1"))); /* what is not listed is not waited for */
    assert_int_equal(run_push(run, 9000, MESSAGE(PUSHED(BALCONY, "6"))), DECODE_OK);
    assert_int_equal(d->pushed_since(run->session), 9000);
}

static void test_pushed_strangers(void **state)
{
    struct run *run = *state;

    run->conf->max_inverters = 0;
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1") "," PUSHED(FENCE, "2")));
    assert_int_equal(run_push(run, 1000, MESSAGE(PUSHED(BARN, "3"))), DECODE_ABSENT);
    assert_int_equal(run->reading_count, 0);
    assert_int_equal(run_push(run, 1000, MESSAGE(PUSHED(BARN, "3") "," PUSHED(BALCONY, "4"))),
                     DECODE_ABSENT);
    assert_int_equal(run->reading_count, 1);
    run->conf->max_inverters = 1;
    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1") "," PUSHED(BARN, "2")));
    assert_int_equal(run_push(run, 2000, MESSAGE(PUSHED(BARN, "3"))), DECODE_OK);
    assert_int_equal(run->reading_count, 0);
}

static void test_pushed_nonsense(void **state)
{
    static const struct {
        const char *body;
        enum decode_result result;
    } cases[] = {
        {"{\"battery\":{\"enabled\":true,\"soc\":{\"v\":87}}}", DECODE_OK},
        {"{\"inverters\":7}", DECODE_OK},
        {MESSAGE(""), DECODE_OK},
        {MESSAGE("{\"serial\":\"0\"},17,null"), DECODE_OK},
        {MESSAGE("{\"serial\":\"" BALCONY "\",\"AC\":{},\"INV\":{}}"), DECODE_OK},
        {"7", DECODE_OK},
        {"null", DECODE_BUSY},
        {"", DECODE_BAD_REPLY},
        {"{\"inverters\":[{\"serial\":", DECODE_BAD_REPLY},
        {"<html>", DECODE_BAD_REPLY},
    };
    struct run *run = *state;

    cycle_with(run, MESSAGE(PUSHED(BALCONY, "1")));
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(run_push(run, 1000, cases[i].body), cases[i].result);
        assert_int_equal(run->reading_count, 0);
        assert_int_equal(run->driver->pushed_since(run->session), -1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_bare_array),
        TEST(test_flat_channels),
        TEST(test_full),
        TEST(test_unreachable),
        TEST(test_summary),
        TEST(test_hints),
        TEST(test_summary_at_night),
        TEST(test_heard_again),
        TEST(test_three_phases),
        TEST(test_keys_per_phase),
        TEST(test_a_key_of_a_phase),
        TEST(test_limits_that_are_not_known),
        TEST(test_just_rebooted),
        TEST(test_no_volts_and_no_hertz),
        TEST(test_mit),
        TEST(test_damaged),
        TEST(test_rebooted_at_night),
        TEST(test_onbattery),
        TEST(test_mixture),
        TEST(test_yield_sources),
        TEST(test_out_of_range),
        TEST(test_texts),
        TEST(test_serial_is_encoded),
        TEST(test_doubtful_entries),
        TEST(test_reordered),
        TEST(test_many),
        TEST(test_many_asked_singly),
        TEST(test_ever_new_serials),
        TEST(test_bad_replies),
        TEST(test_bad_single_replies),
        TEST(test_extras),
        TEST(test_extras_fail),
        TEST(test_half_a_system_status),
        TEST(test_max_power),
        TEST(test_torture_summary),
        TEST(test_torture_lists),
        TEST(test_samples),
        TEST(test_list),
        TEST(test_no_list),
        TEST(test_feed),
        TEST(test_pushed),
        TEST(test_pushed_strangers),
        TEST(test_pushed_nonsense),
    };
    return cmocka_run_group_tests_name("opendtu", tests, NULL, NULL);
}

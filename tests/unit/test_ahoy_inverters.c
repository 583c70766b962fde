/* AhoyDTU from 0.5.93: each inverter is a reply of its own. And what the captures of real ones say. */
#include <stdio.h>
#include <stdlib.h>

#include "unit/support/ahoy_fixture.h"
#include "unit/support/driver_run.h"

static void test_gaps(void **state)
{
    struct run *run = *state;
    struct table t = gap_table();
    run_cycle(run, 0, t.replies, t.count);

    assert_true(run->complete);
    assert_asked_are(run, LIVE, ID(1), ID(3));
    assert_int_equal(run->reading_count, 2);
    assert_string_equal(run->info.firmware, "0.7.36");
    assert_false(run->info.esp8266);

    const struct reading *r = reading_of(run, "114144440001");
    assert_string_equal(r->name, "Wall");
    assert_int_equal(r->index, 1);
    assert_int_equal(r->reach, REACH_OK);
    assert_int_equal(r->phases, 1);
    assert_number(r->age_s, 11);
    assert_value(r, FIELD_POWER, 121.5);
    assert_value(r, FIELD_VOLTAGE, 234.5);
    assert_value(r, FIELD_CURRENT, 0.52);
    assert_value(r, FIELD_FREQUENCY, 50.01);
    assert_value(r, FIELD_POWER_FACTOR, 1);
    assert_value(r, FIELD_TEMPERATURE, 22.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 88.125);
    assert_value(r, FIELD_ENERGY_TODAY, 0.31);
    assert_value(r, FIELD_DC_VOLTAGE, 32.5);
    assert_missing(r, FIELD_MAX_POWER); /* the column MaxPower is the day's peak: not that */
    assert_missing(r, FIELD_LIMIT);
    assert_int_equal(r->strings, 2);
    assert_string_equal(r->string[1].name, "b");
    assert_number(r->string[1].power_w, 64);
    assert_number(r->string[1].voltage_v, 32.75);
    assert_number(r->string[1].yield_today_kwh, 0.16);
    assert_number(r->string[1].yield_total_kwh, 44.125);
    table_close(&t);
}

/* status 4, "was on": frozen values; 0 W and the energy kept. */
static void test_night(void **state)
{
    struct run *run = *state;
    struct table t = gap_table();
    run_cycle(run, 0, t.replies, t.count);

    const struct reading *r = reading_of(run, "112144440002");
    assert_int_equal(r->index, 3);
    assert_int_equal(r->reach, REACH_LOST);
    assert_number(r->age_s, 18541);
    assert_value(r, FIELD_POWER, 0);
    assert_value(r, FIELD_CURRENT, 0);
    assert_missing(r, FIELD_VOLTAGE);
    assert_value(r, FIELD_ENERGY_FORWARD, 35.5);
    table_close(&t);
}

/* Names in another order, more of them, HMT. */
static void test_names_and_phases(void **state)
{
    struct run *run = *state;
    struct table t = {0};
    table_add(&t, LIVE, "ahoy/live-0.8-hmt.json");
    table_add(&t, ID(0), "ahoy/id-0.8-hmt.json");
    run_cycle(run, 0, t.replies, t.count);

    const struct reading *r = reading_of(run, "138255550001");
    assert_int_equal(r->phases, 3);
    assert_int_equal(r->reach, REACH_OK);
    assert_number(r->age_s, 0); /* 3 s "in the future" */
    assert_value(r, FIELD_POWER, 1500.5);
    assert_value(r, FIELD_VOLTAGE, 231.5); /* line to neutral as it comes */
    assert_missing(r, FIELD_CURRENT);      /* would be L1's */
    assert_value(r, FIELD_ENERGY_FORWARD, 603.5);
    assert_value(r, FIELD_ENERGY_TODAY, 5.4);
    assert_value(r, FIELD_TEMPERATURE, 46.5);
    assert_value(r, FIELD_MAX_POWER, 2250);
    assert_value(r, FIELD_LIMIT, 1800);
    assert_int_equal(r->strings, 6);
    assert_number(r->string[5].yield_total_kwh, 100.5);
    assert_number(r->string[5].power_w, 260);
    assert_string_equal(r->string[5].name, "S6");
    table_close(&t);
}

/* Before 0.7 the clock is in /api/index; asked for first once that is known. */
static void test_clock_from_index(void **state)
{
    struct run *run = *state;
    struct table t = {0};
    table_add(&t, LIVE, "ahoy/live-0.5.93.json");
    table_add(&t, ID(0), "ahoy/id-0.5.93-0.json");
    table_add(&t, INDEX, "ahoy/index.json");

    run_cycle(run, 0, t.replies, t.count);
    assert_asked_are(run, LIVE, INDEX, ID(0));
    assert_true(run->asked[1].optional);
    assert_true(run->info.esp8266);
    assert_number(run->readings[0].age_s, 15);
    assert_int_equal(run->readings[0].strings, 4);
    run_cycle(run, 5000, t.replies, t.count);
    assert_asked_are(run, INDEX, LIVE, ID(0));
    assert_number(run->readings[0].age_s, 15);

    table_at(&t, INDEX)->body = NULL; /* does without */
    run_cycle(run, 10000, t.replies, t.count);
    assert_true(run->complete);
    assert_number(run->readings[0].age_s, MISSING);
    assert_value(&run->readings[0], FIELD_POWER, 223.5);
    assert_missing(&run->readings[0], FIELD_LIMIT); /* 65535 is not known */
    table_close(&t);
}

static const struct reading *one(struct run *run, const char *live, const char *reply)
{
    const struct reply replies[] = {{LIVE, live}, {ID(0), reply}, {ID(1), "{}"}};
    run_cycle(run, 0, replies, COUNT(replies));
    return run->reading_count ? &run->readings[0] : NULL;
}

static void test_ages(void **state)
{
    static const struct {
        const char *live, *reply;
        double age_s;
        enum reach reach;
    } cases[] = {
        {LIVE_REPLY("1000"), ID_REPLY(",\"ts_last_success\":400"), 600, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"ts_last_success\":1060"), 0, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"ts_last_success\":1061"), MISSING, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"ts_last_success\":999"), 1, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"ts_last_success\":1001"), 0, REACH_OK},
        {LIVE_REPLY("1"), ID_REPLY(",\"ts_last_success\":1"), 0, REACH_OK},
        {LIVE_REPLY("0"), ID_REPLY(",\"ts_last_success\":1000"), MISSING, REACH_OK},
        {LIVE_REPLY("0"), ID_REPLY(",\"ts_last_success\":30"), MISSING, REACH_OK},
        {LIVE_REPLY("null"), ID_REPLY(",\"ts_last_success\":1000"), MISSING, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(""), MISSING, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"ts_last_success\":0"), MISSING, REACH_LOST},
        {LIVE_REPLY("1000"), ID_REPLY(",\"status\":0"), MISSING, REACH_LOST},
        {LIVE_REPLY("1000"), ID_REPLY(",\"status\":1"), MISSING, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"status\":2"), MISSING, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"status\":3"), MISSING, REACH_OK},
        {LIVE_REPLY("1000"), ID_REPLY(",\"status\":4"), MISSING, REACH_LOST},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reading *r = one(run, cases[i].live, cases[i].reply);
        assert_number(r->age_s, cases[i].age_s);
        assert_int_equal(r->reach, cases[i].reach);
        assert_value(r, FIELD_POWER, cases[i].reach == REACH_OK ? 5 : 0);
        assert_value(r, FIELD_ENERGY_FORWARD, 7);
    }
}

/* When the packet came is passed on, whether the gateway tells the time or not. */
static void test_stamps(void **state)
{
    static const char *const clocks[] = {LIVE_REPLY("1750000009"), LIVE_REPLY("0"),
                                         LIVE_REPLY("null")};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(clocks); i++) {
        const struct reading *r = one(run, clocks[i], ID_REPLY(",\"ts_last_success\":1750000000"));
        assert_true(r->by_radio);
        assert_number(r->stamp_s, 1750000000);
        assert_number(r->age_s, i == 0 ? 9 : MISSING);
        r = one(run, clocks[i], ID_REPLY(",\"ts_last_success\":0"));
        assert_number(r->stamp_s, MISSING);
        r = one(run, clocks[i], ID_REPLY(""));
        assert_number(r->stamp_s, MISSING);
    }
}

#define FOUR(serial, i) "{\"serial\":\"" serial "\",\"ch\":[[230,300,553,50," i "]]}"
#define FOUR_LIVE                                                                               \
    "{\"generic\":{\"ts_now\":9},\"ch0_fld_names\":[\"U_AC\",\"P_AC\",\"YieldTotal\",\"F_AC\"," \
    "\"I_AC\"],\"fld_names\":[],\"iv\":[true]}"

/* A list of names that is none names nothing. */
static void test_without_names(void **state)
{
    static const char reply[] = "{\"serial\":\"a1\",\"ch\":[[5],[6,7]]}";
    struct run *run = *state;
    const struct reading *r = one(run,
                                  "{\"generic\":{\"ts_now\":9},\"ch0_fld_names\":[\"P_AC\"],"
                                  "\"fld_names\":{\"0\":\"P_DC\"},\"iv\":[true]}",
                                  reply);

    assert_int_equal(r->strings, 1);
    assert_number(r->string[0].power_w, MISSING);
    assert_number(r->string[0].voltage_v, MISSING);
    assert_null(one(run, "{\"generic\":{\"ts_now\":9},\"ch0_fld_names\":[],\"iv\":[true]}", reply));
    assert_int_equal(run_result(run, LIVE), DECODE_BAD_REPLY);
}

/* Wh of the day, where no string tells them as well. */
static void test_energy_of_the_day(void **state)
{
    const struct reading *r = one(*state,
                                  "{\"generic\":{\"ts_now\":9},\"ch0_fld_names\":[\"P_AC\","
                                  "\"YieldDay\"],\"iv\":[true]}",
                                  "{\"serial\":\"a1\",\"ch\":[[5,2223]]}");

    assert_value(r, FIELD_ENERGY_TODAY, 2.223);
}

/* Of the MI series AhoyDTU has no current: it tells 0 A beside 300 W. */
static void test_no_current_of_an_mi(void **state)
{
    struct run *run = *state;

    assert_missing(one(run, FOUR_LIVE, FOUR("104180000001", "0")), FIELD_CURRENT);
    assert_value(one(run, FOUR_LIVE, FOUR("104180000001", "1.3")), FIELD_CURRENT, 1.3);
    assert_value(one(run, FOUR_LIVE, FOUR("114180000001", "0")), FIELD_CURRENT, 0);
}

/* The gateway has only just started: 0 W, and no counter of 0 kWh. */
static void test_just_rebooted(void **state)
{
    struct run *run = *state;
    const struct reading *r =
        one(run, LIVE_REPLY("1000"),
            "{\"serial\":\"a1\",\"ts_last_success\":0,\"status\":0,\"ch\":[[0,0,0,0],[0]]}");
    assert_int_equal(r->reach, REACH_LOST);
    assert_value(r, FIELD_POWER, 0);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    r = one(run, LIVE_REPLY("1000"), "{\"serial\":\"a1\",\"status\":1,\"ch\":[[0,0,0,0],[0]]}");
    assert_int_equal(r->reach, REACH_NO_DATA_YET);
}

#define GENERIC(text) \
    "{\"generic\":{" text "},\"ch0_fld_names\":[\"U_AC\",\"P_AC\",\"YieldTotal\"],\"iv\":[true]}"

/* What the gateway says of itself: each of it is worth telling. */
static void test_gateway(void **state)
{
    static const struct {
        const char *live;
        size_t told;
        bool esp8266, no_time;
        const char *firmware;
    } cases[] = {{GENERIC(""), 0, false, false, ""},
                 {GENERIC("\"ts_now\":9"), 0, false, false, ""},
                 {GENERIC("\"version\":\"8\""), 1, false, false, "8"},
                 {GENERIC("\"esp_type\":\"ESP8266\""), 1, true, false, ""},
                 {GENERIC("\"esp_type\":\"ESP8266EX\""), 1, true, false, ""},
                 {GENERIC("\"esp_type\":\"ESP8265\""), 0, false, false, ""},
                 {GENERIC("\"ts_now\":0"), 1, false, true, ""}};
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        run_close(run);
        run_open(run, "ahoy");
        run->info = (struct gateway_info){0};
        assert_null(run->driver->commands(run->session));
        assert_non_null(one(run, cases[i].live, ID_REPLY("")));
        assert_int_equal(run->info_count, cases[i].told);
        assert_int_equal(run->info.esp8266, cases[i].esp8266);
        assert_int_equal(run->info.no_time, cases[i].no_time);
        assert_string_equal(run->info.firmware, cases[i].firmware);
        assert_non_null(run->driver->commands(run->session));
    }
}

static void test_odd_rows(void **state)
{
    struct run *run = *state;
    const struct reading *r;

    /* Rows shorter and longer than the names, numbers in text, a row that is none. */
    r = one(run, LIVE_REPLY("9"),
            "{\"serial\":\"a1\",\"ch\":[[\"230.5\",5,null],[],null,[1,2,3]],\"ch_name\":\"x\"}");
    assert_value(r, FIELD_VOLTAGE, 230.5);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_missing(r, FIELD_FREQUENCY);
    assert_int_equal(r->strings, 3);
    assert_number(r->string[2].power_w, 1);
    /* The three-phase generation without a serial that tells. */
    r = one(run, LIVE_REPLY("9"), ID_REPLY(",\"generation\":3"));
    assert_int_equal(r->phases, 3);
    /* A limit that is not known. */
    r = one(run, LIVE_REPLY("9"), ID_REPLY(",\"max_pwr\":600,\"power_limit_read\":65535"));
    assert_value(r, FIELD_MAX_POWER, 600);
    assert_missing(r, FIELD_LIMIT);
}

/* Two ids answer with one serial: the second is left out. Another id than asked: by its serial. */
static void test_same_serial_twice(void **state)
{
    struct run *run = *state;
    const struct reply twice[] = {{LIVE, LIVE_REPLY("5")},
                                  {ID(0), ID_REPLY(",\"id\":0")},
                                  {ID(1), ID_REPLY(",\"id\":0")}};
    run_cycle(run, 0, twice, COUNT(twice));
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 1);
    assert_int_equal(run->readings[0].index, 0);

    const struct reply other[] = {{LIVE, LIVE_REPLY("5")},
                                  {ID(0), "{}"},
                                  {ID(1), ID_REPLY(",\"id\":0")}};
    run_cycle(run, 5000, other, COUNT(other));
    assert_int_equal(reading_of(run, "a1")->index, 1);
}

/* Not only the first one's: any that came before in this cycle. */
static void test_a_later_serial_twice(void **state)
{
    struct run *run = *state;
    const struct reply replies[] = {
        {LIVE, "{\"generic\":{\"ts_now\":5},\"ch0_fld_names\":[\"P_AC\"],\"iv\":[1,1,1,1]}"},
        {ID(0), "{\"serial\":\"a1\",\"ch\":[[1]]}"},
        {ID(1), "{\"serial\":\"b2\",\"ch\":[[2]]}"},
        {ID(2), "{\"serial\":\"c3\",\"ch\":[[3]]}"},
        {ID(3), "{\"serial\":\"00B2\",\"ch\":[[4]]}"}};

    for (int64_t cycle = 0; cycle < 2; cycle++) {
        run_cycle(run, cycle * 5000, replies, COUNT(replies));
        assert_true(run->complete);
        assert_int_equal(run->reading_count, 3);
        assert_value(reading_of(run, "b2"), FIELD_POWER, 2);
    }
}

static void test_limits(void **state)
{
    static const struct {
        const char *percent;
        double limit_w;
    } cases[] = {{"100", 600}, {"100.1", MISSING}, {"50", 300}, {"0.5", 3}, {"0", MISSING}};
    struct run *run = *state;
    char reply[160];

    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)snprintf(
            reply, sizeof reply,
            "{\"serial\":\"a1\",\"max_pwr\":600,\"power_limit_read\":%s,\"ch\":[[230,5,7,50]]}",
            cases[i].percent);
        assert_value(one(run, LIVE_REPLY("9"), reply), FIELD_LIMIT, cases[i].limit_w);
    }
}

static void test_limit_of_inverters(void **state)
{
    struct run *run = *state;
    struct table t = gap_table();
    run->conf->max_inverters = 1;
    run_cycle(run, 0, t.replies, t.count);
    assert_asked_are(run, LIVE, ID(1));
    table_close(&t);

    char live[4096], *end = live;
    end += sprintf(end, "{\"generic\":{\"ts_now\":5},\"ch0_fld_names\":[\"P_AC\"],\"iv\":[");
    for (unsigned i = 0; i < 100; i++)
        end += sprintf(end, "%s1", i ? "," : "");
    (void)sprintf(end, "]}");
    char bodies[100][48], paths[100][32];
    struct reply replies[101] = {{LIVE, live}};
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "/api/inverter/id/%u", i);
        (void)snprintf(bodies[i], sizeof bodies[i], "{\"serial\":\"5%u\",\"ch\":[[%u]]}", i, i);
        replies[i + 1] = (struct reply){paths[i], bodies[i]};
    }
    run->conf->max_inverters = 0;
    run_cycle(run, 5000, replies, COUNT(replies));
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 64);
    assert_value(&run->readings[63], FIELD_POWER, 63);
}

/* ---- Captures of real devices, where they are at hand ---- */

static void test_samples(void **state)
{
    struct run *run = *state;
    char *live = run_sample("ahoy-0.5.93-live.json"),
         *gap = run_sample("ahoy-0.7.36-live-gap.json");
    char *id0 = run_sample("ahoy-0.5.93-inverter-id-0.json");
    char *id1 = run_sample("ahoy-0.5.93-inverter-id-1.json");

    if (!live || !gap || !id0 || !id1) {
        free(live);
        free(gap);
        free(id0);
        free(id1);
        skip();
    }
    const struct reply replies[] = {{LIVE, live}, {ID(0), id0}, {ID(1), id1}};
    run_cycle(run, 0, replies, COUNT(replies));
    assert_true(run->complete);
    assert_int_equal(run->reading_count, 1); /* both say that they are inverter 0 */
    assert_value(&run->readings[0], FIELD_ENERGY_FORWARD, 422.603);
    assert_value(&run->readings[0], FIELD_ENERGY_TODAY, 2.223);
    assert_true(run->info.esp8266);

    const struct reply later[] = {{LIVE, gap}, {ID(1), id0}};
    run_cycle(run, 5000, later, COUNT(later));
    assert_asked_are(run, INDEX, LIVE, ID(1));
    assert_int_equal(run->readings[0].index, 1);
    free(live);
    free(gap);
    free(id0);
    free(id1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ahoy_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_gaps),
        TEST(test_night),
        TEST(test_names_and_phases),
        TEST(test_clock_from_index),
        TEST(test_ages),
        TEST(test_stamps),
        TEST(test_no_current_of_an_mi),
        TEST(test_just_rebooted),
        TEST(test_gateway),
        TEST(test_energy_of_the_day),
        TEST(test_without_names),
        TEST(test_odd_rows),
        TEST(test_same_serial_twice),
        TEST(test_a_later_serial_twice),
        TEST(test_limits),
        TEST(test_limit_of_inverters),
        TEST(test_samples),
    };
    return cmocka_run_group_tests_name("ahoy inverters", tests, NULL, NULL);
}

/* What an OpenDTU is asked when: each inverter, by night, by the dozen, and its own status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/support/driver_run.h"
#include "unit/support/opendtu_fixture.h"

/* ---- One by one ---- */

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

    for (size_t i = 0; i < COUNT(cases); i++) { /* told by itself as well */
        run_cycle(run, 0, &(struct reply){LIST, cases[i].body}, 1);
        assert_int_equal(run->info_count, cases[i].no_time || cases[i].radio || cases[i].password);
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        run_close(run);
        run_open(run, "opendtu");
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

#define SUMMARY(reachable) \
    "{\"inverters\":[{\"serial\":\"" FENCE "\",\"reachable\":" reachable "}]}"
#define FULL(serial, watts) \
    "{\"serial\":\"" serial "\",\"AC\":{\"0\":{\"Power\":{\"v\":" watts "}}}}"

/* One that was heard is asked at once when it is lost; alone, too, it may rest. */
static void test_lost_alone(void **state)
{
    struct run *run = *state;
    struct reply replies[] = {{LIST, SUMMARY("true")},
                              {INV(FENCE),
                               "{\"inverters\":[" FULL("9", "7") "," FULL(FENCE, "5") "]}"},
                              {SYSTEM, "{\"git_hash\":\"1\"}"}};

    run_cycle(run, 0, replies, COUNT(replies));
    assert_int_equal(run->reading_count, 1);
    assert_value(reading_of(run, FENCE), FIELD_POWER, 5); /* and not what another says */
    assert_true(run->readings[0].by_radio);
    assert_string_equal(run->info.firmware, "1");
    replies[0].body = SUMMARY("false");
    replies[1].body = "{\"inverters\":[{\"serial\":\"" FENCE "\",\"reachable\":false,\"AC\":{}}]}";
    run_cycle(run, 5000, replies, COUNT(replies));
    assert_int_equal(run->info_count, 1);
    assert_int_equal(run_asked(run, INV(FENCE)), 1);
    run_cycle(run, 10000, replies, COUNT(replies));
    assert_int_equal(run_asked(run, INV(FENCE)), 0);
    assert_true(run->complete);
    assert_int_equal(reading_of(run, FENCE)->reach, REACH_LOST);
}

/* Each place of an inverter that has gone is another's. */
static void test_all_replaced(void **state)
{
    struct run *run = *state;
    char list[8192];

    for (unsigned round = 1; round <= 3; round++) {
        size_t used = 0;
        for (unsigned i = 0; i < 64; i++)
            used +=
                (size_t)snprintf(list + used, sizeof list - used,
                                 "%s{\"serial\":\"%u%02u\",\"AC\":{\"0\":{\"Power\":{\"v\":5}}}}",
                                 i ? "," : "{\"inverters\":[", round, i);
        (void)snprintf(list + used, sizeof list - used, "]}");
        cycle_with(run, list);
        assert_int_equal(run->reading_count, 64);
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

/* ---- Lists ---- */

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, opendtu_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_summary),
        TEST(test_hints),
        TEST(test_summary_at_night),
        TEST(test_heard_again),
        TEST(test_lost_alone),
        TEST(test_all_replaced),
        TEST(test_just_rebooted),
        TEST(test_rebooted_at_night),
        TEST(test_reordered),
        TEST(test_many),
        TEST(test_many_asked_singly),
        TEST(test_ever_new_serials),
        TEST(test_extras),
        TEST(test_extras_fail),
        TEST(test_half_a_system_status),
        TEST(test_max_power),
    };
    return cmocka_run_group_tests_name("opendtu polling", tests, NULL, NULL);
}

/*
 * A gateway whose serials change with every poll, for a day: what it takes of the bus, of the settings, of the
 * device instances and of the log has a bound. And a new inverter that is there to stay is published.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bridge/app.h"
#include "support/gx.h"
#include "support/world.h"

enum { INTERVAL_MS = 20 * 1000, LISTED = 64, SIZE = 64 * 256, FIRST_INSTANCE = 34 };

static const int64_t minute_ms = 60 * 1000, hour_ms = 3600 * 1000;

static struct gx gx;

static struct {
    unsigned steady;      /* inverters that stay, at the head of the list */
    unsigned changing;    /* those behind them are others with every poll */
    unsigned stays_polls; /* ... or with every so many */
    unsigned polls, named;
    char body[SIZE];
} t;

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    size_t n = (size_t)snprintf(t.body, SIZE, "{\"inverters\":[");

    (void)user;
    (void)base_url;
    reply->delay_ms = 20;
    reply->body = t.body;
    if (!strstr(path, "livedata")) {
        snprintf(t.body, SIZE, "{}");
        return;
    }
    if (t.polls++ % t.stays_polls == 0)
        t.named += t.changing;
    for (unsigned i = 0; i < t.steady + t.changing; i++) {
        unsigned serial = i < t.steady ? i : 1000 + t.named + i;
        n += (size_t)snprintf(t.body + n, SIZE - n,
                              "%s{\"serial\":\"1141%08u\",\"name\":\"No %u\",\"reachable\":true,"
                              "\"producing\":true,\"AC\":{\"0\":{\"Power\":{\"v\":100},"
                              "\"YieldTotal\":{\"v\":%u}}},\"DC\":{}}",
                              i ? "," : "", serial, serial, 100 + serial);
    }
    snprintf(t.body + n, SIZE - n, "]}");
}

static void write_config(unsigned sections, const char *more)
{
    FILE *f = gx_config(&gx);

    fprintf(
        f,
        "[DEFAULT]\nDTU=opendtu\nHost=gate\nPush=0\nLogging=INFO\nSignOfLifeLog=0\nPollingInterval=%d\n%s",
        INTERVAL_MS, more);
    for (unsigned n = 0; n < sections; n++)
        fprintf(f, "[INVERTER%u]\n", n);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.stays_polls = 1;
    gx_make(&gx);
    gx_log(&gx);
    world_set_gateway(answer, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return gx_remove(&gx);
}

static void start(void)
{
    assert_true(gx_start(&gx));
}

/* Lines of the log that hold a text. */
static unsigned lines(const char *text)
{
    return gx_lines(&gx, "", text);
}

static int highest_instance(void)
{
    const char *name;
    int highest = 0;

    for (size_t i = 0; (name = world_service_at(i)); i++) {
        int its = (int)world_value(name, "/DeviceInstance").i;
        highest = its > highest ? its : highest;
    }
    return highest;
}

static bool is_published(unsigned serial)
{
    char text[16];
    const char *name;

    snprintf(text, sizeof text, "1141%08u", serial);
    for (size_t i = 0; (name = world_service_at(i)); i++) {
        struct value v = world_value(name, "/Serial");
        if (v.type == VALUE_STRING && strcmp(v.s, text) == 0)
            return true;
    }
    return false;
}

/* For a day; returns the most services that there were. */
static size_t a_day(void)
{
    size_t most = 0;

    for (int64_t passed = 0; passed < 24 * hour_ms; passed += minute_ms) {
        world_run(gx.loop, minute_ms);
        most = world_service_count() > most ? world_service_count() : most;
        assert_in_range(highest_instance(), 0, FIRST_INSTANCE + 120);
    }
    return most;
}

static void other_serials_with_each_poll(void **state)
{
    (void)state;
    write_config(0, "");
    t.changing = LISTED;
    start();
    assert_in_range(a_day(), 1, 16);
    assert_int_equal(world_service_count(), 0);
    assert_in_range(world_setting_devices(), 1, 16);
    assert_in_range(lines("is not published"), 1, 1);
    assert_in_range(lines(""), 1, 100);
}

static void without_a_settings_service(void **state)
{
    (void)state;
    write_config(0, "");
    world_settings(false);
    t.changing = LISTED;
    start();
    assert_in_range(a_day(), 1, 16);
    assert_int_equal(lines("ERROR"), 0);
    assert_in_range(lines(""), 1, 100);
}

/* Each of them stays for long enough. */
static void other_serials_now_and_then(void **state)
{
    (void)state;
    write_config(0, "");
    t.changing = LISTED;
    t.stays_polls = 5;
    start();
    assert_in_range(a_day(), 1, 16);
    assert_in_range(world_setting_devices(), 17, 64 + 16);
    assert_int_equal(lines("is not published:"), 1);
    assert_in_range(lines(""), 1, 400);
}

/* The place of a section is worth no more. */
static void sections_with_other_serials(void **state)
{
    (void)state;
    write_config(10, "AutoAdd=0\n");
    t.changing = LISTED;
    start();
    assert_int_equal(a_day(), 10);
    assert_in_range(world_setting_devices(), 10, 64 + 10);
    assert_in_range(lines(""), 1, 400);
}

static void a_new_one_that_stays(void **state)
{
    (void)state;
    write_config(0, "");
    t.steady = 3;
    start();
    world_run(gx.loop, 2 * INTERVAL_MS);
    assert_int_equal(world_service_count(), 3);
    t.steady = 4;
    world_run(gx.loop, minute_ms - INTERVAL_MS);
    assert_false(is_published(3));
    world_run(gx.loop, 2 * INTERVAL_MS);
    assert_true(is_published(3));
    assert_int_equal(lines("114100000003 is not published yet"), 1);
}

/* Beside those that change, and over a restart. */
static void the_real_ones_stay(void **state)
{
    (void)state;
    write_config(0, "");
    t.steady = 10;
    start();
    world_run(gx.loop, minute_ms);
    t.changing = LISTED - 10;
    world_run(gx.loop, hour_ms);
    gx_stop(&gx);
    start();
    (void)a_day();
    assert_int_equal(world_service_count(), 10);
    for (unsigned n = 0; n < 10; n++)
        assert_true(is_published(n));
    assert_int_equal(world_setting_devices(), 10);
}

/* The owner writes more sections: they come first. */
static void sections_first(void **state)
{
    char more[12000];
    size_t n = 0;

    (void)state;
    write_config(0, "");
    t.steady = 16;
    start();
    world_run(gx.loop, minute_ms);
    assert_int_equal(world_service_count(), 16);
    n = (size_t)snprintf(more, sizeof more, "NumberOfTemplates=64\n");
    for (unsigned i = 0; i < 64; i++)
        n += (size_t)snprintf(more + n, sizeof more - n,
                              "[TEMPLATE%u]\nHost=gate\nCUST_API_PATH=api/livedata/status\n"
                              "CUST_Power=inverters/0/AC/0/Power/v\n",
                              i);
    for (unsigned i = 0; i < 20; i++)
        n += (size_t)snprintf(more + n, sizeof more - n, "[INVERTER%u]\nSerial=2%u\n", i, 1000 + i);
    write_config(0, more);
    app_reload(gx.app);
    world_run(gx.loop, minute_ms);
    assert_int_equal(lines("is not published: 96 devices are published in all"), 1);
    assert_int_equal(world_service_count(), 64 + 12); /* twenty sections wait for their inverters */
}

/* Others have every number there is: until one of them leaves. */
static void no_number_is_free(void **state)
{
    char other[64];

    (void)state;
    write_config(0, "");
    world_settings(false);
    t.steady = 3;
    for (int n = FIRST_INSTANCE; n <= 255; n++) {
        snprintf(other, sizeof other, "com.victronenergy.pvinverter.other%d", n);
        world_other(other, n);
    }
    start();
    world_run(gx.loop, hour_ms);
    assert_int_equal(world_service_count(), 0);
    assert_int_equal(lines("every DeviceInstance of class pvinverter from 34 to 255 is taken"), 3);
    assert_int_equal(lines("ERROR"), 3);
    world_other_gone("com.victronenergy.pvinverter.other200");
    world_run(gx.loop, 2 * minute_ms);
    assert_int_equal(world_service_count(), 1);
    assert_int_equal(highest_instance(), 200);
    world_other("com.victronenergy.pvinverter.other200", 200);
    world_run(gx.loop, hour_ms);
    assert_int_equal(world_service_count(), 0);
    assert_int_equal(lines("ERROR"), 4);
}

#define NEWCOMERS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEWCOMERS_TEST(other_serials_with_each_poll),
        NEWCOMERS_TEST(without_a_settings_service),
        NEWCOMERS_TEST(other_serials_now_and_then),
        NEWCOMERS_TEST(sections_with_other_serials),
        NEWCOMERS_TEST(a_new_one_that_stays),
        NEWCOMERS_TEST(the_real_ones_stay),
        NEWCOMERS_TEST(sections_first),
        NEWCOMERS_TEST(no_number_is_free),
    };

    return cmocka_run_group_tests_name("newcomers", tests, NULL, NULL);
}

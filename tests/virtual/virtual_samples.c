/*
 * What a DTU tells of damaged packets, over hours and days: nothing of it is published, and what was believed
 * before is recovered from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "edge/sys/clock.h"
#include "support/gx.h"
#include "support/world.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };
enum { RADIO_MS = 15 * SECOND_MS }; /* three inverters by turns, 5 s each */

static const char serial[] = "114182000001", roof[] = "com.victronenergy.pvinverter.http_20";

/* What the inverter truly is, and what the DTU heard of it last. */
struct packet {
    double power_w, voltage_v, current_a, total_kwh, day_wh;
    int64_t heard_ms;
};

static struct gx gx;

static struct {
    char body[2048];
    struct packet last;
    bool ahoy, deaf;                   /* which DTU; it hears nothing, and tells the last packet */
    double power_w, total_kwh, day_wh; /* the inverter's own */
    double add_day_wh;                 /* the packets say so much more */
    bool ends;                         /* they say 0xFFFF */
    int64_t made_ms;
} t;

/* ---- The inverter, and the DTU's answers ------------------------------------------------------ */

static void hear(void)
{
    int64_t now = clock_now_ms();
    double hours = (double)(now - t.made_ms) / HOUR_MS;

    t.made_ms = now;
    t.total_kwh += t.power_w / 1000 * hours;
    t.day_wh += t.power_w * hours;
    if (t.deaf || (t.last.heard_ms && now - t.last.heard_ms < RADIO_MS))
        return;
    t.last = (struct packet){.power_w = t.ends ? 6553.5 : t.power_w,
                             .voltage_v = t.ends ? 6553.5 : 230,
                             .current_a = t.ends ? 655.35 : t.power_w / 230,
                             .total_kwh = t.total_kwh,
                             .day_wh = floor(t.day_wh) + t.add_day_wh,
                             .heard_ms = now};
}

static void answer_opendtu(void)
{
    snprintf(
        t.body, sizeof t.body,
        "{\"inverters\":[{\"serial\":\"%s\",\"name\":\"Roof\",\"data_age\":%d,"
        "\"poll_enabled\":true,\"reachable\":true,\"producing\":true,\"limit_relative\":100,"
        "\"limit_absolute\":600,\"AC\":{\"0\":{\"Power\":{\"v\":%.1f},\"Voltage\":{\"v\":%.1f},"
        "\"Current\":{\"v\":%.2f},\"Frequency\":{\"v\":50}}},\"DC\":{},\"INV\":{\"0\":{"
        "\"YieldDay\":{\"v\":%.0f},\"YieldTotal\":{\"v\":%.3f}}}}]}",
        serial, (int)((clock_now_ms() - t.last.heard_ms) / 1000), t.last.power_w, t.last.voltage_v,
        t.last.current_a, t.last.day_wh, t.last.total_kwh);
}

/* Of 0.5.93: no ts_now, and /api/index is not there. */
static void answer_ahoy(const char *path, struct world_reply *reply)
{
    if (strcmp(path, "/api/live") == 0)
        snprintf(t.body, sizeof t.body,
                 "{\"generic\":{},\"ch0_fld_names\":[\"P_AC\",\"U_AC\",\"I_AC\",\"F_AC\","
                 "\"YieldTotal\"],\"fld_names\":[],\"iv\":[true]}");
    else if (strncmp(path, "/api/inverter/id/", 17) == 0)
        snprintf(t.body, sizeof t.body,
                 "{\"id\":0,\"name\":\"Roof\",\"serial\":\"%s\",\"ts_last_success\":%.0f,"
                 "\"ch\":[[%.1f,%.1f,%.2f,50,%.3f]]}",
                 serial, 1750000000 + (double)t.last.heard_ms / 1000, t.last.power_w,
                 t.last.voltage_v, t.last.current_a, t.last.total_kwh);
    else
        reply->outcome = REPLY_ERROR;
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    (void)user;
    (void)base_url;
    reply->delay_ms = 20;
    reply->body = t.body;
    hear();
    if (t.ahoy)
        answer_ahoy(path, reply);
    else if (strcmp(path, "/livedata") == 0)
        reply->outcome = REPLY_ERROR;
    else if (strstr(path, "livedata"))
        answer_opendtu();
    else
        snprintf(t.body, sizeof t.body, "{}");
}

/* ---- The program ------------------------------------------------------------------------------ */

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    gx_make(&gx);
    gx_log(&gx);
    world_set_gateway(answer, NULL);
    t.made_ms = clock_now_ms();
    t.power_w = 300;
    t.total_kwh = 553.492;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return gx_remove(&gx);
}

static void start(const char *keys)
{
    gx_configure(&gx,
                 "[DEFAULT]\nDTU=%s\nHost=dtu.example\nLogging=INFO\nSignOfLifeLog=0\n%s"
                 "[INVERTER0]\nDeviceInstance=20\n",
                 t.ahoy ? "ahoy" : "opendtu", keys);
    assert_true(gx_start(&gx));
}

static double number(const char *path)
{
    struct value v = world_value(roof, path);

    if (v.type == VALUE_INT)
        return v.i;
    return v.type == VALUE_DOUBLE ? v.d : MISSING;
}

/* Seconds, after each of which nothing of a counter beyond belief may be there. */
static void run_below(long seconds, double kwh)
{
    while (seconds-- > 0) {
        world_run(gx.loop, SECOND_MS);
        double energy = number("/Ac/Energy/Forward");
        if (energy > kwh)
            fail_msg("%.3f kWh are published", energy);
    }
}

/* ---- Tests ------------------------------------------------------------------------------------ */

/* 553.492 became 2113405, and the DTU told it for 66 s. */
static void a_damaged_counter_held_for_66_s(void **state)
{
    (void)state;
    start("");
    world_run(gx.loop, MINUTE_MS);
    hear();
    t.last.total_kwh = 2113405;
    t.deaf = true;
    double index = number("/UpdateIndex");
    run_below(66, 600);
    assert_in_range((int)(number("/UpdateIndex") - index), 0, 1);
    t.deaf = false;
    run_below(600, 600);
    assert_true(fabs(number("/Ac/Energy/Forward") - t.last.total_kwh) < 0.01);
    assert_int_equal(gx_lines(&gx, "WARNING", "to 2113405.000 kWh, more than it can have produced"),
                     1);
    assert_int_equal(gx_lines(&gx, "WARNING", "goes on from there"), 0);
}

/* useYieldDay=1, rated at 600 W: 22 Wh became 123885 Wh, and 1 Wh more with each poll. */
static void a_wrong_day_counter_for_a_day(void **state)
{
    (void)state;
    t.power_w = 4;
    start("useYieldDay=1\n");
    world_run(gx.loop, 10L * MINUTE_MS);
    assert_true(number("/Ac/Energy/Forward") < 0.022);
    t.add_day_wh = 123863;
    for (int i = 0; i < 24 * 60; i++) {
        run_below(60, 0.1);
        t.add_day_wh += 12;
    }
    assert_int_equal(gx_lines(&gx, "WARNING", "goes on from there"), 0);
    t.add_day_wh = 0;
    world_run(gx.loop, MINUTE_MS);
    assert_true(fabs(number("/Ac/Energy/Forward") - t.last.day_wh / 1000) < 0.001);
}

static void write_state(double kwh, double offset_kwh)
{
    struct device_memory m;

    device_memory_init(&m);
    strcpy(m.id, serial);
    strcpy(m.serial, serial);
    strcpy(m.section, "INVERTER0");
    strcpy(m.gateway, "DEFAULT");
    m.energy_kwh = kwh;
    m.offset_kwh = offset_kwh;
    m.counter = ENERGY_LIFETIME;
    char *text = state_print(&m, 1, NULL);
    FILE *file = fopen(gx.state_path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    free(text);
}

/* 2113405 in state.json by an earlier version, truly 553. */
static void a_poisoned_state(void **state)
{
    (void)state;
    write_state(2113405, 0);
    start("");
    world_run(gx.loop, 2L * MINUTE_MS);
    assert_true(fabs(number("/Ac/Energy/Forward") - 553.5) < 0.05);
    assert_int_equal(gx_lines(&gx, "WARNING", "went from 2113405.000 to 553."), 1);
}

static void a_poisoned_state_that_was_kept(void **state)
{
    (void)state;
    write_state(2113405, 2113405 - 553.492);
    start("KeepEnergy=1\n");
    world_run(gx.loop, 2L * MINUTE_MS);
    assert_true(fabs(number("/Ac/Energy/Forward") - 553.5) < 0.05);
    assert_int_equal(gx_lines(&gx, "WARNING", "went from 2113405.000 to 553."), 1);
}

/* The inverter has counted on with 400 kWh more: another board in it, say. */
static void a_higher_counter_that_is_true(void **state)
{
    (void)state;
    start("");
    world_run(gx.loop, MINUTE_MS);
    t.total_kwh += 400;
    run_below(6 * 3600 - 120, 554);
    world_run(gx.loop, 5L * MINUTE_MS);
    assert_true(fabs(number("/Ac/Energy/Forward") - t.last.total_kwh) < 0.01);
    assert_int_equal(gx_lines(&gx, "WARNING", "goes on from there"), 1);
}

static void nothing_but_damaged_packets(void **state)
{
    (void)state;
    start("");
    world_run(gx.loop, MINUTE_MS);
    t.ends = true;
    for (int s = 0; s < 590; s++) {
        world_run(gx.loop, SECOND_MS);
        assert_true(number("/Ac/Power") == 300);
        assert_true(number("/StatusCode") == 7);
    }
    assert_int_equal(gx_lines(&gx, "WARNING", ""), 0);
    assert_int_equal(gx_lines(&gx, "INFO", "cannot be a measurement: AC voltage 6553.5 V"), 1);
    world_run(gx.loop, 60L * SECOND_MS);
    assert_true(number("/Ac/Power") == 0);
    assert_true(number("/StatusCode") == 10);
    assert_int_equal(gx_lines(&gx, "WARNING", "(AC voltage 6553.5 V, the end of its range)"), 1);
    assert_true(number("/Debug/ReadingsDropped") > 40);
    t.ends = false;
    world_run(gx.loop, 30L * SECOND_MS);
    assert_true(number("/StatusCode") == 7);
}

/* The gateway tells no time; the GX device has its own only after a while. */
static void a_dtu_without_a_clock(void **state)
{
    (void)state;
    t.ahoy = true;
    start("");
    world_run(gx.loop, MINUTE_MS);
    assert_true(number("/StatusCode") == 7);
    t.deaf = true;
    world_run(gx.loop, HOUR_MS);
    assert_true(number("/StatusCode") == 7); /* 1970: nobody knows better */
    world_set_unix(1750000000 + (double)clock_now_ms() / 1000);
    world_run(gx.loop, 10L * SECOND_MS);
    assert_true(number("/StatusCode") == 8);
    assert_true(number("/Ac/Power") == 0);
    t.deaf = false;
    world_run(gx.loop, 20L * SECOND_MS);
    assert_true(number("/StatusCode") == 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_damaged_counter_held_for_66_s),
        TEST(a_wrong_day_counter_for_a_day),
        TEST(a_poisoned_state),
        TEST(a_poisoned_state_that_was_kept),
        TEST(a_higher_counter_that_is_true),
        TEST(nothing_but_damaged_packets),
        TEST(a_dtu_without_a_clock),
    };
    return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}

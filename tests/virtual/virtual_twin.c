/* One inverter, and another process that publishes it, too: it is on the bus once, under the first one's number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/app.h"
#include "core/pace.h"
#include "core/twin.h"
#include "support/gx.h"
#include "support/world.h"

#define SERIAL  "114182940773"
#define SETTING "/Settings/Devices/dtu_" SERIAL "/ClassAndVrmInstance"
#define HTTP(n) "com.victronenergy.pvinverter.http_" #n

static struct gx gx;

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    (void)user;
    (void)base_url;
    reply->delay_ms = 20;
    reply->body =
        strstr(path, "livedata")
            ? "{\"inverters\":[{\"serial\":\"" SERIAL "\",\"name\":\"Roof\",\"reachable\":true,"
              "\"producing\":true,\"AC\":{\"0\":{\"Power\":{\"v\":120},\"Voltage\":{\"v\":230},"
              "\"YieldTotal\":{\"v\":100}}},\"DC\":{}}]}"
            : "{}";
}

static void write_config(const char *more)
{
    gx_configure(&gx, "[DEFAULT]\nDTU=opendtu\nHost=dtu\nLogging=CRITICAL\n%s", more);
}

static void begin(void)
{
    assert_true(gx_start(&gx));
}

static int setup(void **state)
{
    (void)state;
    gx_make(&gx);
    write_config("");
    world_set_gateway(answer, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return gx_remove(&gx);
}

/* Its number is in the settings that both share: they are left as they are. */
static void the_second_leaves_it_to_the_first(void **state)
{
    const struct value number = value_string("pvinverter:34");

    assert_true(world_setting_change(SETTING, &number));
    unsigned long writes = world_setting_writes;
    world_other_with(HTTP(34), 34, "0" SERIAL);
    begin();
    world_run(gx.loop, 3600000);
    assert_int_equal(world_service_count(), 0);
    assert_int_equal(world_setting_writes, writes);
    assert_string_equal(world_setting(SETTING).s, "pvinverter:34");

    world_other_gone(HTTP(34)); /* is restarted */
    world_run(gx.loop, TWIN_GONE_MS / 2);
    world_other_with(HTTP(34), 34, SERIAL);
    world_run(gx.loop, 3600000);
    assert_int_equal(world_service_count(), 0);

    world_other_gone(HTTP(34));
    world_run(gx.loop, 4 * TWIN_GONE_MS);
    assert_non_null(world_service(HTTP(34)));
    assert_string_equal(world_setting(SETTING).s, "pvinverter:34");

    world_other_with(HTTP(36), 36, SERIAL); /* comes again, and has to wait: not ours to leave */
    world_run(gx.loop, 60000);
    assert_non_null(world_service(HTTP(34)));
}

/* Neither has waited for the other, since neither could see it: one of them leaves, and that is all. */
static void two_at_the_same_time(void **state)
{
    begin();
    world_run(gx.loop, 30000);
    assert_non_null(world_service(HTTP(34)));
    world_other_with(HTTP(33), 33, SERIAL);
    world_run(gx.loop, 100);
    assert_int_equal(world_service_count(), 0);
    unsigned long writes = world_setting_writes;
    struct value moved = value_string("pvinverter:33"); /* the other one's doing */
    assert_true(world_setting_change(SETTING, &moved));
    world_run(gx.loop, 3600000);
    assert_int_equal(world_service_count(), 0);
    assert_int_equal(world_setting_writes, writes + 1);
    write_config(
        "PollingInterval=6000\n[INVERTER0]\nPhase=L2\n"); /* an edit does not bring it back */
    app_reload(gx.app);
    world_run(gx.loop, 60000);
    assert_int_equal(world_service_count(), 0);
    world_other_gone(HTTP(33));
    world_run(gx.loop, 60000);
    assert_non_null(world_service(HTTP(33)));
}

/* An instance of the configuration does not make two of one inverter. */
static void with_a_number_of_its_own(void **state)
{
    write_config("[INVERTER0]\nDeviceInstance=50\n");
    world_other_with(HTTP(34), 34, SERIAL);
    begin();
    world_run(gx.loop, 600000);
    assert_int_equal(world_service_count(), 0);
    world_other_gone(HTTP(34));
    world_run(gx.loop, 60000);
    assert_non_null(world_service(HTTP(50)));
}

/* Another inverter, or another driver's service with a serial number like it, is nothing to wait for. */
static void others_are_none_of_its_business(void **state)
{
    world_other_with(HTTP(34), 34, "114182940774");
    world_other_with("com.victronenergy.pvinverter.another", 35, SERIAL);
    begin();
    world_run(gx.loop, 60000);
    assert_non_null(world_service(HTTP(36)));
}

/* ---- Others who will not leave a number alone ---- */

enum { DAY_S = 24 * 3600, MOVES_A_DAY = 120 };

static const char *name_now(void)
{
    const char *name = world_service_at(0);
    assert_non_null(name);
    return name;
}

/* How often the service changes its name while others do that to it every second. */
static unsigned moves_in_a_day(void (*nudge)(int second))
{
    char name[128];
    unsigned moves = 0;

    begin();
    world_run(gx.loop, 30000);
    for (int s = 0; s < DAY_S; s++) {
        snprintf(name, sizeof name, "%s", name_now());
        nudge(s);
        world_run(gx.loop, 1000);
        moves += strcmp(name, name_now()) != 0;
        assert_int_equal(world_service_count(), 1);
    }
    return moves;
}

static void change_the_setting(int second)
{
    char text[32];
    snprintf(text, sizeof text, "pvinverter:%d", 40 + second % 50);
    struct value v = value_string(text);
    assert_true(world_setting_change(SETTING, &v));
}

static void the_setting_is_changed_all_the_time(void **state)
{
    assert_in_range(moves_in_a_day(change_the_setting), 50, MOVES_A_DAY);
    world_run(gx.loop, PACE_LONGEST_MS);
    assert_string_equal(name_now() + strlen("com.victronenergy."), "pvinverter.http_89");
    world_run(gx.loop, 2 * PACE_FORGET_MS); /* when they have given up, it is as quick as ever */
    change_the_setting(3);
    world_run(gx.loop, 100);
    assert_string_equal(name_now(), HTTP(43));
}

static void take_its_number(int second)
{
    (void)second;
    world_other("com.victronenergy.pvinverter.another", atoi(strrchr(name_now(), '_') + 1));
}

static void another_takes_its_number_all_the_time(void **state)
{
    assert_in_range(moves_in_a_day(take_its_number), 50, MOVES_A_DAY);
    assert_true(world_setting_writes < 2 * MOVES_A_DAY);
}

#define TWIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWIN_TEST(the_second_leaves_it_to_the_first),
        TWIN_TEST(two_at_the_same_time),
        TWIN_TEST(with_a_number_of_its_own),
        TWIN_TEST(others_are_none_of_its_business),
        TWIN_TEST(the_setting_is_changed_all_the_time),
        TWIN_TEST(another_takes_its_number_all_the_time),
    };
    return cmocka_run_group_tests_name("virtual twin", tests, NULL, NULL);
}

/* Another inverter takes the place of one, just when there is no memory for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/device.h"
#include "support/gx.h"
#include "support/world.h"

#define SERVICE "com.victronenergy.pvinverter.http_20"
#define BEFORE  "114182940773"
#define AFTER   "114182000099"

static struct gx gx;
static char body[600];

/* ---- the linker sends the making of each device through here ---- */

static bool lacks;
static unsigned lacked;

struct device *__real_device_create(const struct device_conf *conf,
                                    const struct device_memory *memory);
struct device *__wrap_device_create(const struct device_conf *conf,
                                    const struct device_memory *memory);

struct device *__wrap_device_create(const struct device_conf *conf,
                                    const struct device_memory *memory)
{
    lacked += lacks;
    return lacks ? NULL : __real_device_create(conf, memory);
}

/* ---- the scene ---- */

static void stands_there(const char *serial, int power_w, int energy_kwh)
{
    snprintf(body, sizeof body,
             "{\"inverters\":[{\"serial\":\"%s\",\"name\":\"Roof\",\"reachable\":true,"
             "\"producing\":true,\"AC\":{\"0\":{\"Power\":{\"v\":%d},\"Voltage\":{\"v\":230},"
             "\"YieldTotal\":{\"v\":%d}}},\"DC\":{}}]}",
             serial, power_w, energy_kwh);
}

static void answer(void *user, const char *base_url, const char *path, struct world_reply *reply)
{
    (void)user;
    (void)base_url;
    reply->delay_ms = 20;
    reply->body = strstr(path, "livedata") ? body : "{}";
}

static int setup(void **state)
{
    (void)state;
    lacks = false;
    lacked = 0;
    gx_make(&gx);
    gx_configure(&gx, "[DEFAULT]\nDTU=opendtu\nHost=dtu\nPush=0\nLogging=CRITICAL\n"
                      "[INVERTER0]\nDeviceInstance=20\n");
    world_set_gateway(answer, NULL);
    return gx_start(&gx) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return gx_remove(&gx);
}

static void expect(const char *serial, double energy_kwh)
{
    assert_string_equal(world_value(SERVICE, "/Serial").s, serial);
    assert_true(world_value(SERVICE, "/Ac/Energy/Forward").d == energy_kwh);
}

/* What the new one measures is never taken for the old one's; as soon as there is memory, it is there. */
static void out_of_memory_for_the_new_one(void **state)
{
    (void)state;
    stands_there(BEFORE, 120, 1000);
    world_run(gx.loop, 60000);
    expect(BEFORE, 1000);

    lacks = true;
    stands_there(AFTER, 500, 7);
    world_run(gx.loop, 60000);
    assert_true(lacked > 1); /* each list tries again */
    expect(BEFORE, 1000);
    assert_true(world_value(SERVICE, "/Ac/Power").d != 500);

    lacks = false;
    world_run(gx.loop, 60000);
    expect(AFTER, 7);
    assert_true(world_value(SERVICE, "/Ac/Power").d == 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(out_of_memory_for_the_new_one, setup, teardown),
    };

    return cmocka_run_group_tests_name("virtual_replaced", tests, NULL, NULL);
}

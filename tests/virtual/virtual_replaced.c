/* Another inverter takes the place of one, just when there is no memory for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/app.h"
#include "core/device.h"
#include "edge/sys/loop.h"
#include "support/world.h"

#define SERVICE "com.victronenergy.pvinverter.http_20"
#define BEFORE  "114182940773"
#define AFTER   "114182000099"

static struct {
    char folder[64], config_path[128], state_path[128], body[600];
    struct loop *loop;
    struct app *app;
} t;

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
    snprintf(t.body, sizeof t.body,
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
    reply->body = strstr(path, "livedata") ? t.body : "{}";
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    lacks = false;
    lacked = 0;
    strcpy(t.folder, "/tmp/dtu-virtual-XXXXXX");
    if (!mkdtemp(t.folder))
        return -1;
    snprintf(t.config_path, sizeof t.config_path, "%s/config.ini", t.folder);
    snprintf(t.state_path, sizeof t.state_path, "%s/state.json", t.folder);
    FILE *f = fopen(t.config_path, "w");
    if (!f)
        return -1;
    fprintf(f, "[DEFAULT]\nDTU=opendtu\nHost=dtu\nPush=0\nLogging=CRITICAL\n"
               "[INVERTER0]\nDeviceInstance=20\n");
    fclose(f);
    world_reset();
    world_set_gateway(answer, NULL);
    t.loop = loop_create();
    t.app = t.loop ? app_create(t.loop, &(struct app_options){.config_path = t.config_path,
                                                              .state_path = t.state_path})
                   : NULL;
    return t.app ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    app_destroy(t.app);
    loop_destroy(t.loop);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", t.folder);
    return system(command);
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
    world_run(t.loop, 60000);
    expect(BEFORE, 1000);

    lacks = true;
    stands_there(AFTER, 500, 7);
    world_run(t.loop, 60000);
    assert_true(lacked > 1); /* each list tries again */
    expect(BEFORE, 1000);
    assert_true(world_value(SERVICE, "/Ac/Power").d != 500);

    lacks = false;
    world_run(t.loop, 60000);
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

/* com.victronenergy.opendtu, which the page on the GX screen reads and writes: what it shows, keeps, and refuses. */
#include "virtual/support/page_house.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "edge/sys/loop.h"

/* ---- What it shows ---- */

static void a_day_with_an_inverter(void **state)
{
    (void)state;
    page_begin_with(GOOD);
    assert_page_number("/State", 1);
    assert_page_number("/DeviceInstance", 0);
    assert_page_number("/ProductId", 0xD7D1);
    assert_page_text("/Config/Path", page.gx.config_path);
    assert_page_number("/Config/Errors", 0);
    assert_page_none("/Config/Message/0");
    assert_page_text("/GatewayList", "DEFAULT");
    assert_page_text("/DeviceList", SERIAL);
    assert_page_text("/Gateways/DEFAULT/Address", "http://dtu");
    assert_page_text("/Gateways/DEFAULT/Product", "OpenDTU");
    assert_page_text("/Gateways/DEFAULT/Firmware", "v24.2.16");
    assert_page_number("/Gateways/DEFAULT/State", 1);
    assert_page_none("/Gateways/DEFAULT/LastError");
    assert_page_number("/Gateways/DEFAULT/Push", 0);
    assert_page_number("/Gateways/DEFAULT/Latency", 20);
    assert_page_number("/Gateways/DEFAULT/Devices", 1);
    assert_page_number("/Gateways/DEFAULT/Added", 0);
    assert_page_text(DEVICE "/Service", ROOF);
    assert_page_number(DEVICE "/DeviceInstance", 34);
    assert_page_text(DEVICE "/Class", "pvinverter");
    assert_page_text(DEVICE "/Name", "Roof");
    assert_page_text(DEVICE "/Serial", SERIAL);
    assert_page_text(DEVICE "/Gateway", "DEFAULT");
    assert_page_number(DEVICE "/State", 1);
    assert_page_number(DEVICE "/Power", 287);
    assert_page_number(DEVICE "/EnergyToday", 0.5);
    assert_page_number(DEVICE "/Energy", 100);
    assert_page_number(DEVICE "/Age", 0);
    assert_page_number(DEVICE "/Enabled", 1);
    assert_page_number(DEVICE "/PowerLimit/Enabled", 0);
    assert_page_number(DEVICE "/PowerLimit/Final", 0);
    assert_page_none(DEVICE "/PowerLimit/Manual");
    assert_page_none(DEVICE "/PowerLimit/Limit");

    page.power_w = 312; /* with the next poll, and without a wake-up of its own */
    world_run(page.gx.loop, 6000);
    assert_page_number(DEVICE "/Power", 312);
    page.night = true;
    world_run(page.gx.loop, MINUTE);
    assert_page_number(DEVICE "/State", 2);
    assert_page_none(DEVICE "/LastError");
    assert_page_number("/Gateways/DEFAULT/State", 1); /* nothing alarms at night */
    assert_page_number(DEVICE "/Age", 60);
    page.night = false;
    page.away = true;
    world_run(page.gx.loop, 5 * MINUTE);
    assert_page_number(DEVICE "/State", 3);
    assert_int_equal(page_value(DEVICE "/LastError").type, VALUE_STRING);
    assert_page_number("/Gateways/DEFAULT/State", 2);
    assert_int_equal(page_value("/Gateways/DEFAULT/LastError").type, VALUE_STRING);
    page.away = false;
    world_run(page.gx.loop, 10 * 1000);
    assert_page_number("/Gateways/DEFAULT/State", 1);
    assert_page_none("/Gateways/DEFAULT/LastError");
    assert_page_number(DEVICE "/State", 1);
}

/* Its node loses its values and leaves the list; whoever comes has a node of his own. */
static void one_that_is_replaced(void **state)
{
    (void)state;
    page_begin_with(GOOD "[INVERTER0]\n");
    assert_page_text("/DeviceList", SERIAL);
    page.serial = OTHER;
    world_run(page.gx.loop, 30 * MINUTE);
    assert_page_text("/DeviceList", OTHER);
    assert_page_text("/Devices/" OTHER "/Serial", OTHER);
    assert_page_none(DEVICE "/Serial");
    assert_page_none(DEVICE "/State");
    assert_page_none(DEVICE "/Enabled");
    assert_int_equal(page_write_int(DEVICE "/Enabled", 0), SERVICE_REFUSED);
    page.serial = SERIAL;
    world_run(page.gx.loop, 30 * MINUTE);
    assert_page_text("/DeviceList", SERIAL);
    assert_page_text(DEVICE "/Serial", SERIAL);
}

static void a_dry_run(void **state)
{
    (void)state;
    page_begin_with(GOOD "DryRun=1\n");
    assert_page_number("/State", 4);
    assert_page_text(DEVICE "/Name", "Roof");
    assert_page_none(DEVICE "/Power");
    assert_page_none(DEVICE "/Energy");
    page_change_config(GOOD);
    assert_page_number("/State", 1);
    assert_page_number(DEVICE "/Power", 287);
}

/* ---- The configuration ---- */

static void faults_of_the_configuration(void **state)
{
    (void)state;
    page_begin_with(GOOD "[INVERTER0]\nPhase=L4\nColour=red\n[INVERTER1]\nSerial=" OTHER "\n");
    assert_page_number("/State", 2);
    assert_page_number("/Config/Errors", 1);
    assert_page_number("/Config/Warnings", 1);
    assert_non_null(
        strstr(page_value("/Config/Message/0").s, "line 9: [INVERTER0] Phase = \"L4\""));
    assert_non_null(strstr(page_value("/Config/Message/1").s, "Colour"));
    assert_page_none("/Config/Message/2");
    assert_page_number(DEVICE "/State", 5);
    assert_page_text(DEVICE "/LastError", "a fault in its section of config.ini");
    assert_int_equal(page_write_int(DEVICE "/Enabled", 0), SERVICE_REFUSED);
    page_change_config(GOOD);
    assert_page_number("/State", 1);
    assert_page_none("/Config/Message/0");
    page_change_config(GOOD "[INVERTER0]\nPhase=L4\n");
    assert_page_number("/State", 3);
    assert_page_number("/Config/Errors", 1);
    assert_page_number(DEVICE "/State", 1); /* by the one before */
    page_change_config("[DEFAULT\n");
    assert_page_number("/State", 3);
    page_change_config(GOOD);
    assert_page_number("/State", 1);
    assert_page_number("/Config/Errors", 0);
}

static void no_configuration(void **state)
{
    (void)state;
    page_begin();
    assert_page_number("/State", 0);
    assert_page_number("/Config/Errors", 1);
    assert_non_null(strstr(page_value("/Config/Message/0").s, "Copy config.example there"));
    assert_page_text("/DeviceList", "");
    assert_int_equal(page_write_text("/IpAddresses", "192.168.1.77"), SERVICE_REFUSED);
    page_change_config(GOOD);
    assert_page_number("/State", 1);
    assert_page_text("/DeviceList", SERIAL);
}

/* ---- Enabled ---- */

static void disabled_and_kept_so(void **state)
{
    (void)state;
    page_begin_with(GOOD);
    assert_non_null(world_service(ROOF));
    assert_int_equal(page_write_int(DEVICE "/Enabled", 0), SERVICE_ACCEPTED);
    assert_null(world_service(ROOF));
    assert_page_number(DEVICE "/Enabled", 0);
    assert_page_number(DEVICE "/State", 4);
    assert_page_none(DEVICE "/Service");
    assert_int_equal(world_setting(SETTING "Enabled").i, 0);
    world_run(page.gx.loop, 10 * MINUTE);
    assert_null(world_service(ROOF));
    page.away = true;
    world_run(page.gx.loop, 10 * MINUTE);
    assert_page_number(DEVICE "/State", 4); /* no trouble: nobody wants it */
    page.away = false;
    page_change_config(GOOD "PollingInterval=7000\n[INVERTER0]\nPhase=L2\n");
    assert_null(world_service(ROOF));
    page_end();
    page_begin();
    world_run(page.gx.loop, MINUTE);
    assert_null(world_service(ROOF));
    assert_page_number(DEVICE "/State", 4);
    page_end();
    world_settings(false); /* the state file knows it, too */
    world_settings_erase();
    page_begin();
    world_run(page.gx.loop, MINUTE);
    assert_null(world_service(ROOF));
    assert_int_equal(page_write_int(DEVICE "/Enabled", 1), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 1000);
    assert_non_null(world_service(ROOF)); /* under its number */
    world_settings(true);
    world_run(page.gx.loop, 5 * MINUTE);
    assert_int_equal(world_setting(SETTING "Enabled").i, 1);
}

/* Somebody else may change it in the settings themselves. */
static void by_the_settings_service(void **state)
{
    const struct value no = value_int(0), yes = value_int(1);

    (void)state;
    page_begin_with(GOOD);
    assert_true(world_setting_change(SETTING "Enabled", &no));
    world_run(page.gx.loop, 10 * 1000);
    assert_null(world_service(ROOF));
    assert_page_number(DEVICE "/Enabled", 0);
    assert_true(world_setting_change(SETTING "Enabled", &yes));
    world_run(page.gx.loop, 10 * 1000);
    assert_non_null(world_service(ROOF));
    assert_true(world_setting_change(SETTING "PowerLimit", &yes));
    world_run(page.gx.loop, 10 * 1000);
    assert_page_number(DEVICE "/PowerLimit/Enabled", 1);
}

/* As a load or a meter it can be disabled as well, and cannot be limited. */
static void in_another_role(void **state)
{
    const struct value role = value_string("acload");

    (void)state;
    page_begin_with(GOOD);
    assert_int_equal(world_write(ROOF, "/Role", &role), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 30 * 1000);
    assert_page_text(DEVICE "/Class", "acload");
    assert_page_none(DEVICE "/PowerLimit/Enabled");
    assert_int_equal(page_write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_REFUSED);
    assert_int_equal(page_write_int(DEVICE "/Enabled", 0), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_int_equal(world_service_count(), 0);
    assert_int_equal(page_write_int(DEVICE "/Enabled", 1), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_int_equal(world_service_count(), 1);
    assert_page_text(DEVICE "/Class", "acload");
}

/* ---- Limits ---- */

static void limited_from_the_screen(void **state)
{
    (void)state;
    page_begin_with(GOOD);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_INVALID);
    assert_int_equal(page_write_double(DEVICE "/PowerLimit/Manual", 400), SERVICE_REFUSED);
    world_run(page.gx.loop, 5 * MINUTE);
    assert_int_equal(page.commands, 0);
    assert_int_equal(page_write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 2 * MINUTE);
    assert_page_number(DEVICE "/PowerLimit/Enabled", 1);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_DOUBLE);
    assert_page_number(DEVICE "/PowerLimit/Limit", 800);
    assert_page_number(DEVICE "/PowerLimit/Max", 800);
    assert_page_number(DEVICE "/PowerLimit/Manual", 800);
    assert_int_equal(page_write_double(DEVICE "/PowerLimit/Manual", -1), SERVICE_REFUSED);
    assert_int_equal(page.commands, 0);
    assert_int_equal(page_write_double(DEVICE "/PowerLimit/Manual", 400), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_page_number(DEVICE "/PowerLimit/Manual", 400);
    assert_true(page.commands > 0);
    assert_int_equal(page_value(DEVICE "/PowerLimit/State").type, VALUE_STRING);
    /* Switched off, what was limited is lifted, and nothing is commanded any more. */
    unsigned before = page.commands;
    assert_int_equal(page_write_int(DEVICE "/PowerLimit/Enabled", 0), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 2 * MINUTE);
    assert_true(page.commands > before);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_INVALID);
    before = page.commands;
    world_run(page.gx.loop, 10 * MINUTE);
    assert_int_equal(page.commands, before);
    page_end();
    page_begin();
    assert_page_number(DEVICE "/PowerLimit/Enabled", 0);
}

/* One that is disabled is not left limited. */
static void disabled_while_limited(void **state)
{
    (void)state;
    page_begin_with(GOOD);
    assert_int_equal(page_write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 2 * MINUTE);
    assert_int_equal(page_write_double(DEVICE "/PowerLimit/Manual", 400), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 2 * MINUTE);
    unsigned before = page.commands;
    assert_int_equal(page_write_int(DEVICE "/Enabled", 0), SERVICE_ACCEPTED);
    world_run(page.gx.loop, 2 * MINUTE);
    assert_true(page.commands > before);
    before = page.commands;
    world_run(page.gx.loop, 10 * MINUTE);
    assert_int_equal(page.commands, before);
}

static void what_the_file_says_is_final(void **state)
{
    const struct value yes = value_int(1);

    (void)state;
    page_begin_with(GOOD "PowerLimit=0\nSwitch=0\n");
    assert_page_number(DEVICE "/PowerLimit/Final", 1);
    assert_page_number(DEVICE "/Switch/Final", 1);
    assert_int_equal(page_write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_REFUSED);
    assert_int_equal(page_write_int(DEVICE "/Switch/Enabled", 1), SERVICE_REFUSED);
    assert_int_equal(page_write_double(DEVICE "/PowerLimit/Manual", 100), SERVICE_REFUSED);
    /* Nor by the settings, which every program on the device can write. */
    assert_true(world_setting_change(SETTING "PowerLimit", &yes));
    assert_true(world_setting_change(SETTING "Switch", &yes));
    world_run(page.gx.loop, 5 * MINUTE);
    assert_page_number(DEVICE "/PowerLimit/Enabled", 0);
    assert_page_number(DEVICE "/Switch/Enabled", 0);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_INVALID);
    assert_int_equal(page.commands, 0);
    /* Without the lines, what was set there counts. */
    page_change_config(GOOD);
    world_run(page.gx.loop, 2 * MINUTE);
    assert_page_number(DEVICE "/PowerLimit/Final", 0);
    assert_page_number(DEVICE "/PowerLimit/Enabled", 1);
    assert_page_number(DEVICE "/Switch/Enabled", 1);
    assert_int_equal(world_value(ROOF, "/SwitchableOutput/power/State").type, VALUE_INT);
    page_change_config(GOOD "PowerLimit=1\n");
    assert_page_number(DEVICE "/PowerLimit/Final", 1);
    assert_int_equal(page_write_int(DEVICE "/PowerLimit/Enabled", 0), SERVICE_REFUSED);
    assert_page_number(DEVICE "/PowerLimit/Enabled", 1);
}

/* ---- Who writes too much, and who is not alone ---- */

/* Paths stay while the service does: one that is full of what has gone begins anew. */
static void more_devices_than_nodes(void **state)
{
    char serial[16], config[256], path[64];
    unsigned missing = 0;

    (void)state;
    page.serial = serial;
    for (unsigned n = 0; n < 3 * CONF_SERVICES_MAX; n++) {
        snprintf(serial, sizeof serial, "1141829%05u", n);
        snprintf(config, sizeof config, GOOD "AutoAdd=0\n[INVERTER0]\nSerial=%s\n", serial);
        snprintf(path, sizeof path, "/Devices/%s/Serial", serial);
        world_settings_erase(); /* which hold fewer than that */
        if (n == 0)
            page_begin_with(config);
        else
            page_change_config(config);
        world_run(page.gx.loop, 5000);
        missing += page_value(path).type != VALUE_STRING;
    }
    assert_in_range(missing, 0, 1);
    assert_page_text("/DeviceList", serial);
    assert_page_text("/GatewayList", "DEFAULT");
}

static void floods(void **state)
{
    unsigned taken = 0;

    (void)state;
    page_begin_with(GOOD);
    unsigned long writes = world_setting_writes;
    for (int i = 0; i < 5000; i++) {
        const struct value v = value_int(i % 2);
        taken += world_write(OWN, DEVICE "/Enabled", &v) == SERVICE_ACCEPTED;
        world_run(page.gx.loop, 1);
    }
    assert_in_range(taken, 1, 61);
    assert_in_range(world_setting_writes - writes, 1, 100);
    world_run(page.gx.loop, 5 * MINUTE);
    assert_int_equal(page_write_int(DEVICE "/Enabled", 1), SERVICE_ACCEPTED);
    world_run(page.gx.loop, MINUTE);
    assert_non_null(world_service(ROOF));
}

static void a_second_copy(void **state)
{
    const struct service_item item = {.path = "/Connected", .value = value_int(1)};
    char why[80];

    (void)state;
    struct loop *its_loop = loop_create();
    struct service *first =
        service_create(its_loop, OWN, &item, 1, &(struct service_events){.there = NULL}, why,
                       sizeof why);
    assert_non_null(first);
    page_begin_with(GOOD);
    assert_non_null(world_service(ROOF)); /* all else works */
    assert_page_none("/State");
    service_destroy(first);
    loop_destroy(its_loop);
    world_run(page.gx.loop, 2 * MINUTE);
    assert_page_number("/State", 1);
    assert_page_text("/DeviceList", SERIAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, page_setup, page_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_day_with_an_inverter),
        TEST(one_that_is_replaced),
        TEST(a_dry_run),
        TEST(faults_of_the_configuration),
        TEST(no_configuration),
        TEST(disabled_and_kept_so),
        TEST(by_the_settings_service),
        TEST(in_another_role),
        TEST(limited_from_the_screen),
        TEST(disabled_while_limited),
        TEST(what_the_file_says_is_final),
        TEST(more_devices_than_nodes),
        TEST(floods),
        TEST(a_second_copy),
    };
    return cmocka_run_group_tests_name("overview", tests, NULL, NULL);
}

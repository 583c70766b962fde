/* com.victronenergy.opendtu, which the page on the GX screen reads and writes: what it shows, keeps, and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bridge/app.h"
#include "bridge/overview.h"
#include "edge/bus/service.h"
#include "edge/sys/loop.h"
#include "support/world.h"

#define OWN     "com.victronenergy.opendtu"
#define SERIAL  "114182940773"
#define OTHER   "114182940774"
#define DEVICE  "/Devices/" SERIAL
#define ROOF    "com.victronenergy.pvinverter.http_34"
#define SETTING "/Settings/Devices/dtu_" SERIAL "/"

enum { MINUTE = 60 * 1000, MAX_W = 800 };

static struct {
    char folder[64], config_path[128], state_path[128], body[1024];
    struct loop *loop;
    struct app *app;
    const char *serial;
    double power_w, limit_pct;
    bool night, away, added_is_dtu;
    unsigned asked, added_asked, added_commands, commands;
    char added_url[64];
} t;

/* ---- The house ---- */

static void put_live(const char *serial)
{
    snprintf(
        t.body, sizeof t.body,
        "{\"inverters\":[{\"serial\":\"%s\",\"name\":\"Roof\",\"data_age\":1,\"reachable\":%s,"
        "\"producing\":%s,\"limit_relative\":%.1f,\"AC\":{\"0\":{\"Power\":"
        "{\"v\":%.1f},\"Voltage\":{\"v\":230},\"YieldTotal\":{\"v\":100},\"YieldDay\":{\"v\":500}}},"
        "\"DC\":{},\"INV\":{\"0\":{}}}]}",
        serial, t.night ? "false" : "true", t.night ? "false" : "true", t.limit_pct, t.power_w);
}

/* The value behind a key of the form, which is JSON with its marks percent-encoded. */
static double form_number(const char *body, const char *key)
{
    const char *at = strstr(body, key);

    assert_non_null(at);
    at += strlen(key) + strlen("%22%3A");
    return strtod(strncmp(at, "%22", 3) == 0 ? at + 3 : at, NULL);
}

static void take_command(const struct message *m)
{
    t.commands++;
    if (strcmp(m->path, "/api/limit/config") == 0)
        t.limit_pct = form_number(m->body, "limit_value") /
                      (form_number(m->body, "limit_type") == 0 ? MAX_W / 100.0 : 1);
    snprintf(t.body, sizeof t.body, "{\"type\":\"success\",\"code\":1001}");
}

static void answer_dtu(const struct message *m, const char *serial)
{
    const char *path = m->path;

    if (strcmp(path, "/api/livedata/status") == 0) {
        t.asked++;
        put_live(serial);
    } else if (strcmp(path, "/api/inverter/list") == 0) {
        snprintf(t.body, sizeof t.body,
                 "{\"inverter\":[{\"serial\":\"%s\",\"command_enable\":true}]}", serial);
    } else if (strcmp(path, "/api/limit/status") == 0) {
        snprintf(t.body, sizeof t.body,
                 "{\"%s\":{\"limit_relative\":%.1f,\"max_power\":%d,\"limit_set_status\":\"Ok\"}}",
                 serial, t.limit_pct, MAX_W);
    } else if (strcmp(path, "/api/system/status") == 0) {
        snprintf(t.body, sizeof t.body, "{\"git_hash\":\"v24.2.16\",\"hostname\":\"OpenDTU\"}");
    } else {
        take_command(m);
    }
}

static void gateway(void *user, const char *base_url, const struct message *m,
                    struct world_reply *reply)
{
    (void)user;
    reply->delay_ms = 20;
    reply->body = t.body;
    if (strcmp(base_url, "http://dtu") == 0) {
        if (t.away)
            reply->outcome = REPLY_UNREACHABLE;
        else
            answer_dtu(m, t.serial);
        return;
    }
    t.added_asked++;
    t.added_commands += m->format != MESSAGE_NO_BODY || strcmp(m->path, "/api/inverter/list") == 0;
    snprintf(t.added_url, sizeof t.added_url, "%s", base_url);
    if (t.added_is_dtu)
        answer_dtu(m, OTHER);
    else
        reply->outcome = REPLY_UNREACHABLE;
}

static void write_config(const char *text)
{
    FILE *f = fopen(t.config_path, "w");

    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

#define GOOD \
    "[DEFAULT]\nDTU=opendtu\nHost=dtu\nLogging=CRITICAL\nUsername=admin\nPassword=x\nPush=0\n"

static void begin(void)
{
    t.app = app_create(t.loop, &(struct app_options){.config_path = t.config_path,
                                                     .state_path = t.state_path});
    assert_non_null(t.app);
    world_run(t.loop, 30 * 1000);
}

static void end(void)
{
    app_destroy(t.app);
    t.app = NULL;
}

static void begin_with(const char *config)
{
    write_config(config);
    begin();
}

static void change_config(const char *config)
{
    write_config(config);
    app_reload(t.app);
    world_run(t.loop, 10 * 1000);
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.serial = SERIAL;
    t.power_w = 287;
    t.limit_pct = 100;
    strcpy(t.folder, "/tmp/dtu-virtual-XXXXXX");
    if (!mkdtemp(t.folder))
        return -1;
    snprintf(t.config_path, sizeof t.config_path, "%s/config.ini", t.folder);
    snprintf(t.state_path, sizeof t.state_path, "%s/state.json", t.folder);
    world_reset();
    world_set_message_gateway(gateway, NULL);
    t.loop = loop_create();
    return t.loop ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    app_destroy(t.app);
    loop_destroy(t.loop);
    snprintf(command, sizeof command, "rm -r %s", t.folder);
    return system(command);
}

/* ---- What it shows ---- */

static struct value shown(const char *path)
{
    return world_value(OWN, path);
}

static void assert_text(const char *path, const char *text)
{
    struct value v = shown(path);

    if (v.type != VALUE_STRING)
        fail_msg("%s is no text", path);
    assert_string_equal(v.s, text);
}

static void assert_number(const char *path, double number)
{
    struct value v = shown(path);
    double is = v.type == VALUE_INT ? v.i : v.type == VALUE_DOUBLE ? v.d : NAN;

    if (!(fabs(is - number) < 1e-9))
        fail_msg("%s is %g, not %g", path, is, number);
}

static void assert_none(const char *path)
{
    if (shown(path).type != VALUE_INVALID)
        fail_msg("%s has a value", path);
}

static int write_int(const char *path, int i)
{
    const struct value v = value_int(i);
    int result = world_write(OWN, path, &v);

    world_run(t.loop, 100);
    return result;
}

static int write_double(const char *path, double d)
{
    const struct value v = value_double(d);
    int result = world_write(OWN, path, &v);

    world_run(t.loop, 100);
    return result;
}

static int write_text(const char *path, const char *s)
{
    const struct value v = value_string(s);
    int result = world_write(OWN, path, &v);

    world_run(t.loop, 100);
    return result;
}

static void a_day_with_an_inverter(void **state)
{
    (void)state;
    begin_with(GOOD);
    assert_number("/State", 1);
    assert_number("/DeviceInstance", 0);
    assert_number("/ProductId", 0xD7D1);
    assert_text("/Config/Path", t.config_path);
    assert_number("/Config/Errors", 0);
    assert_none("/Config/Message/0");
    assert_text("/GatewayList", "DEFAULT");
    assert_text("/DeviceList", SERIAL);
    assert_text("/Gateways/DEFAULT/Address", "http://dtu");
    assert_text("/Gateways/DEFAULT/Product", "OpenDTU");
    assert_text("/Gateways/DEFAULT/Firmware", "v24.2.16");
    assert_number("/Gateways/DEFAULT/State", 1);
    assert_none("/Gateways/DEFAULT/LastError");
    assert_number("/Gateways/DEFAULT/Push", 0);
    assert_number("/Gateways/DEFAULT/Latency", 20);
    assert_number("/Gateways/DEFAULT/Devices", 1);
    assert_number("/Gateways/DEFAULT/Added", 0);
    assert_text(DEVICE "/Service", ROOF);
    assert_number(DEVICE "/DeviceInstance", 34);
    assert_text(DEVICE "/Class", "pvinverter");
    assert_text(DEVICE "/Name", "Roof");
    assert_text(DEVICE "/Serial", SERIAL);
    assert_text(DEVICE "/Gateway", "DEFAULT");
    assert_number(DEVICE "/State", 1);
    assert_number(DEVICE "/Power", 287);
    assert_number(DEVICE "/EnergyToday", 0.5);
    assert_number(DEVICE "/Energy", 100);
    assert_number(DEVICE "/Age", 0);
    assert_number(DEVICE "/Enabled", 1);
    assert_number(DEVICE "/PowerLimit/Enabled", 0);
    assert_number(DEVICE "/PowerLimit/Final", 0);
    assert_none(DEVICE "/PowerLimit/Manual");
    assert_none(DEVICE "/PowerLimit/Limit");

    t.power_w = 312; /* with the next poll, and without a wake-up of its own */
    world_run(t.loop, 6000);
    assert_number(DEVICE "/Power", 312);
    t.night = true;
    world_run(t.loop, MINUTE);
    assert_number(DEVICE "/State", 2);
    assert_none(DEVICE "/LastError");
    assert_number("/Gateways/DEFAULT/State", 1); /* nothing alarms at night */
    assert_number(DEVICE "/Age", 60);
    t.night = false;
    t.away = true;
    world_run(t.loop, 5 * MINUTE);
    assert_number(DEVICE "/State", 3);
    assert_int_equal(shown(DEVICE "/LastError").type, VALUE_STRING);
    assert_number("/Gateways/DEFAULT/State", 2);
    assert_int_equal(shown("/Gateways/DEFAULT/LastError").type, VALUE_STRING);
    t.away = false;
    world_run(t.loop, 10 * 1000);
    assert_number("/Gateways/DEFAULT/State", 1);
    assert_none("/Gateways/DEFAULT/LastError");
    assert_number(DEVICE "/State", 1);
}

/* Its node loses its values and leaves the list; whoever comes has a node of his own. */
static void one_that_is_replaced(void **state)
{
    (void)state;
    begin_with(GOOD "[INVERTER0]\n");
    assert_text("/DeviceList", SERIAL);
    t.serial = OTHER;
    world_run(t.loop, 30 * MINUTE);
    assert_text("/DeviceList", OTHER);
    assert_text("/Devices/" OTHER "/Serial", OTHER);
    assert_none(DEVICE "/Serial");
    assert_none(DEVICE "/State");
    assert_none(DEVICE "/Enabled");
    assert_int_equal(write_int(DEVICE "/Enabled", 0), SERVICE_REFUSED);
    t.serial = SERIAL;
    world_run(t.loop, 30 * MINUTE);
    assert_text("/DeviceList", SERIAL);
    assert_text(DEVICE "/Serial", SERIAL);
}

static void a_dry_run(void **state)
{
    (void)state;
    begin_with(GOOD "DryRun=1\n");
    assert_number("/State", 4);
    assert_text(DEVICE "/Name", "Roof");
    assert_none(DEVICE "/Power");
    assert_none(DEVICE "/Energy");
    change_config(GOOD);
    assert_number("/State", 1);
    assert_number(DEVICE "/Power", 287);
}

/* ---- The configuration ---- */

static void faults_of_the_configuration(void **state)
{
    (void)state;
    begin_with(GOOD "[INVERTER0]\nPhase=L4\nColour=red\n[INVERTER1]\nSerial=" OTHER "\n");
    assert_number("/State", 2);
    assert_number("/Config/Errors", 1);
    assert_number("/Config/Warnings", 1);
    assert_non_null(strstr(shown("/Config/Message/0").s, "line 9: [INVERTER0] Phase = \"L4\""));
    assert_non_null(strstr(shown("/Config/Message/1").s, "Colour"));
    assert_none("/Config/Message/2");
    assert_number(DEVICE "/State", 5);
    assert_text(DEVICE "/LastError", "a fault in its section of config.ini");
    assert_int_equal(write_int(DEVICE "/Enabled", 0), SERVICE_REFUSED);
    change_config(GOOD);
    assert_number("/State", 1);
    assert_none("/Config/Message/0");
    change_config(GOOD "[INVERTER0]\nPhase=L4\n");
    assert_number("/State", 3);
    assert_number("/Config/Errors", 1);
    assert_number(DEVICE "/State", 1); /* by the one before */
    change_config("[DEFAULT\n");
    assert_number("/State", 3);
    change_config(GOOD);
    assert_number("/State", 1);
    assert_number("/Config/Errors", 0);
}

static void no_configuration(void **state)
{
    (void)state;
    begin();
    assert_number("/State", 0);
    assert_number("/Config/Errors", 1);
    assert_non_null(strstr(shown("/Config/Message/0").s, "Copy config.example there"));
    assert_text("/DeviceList", "");
    assert_int_equal(write_text("/IpAddresses", "192.168.1.77"), SERVICE_REFUSED);
    change_config(GOOD);
    assert_number("/State", 1);
    assert_text("/DeviceList", SERIAL);
}

/* ---- Enabled ---- */

static void disabled_and_kept_so(void **state)
{
    (void)state;
    begin_with(GOOD);
    assert_non_null(world_service(ROOF));
    assert_int_equal(write_int(DEVICE "/Enabled", 0), SERVICE_ACCEPTED);
    assert_null(world_service(ROOF));
    assert_number(DEVICE "/Enabled", 0);
    assert_number(DEVICE "/State", 4);
    assert_none(DEVICE "/Service");
    assert_int_equal(world_setting(SETTING "Enabled").i, 0);
    world_run(t.loop, 10 * MINUTE);
    assert_null(world_service(ROOF));
    t.away = true;
    world_run(t.loop, 10 * MINUTE);
    assert_number(DEVICE "/State", 4); /* no trouble: nobody wants it */
    t.away = false;
    change_config(GOOD "PollingInterval=7000\n[INVERTER0]\nPhase=L2\n");
    assert_null(world_service(ROOF));
    end();
    begin();
    world_run(t.loop, MINUTE);
    assert_null(world_service(ROOF));
    assert_number(DEVICE "/State", 4);
    end();
    world_settings(false); /* the state file knows it, too */
    world_settings_erase();
    begin();
    world_run(t.loop, MINUTE);
    assert_null(world_service(ROOF));
    assert_int_equal(write_int(DEVICE "/Enabled", 1), SERVICE_ACCEPTED);
    world_run(t.loop, 1000);
    assert_non_null(world_service(ROOF)); /* under its number */
    world_settings(true);
    world_run(t.loop, 5 * MINUTE);
    assert_int_equal(world_setting(SETTING "Enabled").i, 1);
}

/* Somebody else may change it in the settings themselves. */
static void by_the_settings_service(void **state)
{
    const struct value no = value_int(0), yes = value_int(1);

    (void)state;
    begin_with(GOOD);
    assert_true(world_setting_change(SETTING "Enabled", &no));
    world_run(t.loop, 10 * 1000);
    assert_null(world_service(ROOF));
    assert_number(DEVICE "/Enabled", 0);
    assert_true(world_setting_change(SETTING "Enabled", &yes));
    world_run(t.loop, 10 * 1000);
    assert_non_null(world_service(ROOF));
    assert_true(world_setting_change(SETTING "PowerLimit", &yes));
    world_run(t.loop, 10 * 1000);
    assert_number(DEVICE "/PowerLimit/Enabled", 1);
}

/* As a load or a meter it can be disabled as well, and cannot be limited. */
static void in_another_role(void **state)
{
    const struct value role = value_string("acload");

    (void)state;
    begin_with(GOOD);
    assert_int_equal(world_write(ROOF, "/Role", &role), SERVICE_ACCEPTED);
    world_run(t.loop, 30 * 1000);
    assert_text(DEVICE "/Class", "acload");
    assert_none(DEVICE "/PowerLimit/Enabled");
    assert_int_equal(write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_REFUSED);
    assert_int_equal(write_int(DEVICE "/Enabled", 0), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_int_equal(world_service_count(), 0);
    assert_int_equal(write_int(DEVICE "/Enabled", 1), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_int_equal(world_service_count(), 1);
    assert_text(DEVICE "/Class", "acload");
}

/* ---- Limits ---- */

static void limited_from_the_screen(void **state)
{
    (void)state;
    begin_with(GOOD);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_INVALID);
    assert_int_equal(write_double(DEVICE "/PowerLimit/Manual", 400), SERVICE_REFUSED);
    world_run(t.loop, 5 * MINUTE);
    assert_int_equal(t.commands, 0);
    assert_int_equal(write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_ACCEPTED);
    world_run(t.loop, 2 * MINUTE);
    assert_number(DEVICE "/PowerLimit/Enabled", 1);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_DOUBLE);
    assert_number(DEVICE "/PowerLimit/Limit", 800);
    assert_number(DEVICE "/PowerLimit/Max", 800);
    assert_number(DEVICE "/PowerLimit/Manual", 800);
    assert_int_equal(write_double(DEVICE "/PowerLimit/Manual", -1), SERVICE_REFUSED);
    assert_int_equal(t.commands, 0);
    assert_int_equal(write_double(DEVICE "/PowerLimit/Manual", 400), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_number(DEVICE "/PowerLimit/Manual", 400);
    assert_true(t.commands > 0);
    assert_int_equal(shown(DEVICE "/PowerLimit/State").type, VALUE_STRING);
    /* Switched off, what was limited is lifted, and nothing is commanded any more. */
    unsigned before = t.commands;
    assert_int_equal(write_int(DEVICE "/PowerLimit/Enabled", 0), SERVICE_ACCEPTED);
    world_run(t.loop, 2 * MINUTE);
    assert_true(t.commands > before);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_INVALID);
    before = t.commands;
    world_run(t.loop, 10 * MINUTE);
    assert_int_equal(t.commands, before);
    end();
    begin();
    assert_number(DEVICE "/PowerLimit/Enabled", 0);
}

/* One that is disabled is not left limited. */
static void disabled_while_limited(void **state)
{
    (void)state;
    begin_with(GOOD);
    assert_int_equal(write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_ACCEPTED);
    world_run(t.loop, 2 * MINUTE);
    assert_int_equal(write_double(DEVICE "/PowerLimit/Manual", 400), SERVICE_ACCEPTED);
    world_run(t.loop, 2 * MINUTE);
    unsigned before = t.commands;
    assert_int_equal(write_int(DEVICE "/Enabled", 0), SERVICE_ACCEPTED);
    world_run(t.loop, 2 * MINUTE);
    assert_true(t.commands > before);
    before = t.commands;
    world_run(t.loop, 10 * MINUTE);
    assert_int_equal(t.commands, before);
}

static void what_the_file_says_is_final(void **state)
{
    const struct value yes = value_int(1);

    (void)state;
    begin_with(GOOD "PowerLimit=0\nSwitch=0\n");
    assert_number(DEVICE "/PowerLimit/Final", 1);
    assert_number(DEVICE "/Switch/Final", 1);
    assert_int_equal(write_int(DEVICE "/PowerLimit/Enabled", 1), SERVICE_REFUSED);
    assert_int_equal(write_int(DEVICE "/Switch/Enabled", 1), SERVICE_REFUSED);
    assert_int_equal(write_double(DEVICE "/PowerLimit/Manual", 100), SERVICE_REFUSED);
    /* Nor by the settings, which every program on the device can write. */
    assert_true(world_setting_change(SETTING "PowerLimit", &yes));
    assert_true(world_setting_change(SETTING "Switch", &yes));
    world_run(t.loop, 5 * MINUTE);
    assert_number(DEVICE "/PowerLimit/Enabled", 0);
    assert_number(DEVICE "/Switch/Enabled", 0);
    assert_int_equal(world_value(ROOF, "/Ac/PowerLimit").type, VALUE_INVALID);
    assert_int_equal(t.commands, 0);
    /* Without the lines, what was set there counts. */
    change_config(GOOD);
    world_run(t.loop, 2 * MINUTE);
    assert_number(DEVICE "/PowerLimit/Final", 0);
    assert_number(DEVICE "/PowerLimit/Enabled", 1);
    assert_number(DEVICE "/Switch/Enabled", 1);
    assert_int_equal(world_value(ROOF, "/SwitchableOutput/power/State").type, VALUE_INT);
    change_config(GOOD "PowerLimit=1\n");
    assert_number(DEVICE "/PowerLimit/Final", 1);
    assert_int_equal(write_int(DEVICE "/PowerLimit/Enabled", 0), SERVICE_REFUSED);
    assert_number(DEVICE "/PowerLimit/Enabled", 1);
}

/* ---- Search, and addresses ---- */

static void asked_at_once(void **state)
{
    (void)state;
    begin_with(GOOD "PollingInterval=600000\n");
    unsigned before = t.asked;
    world_run(t.loop, 2 * MINUTE);
    assert_int_equal(t.asked, before);
    assert_int_equal(write_int("/Refresh", 0), SERVICE_REFUSED);
    assert_int_equal(write_int("/Refresh", 2), SERVICE_REFUSED);
    assert_int_equal(t.asked, before);
    assert_int_equal(write_int("/Refresh", 1), SERVICE_ACCEPTED);
    assert_int_equal(t.asked, before + 1);
    assert_number("/Refresh", 0);
    world_run(t.loop, OVERVIEW_REFRESH_MS - 1000);
    assert_int_equal(write_int("/Refresh", 1), SERVICE_REFUSED);
    assert_int_equal(t.asked, before + 1);
    world_run(t.loop, 1000);
    assert_int_equal(write_int("/Refresh", 1), SERVICE_ACCEPTED);
    assert_int_equal(t.asked, before + 2);
}

static void an_added_address(void **state)
{
    (void)state;
    begin_with(GOOD);
    assert_int_equal(write_text("/IpAddresses", "8.8.8.8"), SERVICE_REFUSED);
    assert_int_equal(write_text("/IpAddresses", "192.168.1.77, 1.1.1.1"), SERVICE_REFUSED);
    world_run(t.loop, 20 * MINUTE);
    assert_int_equal(t.added_asked, 0);
    assert_text("/IpAddresses", "");
    assert_int_equal(write_text("/IpAddresses", " 192.168.1.77 "), SERVICE_ACCEPTED);
    world_run(t.loop, 10 * 1000);
    assert_text("/IpAddresses", "192.168.1.77");
    assert_text("/GatewayList", "DEFAULT,ADDED1");
    assert_number("/Gateways/ADDED1/State", 3);
    assert_number("/Gateways/ADDED1/Added", 1);
    assert_string_equal(t.added_url, "http://192.168.1.77");
    unsigned asked = t.added_asked;
    assert_true(asked >= 1);
    world_run(t.loop, 14 * MINUTE);
    assert_int_equal(t.added_asked, asked); /* once in 15 minutes */
    world_run(t.loop, 2 * MINUTE);
    assert_int_equal(t.added_asked, 2 * asked);
    t.added_is_dtu = true;
    assert_int_equal(write_int("/Refresh", 1), SERVICE_ACCEPTED); /* or when its owner says so */
    world_run(t.loop, MINUTE);
    assert_number("/Gateways/ADDED1/State", 1);
    assert_text("/Gateways/ADDED1/Product", "OpenDTU");
    assert_text("/DeviceList", SERIAL "," OTHER);
    assert_text("/Devices/" OTHER "/Gateway", "ADDED1");
    assert_int_equal(world_service_count(), 2);
    /* What needs a login is not for it. */
    assert_none("/Devices/" OTHER "/PowerLimit/Enabled");
    assert_none("/Devices/" OTHER "/Switch/Enabled");
    assert_int_equal(write_int("/Devices/" OTHER "/PowerLimit/Enabled", 1), SERVICE_REFUSED);
    end();
    begin();
    world_run(t.loop, MINUTE);
    assert_text("/IpAddresses", "192.168.1.77");
    assert_number("/Gateways/ADDED1/State", 1);
    assert_int_equal(world_service_count(), 2);
    assert_int_equal(write_text("/IpAddresses", ""), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_text("/GatewayList", "DEFAULT");
    assert_none("/Gateways/ADDED1/State");
    assert_text("/DeviceList", SERIAL);
    assert_int_equal(world_service_count(), 1);
    asked = t.added_asked;
    world_run(t.loop, 20 * MINUTE);
    assert_int_equal(t.added_asked, asked);
}

/* Whatever is added, and whatever it lists: commands and their login are for the DTU of the file. */
static void no_commands_for_what_is_added(void **state)
{
    (void)state;
    begin_with(GOOD "PowerLimit=1\nSwitch=1\n[INVERTER0]\nSerial=" OTHER "\nMaxPower=800\n");
    t.added_is_dtu = true;
    assert_int_equal(write_text("/IpAddresses", "192.168.1.77"), SERVICE_ACCEPTED);
    world_run(t.loop, 5 * MINUTE);
    assert_number("/Devices/" OTHER "/State", 1); /* the section's inverter is shown */
    (void)write_double("/Devices/" OTHER "/PowerLimit/Manual", 400);
    world_run(t.loop, 5 * MINUTE);
    assert_int_equal(t.added_commands, 0);
}

/* The file's own DTU is not asked twice, and one that is added does not lose its number to another. */
static void several_addresses(void **state)
{
    (void)state;
    begin_with(GOOD);
    assert_int_equal(write_text("/IpAddresses", "dtu,10.0.0.1,10.0.0.2"), SERVICE_ACCEPTED);
    world_run(t.loop, 10 * 1000);
    assert_text("/GatewayList", "DEFAULT,ADDED2,ADDED3");
    assert_int_equal(write_text("/IpAddresses", "10.0.0.2,10.0.0.3"), SERVICE_ACCEPTED);
    world_run(t.loop, 10 * 1000);
    assert_text("/GatewayList", "DEFAULT,ADDED1,ADDED3");
    assert_text("/Gateways/ADDED3/Address", "http://10.0.0.2");
    assert_text("/Gateways/ADDED1/Address", "http://10.0.0.3");
}

/* The next address gets its number, and nothing of its inverters. */
static void an_address_that_was_removed(void **state)
{
    (void)state;
    t.added_is_dtu = true;
    begin_with(GOOD);
    assert_int_equal(write_text("/IpAddresses", "192.168.1.77"), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_text("/DeviceList", SERIAL "," OTHER);
    assert_int_equal(write_text("/IpAddresses", ""), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_text("/DeviceList", SERIAL);
    t.added_is_dtu = false;
    assert_int_equal(write_text("/IpAddresses", "192.168.1.88"), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_text("/GatewayList", "DEFAULT,ADDED1");
    assert_text("/DeviceList", SERIAL);
    assert_int_equal(world_service_count(), 1);
    end();
    begin();
    world_run(t.loop, MINUTE);
    assert_text("/DeviceList", SERIAL);
    assert_int_equal(world_service_count(), 1);
    t.added_is_dtu = true;
    assert_int_equal(write_int("/Refresh", 1), SERVICE_ACCEPTED);
    world_run(t.loop, 10 * 1000);
    assert_text("/DeviceList", SERIAL "," OTHER); /* at once, as that of a new DTU */
}

/* ---- Who writes too much, and who is not alone ---- */

/* Paths stay while the service does: one that is full of what has gone begins anew. */
static void more_devices_than_nodes(void **state)
{
    char serial[16], config[256], path[64];
    unsigned missing = 0;

    (void)state;
    t.serial = serial;
    for (unsigned n = 0; n < 3 * CONF_SERVICES_MAX; n++) {
        snprintf(serial, sizeof serial, "1141829%05u", n);
        snprintf(config, sizeof config, GOOD "AutoAdd=0\n[INVERTER0]\nSerial=%s\n", serial);
        snprintf(path, sizeof path, "/Devices/%s/Serial", serial);
        world_settings_erase(); /* which hold fewer than that */
        if (n == 0)
            begin_with(config);
        else
            change_config(config);
        world_run(t.loop, 5000);
        missing += shown(path).type != VALUE_STRING;
    }
    assert_in_range(missing, 0, 1);
    assert_text("/DeviceList", serial);
    assert_text("/GatewayList", "DEFAULT");
}

static void floods(void **state)
{
    unsigned taken = 0;

    (void)state;
    begin_with(GOOD);
    unsigned long writes = world_setting_writes;
    for (int i = 0; i < 5000; i++) {
        const struct value v = value_int(i % 2);
        taken += world_write(OWN, DEVICE "/Enabled", &v) == SERVICE_ACCEPTED;
        world_run(t.loop, 1);
    }
    assert_in_range(taken, 1, 61);
    assert_in_range(world_setting_writes - writes, 1, 100);
    world_run(t.loop, 5 * MINUTE);
    assert_int_equal(write_int(DEVICE "/Enabled", 1), SERVICE_ACCEPTED);
    world_run(t.loop, MINUTE);
    assert_non_null(world_service(ROOF));
}

static void a_second_copy(void **state)
{
    const struct service_item item = {.path = "/Connected", .value = value_int(1)};
    char why[80];

    (void)state;
    struct service *first =
        service_create(t.loop, OWN, &item, 1, &(struct service_events){.there = NULL}, why,
                       sizeof why);
    assert_non_null(first);
    begin_with(GOOD);
    assert_non_null(world_service(ROOF)); /* all else works */
    assert_none("/State");
    service_destroy(first);
    world_run(t.loop, 2 * MINUTE);
    assert_number("/State", 1);
    assert_text("/DeviceList", SERIAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        TEST(asked_at_once),
        TEST(an_added_address),
        TEST(several_addresses),
        TEST(no_commands_for_what_is_added),
        TEST(an_address_that_was_removed),
        TEST(more_devices_than_nodes),
        TEST(floods),
        TEST(a_second_copy),
    };
    return cmocka_run_group_tests_name("overview", tests, NULL, NULL);
}

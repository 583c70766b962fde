#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_paths.h"
#include "drivers/common.h"
#include "unit/support/driver_run.h"

#define PATH "/x"

static void set(struct template_value *v, const char *path, double mult, double fallback)
{
    (void)snprintf(v->path, sizeof v->path, "%s", path);
    v->mult = mult;
    v->fallback = fallback;
}

/* A section that says nothing but where to ask. */
static void open_plain(struct run *run)
{
    struct template_conf *c;

    run_open(run, "template");
    c = &run->conf->template;
    (void)snprintf(c->api_path, sizeof c->api_path, PATH);
    (void)snprintf(c->serial, sizeof c->serial, "77777777");
    set(&c->power, "", 1, MISSING);
    set(&c->total, "", 1, MISSING);
    set(&c->voltage, "none", 1, MISSING);
    set(&c->current, "None", 1, MISSING);
    set(&c->dc_voltage, "", 1, MISSING);
}

static int setup(void **state)
{
    struct run *run = malloc(sizeof *run);

    assert_non_null(run);
    open_plain(run);
    *state = run;
    return 0;
}

static int teardown(void **state)
{
    run_close(*state);
    free(*state);
    return 0;
}

/* One request a cycle, and what it brought; NULL when nothing. */
static const struct reading *ask(struct run *run, const char *body)
{
    run_cycle(run, 0, &(struct reply){PATH, body}, 1);
    assert_int_equal(run->asked_count, 1);
    assert_false(run->asked[0].optional);
    assert_true(run->reading_count <= 1);
    return run->reading_count ? &run->readings[0] : NULL;
}

static const struct reading *ask_fixture(struct run *run, const char *name)
{
    char *body = run_fixture(name);
    const struct reading *r = ask(run, body);
    free(body);
    if (!r)
        fail_msg("%s: %s", name, run->asked[0].why);
    return r;
}

/* ---- Devices ---- */

static void test_shelly_gen1(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.power, "meters/0/power", 1, MISSING);
    set(&run->conf->template.total, "/meters/0/total", 1.0 / 60000, MISSING); /* leading '/' */
    const struct reading *r = ask_fixture(run, "template/shelly-gen1-1pm.json");
    assert_string_equal(r->serial, "77777777");
    assert_string_equal(r->name, "");
    assert_int_equal(r->index, 0);
    assert_int_equal(r->reach, REACH_OK);
    assert_int_equal(r->phases, 0);
    assert_int_equal(r->strings, 0);
    assert_number(r->age_s, MISSING);
    assert_value(r, FIELD_POWER, 28.25);
    assert_value(r, FIELD_ENERGY_FORWARD, 137.057);
    assert_missing(r, FIELD_VOLTAGE);
    assert_missing(r, FIELD_CURRENT);
    assert_missing(r, FIELD_DC_VOLTAGE);
}

static void test_shelly_gen2(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->power, "apower", -1, MISSING);
    set(&c->total, "aenergy/total", 0.001, MISSING);
    set(&c->voltage, "voltage", 1, MISSING);
    set(&c->current, "current", 1, MISSING);
    set(&c->dc_voltage, "temperature/tC", 1, MISSING);
    const struct reading *r = ask_fixture(run, "template/shelly-gen2-switch.json");
    assert_value(r, FIELD_POWER, -410.5);
    assert_value(r, FIELD_ENERGY_FORWARD, 54.3215);
    assert_value(r, FIELD_VOLTAGE, 231.5);
    assert_value(r, FIELD_CURRENT, 1.79);
    assert_value(r, FIELD_DC_VOLTAGE, 44.5);
}

static void test_keys_with_colon_and_sums(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->power, "em:0/a_act_power + em:0/b_act_power+/em:0/c_act_power", 1, MISSING);
    set(&c->total, "emdata:0/total_act", 0.001, MISSING);
    const struct reading *r = ask_fixture(run, "template/shelly-gen2-3em.json");
    assert_value(r, FIELD_POWER, 450.25);
    assert_value(r, FIELD_ENERGY_FORWARD, 123.4565);

    set(&c->power, "data/p1+data/p2", 1, MISSING);
    set(&c->total, "data/te1+data/te2", 1, MISSING);
    r = ask_fixture(run, "template/apsystems-ez1.json");
    assert_value(r, FIELD_POWER, 260);
    assert_value(r, FIELD_ENERGY_FORWARD, 37.75);
}

static void test_sum_with_a_part_missing(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.power, "p1+p2", 2, MISSING);
    set(&run->conf->template.total, "e", 1, MISSING);
    const struct reading *r = ask(run, "{\"p1\":5,\"e\":1}");
    assert_missing(r, FIELD_POWER);
    assert_int_equal(r->reach, REACH_NO_POWER);
    run->conf->template.power.fallback = 3;
    r = ask(run, "{\"p1\":5,\"e\":1}");
    assert_value(r, FIELD_POWER, 3);
    assert_int_equal(r->reach, REACH_OK);
    r = ask(run, "{\"p1\":5,\"p2\":1,\"e\":1}");
    assert_value(r, FIELD_POWER, 12);
}

static void test_tasmota(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->power, "StatusSNS/ENERGY/Power", 1, MISSING);
    set(&c->total, "StatusSNS/ENERGY/Total", 1, MISSING);
    set(&c->voltage, "StatusSNS/ENERGY/Voltage", 1, MISSING);
    set(&c->current, "StatusSNS/ENERGY/Current", 1, MISSING);
    const struct reading *r = ask_fixture(run, "template/tasmota-status8.json");
    assert_value(r, FIELD_POWER, 20);
    assert_value(r, FIELD_ENERGY_FORWARD, 6.125);
    assert_value(r, FIELD_VOLTAGE, 234);
    assert_value(r, FIELD_CURRENT, 0.111);

    /* A list has no number of its own... */
    r = ask_fixture(run, "template/tasmota-two-channel.json");
    assert_missing(r, FIELD_POWER);
    assert_value(r, FIELD_ENERGY_FORWARD, 78.5);
    /* ...its elements have. */
    set(&c->power, "StatusSNS/ENERGY/Power/0+StatusSNS/ENERGY/Power/1", 1, MISSING);
    set(&c->current, "StatusSNS/ENERGY/Current/1", 1, MISSING);
    r = ask_fixture(run, "template/tasmota-two-channel.json");
    assert_value(r, FIELD_POWER, 162);
    assert_value(r, FIELD_CURRENT, 0.25);
}

static void test_tasmota_refuses(void **state)
{
    struct run *run = *state;
    char *body = run_fixture("template/tasmota-auth.json");
    set(&run->conf->template.power, "StatusSNS/ENERGY/Power", 1, 0);
    assert_null(ask(run, body));
    assert_int_equal(run_result(run, PATH), DECODE_AUTH);
    assert_non_null(strstr(run_why(run, PATH), "Username"));
    assert_non_null(strstr(run_why(run, PATH), "Password"));
    assert_non_null(strstr(run_why(run, PATH), "[TEMPLATE0]"));
    free(body);
}

static void test_asleep(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->power, "Body/Data/PAC/Values/1", 1, MISSING);
    set(&c->total, "Body/Data/TOTAL_ENERGY/Values/1", 0.001, MISSING);
    const struct reading *r = ask_fixture(run, "template/fronius-day.json");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 2450);

    r = ask_fixture(run, "template/fronius-night.json");
    assert_int_equal(r->reach, REACH_ASLEEP);
    assert_missing(r, FIELD_POWER); /* null is no value; what it means depends on the class */
    assert_value(r, FIELD_ENERGY_FORWARD, 12345);
    assert_false(r->at_once);

    c->power.fallback = 0; /* who says what null means is believed */
    r = ask_fixture(run, "template/fronius-night.json");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 0);
}

/* p1 + p2, and e: what the reply makes of the power. */
static void test_null(void **state)
{
    static const struct {
        const char *body;
        enum reach reach;
        double power, fallback;
    } cases[] = {
        {"{\"p1\":5,\"p2\":7,\"e\":1}", REACH_OK, 12, MISSING},
        {"{\"p1\":316,\"p2\":null,\"e\":1}", REACH_NO_POWER, MISSING, MISSING}, /* not 316, not 0 */
        {"{\"p1\":null,\"p2\":7,\"e\":1}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":0,\"p2\":null}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":null,\"e\":1}", REACH_ASLEEP, MISSING, MISSING},
        {"{\"p1\":null,\"e\":1}", REACH_ASLEEP, MISSING, MISSING},
        {"{\"e\":1}", REACH_ASLEEP, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":null,\"e\":null}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":null}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":\"off\",\"e\":1}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":[7],\"e\":1}", REACH_NO_POWER, MISSING, MISSING},
        {"{\"p1\":null,\"p2\":7,\"e\":1}", REACH_OK, 3, 3}, /* the default, in any of these cases */
        {"{\"p1\":null,\"p2\":null,\"e\":1}", REACH_OK, 3, 3},
        {"{\"p1\":null,\"p2\":null,\"e\":null}", REACH_OK, 0, 0},
        {"{\"e\":1}", REACH_OK, 0, 0},
    };
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->total, "e", 1, MISSING);
    for (size_t i = 0; i < COUNT(cases); i++) {
        set(&c->power, "p1 + p2", 1, cases[i].fallback);
        const struct reading *r = ask(run, cases[i].body);
        if (!r || r->reach != cases[i].reach)
            fail_msg("%s: %s", cases[i].body, r ? "it is taken for something else" : "nothing");
        assert_value(r, FIELD_POWER, cases[i].power);
        assert_true(r->reach == REACH_OK || strstr(r->why, "CUST_Power: p"));
    }
}

/* Other quantities are null for themselves, and have their own defaults. */
static void test_null_of_others(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->power, "p", 1, MISSING);
    set(&c->total, "e", 1, MISSING);
    set(&c->voltage, "u", 1, 230);
    const struct reading *r = ask(run, "{\"p\":5,\"e\":null,\"u\":null}");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 5);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_value(r, FIELD_VOLTAGE, 230);
    assert_string_equal(r->why, "");
    assert_false(r->at_once);
}

static void test_difference(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->power, "i - e", 0.1, MISSING);
    set(&c->total, "StatusSNS/Flat/+A", 1, MISSING);
    const struct reading *r =
        ask(run, "{\"i\":20,\"e\":320,\"StatusSNS\":{\"Flat\":{\"+A\":7.5}}}");
    assert_value(r, FIELD_POWER, -30);
    assert_value(r, FIELD_ENERGY_FORWARD, 7.5);
    r = ask(run, "{\"i\":20,\"e\":null,\"StatusSNS\":{}}");
    assert_missing(r, FIELD_POWER);
    assert_int_equal(r->reach, REACH_NO_POWER);
}

static void test_numbers_in_text(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->power, "data/grid/0/Power+data/grid/1/Power", 1, MISSING);
    set(&c->total, "data/grid/0/Total", 1, MISSING); /* "1,5" is no number */
    set(&c->current, "data/state", 0.1, MISSING);
    const struct reading *r = ask_fixture(run, "template/text-numbers.json");
    assert_value(r, FIELD_POWER, 100);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_value(r, FIELD_CURRENT, 1.25);
}

/* ---- Values ---- */

static void test_fallbacks(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->power, "p", 10, 7);
    set(&c->total, "e", 10, MISSING);
    set(&c->voltage, "u", 10, 230.5);
    set(&c->current, "", 10, 2); /* no path: the default is all there is */
    const struct reading *r = ask(run, "{\"p\":1}");
    assert_value(r, FIELD_POWER, 10);
    assert_missing(r, FIELD_ENERGY_FORWARD); /* not there is not 0 */
    assert_value(r, FIELD_VOLTAGE, 230.5);   /* not multiplied */
    assert_value(r, FIELD_CURRENT, 2);
    assert_missing(r, FIELD_DC_VOLTAGE);
}

static void test_ranges(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;
    set(&c->power, "p", 1e9, MISSING);
    set(&c->total, "e", 1, MISSING);
    set(&c->voltage, "u", 1, 5000);
    const struct reading *r = ask(run, "{\"p\":1,\"e\":-1}");
    assert_missing(r, FIELD_POWER);
    assert_missing(r, FIELD_ENERGY_FORWARD);
    assert_missing(r, FIELD_VOLTAGE);

    for (unsigned f = 0; f < FIELD_COUNT; f++) { /* each has a range */
        assert_number(common_in_range((enum field)f, 1), 1);
        assert_number(common_in_range((enum field)f, 1e9), MISSING);
        assert_number(common_in_range((enum field)f, -1e9), MISSING);
        assert_number(common_in_range((enum field)f, MISSING), MISSING);
    }
}

/* A device that makes nothing at all is not one that has only just started. */
static void test_zero_is_a_value(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.power, "p", 1, MISSING);
    set(&run->conf->template.total, "e", 1, MISSING);
    const struct reading *r = ask(run, "{\"p\":0.0,\"e\":0}");
    assert_int_equal(r->reach, REACH_OK);
    assert_value(r, FIELD_POWER, 0);
    assert_value(r, FIELD_ENERGY_FORWARD, 0);
}

static void test_serial_of_section(void **state)
{
    struct run *run = *state;
    run->conf->template.serial[0] = '\0';
    assert_string_equal(ask(run, "{}")->serial, "TEMPLATE0");
}

/* ---- What a person is told ---- */

#define GONE "CUST_Power: ENERGY/Power is not in the reply, which has "

static void test_wrong_paths(void **state)
{
    struct run *run = *state;
    char *body = run_fixture("template/tasmota-status8.json");
    set(&run->conf->template.power, "ENERGY/Power", 1, 0);
    set(&run->conf->template.total, "ENERGY/Total", 1, MISSING);
    assert_null(ask(run, body));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_non_null(strstr(run_why(run, PATH), "CUST_Power: ENERGY/Power is not in the reply"));
    assert_non_null(strstr(run_why(run, PATH), "StatusSNS/ENERGY/Total"));
    free(body);

    assert_null(ask(run, "{\"a\":{\"b\":[true,\"x\",{\"c d\":\"1.5\"}]}}"));
    assert_string_equal(run_why(run, PATH), GONE "a/b/2/c d");
    assert_null(ask(run, "{\"c\\nd\":1}"));
    assert_string_equal(run_why(run, PATH), GONE "no numbers that a path leads to");
    assert_null(ask(run, "[]"));
    assert_string_equal(run_why(run, PATH), GONE "no numbers that a path leads to");
    assert_null(ask(run, "[1,2,3,4,5,6]"));
    assert_string_equal(run_why(run, PATH), GONE "0, 1, 2, 3");
    assert_null(ask(run, "5"));
    assert_null(ask(run, "\"text\""));
}

/* A path that leads nowhere beside one that leads somewhere: told once, as `check` tells it. */
static void test_one_wrong_path(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->power, "apowr", 1, MISSING);
    set(&c->total, "total", 1, MISSING);
    set(&c->voltage, "volt", 1, MISSING);
    const struct reading *r = ask(run, "{\"apower\":5,\"total\":1}");
    assert_true(r->at_once);
    assert_string_equal(r->why, "CUST_Power: apowr is not in the reply, which has apower, total");
    r = ask(run, "{\"apower\":5,\"total\":1}"); /* the next one */
    assert_true(r->at_once);
    assert_string_equal(r->why, "CUST_Voltage: volt is not in the reply, which has apower, total");
    r = ask(run, "{\"apower\":5,\"total\":1}");
    assert_false(r->at_once);
    assert_non_null(strstr(r->why, "CUST_Power: apowr")); /* still why there is no power */

    run_close(run); /* what was there before is not mistyped: the device leaves it out at night */
    open_plain(run);
    c = &run->conf->template;
    set(&c->power, "p", 1, MISSING);
    set(&c->total, "e", 1, MISSING);
    r = ask(run, "{\"p\":5,\"e\":1}");
    assert_int_equal(r->reach, REACH_OK);
    assert_string_equal(r->why, "");
    r = ask(run, "{\"e\":1}");
    assert_int_equal(r->reach, REACH_ASLEEP);
    assert_false(r->at_once);
}

/* A default says what to do without: there is nothing to tell. */
static void test_a_default_is_no_mistake(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.power, "p", 1, 0);
    set(&run->conf->template.total, "e", 1, MISSING);
    const struct reading *r = ask(run, "{\"e\":1}");
    assert_int_equal(r->reach, REACH_OK);
    assert_false(r->at_once);
    assert_string_equal(r->why, "");
}

static void test_beyond_belief(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.power, "p", 1000, MISSING);
    const struct reading *r = ask(run, "{\"p\":2345}");
    assert_int_equal(r->reach, REACH_NO_POWER);
    assert_true(r->at_once);
    assert_string_equal(
        r->why, "CUST_Power is 2345 in the reply: is CUST_Power_Mult right, to make W of it?");
}

/* Names as long as there may be: each hint is whole, and all of it fits. */
static void test_long_hints(void **state)
{
    char body[1024], a[121], b[121], path[JSON_PATH_MAX];
    struct run *run = *state;

    memset(a, 'A', sizeof a - 1);
    memset(b, 'b', sizeof b - 1);
    memset(path, 'p', sizeof path - 1);
    a[120] = b[120] = path[sizeof path - 1] = '\0';
    set(&run->conf->template.power, path, 1, MISSING);
    (void)snprintf(body, sizeof body, "{\"%s\":1,\"%s\":2,\"c\":3,\"d\":4}", a, b);
    assert_null(ask(run, body));
    const char *why = run_why(run, PATH), *has = strstr(why, "has ");
    assert_non_null(has);
    assert_memory_equal(has + 4, a, 120);
    assert_string_equal(has + 4 + 120, ", c, d"); /* b does not fit any more */
    for (int len = 1; len <= 60; len++) {         /* whatever fits exactly, and what no more does */
        (void)snprintf(body, sizeof body, "{\"%s\":1,\"%.*s\":2}", a, len, b);
        assert_null(ask(run, body));
        assert_int_equal(strchr(run_why(run, PATH), 'b') != NULL, len <= 21);
    }
    memset(path, 'q', 150);
    path[150] = '\0';
    (void)snprintf(body, sizeof body, "{\"%s\":1}", path);
    assert_null(ask(run, body));
    assert_non_null(strstr(run_why(run, PATH), "has numbers that only long paths lead to"));
}

static void test_list_instead_of_number(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.power, "p", 1, MISSING);
    assert_null(ask(run, "{\"p\":[160,0]}"));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_non_null(strstr(run_why(run, PATH), "p is a list"));
    assert_null(ask(run, "{\"p\":\"on\"}"));
    assert_string_equal(run_why(run, PATH), "CUST_Power: p is no number in the reply");
}

static void test_bad_replies(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.power, "p", 1, 0);
    assert_null(ask(run, "null"));
    assert_int_equal(run_result(run, PATH), DECODE_BUSY);
    assert_null(ask(run, ""));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_null(ask(run, "{\"p\":1"));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_null(ask(run, "<html>"));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_non_null(ask(run, "{\"p\":1}"));
}

/* ---- The request ---- */

static void assert_path(struct run *run, const char *api_path, const char *expected)
{
    struct message request = {.path = ""};

    (void)snprintf(run->conf->template.api_path, CONF_TEXT_MAX, "%s", api_path);
    run->driver->begin(run->session, 0);
    assert_true(run->driver->next(run->session, &request));
    assert_string_equal(request.path, expected);
    assert_false(run->driver->next(run->session, &request)); /* one request a poll */
}

static void test_request(void **state)
{
    struct run *run = *state;
    assert_path(run, "/rpc/Switch.GetStatus?id=0", "/rpc/Switch.GetStatus?id=0");
    assert_path(run, "/cm?cmnd=STATUS 8", "/cm?cmnd=STATUS%208");
    assert_path(run,
                "/d\xc3\xa4"
                "ch%20#1",
                "/d%C3%A4ch%20%231");

    (void)strcpy(run->conf->username, "admin");
    (void)strcpy(run->conf->password, "p&s=%+\xc3\xbc ~");
    assert_path(run, "/status", "/status"); /* only Tasmota wants them there */
    assert_path(run, "/cm?cmnd=STATUS+8",
                "/cm?cmnd=STATUS+8&user=admin&password=p%26s%3D%25%2B%C3%BC%20~");
    assert_path(run, "/cm?user=a&password=b&cmnd=STATUS+8", "/cm?user=a&password=b&cmnd=STATUS+8");

    /* What does not fit is left out as a whole. */
    memset(run->conf->password, '&', CONF_TEXT_MAX - 1);
    assert_path(run, "/cm?cmnd=STATUS+8", "/cm?cmnd=STATUS+8");
}

/* A path and credentials that fit each, but not both; and the last that do. */
static void test_long_request(void **state)
{
    enum {
        PATH_LEN = 255,
        ROOM = MESSAGE_PATH_MAX - 1 - PATH_LEN - (int)sizeof "&user=u&password=" + 1
    };
    struct run *run = *state;
    char path[CONF_TEXT_MAX], whole[2 * MESSAGE_PATH_MAX];

    memset(path, 'x', sizeof path);
    memcpy(path, "/cm?", 4);
    path[PATH_LEN] = '\0';
    (void)strcpy(run->conf->username, "u");
    for (int len = ROOM - 2; len <= ROOM + 2 && len < CONF_TEXT_MAX; len++) {
        memset(run->conf->password, 'p', (size_t)len);
        run->conf->password[len] = '\0';
        (void)snprintf(whole, sizeof whole, "%s&user=u&password=%s", path, run->conf->password);
        assert_path(run, path, len <= ROOM ? whole : path);
    }
}

/* ---- Torture ---- */

static void open_tasmota(struct run *run)
{
    open_plain(run);
    set(&run->conf->template.power, "StatusSNS/ENERGY/Power/0+StatusSNS/ENERGY/Power/1", 1,
        MISSING);
    set(&run->conf->template.total, "StatusSNS/ENERGY/Total", 1, MISSING);
    set(&run->conf->template.voltage, "StatusSNS/ENERGY/Voltage", 1, MISSING);
    set(&run->conf->template.current, "StatusSNS/ENERGY/Current/0", 1, MISSING);
    set(&run->conf->template.dc_voltage, "StatusSNS/ENERGY/Factor/0", 1, MISSING);
}

static void open_shelly(struct run *run)
{
    open_plain(run);
    set(&run->conf->template.power, "em:0/a_act_power+em:0/b_act_power", 1, 0);
    set(&run->conf->template.total, "emdata:0/total_act", 0.001, MISSING);
    set(&run->conf->template.voltage, "em:0/a_voltage", 1, 230);
}

static void test_torture(void **state)
{
    char *tasmota = run_fixture("template/tasmota-two-channel.json");
    char *shelly = run_fixture("template/shelly-gen2-3em.json");
    (void)state;
    run_torture(open_tasmota, &(struct reply){PATH, tasmota}, 1);
    run_torture(open_shelly, &(struct reply){PATH, shelly}, 1);
    free(tasmota);
    free(shelly);
}

/* ---- Captures of real devices, where they are at hand ---- */

static void test_samples(void **state)
{
    static const struct {
        const char *file, *power, *total;
        double watts, kwh;
    } samples[] = {
        {"shelly-gen1-1pm-status.json", "meters/0/power", "meters/0/total", 28.08, 8223.416},
        {"shelly-gen1-3em-status.json", "emeters/0/power+emeters/1/power+emeters/2/power",
         "emeters/0/total", -3771.93, 1554.437},
        {"shelly-plus1pm-switch-getstatus.json", "apower", "aenergy/total", 0, 0},
        {"shelly-plus1pm-shelly-getstatus.json", "/switch:0/apower", "switch:0/aenergy/total", 0,
         0},
        {"shelly-pro3em-monophase-getstatus.json", "em1:0/act_power",
         "em1data:0/total_act_energy+em1data:1/total_act_energy", 598.9, 6.22691},
        {"tasmota-12-status8.json", "StatusSNS/ENERGY/Power", "StatusSNS/ENERGY/Total", 20,
         0.00604},
        {"tasmota-status8-two-channel.json", "StatusSNS/ENERGY/Power/0", "StatusSNS/ENERGY/Total",
         160, 0.07885},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(samples); i++) {
        char *body = run_sample(samples[i].file);
        if (!body)
            skip();
        set(&run->conf->template.power, samples[i].power, 1, MISSING);
        set(&run->conf->template.total, samples[i].total, 0.001, MISSING);
        const struct reading *r = ask(run, body);
        assert_value(r, FIELD_POWER, samples[i].watts);
        assert_value(r, FIELD_ENERGY_FORWARD, samples[i].kwh);
        free(body);
    }
}

/* What it is called on the bus: by the API that is asked, as far as that tells. */
static void test_products(void **state)
{
    static const struct {
        const char *api_path, *power, *product;
    } cases[] = {
        {"/rpc/Switch.GetStatus?id=0", "apower", "Shelly"},
        {"/status", "meters/0/power", "Shelly"},
        {"/status", "/emeters/0/power", "Shelly"},
        {"/status", "power", "JSON device"}, /* many a device has such a page */
        {"/meter/0", "power", "Shelly"},
        {"/cm?cmnd=STATUS+8", "StatusSNS/ENERGY/Power", "Tasmota"},
        {"/solar_api/v1/GetPowerFlowRealtimeData.fcgi", "Body/Data/Site/P_PV", "Fronius"},
        {"/x", "apower", "JSON device"},
    };
    struct run *run = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct template_conf *c = &run->conf->template;
        const struct reply reply = {cases[i].api_path, "{\"other\":1}"};

        (void)snprintf(c->api_path, sizeof c->api_path, "%s", cases[i].api_path);
        set(&c->power, cases[i].power, 1, 5); /* the default is enough of a value */
        set(&c->voltage, "other", 1, MISSING);
        run_cycle(run, 0, &reply, 1);
        assert_int_equal(run->reading_count, 1);
        assert_string_equal(run->readings[0].product, cases[i].product);
    }
}

/* ---- The registry ---- */

static void test_registry(void **state)
{
    (void)state;
    for (size_t i = 0; drivers[i]; i++)
        assert_ptr_equal(driver_find(drivers[i]->name), drivers[i]);
    assert_string_equal(driver_find("OpenDTU")->name, "opendtu");
    assert_string_equal(driver_find("AHOY")->name, "ahoy");
    assert_string_equal(driver_find("opendtu")->title, "OpenDTU");
    assert_string_equal(driver_find("ahoy")->title, "AhoyDTU");
    assert_null(driver_find("auto")->title); /* that of what it finds */
    assert_null(driver_find("opendt"));
    assert_null(driver_find("opendtu2"));
    assert_null(driver_find(""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_shelly_gen1),
        TEST(test_shelly_gen2),
        TEST(test_keys_with_colon_and_sums),
        TEST(test_sum_with_a_part_missing),
        TEST(test_tasmota),
        TEST(test_tasmota_refuses),
        TEST(test_asleep),
        TEST(test_null),
        TEST(test_null_of_others),
        TEST(test_difference),
        TEST(test_numbers_in_text),
        TEST(test_fallbacks),
        TEST(test_ranges),
        TEST(test_zero_is_a_value),
        TEST(test_serial_of_section),
        TEST(test_wrong_paths),
        TEST(test_one_wrong_path),
        TEST(test_a_default_is_no_mistake),
        TEST(test_beyond_belief),
        TEST(test_long_hints),
        TEST(test_list_instead_of_number),
        TEST(test_bad_replies),
        TEST(test_request),
        TEST(test_long_request),
        TEST(test_torture),
        TEST(test_samples),
        TEST(test_products),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}

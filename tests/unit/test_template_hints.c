/* What a person is told where a template does not fit the reply, and replies that are cut off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_paths.h"
#include "unit/support/driver_run.h"
#include "unit/support/template_fixture.h"

#define GONE "CUST_Power: ENERGY/Power is not in the reply, which has "

static void test_wrong_paths(void **state)
{
    struct run *run = *state;
    char *body = run_fixture("template/tasmota-status8.json");
    set(&run->conf->template.value[FIELD_POWER], "ENERGY/Power", 1, 0);
    set(&run->conf->template.value[FIELD_ENERGY_FORWARD], "ENERGY/Total", 1, MISSING);
    assert_null(poll_with(run, body));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_non_null(strstr(run_why(run, PATH), "CUST_Power: ENERGY/Power is not in the reply"));
    assert_non_null(strstr(run_why(run, PATH), "StatusSNS/ENERGY/Total"));
    free(body);

    assert_null(poll_with(run, "{\"a\":{\"b\":[true,\"x\",{\"c d\":\"1.5\"}]}}"));
    assert_string_equal(run_why(run, PATH), GONE "a/b/2/c d");
    assert_null(poll_with(run, "{\"c\\nd\":1}"));
    assert_string_equal(run_why(run, PATH), GONE "no numbers that a path leads to");
    assert_null(poll_with(run, "[]"));
    assert_string_equal(run_why(run, PATH), GONE "no numbers that a path leads to");
    assert_null(poll_with(run, "[1,2,3,4,5,6]"));
    assert_string_equal(run_why(run, PATH), GONE "0, 1, 2, 3");
    assert_null(poll_with(run, "5"));
    assert_null(poll_with(run, "\"text\""));
}

/* A path that leads nowhere beside one that leads somewhere: told once, as `check` tells it. */
static void test_one_wrong_path(void **state)
{
    struct run *run = *state;
    struct template_conf *c = &run->conf->template;

    set(&c->value[FIELD_POWER], "apowr", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "total", 1, MISSING);
    set(&c->value[FIELD_VOLTAGE], "volt", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"apower\":5,\"total\":1}");
    assert_true(r->at_once);
    assert_string_equal(r->why, "CUST_Power: apowr is not in the reply, which has apower, total");
    r = poll_with(run, "{\"apower\":5,\"total\":1}"); /* the next one */
    assert_true(r->at_once);
    assert_string_equal(r->why, "CUST_Voltage: volt is not in the reply, which has apower, total");
    r = poll_with(run, "{\"apower\":5,\"total\":1}");
    assert_false(r->at_once);
    assert_non_null(strstr(r->why, "CUST_Power: apowr")); /* still why there is no power */

    run_close(run); /* what was there before is not mistyped: the device leaves it out at night */
    template_open(run);
    c = &run->conf->template;
    set(&c->value[FIELD_POWER], "p", 1, MISSING);
    set(&c->value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    r = poll_with(run, "{\"p\":5,\"e\":1}");
    assert_int_equal(r->reach, REACH_OK);
    assert_string_equal(r->why, "");
    r = poll_with(run, "{\"e\":1}");
    assert_int_equal(r->reach, REACH_ASLEEP);
    assert_false(r->at_once);
}

/* A default says what to do without: there is nothing to tell. */
static void test_a_default_is_no_mistake(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.value[FIELD_POWER], "p", 1, 0);
    set(&run->conf->template.value[FIELD_ENERGY_FORWARD], "e", 1, MISSING);
    const struct reading *r = poll_with(run, "{\"e\":1}");
    assert_int_equal(r->reach, REACH_OK);
    assert_false(r->at_once);
    assert_string_equal(r->why, "");
}

static void test_beyond_belief(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.value[FIELD_POWER], "p", 1000, MISSING);
    const struct reading *r = poll_with(run, "{\"p\":2345}");
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
    set(&run->conf->template.value[FIELD_POWER], path, 1, MISSING);
    (void)snprintf(body, sizeof body, "{\"%s\":1,\"%s\":2,\"c\":3,\"d\":4}", a, b);
    assert_null(poll_with(run, body));
    const char *why = run_why(run, PATH), *has = strstr(why, "has ");
    assert_non_null(has);
    assert_memory_equal(has + 4, a, 120);
    assert_string_equal(has + 4 + 120, ", c, d"); /* b does not fit any more */
    for (int len = 1; len <= 60; len++) {         /* whatever fits exactly, and what no more does */
        (void)snprintf(body, sizeof body, "{\"%s\":1,\"%.*s\":2}", a, len, b);
        assert_null(poll_with(run, body));
        assert_int_equal(strchr(run_why(run, PATH), 'b') != NULL, len <= 21);
    }
    memset(path, 'q', 150);
    path[150] = '\0';
    (void)snprintf(body, sizeof body, "{\"%s\":1}", path);
    assert_null(poll_with(run, body));
    assert_non_null(strstr(run_why(run, PATH), "has numbers that only long paths lead to"));
}

static void test_list_instead_of_number(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.value[FIELD_POWER], "p", 1, MISSING);
    assert_null(poll_with(run, "{\"p\":[160,0]}"));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_non_null(strstr(run_why(run, PATH), "p is a list"));
    assert_null(poll_with(run, "{\"p\":\"on\"}"));
    assert_string_equal(run_why(run, PATH), "CUST_Power: p is no number in the reply");
}

static void test_bad_replies(void **state)
{
    struct run *run = *state;
    set(&run->conf->template.value[FIELD_POWER], "p", 1, 0);
    assert_null(poll_with(run, "null"));
    assert_int_equal(run_result(run, PATH), DECODE_BUSY);
    assert_null(poll_with(run, ""));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_null(poll_with(run, "{\"p\":1"));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_null(poll_with(run, "<html>"));
    assert_int_equal(run_result(run, PATH), DECODE_BAD_REPLY);
    assert_non_null(poll_with(run, "{\"p\":1}"));
}

/* ---- Torture ---- */

static void open_tasmota(struct run *run)
{
    template_open(run);
    set(&run->conf->template.value[FIELD_POWER],
        "StatusSNS/ENERGY/Power/0+StatusSNS/ENERGY/Power/1", 1, MISSING);
    set(&run->conf->template.value[FIELD_ENERGY_FORWARD], "StatusSNS/ENERGY/Total", 1, MISSING);
    set(&run->conf->template.value[FIELD_VOLTAGE], "StatusSNS/ENERGY/Voltage", 1, MISSING);
    set(&run->conf->template.value[FIELD_CURRENT], "StatusSNS/ENERGY/Current/0", 1, MISSING);
    set(&run->conf->template.value[FIELD_DC_VOLTAGE], "StatusSNS/ENERGY/Factor/0", 1, MISSING);
}

static void open_shelly(struct run *run)
{
    template_open(run);
    set(&run->conf->template.value[FIELD_POWER], "em:0/a_act_power+em:0/b_act_power", 1, 0);
    set(&run->conf->template.value[FIELD_ENERGY_FORWARD], "emdata:0/total_act", 0.001, MISSING);
    set(&run->conf->template.value[FIELD_VOLTAGE], "em:0/a_voltage", 1, 230);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, template_setup, run_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_wrong_paths),   TEST(test_one_wrong_path), TEST(test_a_default_is_no_mistake),
        TEST(test_beyond_belief), TEST(test_long_hints),     TEST(test_list_instead_of_number),
        TEST(test_bad_replies),   TEST(test_torture),
    };
    return cmocka_run_group_tests_name("template hints", tests, NULL, NULL);
}

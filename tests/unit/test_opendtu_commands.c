#include <stdio.h>
#include <string.h>

#include "unit/support/driver_run.h"

#include "drivers/opendtu_commands.h"

static struct command_report reports[8];
static size_t report_count;

static void on_report(void *user, const struct command_report *r)
{
    (void)user;
    assert_true(report_count < sizeof reports / sizeof reports[0]);
    reports[report_count++] = *r;
}

static enum decode_result looked(enum look what, const char *body, char why[DECODE_WHY_MAX])
{
    const struct decode_sink sink = {.report = on_report};

    report_count = 0;
    why[0] = '\0';
    return opendtu_commands.looked(NULL, what, body, strlen(body), &sink, why);
}

/* ---- What is sent ---- */

static void check_limit(double limit_w, double max_power_w, const char *fields)
{
    const struct command c = {.serial = "114182000001",
                              .limit_w = limit_w,
                              .max_power_w = max_power_w};
    struct message m = {.path = ""};
    char expected[MESSAGE_BODY_MAX];

    assert_true(opendtu_commands.encode(NULL, &c, &m));
    assert_string_equal(m.path, "/api/limit/config");
    assert_int_equal(m.format, MESSAGE_FORM);
    assert_false(m.optional);
    (void)snprintf(expected, sizeof expected,
                   "data=%%7B%%22serial%%22%%3A%%22114182000001%%22%%2C%s%%7D", fields);
    assert_string_equal(m.body, expected);
}

#define FIELDS(type, value) "%22limit_type%22%3A" type "%2C%22limit_value%22%3A" value

static void limits(void **state)
{
    check_limit(300, 800, FIELDS("0", "300.0"));
    check_limit(12.34, 800, FIELDS("0", "12.3"));
    check_limit(2250, 2400, FIELDS("0", "2250.0"));
    /* It takes no more than 2250 W as a number. */
    check_limit(2400, 5000, FIELDS("1", "48.0"));
    check_limit(2250.5, 4501, FIELDS("1", "50.0"));
    /* All that it can, however much that is. */
    check_limit(800, 800, FIELDS("1", "100.0"));
    check_limit(5000, 5000, FIELDS("1", "100.0"));
    check_limit(0, 0, FIELDS("1", "100.0"));
}

static void switching(void **state)
{
    struct command c = {.kind = COMMAND_POWER, .serial = "114182000001"};
    struct message m = {.path = ""};

    assert_true(opendtu_commands.encode(NULL, &c, &m));
    assert_string_equal(m.path, "/api/power/config");
    assert_int_equal(m.format, MESSAGE_FORM);
    assert_string_equal(m.body,
                        "data=%7B%22serial%22%3A%22114182000001%22%2C%22power%22%3Afalse%7D");
    c.on = true;
    assert_true(opendtu_commands.encode(NULL, &c, &m));
    assert_string_equal(m.body,
                        "data=%7B%22serial%22%3A%22114182000001%22%2C%22power%22%3Atrue%7D");
}

static void what_is_asked(void **state)
{
    struct message m = {.path = ""};

    assert_true(opendtu_commands.look(NULL, LOOK_RIGHTS, &m));
    assert_string_equal(m.path, "/api/inverter/list");
    assert_true(opendtu_commands.look(NULL, LOOK_LIMIT, &m));
    assert_string_equal(m.path, "/api/limit/status");
    assert_true(opendtu_commands.look(NULL, LOOK_POWER, &m));
    assert_string_equal(m.path, "/api/power/status");
    assert_int_equal(m.format, MESSAGE_NO_BODY);
}

/* ---- What comes back ---- */

static void answers(void **state)
{
    static const struct {
        const char *body;
        enum decode_result result;
        const char *why;
    } cases[] = {
        {"{\"type\":\"success\",\"message\":\"Settings saved!\",\"code\":1001}", DECODE_OK, ""},
        {"{\"type\":\"warning\",\"message\":\"Invalid inverter specified!\",\"code\":4001}",
         DECODE_BAD_REPLY, "OpenDTU refuses the command: Invalid inverter specified!"},
        {"{\"type\":\"warning\"}", DECODE_BAD_REPLY, "it does not say why"},
        {"{}", DECODE_BAD_REPLY, "it does not say why"},
        {"[]", DECODE_BAD_REPLY, "it does not say why"},
        {"{\"type\":\"succ", DECODE_BAD_REPLY, "JSON"},
        {"<html>", DECODE_BAD_REPLY, "JSON"},
        {"", DECODE_BAD_REPLY, ""},
        {"null", DECODE_BUSY, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[DECODE_WHY_MAX] = "";
        const char *body = cases[i].body;
        assert_int_equal(opendtu_commands.answer(NULL, body, strlen(body), why), cases[i].result);
        if (!strstr(why, cases[i].why))
            fail_msg("\"%s\" does not say \"%s\"", why, cases[i].why);
    }
}

static void rights(void **state)
{
    char why[DECODE_WHY_MAX];

    assert_int_equal(looked(LOOK_RIGHTS,
                            "{\"inverter\":[{\"serial\":\"114182000001\",\"command_enable\":true},"
                            "{\"serial\":\"114182000002\",\"command_enable\":false},"
                            "{\"serial\":\"114182000003\"},{\"command_enable\":false},7]}",
                            why),
                     DECODE_OK);
    assert_int_equal(report_count, 3);
    assert_string_equal(reports[0].serial, "114182000001");
    assert_int_equal(reports[0].part, REPORT_RIGHT);
    assert_int_equal(reports[0].right, COMMAND_ALLOWED);
    assert_int_equal(reports[1].right, COMMAND_DISABLED);
    /* A firmware that does not say passes them on. */
    assert_int_equal(reports[2].right, COMMAND_ALLOWED);
    assert_int_equal(looked(LOOK_RIGHTS, "{}", why), DECODE_OK);
    assert_int_equal(report_count, 0);
    assert_int_equal(looked(LOOK_RIGHTS, "{\"inverter\":[", why), DECODE_BAD_REPLY);
}

static void statuses(void **state)
{
    static const enum command_status expected[] = {COMMAND_OK, COMMAND_PENDING, COMMAND_FAILURE,
                                                   COMMAND_NOT_TOLD, COMMAND_NOT_TOLD};
    char why[DECODE_WHY_MAX];

    assert_int_equal(
        looked(LOOK_LIMIT,
               "{\"1\":{\"limit_relative\":37.5,\"max_power\":800,\"limit_set_status\":\"Ok\"},"
               "\"2\":{\"limit_relative\":100,\"limit_set_status\":\"Pending\"},"
               "\"3\":{\"limit_set_status\":\"Failure\"},"
               "\"4\":{\"limit_relative\":0,\"limit_set_status\":\"Unknown\"},\"5\":null}",
               why),
        DECODE_OK);
    assert_int_equal(report_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(reports[i].part, REPORT_LIMIT);
        assert_int_equal(reports[i].status, expected[i]);
    }
    assert_string_equal(reports[0].serial, "1");
    assert_true(reports[0].limit_pct == 37.5);
    assert_false(has_value(reports[2].limit_pct));
    assert_int_equal(looked(LOOK_LIMIT, "[1,2]", why), DECODE_OK);
    assert_int_equal(report_count, 0);
    assert_int_equal(looked(LOOK_LIMIT, "{\"1\":", why), DECODE_BAD_REPLY);
}

static void statuses_of_switching(void **state)
{
    char why[DECODE_WHY_MAX];

    assert_int_equal(looked(LOOK_POWER,
                            "{\"1\":{\"power_set_status\":\"Pending\"},"
                            "\"2\":{\"limit_set_status\":\"Ok\"}}",
                            why),
                     DECODE_OK);
    assert_int_equal(report_count, 2);
    assert_int_equal(reports[0].part, REPORT_POWER);
    assert_int_equal(reports[0].status, COMMAND_PENDING);
    assert_int_equal(reports[1].status, COMMAND_NOT_TOLD);
}

/* ---- Whose they are ---- */

static const char list[] = "{\"inverters\":[{\"serial\":\"114182000001\",\"reachable\":true,"
                           "\"producing\":true,\"AC\":{\"0\":{\"Power\":{\"v\":1},"
                           "\"Voltage\":{\"v\":230}}},\"DC\":{},\"INV\":{}}]}";

/* A gateway that has shown no inverter yet may be none. */
static void known_with_the_list(void **state)
{
    static const char *const names[] = {"opendtu", "auto"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct run run;
        const struct reply reply = {"/api/livedata/status", list};
        struct message m = {.path = ""};

        run_open(&run, names[i]);
        assert_null(run.driver->commands(run.session));
        run_cycle(&run, 0, &reply, 1);
        const struct driver_commands *commands = run.driver->commands(run.session);
        assert_non_null(commands);
        assert_true(commands->look(run.session, LOOK_RIGHTS, &m));
        assert_string_equal(m.path, "/api/inverter/list");
        run_close(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(switching),
        cmocka_unit_test(what_is_asked),
        cmocka_unit_test(answers),
        cmocka_unit_test(rights),
        cmocka_unit_test(statuses),
        cmocka_unit_test(statuses_of_switching),
        cmocka_unit_test(known_with_the_list),
    };
    return cmocka_run_group_tests_name("opendtu_commands", tests, NULL, NULL);
}

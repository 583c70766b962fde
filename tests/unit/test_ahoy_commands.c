#include <stdio.h>
#include <string.h>

#include "unit/support/driver_run.h"

#include "drivers/ahoy_commands.h"

static struct ahoy_commands session;
static struct command_report reports[8];
static size_t report_count;
static char why[DECODE_WHY_MAX];

static int setup(void **state)
{
    (void)state;
    memset(&session, 0, sizeof session);
    session.password = "";
    ahoy_commands_learn(&session, "114180000001", 0);
    ahoy_commands_learn(&session, "114180000002", 3);
    report_count = 0;
    why[0] = '\0';
    return 0;
}

static void on_report(void *user, const struct command_report *r)
{
    (void)user;
    assert_true(report_count < sizeof reports / sizeof reports[0]);
    reports[report_count++] = *r;
}

static enum decode_result looked(enum look what, const char *body)
{
    const struct decode_sink sink = {.report = on_report};
    return ahoy_commands.looked(&session, what, body, strlen(body), &sink, why);
}

static enum decode_result answer(const char *body)
{
    return ahoy_commands.answer(&session, body, strlen(body), why);
}

static void assert_sends(const char *serial, double limit_w, const char *body)
{
    struct command c = {.limit_w = limit_w, .max_power_w = 800};
    struct message m = {.path = ""};

    (void)snprintf(c.serial, sizeof c.serial, "%s", serial);
    assert_true(ahoy_commands.encode(&session, &c, &m));
    assert_string_equal(m.path, "/api/ctrl");
    assert_int_equal(m.format, MESSAGE_JSON);
    assert_string_equal(m.body, body);
}

static void assert_asks(enum look what, const char *path)
{
    struct message m = {.path = ""};

    assert_true(ahoy_commands.look(&session, what, &m));
    assert_string_equal(m.path, path);
}

static void limits(void **state)
{
    assert_sends("114180000002", 300.04,
                 "{\"id\":3,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":300}");
    assert_sends("114180000001", 12.5,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":12.5}");
    assert_sends("114180000001", 800,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_relative\",\"val\":100}");
}

static void an_inverter_that_it_does_not_have(void **state)
{
    const struct command c = {.serial = "9", .limit_w = 1, .max_power_w = 2};
    struct message m = {.path = ""};

    assert_false(ahoy_commands.encode(&session, &c, &m));
}

static void log_in_first(void **state)
{
    session.password = "a\"b";
    assert_sends("114180000001", 300, "{\"auth\":\"a\\\"b\"}");
    assert_int_equal(answer("{\"success\":true,\"token\":\"0123456789abcdef\"}"), DECODE_AGAIN);
    assert_sends("114180000001", 300,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":300,"
                 "\"token\":\"0123456789abcdef\"}");
    assert_int_equal(answer("{\"success\":true,\"id\":0}"), DECODE_OK);
    /* 20 minutes later */
    assert_sends("114180000001", 200,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":200,"
                 "\"token\":\"0123456789abcdef\"}");
    assert_int_equal(answer("{\"success\":false,\"error\":\"ERR_PROTECTED\"}"), DECODE_AGAIN);
    assert_sends("114180000001", 200, "{\"auth\":\"a\\\"b\"}");
    assert_int_equal(answer("{\"success\":true,\"token\":\"fedcba9876543210\"}"), DECODE_AGAIN);
    /* A token that is refused at once is no reason to go on for ever. */
    assert_int_equal(session.logs_in, true);
    assert_sends("114180000001", 200,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":200,"
                 "\"token\":\"fedcba9876543210\"}");
    assert_int_equal(answer("{\"success\":false,\"error\":\"ERR_AUTH\"}"), DECODE_AUTH);
}

static void a_short_token(void **state)
{
    session.password = "x";
    assert_sends("114180000001", 300, "{\"auth\":\"x\"}");
    assert_int_equal(answer("{\"token\":\"t\"}"), DECODE_AGAIN);
    assert_sends("114180000001", 300,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":300,\"token\":\"t\"}");
    assert_int_equal(answer("{\"success\":false,\"error\":\"ERR_AUTH\"}"), DECODE_AGAIN);
}

static void refusals(void **state)
{
    static const struct {
        const char *body;
        enum decode_result result;
        const char *why;
    } cases[] = {
        {"{\"success\":false,\"error\":\"ERR_INDEX\"}", DECODE_BAD_REPLY, "ERR_INDEX"},
        {"{\"success\":false}", DECODE_BAD_REPLY, "does not say why"},
        {"{}", DECODE_BAD_REPLY, "does not say why"},
        {"{\"success\":false,\"error\":\"ERR_PROTECTED\"}", DECODE_AUTH, "set Password"},
        {"{\"success\":tr", DECODE_BAD_REPLY, "JSON"},
        {"null", DECODE_BUSY, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        why[0] = '\0';
        assert_int_equal(answer(cases[i].body), cases[i].result);
        if (!strstr(why, cases[i].why))
            fail_msg("\"%s\" does not say \"%s\"", why, cases[i].why);
    }
    session.password = "x";
    session.logs_in = true;
    assert_int_equal(answer("{\"success\":false,\"error\":\"ERR_AUTH\"}"), DECODE_AUTH);
}

static void rights(void **state)
{
    assert_asks(LOOK_RIGHTS, "/api/live");
    assert_int_equal(looked(LOOK_RIGHTS, "{\"generic\":{\"menu_prot\":false}}"), DECODE_OK);
    assert_int_equal(report_count, 2);
    assert_string_equal(reports[1].serial, "114180000002");
    assert_int_equal(reports[1].right, COMMAND_ALLOWED);
    assert_int_equal(looked(LOOK_RIGHTS, "{\"generic\":{}}"), DECODE_OK); /* to 0.8.79 */
    report_count = 0;
    assert_int_equal(looked(LOOK_RIGHTS, "{\"generic\":{\"menu_prot\":true}}"), DECODE_AUTH);
    session.password = "x";
    assert_asks(LOOK_RIGHTS, "/api/ctrl");
    assert_int_equal(looked(LOOK_RIGHTS, "{\"success\":false}"), DECODE_AUTH);
    assert_int_equal(report_count, 0);
    assert_int_equal(looked(LOOK_RIGHTS, "{\"success\":true,\"token\":\"t\"}"), DECODE_OK);
    assert_int_equal(report_count, 2);
}

/* Each inverter that has been commanded is asked for in turn, until it has acknowledged. */
static void acknowledged(void **state)
{
    struct message m = {.path = ""};

    (void)state;
    assert_false(ahoy_commands.look(&session, LOOK_LIMIT, &m));
    assert_sends("114180000001", 200,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":200}");
    assert_sends("114180000002", 400,
                 "{\"id\":3,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":400}");
    assert_asks(LOOK_LIMIT, "/api/inverter/pwrack/0");
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":false}"), DECODE_OK);
    assert_int_equal(reports[0].status, COMMAND_PENDING);
    assert_false(has_value(reports[0].limit_pct));
    assert_asks(LOOK_LIMIT, "/api/inverter/pwrack/3");
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":false}"), DECODE_OK);
    assert_asks(LOOK_LIMIT, "/api/inverter/pwrack/0");
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
    assert_string_equal(reports[2].serial, "114180000001");
    assert_int_equal(reports[2].status, COMMAND_OK);
    assert_true(reports[2].limit_pct == 25);
    assert_asks(LOOK_LIMIT, "/api/inverter/pwrack/3"); /* it alone waits */
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
    assert_string_equal(reports[3].serial, "114180000002");
    assert_true(reports[3].limit_pct == 50);
    assert_false(ahoy_commands.look(&session, LOOK_LIMIT, &m));
    assert_sends("114180000001", 800,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_relative\",\"val\":100}");
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":false}"), DECODE_OK);
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
    assert_true(reports[5].limit_pct == 100);
}

/* Until the limit goes on air, what is acknowledged is the one before; where that is never seen, five looks are enough. */
static void an_acknowledgement_of_before(void **state)
{
    (void)state;
    assert_sends("114180000001", 200,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":200}");
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
    assert_int_equal(reports[0].status, COMMAND_PENDING);
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":false}"), DECODE_OK);
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
    assert_int_equal(reports[2].status, COMMAND_OK);
    assert_sends("114180000001", 300,
                 "{\"id\":0,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":300}");
    for (int n = 0; n < 4; n++) {
        assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
        assert_int_equal(reports[3 + n].status, COMMAND_PENDING);
    }
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
    assert_int_equal(reports[7].status, COMMAND_OK);
}

/* One after the other, in the order in which they were learnt. */
static void whose_turn_it_is(void **state)
{
    static const char *const order[] = {"/api/inverter/pwrack/0", "/api/inverter/pwrack/3",
                                        "/api/inverter/pwrack/5"};
    struct command c = {.serial = "114180000001"};
    struct message m = {.path = ""};

    ahoy_commands_learn(&session, "114180000003", 5);
    assert_true(
        ahoy_commands.encode(&session, &c, &m)); /* of which no rating is known: all of it */
    assert_sends("114180000002", 400,
                 "{\"id\":3,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":400}");
    assert_sends("114180000003", 400,
                 "{\"id\":5,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":400}");
    for (size_t n = 0; n < 5; n++) {
        assert_asks(LOOK_LIMIT, order[n % 3]);
        assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":false}"), DECODE_OK);
    }
    assert_asks(LOOK_LIMIT, order[2]);
    assert_asks(LOOK_LIMIT, order[0]);
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":true}"), DECODE_OK);
    assert_true(reports[5].limit_pct == 100);
}

/* It is never acknowledged: all that is told is that the command was taken. */
static void switching(void **state)
{
    struct command c = {.kind = COMMAND_POWER, .serial = "114180000002", .on = true};
    struct message m = {.path = ""};

    assert_true(ahoy_commands.encode(&session, &c, &m));
    assert_string_equal(m.path, "/api/ctrl");
    assert_string_equal(m.body, "{\"id\":3,\"cmd\":\"power\",\"val\":1}");
    c.on = false;
    assert_true(ahoy_commands.encode(&session, &c, &m));
    assert_string_equal(m.body, "{\"id\":3,\"cmd\":\"power\",\"val\":0}");
    assert_false(ahoy_commands.look(&session, LOOK_POWER, &m));
    assert_asks(LOOK_LIMIT, "/api/inverter/pwrack/3");
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":false}"), DECODE_OK);
    assert_int_equal(reports[0].part, REPORT_POWER);
    assert_int_equal(reports[0].status, COMMAND_OK);
    assert_false(ahoy_commands.look(&session, LOOK_LIMIT, &m));
    assert_sends("114180000002", 400,
                 "{\"id\":3,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":400}");
    assert_asks(LOOK_LIMIT, "/api/inverter/pwrack/3");
    assert_int_equal(looked(LOOK_LIMIT, "{\"ack\":false}"), DECODE_OK);
    assert_int_equal(reports[1].part, REPORT_LIMIT);
}

static void as_many_as_there_are(void **state)
{
    char serial[SERIAL_MAX];

    for (unsigned i = 0; i < 2 * INVERTERS_MAX; i++) {
        (void)snprintf(serial, sizeof serial, "1161%08u", i);
        ahoy_commands_learn(&session, serial, i);
    }
    assert_int_equal(session.known_count, INVERTERS_MAX);
    struct message m = {.path = ""};
    const struct command unknown = {.serial = "9", .limit_w = 1, .max_power_w = 2};
    assert_false(ahoy_commands.encode(&session, &unknown, &m));
    ahoy_commands_learn(&session, "114180000001", 7);
    assert_sends("114180000001", 200,
                 "{\"id\":7,\"cmd\":\"limit_nonpersistent_absolute\",\"val\":200}");
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(limits),
        TEST(an_inverter_that_it_does_not_have),
        TEST(log_in_first),
        TEST(a_short_token),
        TEST(refusals),
        TEST(rights),
        TEST(acknowledged),
        TEST(an_acknowledgement_of_before),
        TEST(whose_turn_it_is),
        TEST(switching),
        TEST(as_many_as_there_are),
    };
    return cmocka_run_group_tests_name("ahoy_commands", tests, NULL, NULL);
}

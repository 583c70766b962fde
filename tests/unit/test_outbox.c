/* The way of a command to a gateway and back, with a driver of a gateway that there is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/outbox.h"
#include "core/text.h"

/* ---- The driver: commands are "N W", answers "yes" or "no", rights and status one letter ---- */

static bool takes_commands, has_that_command;

static bool toy_encode(void *session, const struct command *c, struct message *out)
{
    (void)session;
    text_copy(out->path, sizeof out->path, "/toy");
    out->format = MESSAGE_JSON;
    (void)snprintf(out->body, sizeof out->body, "%s %.0f", c->serial, c->limit_w);
    return has_that_command;
}

static enum decode_result refuse(char why[DECODE_WHY_MAX])
{
    text_copy(why, DECODE_WHY_MAX, "it says no");
    return DECODE_BAD_REPLY;
}

static enum decode_result toy_answer(void *session, const char *body, size_t len,
                                     char why[DECODE_WHY_MAX])
{
    (void)session;
    if (strcmp(body, "log in") == 0)
        return DECODE_AGAIN;
    if (strcmp(body, "who?") == 0) {
        (void)refuse(why);
        return DECODE_AUTH;
    }
    return len == 3 && strcmp(body, "yes") == 0 ? DECODE_OK : refuse(why);
}

static bool toy_look(void *session, enum look what, struct message *out)
{
    (void)session;
    text_copy(out->path, sizeof out->path,
              what == LOOK_RIGHTS  ? "/rights"
              : what == LOOK_LIMIT ? "/status"
                                   : "/power");
    return true;
}

static enum decode_result toy_looked(void *session, enum look what, const char *body, size_t len,
                                     const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct command_report r = {.serial = "7",
                               .part = what == LOOK_RIGHTS ? REPORT_RIGHT : REPORT_LIMIT,
                               .right = COMMAND_ALLOWED,
                               .status = COMMAND_PENDING};

    (void)session;
    if (len == 0)
        return refuse(why);
    if (*body == 'r')
        sink->report(sink->user, &r);
    return DECODE_OK;
}

static const struct driver_commands *toy_commands(const void *session)
{
    static const struct driver_commands commands = {toy_encode, toy_answer, toy_look, toy_looked};

    (void)session;
    return takes_commands ? &commands : NULL;
}

static const struct driver toy = {.name = "toy", .commands = toy_commands};

/* ---- Who commands ---- */

static struct outbox outbox;
static double wanted_w; /* MISSING: nothing */
static int64_t rights_every_ms, status_every_ms, power_every_ms;
static char said[256]; /* what has happened, word by word */

static void say(const char *text)
{
    size_t len = strlen(said);
    (void)snprintf(said + len, sizeof said - len, "%s%s", len ? ", " : "", text);
}

static bool on_next(void *user, struct command *out)
{
    (void)user;
    if (!has_value(wanted_w))
        return false;
    *out = (struct command){.serial = "7", .limit_w = wanted_w, .max_power_w = 100};
    wanted_w = MISSING;
    return true;
}

static void on_commanded(void *user, const struct command *c, enum reply_outcome outcome,
                         const char *why)
{
    char text[100];

    (void)user;
    (void)snprintf(text, sizeof text, "%s %.0f: %d %s", c->serial, c->limit_w, (int)outcome, why);
    say(text);
}

static void on_report(void *user, const struct command_report *r)
{
    (void)user;
    say(r->part == REPORT_RIGHT ? "right" : "status");
}

static void on_looked(void *user, enum look what, enum reply_outcome outcome, const char *why)
{
    (void)user;
    if (outcome == REPLY_OK)
        return;
    assert_int_not_equal(why[0], '\0');
    say(what == LOOK_RIGHTS ? "no rights" : "no status");
}

static int64_t look_every(void *user, enum look what)
{
    (void)user;
    if (what == LOOK_POWER)
        return power_every_ms;
    return what == LOOK_RIGHTS ? rights_every_ms : status_every_ms;
}

static int setup(void **state)
{
    const struct outbox_events events = {on_next,   on_commanded, on_report,
                                         on_looked, look_every,   NULL};

    (void)state;
    takes_commands = has_that_command = true;
    wanted_w = MISSING;
    rights_every_ms = status_every_ms = power_every_ms = 0;
    said[0] = '\0';
    outbox_init(&outbox, &toy, NULL, &events);
    return 0;
}

static void done(enum reply_outcome outcome, const char *body, const char *why)
{
    struct gateway_reply reply = {.outcome = outcome, .body = body, .len = strlen(body)};

    text_copy(reply.why, sizeof reply.why, why);
    outbox_done(&outbox, &reply);
}

static void assert_sends(bool looks, int64_t now_ms, const char *path)
{
    struct message m;

    if (!outbox_next(&outbox, looks, now_ms, &m))
        fail_msg("nothing is sent");
    assert_string_equal(m.path, path);
}

static void assert_sends_nothing(bool looks, int64_t now_ms)
{
    struct message m;
    assert_false(outbox_next(&outbox, looks, now_ms, &m));
    assert_int_equal(outbox.sent, OUTBOX_NOTHING);
}

/* ---- Commands ---- */

static void there_and_back(void **state)
{
    struct message m;

    wanted_w = 30;
    assert_true(outbox_next(&outbox, false, 0, &m));
    assert_string_equal(m.path, "/toy");
    assert_int_equal(m.format, MESSAGE_JSON);
    assert_string_equal(m.body, "7 30");
    done(REPLY_OK, "yes", "");
    assert_string_equal(said, "7 30: 0 ");
    assert_sends_nothing(true, 0);
}

static void what_goes_wrong(void **state)
{
    static const struct {
        enum reply_outcome outcome;
        const char *body, *why, *said;
    } cases[] = {
        {REPLY_OK, "no", "", "7 30: 3 it says no"},   /* REPLY_ERROR */
        {REPLY_OK, "who?", "", "7 30: 4 it says no"}, /* REPLY_UNAUTHORIZED */
        {REPLY_UNREACHABLE, "", "away", "7 30: 5 away"},
        {REPLY_TIMEOUT, "", "late", "7 30: 6 late"},
        {REPLY_UNAUTHORIZED, "", "who?", "7 30: 4 who?"},
        {REPLY_NOT_FOUND, "", "what?", "7 30: 1 what?"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wanted_w = 30;
        said[0] = '\0';
        assert_sends(false, 0, "/toy");
        done(cases[i].outcome, cases[i].body, cases[i].why);
        assert_string_equal(said, cases[i].said);
        assert_int_equal(outbox.sent, OUTBOX_NOTHING);
    }
}

/* The same command is written once more, and nobody is asked for another one in between. */
static void a_log_in_goes_before_it(void **state)
{
    wanted_w = 30;
    assert_sends(false, 0, "/toy");
    done(REPLY_OK, "log in", "");
    assert_string_equal(said, "");
    wanted_w = 20;
    struct message m;
    assert_true(outbox_next(&outbox, false, 0, &m));
    assert_string_equal(m.body, "7 30");
    done(REPLY_OK, "yes", "");
    assert_string_equal(said, "7 30: 0 ");
    assert_true(outbox_next(&outbox, false, 0, &m));
    assert_string_equal(m.body, "7 20");
    /* A gateway that wants nothing but log-ins comes to an end. */
    for (int i = 0; i < 3; i++) {
        done(REPLY_OK, "log in", "");
        assert_true(outbox_next(&outbox, false, 0, &m));
    }
    done(REPLY_OK, "log in", "");
    assert_string_equal(said, "7 30: 0 , 7 20: 3 ");
}

static void a_command_that_there_is_not(void **state)
{
    has_that_command = false;
    wanted_w = 30;
    assert_sends_nothing(true, 0);
    assert_string_equal(said, "7 30: 1 the gateway has no such command");
}

/* It turns out to be another kind of gateway, or has been reset, between command and answer. */
static void no_commands_any_more(void **state)
{
    wanted_w = 30;
    assert_sends(false, 0, "/toy");
    takes_commands = false;
    done(REPLY_OK, "yes", "");
    assert_string_equal(said, "7 30: 3 ");
    wanted_w = 20;
    assert_sends_nothing(true, 0);
    assert_true(outbox_due_ms(&outbox, 0) < 0);
}

/* ---- Looks ---- */

static void commands_go_before_values_and_looks_after(void **state)
{
    rights_every_ms = 100;
    wanted_w = 30;
    assert_sends(true, 0, "/toy");
    done(REPLY_OK, "yes", "");
    assert_sends_nothing(false, 0); /* a value waits */
    assert_int_equal(outbox_due_ms(&outbox, 0), 0);
    assert_sends(true, 0, "/rights");
    done(REPLY_OK, "r", "");
    assert_string_equal(said, "7 30: 0 , right");
}

static void looks_in_their_time(void **state)
{
    rights_every_ms = 1000;
    assert_sends(true, 5000, "/rights");
    done(REPLY_OK, "r", "");
    assert_sends_nothing(true, 5999);
    assert_int_equal(outbox_due_ms(&outbox, 5500), 6000);
    status_every_ms = 100;
    assert_sends(true, 5999, "/status");
    done(REPLY_OK, "r", "");
    assert_int_equal(outbox_due_ms(&outbox, 5999), 6000);
    assert_sends(true, 6000, "/rights");
    done(REPLY_OK, "r", "");
    rights_every_ms = status_every_ms = 0;
    assert_true(outbox_due_ms(&outbox, 99999) < 0);
    assert_string_equal(said, "right, status, right");
}

/* What became of a command is looked at at once, whenever that was done last. */
static void a_command_is_followed_up(void **state)
{
    status_every_ms = 30000;
    assert_sends(true, 0, "/status");
    done(REPLY_OK, "r", "");
    assert_sends_nothing(true, 1000);
    wanted_w = 30;
    assert_sends(true, 1000, "/toy");
    done(REPLY_OK, "yes", "");
    assert_sends(true, 1001, "/status");
    done(REPLY_OK, "r", "");
    power_every_ms = 30000; /* of switching as well */
    assert_sends(true, 1002, "/power");
    done(REPLY_OK, "r", "");
    assert_sends_nothing(true, 1003);
}

static void no_rights(void **state)
{
    rights_every_ms = status_every_ms = 1000;
    assert_sends(true, 0, "/rights");
    done(REPLY_UNAUTHORIZED, "", "who?");
    assert_sends(true, 0, "/status");
    done(REPLY_UNAUTHORIZED, "", "who?");
    assert_sends(true, 1000, "/rights");
    done(REPLY_OK, "", "");
    assert_string_equal(said, "no rights, no status, no rights");
}

/* A poller that commands nothing, and a driver that has no commands. */
static void nobody_commands(void **state)
{
    static const struct driver other = {.name = "other"};
    const struct outbox_events none = {.next = NULL};

    outbox_init(&outbox, &toy, NULL, &none);
    assert_sends_nothing(true, 0);
    assert_true(outbox_due_ms(&outbox, 0) < 0);
    setup(NULL);
    outbox.driver = &other;
    wanted_w = 30;
    assert_sends_nothing(true, 0);
    assert_true(outbox_due_ms(&outbox, 0) < 0);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),
        TEST(what_goes_wrong),
        TEST(a_log_in_goes_before_it),
        TEST(a_command_that_there_is_not),
        TEST(no_commands_any_more),
        TEST(commands_go_before_values_and_looks_after),
        TEST(looks_in_their_time),
        TEST(a_command_is_followed_up),
        TEST(no_rights),
        TEST(nobody_commands),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}

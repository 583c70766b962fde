/* The bus on the loop, against a real dbus-daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/bus/bus.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

static struct loop *loop;
static char why[200];

static int set_up(void **state)
{
    why[0] = '\0';
    if (!private_bus_start())
        return -1;
    loop = loop_create();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    loop_destroy(loop);
    private_bus_stop();
    dbus_shutdown(); /* so that the next test's address is looked up anew */
    return 0;
}

static struct bus *open_bus(loop_fn lost, void *user)
{
    struct bus *b =
        bus_open_now(loop, &(struct bus_events){.lost = lost, .user = user}, why, sizeof(why));

    if (!b)
        fail_msg("%s", why);
    return b;
}

static void test_names(void **state)
{
    struct bus *a = open_bus(NULL, NULL), *b = open_bus(NULL, NULL);
    const char *name = "com.victronenergy.pvinverter.http_20";

    assert_int_equal(bus_request_name_now(loop, a, name, why, sizeof(why)), 0);
    assert_int_equal(bus_request_name_now(loop, a, name, why, sizeof(why)), 0);
    assert_int_equal(bus_request_name_now(loop, b, name, why, sizeof(why)), -EEXIST);
    assert_non_null(
        strstr(why, "another process owns the name com.victronenergy.pvinverter.http_20"));
    assert_int_equal(bus_request_name_now(loop, b, "com.victronenergy.forbidden", why, sizeof(why)),
                     -EACCES);
    bus_close(a);
    run_loop_for(loop, 20);
    assert_int_equal(bus_request_name_now(loop, b, name, why, sizeof(why)),
                     0); /* it was not queued: asked anew */
    bus_close(b);
    bus_close(NULL);
}

static void test_no_bus(void **state)
{
    private_bus_stop();
    assert_null(bus_open_now(loop, NULL, why, sizeof(why)));
    assert_null(bus_open_now(loop, NULL, why, sizeof(why))); /* nor for the next in the queue */
    assert_non_null(strstr(why, "no connection to the D-Bus"));
}

static int lost_calls;

static void on_lost(void *user)
{
    lost_calls++;
    bus_close(*(struct bus **)user); /* what the program does before it ends */
    *(struct bus **)user = NULL;
}

static void test_lost_once(void **state)
{
    struct bus *b = NULL;

    lost_calls = 0;
    b = open_bus(on_lost, &b);
    run_loop_for(loop, 20);
    assert_int_equal(lost_calls, 0);
    private_bus_stop();
    for (int i = 0; i < 500 && lost_calls == 0; i++)
        run_loop_for(loop, 10);
    assert_int_equal(lost_calls, 1);
    assert_null(b);
}

static void count_lost(void *user)
{
    lost_calls++;
}

static void test_lost_while_open(void **state)
{
    struct bus *b = open_bus(count_lost, NULL);

    lost_calls = 0;
    private_bus_stop();
    for (int i = 0; i < 500 && lost_calls == 0; i++)
        run_loop_for(loop, 10);
    assert_int_equal(lost_calls, 1);
    assert_true(bus_request_name_now(loop, b, "com.victronenergy.x", why, sizeof(why)) < 0);
    run_loop_for(loop, 50);
    assert_int_equal(lost_calls, 1);
    bus_close(b);
}

static void test_lost_without_interest(void **state)
{
    struct bus *b = open_bus(NULL, NULL);

    private_bus_stop();
    run_loop_for(loop, 50);
    bus_close(b);
}

/* ---- time-outs of calls ---- */

static int replies;

static void on_reply(DBusPendingCall *call, void *user)
{
    DBusMessage *reply = dbus_pending_call_steal_reply(call);

    replies++;
    assert_string_equal(dbus_message_get_error_name(reply), DBUS_ERROR_NO_REPLY);
    dbus_message_unref(reply);
    loop_stop(loop, 0);
}

static void test_call_times_out(void **state)
{
    struct bus *a = open_bus(NULL, NULL);
    DBusPendingCall *pending = NULL;

    /* A peer that never reads what it is sent. */
    DBusConnection *mute = dbus_bus_get_private(DBUS_BUS_SESSION, NULL);
    DBusMessage *call =
        dbus_message_new_method_call(dbus_bus_get_unique_name(mute), "/", "a.b", "C");
    int64_t began_ms = clock_now_ms(); /* before libdbus begins to count */
    assert_true(dbus_connection_send_with_reply(bus_connection(a), call, &pending, 80));
    dbus_message_unref(call);
    dbus_pending_call_set_notify(pending, on_reply, NULL, NULL);
    replies = 0;
    run_loop_for(loop, 2000);
    assert_int_equal(replies, 1);
    assert_in_range(clock_now_ms() - began_ms, 75, 1900);
    dbus_pending_call_unref(pending);
    dbus_connection_close(mute);
    dbus_connection_unref(mute);
    bus_close(a);
}

/* ---- who owns a name ---- */

static long owner;

static void on_process(DBusPendingCall *call, void *user)
{
    owner = bus_take_process(user);
    loop_stop(loop, 0);
}

static void test_process_of_a_name(void **state)
{
    struct bus *b = open_bus(NULL, NULL);
    DBusPendingCall *pending = NULL;
    const char *name = "com.victronenergy.pvinverter.http_20";

    assert_int_equal(bus_request_name_now(loop, b, name, why, sizeof(why)), 0);
    assert_true(bus_ask_process(b, name, 2000, &pending, on_process, &pending));
    owner = -1;
    run_loop_for(loop, 2000);
    assert_int_equal(owner, getpid());
    assert_true(
        bus_ask_process(b, "com.victronenergy.nobody", 2000, &pending, on_process, &pending));
    owner = -1;
    run_loop_for(loop, 2000);
    assert_int_equal(owner, 0);
    bus_close(b);
}

/* ---- a flood ---- */

enum { FLOOD = 10000 };

static int received;
static int64_t longest_gap_ms, last_tick_ms;
static int ticks;
static struct loop_timer tick;

static DBusHandlerResult count_message(DBusConnection *c, DBusMessage *m, void *user)
{
    if (dbus_message_is_signal(m, "test.Flood", "Drop") && ++received == FLOOD)
        loop_stop(loop, 0);
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void on_tick(void *user)
{
    int64_t now_ms = clock_now_ms();

    if (now_ms - last_tick_ms > longest_gap_ms)
        longest_gap_ms = now_ms - last_tick_ms;
    last_tick_ms = now_ms;
    ticks++;
    loop_timer_arm(&tick, 5);
}

static void flood(const char *name)
{
    DBusConnection *c = dbus_bus_get_private(DBUS_BUS_SESSION, NULL);
    char padding[1000];
    const char *text = padding;

    memset(padding, 'x', sizeof(padding) - 1);
    padding[sizeof(padding) - 1] = '\0';
    for (int i = 0; i < FLOOD && c; i++) {
        DBusMessage *m = dbus_message_new_signal("/", "test.Flood", "Drop");
        dbus_message_set_destination(m, name);
        dbus_message_append_args(m, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
        dbus_connection_send(c, m, NULL);
        dbus_message_unref(m);
    }
    dbus_connection_flush(c);
    _exit(0);
}

static void test_flood_starves_nobody(void **state)
{
    struct bus *b = open_bus(NULL, NULL);
    int quiet = 0;

    received = 0;
    longest_gap_ms = ticks = 0;
    dbus_connection_add_filter(bus_connection(b), count_message, NULL, NULL);
    loop_timer_init(&tick, loop, on_tick, NULL);
    pid_t pid = fork();
    if (pid == 0)
        flood(dbus_bus_get_unique_name(bus_connection(b)));
    last_tick_ms = clock_now_ms();
    loop_timer_arm(&tick, 0);
    run_loop_for(loop, 20000);
    loop_timer_disarm(&tick);
    waitpid(pid, &quiet, 0);
    print_message("# %d messages received, %d ticks of 5 ms meanwhile, the longest gap was %d ms\n",
                  received, ticks, (int)longest_gap_ms);
    assert_int_equal(received, FLOOD);
    assert_true(ticks > 20); /* starved, it would have been one or two */
    dbus_connection_remove_filter(bus_connection(b), count_message, NULL);
    bus_close(b);
}

/* ---- a bus that hangs ---- */

static char story[400];

static void note(const char *word)
{
    strncat(story, word, sizeof(story) - strlen(story) - 1);
}

static void note_ready(void *user)
{
    note(user);
    note(" ready, ");
}

static void note_failed(void *user, const char *text)
{
    note(user);
    note(" failed, ");
}

static struct bus *open_noted(char *name)
{
    return bus_open(loop,
                    &(struct bus_events){.ready = note_ready, .failed = note_failed, .user = name});
}

/* How long the loop stood still at most, in this many milliseconds. */
static int64_t longest_gap(int64_t ms)
{
    longest_gap_ms = 0;
    loop_timer_init(&tick, loop, on_tick, NULL);
    last_tick_ms = clock_now_ms();
    loop_timer_arm(&tick, 0);
    run_loop_for(loop, ms);
    loop_timer_disarm(&tick);
    return longest_gap_ms;
}

/* More than a daemon lets wait to be accepted (30): connect() would stand still. */
static void test_bus_that_does_not_answer(void **state)
{
    enum { MANY = 40 };
    struct bus *buses[MANY];
    char name[] = "a", other[] = "b";

    story[0] = '\0';
    kill(private_bus_pid(), SIGSTOP);
    for (int i = 0; i < MANY; i++)
        buses[i] = open_noted(i < MANY - 1 ? name : other);
    assert_in_range(longest_gap(300), 0, 250);
    assert_string_equal(story, "");
    for (int i = 0; i < MANY - 2; i++)
        bus_close(buses[i]); /* at any stage */
    assert_in_range(longest_gap(100), 0, 250);
    assert_string_equal(story, "");
    kill(private_bus_pid(), SIGCONT);
    for (int i = 0; i < 500 && !strstr(story, "b ready"); i++)
        run_loop_for(loop, 10);
    assert_string_equal(story, "a ready, b ready, ");
    bus_close(buses[MANY - 2]);
    bus_close(buses[MANY - 1]);
}

/* It ends without a word: whoever waits in the queue is told as well. */
static void test_bus_that_ends_instead_of_answering(void **state)
{
    char first[] = "a", second[] = "b";

    story[0] = '\0';
    kill(private_bus_pid(), SIGSTOP);
    struct bus *a = open_noted(first), *b = open_noted(second);
    run_loop_for(loop, 50);
    kill(private_bus_pid(), SIGCONT);
    private_bus_stop();
    for (int i = 0; i < 500 && !strstr(story, "b "); i++)
        run_loop_for(loop, 10);
    assert_non_null(strstr(story, "b failed, "));
    bus_close(a);
    bus_close(b);
}

/* What the log says meanwhile. */
static size_t log_of_slow_bus(char *said, size_t size)
{
    char first[] = "a", second[] = "b", third[] = "c";
    FILE *log = tmpfile();
    int before = dup(STDERR_FILENO);

    assert_true(log && before >= 0 && dup2(fileno(log), STDERR_FILENO) >= 0);
    kill(private_bus_pid(), SIGSTOP);
    struct bus *a = open_noted(first), *b = open_noted(second), *c = open_noted(third);
    run_loop_for(loop, 5300);
    bus_close(b); /* from the middle of the queue */
    kill(private_bus_pid(), SIGCONT);
    for (int i = 0; i < 500 && !strstr(story, "c ready"); i++)
        run_loop_for(loop, 10);
    bus_close(a);
    bus_close(c);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(log);
    size_t len = fread(said, 1, size - 1, log);
    (void)fclose(log);
    return len;
}

/* After five seconds that is said, once; and that it is over. */
static void test_slow_bus(void **state)
{
    char said[1000] = "";

    story[0] = '\0';
    assert_true(log_of_slow_bus(said, sizeof said) > 0);
    assert_string_equal(story, "a ready, c ready, ");
    const char *slow = strstr(said, "accepts connections, but does not answer");
    assert_non_null(slow);
    assert_null(strstr(slow + 1, "accepts connections"));
    assert_non_null(strstr(slow, "the D-Bus answers again"));
}

static int named = 99;
static DBusPendingCall *naming;

static void on_named(DBusPendingCall *call, void *user)
{
    named = bus_take_name(&naming, user, why, sizeof(why));
}

static void test_name_that_is_not_answered(void **state)
{
    struct bus *b = open_bus(NULL, NULL);
    char name[] = "com.victronenergy.pvinverter.http_20";

    named = 99;
    kill(private_bus_pid(), SIGSTOP);
    assert_true(bus_request_name(b, name, &naming, on_named, name));
    assert_in_range(longest_gap(200), 0, 150);
    assert_int_equal(named, 99);
    kill(private_bus_pid(), SIGCONT);
    for (int i = 0; i < 500 && named == 99; i++)
        run_loop_for(loop, 10);
    assert_int_equal(named, 0);
    bus_close(b);
}

static void test_close_does_not_wait_for_a_dead_bus(void **state)
{
    struct bus *b = open_bus(NULL, NULL);
    char padding[60000];
    const char *text = padding;

    memset(padding, 'x', sizeof(padding) - 1);
    padding[sizeof(padding) - 1] = '\0';
    kill(private_bus_pid(), SIGSTOP);
    for (int i = 0; i < 50; i++) {
        DBusMessage *m = dbus_message_new_signal("/", "test.Flood", "Drop");
        dbus_message_append_args(m, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
        dbus_connection_send(bus_connection(b), m, NULL);
        dbus_message_unref(m);
    }
    int64_t began_ms = clock_now_ms();
    bus_close(b);
    kill(private_bus_pid(), SIGCONT);
    assert_in_range(clock_now_ms() - began_ms, 0, 100);
}

#define BUS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUS_TEST(test_names),
        BUS_TEST(test_no_bus),
        BUS_TEST(test_lost_once),
        BUS_TEST(test_lost_while_open),
        BUS_TEST(test_lost_without_interest),
        BUS_TEST(test_call_times_out),
        BUS_TEST(test_process_of_a_name),
        BUS_TEST(test_flood_starves_nobody),
        BUS_TEST(test_bus_that_does_not_answer),
        BUS_TEST(test_bus_that_ends_instead_of_answering),
        BUS_TEST(test_slow_bus),
        BUS_TEST(test_name_that_is_not_answered),
        BUS_TEST(test_close_does_not_wait_for_a_dead_bus),
    };

    return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}

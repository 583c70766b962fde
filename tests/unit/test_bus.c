/* The bus on the loop, against a real dbus-daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/bus.h"
#include "edge/clock.h"
#include "edge/loop.h"
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

static void run_for(int64_t ms)
{
    run_loop_for(loop, ms);
}

static struct bus *open_bus(loop_fn lost, void *user)
{
    struct bus *b = bus_open(loop, lost, user, why, sizeof(why));

    if (!b)
        fail_msg("%s", why);
    return b;
}

static void test_names(void **state)
{
    struct bus *a = open_bus(NULL, NULL), *b = open_bus(NULL, NULL);
    const char *name = "com.victronenergy.pvinverter.http_20";

    assert_int_equal(bus_request_name(a, name, why, sizeof(why)), 0);
    assert_int_equal(bus_request_name(a, name, why, sizeof(why)), 0);
    assert_int_equal(bus_request_name(b, name, why, sizeof(why)), -EEXIST);
    assert_non_null(
        strstr(why, "another process owns the name com.victronenergy.pvinverter.http_20"));
    assert_int_equal(bus_request_name(b, "no name", why, sizeof(why)), -EINVAL);
    assert_int_equal(bus_request_name(b, "com.victronenergy.forbidden", why, sizeof(why)), -EACCES);
    bus_close(a);
    run_for(20);
    assert_int_equal(bus_request_name(b, name, why, sizeof(why)),
                     0); /* it was not queued: asked anew */
    bus_close(b);
    bus_close(NULL);
}

static void test_no_bus(void **state)
{
    private_bus_stop();
    assert_null(bus_open(loop, NULL, NULL, why, sizeof(why)));
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
    run_for(20);
    assert_int_equal(lost_calls, 0);
    private_bus_stop();
    for (int i = 0; i < 500 && lost_calls == 0; i++)
        run_for(10);
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
        run_for(10);
    assert_int_equal(lost_calls, 1);
    assert_true(bus_request_name(b, "com.victronenergy.x", why, sizeof(why)) < 0);
    run_for(50);
    assert_int_equal(lost_calls, 1);
    bus_close(b);
}

static void test_lost_without_interest(void **state)
{
    struct bus *b = open_bus(NULL, NULL);

    private_bus_stop();
    run_for(50);
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
    run_for(2000);
    assert_int_equal(replies, 1);
    assert_in_range(clock_now_ms() - began_ms, 75, 1900);
    dbus_pending_call_unref(pending);
    dbus_connection_close(mute);
    dbus_connection_unref(mute);
    bus_close(a);
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
    run_for(20000);
    loop_timer_disarm(&tick);
    waitpid(pid, &quiet, 0);
    print_message("# %d messages received, %d ticks of 5 ms meanwhile, the longest gap was %d ms\n",
                  received, ticks, (int)longest_gap_ms);
    assert_int_equal(received, FLOOD);
    assert_true(ticks > 20); /* starved, it would have been one or two */
    dbus_connection_remove_filter(bus_connection(b), count_message, NULL);
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
    assert_in_range(clock_now_ms() - began_ms, 0, 3000);
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
        BUS_TEST(test_flood_starves_nobody),
        BUS_TEST(test_close_does_not_wait_for_a_dead_bus),
    };

    return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}

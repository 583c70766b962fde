/*
 * The directory of services over a real dbus-daemon, with services that answer, hang, come, go, and
 * say what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edge/bus/bus.h"
#include "edge/bus/instances.h"
#include "edge/bus/variant.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

#define SERVICE(rest) "com.victronenergy." rest

static struct loop *loop;
static struct bus *bus;
static struct instances *directory;
static char why[200];

/* ---- the clock, with a count of how often the loop woke up ---- */

static unsigned long wake_ups;

int64_t clock_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int clock_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    wake_ups++;
    return poll(fds, count, timeout_ms);
}

/* ---- other services ---- */

enum { OTHERS = 8 };

static struct other {
    struct bus *bus;
    struct value instance, serial; /* an invalid serial: it has no such path */
    bool silent, serial_silent;
    int errors; /* so many come first */
    int asked, serial_asked;
} others[OTHERS];

static DBusHandlerResult reply_to(DBusConnection *c, DBusMessage *m, const struct value *v)
{
    DBusMessage *reply = dbus_message_new_method_return(m);
    DBusMessageIter args;

    dbus_message_iter_init_append(reply, &args);
    variant_append(&args, v);
    dbus_connection_send(c, reply, NULL);
    dbus_message_unref(reply);
    return DBUS_HANDLER_RESULT_HANDLED;
}

static DBusHandlerResult on_call(DBusConnection *c, DBusMessage *m, void *user)
{
    struct other *o = user;

    if (!dbus_message_is_method_call(m, BUS_ITEM, "GetValue"))
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    if (dbus_message_has_path(m, "/Serial")) {
        o->serial_asked++;
        if (o->serial_silent)
            return DBUS_HANDLER_RESULT_HANDLED;
        if (o->serial.type == VALUE_INVALID)
            return DBUS_HANDLER_RESULT_NOT_YET_HANDLED; /* libdbus says: no such path */
        return reply_to(c, m, &o->serial);
    }
    o->asked++;
    assert_string_equal(dbus_message_get_path(m), "/DeviceInstance");
    if (o->silent)
        return DBUS_HANDLER_RESULT_HANDLED;
    if (o->errors > 0) {
        o->errors--;
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    }
    return reply_to(c, m, &o->instance);
}

static const DBusObjectPathVTable vtable = {.message_function = on_call};

static void comes(struct other *o, const char *name, struct value instance)
{
    if (!o->bus) {
        o->bus = bus_open_now(loop, NULL, why, sizeof(why));
        assert_non_null(o->bus);
        dbus_connection_register_fallback(bus_connection(o->bus), "/", &vtable, o);
    }
    o->instance = instance;
    assert_int_equal(bus_request_name_now(loop, o->bus, name, why, sizeof(why)), 0);
}

static void goes(struct other *o)
{
    if (o->bus)
        dbus_connection_unregister_object_path(bus_connection(o->bus), "/");
    bus_close(o->bus);
    o->bus = NULL;
}

static void announce(struct other *o, const char *path, struct value instance)
{
    DBusMessage *m = dbus_message_new_signal(path, BUS_ITEM, "PropertiesChanged");
    DBusMessageIter args, dict;

    dbus_message_iter_init_append(m, &args);
    dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
    variant_append_entry(&dict, "Value", &instance);
    dbus_message_iter_close_container(&args, &dict);
    dbus_connection_send(bus_connection(o->bus), m, NULL);
    dbus_message_unref(m);
}

/* ---- what the directory tells ---- */

static char heard[2000];
static const char *own_name;

static void on_ready(void *user)
{
    strcat(heard, "[ready]");
}

static void on_appeared(void *user, const char *service, int instance)
{
    size_t len = strlen(heard);

    snprintf(heard + len, sizeof(heard) - len, "[%s %d]", service + strlen("com.victronenergy."),
             instance);
}

static bool on_ours(void *user, const char *service)
{
    return own_name && strcmp(service, own_name) == 0;
}

static const struct instances_events events = {on_ready, on_appeared, on_ours, NULL};

/* Until exactly this was heard, and a moment more for what is too much. */
static void expect(const char *wanted)
{
    int64_t end_ms = clock_now_ms() + 20000;

    while (strcmp(heard, wanted) != 0 && clock_now_ms() < end_ms)
        run_loop_for(loop, 5);
    run_loop_for(loop, 30);
    assert_string_equal(heard, wanted);
    heard[0] = '\0';
}

static void expect_found(const char *class, int instance, const char *name)
{
    const char *found = instances_find(directory, class, instance);

    if (name)
        assert_string_equal(found ? found : "none", name);
    else
        assert_null(found);
}

static int set_up(void **state)
{
    memset(others, 0, sizeof(others));
    heard[0] = why[0] = '\0';
    own_name = NULL;
    directory = NULL;
    if (!private_bus_start())
        return -1;
    loop = loop_create();
    bus = bus_open_now(loop, NULL, why, sizeof(why));
    return bus ? 0 : -1;
}

static int tear_down(void **state)
{
    instances_destroy(directory);
    for (size_t i = 0; i < OTHERS; i++)
        goes(&others[i]);
    bus_close(bus);
    loop_destroy(loop);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

static void start(void)
{
    directory = instances_create(loop, bus, &events, why, sizeof(why));
    assert_non_null(directory);
    assert_string_equal(heard, "");
}

static void test_first_round(void **state)
{
    comes(&others[0], SERVICE("pvinverter.fronius"), value_int(20));
    comes(&others[1], SERVICE("grid.meter.of_the_house"), value_double(30));
    comes(&others[2], SERVICE("system"), value_int(0));
    comes(&others[3], "org.example.pvinverter.x", value_int(21));
    comes(&others[4], SERVICE("pvinverter.ours"), value_int(22));
    comes(&others[5], SERVICE("battery.none"), value_invalid());
    comes(&others[6], SERVICE("battery.text"), value_string("23"));
    own_name = SERVICE("pvinverter.ours");
    start();
    expect("[ready]");
    expect_found("pvinverter", 20, SERVICE("pvinverter.fronius"));
    expect_found("grid", 30, SERVICE("grid.meter.of_the_house"));
    expect_found("pvinverter", 21, NULL);
    expect_found("pvinverter", 22, NULL);
    expect_found("pv", 20, NULL);
    expect_found("pvinverters", 20, NULL);
    expect_found("battery", 23, NULL);
    expect_found("battery", 0, NULL);
    assert_int_equal(others[0].asked, 1);
    assert_int_equal(others[2].asked + others[3].asked + others[4].asked, 0);
}

static void test_nobody_there(void **state)
{
    start();
    expect("[ready]");
    expect_found("pvinverter", 20, NULL);
}

static void test_comes_and_goes(void **state)
{
    start();
    expect("[ready]");
    comes(&others[0], SERVICE("pvinverter.fronius"), value_int(20));
    expect("[pvinverter.fronius 20]");
    expect_found("pvinverter", 20, SERVICE("pvinverter.fronius"));
    goes(&others[0]);
    expect("");
    expect_found("pvinverter", 20, NULL);
    comes(&others[1], SERVICE("pvinverter.fronius"), value_int(21)); /* another owner */
    expect("[pvinverter.fronius 21]");
    expect_found("pvinverter", 20, NULL);
    own_name = SERVICE("grid.http_30");
    comes(&others[2], SERVICE("grid.http_30"), value_int(30));
    expect("");
    assert_int_equal(others[2].asked, 0);
}

/* A name that was another's has just become ours: no clash with ourselves. */
static void test_a_name_becomes_ours(void **state)
{
    comes(&others[0], SERVICE("pvinverter.http_20"), value_int(20));
    start();
    expect("[ready]");
    expect_found("pvinverter", 20, SERVICE("pvinverter.http_20"));
    own_name = SERVICE("pvinverter.http_20");
    expect_found("pvinverter", 20, NULL);
}

/* Of services of our kind the serial number is known before they are told of, and of no others. */
static void test_serial_numbers(void **state)
{
    static const char text[] = "000000000000000000000000000000000000000000000000000000000000000001";

    others[0].serial = others[1].serial = value_string("0114182940ABcd");
    others[3].serial = value_string(text);
    others[4].serial = value_int(5);
    comes(&others[0], SERVICE("pvinverter.http_34"), value_int(34));
    comes(&others[1], SERVICE("pvinverter.fronius"), value_int(20));
    comes(&others[2], SERVICE("pvinverter.http_35"), value_int(35)); /* without the path */
    comes(&others[3], SERVICE("pvinverter.http_36"), value_int(36));
    comes(&others[4], SERVICE("pvinverter.http_37"), value_int(37));
    start();
    assert_null(instances_find_serial(directory, "114182940abcd"));
    expect("[ready]");
    assert_string_equal(instances_find_serial(directory, "114182940abcd"),
                        SERVICE("pvinverter.http_34"));
    assert_int_equal(others[0].serial_asked, 1);
    assert_int_equal(others[1].serial_asked, 0);
    assert_null(instances_find_serial(directory, text));
    assert_null(instances_find_serial(directory, "5"));
    assert_null(instances_find_serial(directory, ""));
    own_name = SERVICE("pvinverter.http_34");
    assert_null(instances_find_serial(directory, "114182940abcd"));
    own_name = NULL;
    goes(&others[0]);
    expect("");
    assert_null(instances_find_serial(directory, "114182940abcd"));
    others[0].serial_silent = true;
    comes(&others[0], SERVICE("pvinverter.http_34"), value_int(34));
    run_loop_for(loop, 100);
    assert_false(instances_has_heard(directory, SERVICE("pvinverter.http_34")));
    assert_true(instances_has_heard(directory, SERVICE("pvinverter.http_35")));
    assert_false(instances_has_heard(directory, SERVICE("pvinverter.http_99")));
    expect_found("pvinverter", 34, NULL); /* whose it is comes with it */
    assert_string_equal(heard, "");
    expect("[pvinverter.http_34 34]"); /* it is given up */
    assert_true(instances_has_heard(directory, SERVICE("pvinverter.http_34")));
    assert_string_equal(instances_find(directory, "pvinverter", 34), SERVICE("pvinverter.http_34"));
}

static void test_instance_changes(void **state)
{
    comes(&others[0], SERVICE("pvinverter.fronius"), value_int(20));
    comes(&others[1], SERVICE("grid.meter"), value_int(30));
    start();
    expect("[ready]");
    announce(&others[0], "/DeviceInstance", value_int(25));
    expect("[pvinverter.fronius 25]");
    expect_found("pvinverter", 25, SERVICE("pvinverter.fronius"));
    expect_found("pvinverter", 20, NULL);
    expect_found("grid", 30, SERVICE("grid.meter"));
    announce(&others[0], "/DeviceInstance", value_int(25)); /* the same */
    announce(&others[0], "/Ac/Power", value_int(26));
    announce(&others[0], "/DeviceInstance", value_string("x"));
    expect("");
    expect_found("pvinverter", 25, NULL);
    announce(&others[0], "/DeviceInstance", value_int(25));
    expect("[pvinverter.fronius 25]");
}

static void test_one_hangs(void **state)
{
    others[0].silent = true;
    comes(&others[0], SERVICE("pvinverter.hung"), value_int(20));
    comes(&others[1], SERVICE("pvinverter.fronius"), value_int(21));
    start();
    int64_t began_ms = clock_now_ms();
    while (!*heard && clock_now_ms() < began_ms + 20000)
        run_loop_for(loop, 5);
    assert_true(clock_now_ms() - began_ms >= 900); /* it was waited for */
    expect("[ready]");
    expect_found("pvinverter", 21, SERVICE("pvinverter.fronius"));
    expect_found("pvinverter", 20, NULL);
    others[0].silent = false; /* it is asked once more, when it was given up */
    expect("[pvinverter.hung 20]");
}

static void test_one_dies_when_asked(void **state)
{
    others[0].silent = true;
    comes(&others[0], SERVICE("pvinverter.dying"), value_int(20));
    start();
    run_loop_for(loop, 50);
    assert_int_equal(others[0].asked, 1);
    goes(&others[0]);
    expect("[ready]");
}

static void test_not_yet_ready_for_questions(void **state)
{
    start();
    expect("[ready]");
    others[0].errors = 1;
    comes(&others[0], SERVICE("pvinverter.slow"), value_int(20));
    expect("[pvinverter.slow 20]");
    assert_int_equal(others[0].asked, 2);
}

static void test_costs_nothing_at_rest(void **state)
{
    comes(&others[0], SERVICE("pvinverter.fronius"), value_int(20));
    start();
    expect("[ready]");
    run_loop_for(loop, 100);
    wake_ups = 0;
    run_loop_for(loop, 500);
    assert_in_range(wake_ups, 0, 2); /* that of run_loop_for(loop, ) itself */
}

static void test_bounded(void **state)
{
    DBusConnection *c;
    char name[100];
    int asked;

    others[0].silent = true;
    comes(&others[0], SERVICE("battery.n0"), value_int(0));
    c = bus_connection(others[0].bus);
    for (int i = 1; i < INSTANCES_MAX + 20; i++) {
        snprintf(name, sizeof(name), SERVICE("battery.n%d"), i);
        dbus_bus_request_name(c, name, 0, NULL);
    }
    start();
    expect("[ready]");
    assert_int_equal(others[0].asked, INSTANCES_MAX);
    asked = others[0].asked;
    dbus_bus_request_name(c, SERVICE("battery.more"), 0, NULL);
    run_loop_for(loop, 50);
    assert_int_equal(others[0].asked, asked);
    instances_destroy(directory); /* with all the calls under way */
    directory = NULL;
    run_loop_for(loop, 20);
}

static void on_ready_destroy(void *user)
{
    on_ready(user);
    instances_destroy(directory);
    directory = NULL;
}

static void test_destroyed_from_a_callback(void **state)
{
    const struct instances_events destroying = {.ready = on_ready_destroy};

    directory = instances_create(loop, bus, &destroying, why, sizeof(why));
    expect("[ready]");
    instances_destroy(NULL);
}

#define BUS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUS_TEST(test_first_round),
        BUS_TEST(test_nobody_there),
        BUS_TEST(test_comes_and_goes),
        BUS_TEST(test_a_name_becomes_ours),
        BUS_TEST(test_serial_numbers),
        BUS_TEST(test_instance_changes),
        BUS_TEST(test_one_hangs),
        BUS_TEST(test_one_dies_when_asked),
        BUS_TEST(test_not_yet_ready_for_questions),
        BUS_TEST(test_costs_nothing_at_rest),
        BUS_TEST(test_bounded),
        BUS_TEST(test_destroyed_from_a_callback),
    };

    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}

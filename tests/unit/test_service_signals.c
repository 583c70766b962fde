/*
 * What a service sends when something changes, over a real dbus-daemon: also to one that takes nothing,
 * floods it or goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/bus/bus.h"
#include "edge/bus/service.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"
#include "unit/support/service_fixture.h"

static void test_changes_go_out_in_one_signal(void **state)
{
    set_item(POWER, value_double(50));
    set_item(ENERGY, value_double(12.345));
    set_item(POWER, value_double(60));
    run_loop_for(loop, 30);
    assert_int_equal(signals, 0); /* nothing before the flush */
    assert_string_equal(call("/Ac/Power", "GetValue"), "v<d:60>");
    service_flush(service);
    wait_for_signals(1);
    assert_int_equal(signals, 1);
    assert_string_equal(
        last_signal,
        "{s:\"/Ac/Power\" {s:\"Value\" v<d:60>,s:\"Text\" v<s:\"60W\">,},"
        "s:\"/Ac/Energy/Forward\" {s:\"Value\" v<d:12.345>,s:\"Text\" v<s:\"12.35kWh\">,},}");
    service_flush(service);
    set_item(POWER, value_double(60)); /* as it is */
    set_item(ITEMS, value_double(1));  /* no such item */
    service_flush(service);
    run_loop_for(loop, 30);
    assert_int_equal(signals, 1);
    set_item(ENERGY, value_invalid());
    set_item(VOLTAGE, value_double(NAN));
    service_flush(service);
    wait_for_signals(2);
    assert_string_equal(
        last_signal, "{s:\"/Ac/L1/Voltage\" {s:\"Value\" v<[]ai>,s:\"Text\" v<s:\"---\">,},"
                     "s:\"/Ac/Energy/Forward\" {s:\"Value\" v<[]ai>,s:\"Text\" v<s:\"---\">,},}");
}

/* One that comes later goes out with what else has changed, and is like those from the beginning. */
static void test_added_items(void **state)
{
    char path[] = "/Devices/1/Power";
    const struct service_item item = {.path = path, .text = TEXT_W, .value = value_double(3)};
    const struct service_item again = {.path = "/Ac/Power"}, bad = {.path = "/no//path"};

    (void)state;
    assert_int_equal(service_add(service, &item), 0);
    strcpy(path, "/Devices/2/Power");
    assert_int_equal(service_add(service, &again), -EINVAL);
    assert_int_equal(service_add(service, &bad), -EINVAL);
    assert_string_equal(call("/Devices/1/Power", "GetValue"), "v<d:3>");
    assert_int_equal(signals, 0);
    set_item(POWER, value_double(50));
    service_flush(service);
    wait_for_signals(1);
    assert_string_equal(last_signal,
                        "{s:\"/Ac/Power\" {s:\"Value\" v<d:50>,s:\"Text\" v<s:\"50W\">,},"
                        "s:\"/Devices/1/Power\" {s:\"Value\" v<d:3>,s:\"Text\" v<s:\"3W\">,},}");
    set_item(ITEMS, value_double(4));
    service_flush(service);
    wait_for_signals(2);
    assert_string_equal(call("/Devices/1/Power", "GetText"), "s:\"4W\"");
    assert_string_equal(call("/Devices", "GetValue"), "v<{s:\"1/Power\" v<d:4>,}>");
    for (int i = 0; i < 300; i++) {
        char more[32];
        snprintf(more, sizeof more, "/More/%d", i);
        const struct service_item one = {.path = more, .value = value_int(i)};
        assert_int_equal(service_add(service, &one), 0);
    }
    service_flush(service);
    wait_for_signals(3);
    assert_string_equal(call("/More/299", "GetValue"), "v<i:299>");
}

static void test_strings(void **state)
{
    char text[300], expected[400];

    strcpy(text, "roof");
    set_item(NAME_ITEM, value_string(text));
    strcpy(text, "changed afterwards");
    assert_string_equal(call("/CustomName", "GetValue"), "v<s:\"roof\">");
    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    set_item(NAME_ITEM, value_string(text));
    snprintf(expected, sizeof(expected), "s:\"%s\"", text);
    assert_string_equal(call("/CustomName", "GetText"), expected);
    set_item(NAME_ITEM, value_string("short"));
    assert_string_equal(call("/CustomName", "GetText"), "s:\"short\"");
    set_item(NAME_ITEM, value_string("D\xc3\xa4"
                                     "ch"));
    assert_string_equal(call("/CustomName", "GetText"), "s:\"D\xc3\xa4"
                                                        "ch\"");
    set_item(NAME_ITEM, value_string("broken \xc3\x28 \xff")); /* libdbus would end the program */
    assert_string_equal(call("/CustomName", "GetText"), "s:\"broken ?( ?\"");
    set_item(NAME_ITEM, value_string("\xC3\xBC\x1b[2J\xE2\x80\xAE\xEF\xBF\xBE"));
    assert_string_equal(call("/CustomName", "GetText"), "s:\"\xC3\xBC?[2J??\"");
    set_item(NAME_ITEM, value_invalid());
    assert_string_equal(call("/CustomName", "GetText"), "s:\"---\"");
    set_item(NAME_ITEM, value_int(5));
    assert_string_equal(call("/CustomName", "GetValue"), "v<i:5>");
}

static const char *const roles[] = {"pvinverter", "grid", "genset", "acload", "heatpump", NULL};
static const char *const no_roles[] = {NULL};

static void test_lists_of_strings(void **state)
{
    static const char *const same[] = {"pvinverter", "grid", "genset", "acload", "heatpump", NULL};

    set_item(PRODUCT, value_strings(roles));
    assert_string_equal(
        call("/ProductId", "GetValue"),
        "v<[s:\"pvinverter\" s:\"grid\" s:\"genset\" s:\"acload\" s:\"heatpump\"]>");
    assert_string_equal(call("/ProductId", "GetText"),
                        "s:\"['pvinverter', 'grid', 'genset', 'acload', 'heatpump']\"");
    assert_non_null(strstr(call("/", "GetItems"), "s:\"/ProductId\" {s:\"Value\" v<[s:\"pvinv"));
    assert_non_null(strstr(call("/", "GetValue"), "s:\"heatpump\"]>"));
    service_flush(service);
    wait_for_signals(1);
    set_item(PRODUCT, value_strings(same));
    service_flush(service);
    run_loop_for(loop, 30);
    assert_int_equal(signals, 1);
    set_item(PRODUCT, value_strings(no_roles));
    service_flush(service);
    wait_for_signals(2);
    assert_string_equal(last_signal,
                        "{s:\"/ProductId\" {s:\"Value\" v<[]as>,s:\"Text\" v<s:\"[]\">,},}");
    set_item(POSITION, value_strings(roles)); /* a list is nothing that anyone can write to */
    assert_string_equal(write_double("/Position", 1), "i:1");
    assert_int_equal(writes, 0);
}

/* ---- hard times ---- */

static void test_lost(void **state)
{
    private_bus_stop();
    for (int i = 0; i < 500 && lost_calls == 0; i++)
        run_loop_for(loop, 10);
    assert_int_equal(lost_calls, 1);
    set_item(POWER, value_double(1));
    service_flush(service); /* to nobody */
    run_loop_for(loop, 50);
    assert_int_equal(lost_calls, 1);
}

static void test_bus_that_takes_nothing(void **state)
{
    DBusConnection *mine = bus_connection(client);

    last_number = -1;
    numbers_rise = true;
    kill(private_bus_pid(), SIGSTOP);
    for (int i = 0; i < 20000; i++) {
        set_item(POWER, value_double(i));
        service_flush(service);
    }
    kill(private_bus_pid(), SIGCONT);
    /* The last value was not forgotten: it goes with the first flush that finds room. */
    int64_t deadline_ms = clock_now_ms() + 10000;
    while (!strstr(last_signal, "d:19999") && clock_now_ms() < deadline_ms) {
        run_loop_for(loop, 50);
        service_flush(service);
    }
    print_message("# %d of 20000 signals were sent to a bus that took nothing\n", signals);
    assert_non_null(strstr(last_signal, "d:19999"));
    assert_true(signals < 5000);
    assert_true(numbers_rise); /* one that waited was not written over */
    assert_true(dbus_connection_get_is_connected(mine));
}

enum { FLOOD = 10000 };

static void flood(void)
{
    DBusConnection *c = dbus_bus_get_private(DBUS_BUS_SESSION, NULL);

    for (int i = 0; i < FLOOD && c; i++) {
        DBusMessage *m = dbus_message_new_method_call(NAME, i % 10 ? "/Ac/Power" : "/", BUS_ITEM,
                                                      i % 10 ? "GetValue" : "GetItems");
        dbus_message_set_no_reply(m, i % 3 != 0);
        dbus_connection_send(c, m, NULL);
        dbus_message_unref(m);
        if (i % 500 == 0)
            dbus_connection_flush(c);
    }
    dbus_connection_flush(c);
    _exit(0);
}

static int64_t last_tick_ms, longest_gap_ms;
static int ticks;
static struct loop_timer tick;

static void on_tick(void *user)
{
    int64_t now_ms = clock_now_ms();

    if (now_ms - last_tick_ms > longest_gap_ms)
        longest_gap_ms = now_ms - last_tick_ms;
    last_tick_ms = now_ms;
    ticks++;
    loop_timer_arm(&tick, 5);
}

static void test_flood_starves_nobody(void **state)
{
    longest_gap_ms = ticks = 0;
    pid_t pid = fork();
    if (pid == 0)
        flood();
    loop_timer_init(&tick, loop, on_tick, NULL);
    last_tick_ms = clock_now_ms();
    loop_timer_arm(&tick, 0);
    int64_t deadline_ms = clock_now_ms() + 20000;
    while (waitpid(pid, NULL, WNOHANG) == 0 && clock_now_ms() < deadline_ms)
        run_loop_for(loop, 50);
    run_loop_for(loop, 100);
    loop_timer_disarm(&tick);
    print_message("# %d calls: %d ticks of 5 ms meanwhile, the longest gap was %d ms\n", FLOOD,
                  ticks, (int)longest_gap_ms);
    assert_true(ticks > 20); /* starved, it would have been one or two */
    assert_string_equal(call("/Ac/Power", "GetValue"), "v<d:1234.5>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_changes_go_out_in_one_signal),
        SERVICE_TEST(test_added_items),
        SERVICE_TEST(test_strings),
        SERVICE_TEST(test_lists_of_strings),
        SERVICE_TEST(test_lost),
        SERVICE_TEST(test_bus_that_takes_nothing),
        SERVICE_TEST(test_flood_starves_nobody),
    };

    return cmocka_run_group_tests_name("service signals", tests, NULL, NULL);
}

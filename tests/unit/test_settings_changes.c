/*
 * Settings that change, by the client or by somebody else, and a settings service that comes and goes,
 * over a real dbus-daemon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/settings.h"
#include "edge/bus/variant.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"
#include "unit/support/settings_fixture.h"

static char why[200];

/* ---- changes ---- */

static void test_changes(void **state)
{
    struct value v = value_string("Barn");

    add_name();
    expect("[added s:]");
    send_change(service_bus, NAME, &v);
    expect("[CustomName s:Barn]");
    send_change(service_bus, NAME, &v); /* the same */
    send_change(service_bus, POSITION, &v);
    expect("");
    v = value_string("Roof");
    send_items(service_bus, NAME, &v);
    expect("[CustomName s:Roof]");
    v = value_int(7); /* not its type */
    send_change(service_bus, NAME, &v);
    send_items(service_bus, NAME, &v);
    expect("");
    v = value_invalid(); /* removed */
    send_change(service_bus, NAME, &v);
    expect("[CustomName ---]");
    settings_forget(settings, NAME);
    settings_forget(settings, NAME);
    v = value_string("Barn");
    send_change(service_bus, NAME, &v);
    expect("");
}

static void test_nobody_elses_changes(void **state)
{
    struct bus *stranger = bus_open_now(loop, NULL, why, sizeof(why));
    struct value v = value_string("Barn");

    /* Another module wants to hear everything on the same connection. */
    dbus_bus_add_match(bus_connection(bus), "type='signal'", NULL);
    add_name();
    expect("[added s:]");
    send_change(stranger, NAME, &v);
    send_items(stranger, NAME, &v);
    run_loop_for(loop, 50);
    send_change(service_bus, NAME, &v);
    expect("[CustomName s:Barn]");
    bus_close(stranger);
}

static void test_signals_of_another_shape(void **state)
{
    static const char *const members[] = {"PropertiesChanged", "ItemsChanged", "Other"};
    const char *text = "text";

    add_name();
    expect("[added s:]");
    for (size_t i = 0; i < 6; i++) {
        DBusMessage *m = dbus_message_new_signal(i % 2 ? NAME : "/", BUS_ITEM, members[i / 2]);
        if (i != 3)
            dbus_message_append_args(m, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
        dbus_connection_send(bus_connection(service_bus), m, NULL);
        dbus_message_unref(m);
    }
    expect("");
}

/* AddSettings with another default announces the value before it answers. */
static void test_change_before_the_answer(void **state)
{
    stand_in.mode = CHANGE_FIRST;
    stand_in.path = NAME;
    stand_in.with_value = true;
    stand_in.value = value_string("Barn");
    add_name();
    expect("[added s:Barn]");
    add_name();
    expect("[added s:Barn]");
}

static void test_comes_and_goes(void **state)
{
    add_name();
    expect("[added s:]");
    service_goes();
    expect("[gone]");
    service_comes();
    expect("[there]");
    service_goes(); /* both between two turns of the client's */
    service_comes();
    expect("[gone][there]");
    struct value v = value_string("Barn");
    send_change(service_bus, NAME, &v);
    expect("[CustomName s:Barn]");
}

static void test_not_there_at_first(void **state)
{
    settings_destroy(settings);
    service_goes();
    run_loop_for(loop, 50);
    settings = settings_create(loop, bus, &noting, why, sizeof(why));
    add_name(); /* before it is known who is there */
    expect("[gone][added: no answer: com.victronenergy.settings is not on the bus]");
    service_comes();
    expect("[there]");
    add_name();
    expect("[added s:]");
}

/* ---- setting ---- */

static void test_set(void **state)
{
    struct value v = value_string("Barn");

    assert_int_equal(settings_set(settings, NAME, &v), -ENOENT);
    add_name();
    expect("[added s:]");
    assert_int_equal(settings_set(settings, NAME, &v), 0);
    assert_string_equal(heard, "");
    expect("[CustomName s:Barn]");
    assert_string_equal(stand_in.set, NAME " v<s:\"Barn\">");
    v = value_int(1);
    assert_int_equal(settings_set(settings, NAME, &v), -EINVAL);
    v = value_string("Roof");
    stand_in.result = -1;
    assert_int_equal(settings_set(settings, NAME, &v), 0);
    expect("");
    stand_in.mode = FAILURE;
    assert_int_equal(settings_set(settings, NAME, &v), 0);
    expect("");
    service_goes();
    expect("[gone]");
    assert_int_equal(settings_set(settings, NAME, &v), -ENOTCONN);
}

/* Bad UTF-8 would end the program, and with U+FFFF the service could not save any of its settings. */
static void test_texts_are_cleaned(void **state)
{
    const struct setting list[] = {{.path = NAME, .fallback = value_string("Roof \xff")}};
    struct value v = value_string("Barn\xEF\xBF\xBF\x9b");

    add(list, 1);
    expect("[added s:Roof ?]");
    assert_int_equal(settings_set(settings, NAME, &v), 0);
    expect("[CustomName s:Barn??]");
    assert_string_equal(stand_in.set, NAME " v<s:\"Barn??\">");
}

/* The echo of the first would undo the second. */
static void test_set_twice(void **state)
{
    struct value barn = value_string("Barn"), shed = value_string("Shed");

    add_name();
    expect("[added s:]");
    stand_in.hold = true;
    assert_int_equal(settings_set(settings, NAME, &barn), 0);
    run_loop_for(loop, 50);
    expect("");
    assert_int_equal(settings_set(settings, NAME, &shed), 0);
    release_one();
    run_loop_for(loop, 50);
    expect("");
    release_one();
    expect("[CustomName s:Shed]");
    stand_in.hold = false;
    send_change(service_bus, NAME, &barn); /* somebody else's */
    expect("[CustomName s:Barn]");
}

static void test_set_is_bounded(void **state)
{
    struct value v = value_string("Barn");
    int sent = 0;

    add_name();
    expect("[added s:]");
    stand_in.mode = SILENCE;
    while (sent < 1000 && settings_set(settings, NAME, &v) == 0)
        sent++;
    assert_in_range(sent, 16, 256);
    assert_int_equal(settings_set(settings, NAME, &v), -EBUSY);
    run_loop_for(loop, 50);
    service_goes();
    expect("[gone]");
    service_comes();
    stand_in.mode = ECHO;
    expect("[there]");
    assert_int_equal(settings_set(settings, NAME, &v), 0);
    expect("[CustomName s:Barn]");
}

static void test_bus_goes(void **state)
{
    struct value v = value_string("Barn");

    add_name();
    expect("[added s:]");
    service_goes();
    private_bus_interrupt();
    run_loop_for(loop, 50);
    heard[0] = '\0'; /* gone, or not; the program ends anyway */
    settings_set(settings, NAME, &v);
    settings_add(settings, &adding, NULL, 0, on_added, NULL);
    run_loop_for(loop, 50);
    assert_non_null(strstr(heard, "[added: no answer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(test_changes),
        SETTINGS_TEST(test_nobody_elses_changes),
        SETTINGS_TEST(test_signals_of_another_shape),
        SETTINGS_TEST(test_change_before_the_answer),
        SETTINGS_TEST(test_comes_and_goes),
        SETTINGS_TEST(test_not_there_at_first),
        SETTINGS_TEST(test_set),
        SETTINGS_TEST(test_texts_are_cleaned),
        SETTINGS_TEST(test_set_twice),
        SETTINGS_TEST(test_set_is_bounded),
        SETTINGS_TEST(test_bus_goes),
    };

    return cmocka_run_group_tests_name("settings changes", tests, NULL, NULL);
}

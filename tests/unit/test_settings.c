/*
 * The client of the settings service, over a real dbus-daemon, against a stand-in that answers what
 * the test says: also nothing, and nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/settings.h"
#include "edge/bus/variant.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

#define DEVICES  "/Settings/Devices/"
#define NAME     DEVICES "dtu_116182/CustomName"
#define INSTANCE DEVICES "dtu_116182/ClassAndVrmInstance"
#define POSITION DEVICES "dtu_116182/Position"

static struct loop *loop;
static struct bus *bus, *service_bus;
static struct settings *settings;
static struct settings_call call;
static char why[200];

/* ---- the stand-in ---- */

static struct {
    enum { ECHO, SILENCE, FAILURE, NONSENSE, NOTHING, CHANGE_FIRST } mode;
    const char *path; /* answered with this error and value; the others with their default */
    int error;
    struct value value;
    bool with_value;
    int calls, result;
    DBusMessage *held[4]; /* replies to SetValue that wait, where hold says so */
    size_t held_count;
    bool hold;
    char asked[4000], set[400];
} stand_in;

static void send_change(struct bus *from, const char *path, const struct value *value)
{
    DBusMessage *m = dbus_message_new_signal(path, BUS_ITEM, "PropertiesChanged");
    const struct value text = value_string("a text");
    DBusMessageIter args, dict;

    dbus_message_iter_init_append(m, &args);
    dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &dict);
    variant_append_entry(&dict, "Text", &text);
    variant_append_entry(&dict, "Value", value);
    dbus_message_iter_close_container(&args, &dict);
    dbus_connection_send(bus_connection(from), m, NULL);
    dbus_message_unref(m);
}

static void send_items(struct bus *from, const char *path, const struct value *value)
{
    DBusMessage *m = dbus_message_new_signal("/", BUS_ITEM, "ItemsChanged");
    DBusMessageIter args, items, item, dict;

    dbus_message_iter_init_append(m, &args);
    dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sa{sv}}", &items);
    dbus_message_iter_open_container(&items, DBUS_TYPE_DICT_ENTRY, NULL, &item);
    dbus_message_iter_append_basic(&item, DBUS_TYPE_STRING, &path);
    dbus_message_iter_open_container(&item, DBUS_TYPE_ARRAY, "{sv}", &dict);
    variant_append_entry(&dict, "Value", value);
    dbus_message_iter_close_container(&item, &dict);
    dbus_message_iter_close_container(&items, &item);
    dbus_message_iter_close_container(&args, &items);
    dbus_connection_send(bus_connection(from), m, NULL);
    dbus_message_unref(m);
}

/* The text of a key in one a{sv} of the request. */
static struct value of_key(const DBusMessageIter *dict, const char *wanted)
{
    DBusMessageIter array = *dict, entries, entry;
    struct value v = value_invalid();
    const char *key;

    dbus_message_iter_recurse(&array, &entries);
    for (; dbus_message_iter_get_arg_type(&entries) != DBUS_TYPE_INVALID;
         dbus_message_iter_next(&entries)) {
        dbus_message_iter_recurse(&entries, &entry);
        dbus_message_iter_get_basic(&entry, &key);
        dbus_message_iter_next(&entry);
        if (!strcmp(key, wanted))
            assert_true(variant_read(&entry, &v));
    }
    return v;
}

static void append_answer(DBusMessageIter *array, const DBusMessageIter *asked)
{
    const struct value path = of_key(asked, "path");
    bool special = stand_in.path && !strcmp(path.s, stand_in.path);
    struct value error = value_int(special ? stand_in.error : 0);
    struct value value = special && stand_in.with_value ? stand_in.value : of_key(asked, "default");
    DBusMessageIter dict;

    dbus_message_iter_open_container(array, DBUS_TYPE_ARRAY, "{sv}", &dict);
    variant_append_entry(&dict, "error", &error);
    variant_append_entry(&dict, "path", &path);
    if (error.i == 0)
        variant_append_entry(&dict, "value", &value);
    dbus_message_iter_close_container(array, &dict);
}

static void answer_add(DBusMessage *m, DBusMessage *reply)
{
    DBusMessageIter args, asked, to, array;

    dbus_message_iter_init(m, &args);
    dbus_message_iter_recurse(&args, &asked);
    dbus_message_iter_init_append(reply, &to);
    dbus_message_iter_open_container(&to, DBUS_TYPE_ARRAY, "a{sv}", &array);
    for (; stand_in.mode != NOTHING && dbus_message_iter_get_arg_type(&asked) == DBUS_TYPE_ARRAY;
         dbus_message_iter_next(&asked))
        append_answer(&array, &asked);
    dbus_message_iter_close_container(&to, &array);
}

static void answer_set(DBusMessage *m, DBusMessage *reply)
{
    DBusMessageIter args;
    struct value v;

    snprintf(stand_in.set, sizeof(stand_in.set), "%s %s", dbus_message_get_path(m),
             message_text(m));
    dbus_message_append_args(reply, DBUS_TYPE_INT32, &stand_in.result, DBUS_TYPE_INVALID);
    dbus_message_iter_init(m, &args);
    if (stand_in.result == 0 && variant_read(&args, &v))
        send_change(service_bus, dbus_message_get_path(m), &v);
}

static DBusHandlerResult on_call(DBusConnection *c, DBusMessage *m, void *user)
{
    bool adds = dbus_message_is_method_call(m, "com.victronenergy.Settings", "AddSettings");
    const char *text = "no settings today";

    if (!adds && !dbus_message_is_method_call(m, BUS_ITEM, "SetValue"))
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    stand_in.calls++;
    if (stand_in.mode == SILENCE)
        return DBUS_HANDLER_RESULT_HANDLED;
    if (stand_in.mode == CHANGE_FIRST)
        send_change(service_bus, NAME, &stand_in.value);
    DBusMessage *reply = stand_in.mode == FAILURE
                             ? dbus_message_new_error(m, "com.victronenergy.Error", text)
                             : dbus_message_new_method_return(m);
    if (adds)
        snprintf(stand_in.asked, sizeof(stand_in.asked), "%s", message_text(m));
    if (stand_in.mode == NONSENSE)
        dbus_message_append_args(reply, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
    else if (stand_in.mode != FAILURE && adds)
        answer_add(m, reply);
    else if (stand_in.mode != FAILURE)
        answer_set(m, reply);
    if (stand_in.hold && !adds) {
        assert_in_range(stand_in.held_count, 0, 3);
        stand_in.held[stand_in.held_count++] = reply;
        return DBUS_HANDLER_RESULT_HANDLED;
    }
    dbus_connection_send(c, reply, NULL);
    dbus_message_unref(reply);
    return DBUS_HANDLER_RESULT_HANDLED;
}

/* The oldest reply that was held goes out. */
static void release_one(void)
{
    DBusMessage *reply = stand_in.held[0];

    assert_int_not_equal(stand_in.held_count, 0);
    memmove(stand_in.held, stand_in.held + 1, --stand_in.held_count * sizeof(reply));
    dbus_connection_send(bus_connection(service_bus), reply, NULL);
    dbus_message_unref(reply);
}

static const DBusObjectPathVTable vtable = {.message_function = on_call};

static void service_comes(void)
{
    service_bus = bus_open_now(loop, NULL, why, sizeof(why));
    assert_non_null(service_bus);
    dbus_connection_register_fallback(bus_connection(service_bus), "/", &vtable, NULL);
    assert_int_equal(bus_request_name_now(loop, service_bus, SETTINGS_SERVICE, why, sizeof(why)),
                     0);
}

static void service_goes(void)
{
    if (service_bus)
        dbus_connection_unregister_object_path(bus_connection(service_bus), "/");
    bus_close(service_bus);
    service_bus = NULL;
}

/* ---- what the client tells ---- */

static char heard[8000];

static __attribute__((format(printf, 1, 2))) void note(const char *format, ...)
{
    size_t len = strlen(heard);
    va_list args;

    va_start(args, format);
    vsnprintf(heard + len, sizeof(heard) - len, format, args);
    va_end(args);
}

static void note_value(const struct value *v)
{
    char text[300];
    static const char *const types[] = {
        [VALUE_INT] = "i:", [VALUE_DOUBLE] = "d:", [VALUE_STRING] = "s:", [VALUE_INVALID] = ""};

    note("%s%s", types[v->type], value_text(v, TEXT_PLAIN, text, sizeof(text)));
}

static void on_added(void *user, const struct value *values, size_t count, const char *text)
{
    note("[added%s", values ? "" : ": ");
    if (!values)
        note("%s", text);
    for (size_t i = 0; i < count; i++) {
        note(" ");
        note_value(&values[i]);
    }
    note("]");
    assert_true(values || count == 0);
}

static void on_available(void *user, bool there)
{
    note("[%s]", there ? "there" : "gone");
}

static void on_changed(void *user, const char *path, const struct value *value)
{
    note("[%s ", strrchr(path, '/') + 1);
    note_value(value);
    note("]");
}

static const struct settings_events events = {on_available, on_changed, NULL};

/* Until exactly this was heard, and a moment more for what is too much. */
static void expect_within(const char *wanted, int64_t ms)
{
    int64_t end_ms = clock_now_ms() + ms;

    while (strcmp(heard, wanted) != 0 && clock_now_ms() < end_ms)
        run_loop_for(loop, 5);
    run_loop_for(loop, 30);
    assert_string_equal(heard, wanted);
    heard[0] = '\0';
}

static void expect(const char *wanted)
{
    expect_within(wanted, 3000);
}

static int set_up(void **state)
{
    memset(&stand_in, 0, sizeof(stand_in));
    heard[0] = why[0] = '\0';
    if (!private_bus_start())
        return -1;
    loop = loop_create();
    bus = bus_open_now(loop, NULL, why, sizeof(why));
    service_comes();
    settings = settings_create(loop, bus, &events, why, sizeof(why));
    if (!settings)
        return -1;
    assert_false(settings_available(settings));
    expect("[there]");
    assert_true(settings_available(settings));
    return 0;
}

static int tear_down(void **state)
{
    settings_destroy(settings);
    service_goes();
    bus_close(bus);
    loop_destroy(loop);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

static void add(const struct setting *list, size_t count)
{
    settings_add(settings, &call, list, count, on_added, NULL);
    assert_string_equal(heard, ""); /* never from inside the call */
}

static void add_name(void)
{
    add(&(struct setting){.path = NAME, .fallback = value_string("")}, 1);
}

static void add_position(void)
{
    add(&(struct setting){.path = POSITION, .fallback = value_int(1), .min = 0, .max = 2}, 1);
}

/* ---- adding ---- */

static void test_add(void **state)
{
    const struct setting list[] = {
        {.path = INSTANCE, .fallback = value_string("pvinverter:34")},
        {.path = NAME, .fallback = value_string("")},
        {.path = POSITION, .fallback = value_int(1), .max = 2},
        {.path = DEVICES "x/Share", .fallback = value_double(0.5)},
    };

    stand_in.path = INSTANCE;
    stand_in.value = value_string("pvinverter:36");
    stand_in.with_value = true;
    add(list, 4);
    expect("[added s:pvinverter:36 s: i:1 d:0.50]");
    assert_string_equal(stand_in.asked,
                        "[{s:\"path\" v<s:\"" INSTANCE "\">,s:\"default\" v<s:\"pvinverter:34\">,} "
                        "{s:\"path\" v<s:\"" NAME "\">,s:\"default\" v<s:\"\">,} "
                        "{s:\"path\" v<s:\"" POSITION
                        "\">,s:\"default\" v<i:1>,s:\"min\" v<i:0>,s:\"max\" v<i:2>,}"
                        " {s:\"path\" v<s:\"" DEVICES "x/Share\">,s:\"default\" v<d:0.5>,}]");
    add(list, 0);
    expect("[added]");
}

static void test_refused(void **state)
{
    const struct setting list[] = {
        {.path = NAME, .fallback = value_string("")},
        {.path = POSITION, .fallback = value_int(1)},
    };

    stand_in.path = NAME;
    stand_in.error = -5;
    add(list, 2);
    expect("[added --- i:1]");
    /* Nothing is heard of it, and nothing can be set. */
    send_change(service_bus, NAME, &(struct value){.type = VALUE_STRING, .s = "x"});
    assert_int_equal(settings_set(settings, NAME, &list[0].fallback), -ENOENT);
    expect("");
    stand_in.error = 0;
    add(list, 2);
    expect("[added s: i:1]");
}

static void test_unusable_requests(void **state)
{
    char long_path[300] = DEVICES, long_text[400] = "";

    memset(long_path + strlen(DEVICES), 'a', 200);
    memset(long_text, 'a', 399);
    const struct setting list[] = {
        {.path = "no path", .fallback = value_int(1)},
        {.path = long_path, .fallback = value_int(1)},
        {.path = POSITION, .fallback = value_int(1)},
        {.path = DEVICES "x/Long", .fallback = value_string(long_text)},
        {.path = DEVICES "x/None", .fallback = value_invalid()},
    };
    add(list, 5);
    expect("[added --- --- i:1 --- ---]");
}

static void test_values_that_do_not_fit(void **state)
{
    char text[SETTINGS_TEXT_MAX + 1];

    memset(text, 'a', SETTINGS_TEXT_MAX);
    text[SETTINGS_TEXT_MAX] = '\0';
    stand_in.path = NAME;
    stand_in.with_value = true;
    stand_in.value = value_string(text);
    add_name();
    expect("[added ---]");
    text[SETTINGS_TEXT_MAX - 1] = '\0';
    add_name();
    run_loop_for(loop, 100);
    assert_non_null(strstr(heard, "[added s:aaaaaaaa"));
    assert_int_equal(strlen(heard), strlen("[added s:]") + SETTINGS_TEXT_MAX - 1);
    heard[0] = '\0';
    stand_in.value = value_int(5);
    add_name();
    expect("[added ---]");
    stand_in.path = POSITION;
    stand_in.value = value_double(2);
    add_position();
    expect("[added i:2]");
    stand_in.value = value_double(2.5);
    add_position();
    expect("[added ---]");
}

static void test_no_answer(void **state)
{
    stand_in.mode = FAILURE;
    add_name();
    expect("[added: com.victronenergy.settings answers no settings today]");
    stand_in.mode = NONSENSE;
    add_name();
    expect("[added: com.victronenergy.settings gives an answer that is none]");
    stand_in.mode = NOTHING;
    add_name();
    expect("[added ---]");
    service_goes();
    expect("[gone]");
    assert_false(settings_available(settings));
    add_name();
    expect("[added: no answer: com.victronenergy.settings is not on the bus]");
}

static void test_deadline(void **state)
{
    stand_in.mode = SILENCE;
    add_name();
    run_loop_for(loop, 500);
    assert_int_equal(stand_in.calls, 1);
    assert_string_equal(heard, "");
    expect_within("[added: no answer from com.victronenergy.settings]", 20000);
}

static void test_goes_meanwhile(void **state)
{
    stand_in.mode = SILENCE;
    add_name();
    run_loop_for(loop, 50);
    /* The connection stays, the name goes: the bus itself says nothing about the call. */
    dbus_bus_release_name(bus_connection(service_bus), SETTINGS_SERVICE, NULL);
    expect("[gone][added: no answer: com.victronenergy.settings has gone]");
}

static void test_cancel(void **state)
{
    add_name();
    settings_cancel(&call);
    settings_cancel(&call);
    expect("");
    assert_int_equal(stand_in.calls, 1);
    add_name();
    add_position(); /* instead */
    expect("[added i:1]");
    stand_in.mode = SILENCE;
    add_name();
    settings_destroy(settings);
    settings = NULL;
    settings_cancel(&call);
    expect("");
    settings_destroy(NULL);
}

static void on_added_destroy(void *user, const struct value *values, size_t count, const char *text)
{
    on_added(user, values, count, text);
    settings_destroy(settings);
    settings = NULL;
    assert_string_equal(values[0].s, "x"); /* is still good */
}

static void test_destroyed_from_a_callback(void **state)
{
    const struct setting list[] = {{.path = NAME, .fallback = value_string("x")}};
    struct settings_call other = {0};

    settings_add(settings, &call, list, 1, on_added_destroy, NULL);
    settings_add(settings, &other, list, 1, on_added, NULL);
    expect("[added s:x]");
}

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
    settings = settings_create(loop, bus, &events, why, sizeof(why));
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
    settings_add(settings, &call, NULL, 0, on_added, NULL);
    run_loop_for(loop, 50);
    assert_non_null(strstr(heard, "[added: no answer"));
}

#define BUS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUS_TEST(test_add),
        BUS_TEST(test_refused),
        BUS_TEST(test_unusable_requests),
        BUS_TEST(test_values_that_do_not_fit),
        BUS_TEST(test_no_answer),
        BUS_TEST(test_deadline),
        BUS_TEST(test_goes_meanwhile),
        BUS_TEST(test_cancel),
        BUS_TEST(test_destroyed_from_a_callback),
        BUS_TEST(test_changes),
        BUS_TEST(test_nobody_elses_changes),
        BUS_TEST(test_signals_of_another_shape),
        BUS_TEST(test_change_before_the_answer),
        BUS_TEST(test_comes_and_goes),
        BUS_TEST(test_not_there_at_first),
        BUS_TEST(test_set),
        BUS_TEST(test_texts_are_cleaned),
        BUS_TEST(test_set_twice),
        BUS_TEST(test_set_is_bounded),
        BUS_TEST(test_bus_goes),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}

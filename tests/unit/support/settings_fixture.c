#include "unit/support/settings_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/settings.h"
#include "edge/bus/variant.h"
#include "edge/sys/clock.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

struct settings *settings;
struct settings_call adding;
struct bus *bus, *service_bus;

static char why[200];

struct stand_in stand_in;

void send_change(struct bus *from, const char *path, const struct value *value)
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

void send_items(struct bus *from, const char *path, const struct value *value)
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

void release_one(void)
{
    DBusMessage *reply = stand_in.held[0];

    assert_int_not_equal(stand_in.held_count, 0);
    memmove(stand_in.held, stand_in.held + 1, --stand_in.held_count * sizeof(reply));
    dbus_connection_send(bus_connection(service_bus), reply, NULL);
    dbus_message_unref(reply);
}

static const DBusObjectPathVTable vtable = {.message_function = on_call};

void service_comes(void)
{
    service_bus = bus_open_now(loop, NULL, why, sizeof(why));
    assert_non_null(service_bus);
    dbus_connection_register_fallback(bus_connection(service_bus), "/", &vtable, NULL);
    assert_int_equal(bus_request_name_now(loop, service_bus, SETTINGS_SERVICE, why, sizeof(why)),
                     0);
}

void service_goes(void)
{
    if (service_bus)
        dbus_connection_unregister_object_path(bus_connection(service_bus), "/");
    bus_close(service_bus);
    service_bus = NULL;
}

char heard[8000];

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

void on_added(void *user, const struct value *values, size_t count, const char *text)
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

const struct settings_events noting = {on_available, on_changed, NULL};

void expect_within(const char *wanted, int64_t ms)
{
    int64_t end_ms = clock_now_ms() + ms;

    while (strcmp(heard, wanted) != 0 && clock_now_ms() < end_ms)
        run_loop_for(loop, 5);
    run_loop_for(loop, 30);
    assert_string_equal(heard, wanted);
    heard[0] = '\0';
}

void expect(const char *wanted)
{
    expect_within(wanted, 3000);
}

int settings_setup(void **state)
{
    memset(&stand_in, 0, sizeof(stand_in));
    heard[0] = why[0] = '\0';
    if (!private_bus_start() || loop_setup(state) != 0)
        return -1;
    bus = bus_open_now(loop, NULL, why, sizeof(why));
    service_comes();
    settings = settings_create(loop, bus, &noting, why, sizeof(why));
    if (!settings)
        return -1;
    assert_false(settings_available(settings));
    expect("[there]");
    assert_true(settings_available(settings));
    return 0;
}

int settings_teardown(void **state)
{
    settings_destroy(settings);
    service_goes();
    bus_close(bus);
    loop_teardown(state);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

void add(const struct setting *list, size_t count)
{
    settings_add(settings, &adding, list, count, on_added, NULL);
    assert_string_equal(heard, ""); /* never from inside the call */
}

void add_name(void)
{
    add(&(struct setting){.path = NAME, .fallback = value_string("")}, 1);
}

void add_position(void)
{
    add(&(struct setting){.path = POSITION, .fallback = value_int(1), .min = 0, .max = 2}, 1);
}

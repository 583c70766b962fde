#include "unit/support/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"
#include "edge/bus/service.h"
#include "edge/sys/loop.h"
#include "unit/support/bus_now.h"
#include "unit/support/private_bus.h"
#include "unit/support/run_for.h"

struct service *service;
struct bus *client;

static char why[200];

struct service_item items[ITEMS] = {
    [POWER] = {.path = "/Ac/Power", .description = "power in all", .text = TEXT_W},
    [VOLTAGE] = {.path = "/Ac/L1/Voltage", .text = TEXT_V},
    [ENERGY] = {.path = "/Ac/Energy/Forward", .text = TEXT_KWH},
    [NAME_ITEM] = {.path = "/CustomName", .writable = true},
    [POSITION] = {.path = "/Position", .writable = true},
    [LIMIT] = {.path = "/Ac/PowerLimit", .text = TEXT_W, .writable = true},
    [COMMAND] = {.path = "/Ac/Command", .text = TEXT_W, .writable = true, .command = VALUE_DOUBLE},
    [PRODUCT] = {.path = "/ProductId", .text = TEXT_HEX},
    [CONNECTED] = {.path = "/Connected"},
};

int writes, answer;
size_t written_item;
struct value written;
char written_text[300];

static int on_write(void *user, size_t item, const struct value *value)
{
    writes++;
    written_item = item;
    written = *value;
    if (value->type == VALUE_STRING)
        snprintf(written_text, sizeof(written_text), "%s", value->s);
    if (answer == SERVICE_ACCEPTED)
        service_set(service, item, value);
    return answer;
}

int lost_calls;

static void on_lost(void *user)
{
    lost_calls++;
}

const struct service_events events = {.write = on_write, .lost = on_lost};

static void fill_in(void)
{
    items[POWER].value = value_double(1234.5);
    items[VOLTAGE].value = value_double(230.4);
    items[ENERGY].value = value_invalid();
    items[NAME_ITEM].value = value_string("");
    items[POSITION].value = value_int(1);
    items[LIMIT].value = value_double(2000);
    items[COMMAND].value = value_invalid();
    items[PRODUCT].value = value_int(0xa144);
    items[CONNECTED].value = value_int(1);
}

static DBusMessage *last_reply;
static dbus_uint32_t last_serial;
int signals;
char last_signal[65536];
double last_number;
bool numbers_rise;

static void look_at_number(void)
{
    const char *at = strstr(last_signal, "d:");
    double number = at ? strtod(at + 2, NULL) : 0;

    numbers_rise = numbers_rise && number > last_number;
    last_number = number;
}

static DBusHandlerResult on_client_message(DBusConnection *c, DBusMessage *m, void *user)
{
    if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL ||
        !dbus_message_has_interface(m, BUS_ITEM))
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    signals++;
    assert_true(dbus_message_get_no_reply(m));
    assert_string_equal(dbus_message_get_path(m), "/");
    assert_string_equal(dbus_message_get_member(m), "ItemsChanged");
    assert_string_equal(dbus_message_get_signature(m), "a{sa{sv}}");
    assert_true(dbus_message_get_serial(m) > last_serial); /* one of the connection's own */
    last_serial = dbus_message_get_serial(m);
    snprintf(last_signal, sizeof(last_signal), "%s", message_text(m));
    look_at_number();
    return DBUS_HANDLER_RESULT_HANDLED;
}

int service_setup(void **state)
{
    DBusError error = DBUS_ERROR_INIT;
    int err = 99;

    fill_in();
    writes = lost_calls = signals = 0;
    last_serial = 1; /* Hello's */
    last_signal[0] = '\0';
    answer = SERVICE_ACCEPTED;
    if (!private_bus_start() || loop_setup(state) != 0)
        return -1;
    client = bus_open_now(loop, NULL, why, sizeof(why));
    service = service_create_now(loop, NAME, items, ITEMS, &events, &err, why, sizeof(why));
    if (!client || !service || err)
        return -1;
    dbus_connection_add_filter(bus_connection(client), on_client_message, NULL, NULL);
    dbus_bus_add_match(bus_connection(client), "type='signal',interface='" BUS_ITEM "'", &error);
    return dbus_error_is_set(&error) ? -1 : 0;
}

int service_teardown(void **state)
{
    dbus_connection_remove_filter(bus_connection(client), on_client_message, NULL);
    service_destroy(service);
    bus_close(client);
    loop_teardown(state);
    private_bus_stop();
    dbus_shutdown();
    return 0;
}

void wait_for_signals(int count)
{
    for (int i = 0; i < 500 && signals < count; i++)
        run_loop_for(loop, 10);
    run_loop_for(loop, 20);
}

static void on_reply(DBusPendingCall *call, void *user)
{
    last_reply = dbus_pending_call_steal_reply(call);
    loop_stop(loop, 0);
}

const char *send_call(DBusMessage *m)
{
    static char text[65536];
    DBusPendingCall *pending = NULL;

    last_reply = NULL;
    assert_true(dbus_connection_send_with_reply(bus_connection(client), m, &pending, 5000));
    dbus_message_unref(m);
    dbus_pending_call_set_notify(pending, on_reply, NULL, NULL);
    run_loop_for(loop, 6000);
    dbus_pending_call_unref(pending);
    assert_non_null(last_reply);
    snprintf(text, sizeof(text), "%s", message_text(last_reply));
    dbus_message_unref(last_reply);
    return text;
}

DBusMessage *new_call(const char *path, const char *method)
{
    DBusMessage *m = dbus_message_new_method_call(NAME, path, BUS_ITEM, method);

    assert_non_null(m);
    return m;
}

const char *call(const char *path, const char *method)
{
    return send_call(new_call(path, method));
}

const char *write_value(const char *path, int type, const char *signature, const void *value)
{
    DBusMessage *m = new_call(path, "SetValue");
    DBusMessageIter i, variant;

    dbus_message_iter_init_append(m, &i);
    dbus_message_iter_open_container(&i, DBUS_TYPE_VARIANT, signature, &variant);
    dbus_message_iter_append_basic(&variant, type, value);
    dbus_message_iter_close_container(&i, &variant);
    return send_call(m);
}

const char *write_double(const char *path, double d)
{
    return write_value(path, DBUS_TYPE_DOUBLE, "d", &d);
}

const char *write_int(const char *path, int32_t i)
{
    return write_value(path, DBUS_TYPE_INT32, "i", &i);
}

const char *write_text(const char *path, const char *s)
{
    return write_value(path, DBUS_TYPE_STRING, "s", &s);
}

const char *unknown_object = DBUS_ERROR_UNKNOWN_OBJECT " ";
const char *unknown_method = DBUS_ERROR_UNKNOWN_METHOD " ";
const char *invalid_args = DBUS_ERROR_INVALID_ARGS " ";

void set_item(size_t item, struct value v)
{
    service_set(service, item, &v);
}

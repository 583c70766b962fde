/* Whatever is called on one of our services, with whatever arguments: each call gets one answer, or none if it wants none. */
#include "fuzz/bus_double.h"

static unsigned answered;

/* Every message that goes out is complete: libdbus can read it back. */
static dbus_bool_t double_send(DBusConnection *c, DBusMessage *m, dbus_uint32_t *serial)
{
    char *bytes = NULL;
    int len = 0;

    (void)c;
    (void)serial;
    answered += dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL;
    dbus_message_set_serial(m, 9);
    if (!dbus_message_marshal(m, &bytes, &len))
        double_fail("a message that cannot be written");
    DBusMessage *again = dbus_message_demarshal(bytes, len, NULL);
    if (!again)
        double_fail("a message that cannot be read");
    dbus_message_unref(again);
    dbus_free(bytes);
    return TRUE;
}

static bool double_request_name(struct bus *b, const char *name, DBusPendingCall **pending,
                                DBusPendingCallNotifyFunction done, void *user)
{
    (void)b;
    (void)name;
    *pending = (DBusPendingCall *)(void *)&twin;
    done(*pending, user);
    return true;
}

static int double_take_name(DBusPendingCall **pending, const char *name, char *why, size_t size)
{
    (void)name;
    (void)why;
    (void)size;
    *pending = NULL;
    return 0;
}

static DBusObjectPathMessageFunction handler;
static void *handler_user;

static dbus_bool_t double_register(DBusConnection *c, const char *path,
                                   const DBusObjectPathVTable *vtable, void *user)
{
    (void)c;
    (void)path;
    handler = vtable->message_function;
    handler_user = user;
    return TRUE;
}

#define dbus_connection_send                            double_send
#define dbus_connection_register_fallback               double_register
#define dbus_connection_unregister_object_path(c, path) ((void)(c), (void)(path))
#define dbus_connection_get_outgoing_size(c)            ((void)(c), 0L)
#define bus_request_name                                double_request_name
#define bus_take_name                                   double_take_name
#include "edge/bus/service.c"

static struct service *service;

static const struct service_item items[] = {
    {.path = "/Ac/Power", .text = TEXT_W, .value = {.type = VALUE_DOUBLE, .d = 5}},
    {.path = "/CustomName", .writable = true, .value = {.type = VALUE_STRING, .s = "Roof"}},
    {.path = "/Position", .writable = true, .value = {.type = VALUE_INT, .i = 1}},
    {.path = "/Ac/PowerLimit", .writable = true, .command = VALUE_DOUBLE, .text = TEXT_W},
    {.path = "/Role", .description = "the class", .writable = true},
    {.path = "/Refresh", .writable = true, .command = VALUE_INT, .value = {.type = VALUE_INT}},
    {.path = "/IpAddresses", .writable = true, .command = VALUE_STRING},
};

enum { ITEMS = sizeof items / sizeof items[0] };

/* What is written has the type of its item, and none is no value or beyond what a message holds. */
static int on_write(void *user, size_t item, const struct value *v)
{
    (void)user;
    if (item >= ITEMS || !items[item].writable || v->type == VALUE_INVALID)
        double_fail("a write that should not be");
    enum value_type type =
        items[item].command != VALUE_INVALID ? items[item].command : items[item].value.type;
    if (type != VALUE_INVALID && v->type != type)
        double_fail("a write of another type");
    service_set(service, item, v);
    return v->type == VALUE_INT && v->i < 0 ? SERVICE_REFUSED : SERVICE_ACCEPTED;
}

static void on_call(DBusMessage *m)
{
    unsigned before = answered;

    if (handler(NULL, m, handler_user) != DBUS_HANDLER_RESULT_HANDLED)
        double_fail("a call that nobody handles");
    if (answered - before != (dbus_message_get_no_reply(m) ? 0u : 1u))
        double_fail("not one answer to one call");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct service_events events = {.write = on_write};
    char why[160] = "";

    double_begin();
    service = service_create(twin.loop, "com.victronenergy.pvinverter.http_34", items, ITEMS,
                             &events, why, sizeof why);
    if (!service)
        abort();
    double_turns();
    double_play(data, size, on_call);
    service_destroy(service);
    return 0;
}

/*
 * edge/bus/service.c on the D-Bus of bus_double.h, for the targets that call the services: include it in place of that file.
 * Each call gets one answer, or none if it wants none, and every message that goes out is complete.
 */
#ifndef DTU_TESTS_FUZZ_SERVICE_DOUBLE_H
#define DTU_TESTS_FUZZ_SERVICE_DOUBLE_H

#include <errno.h>

#include "fuzz/bus_double.h"

enum { DOUBLE_SERVICES_MAX = 128 };

static struct {
    unsigned answers;
    dbus_int32_t result; /* of the last answer that is a number, as that of SetValue */
    bool taken;          /* a name that is asked for is somebody else's */
    size_t count;
    struct service *list[DOUBLE_SERVICES_MAX]; /* that can be called */
} served;

/* libdbus can read it back. */
static dbus_bool_t double_send(DBusConnection *c, DBusMessage *m, dbus_uint32_t *serial)
{
    char *bytes = NULL;
    int len = 0;

    (void)c;
    (void)serial;
    if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL) {
        served.answers++;
        (void)dbus_message_get_args(m, NULL, DBUS_TYPE_INT32, &served.result, DBUS_TYPE_INVALID);
    }
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
    (void)snprintf(why, size, "%s is taken", name);
    *pending = NULL;
    return served.taken ? -EEXIST : 0;
}

static dbus_bool_t double_register(DBusConnection *c, const char *path,
                                   const DBusObjectPathVTable *vtable, void *user)
{
    (void)c;
    (void)path;
    (void)vtable;
    if (served.count == DOUBLE_SERVICES_MAX)
        double_fail("too many services");
    served.list[served.count++] = user;
    return TRUE;
}

static void double_unregister(DBusConnection *c);

#define dbus_connection_send                            double_send
#define dbus_connection_register_fallback               double_register
#define dbus_connection_unregister_object_path(c, path) ((void)(path), double_unregister(c))
#define dbus_connection_get_outgoing_size(c)            ((void)(c), 0L)
#define bus_request_name                                double_request_name
#define bus_take_name                                   double_take_name
#include "edge/bus/service.c"

static void double_unregister(DBusConnection *c)
{
    size_t kept = 0;

    for (size_t i = 0; i < served.count; i++)
        if (bus_connection(served.list[i]->bus) != c)
            served.list[kept++] = served.list[i];
    served.count = kept;
}

/* NULL: there is none of this name. */
static inline struct service *double_service(const char *name)
{
    for (size_t i = 0; i < served.count; i++)
        if (strcmp(served.list[i]->name, name) == 0)
            return served.list[i];
    return NULL;
}

static void double_call_service(struct service *s, DBusMessage *m)
{
    unsigned before = served.answers;

    if (s->vtable.message_function(NULL, m, s) != DBUS_HANDLER_RESULT_HANDLED)
        double_fail("a call that nobody handles");
    if (served.answers - before != (dbus_message_get_no_reply(m) ? 0u : 1u))
        double_fail("not one answer to one call");
}

#endif

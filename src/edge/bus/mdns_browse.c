#include "edge/bus/mdns_browse.h"

#include <arpa/inet.h>
#include <dbus/dbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/bus/bus.h"

#define AVAHI   "org.freedesktop.Avahi"
#define BROWSER AVAHI ".ServiceBrowser"

enum { ANY_INTERFACE = -1, IPV4 = 0 };

static const char rule[] = "type='signal',sender='" AVAHI "',interface='" BROWSER "'";

struct browsing {
    struct mdns_browse *browse;
    DBusPendingCall *call;
};

struct resolving {
    struct mdns_browse *browse;
    DBusPendingCall *call;
    struct mdns_service service;
};

struct mdns_browse {
    struct loop *loop;
    struct bus *bus;
    struct mdns_browse_events events;
    struct loop_timer timer;
    const char *const *types;
    size_t type_count;
    unsigned time_ms;
    bool filters;
    unsigned started, all_told; /* browsers that Avahi has made; that have said all they know */
    char avahi[64];             /* its unique name: signals of others do not count */
    char why[160];
    size_t count;
    struct browsing browsing[MDNS_BROWSE_TYPES_MAX];
    struct resolving list[MDNS_SERVICES_MAX];
};

/* ---- The end ---- */

static void on_time(void *user)
{
    struct mdns_browse *b = user;

    b->events.ended(b->events.user, *b->why ? b->why : NULL);
}

static void end_soon(struct mdns_browse *b, const char *why)
{
    if (why)
        (void)snprintf(b->why, sizeof b->why, "%s", why);
    loop_timer_arm(&b->timer, 0);
}

static void end_when_all_is_told(struct mdns_browse *b)
{
    for (size_t i = 0; i < b->type_count; i++) {
        if (b->browsing[i].call)
            return;
    }
    for (size_t i = 0; i < b->count; i++) {
        if (b->list[i].call)
            return;
    }
    if (b->all_told >= b->started)
        end_soon(b, NULL);
}

/* ---- Services ---- */

static void on_resolved(DBusPendingCall *call, void *user)
{
    struct resolving *r = user;
    DBusMessage *reply = bus_take_reply(&r->call);
    dbus_int32_t interface, protocol, address_protocol;
    const char *name, *type, *domain, *host, *address;
    dbus_uint16_t port;
    struct in_addr parsed;

    (void)call;
    if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR &&
        dbus_message_get_args(reply, NULL, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32, &protocol,
                              DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &type, DBUS_TYPE_STRING,
                              &domain, DBUS_TYPE_STRING, &host, DBUS_TYPE_INT32, &address_protocol,
                              DBUS_TYPE_STRING, &address, DBUS_TYPE_UINT16, &port,
                              DBUS_TYPE_INVALID) &&
        inet_pton(AF_INET, address, &parsed) == 1) {
        (void)snprintf(r->service.host, sizeof r->service.host, "%s", host);
        (void)snprintf(r->service.address, sizeof r->service.address, "%s", address);
        r->service.port = port;
        r->browse->events.found(r->browse->events.user, &r->service);
    }
    dbus_message_unref(reply);
    end_when_all_is_told(r->browse);
}

/* One host may announce the same over several interfaces. */
static bool is_known(const struct mdns_browse *b, const char *name, const char *type)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct mdns_service *s = &b->list[i].service;
        if (strncmp(s->name, name, sizeof s->name - 1) == 0 &&
            strncmp(s->type, type, sizeof s->type - 1) == 0)
            return true;
    }
    return false;
}

static DBusMessage *new_resolve(dbus_int32_t interface, const char *name, const char *type,
                                const char *domain)
{
    dbus_int32_t protocol = IPV4, wanted = IPV4;
    dbus_uint32_t flags = 0;
    DBusMessage *m = dbus_message_new_method_call(AVAHI, "/", AVAHI ".Server", "ResolveService");

    if (m && !dbus_message_append_args(m, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32, &protocol,
                                       DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &type,
                                       DBUS_TYPE_STRING, &domain, DBUS_TYPE_INT32, &wanted,
                                       DBUS_TYPE_UINT32, &flags, DBUS_TYPE_INVALID)) {
        dbus_message_unref(m);
        m = NULL;
    }
    return m;
}

static void take_item(struct mdns_browse *b, DBusMessage *signal)
{
    dbus_int32_t interface, protocol;
    const char *name, *type, *domain;
    dbus_uint32_t flags;

    if (!dbus_message_get_args(signal, NULL, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32,
                               &protocol, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &type,
                               DBUS_TYPE_STRING, &domain, DBUS_TYPE_UINT32, &flags,
                               DBUS_TYPE_INVALID) ||
        b->count == MDNS_SERVICES_MAX || is_known(b, name, type))
        return;
    struct resolving *r = &b->list[b->count++];
    *r = (struct resolving){.browse = b};
    (void)snprintf(r->service.name, sizeof r->service.name, "%s", name);
    (void)snprintf(r->service.type, sizeof r->service.type, "%s", type);
    (void)bus_call(bus_connection(b->bus), new_resolve(interface, name, type, domain),
                   (int)b->time_ms, &r->call, on_resolved, r);
}

static DBusHandlerResult on_message(DBusConnection *c, DBusMessage *m, void *user)
{
    struct mdns_browse *b = user;
    const char *sender = dbus_message_get_sender(m);

    (void)c;
    if (!sender || !*b->avahi || strcmp(sender, b->avahi) != 0)
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    if (dbus_message_is_signal(m, BROWSER, "ItemNew")) {
        take_item(b, m);
    } else if (dbus_message_is_signal(m, BROWSER, "AllForNow") ||
               dbus_message_is_signal(m, BROWSER, "Failure")) {
        b->all_told++;
        end_when_all_is_told(b);
    }
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

/* ---- Asking ---- */

static void on_browsing(DBusPendingCall *call, void *user)
{
    struct browsing *one = user;
    struct mdns_browse *b = one->browse;
    DBusMessage *reply = bus_take_reply(&one->call);
    const char *error = dbus_message_get_error_name(reply);

    (void)call;
    if (!error)
        b->started++;
    else if (strcmp(error, DBUS_ERROR_SERVICE_UNKNOWN) == 0 ||
             strcmp(error, DBUS_ERROR_NAME_HAS_NO_OWNER) == 0)
        end_soon(b, "Avahi does not run on this device");
    dbus_message_unref(reply);
    end_when_all_is_told(b);
}

static DBusMessage *new_browser(const char *type)
{
    dbus_int32_t interface = ANY_INTERFACE, protocol = IPV4;
    dbus_uint32_t flags = 0;
    const char *domain = "local";
    DBusMessage *m = dbus_message_new_method_call(AVAHI, "/", AVAHI ".Server", "ServiceBrowserNew");

    if (m && !dbus_message_append_args(m, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32, &protocol,
                                       DBUS_TYPE_STRING, &type, DBUS_TYPE_STRING, &domain,
                                       DBUS_TYPE_UINT32, &flags, DBUS_TYPE_INVALID)) {
        dbus_message_unref(m);
        m = NULL;
    }
    return m;
}

static void on_owner(DBusPendingCall *call, void *user)
{
    struct browsing *first = user;
    struct mdns_browse *b = first->browse;
    DBusMessage *reply = bus_take_reply(&first->call);
    const char *name;

    (void)call;
    if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR &&
        dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID))
        (void)snprintf(b->avahi, sizeof b->avahi, "%s", name);
    dbus_message_unref(reply);
    if (!*b->avahi) {
        end_soon(b, "Avahi does not run on this device");
        return;
    }
    for (size_t i = 0; i < b->type_count; i++) {
        b->browsing[i].browse = b;
        (void)bus_call(bus_connection(b->bus), new_browser(b->types[i]), (int)b->time_ms,
                       &b->browsing[i].call, on_browsing, &b->browsing[i]);
    }
}

static DBusMessage *new_owner_question(void)
{
    const char *name = AVAHI;
    DBusMessage *m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                  DBUS_INTERFACE_DBUS, "GetNameOwner");

    if (m && !dbus_message_append_args(m, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID)) {
        dbus_message_unref(m);
        m = NULL;
    }
    return m;
}

static void on_ready(void *user)
{
    struct mdns_browse *b = user;
    DBusConnection *c = bus_connection(b->bus);

    bus_add_match(c, rule);
    b->browsing[0].browse = b;
    b->filters = dbus_connection_add_filter(c, on_message, b, NULL);
    if (!b->filters || !bus_call(c, new_owner_question(), (int)b->time_ms, &b->browsing[0].call,
                                 on_owner, &b->browsing[0]))
        end_soon(b, "out of memory");
}

static void on_failed(void *user, const char *why)
{
    (void)why;
    end_soon(user, "there is no system D-Bus, by which Avahi is asked");
}

static void on_lost(void *user)
{
    end_soon(user, "the D-Bus has ended");
}

struct mdns_browse *mdns_browse_create(struct loop *l, const char *const *types, size_t count,
                                       unsigned time_ms, const struct mdns_browse_events *events)
{
    struct mdns_browse *b = calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->loop = l;
    b->events = *events;
    b->types = types;
    b->type_count = count < MDNS_BROWSE_TYPES_MAX ? count : MDNS_BROWSE_TYPES_MAX;
    b->time_ms = time_ms;
    loop_timer_init(&b->timer, l, on_time, b);
    loop_timer_arm(&b->timer, time_ms);
    const struct bus_events bus_events = {on_ready, on_failed, on_lost, b};
    b->bus = bus_open_system(l, &bus_events);
    if (!b->bus)
        end_soon(b, "there is no system D-Bus, by which Avahi is asked");
    return b;
}

void mdns_browse_destroy(struct mdns_browse *b)
{
    if (!b)
        return;
    loop_timer_disarm(&b->timer);
    for (size_t i = 0; i < MDNS_BROWSE_TYPES_MAX; i++)
        bus_drop_call(&b->browsing[i].call);
    for (size_t i = 0; i < b->count; i++)
        bus_drop_call(&b->list[i].call);
    if (b->filters)
        dbus_connection_remove_filter(bus_connection(b->bus), on_message, b);
    bus_close(b->bus);
    free(b);
}

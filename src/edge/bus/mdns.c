#include "edge/bus/mdns.h"

#include <arpa/inet.h>
#include <dbus/dbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "edge/bus/bus.h"

#define AVAHI "org.freedesktop.Avahi"

enum { ANY_INTERFACE = -1, ANY_PROTOCOL = -1, IPV4 = 0 };

struct mdns {
    struct loop *loop;
    struct bus *bus; /* NULL until it is needed */
    bool ready;
    bool over;                  /* the bus is none any more: the next question opens a new one */
    struct mdns_query *waiting; /* until the bus is ready */
};

bool mdns_is_local(const char *host)
{
    static const char suffix[] = ".local";
    size_t len = strlen(host), want = sizeof(suffix) - 1;

    if (len > 0 && host[len - 1] == '.')
        len--;
    return len > want && strncasecmp(host + len - want, suffix, want) == 0;
}

struct mdns *mdns_create(struct loop *l)
{
    struct mdns *m = calloc(1, sizeof(*m));

    if (m)
        m->loop = l;
    return m;
}

void mdns_destroy(struct mdns *m)
{
    if (!m)
        return;
    bus_close(m->bus);
    free(m);
}

static void finish(void *user)
{
    struct mdns_query *q = user;

    mdns_cancel(q);
    q->done(q->user, *q->address ? q->address : NULL, q->no_avahi, q->why);
}

/* From a timer: the owner may do anything in its callback, to libdbus too. */
static void finish_soon(struct mdns_query *q)
{
    loop_timer_arm(&q->timer, 0);
}

static void take_address(struct mdns_query *q, DBusMessage *reply)
{
    dbus_int32_t interface, protocol, address_protocol;
    const char *name, *address;
    dbus_uint32_t flags;
    struct in_addr parsed;

    if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32, &protocol,
                               DBUS_TYPE_STRING, &name, DBUS_TYPE_INT32, &address_protocol,
                               DBUS_TYPE_STRING, &address, DBUS_TYPE_UINT32, &flags,
                               DBUS_TYPE_INVALID) ||
        inet_pton(AF_INET, address, &parsed) != 1) {
        snprintf(q->why, sizeof(q->why), "Avahi gives no usable address for %.60s", q->host);
        return;
    }
    snprintf(q->address, sizeof(q->address), "%s", address);
}

static void take_error(struct mdns_query *q, DBusMessage *reply)
{
    const char *error = dbus_message_get_error_name(reply);

    q->no_avahi = error && (strcmp(error, DBUS_ERROR_SERVICE_UNKNOWN) == 0 ||
                            strcmp(error, DBUS_ERROR_NAME_HAS_NO_OWNER) == 0);
    if (q->no_avahi)
        snprintf(
            q->why, sizeof(q->why),
            "%.60s needs Avahi, which does not run on this device: write an IP address as Host",
            q->host);
    else
        snprintf(q->why, sizeof(q->why),
                 "nobody in the network answers to %.60s: is the gateway on, is Host right?",
                 q->host);
}

static void on_reply(DBusPendingCall *call, void *user)
{
    struct mdns_query *q = user;
    DBusMessage *reply = bus_take_reply(&q->call);

    (void)call;
    if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR)
        take_error(q, reply);
    else
        take_address(q, reply);
    dbus_message_unref(reply);
    finish_soon(q);
}

static DBusMessage *new_question(const char *host)
{
    dbus_int32_t interface = ANY_INTERFACE, protocol = ANY_PROTOCOL, wanted = IPV4;
    dbus_uint32_t flags = 0;
    DBusMessage *m = dbus_message_new_method_call(AVAHI, "/", AVAHI ".Server", "ResolveHostName");

    if (!m)
        return NULL;
    if (dbus_message_append_args(m, DBUS_TYPE_INT32, &interface, DBUS_TYPE_INT32, &protocol,
                                 DBUS_TYPE_STRING, &host, DBUS_TYPE_INT32, &wanted,
                                 DBUS_TYPE_UINT32, &flags, DBUS_TYPE_INVALID))
        return m;
    dbus_message_unref(m);
    return NULL;
}

/* ---- the bus ---- */

static void say_no_bus(struct mdns_query *q)
{
    q->no_avahi = true;
    snprintf(q->why, sizeof(q->why),
             "%.60s needs Avahi, and there is no system D-Bus to it: write an IP address as Host",
             q->host);
}

static void send_question(struct mdns_query *q)
{
    struct mdns *m = q->mdns;

    loop_timer_disarm(&q->timer);
    if (bus_call(bus_connection(m->bus), new_question(q->host), (int)q->timeout_ms, &q->call,
                 on_reply, q)) {
        q->no_avahi = false;
    } else {
        say_no_bus(q);
        finish_soon(q);
    }
}

/* NULL when nobody waits any more. */
static struct mdns_query *next_waiting(struct mdns *m)
{
    struct mdns_query *q = m->waiting;

    if (q)
        m->waiting = q->next;
    return q;
}

static void on_ready(void *user)
{
    struct mdns *m = user;

    m->ready = true;
    for (struct mdns_query *q = next_waiting(m); q; q = next_waiting(m))
        send_question(q);
}

static void on_lost(void *user)
{
    struct mdns *m = user;

    m->over = true;
    for (struct mdns_query *q = next_waiting(m); q; q = next_waiting(m))
        finish_soon(q);
}

static void on_failed(void *user, const char *why)
{
    (void)why;
    on_lost(user);
}

static bool open_bus(struct mdns *m)
{
    const struct bus_events events = {on_ready, on_failed, on_lost, m};

    if (m->over) {
        bus_close(m->bus);
        m->bus = NULL;
        m->over = m->ready = false;
    }
    if (!m->bus)
        m->bus = bus_open_system(m->loop, &events);
    return m->bus != NULL;
}

/* ---- questions ---- */

void mdns_ask(struct mdns *m, struct mdns_query *q, const char *host, unsigned timeout_ms,
              mdns_done_fn done, void *user)
{
    *q = (struct mdns_query){.mdns = m, .timeout_ms = timeout_ms, .done = done, .user = user};
    loop_timer_init(&q->timer, m->loop, finish, q);
    text_copy(q->host, sizeof(q->host), host);
    say_no_bus(q); /* until there is one */
    if (!open_bus(m)) {
        finish_soon(q);
    } else if (m->ready) {
        send_question(q);
    } else {
        q->next = m->waiting;
        m->waiting = q;
        loop_timer_arm(&q->timer, timeout_ms);
    }
}

void mdns_cancel(struct mdns_query *q)
{
    struct mdns_query **at = q->mdns ? &q->mdns->waiting : NULL;

    while (at && *at && *at != q)
        at = &(*at)->next;
    if (at && *at)
        *at = q->next;
    loop_timer_disarm(&q->timer);
    bus_drop_call(&q->call);
}

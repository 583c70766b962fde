#include "edge/bus/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/sys/log.h"

enum {
    MESSAGES_PER_TURN = 32,
    NO_MEMORY_PAUSE_MS = 100,
    SLOW_MS = 5000, /* after that, the log says what is waited for */
    /*
     * What may lie unread in this process. The size of a single message is deliberately not limited
     * below the bus' own limit: libdbus would drop the connection, and any peer could end us so.
     */
    RECEIVED_MAX = 1024 * 1024,
};

/* libdbus has one for reading and one for writing, on the one socket of a connection. */
enum { WATCHES_MAX = 2 };

enum phase {
    PHASE_QUEUED, /* others are opened before it */
    PHASE_HELLO,
    PHASE_READY, /* the bus has answered, and the owner is to be told */
    PHASE_OPEN,
    PHASE_OVER /* the owner knows that there is no bus, or none any more */
};

struct bus {
    struct loop *loop;
    struct bus_events events;
    bool system;
    enum phase phase;
    char why[160];    /* "": nothing is wrong */
    struct bus *next; /* in the queue of those that are opened */
    DBusConnection *connection;
    DBusPendingCall *hello;
    struct loop_fd *socket; /* NULL while there is no watch */
    DBusWatch *watches[WATCHES_MAX];
    struct loop_timer dispatch_timer;
    struct loop_timer turn; /* whatever is to be told: never from within libdbus */
    struct loop_timer slow;
    bool was_slow;
    bool
        filters; /* watch_for_loss is on the connection: libdbus aborts at the removal of what is not */
};

/* ---- the socket ---- */

static void dispatch(struct bus *b);

static unsigned watch_flags(DBusWatch *w)
{
    return w && dbus_watch_get_enabled(w) ? dbus_watch_get_flags(w) : 0;
}

/* What all watches together want of the socket. */
static short wanted_events(const struct bus *b)
{
    unsigned flags = 0;

    for (size_t i = 0; i < WATCHES_MAX; i++)
        flags |= watch_flags(b->watches[i]);
    return (short)(((flags & DBUS_WATCH_READABLE) ? POLLIN : 0) |
                   ((flags & DBUS_WATCH_WRITABLE) ? POLLOUT : 0));
}

static void on_ready(void *user, int fd, short revents)
{
    struct bus *b = user;
    unsigned happened = ((revents & POLLIN) ? DBUS_WATCH_READABLE : 0U) |
                        ((revents & POLLOUT) ? DBUS_WATCH_WRITABLE : 0U),
             fault = ((revents & POLLERR) ? DBUS_WATCH_ERROR : 0U) |
                     ((revents & POLLHUP) ? DBUS_WATCH_HANGUP : 0U);

    (void)fd;
    /* Looked at again each time: handling one watch may toggle or remove the other. */
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        unsigned flags = watch_flags(b->watches[i]);
        if (flags && ((flags & happened) || fault))
            dbus_watch_handle(b->watches[i], (flags & happened) | fault);
    }
    dispatch(b);
}

static dbus_bool_t add_watch(DBusWatch *watch, void *user)
{
    struct bus *b = user;
    size_t place = 0;

    while (place < WATCHES_MAX && b->watches[place])
        place++;
    if (place == WATCHES_MAX)
        return FALSE;
    if (!b->socket)
        b->socket = loop_fd_add(b->loop, dbus_watch_get_unix_fd(watch), 0, on_ready, b);
    if (!b->socket)
        return FALSE;
    b->watches[place] = watch;
    loop_fd_events(b->socket, wanted_events(b));
    return TRUE;
}

static void remove_watch(DBusWatch *watch, void *user)
{
    struct bus *b = user;
    bool left = false;

    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (b->watches[i] == watch)
            b->watches[i] = NULL;
        left = left || b->watches[i];
    }
    if (left) {
        loop_fd_events(b->socket, wanted_events(b));
    } else {
        loop_fd_remove(b->socket);
        b->socket = NULL;
    }
}

static void toggle_watch(DBusWatch *watch, void *user)
{
    struct bus *b = user;

    (void)watch;
    if (b->socket)
        loop_fd_events(b->socket, wanted_events(b));
}

/* ---- timeouts ---- */

struct bus_timeout {
    struct bus *bus;
    DBusTimeout *timeout;
    struct loop_timer timer;
};

static void arm_timeout(struct bus_timeout *t)
{
    if (dbus_timeout_get_enabled(t->timeout))
        loop_timer_arm(&t->timer, dbus_timeout_get_interval(t->timeout));
    else
        loop_timer_disarm(&t->timer);
}

static void on_timeout(void *user)
{
    struct bus_timeout *t = user;
    struct bus *b = t->bus;

    arm_timeout(t); /* they repeat until they are removed, which may be now */
    dbus_timeout_handle(t->timeout);
    dispatch(b);
}

static dbus_bool_t add_timeout(DBusTimeout *timeout, void *user)
{
    struct bus *b = user;
    struct bus_timeout *t = calloc(1, sizeof(*t));

    if (!t)
        return FALSE;
    t->bus = b;
    t->timeout = timeout;
    loop_timer_init(&t->timer, b->loop, on_timeout, t);
    dbus_timeout_set_data(timeout, t, NULL);
    arm_timeout(t);
    return TRUE;
}

static void remove_timeout(DBusTimeout *timeout, void *user)
{
    struct bus_timeout *t = dbus_timeout_get_data(timeout);

    (void)user;
    if (!t)
        return;
    loop_timer_disarm(&t->timer);
    dbus_timeout_set_data(timeout, NULL, NULL);
    free(t);
}

static void toggle_timeout(DBusTimeout *timeout, void *user)
{
    struct bus_timeout *t = dbus_timeout_get_data(timeout);

    (void)user;
    if (t)
        arm_timeout(t);
}

/* ---- dispatch ---- */

/* Not more than a bounded number at a time: the rest has to wait for the others on the loop. */
static void dispatch(struct bus *b)
{
    DBusDispatchStatus status = dbus_connection_get_dispatch_status(b->connection);

    for (int n = 0; n < MESSAGES_PER_TURN && status == DBUS_DISPATCH_DATA_REMAINS; n++)
        status = dbus_connection_dispatch(b->connection);
    if (status == DBUS_DISPATCH_DATA_REMAINS)
        loop_timer_arm(&b->dispatch_timer, 0);
    else if (status == DBUS_DISPATCH_NEED_MEMORY)
        loop_timer_arm(&b->dispatch_timer, NO_MEMORY_PAUSE_MS);
    else
        loop_timer_disarm(&b->dispatch_timer);
}

static void on_dispatch_timer(void *user)
{
    dispatch(user);
}

/* From within libdbus: for what arrives while somebody waits for a reply, or flushes. */
static void on_dispatch_status(DBusConnection *c, DBusDispatchStatus status, void *user)
{
    struct bus *b = user;

    (void)c;
    if (status == DBUS_DISPATCH_DATA_REMAINS)
        loop_timer_arm(&b->dispatch_timer, 0);
}

/* ---- opening ---- */

/*
 * The session bus and the system bus are opened one connection after another. A bus that hangs accepts none,
 * and connect() waits when too many (30) are to be accepted: so at most one of this process is, however long
 * the bus hangs.
 */
static struct bus *queues[2];

static void join_queue(struct bus *b)
{
    struct bus **end = &queues[b->system];

    while (*end)
        end = &(*end)->next;
    *end = b;
    if (b == queues[b->system])
        loop_timer_arm(&b->turn, 0);
}

static void leave_queue(struct bus *b)
{
    struct bus **at = &queues[b->system];

    while (*at && *at != b)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = b->next;
    if (at == &queues[b->system] && *at)
        loop_timer_arm(&(*at)->turn, 0);
}

/* The first reason counts. */
static void fail(struct bus *b, const char *why)
{
    if (*b->why)
        return;
    snprintf(b->why, sizeof(b->why), "no connection to the D-Bus: %s", why);
    loop_timer_arm(&b->turn, 0);
}

static DBusHandlerResult watch_for_loss(DBusConnection *c, DBusMessage *m, void *user)
{
    (void)c;
    if (dbus_message_is_signal(m, DBUS_INTERFACE_LOCAL, "Disconnected"))
        fail(user, "it was closed");
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static bool hook_up(struct bus *b)
{
    DBusConnection *c = b->connection;

    b->filters = dbus_connection_add_filter(c, watch_for_loss, b, NULL);
    dbus_connection_set_max_received_size(c, RECEIVED_MAX);
    dbus_connection_set_dispatch_status_function(c, on_dispatch_status, b, NULL);
    return b->filters &&
           dbus_connection_set_watch_functions(c, add_watch, remove_watch, toggle_watch, b, NULL) &&
           dbus_connection_set_timeout_functions(c, add_timeout, remove_timeout, toggle_timeout, b,
                                                 NULL);
}

static void take_hello(struct bus *b, DBusMessage *reply, DBusError *error)
{
    const char *name;

    if (dbus_set_error_from_message(error, reply) ||
        !dbus_message_get_args(reply, error, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID))
        return;
    if (!dbus_bus_set_unique_name(b->connection, name))
        dbus_set_error_const(error, DBUS_ERROR_NO_MEMORY, "out of memory");
}

static void on_hello(DBusPendingCall *pending, void *user)
{
    struct bus *b = user;
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *reply = bus_take_reply(&b->hello);

    (void)pending;
    take_hello(b, reply, &error);
    dbus_message_unref(reply);
    leave_queue(b);
    loop_timer_disarm(&b->slow);
    if (b->was_slow)
        log_good_news(NOTICE_BUS_SILENT, "the D-Bus answers again");
    if (dbus_error_is_set(&error))
        fail(b, error.message);
    dbus_error_free(&error);
    b->phase = PHASE_READY;
    loop_timer_arm(&b->turn, 0);
}

static void on_slow(void *user)
{
    struct bus *b = user;

    b->was_slow = true;
    log_notice(NOTICE_BUS_SILENT,
               "the D-Bus accepts connections, but does not answer; waiting for it");
}

static const char *address_of(bool system)
{
    const char *address = getenv(system ? "DBUS_SYSTEM_BUS_ADDRESS" : "DBUS_SESSION_BUS_ADDRESS");

    /* Where the D-Bus specification says that the system bus is. */
    return address && *address ? address : "unix:path=/var/run/dbus/system_bus_socket";
}

/* What dbus_bus_get_private() does, but for the waiting. Hello has no limit of time: to ask again helps nobody. */
static void start(struct bus *b)
{
    DBusError error = DBUS_ERROR_INIT;

    b->phase = PHASE_HELLO;
    b->connection = dbus_connection_open_private(address_of(b->system), &error);
    if (!b->connection) {
        fail(b, error.message);
        dbus_error_free(&error);
        return;
    }
    DBusMessage *hello = hook_up(b)
                             ? dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                            DBUS_INTERFACE_DBUS, "Hello")
                             : NULL;
    if (bus_call(b->connection, hello, DBUS_TIMEOUT_INFINITE, &b->hello, on_hello, b))
        loop_timer_arm(&b->slow, SLOW_MS);
    else
        fail(b, "out of memory");
}

/* The last that is done with b: its owner may close it. */
static void tell_fault(struct bus *b)
{
    bool was_open = b->phase == PHASE_OPEN;
    char why[sizeof(b->why)];

    memcpy(why, b->why, sizeof(why));
    b->phase = PHASE_OVER;
    loop_timer_disarm(&b->turn);
    loop_timer_disarm(&b->slow);
    leave_queue(b);
    if (was_open && b->events.lost)
        b->events.lost(b->events.user);
    else if (!was_open && b->events.failed)
        b->events.failed(b->events.user, why);
}

static void on_turn(void *user)
{
    struct bus *b = user;

    if (b->phase == PHASE_QUEUED)
        start(b);
    if (*b->why) {
        tell_fault(b);
    } else if (b->phase == PHASE_READY) {
        b->phase = PHASE_OPEN;
        if (b->events.ready)
            b->events.ready(b->events.user);
    }
}

static struct bus *open_bus(bool system, struct loop *l, const struct bus_events *events)
{
    struct bus *b = calloc(1, sizeof(*b));

    if (!b)
        return NULL;
    b->loop = l;
    b->events = *events;
    b->system = system;
    loop_timer_init(&b->dispatch_timer, l, on_dispatch_timer, b);
    loop_timer_init(&b->turn, l, on_turn, b);
    loop_timer_init(&b->slow, l, on_slow, b);
    join_queue(b);
    return b;
}

struct bus *bus_open(struct loop *l, const struct bus_events *events)
{
    const char *session = getenv("DBUS_SESSION_BUS_ADDRESS");

    return open_bus(!session || !*session, l, events);
}

struct bus *bus_open_system(struct loop *l, const struct bus_events *events)
{
    return open_bus(true, l, events);
}

/* ---- closing ---- */

/* What the socket takes at once goes out. A bus that takes nothing is not waited for. */
static void flush(DBusConnection *c)
{
    long left = dbus_connection_get_outgoing_size(c), before = left + 1;

    while (left > 0 && left < before && dbus_connection_read_write(c, 0)) {
        before = left;
        left = dbus_connection_get_outgoing_size(c);
    }
}

static void disconnect(struct bus *b)
{
    DBusConnection *c = b->connection;

    bus_drop_call(&b->hello);
    flush(c);
    if (b->filters)
        dbus_connection_remove_filter(c, watch_for_loss, b);
    dbus_connection_close(c);
    /* These take away the watches and timeouts that are left, and with them all that points to b. */
    dbus_connection_set_dispatch_status_function(c, NULL, NULL, NULL);
    dbus_connection_set_watch_functions(c, NULL, NULL, NULL, NULL, NULL);
    dbus_connection_set_timeout_functions(c, NULL, NULL, NULL, NULL, NULL);
    dbus_connection_unref(c);
}

void bus_close(struct bus *b)
{
    if (!b)
        return;
    leave_queue(b);
    if (b->connection)
        disconnect(b);
    loop_timer_disarm(&b->dispatch_timer);
    loop_timer_disarm(&b->turn);
    loop_timer_disarm(&b->slow);
    free(b);
}

DBusConnection *bus_connection(struct bus *b)
{
    return b->connection;
}

/* ---- calls ---- */

bool bus_call(DBusConnection *c, DBusMessage *call, int timeout_ms, DBusPendingCall **pending,
              DBusPendingCallNotifyFunction done, void *user)
{
    *pending = NULL;
    if (!call)
        return false;
    dbus_message_set_auto_start(call, FALSE);
    dbus_connection_send_with_reply(c, call, pending, timeout_ms);
    dbus_message_unref(call);
    if (*pending && !dbus_pending_call_set_notify(*pending, done, user, NULL))
        bus_drop_call(pending);
    return *pending != NULL;
}

DBusMessage *bus_take_reply(DBusPendingCall **pending)
{
    DBusMessage *reply = dbus_pending_call_steal_reply(*pending);

    bus_drop_call(pending);
    return reply;
}

void bus_drop_call(DBusPendingCall **pending)
{
    if (!*pending)
        return;
    dbus_pending_call_cancel(*pending);
    dbus_pending_call_unref(*pending);
    *pending = NULL;
}

/* ---- signals ---- */

static void send_rule(DBusConnection *c, const char *method, const char *rule)
{
    DBusMessage *m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                  DBUS_INTERFACE_DBUS, method);

    if (!m)
        return;
    dbus_message_set_no_reply(m, TRUE);
    if (dbus_message_append_args(m, DBUS_TYPE_STRING, &rule, DBUS_TYPE_INVALID))
        dbus_connection_send(c, m, NULL);
    dbus_message_unref(m);
}

void bus_add_match(DBusConnection *c, const char *rule)
{
    send_rule(c, "AddMatch", rule);
}

void bus_remove_match(DBusConnection *c, const char *rule)
{
    send_rule(c, "RemoveMatch", rule);
}

/* ---- names ---- */

bool bus_request_name(struct bus *b, const char *name, DBusPendingCall **pending,
                      DBusPendingCallNotifyFunction done, void *user)
{
    dbus_uint32_t flags = DBUS_NAME_FLAG_DO_NOT_QUEUE;
    DBusMessage *call = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                     DBUS_INTERFACE_DBUS, "RequestName");

    if (call && !dbus_message_append_args(call, DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
                                          DBUS_TYPE_INVALID)) {
        dbus_message_unref(call);
        call = NULL;
    }
    return bus_call(b->connection, call, DBUS_TIMEOUT_INFINITE, pending, done, user);
}

int bus_take_name(DBusPendingCall **pending, const char *name, char *why, size_t why_size)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *reply = bus_take_reply(pending);
    dbus_uint32_t answer = 0;

    if (!dbus_set_error_from_message(&error, reply))
        dbus_message_get_args(reply, &error, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID);
    dbus_message_unref(reply);
    if (dbus_error_is_set(&error)) {
        bool denied = dbus_error_has_name(&error, DBUS_ERROR_ACCESS_DENIED);
        snprintf(why, why_size, "the D-Bus does not give the name %s: %s", name, error.message);
        dbus_error_free(&error);
        return denied ? -EACCES : -EIO;
    }
    if (answer == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER ||
        answer == DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER)
        return 0;
    snprintf(why, why_size, "another process owns the name %s", name);
    return -EEXIST;
}

bool bus_ask_process(struct bus *b, const char *name, int timeout_ms, DBusPendingCall **pending,
                     DBusPendingCallNotifyFunction done, void *user)
{
    DBusMessage *call =
        dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
                                     "GetConnectionUnixProcessID");

    if (call && !dbus_message_append_args(call, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID)) {
        dbus_message_unref(call);
        call = NULL;
    }
    return bus_call(b->connection, call, timeout_ms, pending, done, user);
}

long bus_take_process(DBusPendingCall **pending)
{
    DBusMessage *reply = bus_take_reply(pending);
    dbus_uint32_t process = 0;

    if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &process, DBUS_TYPE_INVALID))
        process = 0;
    dbus_message_unref(reply);
    return (long)process;
}

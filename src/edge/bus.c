#include "edge/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/clock.h"

enum {
    MESSAGES_PER_TURN = 32,
    NO_MEMORY_PAUSE_MS = 100,
    REPLY_TIMEOUT_MS = 5000,
    FLUSH_MS = 200,
    FLUSH_STEPS = 64,
    /*
     * What may lie unread in this process. The size of a single message is deliberately not limited
     * below the bus' own limit: libdbus would drop the connection, and any peer could end us so.
     */
    RECEIVED_MAX = 1024 * 1024,
};

/* libdbus has one for reading and one for writing, on the one socket of a connection. */
enum { WATCHES_MAX = 2 };

struct bus {
    struct loop *loop;
    DBusConnection *connection;
    struct loop_fd *socket; /* NULL while there is no watch */
    DBusWatch *watches[WATCHES_MAX];
    struct loop_timer dispatch_timer;
    struct loop_timer lost_timer;
    loop_fn lost;
    void *user;
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
    /* Looked at anew each time: handling one watch may toggle or remove the other. */
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

static DBusHandlerResult watch_for_loss(DBusConnection *c, DBusMessage *m, void *user)
{
    struct bus *b = user;

    (void)c;
    if (dbus_message_is_signal(m, DBUS_INTERFACE_LOCAL, "Disconnected") && b->lost)
        loop_timer_arm(&b->lost_timer, 0); /* not from here: it may want to close the bus */
    return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void on_lost_timer(void *user)
{
    struct bus *b = user;
    loop_fn lost = b->lost;

    b->lost = NULL; /* once */
    lost(b->user);
}

/* ---- opening and closing ---- */

static bool hook_up(struct bus *b)
{
    DBusConnection *c = b->connection;

    b->filters = dbus_connection_add_filter(c, watch_for_loss, b, NULL);
    dbus_connection_set_exit_on_disconnect(c, FALSE);
    dbus_connection_set_max_received_size(c, RECEIVED_MAX);
    dbus_connection_set_dispatch_status_function(c, on_dispatch_status, b, NULL);
    return b->filters &&
           dbus_connection_set_watch_functions(c, add_watch, remove_watch, toggle_watch, b, NULL) &&
           dbus_connection_set_timeout_functions(c, add_timeout, remove_timeout, toggle_timeout, b,
                                                 NULL);
}

static struct bus *open_bus(DBusBusType type, struct loop *l, loop_fn lost, void *user, char *why,
                            size_t why_size)
{
    DBusError error = DBUS_ERROR_INIT;
    struct bus *b = calloc(1, sizeof(*b));

    if (!b) {
        snprintf(why, why_size, "out of memory");
        return NULL;
    }
    b->loop = l;
    b->lost = lost;
    b->user = user;
    loop_timer_init(&b->dispatch_timer, l, on_dispatch_timer, b);
    loop_timer_init(&b->lost_timer, l, on_lost_timer, b);
    b->connection = dbus_bus_get_private(type, &error);
    if (!b->connection) {
        snprintf(why, why_size, "no connection to the D-Bus: %s", error.message);
        dbus_error_free(&error);
        free(b);
        return NULL;
    }
    if (!hook_up(b)) {
        snprintf(why, why_size, "out of memory");
        bus_close(b);
        return NULL;
    }
    on_dispatch_status(b->connection, dbus_connection_get_dispatch_status(b->connection), b);
    return b;
}

struct bus *bus_open(struct loop *l, loop_fn lost, void *user, char *why, size_t why_size)
{
    const char *session = getenv("DBUS_SESSION_BUS_ADDRESS");
    DBusBusType type = session && *session ? DBUS_BUS_SESSION : DBUS_BUS_SYSTEM;

    return open_bus(type, l, lost, user, why, why_size);
}

struct bus *bus_open_system(struct loop *l, loop_fn lost, void *user, char *why, size_t why_size)
{
    return open_bus(DBUS_BUS_SYSTEM, l, lost, user, why, why_size);
}

/* What is queued goes out, unless the bus does not take it: then it is let go. */
static void flush(DBusConnection *c)
{
    int64_t end = clock_now_ms() + FLUSH_MS;

    for (int i = 0; i < FLUSH_STEPS && dbus_connection_has_messages_to_send(c); i++) {
        int64_t left = end - clock_now_ms();
        if (left <= 0 || !dbus_connection_read_write(c, (int)left))
            break;
    }
}

void bus_close(struct bus *b)
{
    if (!b)
        return;
    DBusConnection *c = b->connection;
    flush(c);
    if (b->filters)
        dbus_connection_remove_filter(c, watch_for_loss, b);
    dbus_connection_close(c);
    /* These take away the watches and timeouts that are left, and with them all that points to b. */
    dbus_connection_set_dispatch_status_function(c, NULL, NULL, NULL);
    dbus_connection_set_watch_functions(c, NULL, NULL, NULL, NULL, NULL);
    dbus_connection_set_timeout_functions(c, NULL, NULL, NULL, NULL, NULL);
    dbus_connection_unref(c);
    loop_timer_disarm(&b->dispatch_timer);
    loop_timer_disarm(&b->lost_timer);
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

/* ---- names ---- */

static DBusMessage *call_request_name(DBusConnection *c, const char *name, DBusError *error)
{
    dbus_uint32_t flags = DBUS_NAME_FLAG_DO_NOT_QUEUE;
    DBusMessage *call = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                     DBUS_INTERFACE_DBUS, "RequestName");
    DBusMessage *reply = NULL;

    if (call && dbus_message_append_args(call, DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
                                         DBUS_TYPE_INVALID))
        reply = dbus_connection_send_with_reply_and_block(c, call, REPLY_TIMEOUT_MS, error);
    else
        dbus_set_error_const(error, DBUS_ERROR_NO_MEMORY, "out of memory");
    if (call)
        dbus_message_unref(call);
    return reply;
}

int bus_request_name(struct bus *b, const char *name, char *why, size_t why_size)
{
    DBusError error = DBUS_ERROR_INIT;
    dbus_uint32_t answer = 0;

    if (!dbus_validate_bus_name(name, NULL)) {
        snprintf(why, why_size, "\"%s\" is no valid name on the D-Bus", name);
        return -EINVAL;
    }
    /* dbus_bus_request_name() would wait for as long as the bus likes. */
    DBusMessage *reply = call_request_name(b->connection, name, &error);
    if (reply) {
        dbus_message_get_args(reply, &error, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID);
        dbus_message_unref(reply);
    }
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

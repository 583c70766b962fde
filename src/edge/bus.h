/*
 * One private connection to the D-Bus on the loop: libdbus' watches, timeouts and dispatch.
 *
 * The system bus, or the session bus if DBUS_SESSION_BUS_ADDRESS is set, as Victron's own drivers
 * do it. Opening is the one place that may block (Hello, on the local machine). At most a bounded
 * number of messages is dispatched per turn of the loop, so that a flooding peer starves nobody.
 */
#ifndef DTU_EDGE_BUS_H
#define DTU_EDGE_BUS_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>

#include "edge/loop.h"

struct bus;

/*
 * Opens and registers a connection of its own. lost is called once, from the loop, when the bus goes
 * away (the program then exits, and the supervisor starts it again). NULL on failure, with the reason
 * in why.
 */
struct bus *bus_open(struct loop *l, loop_fn lost, void *user, char *why, size_t why_size);

/* The same, and always the system bus. */
struct bus *bus_open_system(struct loop *l, loop_fn lost, void *user, char *why, size_t why_size);

/* Flushes what is queued (bounded), closes. NULL is fine. */
void bus_close(struct bus *b);

DBusConnection *bus_connection(struct bus *b);

/*
 * Sends a method call, which it takes; NULL: there was no memory for it. Nobody is started for it. done is
 * called once, later, in which bus_take_reply() gives the reply, an error or not; unless bus_drop_call() comes
 * first. False, and *pending is NULL, when out of memory or when there is no bus any more.
 */
bool bus_call(DBusConnection *c, DBusMessage *call, int timeout_ms, DBusPendingCall **pending,
              DBusPendingCallNotifyFunction done, void *user);
DBusMessage *bus_take_reply(DBusPendingCall **pending);
void bus_drop_call(DBusPendingCall **pending); /* harmless when there is none */

/* RequestName with DO_NOT_QUEUE. 0; -EEXIST when somebody owns it; other negative errno, why filled. */
int bus_request_name(struct bus *b, const char *name, char *why, size_t why_size);

#endif

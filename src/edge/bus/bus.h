/*
 * One private connection to the D-Bus on the loop: libdbus' watches, timeouts and dispatch.
 *
 * The system bus, or the session bus if DBUS_SESSION_BUS_ADDRESS is set, as Victron's own drivers
 * do it. Nothing here waits: a bus that hangs holds up nothing but what is to be on it. At most a bounded
 * number of messages is dispatched per turn of the loop, so that a flooding peer starves nobody.
 */
#ifndef DTU_EDGE_BUS_H
#define DTU_EDGE_BUS_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>

#include "edge/sys/loop.h"

struct bus;

/* From the loop, never from within a call or from libdbus; each may do anything, close the bus too. NULL is fine. */
struct bus_events {
    loop_fn ready;                               /* once: the bus has answered */
    void (*failed)(void *user, const char *why); /* once, instead of ready: there is no bus */
    loop_fn lost; /* once, after ready: the bus went away (and with it all that was on it) */
    void *user;
};

/*
 * Opens a connection of its own: first ready or failed comes. A bus that accepts and says nothing is waited
 * for, and the log says so; to open another connection meanwhile would not help. NULL: out of memory.
 */
struct bus *bus_open(struct loop *l, const struct bus_events *events);

/* The same, and always the system bus. */
struct bus *bus_open_system(struct loop *l, const struct bus_events *events);

/* What the bus does not take at once is let go. NULL is fine. */
void bus_close(struct bus *b);

/* From ready on. */
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

/*
 * Signals of this match rule are wanted, or not any more. Not waited for: the bus keeps the order, so the rule holds
 * before what is asked after it. Nothing happens when out of memory. In place of libdbus' own two, of which one
 * ends the program then (dbus_bus_remove_match(), 1.16.2).
 */
void bus_add_match(DBusConnection *c, const char *rule);
void bus_remove_match(DBusConnection *c, const char *rule);

/*
 * RequestName with DO_NOT_QUEUE, of a name that is valid: as bus_call(). It has no limit of time, and fails
 * when the bus goes away. In done, bus_take_name() gives 0; -EEXIST when somebody owns it; other negative
 * errno; why is filled.
 */
bool bus_request_name(struct bus *b, const char *name, DBusPendingCall **pending,
                      DBusPendingCallNotifyFunction done, void *user);
int bus_take_name(DBusPendingCall **pending, const char *name, char *why, size_t why_size);

/*
 * Asks for the process that owns a name, as bus_call(). In done, bus_take_process() gives its number; 0 when
 * nobody owns it, or it cannot be told.
 */
bool bus_ask_process(struct bus *b, const char *name, int timeout_ms, DBusPendingCall **pending,
                     DBusPendingCallNotifyFunction done, void *user);
long bus_take_process(DBusPendingCall **pending);

#endif

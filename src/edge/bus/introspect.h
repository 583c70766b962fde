/*
 * What a service tells of its nodes by org.freedesktop.DBus.Introspectable: methods, and the nodes below.
 */
#ifndef DTU_EDGE_INTROSPECT_H
#define DTU_EDGE_INTROSPECT_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>

#include "edge/bus/items.h"

enum node_kind { NODE_LEAF = 1, NODE_INNER = 2, NODE_ROOT = 4 };

/* What a method is called on. */
struct node {
    const char *path;
    enum node_kind kind;
    struct item *item; /* of a leaf; else NULL */
};

struct service;
/* False when out of memory. */
typedef bool (*answer_fn)(struct service *s, const struct node *node, DBusMessage *call,
                          DBusMessageIter *reply);

struct method {
    const char *interface, *name, *in, *out; /* in, out: signatures */
    int kinds;                               /* of the nodes that have it */
    answer_fn answer;
};

/*
 * The XML of a node; of malloc(), NULL when out of memory. methods are in the order of their interfaces.
 * org.freedesktop.DBus.Peer is libdbus' own, and always told of.
 */
char *introspect(const struct node *node, const struct items *items, const struct method *methods,
                 size_t count);

#endif

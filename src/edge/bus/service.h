/*
 * A Venus service: a tree of com.victronenergy.BusItem objects on a connection of its own.
 *
 * Contract (velib_python, aiovelib): GetValue/GetText/SetValue/GetDescription on leaves; GetItems,
 * GetValue, GetText on "/"; GetValue, GetText on inner nodes; Introspectable and Peer everywhere;
 * changes go out as one ItemsChanged on "/" per flush, with only what changed, flagged
 * NO_REPLY_EXPECTED. "No value" is an empty array of int32. The name is claimed only after every
 * path exists.
 *
 * Nothing here knows what a path means.
 */
#ifndef DTU_EDGE_SERVICE_H
#define DTU_EDGE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/value.h"
#include "edge/sys/loop.h"

struct service;

struct service_item {
    const char *path;        /* absolute; borrowed, must outlive the service */
    const char *description; /* GetDescription; NULL is "" */
    enum text_format text;
    bool writable;
    /*
     * Of a writable item that commands something: what is written is of this type, and each write is handed on,
     * of the value that is there too, for it may not be so any more where the command goes. VALUE_INVALID: none.
     */
    enum value_type command;
    bool quiet;         /* its changes are not announced */
    struct value value; /* at first; a string is copied, a list of them (static) is not */
};

enum { SERVICE_ACCEPTED = 0, SERVICE_NOT_WRITABLE = 1, SERVICE_REFUSED = 2 };

/*
 * A SetValue on a writable item, converted to the command's or else the item's present type where that loses
 * nothing (i, u, x, q, n, y, b, d alike). Returns SERVICE_ACCEPTED or SERVICE_REFUSED; the callback itself
 * calls service_set() for what it accepts, and the service flushes after it.
 */
typedef int (*service_write_fn)(void *user, size_t item, const struct value *value);

/* NULL is fine. All but write come from the loop, may do anything, destroy the service too. */
struct service_events {
    service_write_fn write; /* NULL: nothing is writable */
    loop_fn there;          /* once: it has its name, and everybody sees it */
    /*
     * Once, instead of there: the service is good for nothing but to be destroyed. err is -EEXIST when
     * another process owns the name; why is a line for the log, borrowed.
     */
    void (*failed)(void *user, int err, const char *why);
    loop_fn lost; /* once, after there: the bus went away */
    void *user;
};

/*
 * Opens a connection, exports the items, claims name: there or failed tells how that went. NULL when out of
 * memory or when a path or the name is none, with a line in why.
 */
struct service *service_create(struct loop *l, const char *name, const struct service_item *items,
                               size_t count, const struct service_events *events, char *why,
                               size_t why_size);

/*
 * Adds an item while the service runs: it has the next place behind the others, and goes out with the next flush. Its
 * path is copied. 0; -EINVAL for a path that is none or is there, -ENOMEM: nothing was added. Not from inside a write.
 */
int service_add(struct service *s, const struct service_item *item);

/* Releases the name, flushes, closes. NULL is fine. Not from inside a write callback. */
void service_destroy(struct service *s);

/* Sets an item by its place in items. Nothing goes out before the flush. Strings are copied. */
void service_set(struct service *s, size_t item, const struct value *value);

/* Sends what changed since the last flush in one signal; nothing when nothing did, or it is not there yet. */
void service_flush(struct service *s);

const char *service_name(const struct service *s);

#endif

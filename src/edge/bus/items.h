/*
 * The items of a service: a short list, each path once, in which a path may also be a node above others.
 */
#ifndef DTU_EDGE_ITEMS_H
#define DTU_EDGE_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "edge/bus/service.h"

struct item {
    struct service_item conf; /* conf.value is the present one */
    char *text;               /* where a string value lies */
    char *path;               /* where conf.path lies; NULL: it is borrowed */
    bool changed;             /* since that was last taken away */
};

struct items {
    size_t count;
    size_t room;       /* in the list */
    struct item *list; /* in the order in which they were given */
};

/* 0; -EINVAL, -ENOMEM with a line in why. Paths are borrowed, strings are copied. */
int items_init(struct items *items, const struct service_item *list, size_t count, char *why,
               size_t why_size);
void items_finish(struct items *items); /* zeroed ones too */

/*
 * Adds one at the end, as changed. Its path is copied. Pointers to items are void then. 0; -EINVAL for what is no path or
 * is there, -ENOMEM: nothing was added.
 */
int items_add(struct items *items, const struct service_item *conf);

/* NULL when no item has this path. */
struct item *items_find(const struct items *items, const char *path);

/* The item's path from a node above it on: "L1/Power" of "/Ac/L1/Power" from "/Ac". NULL: it is not below. */
const char *item_below(const struct item *item, const char *node);

/* Whether any item is below a node. */
bool items_below(const struct items *items, const char *node);

/*
 * A string is cleaned (core/text.h) and copied. Marks the item as changed, and returns true, if it has; never
 * a quiet one.
 */
bool item_set(struct item *item, const struct value *value);

#endif

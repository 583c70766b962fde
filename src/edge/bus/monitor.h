/*
 * Follows the Venus services that are on the bus, and their items. Nothing is kept here but which
 * services there are: every value goes on to the owner, who says which services are of interest.
 *
 * Each service that is followed is one match rule and one GetItems (GetValue of "/" for those that
 * have none); after that it only listens: ItemsChanged on "/", PropertiesChanged on leaves,
 * NameOwnerChanged. Nothing blocks.
 *
 * What comes is the word of other processes: at most MONITOR_SERVICES_MAX services are followed, at
 * most MONITOR_ITEMS_MAX items of a message are read, longer texts are left out.
 */
#ifndef DTU_EDGE_MONITOR_H
#define DTU_EDGE_MONITOR_H

#include <stddef.h>

#include "core/value.h"
#include "edge/sys/loop.h"

enum {
    MONITOR_SERVICES_MAX = 256,
    MONITOR_ITEMS_MAX = 1024, /* of one message */
    MONITOR_TEXT_MAX = 1024,  /* bytes of a text; a longer one is no value */
};

enum monitor_news {
    MONITOR_TOLD,    /* it has told all of its items: once after it came */
    MONITOR_UPDATED, /* it has announced some that changed */
    MONITOR_SILENT,  /* it does not reply; it is asked again, until it does */
};

/* From the loop. They may not destroy the monitor. */
struct monitor_events {
    /*
     * A service is there. Returns what the others get as service, or NULL to leave it alone. When
     * another process takes a name over, it is gone and comes again.
     */
    void *(*came)(void *user, const char *name);
    void (*gone)(void *user, void *service);
    /* One item of a message; text values are borrowed. Behind the last of them, the news. */
    void (*item)(void *user, void *service, const char *path, const struct value *value);
    void (*news)(void *user, void *service, enum monitor_news news);
    void (*settled)(void *user); /* once: every service of the beginning has told, or is silent */
    void (*failed)(void *user, const char *why); /* once: there is no bus, or it does not answer */
    loop_fn lost;                                /* once: the bus went away */
    void *user;
};

struct monitor;

/* NULL when out of memory. events is copied. */
struct monitor *monitor_create(struct loop *l, const struct monitor_events *events);

/* gone() is not called for what is still there. NULL is fine. */
void monitor_destroy(struct monitor *b);

#endif

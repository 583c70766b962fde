/*
 * Follows the Venus services that are on the bus, and their items. Nothing is kept here but which
 * services there are: every value goes on to the owner, who says which services are of interest.
 *
 * Each service that is followed is one match rule and one GetItems (GetValue of "/" for those that
 * have none); after that it only listens: ItemsChanged on "/", PropertiesChanged on leaves,
 * NameOwnerChanged. Nothing blocks.
 *
 * What comes is the word of other processes: at most BROWSER_SERVICES_MAX services are followed, at
 * most BROWSER_ITEMS_MAX items of a message are read, longer texts are left out.
 */
#ifndef DTU_EDGE_BROWSER_H
#define DTU_EDGE_BROWSER_H

#include <stddef.h>

#include "core/value.h"
#include "edge/loop.h"

enum {
    BROWSER_SERVICES_MAX = 256,
    BROWSER_ITEMS_MAX = 1024, /* of one message */
    BROWSER_TEXT_MAX = 1024,  /* bytes of a text; a longer one is no value */
};

enum browser_news {
    BROWSER_TOLD,    /* it has told all of its items: once after it came */
    BROWSER_UPDATED, /* it has announced some that changed */
    BROWSER_SILENT,  /* it does not reply; it is asked again, until it does */
};

/* From the loop. They may not destroy the browser. */
struct browser_events {
    /*
     * A service is there. Returns what the others get as service, or NULL to leave it alone. When
     * another process takes a name over, it is gone and comes again.
     */
    void *(*came)(void *user, const char *name);
    void (*gone)(void *user, void *service);
    /* One item of a message; text values are borrowed. Behind the last of them, the news. */
    void (*item)(void *user, void *service, const char *path, const struct value *value);
    void (*news)(void *user, void *service, enum browser_news news);
    void (*settled)(void *user); /* once: every service of the beginning has told, or is silent */
    void (*failed)(void *user, const char *why); /* once: there is no bus, or it does not answer */
    loop_fn lost;                                /* once: the bus went away */
    void *user;
};

struct browser;

/* NULL when out of memory. events is copied. */
struct browser *browser_create(struct loop *l, const struct browser_events *events);

/* gone() is not called for what is still there. NULL is fine. */
void browser_destroy(struct browser *b);

#endif

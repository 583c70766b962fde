/*
 * What announces itself in the local network by multicast DNS, through Avahi's D-Bus API on the system bus
 * (org.freedesktop.Avahi.Server of Avahi 0.6 and later: ServiceBrowserNew, ResolveService). Nothing is sent to whom
 * is found: Avahi alone asks, for all of the network.
 */
#ifndef DTU_EDGE_MDNS_BROWSE_H
#define DTU_EDGE_MDNS_BROWSE_H

#include <stddef.h>

#include "edge/sys/loop.h"

enum {
    MDNS_BROWSE_TYPES_MAX = 8,
    MDNS_SERVICES_MAX = 96 /* a system bus holds back more than 128 answers at a time */
};

/* Text is as it was announced: not cleaned, but for its length. */
struct mdns_service {
    char type[32];    /* "_shelly._tcp" */
    char name[64];    /* "shellypro3em-a0b1c2d3e4f5": for people */
    char host[64];    /* "shellypro3em-a0b1c2d3e4f5.local" */
    char address[16]; /* IPv4 */
    unsigned port;
};

struct mdns_browse;

struct mdns_browse_events {
    /* Each service once; at most MDNS_SERVICES_MAX. */
    void (*found)(void *user, const struct mdns_service *service);
    /* Once, at the end. why: NULL, or why nobody could be asked. It may destroy the browse. */
    void (*ended)(void *user, const char *why);
    void *user;
};

/*
 * Looks for services of count types for at most time_ms, or until Avahi says that these are all. Events come from the
 * loop, never from inside this call. types are borrowed. NULL when out of memory.
 */
struct mdns_browse *mdns_browse_create(struct loop *l, const char *const *types, size_t count,
                                       unsigned time_ms, const struct mdns_browse_events *events);
void mdns_browse_destroy(struct mdns_browse *b); /* NULL is fine */

#endif

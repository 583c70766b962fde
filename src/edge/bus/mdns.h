/*
 * Names ending in ".local", through Avahi's D-Bus API on the system bus: a static program has no
 * plug-ins of the C library that would do it, and asking the name server for them is wrong.
 * (org.freedesktop.Avahi.Server.ResolveHostName of Avahi 0.6 and later.)
 */
#ifndef DTU_EDGE_MDNS_H
#define DTU_EDGE_MDNS_H

#include <stdbool.h>

#include "edge/sys/loop.h"

struct mdns;
struct DBusPendingCall;

/* How long an address may be used: the life of a host's record in multicast DNS (RFC 6762, 10). */
enum { MDNS_LIFE_MS = 120 * 1000, MDNS_HOST_MAX = 256, MDNS_ADDRESS_MAX = 16 };

/* Whether a name is one of these; any case, a final dot is tolerated. */
bool mdns_is_local(const char *host);

struct mdns *
mdns_create(struct loop *l);       /* opens the bus when it is first asked; NULL: no memory */
void mdns_destroy(struct mdns *m); /* after its queries; NULL is fine */

/*
 * address is an IPv4 address, or NULL: then why says what to do, and no_avahi whether there was
 * nobody to ask, so that another way may be tried.
 */
typedef void (*mdns_done_fn)(void *user, const char *address, bool no_avahi, const char *why);

/* Lies in its owner's struct; zero it to begin. Fields are the module's. */
struct mdns_query {
    struct mdns *mdns;
    struct mdns_query *next;
    struct DBusPendingCall *call;
    struct loop_timer timer;
    mdns_done_fn done;
    void *user;
    unsigned timeout_ms;
    bool no_avahi;
    char host[MDNS_HOST_MAX];
    char address[MDNS_ADDRESS_MAX];
    char why[160];
};

/* Calls done exactly once, from the loop and never from inside this call, unless cancelled before. */
void mdns_ask(struct mdns *m, struct mdns_query *q, const char *host, unsigned timeout_ms,
              mdns_done_fn done, void *user);
void mdns_cancel(struct mdns_query *q); /* harmless when nothing is under way */

#endif

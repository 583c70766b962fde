/*
 * What carries messages to gateways, and what they push: a row each, in edge/net/transports.c. A driver names those that
 * its gateways speak (core/driver.h), and nothing else in the program knows which they are: a new protocol is one
 * file here, its row, and a driver.
 */
#ifndef DTU_EDGE_TRANSPORT_H
#define DTU_EDGE_TRANSPORT_H

#include <stddef.h>

#include "core/conf.h"
#include "core/message.h"
#include "core/reply.h"
#include "edge/net/feed.h"
#include "edge/net/http.h"
#include "edge/sys/loop.h"

/* A line to one gateway; it has at most one message under way. */
struct transport {
    const char *name; /* as drivers write it: "http" */
    /* conf outlives the line. http is what all of HTTP shares. NULL when out of memory. */
    void *(*open)(struct loop *l, struct http *http, const struct gateway_conf *conf);
    void (*close)(void *line); /* cancels; allowed inside done; NULL is fine */
    /*
     * done is called exactly once, later, never from inside this call, and not after close(). m is copied. Nonzero:
     * it could not be begun, and done is not called.
     */
    int (*send)(void *line, const struct message *m, http_done_fn done, void *user);
};

/* See edge/net/ws_listener.h, whose contract this is. */
struct feed_transport {
    const char *name; /* "websocket" */
    void *(*listen)(struct loop *l, const struct gateway_conf *conf, const char *path,
                    unsigned silence_ms, const struct feed_events *events);
    void (*close)(void *listener); /* NULL is fine */
};

extern const struct transport *const transports[];           /* NULL-terminated */
extern const struct feed_transport *const feed_transports[]; /* NULL-terminated */

/* NULL where there is none of that name. */
const struct transport *transport_find(const char *name);
const struct feed_transport *feed_transport_find(const char *name);

#endif

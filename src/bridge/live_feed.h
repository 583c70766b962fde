/*
 * The live feed of one gateway, a WebSocket: opens it when core/schedule.h says so, and tells when it ends.
 * What it brings is the driver's, and polling goes on where it does not.
 */
#ifndef DTU_BRIDGE_LIVE_FEED_H
#define DTU_BRIDGE_LIVE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schedule.h"
#include "edge/net/http.h"
#include "edge/net/ws_listener.h"
#include "edge/sys/log.h"
#include "edge/sys/loop.h"

struct live_feed_events {
    void (*message)(void *user, const char *text, size_t len); /* as in edge/net/ws_listener.h */
    void (*ended)(void *user); /* one that had brought something has ended */
    void *user;
};

/* Lies in its owner's struct. Fields are the module's. */
struct live_feed {
    struct loop *loop;
    const char *section; /* for messages */
    struct http_peer_conf peer;
    struct live_feed_events events;
    struct ws_listener *listener;
    struct feed_schedule schedule;
    struct log_fault flood;
    bool heard;
};

/* The texts in peer, and section, are borrowed. */
void live_feed_init(struct live_feed *live, struct loop *l, const char *section,
                    const struct http_peer_conf *peer, const struct live_feed_events *events);

/* A cycle is complete: opens it unless it is open already, or not due. */
void live_feed_open(struct live_feed *live, const char *path);
void live_feed_close(struct live_feed *live); /* without a word; harmless when it is not open */

/* Whether it is open and has brought something. */
static inline bool live_feed_heard(const struct live_feed *live)
{
    return live->heard;
}

#endif

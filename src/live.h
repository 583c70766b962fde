/*
 * The live feed of one gateway, a WebSocket: opens it when core/schedule.h says so, and tells when it ends.
 * What it brings is the driver's, and polling goes on where it does not.
 */
#ifndef DTU_LIVE_H
#define DTU_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schedule.h"
#include "edge/http.h"
#include "edge/log.h"
#include "edge/loop.h"
#include "edge/ws_listener.h"

struct live_events {
    void (*message)(void *user, const char *text, size_t len); /* as in edge/ws_listener.h */
    void (*ended)(void *user); /* one that had brought something has ended */
    void *user;
};

/* Lies in its owner's struct. Fields are the module's. */
struct live {
    struct loop *loop;
    const char *section; /* for messages */
    struct http_peer_conf peer;
    struct live_events events;
    struct ws_listener *listener;
    struct feed_schedule schedule;
    struct log_fault flood;
    bool heard;
};

/* The texts in peer, and section, are borrowed. */
void live_init(struct live *live, struct loop *l, const char *section,
               const struct http_peer_conf *peer, const struct live_events *events);

/* A cycle is complete: opens it unless it is open already, or not due. */
void live_open(struct live *live, const char *path);
void live_close(struct live *live); /* without a word; harmless when it is not open */

/* Whether it is open and has brought something. */
static inline bool live_heard(const struct live *live)
{
    return live->heard;
}

#endif

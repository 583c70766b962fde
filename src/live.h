/*
 * The live feed of one gateway, a WebSocket: when to open it, and what to do when it ends. What it
 * brings is the driver's, and polling goes on where it does not.
 *
 * It is opened after a complete cycle. One that ends is opened again after the next one, but no
 * sooner than a minute after it had begun; one that fails to begin is tried again after 1, 2, 4 ...
 * at most 30 minutes, and one that the gateway does not offer, or refuses, after an hour.
 */
#ifndef DTU_LIVE_H
#define DTU_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edge/http.h"
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
    bool heard;
    int64_t opened_ms, due_ms; /* not to be opened before */
    unsigned failures;         /* in a row */
};

/* The texts in peer, and section, are borrowed. */
void live_init(struct live *live, struct loop *l, const char *section,
               const struct http_peer_conf *peer, const struct live_events *events);

/* A cycle is complete: opens it unless it is open already, or not due yet. */
void live_open(struct live *live, const char *path);
void live_close(struct live *live); /* without a word; harmless when it is not open */

/* Whether it is open and has brought something. */
static inline bool live_heard(const struct live *live)
{
    return live->heard;
}

#endif

/*
 * The live feed of one gateway: opens it when core/schedule.h says so, and tells when it ends.
 * What it brings is the driver's, and polling goes on where it does not.
 */
#ifndef DTU_BRIDGE_LIVE_FEED_H
#define DTU_BRIDGE_LIVE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/driver.h"
#include "core/schedule.h"
#include "edge/net/transport.h"
#include "edge/sys/log.h"
#include "edge/sys/loop.h"

struct live_feed_events {
    void (*message)(void *user, const char *text, size_t len); /* as in edge/net/feed.h */
    void (*ended)(void *user); /* one that had brought something has ended */
    void *user;
};

/* Lies in its owner's struct. Fields are the module's. */
struct live_feed {
    struct loop *loop;
    const struct gateway_conf *conf;
    struct live_feed_events events;
    const struct feed_transport *transport;
    void *listener; /* of the transport; NULL: it does not listen */
    struct feed_schedule schedule;
    struct log_fault flood;
    bool heard;
};

/* conf is borrowed. */
void live_feed_init(struct live_feed *live, struct loop *l, const struct gateway_conf *conf,
                    const struct live_feed_events *events);

/* A cycle is complete: opens it unless it is open already, or not due. */
void live_feed_open(struct live_feed *live, const struct feed *feed);
void live_feed_close(struct live_feed *live); /* without a word; harmless when it is not open */

/* Whether it is open and has brought something. */
static inline bool live_feed_heard(const struct live_feed *live)
{
    return live->heard;
}

#endif

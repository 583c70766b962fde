/*
 * Asks one gateway, for ever: when to begin a cycle, which request comes next, what to do when it
 * fails. core/schedule.h says when, the driver what to ask and what it means, the transport how; the owner
 * gets readings, each as it comes.
 *
 * A gateway that pushes is listened to (bridge/live_feed.h), and then asked the less. One message is under way at
 * a time: commands (bridge/outbox.h) go before requests.
 */
#ifndef DTU_BRIDGE_POLLER_H
#define DTU_BRIDGE_POLLER_H

#include <stdbool.h>

#include "bridge/outbox.h"
#include "core/conf.h"
#include "core/driver.h"
#include "core/health.h"
#include "core/reading.h"
#include "core/schedule.h"
#include "edge/net/http.h"
#include "edge/sys/loop.h"

struct poller;

struct poller_events {
    /* latency_ms: round trip of the request that brought it. r lives for the call only. */
    void (*reading)(void *user, const struct reading *r, double latency_ms);
    /* A reading that came by itself, within a cycle or between two. */
    void (*pushed)(void *user, const struct reading *r);
    void (*gateway)(void *user, const struct gateway_info *info);
    /* See core/driver.h; the rest of the list may come before its end. */
    void (*listed)(void *user, unsigned index, const char *serial);
    void (*list_end)(void *user);
    /* A cycle ended. c lives for the call only. */
    void (*cycle)(void *user, const struct cycle *c);
    /* The gateway's health shows another snapshot: with the next reading, or the next cycle that fails. */
    void (*health)(void *user);
    /* May be NULL: every reply or failed request, before anything is made of it. */
    void (*reply)(void *user, const struct message *request, const struct gateway_reply *result);
    /* May be NULL: every message that came by itself, likewise. It lives for the call only. */
    void (*message)(void *user, const char *text, size_t len);
    struct outbox_events outbox; /* zeroed where nothing is commanded */
    void *user;
};

/*
 * Begins with the next turn of the loop. conf is borrowed and must outlive the poller; NULL when out
 * of memory. No callback may destroy the poller.
 */
struct poller *poller_create(struct loop *l, struct http *h, const struct gateway_conf *conf,
                             const struct poller_events *events);
void poller_destroy(struct poller *p); /* cancels what is under way; NULL is fine */

/* Something depends on what the gateway lists: a cycle begins as soon as the interval allows. */
void poller_ask(struct poller *p);

/* A person wants to know: a cycle begins at once, unless one is under way. */
void poller_ask_now(struct poller *p);

/* There may be a command to send, or something to look at: it goes as soon as the gateway is free. */
void poller_wake(struct poller *p);

/* Whether its gateway, as far as that is known, takes commands. */
bool poller_takes_commands(const struct poller *p);

/* Whether it is listened to at present. */
bool poller_listens(const struct poller *p);

/* How its gateway has answered since poller_create(); lives as long as the poller. */
const struct health *poller_health(const struct poller *p);

#endif

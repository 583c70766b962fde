/*
 * Asks one gateway, for ever: when to begin a cycle, which request comes next, what to do when it
 * fails. The driver knows what to ask and what it means; the transport knows how; the owner gets
 * readings.
 *
 * Between the beginnings of two cycles lies the gateway's polling interval. While it fails:
 * - nobody answers at its address (refused, no route, no name): asked again each interval, since
 *   that costs nobody anything and makes the recovery immediate;
 * - it answers wrongly or not in time: the interval doubles after the second failure, up to four
 *   times (bounded by RetryAfterSeconds), with a tenth of jitter, so that a DTU that is short of
 *   memory is left alone;
 * - it says Retry-After: that long, at most 15 minutes.
 *
 * A gateway that pushes is listened to (live.h), and then not asked before 15 minutes are over, or
 * before it has said nothing of one of its inverters for longer than it may.
 */
#ifndef DTU_POLLER_H
#define DTU_POLLER_H

#include <stdbool.h>

#include "core/conf.h"
#include "core/driver.h"
#include "core/health.h"
#include "core/reading.h"
#include "edge/http.h"
#include "edge/loop.h"

struct poller;

struct poller_events {
    /* latency_ms: round trip of the request that brought it. r lives for the call only. */
    void (*reading)(void *user, const struct reading *r, double latency_ms);
    /* A reading that came by itself, within a cycle or between two. */
    void (*pushed)(void *user, const struct reading *r);
    void (*gateway)(void *user, const struct gateway_info *info);
    /* A cycle ended. complete: every inverter that the gateway lists was asked and answered for. */
    void (*cycle)(void *user, bool complete);
    /* May be NULL: every reply or failed request, before anything is made of it. */
    void (*reply)(void *user, const struct request *request, const struct http_result *result);
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

/* How its gateway has answered since poller_create(); lives as long as the poller. */
const struct health *poller_health(const struct poller *p);

#endif

/*
 * One gateway: asks it, tells the fleet what it brings, and what it lists at the end of each cycle.
 */
#ifndef DTU_BRIDGE_GATEWAY_H
#define DTU_BRIDGE_GATEWAY_H

#include "bridge/fleet.h"
#include "bridge/limiter.h"
#include "core/conf.h"
#include "edge/net/http.h"
#include "edge/sys/loop.h"

struct gateway;

/*
 * conf is copied; unnamed too (NULL: inverters without a section are not added). Fleet and limiter are
 * borrowed. NULL when out of memory.
 */
struct gateway *gateway_create(struct loop *l, struct http *h, const struct gateway_conf *conf,
                               const struct device_conf *unnamed, struct fleet *fleet,
                               struct limiter *limiter);
void gateway_destroy(struct gateway *g); /* NULL is fine */

/*
 * Another configuration of the same gateway: one that does not differ leaves what is under way alone.
 * False when memory ran out.
 */
bool gateway_reconfigure(struct gateway *g, const struct gateway_conf *conf,
                         const struct device_conf *unnamed);

/* The configuration lacks it: it goes on for commands alone, and brings nothing any more. */
void gateway_retire(struct gateway *g);

/* A command may wait for it. */
void gateway_wake(struct gateway *g);

#endif

/*
 * The gateways that the configuration names, by their numbers (core/lineup.h): asked, changed, let go. One that has
 * inverters with a power limit stays until that is lifted, for at most a minute.
 */
#ifndef DTU_BRIDGE_GATEWAYS_H
#define DTU_BRIDGE_GATEWAYS_H

#include <stdbool.h>

#include "bridge/fleet.h"
#include "bridge/gateway.h"
#include "bridge/limiter.h"
#include "core/conf.h"
#include "edge/net/http.h"
#include "edge/sys/loop.h"

struct gateways;

/* http is borrowed. NULL when out of memory. */
struct gateways *gateways_create(struct loop *l, struct http *http);
void gateways_destroy(struct gateways *g); /* at once; NULL is fine */

/* FLEET_GATEWAYS of them, by number; NULL where there is none. Lasts as long as g. */
struct gateway *const *gateways_list(const struct gateways *g);

/* Before the devices are lined up again: what those have brought that the configuration lacks waits for others. */
void gateways_retire(struct gateways *g, const struct config *config);

/*
 * After that: those that it lacks are let go, the others are asked from now on as it says. What has not changed is not
 * touched. fleet and limiter are borrowed, and the same each time. False when out of memory.
 */
bool gateways_apply(struct gateways *g, const struct config *config, struct fleet *fleet,
                    struct limiter *limiter);

/* This one, by number, has a command to carry out. */
void gateways_wake(struct gateways *g, int number);

/* Each of the configuration is asked now, without waiting for its turn. */
void gateways_ask_now(struct gateways *g);

#endif

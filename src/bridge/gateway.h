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

/* A person wants to know: it is asked at once. */
void gateway_ask_now(struct gateway *g);

enum gateway_state {
    GATEWAY_STARTS, /* not asked yet */
    GATEWAY_ANSWERS,
    GATEWAY_FAILS,
    GATEWAY_UNFOUND, /* nothing that is a DTU has answered at an added address */
};

struct gateway_overview { /* borrowed, until something of the gateway changes */
    const struct gateway_conf *conf;
    const char *product, *firmware; /* "": not known */
    const char *why;                /* of the present fault; "": there is none */
    const struct health_view *health;
    enum gateway_state state;
    bool pushes;
};

void gateway_overview(const struct gateway *g, struct gateway_overview *out);

/* A command may wait for it. */
void gateway_wake(struct gateway *g);

#endif

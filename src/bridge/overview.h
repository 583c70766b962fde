/*
 * com.victronenergy.opendtu: what the page of this program on the GX screen reads and writes, as dbus-shelly and
 * dbus-fronius have such a service. docs/dbus.md lists its paths.
 *
 * One per GX device: a second copy of the program does without. What was measured goes out with what brings it, but not
 * within OVERVIEW_STEP_MS of the last time: no timer wakes the program for it. What is written there takes effect at once.
 */
#ifndef DTU_BRIDGE_OVERVIEW_H
#define DTU_BRIDGE_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/fleet.h"
#include "bridge/gateway.h"
#include "core/conf.h"
#include "edge/sys/loop.h"

enum { OVERVIEW_STEP_MS = 4 * 1000, OVERVIEW_REFRESH_MS = 10 * 1000 };

struct overview;

enum overview_state {
    OVERVIEW_STARTS,
    OVERVIEW_RUNS,
    OVERVIEW_FAULTS,  /* of the configuration: the healthy devices run */
    OVERVIEW_REFUSED, /* a changed file: the earlier configuration stays in force */
    OVERVIEW_DRY_RUN,
};

/* What it tells of; its owner's, who changes it. */
struct overview_source {
    struct fleet *fleet;             /* NULL: there is none yet */
    struct gateway *const *gateways; /* FLEET_GATEWAYS of them, NULL where there is none */
    const struct addresses *added;   /* NULL: none can be added yet */
    bool dry_run;                    /* what was measured stays away from the bus */
};

struct overview_events {
    loop_fn
        refresh; /* every gateway is to be asked at once; no more often than OVERVIEW_REFRESH_MS */
    bool (*add)(void *user, const char *addresses); /* another list; false: refused */
    void *user;
};

/* source is borrowed. A bus that is not there, and a name that is taken, is waited for. NULL when out of memory. */
struct overview *overview_create(struct loop *l, const struct overview_source *source,
                                 const struct overview_events *events);
void overview_destroy(struct overview *o); /* NULL is fine */

/* The configuration was read from path. report is copied as far as it is shown. */
void overview_config(struct overview *o, enum overview_state state, const char *path,
                     const struct conf_report *report);

/* A gateway was asked, or told something. */
void overview_pass(struct overview *o);

/* Something that is seldom has changed: shown with the next turn of the loop. */
void overview_renew(struct overview *o);

#endif

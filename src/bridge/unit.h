/*
 * One device: what is known of it and, once it is known which one that is, its service on the bus.
 */
#ifndef DTU_BRIDGE_UNIT_H
#define DTU_BRIDGE_UNIT_H

#include <stdbool.h>

#include "bridge/claims.h"
#include "bridge/controls.h"
#include "core/conf.h"
#include "core/device.h"
#include "core/reading.h"
#include "core/schedule.h"
#include "edge/sys/loop.h"

struct unit;

struct unit_env {
    struct loop *loop;
    struct claims *claims;
    struct limiter *limiter;
    bool dry_run;     /* read and log, publish nothing but the service */
    loop_fn bus_lost; /* the D-Bus has gone: the program cannot go on */
    loop_fn settled;  /* something was learnt that is worth saving soon */
    loop_fn chosen;   /* the owner set something */
    loop_fn passed;   /* something has come, or should have: it is shown by now */
    void *user;
};

/*
 * env is borrowed and must outlive the unit; conf is copied. memory (may be NULL) is what is known of
 * the device: with a serial in it, the service appears as soon as its name is settled; without one,
 * after the first reading. NULL when out of memory.
 */
struct unit *unit_create(const struct unit_env *env, const struct device_conf *conf,
                         const struct device_memory *memory);
void unit_destroy(struct unit *u); /* takes the service off the bus; NULL is fine */

/*
 * Another configuration of the same device (one that is off takes it off the bus). What can be changed while it is on the bus is; for another
 * class or instance its service goes and comes again. Nothing happens when nothing differs.
 */
void unit_reconfigure(struct unit *u, const struct device_conf *conf);

/*
 * u goes on as what the unit of a section is configured as, which has no device yet and is destroyed.
 */
void unit_succeed(struct unit *u, struct unit *section);

void unit_counts_anew(struct unit *u); /* see device_counts_anew() */

/* env->dry_run has changed. */
void unit_show_again(struct unit *u);

/*
 * The unit is the device of this memory from now on. Of the one before, it keeps only what the owner
 * chose and the new one has no choice of its own for. False when out of memory: nothing has changed.
 */
bool unit_become(struct unit *u, const struct device_memory *memory);

/* A reading of this unit's device. */
void unit_feed(struct unit *u, const struct reading *r, double latency_ms);

/* A cycle of its gateway is over: if nothing of this unit has come since it began, that counts as a miss. */
void unit_cycle(struct unit *u, const struct cycle *c);

/* The health of its gateway has another snapshot: shown now, unless something was shown within a minute. */
void unit_health_renewed(struct unit *u);

void unit_gateway(struct unit *u, const struct gateway_info *info);

/* How its gateway answers; NULL: not known. Copied. */
void unit_health(struct unit *u, const struct health_view *health);

void unit_remember(const struct unit *u, struct device_memory *out);

const char *unit_serial(const struct unit *u); /* "": not known yet */

/* How a message calls it: "INVERTER0", "inverter 114182940773". */
const char *unit_label(const struct unit *u);

/* One line of INFO: what it does at the moment. */
void unit_sign_of_life(const struct unit *u);

#endif

/*
 * One [INVERTERn] or [TEMPLATEn]: its device and, once it is known which one that is, its service on
 * the bus.
 */
#ifndef DTU_UNIT_H
#define DTU_UNIT_H

#include <stdbool.h>

#include "core/conf.h"
#include "core/device.h"
#include "core/reading.h"
#include "edge/loop.h"

struct unit;

struct unit_env {
    struct loop *loop;
    bool dry_run;     /* read and log, publish nothing but the service */
    loop_fn bus_lost; /* the D-Bus has gone: the program cannot go on */
    loop_fn settled;  /* something was learnt or set that is worth saving soon */
    void *user;
};

/*
 * conf and env are borrowed and must outlive the unit. With a memory that holds a serial the service
 * appears at once; without one, with the first reading. NULL when out of memory.
 */
struct unit *unit_create(const struct unit_env *env, const struct device_conf *conf,
                         const struct device_memory *memory);
void unit_destroy(struct unit *u); /* takes the service off the bus; NULL is fine */

const struct device_conf *unit_conf(const struct unit *u);

/*
 * The unit is another inverter from now on: counters of the old one are forgotten, what the user set
 * stays.
 */
void unit_replace(struct unit *u, const char *serial);

/* A reading of this unit's device. */
void unit_feed(struct unit *u, const struct reading *r, double latency_ms);

/* A cycle ended: if it brought no reading for this unit, that counts as a miss. */
void unit_cycle(struct unit *u);

void unit_gateway(struct unit *u, const struct gateway_info *info);

/* How its gateway answers: borrowed until another, or NULL, is given. */
void unit_health(struct unit *u, const struct health *health);

void unit_remember(const struct unit *u, struct device_memory *out);

/* One line of INFO: what it does at the moment. */
void unit_sign_of_life(const struct unit *u);

#endif

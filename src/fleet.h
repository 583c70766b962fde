/*
 * All units, and which inverter each of them is: what the gateways bring goes to the unit that is
 * bound to its serial, whichever gateway brings it (see core/roster.h).
 */
#ifndef DTU_FLEET_H
#define DTU_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf.h"
#include "core/roster.h"
#include "memory.h"
#include "unit.h"

struct fleet;

enum {
    FLEET_MAX = 256, /* units; further inverters are not added */
    /* An inverter that was added by itself and is no longer listed is taken off the bus after this. */
    FLEET_MISSING_MS = 10 * 60 * 1000
};

/* A gateway by its number, the same over reloads: that of [DTUn], or behind those of [TEMPLATEn]. */
enum { FLEET_GATEWAYS = CONF_GATEWAYS_MAX };
int fleet_gateway(const struct gateway_conf *conf);

/*
 * Under which name the memory keeps which inverter a section has. With another DTU= a section is
 * another one. home: its gateway, by its number.
 */
void fleet_binding(const char *section, int home, char out[CONF_SECTION_MAX]);

/* env and memory are borrowed and must outlive the fleet. NULL when out of memory. */
struct fleet *fleet_create(const struct unit_env *env, struct memory *memory);
void fleet_destroy(struct fleet *f); /* without remembering; NULL is fine */

/*
 * Makes the units what config says: those whose section has not changed are not touched. config is
 * only read. False when memory ran out.
 */
bool fleet_apply(struct fleet *f, const struct config *config);

/* env->dry_run has changed. */
void fleet_show_again(struct fleet *f);

/*
 * A reading that a gateway brings. False when no unit is that inverter: it may be one when the
 * gateway's list is complete (fleet_list).
 */
bool fleet_feed(struct fleet *f, int gateway, const struct reading *r, double latency_ms);

/*
 * What a gateway lists, at the end of its cycle: binds, rebinds, adds. unnamed: the configuration of
 * an inverter that no section names; NULL: none is added. Returns how many are left without a unit.
 */
size_t fleet_list(struct fleet *f, const struct roster_list *list,
                  const struct device_conf *unnamed);

/* The gateway's cycle is over: units of it that got nothing have missed one. */
void fleet_cycle(struct fleet *f, int gateway);

void fleet_info(struct fleet *f, int gateway, const struct gateway_info *info);

/*
 * The gateway is asked for fewer inverters from now on. What had been added by itself, and its next
 * complete list lacks, is not waited for.
 */
void fleet_narrow(struct fleet *f, int gateway);

/* It is not asked any more: an inverter that it brought waits for any gateway that lists it. */
void fleet_gateway_gone(struct fleet *f, int gateway);

/* Another path or another multiplier leads to the energy of a template: the total of before means nothing. */
void fleet_counts_anew(struct fleet *f, int gateway);

/* How the gateway answers: borrowed until another, or NULL, is given. */
void fleet_health(struct fleet *f, int gateway, const struct health *health);

/* Puts what is known of every unit into the memory. */
void fleet_remember(struct fleet *f);

size_t fleet_count(const struct fleet *f);

/* One line of INFO for each unit. */
void fleet_sign_of_life(const struct fleet *f);

#endif

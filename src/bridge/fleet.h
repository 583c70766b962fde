/*
 * All units, and which inverter each of them is: what the gateways bring goes to the unit that is
 * bound to its serial, whichever gateway brings it (see core/roster.h).
 */
#ifndef DTU_BRIDGE_FLEET_H
#define DTU_BRIDGE_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/door.h"
#include "bridge/statefile.h"
#include "bridge/unit.h"
#include "core/conf.h"
#include "core/lineup.h"
#include "core/roster.h"
#include "core/schedule.h"

struct fleet;

/* Units: sections, of which some may be off, and what is added. */
enum { FLEET_MAX = CONF_DEVICES_MAX + CONF_SERVICES_MAX };

enum { FLEET_GATEWAYS = CONF_GATEWAYS_MAX }; /* by their numbers: see lineup_home() */

/* env and memory are borrowed and must outlive the fleet. NULL when out of memory. */
struct fleet *fleet_create(const struct unit_env *env, struct statefile *memory);
void fleet_destroy(struct fleet *f); /* without remembering; NULL is fine */

/*
 * Makes the units what config says (see core/lineup.h). Who is still there goes on under whatever section,
 * and is not touched where nothing of it has changed. config is only read. False when memory ran out.
 */
bool fleet_apply(struct fleet *f, const struct config *config);

/* Makes the door for the new inverters of a gateway. */
void fleet_door(const struct fleet *f, int gateway, struct door *door);

/* env->dry_run has changed. */
void fleet_show_again(struct fleet *f);

/* A reading that a gateway brings. False when no unit is that inverter. */
bool fleet_feed(struct fleet *f, int gateway, const struct reading *r, double latency_ms);

/*
 * What a gateway lists, as far as it is known: binds and rebinds sections, notes who is missing and who is new.
 */
void fleet_list(struct fleet *f, const struct roster_list *list, struct door *door);

/*
 * A reading of an inverter that no unit is, of this list: adds a unit for it if the list, after fleet_list()
 * with the same, leaves it to nobody else and the door lets it in. unnamed: the configuration of an
 * inverter that no section names.
 */
void fleet_add(struct fleet *f, const struct roster_list *list, const char *serial,
               const struct device_conf *unnamed, struct door *door);

/* How many inverters of the list are left without a unit. */
size_t fleet_spare(const struct fleet *f, const struct roster_list *list);

/* The gateway's cycle is over: see unit_cycle(). */
void fleet_cycle(struct fleet *f, int gateway, const struct cycle *c);

/* fleet_health(), of a gateway that answers: what was not shown for long is shown again. */
void fleet_health_renewed(struct fleet *f, int gateway, const struct health_view *health);

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

/* How the gateway answers; NULL: not known. Copied. It goes out with what is shown next. */
void fleet_health(struct fleet *f, int gateway, const struct health_view *health);

/* Puts what is known of every unit into the memory. */
void fleet_remember(struct fleet *f);

size_t fleet_count(const struct fleet *f);

/* Something has come from a gateway, or should have, and all units have been told of it. */
void fleet_passed(const struct fleet *f);

/* The n-th unit, from 0, and the gateway by its number that feeds it. */
struct unit *fleet_unit(const struct fleet *f, size_t n, int *gateway);

/* One line of INFO for each unit. */
void fleet_sign_of_life(const struct fleet *f);

#endif

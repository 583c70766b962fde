/*
 * Who is there with a configuration, before any gateway has answered it: which section begins with which
 * inverter, and which inverters without a section are there. The service applies it at its start and at each
 * change of the file, `check` tells it. Pure.
 *
 * Rules, in this order; an inverter goes to the first that claims it:
 * 1. a section that names a serial has that inverter;
 * 2. a section that was there keeps the inverter it has, as long as its DTU stays the same;
 * 3. another section takes the inverter that it had when it was there last, by the memory;
 * 4. an inverter that a DTU brings, and that no section has any more, stays without one if that DTU adds
 *    such;
 * 5. so does one that its DTU listed when the memory was written.
 * What has no section is there as far as core/admission.h has room; what is missing comes after what is not.
 * A section that gets none here takes the one at its place in a list: see core/roster.h.
 */
#ifndef DTU_CORE_LINEUP_H
#define DTU_CORE_LINEUP_H

#include <stddef.h>

#include "core/conf.h"
#include "core/device.h"
#include "core/roster.h"

/* A gateway by its number, the same over reloads: that of [DTUn], behind them of what was added, then of [TEMPLATEn]. */
int lineup_home(const struct gateway_conf *conf);
bool lineup_is_template(int home); /* what conf_is_template() said of it */
bool lineup_is_added(int home);    /* what conf_is_added() said of it */
void lineup_home_section(int home, char out[CONF_SECTION_MAX]); /* as the memory has it */

/*
 * Under which name the memory keeps which inverter a section has. With another DTU= a section is another
 * one.
 */
void lineup_binding(const char *section, int home, char out[CONF_SECTION_MAX]);

/* One that is there at present. */
struct lineup_present {
    const char *section; /* "": it has none */
    const struct roster_slot *slot;
};

struct lineup_entry {
    const struct device_conf *conf; /* in the config: of a section, or of one without */
    enum roster_kind kind;
    int home;
    char serial[SERIAL_MAX]; /* "": not known yet; of a template always */
};

struct lineup_question {
    const struct config *config;
    const struct lineup_present *present;
    size_t present_count;
    const struct device_memory *known; /* all that is remembered */
    size_t known_count;
};

/*
 * Fills out with at most max entries: the sections in their order, then what has none. Returns how many there
 * are altogether.
 */
size_t lineup_make(const struct lineup_question *q, struct lineup_entry *out, size_t max);

#endif

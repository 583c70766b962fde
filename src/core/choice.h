/*
 * What a device has in com.victronenergy.settings, below a path of its own: its class and instance, and
 * what its owner set on the GX screen. Names, types and ranges of these settings. Pure.
 *
 * "ClassAndVrmInstance" is Victron's own name and form (localsettings); CustomName, Position and
 * PhaseSetting are called like the paths of the service that show them. LoadPosition is the /Position of a
 * load, whose numbers mean something else than a pvinverter's: so neither is taken for the other when the
 * role changes. Enabled, PowerLimit and Switch are of our own page: 0 no, 1 yes, -1 not set.
 */
#ifndef DTU_CORE_CHOICE_H
#define DTU_CORE_CHOICE_H

#include <stdbool.h>

#include "core/device.h"
#include "core/map.h"
#include "core/value.h"

enum { CLASS_MAX = 64 }; /* bytes of a class' name, with the NUL */

extern const struct owner_choice choice_unset;

enum choice_leaf {
    LEAF_INSTANCE, /* no part of the choice: "pvinverter:34" */
    LEAF_NAME,
    LEAF_POSITION,
    LEAF_LOAD_POSITION,
    LEAF_PHASE,
    LEAF_ROLE,
    LEAF_ENABLED,
    LEAF_POWER_LIMIT,
    LEAF_POWER_SWITCH,
    LEAVES
};

/* Its last element of a path; static text. */
const char *choice_leaf_name(enum choice_leaf leaf);

/* The range of a number, as a setting is created with; 0 and 0 is none. */
void choice_range(enum choice_leaf leaf, int *min, int *max);

/* Takes one setting over. What is of another type or out of range counts as not set. */
void choice_read(struct owner_choice *choice, enum choice_leaf leaf, const struct value *v);

/*
 * The class of a device's service: the configured one ("pvinverter"), or the role that was set, where a
 * device of that class may have one.
 */
const char *choice_class(const char *configured, const char *role);

/* The setting's value; a text is borrowed from the choice. Invalid for LEAF_INSTANCE. */
struct value choice_value(const struct owner_choice *choice, enum choice_leaf leaf);

/*
 * Takes over what the owner writes to the path of a row with this source. phases: how many the device is
 * on, 1 or 3. False when such a path does not take such a value; choice may have changed then.
 */
bool choice_write(struct owner_choice *choice, enum map_source source, const struct value *v,
                  unsigned phases);

/* Whether it is to be published at all. */
bool choice_enabled(const struct owner_choice *choice);

/* Whether it may be limited, or switched: as the configuration says (conf_says), else as its owner does. */
bool choice_limits(const struct owner_choice *choice, const struct device_conf *conf);
bool choice_switches(const struct owner_choice *choice, const struct device_conf *conf);

/* What is not set takes the value that it has in another; but for Enabled, which was said of that one. */
void choice_inherit(struct owner_choice *choice, const struct owner_choice *from);

/* From "pvinverter:34"; false when it is none of 0 to CONF_INSTANCE_MAX, and then nothing is written. */
bool choice_parse_instance(const char *text, char class[CLASS_MAX], int *instance);

#endif

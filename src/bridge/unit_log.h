/*
 * What the log says of a unit: what state it is in, its energy and its readings.
 */
#ifndef DTU_BRIDGE_UNIT_LOG_H
#define DTU_BRIDGE_UNIT_LOG_H

#include "core/conf.h"
#include "core/device.h"
#include "edge/sys/log.h"

enum { UNIT_LABEL_MAX = CONF_SECTION_MAX + SERIAL_MAX };

/* Of whom it is said; borrowed. */
struct unit_said {
    const char *label; /* what the configuration calls it */
    bool has_section;
    const struct device *device;
};

/* Zero it to begin. What comes in episodes never "ends": one of hours later is another. */
struct unit_log {
    struct log_fault fall, jump, drop;
};

/* events: a set of enum device_event. why: "" where there is nothing to add. */
void unit_log_events(struct unit_log *l, const struct unit_said *who, unsigned events,
                     const char *why, int64_t now_ms);

/* It is on the bus, by this name. */
void unit_log_on_bus(const struct unit_said *who, const char *name);

/* What would be published. */
void unit_log_dry_run(const struct unit_said *who);

/* What it does at the moment. */
void unit_log_sign_of_life(const struct unit_said *who);

#endif

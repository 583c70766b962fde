/*
 * What the log says of a device's energy and of its readings.
 */
#ifndef DTU_BRIDGE_UNIT_LOG_H
#define DTU_BRIDGE_UNIT_LOG_H

#include "core/device.h"
#include "edge/sys/log.h"

/* Zero it to begin. What comes in episodes never "ends": one of hours later is another. */
struct unit_log {
    struct log_fault fall, jump, drop;
};

/* events: a set of enum device_event. label: what a message calls the device. */
void unit_log_events(struct unit_log *l, const char *label, const struct device_view *view,
                     unsigned events, int64_t now_ms);

#endif

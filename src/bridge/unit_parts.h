/* A unit inside, for unit*.c only: what all of them share. */
#ifndef DTU_BRIDGE_UNIT_PARTS_H
#define DTU_BRIDGE_UNIT_PARTS_H

#include "bridge/published.h"
#include "bridge/unit.h"
#include "bridge/unit_log.h"
#include "edge/sys/log.h"

struct unit {
    const struct unit_env *env;
    struct device_conf conf;
    char label[UNIT_LABEL_MAX]; /* what the configuration calls it */
    struct device *device;
    struct claim claim;
    struct controls controls;
    const struct venus_class *class;
    struct published published; /* closed until its name is settled, and while the name is taken */
    bool there;                 /* the service is on the bus, not only about to be */
    struct loop_timer bus_retry, deadline;
    struct log_fault bus_fault;
    struct unit_log log;
    bool known; /* which device this is */
    struct silence silence;
    int64_t shown_ms;
    bool waits; /* a meter that is away: what its service is called is settled */
};

bool unit_is_enabled(const struct unit *u);
bool unit_limits(const struct unit *u);
bool unit_switches(const struct unit *u);

/* Of a kind that can be limited or switched at all. */
bool unit_is_commandable(const struct unit *u);

/* "pvinverter", of either way to write it. */
const char *unit_class_of(const struct device_conf *conf);

/* What its owner chose elsewhere than on its service. */
void unit_choose(struct unit *u, enum choice_leaf leaf, double value);

#endif

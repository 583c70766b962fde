/* What the owner's page on the GX screen shows of a unit, and orders of it. */
#ifndef DTU_BRIDGE_UNIT_PAGE_H
#define DTU_BRIDGE_UNIT_PAGE_H

#include "bridge/unit.h"

enum unit_state {
    UNIT_STARTS,
    UNIT_RUNS,
    UNIT_STANDBY, /* night */
    UNIT_ERROR,
    UNIT_DISABLED,  /* by its owner */
    UNIT_OFF,       /* a fault in its section */
    UNIT_ELSEWHERE, /* another program publishes it */
};

struct unit_overview { /* text and view are borrowed, until something of the unit changes */
    const char *section, *service, *class, *why; /* "": none, not on the bus, not known, no error */
    const struct device_view *view;
    enum unit_state state;
    bool enabled;
    bool commandable; /* of a kind that can be limited or switched at all */
    bool limits, limits_final, switches, switches_final; /* final: the configuration says so */
};

void unit_overview(const struct unit *u, struct unit_overview *out);

enum unit_order { UNIT_ORDER_ENABLED, UNIT_ORDER_LIMITS, UNIT_ORDER_SWITCHES, UNIT_ORDER_LIMIT_W };

/* What its owner orders there: 0 or 1; of a limit W. False: refused. */
bool unit_order(struct unit *u, enum unit_order what, double value);

#endif

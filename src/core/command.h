/*
 * What an inverter is told to do, by way of its gateway, and what the gateway says of that. A driver writes the
 * message (core/driver.h), core/limit.h says when.
 */
#ifndef DTU_CORE_COMMAND_H
#define DTU_CORE_COMMAND_H

#include "core/reading.h"

enum command_kind { COMMAND_LIMIT, COMMAND_POWER };

struct command {
    enum command_kind kind;
    char serial[SERIAL_MAX];
    bool on; /* COMMAND_POWER */
    /* COMMAND_LIMIT */
    double limit_w;     /* never persistent; max_power_w or more: all that it can */
    double max_power_w; /* 0: not known, then only "all that it can" is asked for */
};

/* Whether the gateway passes commands on to an inverter. */
enum command_right {
    COMMAND_UNKNOWN, /* it has not said yet */
    COMMAND_ALLOWED,
    COMMAND_DISABLED, /* its owner has switched that off, there, for this inverter */
};

enum command_status {
    COMMAND_NOT_TOLD, /* the gateway does not know: it has restarted, or none was sent */
    COMMAND_PENDING,
    COMMAND_OK,
    COMMAND_FAILURE,
};

enum report_part { REPORT_RIGHT, REPORT_LIMIT, REPORT_POWER };

/* What a gateway says of one inverter and its commands: of one part at a time. */
struct command_report {
    char serial[SERIAL_MAX];
    enum report_part part;
    enum command_right right;
    enum command_status status; /* of the last limit, or switching, that it was sent */
    double
        limit_pct; /* REPORT_LIMIT: the limit, % of what it can, as the gateway has it; MISSING */
};

#endif

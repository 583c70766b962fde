/*
 * What is said of one inverter's power limit, in the log and on the bus. Of bridge/limiter alone, whose record this is.
 */
#ifndef DTU_BRIDGE_LIMITER_LOG_H
#define DTU_BRIDGE_LIMITER_LOG_H

#include "bridge/limiter.h"
#include "core/command.h"
#include "core/conf.h"
#include "core/driver.h"
#include "core/obstacle.h"
#include "core/power_switch.h"
#include "edge/sys/log.h"

enum { LIMITED_LABEL_MAX = CONF_SECTION_MAX + SERIAL_MAX };

struct limited {
    struct limiter *owner;
    struct limited *next;
    char serial[SERIAL_MAX], label[LIMITED_LABEL_MAX];
    int gateway; /* that hears it; -1: none yet */
    struct limit limit;
    struct power_switch power;
    struct limited_conf conf;
    enum command_right right;
    bool login_refused;         /* by the gateway */
    enum obstacle told;         /* the log says so */
    enum command_status status; /* as last reported */
    bool limited_told;          /* the log says that it is */
    struct log_fault expired, failed, contested;
    char why[DECODE_WHY_MAX]; /* the last command was not taken */
    loop_fn changed;          /* NULL: no unit is this inverter */
    void *user;
};

/* What stands in the way of a limit at present, and of any command. */
enum obstacle limited_obstacle(const struct limited *d);
enum obstacle limited_obstacle_to_commands(const struct limited *d);

/* What has happened since the last call. */
void limited_log_events(struct limited *d, int64_t now_ms);

/* Unless the log says so already. */
void limited_log_obstacle(struct limited *d, enum obstacle obstacle);

#endif

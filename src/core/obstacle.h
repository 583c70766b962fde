/*
 * Why an inverter that is to be limited or switched cannot be, and what its owner can do: for the log, the bus and
 * `check`. Pure.
 */
#ifndef DTU_CORE_OBSTACLE_H
#define DTU_CORE_OBSTACLE_H

enum obstacle {
    OBSTACLE_NONE,
    OBSTACLE_NO_COMMANDS, /* its gateway's kind takes none */
    OBSTACLE_UNKNOWN,
    OBSTACLE_DISABLED,
    OBSTACLE_LOGIN,
    OBSTACLE_OFF, /* by hand */
    OBSTACLE_POWER
};

/* Of the service, which sees what changes: nothing to do where the cure is "". Static storage. */
const char *obstacle_words(enum obstacle obstacle);
const char *obstacle_cure(enum obstacle obstacle);

/* Of `check`, whose reader is about to change the file: both in one. Static storage. */
const char *obstacle_finding(enum obstacle obstacle);

#endif

/*
 * Switching one inverter on and off by hand, by way of its gateway. Pure: time is an argument (monotonic
 * milliseconds), and the caller sends what is due.
 *
 * An order is sent once and never repeated. What is shown is what the inverter has acknowledged: an OpenDTU says so in
 * power_set_status (/api/power/status). Of an AhoyDTU, which does not say, the measured power has to show it. An inverter that has lost its DC, over
 * night for instance, comes back switched on by itself: its power says so.
 */
#ifndef DTU_CORE_POWER_SWITCH_H
#define DTU_CORE_POWER_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/command.h"

enum {
    SWITCH_CONFIRM_MS = 60 * 1000, /* no confirmation for so long is a failure */
    SWITCH_OBEY_MS = 60 * 1000,    /* power measured so soon after "off" means nothing */
};

enum switch_step { SWITCH_IDLE, SWITCH_WAITING, SWITCH_SENDING, SWITCH_CONFIRMING };

enum switch_failure {
    SWITCH_FAILED_NONE,
    SWITCH_FAILED_SENDING,   /* the gateway did not take the order, or could not be asked */
    SWITCH_FAILED_INVERTER,  /* the inverter did not acknowledge it */
    SWITCH_FAILED_NO_ANSWER, /* the gateway took it, and nothing came of it */
};

enum switch_event {                      /* bits; see power_switch_events() */
                    SWITCH_DONE = 1,     /* the order was acknowledged */
                    SWITCH_FAILED = 2,   /* it was not: failure says how */
                    SWITCH_RETURNED = 4, /* it runs again by itself */
};

/* Lies in its owner's struct. To be read by the owner, and written by this module. */
struct power_switch {
    bool off; /* as acknowledged, and nothing measured says otherwise */
    bool order_on;
    enum switch_step step;
    bool pending, ok; /* the gateway said so of the order under way */
    int64_t order_ms; /* when the order was given, then sent, then acknowledged */
    enum switch_failure failure;
    unsigned events;
};

/* off: as it was left. */
void power_switch_init(struct power_switch *s, bool off);

/* The owner's order; the newest one counts. */
void power_switch_order(struct power_switch *s, bool on, int64_t now_ms);

/* An order that has not been sent goes no more, and nobody waits for what became of another. */
void power_switch_forget(struct power_switch *s);

void power_switch_sending(struct power_switch *s, int64_t now_ms);

/* The gateway's answer to the order: taken, or not. */
void power_switch_answer(struct power_switch *s, bool taken);

/* What the gateway says of the last order. */
void power_switch_status(struct power_switch *s, enum command_status status, int64_t now_ms);

/* A fresh measurement. */
void power_switch_measured(struct power_switch *s, bool producing, int64_t now_ms);

/* After time alone has passed. */
void power_switch_pass(struct power_switch *s, int64_t now_ms);

/* When power_switch_pass() is to be called, if nothing else happens before; -1: never. */
int64_t power_switch_due_ms(const struct power_switch *s);

/* What happened since the last call: a set of enum switch_event. */
unsigned power_switch_events(struct power_switch *s);

#endif

/*
 * How often something may be done that others can make us do: at once when it has been a while, and ever
 * more slowly when it does not end. Pure; time is an argument (monotonic milliseconds).
 *
 * After one step the next waits for PACE_FIRST_MS, then twice as long each time, up to PACE_LONGEST_MS; after
 * PACE_FORGET_MS without one it begins again. Whatever the others do, that is some hundred steps a day.
 */
#ifndef DTU_CORE_PACE_H
#define DTU_CORE_PACE_H

#include <stdint.h>

enum {
    PACE_FIRST_MS = 1000,
    PACE_LONGEST_MS = 15 * 60 * 1000,
    PACE_FORGET_MS = 60 * 60 * 1000,
};

/* Zero it to begin. */
struct pace {
    unsigned steps;
    int64_t last_ms;
};

/* How long to wait before the next step; 0: not at all. */
int64_t pace_wait(const struct pace *p, int64_t now_ms);

/* A step is done. */
void pace_step(struct pace *p, int64_t now_ms);

#endif

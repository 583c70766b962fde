/*
 * How often something may happen in a day, whoever provokes it: lines of the log, writes to flash. A bucket
 * that is full at first, of which each time takes one, and which fills up evenly. Pure; time is an argument
 * (monotonic milliseconds).
 *
 * Within any day it happens at most burst + per_day times.
 */
#ifndef DTU_CORE_BUDGET_H
#define DTU_CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget_rate {
    unsigned burst;   /* how many the bucket holds, 1 at least */
    unsigned per_day; /* how many come into it in a day, 1 to 86,400,000 */
};

struct budget {      /* zeroed: full */
    int64_t full_ms; /* when it will be full again if nothing happens */
};

/* Takes one; false when there is none. */
bool budget_take(struct budget *b, const struct budget_rate *rate, int64_t now_ms);

/* How long until there is one; 0: there is one now. */
int64_t budget_wait_ms(const struct budget *b, const struct budget_rate *rate, int64_t now_ms);

#endif

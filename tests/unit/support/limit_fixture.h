/*
 * The limit of one inverter of 600 W that is heard and produces, and a clock for it.
 */
#ifndef DTU_TESTS_LIMIT_FIXTURE_H
#define DTU_TESTS_LIMIT_FIXTURE_H

#include <stdint.h>

#include "core/limit.h"

#define S   1000LL
#define MIN (60 * S)

extern const struct limit_rules hm600;
extern struct limit l;
extern int64_t now;

int limit_setup(void **state);

void assert_w(double got, double expected);
void assert_shown(double w);

/* Writes the mark where that comes first; the order that is due now, or MISSING. */
double due(void);
double send_due(void); /* fails the test when nothing is */

/* Sends what is due; the gateway takes it and says Pending, then Ok two seconds later. */
double send_and_confirm(void);

/* An ESS that has just written, and whose limit is confirmed. */
void limited_to(double w);

/* Writes on every 30 s, as the ESS does to keep its limit. */
void ess_keeps(double w, int64_t ms);

#endif

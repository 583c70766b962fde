/*
 * Whether one reading can be a measurement at all. Pure.
 *
 * A packet that was damaged on its way by radio may pass for a good one: an HM-600 with AC 6553.5 W,
 * 655.35 A and 6553.5 V in one reply. Hoymiles inverters send 16-bit numbers in steps of 0.1 V, 0.01 A,
 * 0.1 W, 0.01 Hz and 1 Wh of the day (hmDefines.h of AhoyDTU, byteAssignment of OpenDTU), so that 0xFFFF,
 * which stands for no measurement, is 6553.5 V, 655.35 A, 6553.5 W, 655.35 Hz, 65535 Wh. YieldTotal has
 * 32 bits, and 6553.5 kWh is a counter like any other.
 *
 * Bounds, of what is known of them:
 * - no 16-bit quantity of the AC side or of a string is at that end of its range;
 * - AC voltage to neutral 0 .. 300 V; frequency 0, or 40 .. 70 Hz;
 * - AC power at most 1.25 times the rating, plus 50 W, either way; no bound without a rating;
 * - of an inverter on one phase, AC power at most 1.2 * U * I + 20 W. One-sided, for the reactive current at
 *   dawn exceeds P / U by far; and not of one on three, whose current is not reliable (HMT).
 *
 * Only what comes by radio is judged: 6553.5 W may be true of a meter that answers for itself.
 */
#ifndef DTU_CORE_PLAUSIBLE_H
#define DTU_CORE_PLAUSIBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/reading.h"

enum { PLAUSIBLE_WHY_MAX = 96 };

/*
 * Of a reading with REACH_OK. rated_w: what the inverter is rated at, MISSING where the gateway does not state
 * it. False: why says in one line which value is beyond which bound.
 */
bool plausible(const struct reading *r, double rated_w, char why[PLAUSIBLE_WHY_MAX]);

#endif

/*
 * A sample counts once: which reading is a new measurement, and how old it is. Pure.
 *
 * A DTU hears an inverter every few seconds, or not for a minute, and answers with the last packet in
 * between. Such a reply is the same measurement. It is told by
 * - AhoyDTU: ts_last_success, which is the second in which the packet came (rec->ts, hmInverter.h);
 * - OpenDTU: data_age (whole seconds, rounded down; data_age_ms from v25.4.2), which counts from the
 *   last packet (getLastUpdate(), WebApi_ws_live.cpp) and for a repeated one only grows.
 * Where an age is all there is, other values mean another packet as well. A gateway that says neither
 * (a Shelly, Tasmota) measures at each request: each of its readings is new.
 */
#ifndef DTU_CORE_SAMPLE_H
#define DTU_CORE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/reading.h"

/* The last packet that was heard. */
struct sample {
    bool known;
    double stamp_s; /* by the gateway; MISSING where it does not say */
    int64_t
        measured_ms; /* not later than this, by our clock; INT64_MIN where the age is not known */
    double value[FIELD_COUNT][PHASE_SLOTS];
};

/* Nothing was heard yet. */
void sample_init(struct sample *s);

/*
 * Whether r is the packet that s holds. latency_ms: from the request to the reply, within which the gateway
 * read its own clock; MISSING for what it sent by itself. now_ms: monotonic, when r came.
 */
bool sample_repeats(const struct sample *s, const struct reading *r, double latency_ms,
                    int64_t now_ms);

void sample_take(struct sample *s, const struct reading *r, int64_t now_ms);

/*
 * Age of a reading in seconds: by the gateway's clock; where it has none, by ours. unix_s: the wall clock,
 * MISSING where there is none. It is not believed before 2025 or behind the packet by more than a minute:
 * a GX device that has just started does not know the time. A stamp before 2020 is no time of day.
 * MISSING where nobody can tell.
 */
double sample_age_s(const struct reading *r, double unix_s);

#endif

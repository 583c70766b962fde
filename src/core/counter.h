/*
 * An energy counter that never falls without reason. What a gateway tells is the raw counter; what is
 * published is that plus an offset, which is 0 unless resets are to be made up for. A reading is judged
 * against the raw counter, so that an offset changes nothing about what is possible. Pure.
 */
#ifndef DTU_CORE_COUNTER_H
#define DTU_CORE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

struct counter {
    double total;    /* kWh, what is published; MISSING where never known */
    double raw;      /* kWh, the last good reading */
    double offset;   /* kWh, >= 0 */
    int64_t good_ms; /* when raw was read; -1: before this program started */
    /* The readings that contradict raw: the first of them, the last, and how many agree. */
    double candidate_first, candidate;
    int64_t candidate_since_ms, candidate_ms;
    unsigned candidate_count;
};

struct counter_rules {
    double max_power_w;  /* > 0; a rise beyond what it can make, plus 1 kWh, is a jump */
    bool keep;           /* a confirmed fall raises the offset instead of being followed */
    bool starts_at_zero; /* a counter of the day: what it says after a reset was made since */
};

enum counter_event {
    COUNTER_NONE,
    COUNTER_HELD,  /* it fell: held until three readings over at least 60 s agree */
    COUNTER_JUMP,  /* it rose beyond the possible: dropped until three readings over 60 s agree */
    COUNTER_RESET, /* a fall is confirmed: the counter goes on from what it says now */
};

/* Nothing is known. */
struct counter counter_unknown(void);

/* As it was published before a restart, offset included. total may be MISSING. */
struct counter counter_recalled(double total, double offset);

/*
 * A reading, which may be MISSING (changes nothing). HELD and JUMP are told once for each row of
 * contradicting readings.
 *
 * With keep, the total goes on from where it was at a confirmed fall, and what the candidates have
 * risen by since the first of them counts; never falls then. Without it, a confirmed fall is followed
 * and gives up an offset from earlier: an offset outlives the rule that made it until the next reset.
 */
enum counter_event counter_feed(struct counter *c, double raw, const struct counter_rules *rules,
                                int64_t now_ms);

#endif

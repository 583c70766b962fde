/*
 * An energy counter that neither falls nor jumps without reason. What a gateway tells is the raw counter;
 * what is published is that plus an offset, which is 0 unless resets are to be made up for. A sample is
 * judged against the raw counter, so that an offset changes nothing about what is possible. Pure.
 *
 * Feed it each sample once (core/sample.h): a reply that repeats one would confirm itself.
 *
 * Radio packets arrive damaged now and then. An OpenDTU was seen to tell 2113405 kWh instead of 553.492
 * for 66 s, and a YieldDay of 123885 Wh instead of 22 that then rose by 1 Wh with each poll. So:
 * - lower than before: held; followed when three samples over 60 s agree (a reset, another inverter
 *   board, or a total that was wrong before);
 * - higher than the device can have made (max_power_w, plus 1 kWh): held; followed when for 6 h it goes
 *   on, and rises at least three times, by 0.1 kWh or more, as the measured power explains (30 % and
 *   0.05 kWh either way). What does not follow the power begins again, so it is never followed;
 * - after counter_expect_anew(): followed at once, whatever it says.
 */
#ifndef DTU_CORE_COUNTER_H
#define DTU_CORE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* Samples in a row that contradict the good one and agree among themselves. */
struct counter_row {
    unsigned count; /* 0: there is none */
    bool higher;
    double first, last; /* kWh */
    int64_t since_ms, last_ms;
    /* Of a higher one: by how much it rose while the power was measured, and what that explains. */
    double risen, explained, power_w;
    unsigned steps; /* how often it rose by 0.1 kWh */
};

struct counter {
    double total;    /* kWh, what is published; MISSING where never known */
    double raw;      /* kWh, the last good sample */
    double offset;   /* kWh, >= 0 */
    int64_t good_ms; /* when raw was read; -1: before this program started */
    bool anew;       /* the next sample is right */
    struct counter_row row;
};

struct counter_rules {
    double max_power_w; /* > 0; a rise beyond what it can make, plus 1 kWh, is a jump */
    double power_w; /* measured with this sample, in the counter's direction; MISSING: not known */
    bool keep;      /* a confirmed fall raises the offset instead of being followed */
    bool starts_at_zero; /* a counter of the day: what it says after a reset was made since */
};

enum counter_event {
    COUNTER_NONE,
    COUNTER_HELD,   /* it is lower: held until that is confirmed */
    COUNTER_JUMP,   /* it is higher than can be: held until that is confirmed */
    COUNTER_RESET,  /* a lower one is confirmed: the counter goes on from what it says now */
    COUNTER_RAISED, /* a higher one is confirmed, likewise */
};

/* Nothing is known. */
struct counter counter_unknown(void);

/* As it was published before a restart, offset included. total may be MISSING. */
struct counter counter_recalled(double total, double offset);

/* What max_power_w makes in 25 years, a quarter of all hours: no inverter comes near it. */
double counter_beyond_belief_kwh(double max_power_w);

/* The next sample is right, whatever it says; the offset stays, and until then the total. */
void counter_expect_anew(struct counter *c);

/*
 * A sample, which may be MISSING (changes nothing). HELD and JUMP are told once for each row of samples
 * that contradict the good one.
 *
 * With keep, the total goes on from where it was at a confirmed fall, and what the row has risen by since
 * its first sample counts; never falls then. Without it, a confirmed fall is followed and gives up an
 * offset from earlier: an offset outlives the rule that made it until the next reset.
 *
 * Neither a counter nor an offset beyond belief is kept: it comes from a damaged packet that was believed
 * once.
 */
enum counter_event counter_feed(struct counter *c, double raw, const struct counter_rules *rules,
                                int64_t now_ms);

#endif

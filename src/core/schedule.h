/*
 * When a gateway is asked, when its live feed is opened, and what a silence comes to. Pure: the caller says
 * what happened and when (monotonic milliseconds), and asks when the next thing is due.
 *
 * Between the beginnings of two cycles lies the gateway's polling interval. While it fails:
 * - nobody answers at its address (refused, no route, no name): asked again each interval, since that costs
 *   nobody anything and makes the recovery immediate;
 * - it answers wrongly or not in time: the interval doubles after the second failure, up to four times
 *   (bounded by RetryAfterSeconds), with a tenth of jitter, so that a DTU that is short of memory is left
 *   alone;
 * - it says Retry-After: that long, at most 15 minutes.
 *
 * A gateway whose live feed brings something is asked only every 15 minutes, when a list is wanted, and as
 * soon as one of its inverters has been silent for longer than it may.
 */
#ifndef DTU_CORE_SCHEDULE_H
#define DTU_CORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SCHEDULE_GAP_MS =
        1000, /* a gateway too slow for its interval still gets a pause between two cycles */
    SCHEDULE_RETRY_AFTER_MAX_S = 15 * 60,
    SCHEDULE_RESYNC_MS = 15 * 60 * 1000
};

/* There is nothing due. */
#define SCHEDULE_NEVER INT64_MAX

struct schedule_conf {
    int64_t interval_ms;
    int64_t weak_interval_ms; /* for a weak controller (ESP8266), where that is longer */
    int64_t
        back_off_max_ms;    /* what the doubled interval does not exceed; the interval itself may */
    int64_t first_retry_ms; /* between two cycles until one was complete; 0: as later */
};

/* What is known of the live feed. */
struct schedule_feed {
    bool heard; /* it is open and has brought something */
    int64_t
        since_ms; /* when the inverter that has been silent for longest was heard there; -1: never */
    int64_t silence_ms; /* how long an inverter may be silent */
};

/* Lies in its owner's struct. Fields are the module's. */
struct schedule {
    struct schedule_conf conf;
    bool weak, in_cycle, failing, answered;
    bool
        asked; /* for another list than that of the present cycle, which may have told it already */
    unsigned misbehaved; /* failures in a row in which the gateway was there */
    uint32_t jitter;
    int64_t began_ms;  /* the present or last cycle */
    int64_t due_ms;    /* by the interval, or the back-off */
    int64_t resync_ms; /* at the latest, however much the feed brings */
};

/* The first cycle is due at once. seed: differs between gateways, so that they do not fall into step. */
void schedule_init(struct schedule *s, const struct schedule_conf *conf, uint32_t seed,
                   int64_t now_ms);

void schedule_weak(struct schedule *s,
                   bool weak); /* see weak_interval_ms; from the next cycle on */

void schedule_begun(struct schedule *s, int64_t now_ms);
void schedule_completed(struct schedule *s, int64_t now_ms);

/* there: somebody answered, wrongly or too late. retry_after_s: what it said; 0 is nothing. */
void schedule_failed(struct schedule *s, bool there, unsigned retry_after_s, int64_t now_ms);

/* A fresh list is wanted: as soon as the interval allows. A gateway that fails is not asked the sooner. */
void schedule_ask(struct schedule *s, int64_t now_ms);

/* A person wants to know: at once, whatever the interval and the back-off say, but for SCHEDULE_GAP_MS. */
void schedule_now(struct schedule *s, int64_t now_ms);

/* The live feed has ended, which may be a restart: a moment's pause. */
void schedule_feed_ended(struct schedule *s, int64_t now_ms);

/* When the next cycle is to begin; SCHEDULE_NEVER within a cycle. */
int64_t schedule_due(const struct schedule *s, const struct schedule_feed *feed);

/* The present time between two cycles, without back-off. */
int64_t schedule_interval(const struct schedule *s);

/*
 * ---- When to open the live feed ----
 *
 * After a complete cycle. One that has ended is opened again no sooner than a minute after it had begun; one
 * that does not last a minute, or is ended for bringing too much, after 1, 2, 4 ... at most 32 minutes; one that
 * the gateway does not offer, or refuses, after an hour.
 */
enum feed_end {
    FEED_LOST,    /* closed, silent, or never begun */
    FEED_FLOOD,   /* it brought too much */
    FEED_REFUSED, /* not offered, or not to us */
};

struct feed_schedule {
    int64_t opened_ms, due_ms;
    unsigned failures; /* in a row */
};

/* Zero it to begin: due at once. */
bool feed_schedule_is_due(const struct feed_schedule *f, int64_t now_ms);
void feed_schedule_opened(struct feed_schedule *f, int64_t now_ms);
/* heard: it had brought something. */
void feed_schedule_ended(struct feed_schedule *f, enum feed_end end, bool heard, int64_t now_ms);

/*
 * ---- What a device's silence comes to ----
 *
 * How many polls have brought nothing of it. Of a gateway that is asked each interval: one for each cycle that
 * ends without it. One that is listened to is not asked so often, yet what has gone is to be found out as
 * quickly, and what the feed goes on bringing has not gone:
 * - its complete list lacks the device: as many as intervals have passed since the device was heard, and
 *   another with each that passes;
 * - cycles fail: one for each, and one for the silence, once the device has been silent for longer than it may;
 *   before that, none.
 */
struct cycle {
    int64_t began_ms;
    bool complete;       /* every inverter that the gateway lists was asked, and answered for */
    bool listening;      /* its feed is heard */
    int64_t silence_ms;  /* how long a device may be silent there */
    int64_t interval_ms; /* of polling */
};

/* Lies in its owner's struct. Fields are the module's. */
struct silence {
    int64_t heard_ms;                 /* -1: never */
    unsigned cycles;                  /* that brought nothing since */
    unsigned told;                    /* polls, of what is returned */
    int64_t interval_ms, patience_ms; /* of the first and of the second rule; 0: it does not hold */
};

void silence_init(struct silence *s);
void silence_heard(struct silence *s, int64_t now_ms);

/* A cycle is over. Returns how many more polls have brought nothing: 0 when the device was heard within it. */
unsigned silence_cycle(struct silence *s, const struct cycle *c, int64_t now_ms);

/* The same between two cycles: call when silence_next() is due. */
unsigned silence_passed(struct silence *s, int64_t now_ms);
int64_t silence_next(const struct silence *s,
                     int64_t now_ms); /* SCHEDULE_NEVER: with the next cycle */

/* Whether any poll has brought nothing since the device was heard. */
static inline bool silence_told(const struct silence *s)
{
    return s->told > 0;
}

#endif

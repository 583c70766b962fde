/*
 * How well one gateway answers: requests, failures by kind, round trips, bytes. Pure: the caller says
 * what happened and when (monotonic milliseconds). No allocation: a struct health lies in its owner.
 *
 * What people are shown is a snapshot: a count that moves with each poll would make each signal on the
 * bus bigger. It is renewed
 * - when a fault begins, when its kind changes, and when it ends;
 * - else once a minute, with a reply or a message; with each, where they come less often.
 * It goes out with what that brings; only of a device that nothing was told of for a minute, by itself.
 */
#ifndef DTU_CORE_HEALTH_H
#define DTU_CORE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum health_kind {
    HEALTH_TIMEOUT,      /* no reply, or no end of it, within HTTPTimeout */
    HEALTH_UNREACHABLE,  /* no name, no route, nobody listens */
    HEALTH_STATUS,       /* a status that is no success */
    HEALTH_UNAUTHORIZED, /* credentials missing or wrong, whatever way it is said */
    HEALTH_TLS,
    HEALTH_CUT_OFF,   /* the reply ended early, or did not end within the limit */
    HEALTH_BAD_REPLY, /* a reply that could not be understood */
    HEALTH_BUSY,      /* it cannot just now: 429, 503, out of memory */
    HEALTH_OTHER,
    HEALTH_KINDS
};

enum {
    HEALTH_WINDOW = 128, /* round trips that the percentiles are made of */
    HEALTH_RENEW_MS = 60 * 1000,
    HEALTH_ERROR_MAX = 256,  /* bytes with the NUL */
    HEALTH_BY_KIND_MAX = 256 /* enough for all kinds at their highest */
};

/* The snapshot. Counts stay at INT32_MAX when they get there. */
struct health_view {
    int32_t requests; /* that have ended, well or not */
    int32_t failures; /* polls that failed; an optional request that brought nothing is none */
    char by_kind
        [HEALTH_BY_KIND_MAX]; /* "timeout 3, unreachable 1", in the order above; "" is none */
    double round_trip_p50_ms, round_trip_p99_ms; /* of complete replies; MISSING before the first */
    int32_t pushed;                              /* messages that came by themselves */
    double bytes;                                /* of bodies and messages, since the start */
    char last_error[HEALTH_ERROR_MAX];           /* it may be long over; "" is none */
    int64_t last_error_ms;                       /* -1: there was none */
};

/* The owner's to hold, this module's to change: read it through health_shown(). */
struct health {
    uint32_t requests, pushed, failures[HEALTH_KINDS];
    double bytes;
    size_t round_trips, next;           /* so many are in the window; where the next one goes */
    float round_trip_ms[HEALTH_WINDOW]; /* in turn: the next one takes the place of the oldest */
    float sorted_ms[HEALTH_WINDOW];     /* the same */
    bool failing;
    enum health_kind kind; /* of the last failure */
    char last_error[HEALTH_ERROR_MAX];
    int64_t last_error_ms, renewed_ms; /* -1: never */
    struct health_view shown;
};

void health_init(struct health *h);

/*
 * A request has ended: so many bytes of body came; round_trip_ms is MISSING unless the reply was
 * complete. What it comes to is told when its poll ends.
 */
void health_request(struct health *h, double bytes, double round_trip_ms);

/* A message has come by itself. */
void health_push(struct health *h, double bytes);

/*
 * A reply or a message is about to be used, and the next one comes so much later: whether the snapshot was
 * renewed for it.
 */
bool health_renew(struct health *h, int64_t next_in_ms, int64_t now_ms);

/* A poll failed. why: one line for a person, copied; never a secret. */
void health_failure(struct health *h, enum health_kind kind, const char *why, int64_t now_ms);

/* A poll succeeded. */
void health_success(struct health *h, int64_t now_ms);

/* Whether the last poll failed. */
static inline bool health_failing(const struct health *h)
{
    return h->failing;
}

static inline const struct health_view *health_shown(const struct health *h)
{
    return &h->shown;
}

/* "timeout", "bad reply": static text. */
const char *health_kind_name(enum health_kind kind);

#endif

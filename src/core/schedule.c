#include "core/schedule.h"

#include <string.h>

enum {
    DOUBLINGS_MAX = 2, /* at most four intervals */
    FEED_AGAIN_MS = 60 * 1000,
    FEED_DOUBLINGS_MAX = 5, /* about half an hour */
    FEED_REFUSED_MS = 60 * 60 * 1000
};

/* ---- The gateway ---------------------------------------------------------------------------- */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void schedule_init(struct schedule *s, const struct schedule_conf *conf, uint32_t seed,
                   int64_t now_ms)
{
    memset(s, 0, sizeof *s);
    s->conf = *conf;
    s->jitter = seed;
    s->due_ms = now_ms;
}

void schedule_weak(struct schedule *s, bool weak)
{
    s->weak = weak;
}

int64_t schedule_interval(const struct schedule *s)
{
    return s->weak ? later(s->conf.interval_ms, s->conf.weak_interval_ms) : s->conf.interval_ms;
}

/* -10 % .. +10 % of ms, so that several gateways, or several of us, do not fall into step. */
static int64_t with_jitter(struct schedule *s, int64_t ms)
{
    s->jitter = s->jitter * 1664525u + 1013904223u;
    return ms - ms / 10 + (int64_t)(s->jitter >> 16) * (ms / 5) / 65535;
}

static int64_t backed_off(struct schedule *s)
{
    int64_t interval = schedule_interval(s);
    unsigned doublings = s->misbehaved ? s->misbehaved - 1 : 0;

    if (!doublings)
        return interval;
    int64_t ms = interval << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    ms = sooner(ms, s->conf.back_off_max_ms);
    return ms > interval ? with_jitter(s, ms) : interval;
}

/* The next cycle begins period_ms after this one began. */
static void set_due(struct schedule *s, int64_t period_ms, int64_t now_ms)
{
    s->due_ms = later(s->began_ms + period_ms, now_ms + SCHEDULE_GAP_MS);
}

void schedule_begun(struct schedule *s, int64_t now_ms)
{
    s->in_cycle = true;
    s->asked = false;
    s->began_ms = now_ms;
}

void schedule_completed(struct schedule *s, int64_t now_ms)
{
    s->in_cycle = s->failing = false;
    s->answered = true;
    s->misbehaved = 0;
    s->resync_ms = s->asked ? now_ms : now_ms + SCHEDULE_RESYNC_MS;
    set_due(s, schedule_interval(s), now_ms);
}

void schedule_failed(struct schedule *s, bool there, unsigned retry_after_s, int64_t now_ms)
{
    int64_t retry_after_ms = sooner(retry_after_s, SCHEDULE_RETRY_AFTER_MAX_S) * 1000;

    s->in_cycle = false;
    s->failing = true;
    s->misbehaved = there ? s->misbehaved + 1 : 0;
    set_due(s, later(backed_off(s), retry_after_ms), now_ms);
    if (!s->answered && s->conf.first_retry_ms)
        set_due(s, s->conf.first_retry_ms, now_ms);
}

void schedule_ask(struct schedule *s, int64_t now_ms)
{
    s->asked = true;
    s->resync_ms = sooner(s->resync_ms, now_ms);
}

void schedule_now(struct schedule *s, int64_t now_ms)
{
    schedule_ask(s, now_ms);
    s->due_ms = sooner(s->due_ms, later(s->began_ms + SCHEDULE_GAP_MS, now_ms));
}

void schedule_feed_ended(struct schedule *s, int64_t now_ms)
{
    if (!s->failing)
        s->due_ms = later(s->due_ms, now_ms + SCHEDULE_GAP_MS);
}

int64_t schedule_due(const struct schedule *s, const struct schedule_feed *feed)
{
    if (s->in_cycle)
        return SCHEDULE_NEVER;
    if (s->failing || !feed->heard || feed->since_ms < 0)
        return s->due_ms;
    return later(s->due_ms, sooner(s->resync_ms, feed->since_ms + feed->silence_ms));
}

/* ---- Its live feed -------------------------------------------------------------------------- */

bool feed_schedule_is_due(const struct feed_schedule *f, int64_t now_ms)
{
    return now_ms >= f->due_ms;
}

void feed_schedule_opened(struct feed_schedule *f, int64_t now_ms)
{
    f->opened_ms = now_ms;
    f->due_ms = now_ms + FEED_AGAIN_MS;
}

void feed_schedule_ended(struct feed_schedule *f, enum feed_end end, bool heard, int64_t now_ms)
{
    bool lasted = heard && end == FEED_LOST && now_ms - f->opened_ms >= FEED_AGAIN_MS;

    if (end == FEED_REFUSED) {
        f->due_ms = f->opened_ms + FEED_REFUSED_MS;
        return;
    }
    f->failures = lasted ? 0 : f->failures + 1;
    unsigned doublings = f->failures ? f->failures - 1 : 0;
    doublings = doublings < FEED_DOUBLINGS_MAX ? doublings : FEED_DOUBLINGS_MAX;
    f->due_ms = f->opened_ms + ((int64_t)FEED_AGAIN_MS << doublings);
}

/* ---- A device ------------------------------------------------------------------------------- */

void silence_init(struct silence *s)
{
    *s = (struct silence){.heard_ms = -1};
}

void silence_heard(struct silence *s, int64_t now_ms)
{
    *s = (struct silence){.heard_ms = now_ms};
}

/* How many there have been by now. */
static int64_t count(const struct silence *s, int64_t now_ms)
{
    int64_t silent_ms = now_ms - s->heard_ms;

    if (s->interval_ms)
        return later(silent_ms / s->interval_ms, 1);
    if (!s->patience_ms)
        return s->cycles;
    return silent_ms >= s->patience_ms ? (int64_t)s->cycles + 1 : 0;
}

static unsigned tell(struct silence *s, int64_t now_ms)
{
    int64_t all = sooner(count(s, now_ms), UINT16_MAX);
    unsigned before = s->told;

    s->told = (unsigned)later(all, before);
    return s->told - before;
}

unsigned silence_cycle(struct silence *s, const struct cycle *c, int64_t now_ms)
{
    if (s->heard_ms >= c->began_ms)
        return 0;
    if (s->heard_ms < 0) /* this is the first poll that it might have been heard in */
        s->heard_ms = now_ms - c->interval_ms;
    s->cycles++;
    s->interval_ms = c->listening && c->complete ? c->interval_ms : 0;
    s->patience_ms = c->listening && !c->complete ? c->silence_ms : 0;
    return tell(s, now_ms);
}

unsigned silence_passed(struct silence *s, int64_t now_ms)
{
    return s->interval_ms || s->patience_ms ? tell(s, now_ms) : 0;
}

int64_t silence_next(const struct silence *s, int64_t now_ms)
{
    int64_t next = s->heard_ms + s->patience_ms;

    if (s->interval_ms)
        return s->heard_ms + ((int64_t)s->told + 1) * s->interval_ms;
    return s->patience_ms && next > now_ms ? next : SCHEDULE_NEVER;
}

#include "core/health.h"

#include <stdio.h>
#include <string.h>

#include "core/reading.h"
#include "core/text.h"

static const char *const kind_names[HEALTH_KINDS] = {
    [HEALTH_TIMEOUT] = "timeout",
    [HEALTH_UNREACHABLE] = "unreachable",
    [HEALTH_STATUS] = "status",
    [HEALTH_UNAUTHORIZED] = "unauthorized",
    [HEALTH_TLS] = "tls",
    [HEALTH_CUT_OFF] = "cut off",
    [HEALTH_BAD_REPLY] = "bad reply",
    [HEALTH_BUSY] = "busy",
    [HEALTH_OTHER] = "other",
};

const char *health_kind_name(enum health_kind kind)
{
    return kind_names[kind];
}

static void count(uint32_t *counter)
{
    if (*counter < INT32_MAX)
        (*counter)++;
}

/* ---- Round trips: kept sorted, since nearly every reply of a slow poll is shown ---------------- */

static size_t place_of(const float *sorted, size_t n, float ms)
{
    size_t at = 0;

    while (at < n && sorted[at] < ms)
        at++;
    return at;
}

/* n remain. */
static void take_out(float *sorted, size_t n, float ms)
{
    for (size_t at = place_of(sorted, n, ms); at < n; at++)
        sorted[at] = sorted[at + 1];
}

/* To the n that there are. */
static void put_in(float *sorted, size_t n, float ms)
{
    size_t at = place_of(sorted, n, ms);

    for (; n > at; n--)
        sorted[n] = sorted[n - 1];
    sorted[at] = ms;
}

static void note_round_trip(struct health *h, float ms)
{
    float *oldest = &h->round_trip_ms[h->next];

    if (h->round_trips == HEALTH_WINDOW)
        take_out(h->sorted_ms, --h->round_trips, *oldest);
    put_in(h->sorted_ms, h->round_trips++, ms);
    *oldest = ms;
    h->next = (h->next + 1) % HEALTH_WINDOW;
}

/* ---- The snapshot --------------------------------------------------------------------------- */

/* The smallest of the sorted values that percent of them do not exceed. */
static double percentile(const float *sorted, size_t n, size_t percent)
{
    size_t rank = (percent * n + 99) / 100;
    return n ? (double)sorted[rank - 1] : MISSING;
}

static void show_round_trips(struct health *h)
{
    h->shown.round_trip_p50_ms = percentile(h->sorted_ms, h->round_trips, 50);
    h->shown.round_trip_p99_ms = percentile(h->sorted_ms, h->round_trips, 99);
}

static void show_failures(struct health *h)
{
    struct health_view *view = &h->shown;
    uint64_t sum = 0;
    size_t used = 0;

    for (size_t kind = 0; kind < HEALTH_KINDS; kind++) {
        if (!h->failures[kind])
            continue;
        sum += h->failures[kind];
        int n = snprintf(view->by_kind + used, sizeof view->by_kind - used, "%s%s %u",
                         used ? ", " : "", kind_names[kind], (unsigned)h->failures[kind]);
        used += (size_t)n;
    }
    view->failures = sum < INT32_MAX ? (int32_t)sum : INT32_MAX;
}

static void renew(struct health *h, int64_t now_ms)
{
    h->renewed_ms = now_ms;
    h->shown.requests = (int32_t)h->requests;
    h->shown.pushed = (int32_t)h->pushed;
    h->shown.bytes = h->bytes;
    h->shown.last_error_ms = h->last_error_ms;
    memcpy(h->shown.last_error, h->last_error, sizeof h->shown.last_error);
    show_failures(h);
    show_round_trips(h);
}

bool health_renew(struct health *h, int64_t next_in_ms, int64_t now_ms)
{
    if (h->renewed_ms >= 0 && now_ms + next_in_ms - h->renewed_ms < HEALTH_RENEW_MS)
        return false;
    renew(h, now_ms);
    return true;
}

/* ---- What happened -------------------------------------------------------------------------- */

void health_init(struct health *h)
{
    memset(h, 0, sizeof *h);
    h->last_error_ms = h->renewed_ms = -1;
    h->shown.last_error_ms = -1;
    h->shown.round_trip_p50_ms = h->shown.round_trip_p99_ms = MISSING;
}

void health_request(struct health *h, double bytes, double round_trip_ms)
{
    count(&h->requests);
    h->bytes += bytes;
    if (has_value(round_trip_ms))
        note_round_trip(h, (float)round_trip_ms);
}

void health_push(struct health *h, double bytes)
{
    count(&h->pushed);
    h->bytes += bytes;
}

void health_failure(struct health *h, enum health_kind kind, const char *why, int64_t now_ms)
{
    bool news = !h->failing || kind != h->kind;

    count(&h->failures[kind]);
    h->failing = true;
    h->kind = kind;
    h->last_error_ms = now_ms;
    text_copy(h->last_error, sizeof h->last_error, why);
    if (news)
        renew(h, now_ms);
    else
        (void)health_renew(h, 0, now_ms);
}

void health_success(struct health *h, int64_t now_ms)
{
    if (h->failing)
        renew(h, now_ms);
    else
        (void)health_renew(h, 0, now_ms);
    h->failing = false;
}

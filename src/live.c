#include "live.h"

#include <string.h>

#include "edge/log.h"

enum {
    SILENCE_MS = 60 * 1000, /* without a message: it is not what it is taken for */
    AGAIN_MS = 60 * 1000,
    DOUBLINGS_MAX = 5, /* about half an hour */
    REFUSED_MS = 60 * 60 * 1000
};

void live_init(struct live *live, struct loop *l, const char *section,
               const struct http_peer_conf *peer, const struct live_events *events)
{
    memset(live, 0, sizeof *live);
    live->loop = l;
    live->section = section;
    live->peer = *peer;
    live->events = *events;
}

static void on_message(void *user, const char *text, size_t len)
{
    struct live *live = user;

    live->heard = true;
    live->failures = 0;
    live->events.message(live->events.user, text, len);
}

static int64_t pause_after(const struct live *live, enum http_outcome outcome)
{
    unsigned doublings = live->failures > 0 ? live->failures - 1 : 0;

    if (outcome == HTTP_STATUS || outcome == HTTP_UNAUTHORIZED || outcome == HTTP_TLS)
        return REFUSED_MS;
    return (int64_t)AGAIN_MS << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
}

/* Nothing is lost: the gateway is polled. So it is no fault to be told of. */
static void on_closed(void *user, enum http_outcome outcome, const char *why)
{
    struct live *live = user;
    bool heard = live->heard;

    log_line(LOG_DEBUG, "%s: no live feed, it is polled: %s", live->section, why);
    if (!heard)
        live->failures++;
    live->due_ms = live->opened_ms + pause_after(live, outcome);
    live_close(live);
    if (heard)
        live->events.ended(live->events.user);
}

void live_open(struct live *live, const char *path)
{
    const struct ws_listener_events events = {on_message, on_closed, live};
    int64_t now_ms = loop_now_ms(live->loop);

    if (live->listener || now_ms < live->due_ms)
        return;
    live->opened_ms = now_ms;
    live->due_ms = now_ms + AGAIN_MS;
    live->listener = ws_listener_create(live->loop, &live->peer, path, SILENCE_MS, &events);
}

void live_close(struct live *live)
{
    ws_listener_destroy(live->listener);
    live->listener = NULL;
    live->heard = false;
}

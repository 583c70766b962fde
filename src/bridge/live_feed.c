#include "bridge/live_feed.h"

#include <string.h>

enum { SILENCE_MS = 60 * 1000 /* without a message: it is not what it is taken for */ };

void live_feed_init(struct live_feed *live, struct loop *l, const struct gateway_conf *conf,
                    const struct live_feed_events *events)
{
    memset(live, 0, sizeof *live);
    live->loop = l;
    live->conf = conf;
    live->events = *events;
}

static void on_message(void *user, const char *text, size_t len)
{
    struct live_feed *live = user;

    live->heard = true;
    live->events.message(live->events.user, text, len);
}

static enum feed_end end_of(enum reply_outcome outcome)
{
    if (outcome == REPLY_TOO_LARGE)
        return FEED_FLOOD;
    if (reply_is_refusal(outcome) || outcome == REPLY_UNAUTHORIZED || outcome == REPLY_TLS)
        return FEED_REFUSED;
    return FEED_LOST;
}

/* Nothing is lost: the gateway is polled. So it is no fault to be told of, unless somebody means harm. */
static void on_closed(void *user, enum reply_outcome outcome, const char *why)
{
    struct live_feed *live = user;
    enum feed_end end = end_of(outcome);
    int64_t now_ms = loop_now_ms(live->loop);
    bool heard = live->heard;

    if (end == FEED_FLOOD)
        log_fault(&live->flood, now_ms, NOTICE_FEED_CUT,
                  "%s: its live feed was cut, so it is polled: %s", live->conf->section, why);
    else
        log_debug("%s: no live feed, so it is polled: %s", live->conf->section, why);
    feed_schedule_ended(&live->schedule, end, heard, now_ms);
    live_feed_close(live);
    if (heard)
        live->events.ended(live->events.user);
}

void live_feed_open(struct live_feed *live, const struct feed *feed)
{
    const struct feed_events events = {on_message, on_closed, live};
    int64_t now_ms = loop_now_ms(live->loop);

    if (live->listener || !feed_schedule_is_due(&live->schedule, now_ms))
        return;
    feed_schedule_opened(&live->schedule, now_ms);
    live->transport = feed_transport_find(feed->transport);
    live->listener = live->transport ? live->transport->listen(live->loop, live->conf, feed->path,
                                                               SILENCE_MS, &events)
                                     : NULL;
}

void live_feed_close(struct live_feed *live)
{
    if (live->listener)
        live->transport->close(live->listener);
    live->listener = NULL;
    live->heard = false;
}

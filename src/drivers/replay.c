/*
 * A capture instead of a gateway: the driver that the recorded gateway had decodes what that has sent. Its requests
 * are answered by the transport of captures, which is also asked first which driver that is.
 *
 * Played faster than it was recorded, more than one of its cycles falls into one of the poller's: they follow each
 * other until nothing more has come, so that no reply is left out at any speed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/capture.h"
#include "core/conf.h"
#include "core/text.h"
#include "drivers/common.h"

extern const struct driver driver_replay;

static const char transport[] = "replay";

struct session {
    const struct gateway_conf *conf;
    const struct driver *driver; /* the recorded one; NULL until it is known */
    void *inner;                 /* its session */
    int64_t now_ms;
    bool asked;  /* which driver it is, or whether there is more, in this cycle */
    bool ended;  /* its present cycle, and the poller's with it */
    bool pushes; /* feed is its own, by the transport of captures */
    struct feed feed;
};

static void replay_open(void *session, const struct gateway_conf *conf)
{
    struct session *s = session;
    s->conf = conf;
}

static void replay_close(void *session)
{
    struct session *s = session;

    if (s->driver && s->driver->close)
        s->driver->close(s->inner);
    free(s->inner);
}

static void replay_begin(void *session, int64_t now_ms)
{
    struct session *s = session;

    s->now_ms = now_ms;
    s->asked = s->ended = false;
    if (s->driver)
        s->driver->begin(s->inner, now_ms);
}

static bool replay_next(void *session, struct message *out)
{
    struct session *s = session;

    if (s->driver && !s->ended && s->driver->next(s->inner, out))
        return true;
    if (s->ended || s->asked)
        return false;
    s->asked = true;
    out->optional = s->driver != NULL;
    text_copy(out->path, sizeof out->path, s->driver ? capture_more_path : capture_driver_path);
    return true;
}

/* A template has its paths from the configuration, which no capture holds: then it is a [TEMPLATEn] that plays it. */
static enum decode_result begin_driver(struct session *s, const char *name, char *why)
{
    const struct driver *driver = driver_find(name);
    bool template = strcmp(name, conf_template_driver) == 0;

    if (!driver || driver->plays_file || template != conf_is_template(s->conf))
        return common_refuse(why, "a capture of the kind %.32s cannot be played", name);
    s->inner = calloc(1, driver->session_size);
    if (!s->inner)
        return common_refuse(why, "out of memory");
    s->driver = driver;
    s->asked = false;
    driver->open(s->inner, s->conf);
    driver->begin(s->inner, s->now_ms);
    return DECODE_OK;
}

static enum decode_result take_more(struct session *s, const char *body)
{
    s->asked = false;
    s->ended = *body != '1';
    if (!s->ended)
        s->driver->begin(s->inner, s->now_ms);
    return DECODE_OK;
}

/* What the recorded driver would listen to. */
static void renew_feed(struct session *s)
{
    const struct feed *feed = s->driver->feed ? s->driver->feed(s->inner) : NULL;

    s->pushes = feed != NULL;
    if (feed)
        s->feed = *feed;
    s->feed.transport = transport;
}

static enum decode_result replay_decode(void *session, const char *body, size_t len,
                                        const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;

    if (!s->driver)
        return begin_driver(s, body, why);
    if (s->asked)
        return take_more(s, body);
    enum decode_result result = s->driver->decode(s->inner, body, len, sink, why);
    renew_feed(s);
    return result;
}

static void replay_skip(void *session)
{
    struct session *s = session;

    if (!s->asked)
        s->driver->skip(s->inner);
}

static bool replay_refused(void *session, enum reply_outcome outcome, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    return s->driver && s->driver->refused && s->driver->refused(s->inner, outcome, why);
}

static const struct feed *replay_feed(const void *session)
{
    const struct session *s = session;
    return s->pushes ? &s->feed : NULL;
}

static enum decode_result replay_pushed(void *session, int64_t now_ms, const char *body, size_t len,
                                        const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;

    if (!s->pushes)
        return common_refuse(why, "a message of a gateway that does not push");
    return s->driver->pushed(s->inner, now_ms, body, len, sink, why);
}

static int64_t replay_pushed_since(const void *session)
{
    const struct session *s = session;
    return s->pushes ? s->driver->pushed_since(s->inner) : -1;
}

const struct driver driver_replay = {
    .name = "replay",
    .transport = transport,
    .plays_file = true,
    .session_size = sizeof(struct session),
    .open = replay_open,
    .close = replay_close,
    .begin = replay_begin,
    .next = replay_next,
    .decode = replay_decode,
    .skip = replay_skip,
    .refused = replay_refused,
    .feed = replay_feed,
    .pushed = replay_pushed,
    .pushed_since = replay_pushed_since,
};

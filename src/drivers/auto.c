/*
 * A DTU of a kind that the user need not know: found out by asking, then left to the driver of that
 * kind.
 *
 * Until that is known, each cycle begins with what an OpenDTU is asked first, and goes on with what
 * an AhoyDTU is asked first. An AhoyDTU (0.8) answers a path below /api that it does not have with
 * 200 and an object of those that it has, others answer 404: either is no OpenDTU. `null` and the
 * statuses of a gateway that is short of memory say nothing of its kind.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/text.h"
#include "drivers/common.h"

extern const struct driver driver_opendtu, driver_ahoy, driver_auto;

enum {
    CANDIDATES = 2,
    FORGET_AFTER = 3, /* cycles in a row without a word that its kind would say */
    TRIED_MAX = 72
};

struct session {
    const struct gateway_conf *conf;
    const struct driver *driver; /* the candidate, or what it is */
    int64_t now_ms;
    size_t candidate;
    bool known, optional; /* the kind; the last request */
    bool good, bad;       /* in the present cycle */
    unsigned bad_cycles;
    char tried[TRIED_MAX]; /* what came of the candidate before */
    _Alignas(max_align_t) unsigned char inner[SESSION_MAX];
};

static const struct driver *candidate(size_t n)
{
    return n == 0 ? &driver_opendtu : &driver_ahoy;
}

static void try(struct session *s, size_t n)
{
    s->candidate = n;
    s->driver = candidate(n);
    memset(s->inner, 0, s->driver->session_size);
    s->driver->open(s->inner, s->conf);
    s->driver->begin(s->inner, s->now_ms);
}

static void auto_open(void *session, const struct gateway_conf *conf)
{
    struct session *s = session;
    s->conf = conf;
}

/* One bad inverter makes bad replies as well, but not only such. */
static void count_cycle(struct session *s)
{
    if (s->good)
        s->bad_cycles = 0;
    else if (s->bad)
        s->bad_cycles++;
    s->good = s->bad = false;
    if (s->bad_cycles >= FORGET_AFTER) {
        s->known = false;
        s->bad_cycles = 0;
    }
}

static void auto_begin(void *session, int64_t now_ms)
{
    struct session *s = session;

    s->now_ms = now_ms;
    count_cycle(s);
    if (s->known)
        s->driver->begin(s->inner, now_ms);
    else
        try(s, 0);
}

static bool auto_next(void *session, struct request *out)
{
    struct session *s = session;
    bool more = s->driver->next(s->inner, out);

    s->optional = more && out->optional;
    return more;
}

/* Goes on with the next candidate; false when there is none, and why says what was tried. */
static bool try_next(struct session *s, const char *what, char *why)
{
    if (s->candidate + 1 < CANDIDATES) {
        text_copy(s->tried, sizeof s->tried, what);
        try(s, s->candidate + 1);
        return true;
    }
    (void)common_refuse(
        why,
        "neither an OpenDTU nor an AhoyDTU answers at this address, and another "
        "device is described in a [TEMPLATEn] (/api/livedata/status: %s; /api/live: %s)",
        s->tried, what);
    return false;
}

static void drop_reading(void *user, const struct reading *r)
{
    (void)user;
    (void)r;
}

static void drop_gateway(void *user, const struct gateway_info *info)
{
    (void)user;
    (void)info;
}

static void drop_listed(void *user, unsigned index, const char *serial)
{
    (void)user;
    (void)index;
    (void)serial;
}

static void drop_list_end(void *user)
{
    (void)user;
}

/*
 * A candidate may tell something before it finds out that the reply is none of its own: what it tells
 * is dropped, and a reply that proves to be its own decoded once more, by a new session.
 */
static enum decode_result decode_unknown(struct session *s, const char *body, size_t len,
                                         const struct decode_sink *sink, char *why)
{
    static const struct decode_sink nowhere = {.reading = drop_reading,
                                               .gateway = drop_gateway,
                                               .listed = drop_listed,
                                               .list_end = drop_list_end};
    struct request again = {.path = ""};
    char tried[TRIED_MAX];
    enum decode_result result = s->driver->decode(s->inner, body, len, &nowhere, why);

    if (result == DECODE_BAD_REPLY) {
        text_copy(tried, sizeof tried, why);
        return try_next(s, tried, why) ? DECODE_OK : DECODE_BAD_REPLY;
    }
    if (result != DECODE_OK)
        return result;
    s->known = s->good = true;
    try(s, s->candidate);
    (void)s->driver->next(s->inner, &again);
    return s->driver->decode(s->inner, body, len, sink, why);
}

static enum decode_result auto_decode(void *session, const char *body, size_t len,
                                      const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    enum decode_result result;

    if (!s->known)
        return decode_unknown(s, body, len, sink, why);
    result = s->driver->decode(s->inner, body, len, sink, why);
    if (!s->optional) {
        s->good = s->good || result == DECODE_OK;
        s->bad = s->bad || result == DECODE_BAD_REPLY;
    }
    return result;
}

static void auto_skip(void *session)
{
    struct session *s = session;
    s->driver->skip(s->inner);
}

/* Statuses of an HTTP server that does not have the page, as opposed to one that is busy or wants a
 * password. */
static bool is_no_such_page(long status)
{
    return status >= 300 && status < 500 && status != 401 && status != 407 && status != 408 &&
           status != 429;
}

static bool auto_refused(void *session, long status, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    char tried[TRIED_MAX];

    if (!is_no_such_page(status))
        return false;
    if (s->known) {
        s->bad = true;
        return false;
    }
    (void)snprintf(tried, sizeof tried, "HTTP %ld", status);
    return try_next(s, tried, why);
}

static bool pushes(const struct session *s)
{
    return s->known && s->driver->feed;
}

static const struct feed *auto_feed(const void *session)
{
    const struct session *s = session;
    return pushes(s) ? s->driver->feed(s->inner) : NULL;
}

static enum decode_result auto_pushed(void *session, int64_t now_ms, const char *body, size_t len,
                                      const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;

    if (!pushes(s))
        return common_refuse(why, "a message of a gateway whose kind is not known");
    return s->driver->pushed(s->inner, now_ms, body, len, sink, why);
}

static int64_t auto_pushed_since(const void *session)
{
    const struct session *s = session;
    return pushes(s) ? s->driver->pushed_since(s->inner) : -1;
}

const struct driver driver_auto = {
    .name = "auto",
    .session_size = sizeof(struct session),
    .open = auto_open,
    .begin = auto_begin,
    .next = auto_next,
    .decode = auto_decode,
    .skip = auto_skip,
    .refused = auto_refused,
    .feed = auto_feed,
    .pushed = auto_pushed,
    .pushed_since = auto_pushed_since,
};

/*
 * A DTU of a kind that the user need not know: detected, then left to the driver of that kind.
 *
 * Until it is known, each cycle tries the drivers that can be told apart by probing, in the order of
 * the registry: each with its first request. An AhoyDTU (0.8) answers a path below /api that it does
 * not have with 200 and an object of those that it has, others answer 404: either is no OpenDTU.
 * `null` and a gateway that is busy say nothing of its kind.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/text.h"
#include "drivers/common.h"

extern const struct driver driver_auto;

enum {
    FORGET_AFTER = 3, /* cycles in a row without a word that its kind would say */
    RESULT_MAX = 72,
    TRIED_MAX = DECODE_WHY_MAX
};

struct session {
    const struct gateway_conf *conf;
    const struct driver *driver; /* the candidate, or what it is */
    int64_t now_ms;
    size_t candidate;     /* its place in the registry */
    bool known, optional; /* the kind; the last request */
    bool good, bad;       /* in the present cycle */
    unsigned bad_cycles;
    char asked[RESULT_MAX]; /* the candidate's first request */
    char tried[TRIED_MAX];  /* what came of those before: "/a: no such page; /b: ..." */
    _Alignas(max_align_t) unsigned char inner[SESSION_MAX];
};

/* The first driver from n on that can be probed; where there is none, the end of the registry. */
static size_t candidate_from(size_t n)
{
    while (drivers[n] && !drivers[n]->probe)
        n++;
    return n;
}

static void try(struct session *s, size_t n)
{
    s->candidate = n;
    s->driver = drivers[n];
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
    if (s->bad_cycles >= FORGET_AFTER)
        s->known = false;
}

static void auto_begin(void *session, int64_t now_ms)
{
    struct session *s = session;

    s->now_ms = now_ms;
    count_cycle(s);
    if (s->known) {
        s->driver->begin(s->inner, now_ms);
        return;
    }
    s->tried[0] = '\0';
    try(s, candidate_from(0));
}

static bool auto_next(void *session, struct message *out)
{
    struct session *s = session;
    bool more = s->driver->next(s->inner, out);

    s->optional = more && out->optional;
    if (!s->known)
        text_copy(s->asked, sizeof s->asked, out->path);
    return more;
}

static void note_tried(struct session *s, const char *result)
{
    size_t len = strlen(s->tried);

    (void)snprintf(s->tried + len, sizeof s->tried - len, "%s%s: %s", len ? "; " : "", s->asked,
                   result);
}

static enum decode_result refuse_all(const struct session *s, char *why)
{
    char kinds[RESULT_MAX] = "";

    for (size_t n = candidate_from(0); drivers[n]; n = candidate_from(n + 1)) {
        size_t len = strlen(kinds);
        (void)snprintf(kinds + len, sizeof kinds - len, "%s%s", len ? " or " : "",
                       drivers[n]->title);
    }
    return common_refuse(
        why,
        "no %s answers at this address; describe another device, such as a Shelly, "
        "in a [TEMPLATEn] (%s)",
        kinds, s->tried);
}

/* Goes on with the next candidate; false when there is none, and why says what was tried. */
static bool try_next(struct session *s, const char *result, char *why)
{
    size_t next = candidate_from(s->candidate + 1);

    note_tried(s, result);
    if (drivers[next]) {
        try(s, next);
        return true;
    }
    (void)refuse_all(s, why);
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
    struct message again = {.path = ""};
    char said[RESULT_MAX];
    enum decode_result result = s->driver->decode(s->inner, body, len, &nowhere, why);

    if (result == DECODE_BAD_REPLY) {
        text_copy(said, sizeof said, why);
        return try_next(s, said, why) ? DECODE_OK : DECODE_BAD_REPLY;
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

static bool auto_refused(void *session, enum reply_outcome outcome, char why[DECODE_WHY_MAX])
{
    struct session *s = session;

    if (outcome != REPLY_NOT_FOUND)
        return false;
    if (s->known) {
        s->bad = true;
        return false;
    }
    return try_next(s, "no such page", why);
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

/* Of the driver of its kind, in the session of that. */

static bool auto_encode(void *session, const struct command *c, struct message *out)
{
    struct session *s = session;
    return s->driver->commands(s->inner)->encode(s->inner, c, out);
}

static enum decode_result auto_answer(void *session, const char *body, size_t len,
                                      char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    return s->driver->commands(s->inner)->answer(s->inner, body, len, why);
}

static bool auto_look(void *session, enum look what, struct message *out)
{
    struct session *s = session;
    return s->driver->commands(s->inner)->look(s->inner, what, out);
}

static enum decode_result auto_looked(void *session, enum look what, const char *body, size_t len,
                                      const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    return s->driver->commands(s->inner)->looked(s->inner, what, body, len, sink, why);
}

static const struct driver_commands *auto_commands(const void *session)
{
    static const struct driver_commands commands = {auto_encode, auto_answer, auto_look,
                                                    auto_looked};
    const struct session *s = session;
    bool takes = s->known && s->driver->commands && s->driver->commands(s->inner);

    return takes ? &commands : NULL;
}

const struct driver driver_auto = {
    .name = "auto",
    .transport = "http",
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
    .commands = auto_commands,
};

/*
 * OpenDTU and OpenDTU-OnBattery. The shape of /api/livedata/status is told by its keys, never by a
 * version:
 *
 *   to 2022-11              a bare array; channels "0" (AC), "1".. (DC) in the entry itself
 *   2022-11 to 2023-02      {"inverters": [...]}, channels as before
 *   2023-02 to v24.1.26     {"inverters": [...]}, channels in AC, DC and INV
 *   from v24.2.12           {"inverters": [...]} without channels; ?inv=SERIAL has one in full
 *
 * The WebSocket /livedata brings the same: each inverter in full when there is something new of it, at
 * least every 10 s, in a message of its own (from v24.2.12) or all in one. OpenDTU-OnBattery sends
 * messages without inverters as well.
 */
#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/percent.h"
#include "core/text.h"
#include "drivers/common.h"
#include "drivers/opendtu_commands.h"
#include "drivers/opendtu_reading.h"

/* At night the gateway's list says that it hears nobody: energy is then asked for only so often. */
enum { LOST_CYCLES = 10 };

enum asked { ASKED_NOTHING, ASKED_LIST, ASKED_INVERTER, ASKED_SYSTEM, ASKED_LIMITS };

/* What is remembered of an inverter from cycle to cycle. */
struct inverter {
    char serial[SERIAL_MAX];
    double max_power_w;   /* 0: not known */
    unsigned index;       /* in the last list that had it */
    unsigned rest_cycles; /* a lost one is not asked for so many cycles more */
    int64_t pushed_ms;    /* -1: not yet */
    bool listed;          /* in the present cycle */
};

struct pending {
    char serial[SERIAL_MAX];
    unsigned index;
};

struct session {
    const struct gateway_conf *conf;
    int64_t now_ms, system_due_ms, limits_due_ms;
    enum asked asked;
    bool list_asked; /* in the present cycle */
    bool list_cut;   /* it was longer than what is asked for */
    struct turns turns;
    struct pending pending[INVERTERS_MAX];
    size_t inverter_count;
    struct inverter inverters[INVERTERS_MAX];
    struct gateway_info info;
};

_Static_assert(sizeof(struct session) <= SESSION_MAX, "auto has room for it");

/* Emits an entry that has channels; false when those of an inverter that is heard say nothing. */
static bool emit_full(const cJSON *entry, const struct opendtu_channels *c,
                      struct inverter *inverter, unsigned index, const struct decode_sink *sink)
{
    struct reading r;

    opendtu_read_entry(&r, entry, inverter->serial, inverter->max_power_w);
    r.index = index;
    opendtu_read_channels(&r, c);
    inverter->rest_cycles = r.reach == REACH_LOST ? LOST_CYCLES - 1 : 0;
    if (!common_finish(&r, json_bool(entry, "producing", true)))
        return false;
    sink->reading(sink->user, &r);
    return true;
}

static void emit_lost(const cJSON *entry, const struct inverter *inverter, unsigned index,
                      const struct decode_sink *sink)
{
    struct reading r;

    opendtu_read_entry(&r, entry, inverter->serial, inverter->max_power_w);
    r.index = index;
    common_lost(&r);
    sink->reading(sink->user, &r);
}

/* A place for a serial not seen before: a free one, else that of an inverter no longer listed. */
static struct inverter *new_inverter(struct session *s)
{
    if (s->inverter_count < INVERTERS_MAX)
        return &s->inverters[s->inverter_count++];
    for (size_t i = 0; i < s->inverter_count; i++) {
        if (!s->inverters[i].listed)
            return &s->inverters[i];
    }
    return NULL;
}

static struct inverter *find_inverter(struct session *s, const char *serial)
{
    for (size_t i = 0; i < s->inverter_count; i++) {
        if (serial_equal(s->inverters[i].serial, serial))
            return &s->inverters[i];
    }
    return NULL;
}

/* The inverter of a list's entry; NULL when it has no serial, or one that came before. */
static struct inverter *enlist(struct session *s, const cJSON *entry)
{
    char serial[SERIAL_MAX];
    struct inverter *inverter;

    if (!common_serial(entry, serial))
        return NULL;
    inverter = find_inverter(s, serial);
    if (inverter && inverter->listed)
        return NULL;
    if (!inverter) {
        inverter = new_inverter(s);
        if (!inverter)
            return NULL;
        *inverter = (struct inverter){.pushed_ms = -1};
        s->limits_due_ms = s->now_ms;
    }
    text_copy(inverter->serial, sizeof inverter->serial, serial);
    inverter->listed = true;
    return inverter;
}

/* Whether an entry of the list was of use: emitted, or its inverter will be asked. */
static bool take_entry(struct session *s, const cJSON *entry, unsigned index,
                       const struct decode_sink *sink)
{
    struct inverter *inverter = enlist(s, entry);
    struct opendtu_channels c;

    if (!inverter)
        return false;
    inverter->index = index;
    sink->listed(sink->user, index, inverter->serial);
    if (opendtu_find_channels(entry, &c))
        return emit_full(entry, &c, inverter, index, sink);
    if (!opendtu_hears(entry) && inverter->rest_cycles > 0) {
        inverter->rest_cycles--;
        emit_lost(entry, inverter, index, sink);
        return true;
    }
    struct pending *p = &s->pending[s->turns.count++];
    text_copy(p->serial, sizeof p->serial, inverter->serial);
    p->index = index;
    return true;
}

/* In each of its replies; time_sync is true where it is not. */
static void read_hints(struct session *s, const cJSON *root)
{
    const cJSON *hints = json_get(root, "hints");

    s->info.no_time = cJSON_IsTrue(json_get(hints, "time_sync"));
    s->info.radio_problem = cJSON_IsTrue(json_get(hints, "radio_problem"));
    s->info.default_password = cJSON_IsTrue(json_get(hints, "default_password"));
}

static bool has_hints(const struct gateway_info *info)
{
    return info->no_time || info->radio_problem || info->default_password;
}

static enum decode_result decode_list(struct session *s, const cJSON *root,
                                      const struct decode_sink *sink, char *why)
{
    const cJSON *list = cJSON_IsArray(root) ? root : json_get(root, "inverters");
    const cJSON *entry;
    size_t max = common_inverter_limit(s->conf), taken = 0;
    unsigned index = 0;

    s->list_cut = false;
    read_hints(s, root);
    if (!cJSON_IsArray(list))
        return common_refuse(why, "the reply has no list of inverters: is it an OpenDTU?");
    cJSON_ArrayForEach(entry, list)
    {
        if (taken == max) {
            s->list_cut = true;
            break;
        }
        if (take_entry(s, entry, index++, sink))
            taken++;
    }
    if (index == 0)
        return common_refuse(why, "the gateway lists no inverters");
    if (taken == 0)
        return common_refuse(why, "no inverter in the reply has a serial and values");
    sink->list_end(sink->user);
    if (s->info.firmware[0] || s->info.hostname[0] || has_hints(&s->info))
        sink->gateway(sink->user, &s->info);
    return DECODE_OK;
}

/* The reply to ?inv=: counted only if it is this inverter's. */
static enum decode_result decode_inverter(struct session *s, const cJSON *root,
                                          const struct decode_sink *sink, char *why)
{
    const struct pending *p = &s->pending[turns_current(&s->turns)];
    struct inverter *inverter = find_inverter(s, p->serial);
    const cJSON *list = json_get(root, "inverters"), *entry;
    char serial[SERIAL_MAX];
    struct opendtu_channels c;

    if (!cJSON_IsArray(list))
        return common_refuse(why, "the reply for inverter %s has no list", p->serial);
    cJSON_ArrayForEach(entry, list)
    {
        if (!common_serial(entry, serial) || !serial_equal(serial, p->serial))
            continue;
        if (inverter && opendtu_find_channels(entry, &c) &&
            emit_full(entry, &c, inverter, p->index, sink)) {
            turns_answered(&s->turns);
            return DECODE_OK;
        }
        return common_refuse(why, "the reply for inverter %s has no values", p->serial);
    }
    turns_answered(&s->turns);
    (void)snprintf(why, DECODE_WHY_MAX, "the gateway no longer has inverter %s", p->serial);
    return DECODE_ABSENT;
}

static enum decode_result decode_system(struct session *s, const cJSON *root,
                                        const struct decode_sink *sink, char *why)
{
    struct gateway_info info = s->info;

    json_text(root, "git_hash", info.firmware, sizeof info.firmware);
    json_text(root, "hostname", info.hostname, sizeof info.hostname);
    if (!info.firmware[0] && !info.hostname[0])
        return common_refuse(why, "the system status has no git_hash");
    s->info = info;
    s->system_due_ms = s->now_ms + EXTRAS_PERIOD_MS;
    sink->gateway(sink->user, &s->info);
    return DECODE_OK;
}

static enum decode_result decode_limits(struct session *s, const cJSON *root, char *why)
{
    const cJSON *limit;

    if (!cJSON_IsObject(root))
        return common_refuse(why, "the limit status is no object");
    cJSON_ArrayForEach(limit, root)
    {
        struct inverter *inverter = find_inverter(s, limit->string);
        double max = common_in_range(FIELD_MAX_POWER, json_member(limit, "max_power"));
        if (inverter && has_value(max))
            inverter->max_power_w = max;
    }
    s->limits_due_ms = s->now_ms + EXTRAS_PERIOD_MS;
    return DECODE_OK;
}

static void opendtu_open(void *session, const struct gateway_conf *conf)
{
    struct session *s = session;
    s->conf = conf;
}

static void opendtu_begin(void *session, int64_t now_ms)
{
    struct session *s = session;

    s->now_ms = now_ms;
    s->asked = ASKED_NOTHING;
    s->list_asked = false;
    turns_begin(&s->turns);
    for (size_t i = 0; i < s->inverter_count; i++)
        s->inverters[i].listed = false;
}

static bool ask(struct session *s, enum asked what, struct message *out, const char *path)
{
    s->asked = what;
    (void)snprintf(out->path, sizeof out->path, "%s", path);
    out->optional = what == ASKED_SYSTEM || what == ASKED_LIMITS;
    return true;
}

/* The values first; what is only nice to know comes at the end of a cycle. */
static bool opendtu_next(void *session, struct message *out)
{
    struct session *s = session;
    char serial[ESCAPED_SERIAL_MAX], path[sizeof "/api/livedata/status?inv=" + ESCAPED_SERIAL_MAX];
    size_t which;

    if (!s->list_asked) {
        s->list_asked = true;
        return ask(s, ASKED_LIST, out, "/api/livedata/status");
    }
    if (turns_next(&s->turns, &which)) {
        (void)percent_encode(serial, sizeof serial, s->pending[which].serial, PERCENT_COMPONENT);
        (void)snprintf(path, sizeof path, "/api/livedata/status?inv=%s", serial);
        return ask(s, ASKED_INVERTER, out, path);
    }
    if (s->now_ms >= s->system_due_ms) {
        s->system_due_ms = s->now_ms + EXTRAS_RETRY_MS;
        return ask(s, ASKED_SYSTEM, out, "/api/system/status");
    }
    if (s->now_ms >= s->limits_due_ms) {
        s->limits_due_ms = s->now_ms + EXTRAS_RETRY_MS;
        return ask(s, ASKED_LIMITS, out, "/api/limit/status");
    }
    s->asked = ASKED_NOTHING;
    return false;
}

static enum decode_result opendtu_decode(void *session, const char *body, size_t len,
                                         const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    enum decode_result result;
    cJSON *root;

    result = common_parse(body, len, &root, why);
    if (result != DECODE_OK)
        return result;
    switch (s->asked) {
    case ASKED_LIST:
        result = decode_list(s, root, sink, why);
        break;
    case ASKED_INVERTER:
        result = decode_inverter(s, root, sink, why);
        break;
    case ASKED_SYSTEM:
        result = decode_system(s, root, sink, why);
        break;
    case ASKED_LIMITS:
        result = decode_limits(s, root, why);
        break;
    case ASKED_NOTHING:
        result = common_refuse(why, "a reply to nothing that was asked");
        break;
    }
    cJSON_Delete(root);
    return result;
}

/* Nothing to undo: what is optional has been put off when it was asked for. */
static void opendtu_skip(void *session)
{
    struct session *s = session;
    s->asked = ASKED_NOTHING;
}

/*
 * Every second it looks whose values are new, or were told more than 10 s ago, and tells those
 * (sendDataTaskCb(), v24.2.12 to v26.3.30; before, all of them by the same times): 11 s, and one for the way.
 */
static const struct feed *opendtu_feed(const void *session)
{
    static const struct feed feed = {.transport = "websocket",
                                     .path = "/livedata",
                                     .repeat_ms = 10000,
                                     .silence_ms = 12000};
    const struct session *s = session;

    return s->inverter_count > 0 ? &feed : NULL;
}

/* False when the entry is about an inverter that is to be asked for first. */
static bool take_pushed(struct session *s, const cJSON *entry, int64_t now_ms,
                        const struct decode_sink *sink)
{
    char serial[SERIAL_MAX];
    struct opendtu_channels c;

    if (!common_serial(entry, serial))
        return true;
    struct inverter *inverter = find_inverter(s, serial);
    if (!inverter)
        return s->list_cut; /* then it may be one that nobody asks for */
    if (opendtu_find_channels(entry, &c) && emit_full(entry, &c, inverter, inverter->index, sink))
        inverter->pushed_ms = now_ms;
    return true;
}

static enum decode_result opendtu_pushed(void *session, int64_t now_ms, const char *body,
                                         size_t len, const struct decode_sink *sink,
                                         char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    enum decode_result result;
    const cJSON *list, *entry;
    size_t count = 0;
    cJSON *root;

    result = common_parse(body, len, &root, why);
    if (result != DECODE_OK)
        return result;
    list = cJSON_IsArray(root) ? root : json_get(root, "inverters");
    cJSON_ArrayForEach(entry, list)
    {
        if (count++ == INVERTERS_MAX)
            break;
        if (!take_pushed(s, entry, now_ms, sink))
            result = DECODE_ABSENT;
    }
    if (result == DECODE_ABSENT)
        (void)snprintf(why, DECODE_WHY_MAX, "it is about an inverter that was not listed yet");
    cJSON_Delete(root);
    return result;
}

static int64_t opendtu_pushed_since(const void *session)
{
    const struct session *s = session;
    int64_t since_ms = INT64_MAX;

    for (size_t i = 0; i < s->inverter_count; i++) {
        if (s->inverters[i].listed && s->inverters[i].pushed_ms < since_ms)
            since_ms = s->inverters[i].pushed_ms;
    }
    return since_ms == INT64_MAX ? -1 : since_ms;
}

static const struct driver_commands *commands_of(const void *session)
{
    const struct session *s = session;
    return s->inverter_count > 0 ? &opendtu_commands : NULL;
}

const struct driver driver_opendtu = {
    .name = "opendtu",
    .transport = "http",
    .title = opendtu_title,
    .probe = true,
    .session_size = sizeof(struct session),
    .open = opendtu_open,
    .begin = opendtu_begin,
    .next = opendtu_next,
    .decode = opendtu_decode,
    .skip = opendtu_skip,
    .feed = opendtu_feed,
    .pushed = opendtu_pushed,
    .pushed_since = opendtu_pushed_since,
    .commands = commands_of,
};

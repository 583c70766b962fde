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
#include "core/text.h"
#include "drivers/common.h"
#include "drivers/opendtu_commands.h"

/* At night the gateway's list says that it hears nobody: energy is then asked for only so often. */
enum { LOST_CYCLES = 10 };

static const char title[] = "OpenDTU";

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

/* Where an entry keeps its channels. */
struct channels {
    const cJSON *ac, *inv; /* the same one in the flat shapes */
    const cJSON *dc;       /* object with the DC channels... */
    unsigned first_dc;     /* ...from this key on */
};

static bool find_channels(const cJSON *entry, struct channels *c)
{
    const cJSON *ac = json_get(entry, "AC"), *inv = json_get(entry, "INV");
    const cJSON *dc = json_get(entry, "DC");

    if (cJSON_IsObject(ac) || cJSON_IsObject(inv) || cJSON_IsObject(dc)) {
        *c = (struct channels){.ac = json_get(ac, "0"), .inv = json_get(inv, "0"), .dc = dc};
        return true;
    }
    ac = json_get(entry, "0");
    *c = (struct channels){.ac = ac, .inv = ac, .dc = entry, .first_dc = 1};
    return cJSON_IsObject(ac);
}

static double quantity(const cJSON *channel, const char *name)
{
    return json_member(json_get(channel, name), "v");
}

/* Some quantities moved from AC to INV with v24.2.12. */
static void put_from(struct reading *r, enum field f, const cJSON *first, const cJSON *second,
                     const char *name, double scale)
{
    common_put(r, f, quantity(first, name) * scale);
    if (!has_value(r->value[f][0]))
        common_put(r, f, quantity(second, name) * scale);
}

static void read_power_factor(struct reading *r, const cJSON *ac)
{
    char unit[4];

    json_text(json_get(ac, "PowerFactor"), "u", unit, sizeof unit);
    common_put(r, FIELD_POWER_FACTOR,
               quantity(ac, "PowerFactor") / (strcmp(unit, "%") == 0 ? 100 : 1));
}

/*
 * An HMT tells the voltage between two phases (FLD_UAC is UAC_12 there), an MIT-5000 one or the other: the two
 * proposals that OpenDTU has for it differ. 300 V lies between 230 and 400, and between 277 and 480.
 */
static double to_neutral(double voltage_v, const char *serial)
{
    return common_mit(serial) && voltage_v < 300 ? voltage_v : voltage_v / sqrt(3);
}

/* An HMT's current is not to be relied on. Keys per phase are preferred where a firmware has them. */
static void read_phases(struct reading *r, const cJSON *ac)
{
    static const struct {
        const char *voltage, *current;
    } names[PHASES + 1] = {
        [1] = {"Voltage Ph1-N", "Current Ph1"},
        [2] = {"Voltage Ph2-N", "Current Ph2"},
        [3] = {"Voltage Ph3-N", "Current Ph3"},
    };
    double *voltage = r->value[FIELD_VOLTAGE], *current = r->value[FIELD_CURRENT];
    bool own = false;

    for (unsigned phase = 1; phase <= PHASES; phase++) {
        voltage[phase] = common_in_packet(FIELD_VOLTAGE, quantity(ac, names[phase].voltage));
        current[phase] = common_in_packet(FIELD_CURRENT, quantity(ac, names[phase].current));
        own = own || has_value(voltage[phase]) || has_value(current[phase]);
    }
    r->phases = own || common_three_phase(r->serial) ? PHASES : 1;
    if (r->phases == 1)
        return;
    current[0] = MISSING;
    voltage[0] = to_neutral(voltage[0], r->serial);
    if (has_value(voltage[1] + voltage[2] + voltage[3]))
        voltage[0] = (voltage[1] + voltage[2] + voltage[3]) / PHASES;
}

static void read_ac(struct reading *r, const struct channels *c)
{
    put_from(r, FIELD_POWER, c->ac, c->inv, "Power", 1);
    put_from(r, FIELD_VOLTAGE, c->ac, c->inv, "Voltage", 1);
    put_from(r, FIELD_CURRENT, c->ac, c->inv, "Current", 1);
    put_from(r, FIELD_FREQUENCY, c->ac, c->inv, "Frequency", 1);
    put_from(r, FIELD_ENERGY_FORWARD, c->inv, c->ac, "YieldTotal", 1);
    put_from(r, FIELD_ENERGY_TODAY, c->inv, c->ac, "YieldDay", 0.001);
    put_from(r, FIELD_TEMPERATURE, c->inv, c->ac, "Temperature", 1);
    read_power_factor(r, c->ac);
    read_phases(r, c->ac);
}

/* Strings are numbered by their keys, whatever order those come in. */
static void read_strings(struct reading *r, const struct channels *c)
{
    char key[12];

    for (unsigned n = 0; n < STRINGS_MAX; n++) {
        (void)snprintf(key, sizeof key, "%u", c->first_dc + n);
        const cJSON *channel = json_get(c->dc, key);
        if (!channel)
            return;
        struct string_reading s = {
            .power_w = quantity(channel, "Power"),
            .voltage_v = quantity(channel, "Voltage"),
            .current_a = quantity(channel, "Current"),
            .yield_today_kwh = quantity(channel, "YieldDay") / 1000,
            .yield_total_kwh = quantity(channel, "YieldTotal"),
        };
        json_text(json_get(channel, "name"), "u", s.name, sizeof s.name);
        common_add_string(r, &s);
    }
}

static double positive(double v)
{
    return v > 0 ? v : MISSING;
}

static void read_limits(struct reading *r, const cJSON *entry, const struct inverter *inverter)
{
    double absolute = positive(json_member(entry, "limit_absolute"));
    double relative = positive(json_member(entry, "limit_relative"));

    common_put(r, FIELD_LIMIT, absolute);
    common_put(r, FIELD_MAX_POWER,
               inverter->max_power_w > 0 ? inverter->max_power_w : absolute * 100 / relative);
}

static void read_age(struct reading *r, const cJSON *entry)
{
    double age = json_member(entry, "data_age_ms") / 1000;

    if (!has_value(age))
        age = json_member(entry, "data_age");
    r->age_s = age >= 0 ? age : MISSING;
}

static bool is_heard(const cJSON *entry)
{
    return json_bool(entry, "reachable", true) && json_bool(entry, "poll_enabled", true);
}

/* What full and summary entries have alike. */
static void read_entry(struct reading *r, const cJSON *entry, const struct inverter *inverter,
                       unsigned index)
{
    reading_init(r);
    r->product = title;
    text_copy(r->serial, sizeof r->serial, inverter->serial);
    json_text(entry, "name", r->name, sizeof r->name);
    r->index = index;
    r->reach = is_heard(entry) ? REACH_OK : REACH_LOST;
    r->by_radio = true;
    r->phases = common_three_phase(r->serial) ? PHASES : 1;
    read_age(r, entry);
    read_limits(r, entry, inverter);
}

/* Emits an entry that has channels; false when those of an inverter that is heard say nothing. */
static bool emit_full(const cJSON *entry, const struct channels *c, struct inverter *inverter,
                      unsigned index, const struct decode_sink *sink)
{
    struct reading r;

    read_entry(&r, entry, inverter, index);
    read_ac(&r, c);
    read_strings(&r, c);
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

    read_entry(&r, entry, inverter, index);
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
    struct channels c;

    if (!inverter)
        return false;
    inverter->index = index;
    sink->listed(sink->user, index, inverter->serial);
    if (find_channels(entry, &c))
        return emit_full(entry, &c, inverter, index, sink);
    if (!is_heard(entry) && inverter->rest_cycles > 0) {
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
    struct channels c;

    if (!cJSON_IsArray(list))
        return common_refuse(why, "the reply for inverter %s has no list", p->serial);
    cJSON_ArrayForEach(entry, list)
    {
        if (!common_serial(entry, serial) || !serial_equal(serial, p->serial))
            continue;
        if (inverter && find_channels(entry, &c) &&
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
        (void)common_escape(serial, sizeof serial, s->pending[which].serial);
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
    struct channels c;

    if (!common_serial(entry, serial))
        return true;
    struct inverter *inverter = find_inverter(s, serial);
    if (!inverter)
        return s->list_cut; /* then it may be one that nobody asks for */
    if (find_channels(entry, &c) && emit_full(entry, &c, inverter, inverter->index, sink))
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
    .title = title,
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

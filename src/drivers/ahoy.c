/*
 * AhoyDTU.
 *
 *   to 0.5.66    /api/live has everything but serials, which /api/inverter/list has: of an inverter of the same name
 *                at the same place, only its counter tells that it is another one
 *   from 0.5.93  /api/live has the names of the values and, in `iv`, which ids are in use (gaps are
 *                normal); /api/inverter/id/N has the values
 *
 * Values are told by the name lists of /api/live, never by their place. Ages are by the gateway's
 * own clock: generic.ts_now from 0.7, /api/index before. Without one (no NTP yet, /api/index refused) the
 * stamp of the last packet is all that is passed on.
 */
#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/text.h"
#include "drivers/ahoy_commands.h"
#include "drivers/ahoy_serials.h"
#include "drivers/common.h"

static const char title[] = "AhoyDTU";

/* How far a success may lie "in the future": the clock is read before the values. */
enum { CLOCK_TOLERANCE_S = 60 };

/*
 * HMT: U_AC is line to neutral already, I_AC is of L1 alone. Of the MI series AhoyDTU makes up P_AC out of P_DC
 * and never sets I_AC (Communication.h, miComplete): 0 A is no measurement there.
 */
enum { GENERATION_HMT = 3 };

/* hmInverter.h: 4 is "was on", the last packet is over five minutes old; 3 is heard but makes < 3 W. */
enum { STATUS_OFF = 0, STATUS_WAS_ON = 4 };

/*
 * MaxPower is not here: it is the highest power since midnight, not what the inverter can make.
 */
static const struct {
    const char *name;
    enum field field;
    double scale;
} ac_values[] = {
    {"P_AC", FIELD_POWER, 1},
    {"U_AC", FIELD_VOLTAGE, 1},
    {"I_AC", FIELD_CURRENT, 1},
    {"F_AC", FIELD_FREQUENCY, 1},
    {"PF_AC", FIELD_POWER_FACTOR, 1},
    {"Temp", FIELD_TEMPERATURE, 1},
    {"YieldTotal", FIELD_ENERGY_FORWARD, 1},
    {"YieldDay", FIELD_ENERGY_TODAY, 0.001},
};

enum { AC_VALUES = sizeof ac_values / sizeof ac_values[0] };

enum dc_value { DC_POWER, DC_VOLTAGE, DC_CURRENT, DC_YIELD_DAY, DC_YIELD_TOTAL, DC_VALUES };

static const char *const dc_names[DC_VALUES] = {"P_DC", "U_DC", "I_DC", "YieldDay", "YieldTotal"};

enum asked { ASKED_NOTHING, ASKED_LIVE, ASKED_LIST, ASKED_INDEX, ASKED_INVERTER };

struct session {
    struct ahoy_commands commands; /* first: see drivers/ahoy_commands.h */
    const struct gateway_conf *conf;
    int64_t now_ms;
    enum asked asked;
    bool list_asked, index_asked, live_done; /* in the present cycle */
    bool needs_index;                        /* /api/live does not tell the time */
    bool is_inline;                          /* to 0.5.66 */
    bool needs_list;
    int64_t list_due_ms;
    struct ahoy_serials serials;
    int ac_column[AC_VALUES], dc_column[DC_VALUES]; /* -1: the gateway does not have it */
    double ts_now;                                  /* MISSING: not known in this cycle */
    struct turns turns;
    unsigned pending[INVERTERS_MAX]; /* ids to ask */
    size_t emitted_count;
    char emitted[INVERTERS_MAX][SERIAL_MAX]; /* in the present cycle */
    struct gateway_info info;
};

_Static_assert(sizeof(struct session) <= SESSION_MAX, "auto has room for it");

/* ---- What the gateway says of itself ---- */

static double clock_of(const cJSON *root)
{
    double now = json_member(json_get(root, "generic"), "ts_now");

    if (!has_value(now))
        now = json_member(json_get(root, "system"), "ts_now");
    return has_value(now) ? now : json_member(root, "ts_now");
}

static void note_gateway(struct session *s, const cJSON *root, const struct decode_sink *sink)
{
    static const char *const places[] = {"generic", "system"};
    char text[VERSION_MAX];

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const cJSON *place = json_get(root, places[i]);
        json_text(place, "version", text, sizeof text);
        if (text[0])
            text_copy(s->info.firmware, sizeof s->info.firmware, text);
        json_text(place, "esp_type", text, sizeof text);
        if (text[0])
            s->info.esp8266 = strncmp(text, "ESP8266", 7) == 0;
    }
    if (has_value(clock_of(root))) {
        s->ts_now = clock_of(root);
        s->info.no_time = s->ts_now == 0;
    }
    if (s->info.firmware[0] || s->info.esp8266 || s->info.no_time)
        sink->gateway(sink->user, &s->info);
}

static int column(const cJSON *names, const char *name)
{
    const cJSON *element;
    int at = 0;

    if (!cJSON_IsArray(names))
        return -1;
    cJSON_ArrayForEach(element, names)
    {
        if (cJSON_IsString(element) && strcmp(element->valuestring, name) == 0)
            return at;
        at++;
    }
    return -1;
}

/* False when the reply has no names to go by. */
static bool read_names(struct session *s, const cJSON *root)
{
    const cJSON *ac = json_get(root, "ch0_fld_names"), *dc = json_get(root, "fld_names");
    bool any = false;

    for (size_t i = 0; i < AC_VALUES; i++) {
        s->ac_column[i] = column(ac, ac_values[i].name);
        any = any || s->ac_column[i] >= 0;
    }
    for (size_t i = 0; i < DC_VALUES; i++)
        s->dc_column[i] = column(dc, dc_names[i]);
    return any;
}

/* ---- One inverter ---- */

static double cell(const cJSON *row, int at)
{
    return at < 0 ? MISSING : json_number(json_at(row, (size_t)at));
}

static void read_channels(const struct session *s, struct reading *r, const cJSON *entry)
{
    const cJSON *rows = json_get(entry, "ch"), *names = json_get(entry, "ch_name");
    const cJSON *ac = json_at(rows, 0), *row;
    size_t n = 0;

    if (!names)
        names = json_get(entry, "ch_names");
    for (size_t i = 0; i < AC_VALUES; i++)
        common_put(r, ac_values[i].field, cell(ac, s->ac_column[i]) * ac_values[i].scale);
    for (row = ac ? ac->next : NULL; row && n < STRINGS_MAX; row = row->next) {
        const cJSON *name = json_at(names, ++n);
        struct string_reading string = {
            .power_w = cell(row, s->dc_column[DC_POWER]),
            .voltage_v = cell(row, s->dc_column[DC_VOLTAGE]),
            .current_a = cell(row, s->dc_column[DC_CURRENT]),
            .yield_today_kwh = cell(row, s->dc_column[DC_YIELD_DAY]) / 1000,
            .yield_total_kwh = cell(row, s->dc_column[DC_YIELD_TOTAL]),
        };
        text_copy(string.name, sizeof string.name, cJSON_IsString(name) ? name->valuestring : NULL);
        common_add_string(r, &string);
    }
}

/* When the last packet came, by the gateway's clock. */
static double stamp(const cJSON *entry)
{
    double success = json_member(entry, "ts_last_success");

    return success > 0 ? success : MISSING; /* 0: never heard */
}

static double age(const struct session *s, double stamp_s)
{
    double age_s = s->ts_now - stamp_s;

    if (!(s->ts_now > 0) || !has_value(stamp_s)) /* 0: no time from the network yet */
        return MISSING;
    return age_s >= -CLOCK_TOLERANCE_S ? fmax(age_s, 0) : MISSING;
}

/* Old firmware has no status: there the age alone tells, and it is judged behind the driver. */
static enum reach reach_of(const cJSON *entry)
{
    double status = json_member(entry, "status");

    if (json_member(entry, "ts_last_success") == 0 || status == STATUS_OFF ||
        status == STATUS_WAS_ON)
        return REACH_LOST;
    return REACH_OK;
}

static void read_limits(struct reading *r, const cJSON *entry)
{
    double max = json_member(entry, "max_pwr");
    double percent = json_member(entry, "power_limit_read"); /* 65535: not known */

    common_put(r, FIELD_MAX_POWER, max);
    if (percent > 0 && percent <= 100)
        common_put(r, FIELD_LIMIT, r->value[FIELD_MAX_POWER][0] * percent / 100);
}

static bool read_inverter(const struct session *s, struct reading *r, const cJSON *entry,
                          const char *serial, unsigned index)
{
    reading_init(r);
    r->product = title;
    text_copy(r->serial, sizeof r->serial, serial);
    json_text(entry, "name", r->name, sizeof r->name);
    r->index = index;
    r->reach = reach_of(entry);
    r->by_radio = true;
    r->stamp_s = stamp(entry);
    r->age_s = age(s, r->stamp_s);
    read_channels(s, r, entry);
    read_limits(r, entry);
    r->phases = common_three_phase(serial) || json_member(entry, "generation") == GENERATION_HMT
                    ? PHASES
                    : 1;
    if (r->phases == PHASES || (common_mi(serial) && r->value[FIELD_CURRENT][0] == 0))
        r->value[FIELD_CURRENT][0] = MISSING;
    return common_finish(r, true);
}

/* A serial that came before in this cycle is left out: two replies for one inverter. */
static void emit(struct session *s, const struct reading *r, const struct decode_sink *sink)
{
    for (size_t i = 0; i < s->emitted_count; i++) {
        if (serial_equal(s->emitted[i], r->serial))
            return;
    }
    if (s->emitted_count == INVERTERS_MAX)
        return;
    text_copy(s->emitted[s->emitted_count++], SERIAL_MAX, r->serial);
    ahoy_commands_learn(&s->commands, r->serial, r->index);
    sink->reading(sink->user, r);
}

/* ---- To 0.5.66 ---- */

static double total_of(const struct session *s, const cJSON *entry)
{
    const cJSON *ac = json_at(json_get(entry, "ch"), 0);
    size_t i = 0;

    while (ac_values[i].field != FIELD_ENERGY_FORWARD)
        i++;
    return cell(ac, s->ac_column[i]);
}

/* Whether a counter may be that of another inverter than before. */
static bool any_leaps(const struct session *s, const cJSON *inverters)
{
    const cJSON *entry = inverters->child;

    for (size_t at = 0; entry && at < INVERTERS_MAX; at++, entry = entry->next) {
        if (ahoy_serials_leaps(&s->serials, at, total_of(s, entry)))
            return true;
    }
    return false;
}

/* Not before there is the list that a leap has asked for: until then each reply shows the leap. */
static void note_totals(struct session *s, const cJSON *inverters)
{
    const cJSON *entry = inverters->child;

    for (size_t at = 0; entry && at < INVERTERS_MAX; at++, entry = entry->next)
        ahoy_serials_note(&s->serials, at, total_of(s, entry));
}

static enum decode_result emit_inline(struct session *s, const cJSON *inverters, size_t count,
                                      const struct decode_sink *sink, char *why)
{
    const cJSON *entry;
    char serial[SERIAL_MAX];
    struct reading r;
    unsigned index;
    size_t at = 0, max = common_inverter_limit(s->conf);

    cJSON_ArrayForEach(entry, inverters)
    {
        if (s->emitted_count == max || at == INVERTERS_MAX)
            break;
        if (json_bool(entry, "enabled", true) &&
            ahoy_serials_identify(&s->serials, entry, at, count, serial, &index) &&
            read_inverter(s, &r, entry, serial, index))
            emit(s, &r, sink);
        at++;
    }
    s->live_done = true;
    if (s->emitted_count)
        return DECODE_OK;
    if (s->serials.count == 0 && !ahoy_serials_given_up(&s->serials))
        return common_refuse(why, "the serials are not known yet: /api/inverter/list brought none");
    return common_refuse(why, "no inverter in the reply is enabled and has a serial and values");
}

/*
 * What must be known first is asked for, each once in a cycle; then /api/live again. From the second
 * cycle on it is asked for beforehand.
 */
static enum decode_result decode_inline(struct session *s, const cJSON *inverters,
                                        const struct decode_sink *sink, char *why)
{
    size_t count = (size_t)cJSON_GetArraySize(inverters);

    if (count == 0)
        return common_refuse(why, "the gateway lists no inverters");
    s->is_inline = true;
    if (!ahoy_serials_given_up(&s->serials) && (!ahoy_serials_match(&s->serials, inverters) ||
                                                (!s->list_asked && any_leaps(s, inverters))))
        s->needs_list = true;
    if ((s->needs_list && !s->list_asked) || (s->needs_index && !s->index_asked))
        return DECODE_OK;
    if (!s->needs_list)
        note_totals(s, inverters);
    return emit_inline(s, inverters, count, sink, why);
}

static enum decode_result decode_list(struct session *s, const cJSON *root, char *why)
{
    enum decode_result result = ahoy_serials_decode(&s->serials, root, why);

    if (result == DECODE_OK) {
        s->needs_list = false;
        s->list_due_ms = s->now_ms + EXTRAS_PERIOD_MS;
    }
    return result;
}

/* ---- From 0.5.93 ---- */

static enum decode_result decode_ids(struct session *s, const cJSON *iv, char *why)
{
    const cJSON *used;
    unsigned id = 0;

    s->is_inline = s->needs_list = false;
    s->live_done = true;
    cJSON_ArrayForEach(used, iv)
    {
        if (s->turns.count == common_inverter_limit(s->conf))
            break;
        if (json_number(used) == 1)
            s->pending[s->turns.count++] = id;
        id++;
    }
    return s->turns.count ? DECODE_OK : common_refuse(why, "the gateway lists no inverters");
}

static enum decode_result decode_live(struct session *s, const cJSON *root,
                                      const struct decode_sink *sink, char *why)
{
    const cJSON *iv = json_get(root, "iv"), *inverters = json_get(root, "inverter");

    if (!cJSON_IsArray(iv) && !cJSON_IsArray(inverters))
        return common_refuse(why, "the reply has no list of inverters: is it an AhoyDTU?");
    if (!read_names(s, root))
        return common_refuse(why, "the reply has no names of values (ch0_fld_names)");
    s->needs_index = !has_value(clock_of(root));
    note_gateway(s, root, sink);
    return cJSON_IsArray(iv) ? decode_ids(s, iv, why) : decode_inline(s, inverters, sink, why);
}

/*
 * A reply that calls itself another id than was asked is counted by its serial all the same: that
 * is what identity goes by.
 */
static enum decode_result decode_inverter(struct session *s, const cJSON *root,
                                          const struct decode_sink *sink, char *why)
{
    unsigned id = s->pending[turns_current(&s->turns)];
    char serial[SERIAL_MAX];
    struct reading r;

    if (json_get(root, "error") || (cJSON_IsObject(root) && !root->child) ||
        !json_bool(root, "enabled", true)) {
        turns_answered(&s->turns);
        (void)snprintf(why, DECODE_WHY_MAX, "the gateway no longer has inverter %u", id);
        return DECODE_ABSENT;
    }
    if (!common_serial(root, serial) || !read_inverter(s, &r, root, serial, id))
        return common_refuse(why, "the reply for inverter %u has no serial or values", id);
    turns_answered(&s->turns);
    emit(s, &r, sink);
    return DECODE_OK;
}

/* ---- The driver ---- */

static void ahoy_open(void *session, const struct gateway_conf *conf)
{
    struct session *s = session;
    s->conf = conf;
    s->commands.password = conf->password;
}

static const struct driver_commands *commands_of(const void *session)
{
    const struct session *s = session;
    return s->commands.known_count > 0 ? &ahoy_commands : NULL;
}

static void ahoy_begin(void *session, int64_t now_ms)
{
    struct session *s = session;

    s->now_ms = now_ms;
    s->asked = ASKED_NOTHING;
    s->list_asked = s->index_asked = s->live_done = false;
    s->needs_list = s->is_inline && now_ms >= s->list_due_ms;
    s->ts_now = MISSING;
    s->emitted_count = 0;
    turns_begin(&s->turns);
}

static bool ask(struct session *s, enum asked what, struct message *out, const char *path)
{
    s->asked = what;
    (void)snprintf(out->path, sizeof out->path, "%s", path);
    out->optional = what == ASKED_LIST || what == ASKED_INDEX;
    return true;
}

static bool ahoy_next(void *session, struct message *out)
{
    struct session *s = session;
    char path[48];
    size_t which;

    if (s->needs_index && !s->index_asked) {
        s->index_asked = true;
        return ask(s, ASKED_INDEX, out, "/api/index");
    }
    if (s->needs_list && !s->list_asked) {
        s->list_asked = true;
        return ask(s, ASKED_LIST, out, "/api/inverter/list");
    }
    if (!s->live_done)
        return ask(s, ASKED_LIVE, out, "/api/live");
    if (turns_next(&s->turns, &which)) {
        (void)snprintf(path, sizeof path, "/api/inverter/id/%u", s->pending[which]);
        return ask(s, ASKED_INVERTER, out, path);
    }
    s->asked = ASKED_NOTHING;
    return false;
}

static enum decode_result ahoy_decode(void *session, const char *body, size_t len,
                                      const struct decode_sink *sink, char why[DECODE_WHY_MAX])
{
    struct session *s = session;
    enum decode_result result;
    cJSON *root;

    result = common_parse(body, len, &root, why);
    if (result != DECODE_OK)
        return result;
    switch (s->asked) {
    case ASKED_LIVE:
        result = decode_live(s, root, sink, why);
        break;
    case ASKED_LIST:
        result = decode_list(s, root, why);
        break;
    case ASKED_INDEX:
        note_gateway(s, root, sink);
        break;
    case ASKED_INVERTER:
        result = decode_inverter(s, root, sink, why);
        break;
    case ASKED_NOTHING:
        result = common_refuse(why, "a reply to nothing that was asked");
        break;
    }
    cJSON_Delete(root);
    return result;
}

static void ahoy_skip(void *session)
{
    struct session *s = session;

    if (s->asked == ASKED_LIST) {
        s->serials.failures++;
        s->list_due_ms =
            s->now_ms + (ahoy_serials_given_up(&s->serials) ? EXTRAS_PERIOD_MS : EXTRAS_RETRY_MS);
    }
    s->asked = ASKED_NOTHING;
}

const struct driver driver_ahoy = {
    .name = "ahoy",
    .transport = "http",
    .title = title,
    .probe = true,
    .session_size = sizeof(struct session),
    .open = ahoy_open,
    .begin = ahoy_begin,
    .next = ahoy_next,
    .decode = ahoy_decode,
    .skip = ahoy_skip,
    .commands = commands_of,
};

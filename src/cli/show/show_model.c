#include "cli/show/show_model.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/show_text.h"

static const char prefix[] = "com.victronenergy.";

enum { WATTS, VOLTS, AMPERES, KWH };

struct show_model {
    size_t count;
    struct show_row *rows[SHOW_SERVICES_MAX];
    struct show_page page;
};

/* ---- which paths are read ---- */

enum kind {
    NUMBER,
    MEASURE, /* a number whose arrival shows that the service is alive */
    TEXT,
};

#define FIELD(path_, kind_, member)                                               \
    {                                                                             \
        .path = path_, .kind = kind_, .offset = offsetof(struct show_row, member) \
    }
#define PHASE(n)                                                      \
    FIELD("/Ac/L" #n "/Power", MEASURE, phase[n - 1][WATTS]),         \
        FIELD("/Ac/L" #n "/Voltage", MEASURE, phase[n - 1][VOLTS]),   \
        FIELD("/Ac/L" #n "/Current", MEASURE, phase[n - 1][AMPERES]), \
        FIELD("/Ac/L" #n "/Energy/Forward", MEASURE, phase[n - 1][KWH])

static const struct {
    const char *path;
    enum kind kind;
    size_t offset;
} fields[] = {
    FIELD("/Ac/Power", MEASURE, power),
    PHASE(1),
    PHASE(2),
    PHASE(3),
    FIELD("/Ac/Out/L1/P", MEASURE, out[WATTS]),
    FIELD("/Ac/Out/L1/V", MEASURE, out[VOLTS]),
    FIELD("/Ac/Out/L1/I", MEASURE, out[AMPERES]),
    FIELD("/Ac/Energy/Forward", MEASURE, energy),
    FIELD("/Energy/Today", MEASURE, today),
    FIELD("/Latency", NUMBER, latency),
    FIELD("/UpdateIndex", NUMBER, update_index),
    FIELD("/Debug/MeasuredAt", NUMBER, measured_at),
    FIELD("/Connected", NUMBER, connected),
    FIELD("/StatusCode", NUMBER, status_code),
    FIELD("/State", NUMBER, state),
    FIELD("/ErrorCode", NUMBER, error_code),
    FIELD("/CustomName", TEXT, name),
    FIELD("/ProductName", TEXT, product),
    FIELD("/Mgmt/Connection", TEXT, connection),
    FIELD("/Debug/Requests", NUMBER, debug.requests),
    FIELD("/Debug/Failures", NUMBER, debug.failures),
    FIELD("/Debug/FailuresByKind", TEXT, debug.by_kind),
    FIELD("/Debug/RoundTripP50", NUMBER, debug.p50),
    FIELD("/Debug/RoundTripP99", NUMBER, debug.p99),
    FIELD("/Debug/Pushed", NUMBER, debug.pushed),
    FIELD("/Debug/Bytes", NUMBER, debug.bytes),
    FIELD("/Debug/LastError", TEXT, debug.last_error),
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static double number_of(const struct value *v)
{
    return v->type == VALUE_DOUBLE ? v->d : v->type == VALUE_INT ? v->i : MISSING;
}

static bool same_number(double a, double b)
{
    return has_value(a) == has_value(b) && !(a < b) && !(a > b);
}

static void take_text(char *to, const struct value *v)
{
    char number[32] = "";

    if (v->type == VALUE_STRING) {
        show_text_clean(to, SHOW_TEXT_MAX, v->s);
        return;
    }
    if (v->type == VALUE_INT || v->type == VALUE_DOUBLE)
        value_text(v, TEXT_PLAIN, number, sizeof number);
    show_text_clean(to, SHOW_TEXT_MAX, number);
}

void show_row_item(struct show_row *row, const char *path, const struct value *value)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].path, path) != 0)
            continue;
        void *to = (char *)row + fields[i].offset;
        if (fields[i].kind == TEXT) {
            take_text(to, value);
            return;
        }
        double before = *(double *)to, now = number_of(value);
        *(double *)to = now;
        if (to == &row->update_index)
            row->index_moved = !same_number(before, now);
        else if (fields[i].kind == MEASURE)
            row->measured = true;
        return;
    }
}

/* ---- history ---- */

static size_t slot(int64_t bucket)
{
    return (size_t)(bucket % SHOW_BUCKETS);
}

static void advance(struct show_history *h, int64_t bucket)
{
    if (h->last < 0 || bucket - h->last > SHOW_BUCKETS) {
        for (size_t i = 0; i < SHOW_BUCKETS; i++)
            h->mean[i] = h->last < 0 ? MISSING : h->held;
        h->last = bucket;
        h->sum = h->samples = 0;
    }
    while (h->last < bucket) {
        h->last++;
        h->mean[slot(h->last)] = h->held;
        h->sum = h->samples = 0;
    }
}

static void sample(struct show_history *h, double power, int64_t now_ms)
{
    advance(h, now_ms / SHOW_BUCKET_MS);
    h->held = power;
    if (has_value(power)) {
        h->sum += power;
        h->samples++;
    }
    h->mean[slot(h->last)] = h->samples ? h->sum / h->samples : MISSING;
}

double show_row_history(const struct show_row *row, int64_t now_ms, unsigned before)
{
    const struct show_history *h = &row->history;
    int64_t bucket = now_ms / SHOW_BUCKET_MS - before;

    if (h->last < 0 || bucket < 0 || bucket <= h->last - SHOW_BUCKETS)
        return MISSING;
    return bucket > h->last ? h->held : h->mean[slot(bucket)];
}

/* ---- messages ---- */

static void message_ended(struct show_row *row, int64_t now_ms)
{
    sample(&row->history, show_row_power(row), now_ms);
    row->index_moved = row->measured = false;
    row->changed = true;
}

void show_row_told(struct show_row *row, int64_t now_ms)
{
    row->answer = SHOW_ANSWERED;
    row->seen_ms = now_ms;
    /* The same clock, on the same machine; what is later than now is of another. */
    if (row->measured_at >= 0 && row->measured_at * 1000 <= (double)now_ms)
        row->updated_ms = (int64_t)(row->measured_at * 1000);
    message_ended(row, now_ms);
}

void show_row_updated(struct show_row *row, int64_t now_ms)
{
    /* Where there is an index, a change without it is none of the device: an error, a new name. */
    bool fresh = has_value(row->update_index) ? row->index_moved : row->measured;

    if (fresh)
        row->updated_ms = now_ms;
    message_ended(row, now_ms);
}

void show_row_silent(struct show_row *row)
{
    row->answer = SHOW_SILENT;
    row->changed = true;
}

/* ---- rows ---- */

/* Digits count as numbers, so that the order is the one that people expect. */
static int compare_names(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            char *a_end, *b_end;
            unsigned long long x = strtoull(a, &a_end, 10), y = strtoull(b, &b_end, 10);
            if (x != y)
                return x < y ? -1 : 1;
            a = a_end;
            b = b_end;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static void init_row(struct show_row *row, const char *service)
{
    *row = (struct show_row){.updated_ms = -1, .history = {.last = -1, .held = MISSING}};
    if (strncmp(service, prefix, sizeof prefix - 1) == 0)
        service += sizeof prefix - 1;
    show_text_clean(row->service, sizeof row->service, service);
    for (size_t i = 0; i < FIELDS; i++) {
        void *to = (char *)row + fields[i].offset;
        if (fields[i].kind != TEXT)
            *(double *)to = MISSING;
    }
}

struct show_row *show_model_add(struct show_model *m, const char *service)
{
    if (m->count == SHOW_SERVICES_MAX)
        return NULL;
    struct show_row *row = malloc(sizeof *row);
    if (!row)
        return NULL;
    init_row(row, service);
    size_t at = m->count++;
    for (; at > 0 && compare_names(m->rows[at - 1]->service, row->service) > 0; at--)
        m->rows[at] = m->rows[at - 1];
    m->rows[at] = row;
    return row;
}

void show_model_remove(struct show_model *m, struct show_row *row)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->rows[i] != row)
            continue;
        m->count--;
        memmove(&m->rows[i], &m->rows[i + 1], (m->count - i) * sizeof(struct show_row *));
        free(row);
        return;
    }
}

struct show_model *show_model_create(void)
{
    return calloc(1, sizeof(struct show_model));
}

void show_model_destroy(struct show_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        free(m->rows[i]);
    free(m);
}

struct show_page *show_model_page(struct show_model *m)
{
    return &m->page;
}

const struct show_page *show_model_absent(const struct show_model *m)
{
    return &m->page;
}

size_t show_model_count(const struct show_model *m)
{
    return m->count;
}

struct show_row *show_model_row(const struct show_model *m, size_t i)
{
    return m->rows[i];
}

/* ---- what it comes to ---- */

bool show_row_is_inverter(const struct show_row *row)
{
    return strncmp(row->service, "pvinverter.", 11) == 0 ||
           strncmp(row->service, "inverter.", 9) == 0;
}

static bool is_genset(const struct show_row *row)
{
    return strncmp(row->service, "genset.", 7) == 0;
}

/* Of a quantity's phases; MISSING when none has it. */
static double phases_sum(const struct show_row *row, int quantity, unsigned *count)
{
    double sum = 0;

    *count = 0;
    for (size_t i = 0; i < PHASES; i++) {
        if (!has_value(row->phase[i][quantity]))
            continue;
        sum += row->phase[i][quantity];
        ++*count;
    }
    return *count ? sum : MISSING;
}

double show_row_power(const struct show_row *row)
{
    unsigned count;
    double sum = phases_sum(row, WATTS, &count);

    if (has_value(row->power))
        return row->power;
    return count ? sum : row->out[WATTS];
}

double show_row_voltage(const struct show_row *row)
{
    unsigned count;
    double sum = phases_sum(row, VOLTS, &count);

    return count ? sum / count : row->out[VOLTS];
}

double show_row_current(const struct show_row *row)
{
    unsigned count;
    double sum = phases_sum(row, AMPERES, &count);

    return count ? sum : row->out[AMPERES];
}

double show_row_energy(const struct show_row *row)
{
    unsigned count;

    return has_value(row->energy) ? row->energy : phases_sum(row, KWH, &count);
}

const char *show_row_phases(const struct show_row *row)
{
    static const char *const names[] = {"", "L1", "L2", "L1+L2", "L3", "L1+L3", "L2+L3", "3P"};
    unsigned used = 0;

    for (size_t i = 0; i < PHASES; i++)
        used |= has_value(row->phase[i][WATTS]) ? 1U << i : 0U;
    if (!used && has_value(row->out[WATTS]))
        used = 1;
    return names[used];
}

const char *show_row_title(const struct show_row *row)
{
    return row->name[0] ? row->name : row->product;
}

/* ---- status ---- */

struct word {
    int first, last;
    enum show_tone tone;
    const char *text;
};

static const struct word status_words[] = {
    {0, 6, SHOW_WARNING, "starting"}, {7, 7, SHOW_GOOD, "running"}, {8, 8, SHOW_FAINT, "standby"},
    {9, 9, SHOW_WARNING, "booting"},  {10, 10, SHOW_BAD, "error"},  {11, 11, SHOW_GOOD, "running"},
    {12, 12, SHOW_GOOD, "limited"},   {0, 0, SHOW_NORMAL, NULL},
};

/* A genset's codes are of its own: 8 is what 7 is of an inverter. */
static const struct word genset_words[] = {
    {0, 0, SHOW_FAINT, "standby"}, {1, 7, SHOW_WARNING, "starting"},
    {8, 8, SHOW_GOOD, "running"},  {9, 9, SHOW_WARNING, "stopping"},
    {10, 10, SHOW_BAD, "error"},   {0, 0, SHOW_NORMAL, NULL},
};

static const struct word state_words[] = {
    {0, 0, SHOW_FAINT, "off"},      {1, 1, SHOW_FAINT, "low power"}, {2, 2, SHOW_BAD, "fault"},
    {9, 9, SHOW_GOOD, "inverting"}, {0, 0, SHOW_NORMAL, NULL},
};

static const char *number_word(const struct word *words, double number, enum show_tone *tone,
                               char *buffer, size_t size)
{
    for (; words->text; words++) {
        if (number >= words->first && number <= words->last) {
            *tone = words->tone;
            return words->text;
        }
    }
    *tone = SHOW_WARNING;
    (void)snprintf(buffer, size, "code %.0f", number);
    return buffer;
}

static bool has_error(const struct show_row *row)
{
    return has_value(row->error_code) && (row->error_code < 0 || row->error_code > 0);
}

const char *show_row_status(const struct show_row *row, enum show_tone *tone, char *buffer,
                            size_t size)
{
    *tone = row->answer == SHOW_SILENT ? SHOW_BAD : SHOW_FAINT;
    if (row->answer != SHOW_ANSWERED)
        return row->answer == SHOW_SILENT ? "no reply" : "asked";
    *tone = SHOW_BAD;
    if (has_value(row->connected) && row->connected < 1)
        return "offline";
    if (has_error(row)) {
        if (row->error_code < 1.5 && row->error_code > 0.5)
            return "error";
        (void)snprintf(buffer, size, "error %.0f", row->error_code);
        return buffer;
    }
    if (has_value(row->status_code))
        return number_word(is_genset(row) ? genset_words : status_words, row->status_code, tone,
                           buffer, size);
    if (has_value(row->state))
        return number_word(state_words, row->state, tone, buffer, size);
    bool known = has_value(show_row_power(row));
    *tone = known ? SHOW_GOOD : SHOW_FAINT;
    return known ? "ok" : "no values";
}

const char *show_row_reason(const struct show_row *row)
{
    bool connected = !has_value(row->connected) || row->connected >= 1;
    bool failed = has_error(row) || (row->status_code > 9.5 && row->status_code < 10.5);

    return row->answer == SHOW_ANSWERED && connected && failed ? row->debug.last_error : "";
}

int64_t show_row_age(const struct show_row *row, int64_t now_ms, bool *at_least)
{
    *at_least = row->updated_ms < 0;
    if (row->answer != SHOW_ANSWERED)
        return -1;
    return now_ms - (*at_least ? row->seen_ms : row->updated_ms);
}

/* ---- totals ---- */

static void add(double *sum, double value)
{
    if (has_value(value))
        *sum = has_value(*sum) ? *sum + value : value;
}

static void add_inverter(struct show_total *t, const struct show_row *row)
{
    enum show_tone tone;
    char buffer[32];

    (void)show_row_status(row, &tone, buffer, sizeof buffer);
    t->inverters++;
    t->running += tone == SHOW_GOOD;
    add(&t->power, show_row_power(row));
    bool of_phases = false;
    for (size_t i = 0; i < PHASES; i++) {
        of_phases = of_phases || has_value(row->phase[i][WATTS]);
        add(&t->phase[i], row->phase[i][WATTS]);
    }
    if (!of_phases)
        add(&t->phase[0], row->out[WATTS]);
}

void show_model_total(const struct show_model *m, struct show_total *out)
{
    *out = (struct show_total){.services = m->count,
                               .power = MISSING,
                               .phase = {MISSING, MISSING, MISSING},
                               .today = 0};
    for (size_t i = 0; i < m->count; i++) {
        if (!show_row_is_inverter(m->rows[i]))
            continue;
        add_inverter(out, m->rows[i]);
        out->today += m->rows[i]->today; /* one that is missing makes all of it so */
    }
    if (!out->inverters)
        out->today = MISSING;
}

size_t show_model_gateways(const struct show_model *m, struct show_gateway *out)
{
    size_t count = 0;

    for (size_t i = 0; i < m->count; i++) {
        const struct show_row *row = m->rows[i];
        size_t at = 0;
        while (at < count &&
               (!row->connection[0] || strcmp(out[at].row->connection, row->connection) != 0))
            at++;
        if (at == count)
            out[count++] = (struct show_gateway){.row = row};
        out[at].services++;
        if (!has_value(out[at].row->debug.requests))
            out[at].row = row;
    }
    return count;
}

#include "drivers/common.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/text.h"

static const struct range {
    double low, high;
} ranges[FIELD_COUNT] = {
    [FIELD_POWER] = {-1e6, 1e6},       [FIELD_VOLTAGE] = {0, 1000},
    [FIELD_CURRENT] = {-1e4, 1e4},     [FIELD_ENERGY_FORWARD] = {0, 1e8},
    [FIELD_ENERGY_REVERSE] = {0, 1e8}, [FIELD_ENERGY_TODAY] = {0, 1e5},
    [FIELD_FREQUENCY] = {0, 100},      [FIELD_POWER_FACTOR] = {-1.01, 1.01},
    [FIELD_TEMPERATURE] = {-60, 200},  [FIELD_DC_VOLTAGE] = {0, 2000},
    [FIELD_MAX_POWER] = {1, 1e6},      [FIELD_LIMIT] = {0, 1e6},
};

/* What a damaged packet says (0xFFFF: 6553.5 V, 655.35 Hz) passes: core/plausible.h has to see it. */
static const double packet_high[FIELD_COUNT] = {
    [FIELD_VOLTAGE] = 1e4,
    [FIELD_FREQUENCY] = 1e3,
    [FIELD_DC_VOLTAGE] = 1e4,
};

/* Values of the moment, as opposed to counters and to what the device is. */
static const enum field momentary[] = {
    FIELD_VOLTAGE, FIELD_FREQUENCY, FIELD_POWER_FACTOR, FIELD_TEMPERATURE, FIELD_DC_VOLTAGE,
};

enum decode_result common_parse(const char *body, size_t len, cJSON **root, char *why)
{
    *root = json_parse(body, len, why, DECODE_WHY_MAX);
    if (!*root)
        return DECODE_BAD_REPLY;
    if (cJSON_IsNull(*root)) {
        cJSON_Delete(*root);
        *root = NULL;
        (void)snprintf(why, DECODE_WHY_MAX, "the gateway answers null: it is out of memory");
        return DECODE_BUSY;
    }
    return DECODE_OK;
}

enum decode_result common_refuse(char *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, DECODE_WHY_MAX, format, args);
    va_end(args);
    return DECODE_BAD_REPLY;
}

size_t common_inverter_limit(const struct gateway_conf *conf)
{
    size_t max = conf->max_inverters;
    return max == 0 || max > INVERTERS_MAX ? INVERTERS_MAX : max;
}

double common_in_range(enum field f, double v)
{
    return v >= ranges[f].low && v <= ranges[f].high ? v : MISSING;
}

double common_in_packet(enum field f, double v)
{
    return v > ranges[f].high && v <= packet_high[f] ? v : common_in_range(f, v);
}

static double in_reading(const struct reading *r, enum field f, double v)
{
    return r->by_radio ? common_in_packet(f, v) : common_in_range(f, v);
}

void common_put(struct reading *r, enum field f, double v)
{
    common_put_phase(r, f, 0, v);
}

void common_put_phase(struct reading *r, enum field f, unsigned slot, double v)
{
    r->value[f][slot] = in_reading(r, f, v);
}

bool common_serial(const cJSON *entry, char out[SERIAL_MAX])
{
    char text[2 * SERIAL_MAX];
    const char *begin = text;
    size_t len;

    json_text(entry, "serial", text, sizeof text);
    while (*begin == ' ')
        begin++;
    len = strlen(begin);
    while (len && begin[len - 1] == ' ')
        len--;
    text[(size_t)(begin - text) + len] = '\0';
    text_copy(out, SERIAL_MAX, begin);
    return out[strspn(out, "0")] != '\0';
}

static bool begins_with(const char *serial, const char *prefix)
{
    return strncmp(serial, prefix, strlen(prefix)) == 0;
}

bool common_three_phase(const char *serial)
{
    return begins_with(serial, "1361") || begins_with(serial, "1382") || common_mit(serial);
}

bool common_mit(const char *serial)
{
    return begins_with(serial, "1520");
}

bool common_mi(const char *serial)
{
    return begins_with(serial, "10");
}

void common_add_string(struct reading *r, const struct string_reading *s)
{
    struct string_reading *to;

    if (r->strings >= STRINGS_MAX)
        return;
    to = &r->string[r->strings++];
    *to = *s;
    to->power_w = in_reading(r, FIELD_POWER, s->power_w);
    to->voltage_v = in_reading(r, FIELD_DC_VOLTAGE, s->voltage_v);
    to->current_a = in_reading(r, FIELD_CURRENT, s->current_a);
    to->yield_today_kwh = in_reading(r, FIELD_ENERGY_TODAY, s->yield_today_kwh);
    to->yield_total_kwh = in_reading(r, FIELD_ENERGY_FORWARD, s->yield_total_kwh);
}

static bool is_usable(const struct reading *r)
{
    return r->reach == REACH_LOST || has_value(r->value[FIELD_POWER][0]) ||
           has_value(r->value[FIELD_ENERGY_FORWARD][0]);
}

static void put_if_missing(struct reading *r, enum field f, double v)
{
    if (!has_value(r->value[f][0]))
        common_put(r, f, v);
}

/* A sum with a MISSING part is MISSING itself. */
static void complete_from_strings(struct reading *r)
{
    double today = 0, total = 0;

    if (!r->strings)
        return;
    for (unsigned n = 0; n < r->strings; n++) {
        today += r->string[n].yield_today_kwh;
        total += r->string[n].yield_total_kwh;
    }
    put_if_missing(r, FIELD_ENERGY_TODAY, today);
    put_if_missing(r, FIELD_ENERGY_FORWARD, total);
    put_if_missing(r, FIELD_DC_VOLTAGE, r->string[0].voltage_v);
}

/* An inverter on the grid has volts and hertz; one that was heard has a counter. */
static bool says_nothing_yet(const struct reading *r)
{
    double voltage = r->value[FIELD_VOLTAGE][0], frequency = r->value[FIELD_FREQUENCY][0];

    if (voltage > 0 || frequency > 0 || r->value[FIELD_POWER][0] > 0)
        return false;
    return (voltage == 0 && frequency == 0) || !(r->value[FIELD_ENERGY_FORWARD][0] > 0);
}

static void forget_values(struct reading *r)
{
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
            r->value[f][slot] = MISSING;
    }
    r->strings = 0;
}

static void make_idle(struct reading *r)
{
    r->value[FIELD_POWER][0] = 0;
    r->value[FIELD_CURRENT][0] = 0;
    for (size_t slot = 1; slot < PHASE_SLOTS; slot++) {
        if (has_value(r->value[FIELD_POWER][slot]))
            r->value[FIELD_POWER][slot] = 0;
        if (has_value(r->value[FIELD_CURRENT][slot]))
            r->value[FIELD_CURRENT][slot] = 0;
    }
}

void common_lost(struct reading *r)
{
    make_idle(r);
    for (size_t i = 0; i < sizeof momentary / sizeof momentary[0]; i++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
            r->value[momentary[i]][slot] = MISSING;
    }
    for (unsigned n = 0; n < r->strings; n++) {
        r->string[n].power_w = r->string[n].current_a = 0;
        r->string[n].voltage_v = MISSING;
        if (!(r->string[n].yield_total_kwh > 0))
            r->string[n].yield_total_kwh = r->string[n].yield_today_kwh = MISSING;
    }
    if (!(r->value[FIELD_ENERGY_FORWARD][0] > 0))
        r->value[FIELD_ENERGY_FORWARD][0] = r->value[FIELD_ENERGY_TODAY][0] = MISSING;
}

bool common_finish(struct reading *r, bool producing)
{
    complete_from_strings(r);
    if (!is_usable(r))
        return false;
    if (r->reach == REACH_OK && says_nothing_yet(r))
        r->reach = REACH_NO_DATA_YET;
    if (r->reach == REACH_NO_DATA_YET)
        forget_values(r);
    else if (r->reach == REACH_LOST)
        common_lost(r);
    else if (!producing)
        make_idle(r);
    return true;
}

void turns_begin(struct turns *t)
{
    size_t first = t->waiting && t->count ? (t->first + t->asked) % t->count : 0;
    *t = (struct turns){.first = first};
}

bool turns_next(struct turns *t, size_t *which)
{
    if (t->asked >= t->count)
        return false;
    t->asked++;
    t->waiting = true;
    *which = turns_current(t);
    return true;
}

size_t turns_current(const struct turns *t)
{
    return t->count ? (t->first + t->asked + t->count - 1) % t->count : 0;
}

void turns_answered(struct turns *t)
{
    t->waiting = false;
}

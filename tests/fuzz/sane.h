/*
 * What must hold of every reading, whatever a gateway sent. Limits are written down here a second time
 * on purpose, wider than a driver's: a driver's table is not to be its own judge.
 */
#ifndef DTU_TESTS_FUZZ_SANE_H
#define DTU_TESTS_FUZZ_SANE_H

#include <string.h>

#include "core/reading.h"
#include "core/text.h"

static inline bool sane_value(double v, double low, double high)
{
    return isnan(v) || (v >= low && v <= high);
}

static inline bool sane_text(const char *text, size_t size)
{
    char copy[128];

    if (!memchr(text, '\0', size))
        return false;
    text_copy(copy, sizeof copy, text); /* valid UTF-8 without control characters stays as it is */
    return strcmp(copy, text) == 0;
}

static inline const char *sane_strings(const struct reading *r)
{
    if (r->strings > STRINGS_MAX)
        return "too many strings";
    for (unsigned n = 0; n < r->strings; n++) {
        const struct string_reading *s = &r->string[n];
        if (!sane_text(s->name, sizeof s->name))
            return "name of a string";
        if (!sane_value(s->power_w, -1e6, 1e6) || !sane_value(s->voltage_v, 0, 1e5) ||
            !sane_value(s->current_a, -1e4, 1e4) || !sane_value(s->yield_today_kwh, 0, 1e5) ||
            !sane_value(s->yield_total_kwh, 0, 1e8))
            return "value of a string";
    }
    return NULL;
}

/* NULL, or what is wrong. */
static inline const char *sane_reading(const struct reading *r)
{
    static const double limits[FIELD_COUNT][2] = {
        [FIELD_POWER] = {-1e6, 1e6},       [FIELD_VOLTAGE] = {0, 1e5},
        [FIELD_CURRENT] = {-1e4, 1e4},     [FIELD_ENERGY_FORWARD] = {0, 1e8},
        [FIELD_ENERGY_REVERSE] = {0, 1e8}, [FIELD_ENERGY_TODAY] = {0, 1e5},
        [FIELD_FREQUENCY] = {0, 1e4},      [FIELD_POWER_FACTOR] = {-1.1, 1.1},
        [FIELD_TEMPERATURE] = {-100, 250}, [FIELD_DC_VOLTAGE] = {0, 1e5},
        [FIELD_MAX_POWER] = {1, 1e6},      [FIELD_LIMIT] = {0, 1e6},
    };

    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++) {
            if (!sane_value(r->value[f][slot], limits[f][0], limits[f][1]))
                return "value out of range";
        }
    }
    if (!r->serial[0] || !sane_text(r->serial, sizeof r->serial))
        return "serial";
    if (!sane_text(r->name, sizeof r->name))
        return "name";
    if (r->phases != 0 && r->phases != 1 && r->phases != PHASES)
        return "phases";
    if (!(isnan(r->age_s) || (r->age_s >= 0 && r->age_s <= 1e15)))
        return "age";
    if (!(isnan(r->stamp_s) || (r->stamp_s > 0 && r->stamp_s <= 1e15)))
        return "stamp";
    if (r->reach == REACH_LOST && r->value[FIELD_POWER][0] != 0)
        return "power of an inverter that is not heard";
    if (r->reach == REACH_NO_DATA_YET && has_value(r->value[FIELD_ENERGY_FORWARD][0]))
        return "energy before there is data";
    return sane_strings(r);
}

#endif

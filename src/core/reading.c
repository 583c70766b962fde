#include "core/reading.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void reading_init(struct reading *r)
{
    memset(r, 0, sizeof *r);
    r->reach = REACH_OK;
    r->age_s = r->stamp_s = MISSING;
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        for (size_t slot = 0; slot < PHASE_SLOTS; slot++)
            r->value[f][slot] = MISSING;
    }
    for (size_t s = 0; s < STRINGS_MAX; s++) {
        r->string[s].power_w = MISSING;
        r->string[s].voltage_v = MISSING;
        r->string[s].current_a = MISSING;
        r->string[s].yield_today_kwh = MISSING;
        r->string[s].yield_total_kwh = MISSING;
    }
}

const char *field_unit(enum field f)
{
    static const char *const units[FIELD_COUNT] = {
#define X(id, unit, ...) unit,
#include "core/fields.def"
#undef X
    };
    return (unsigned)f < FIELD_COUNT ? units[f] : "";
}

const char *field_key(enum field f)
{
    static const char *const keys[FIELD_COUNT] = {
#define X(id, unit, per_phase, keys, name, ...) name,
#include "core/fields.def"
#undef X
    };
    return (unsigned)f < FIELD_COUNT ? keys[f] : "";
}

void template_key(char out[TEMPLATE_KEY_MAX], enum field f, unsigned slot)
{
    if (slot)
        (void)snprintf(out, TEMPLATE_KEY_MAX, "CUST_%s_L%u", field_key(f), slot % PHASE_SLOTS);
    else
        (void)snprintf(out, TEMPLATE_KEY_MAX, "CUST_%s", field_key(f));
}

static const char *skip_zeros(const char *serial)
{
    while (*serial == '0')
        serial++;
    return serial;
}

bool serial_equal(const char *a, const char *b)
{
    if (!*a || !*b)
        return false;
    return strcasecmp(skip_zeros(a), skip_zeros(b)) == 0;
}

void serial_key(char out[SERIAL_MAX], const char *serial)
{
    const char *s = skip_zeros(serial);
    size_t len = 0;

    if (!*s && *serial)
        s--; /* all zeros: the last of them stays */
    while (len < SERIAL_MAX - 1 && s[len]) {
        out[len] = (char)tolower((unsigned char)s[len]);
        len++;
    }
    out[len] = '\0';
}

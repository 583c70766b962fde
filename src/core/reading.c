#include "core/reading.h"

#include <ctype.h>
#include <string.h>

void reading_init(struct reading *r)
{
    memset(r, 0, sizeof *r);
    r->reach = REACH_OK;
    r->age_s = MISSING;
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
#define X(id, unit, per_phase) unit,
#include "core/fields.def"
#undef X
    };
    return (unsigned)f < FIELD_COUNT ? units[f] : "";
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
    a = skip_zeros(a);
    b = skip_zeros(b);
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return tolower((unsigned char)*a) == tolower((unsigned char)*b);
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

/*
 * Length in bytes of the well-formed UTF-8 character at s (Unicode 15, table 3-7), which is
 * NUL-terminated; 0 when there is none: overlong forms, surrogates, beyond U+10FFFF.
 */
static size_t utf8_length(const unsigned char *s)
{
    unsigned char low = 0x80, high = 0xBF; /* what the second byte may be */
    size_t length;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        length = 2;
    } else if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        length = 3;
        low = s[0] == 0xE0 ? 0xA0 : low;
        high = s[0] == 0xED ? 0x9F : high;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        length = 4;
        low = s[0] == 0xF0 ? 0x90 : low;
        high = s[0] == 0xF4 ? 0x8F : high;
    } else {
        return 0;
    }
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

/* C0, DEL and C1: a terminal that shows the log may obey any of them. */
static bool is_control(const unsigned char *s, size_t length)
{
    return (length == 1 && (s[0] < 0x20 || s[0] == 0x7F)) ||
           (length == 2 && s[0] == 0xC2 && s[1] < 0xA0);
}

void text_copy(char *dst, size_t size, const char *src)
{
    const unsigned char *s = (const unsigned char *)src;
    size_t used = 0;

    if (!size)
        return;
    while (s && *s) {
        size_t length = utf8_length(s);
        bool bad = !length || is_control(s, length);
        size_t out = bad ? 1 : length;
        if (used + out >= size)
            break;
        if (bad)
            dst[used] = '?';
        else
            memcpy(dst + used, s, length);
        used += out;
        s += length ? length : 1;
    }
    dst[used] = '\0';
}

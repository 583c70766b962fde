#include "core/value.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/reading.h"
#include "core/text.h"

struct value value_double(double d)
{
    return isfinite(d) ? (struct value){.type = VALUE_DOUBLE, .d = d} : value_invalid();
}

struct value value_string(const char *s)
{
    return s ? (struct value){.type = VALUE_STRING, .s = s} : value_invalid();
}

struct value value_strings(const char *const *list)
{
    return list ? (struct value){.type = VALUE_STRINGS, .list = list} : value_invalid();
}

static bool lists_equal(const char *const *a, const char *const *b)
{
    while (*a && *b && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return !*a && !*b;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_DOUBLE:
        return !(a->d < b->d) && !(a->d > b->d);
    case VALUE_STRING:
        return strcmp(a->s, b->s) == 0;
    case VALUE_STRINGS:
        return lists_equal(a->list, b->list);
    case VALUE_INVALID:
        break;
    }
    return true;
}

/* d * scale to a whole number as printf() rounds: exactly, and a tie to the even one. */
static double rounded(double d, double scale)
{
    double product = d * scale, whole = rint(product), rest = product - whole;

    if (rest != 0.5 && rest != -0.5)
        return whole;
    /* What looks like a tie may be one only because the product itself was rounded. */
    double error = fma(d, scale, -product);
    if (rest > 0 && error > 0)
        return whole + 1;
    if (rest < 0 && error < 0)
        return whole - 1;
    return whole;
}

/*
 * As snprintf() would with "%.*f%s", but "0W" and not "-0W". It computes in long double: slow with musl,
 * and in software on 64-bit ARM. Every measurement is written so each time.
 */
static void fixed_text(double d, int decimals, const char *unit, char *out, size_t size)
{
    static const double scale[] = {1, 10, 100};
    double whole = rounded(d, scale[decimals]);
    char text[32];
    size_t end = sizeof(text) - strlen(unit), at = end;

    if (!(fabs(whole) <= 1e15)) {
        (void)snprintf(out, size, "%.*f%s", decimals, d, unit);
        return;
    }
    memcpy(text + end, unit, sizeof(text) - end);
    uint64_t left = (uint64_t)fabs(whole);
    for (int written = 0; left > 0 || written <= decimals; written++) {
        if (written > 0 && written == decimals)
            text[--at] = '.';
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    }
    if (whole < 0)
        text[--at] = '-';
    size_t len = sizeof(text) - at < size ? sizeof(text) - at : size - 1;
    memcpy(out, text + at, len);
    out[len] = '\0';
}

static void number_text(double d, enum text_format format, char *out, size_t size)
{
    static const struct {
        int decimals;
        const char *unit;
    } formats[] = {
        [TEXT_PLAIN] = {2, ""}, [TEXT_W] = {0, "W"},     [TEXT_A] = {1, "A"},   [TEXT_V] = {0, "V"},
        [TEXT_DCV] = {1, "V"},  [TEXT_KWH] = {2, "kWh"}, [TEXT_HZ] = {2, "Hz"}, [TEXT_C] = {1, "C"},
        [TEXT_PCT] = {1, "%"},  [TEXT_MS] = {0, "ms"},   [TEXT_HEX] = {0, ""},
    };

    fixed_text(d, formats[format].decimals, formats[format].unit, out, size);
}

static void list_text(const char *const *list, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; list[i] && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s'%s'", i ? ", " : "[", list[i]);
    if (used < size)
        (void)snprintf(out + used, size - used, used ? "]" : "[]");
}

const char *value_text(const struct value *v, enum text_format format, char *out, size_t size)
{
    if (!size)
        return out;
    switch (v->type) {
    case VALUE_INVALID:
        text_copy(out, size, "---");
        break;
    case VALUE_STRING:
        text_copy(out, size, v->s);
        break;
    case VALUE_STRINGS:
        list_text(v->list, out, size);
        break;
    case VALUE_INT:
        if (format == TEXT_PLAIN)
            fixed_text(v->i, 0, "", out, size);
        else if (format == TEXT_HEX)
            (void)snprintf(out, size, "0x%X", (unsigned)v->i);
        else
            number_text(v->i, format, out, size);
        break;
    case VALUE_DOUBLE:
        number_text(v->d, format, out, size);
        break;
    }
    return out;
}

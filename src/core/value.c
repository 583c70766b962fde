#include "core/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { NUMBER_MAX = 330 }; /* the largest double, two decimals, sign, NUL */

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

/* "0W" and never "-0W". */
static void fixed_text(double d, int decimals, const char *unit, char *out, size_t size)
{
    char number[NUMBER_MAX];

    (void)snprintf(number, sizeof number, "%.*f", decimals, d);
    bool negative_zero = number[0] == '-' && !strpbrk(number, "123456789");
    (void)snprintf(out, size, "%s%s", number + negative_zero, unit);
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
            (void)snprintf(out, size, "%d", (int)v->i);
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

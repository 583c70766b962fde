/*
 * A value on its way to the bus, with the way its text is written. Pure: no D-Bus in here.
 */
#ifndef DTU_CORE_VALUE_H
#define DTU_CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
    VALUE_INVALID, /* "no value": an empty array of int32 on the bus, text "---" */
    VALUE_INT,     /* i */
    VALUE_DOUBLE,  /* d */
    VALUE_STRING,  /* s */
    VALUE_STRINGS, /* as */
};

/*
 * A string is borrowed: it must outlive the use of the value. A list of strings and its strings must be
 * static, and valid UTF-8: nobody copies or checks them.
 */
struct value {
    enum value_type type;
    union {
        int32_t i;
        double d;
        const char *s;
        const char *const *list; /* ends with NULL */
    };
};

/* Text formats as Victron's own Fronius driver writes them (dbus-fronius). */
enum text_format {
    TEXT_PLAIN, /* ints %d, doubles %.2f without unit, strings and lists as they are */
    TEXT_W,     /* %.0fW */
    TEXT_A,     /* %.1fA */
    TEXT_V,     /* %.0fV */
    TEXT_DCV,   /* %.1fV */
    TEXT_KWH,   /* %.2fkWh */
    TEXT_HZ,    /* %.2fHz */
    TEXT_C,     /* %.1fC */
    TEXT_PCT,   /* %.1f%% */
    TEXT_MS,    /* %.0fms */
    TEXT_HEX,   /* 0x%X, ints only: /ProductId */
};

static inline struct value value_invalid(void)
{
    return (struct value){.type = VALUE_INVALID};
}

static inline struct value value_int(int32_t i)
{
    return (struct value){.type = VALUE_INT, .i = i};
}

/* A NaN or an infinity becomes "no value". */
struct value value_double(double d);

/* NULL becomes "no value"; "" is a value. */
struct value value_string(const char *s);

/* NULL becomes "no value"; an empty list is a value. */
struct value value_strings(const char *const *list);

bool value_equal(const struct value *a, const struct value *b);

/* Writes the text of v; a list as velib's Python shows it: ['a', 'b']; always NUL-terminated, never longer than size - 1. Returns out. */
const char *value_text(const struct value *v, enum text_format format, char *out, size_t size);

#endif

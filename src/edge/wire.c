#include "edge/wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of the D-Bus specification. */
enum {
    ARRAY_MAX = 64 * 1024 * 1024, /* bytes */
    MESSAGE_MAX = 2 * ARRAY_MAX,
    ITEMS_AT = 8, /* behind the length of the array, and padding */
    ALIGN_ENTRY = 8,
    ALIGN_LENGTH = 4,
};

enum {
    FIRST = 2048, /* bytes to begin with: all that changes of an inverter at once */
    /* An item's keys, signatures, lengths, number and padding take less. */
    AROUND_ITEM = 128,
    AROUND_STRING = 8, /* length, NUL, padding */
};

/* ---- room ---- */

static void give_up(struct wire *w)
{
    free(w->bytes);
    *w = (struct wire){0};
}

/* Makes room for this many bytes more; twice as much as there was, so that it is seldom. */
static bool reserve(struct wire *w, uint64_t more)
{
    if (!w->bytes)
        return false;
    if (more <= w->capacity - w->len)
        return true;
    uint64_t need = w->len + more, capacity = 2 * (uint64_t)w->capacity;
    if (capacity < need)
        capacity = need;
    char *bytes = need > MESSAGE_MAX ? NULL : realloc(w->bytes, (size_t)capacity);
    if (!bytes) {
        give_up(w);
        return false;
    }
    w->bytes = bytes;
    w->capacity = (size_t)capacity;
    return true;
}

static uint64_t value_room(const struct value *v)
{
    uint64_t bytes = 0;

    if (v->type == VALUE_STRING)
        bytes = strlen(v->s);
    for (size_t i = 0; v->type == VALUE_STRINGS && v->list[i]; i++)
        bytes += strlen(v->list[i]) + AROUND_STRING;
    return bytes;
}

/* ---- what there is room for ---- */

static void put(struct wire *w, const void *bytes, size_t len)
{
    memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
}

/* A header is a whole number of entries' alignments: what is aligned in the body is in the message. */
static void pad(struct wire *w, size_t alignment)
{
    while (w->len % alignment)
        w->bytes[w->len++] = 0;
}

static void put_length(struct wire *w, size_t len)
{
    uint32_t n = (uint32_t)len;

    pad(w, ALIGN_LENGTH);
    put(w, &n, sizeof(n));
}

static void put_length_at(struct wire *w, size_t at, size_t len)
{
    uint32_t n = (uint32_t)len;

    memcpy(w->bytes + at, &n, sizeof(n));
}

static void put_string(struct wire *w, const char *s)
{
    size_t len = strlen(s);

    put_length(w, len);
    put(w, s, len + 1);
}

/* Of a variant: one byte for its length, and a NUL. */
static void put_signature(struct wire *w, const char *signature)
{
    size_t len = strlen(signature);

    w->bytes[w->len++] = (char)len;
    put(w, signature, len + 1);
}

static void put_strings(struct wire *w, const char *const *list)
{
    put_length(w, 0);
    size_t begin = w->len;
    for (size_t i = 0; list[i]; i++)
        put_string(w, list[i]);
    put_length_at(w, begin - sizeof(uint32_t), w->len - begin);
}

static void put_value(struct wire *w, const struct value *v)
{
    switch (v->type) {
    case VALUE_INT:
        put_signature(w, "i");
        pad(w, sizeof(v->i));
        put(w, &v->i, sizeof(v->i));
        return;
    case VALUE_DOUBLE:
        put_signature(w, "d");
        pad(w, sizeof(v->d));
        put(w, &v->d, sizeof(v->d));
        return;
    case VALUE_STRING:
        put_signature(w, "s");
        put_string(w, v->s);
        return;
    case VALUE_STRINGS:
        put_signature(w, "as");
        put_strings(w, v->list);
        return;
    case VALUE_INVALID:
        break;
    }
    put_signature(w, "ai");
    put_length(w, 0);
}

/* ---- the body ---- */

void wire_begin(struct wire *w)
{
    if (!w->bytes)
        *w = (struct wire){.bytes = malloc(FIRST), .capacity = FIRST};
    w->len = 0;
    if (!w->bytes)
        return;
    put_length(w, 0);
    pad(w, ITEMS_AT);
}

void wire_item(struct wire *w, const char *path, const struct value *value, const char *text)
{
    if (!reserve(w, AROUND_ITEM + (uint64_t)strlen(path) + strlen(text) + value_room(value)))
        return;
    pad(w, ALIGN_ENTRY);
    put_string(w, path);
    put_length(w, 0);
    size_t length_at = w->len - sizeof(uint32_t);
    pad(w, ALIGN_ENTRY);
    size_t begin = w->len;
    put_string(w, "Value");
    put_value(w, value);
    pad(w, ALIGN_ENTRY);
    put_string(w, "Text");
    put_signature(w, "s");
    put_string(w, text);
    put_length_at(w, length_at, w->len - begin);
}

bool wire_end(struct wire *w)
{
    if (!w->bytes || w->len - ITEMS_AT > ARRAY_MAX)
        return false;
    put_length_at(w, 0, w->len - ITEMS_AT);
    return true;
}

void wire_free(struct wire *w)
{
    give_up(w);
}

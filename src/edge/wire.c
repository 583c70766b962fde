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

/*
 * A header is a whole number of entries' alignments: what is aligned in the body is in the message. There is
 * room for more than the gap, and to fill as much each time takes no loop.
 */
static void pad(struct wire *w, size_t alignment)
{
    memset(w->bytes + w->len, 0, ALIGN_ENTRY);
    w->len = (w->len + alignment - 1) / alignment * alignment;
}

static void put_length(struct wire *w, size_t len)
{
    uint32_t n = (uint32_t)len;

    put(w, &n, sizeof(n));
}

static void put_length_at(struct wire *w, size_t at, size_t len)
{
    uint32_t n = (uint32_t)len;

    memcpy(w->bytes + at, &n, sizeof(n));
}

static void put_string(struct wire *w, const char *s, size_t len)
{
    put_length(w, len);
    put(w, s, len + 1);
}

static void put_strings(struct wire *w, const char *const *list)
{
    put_length(w, 0);
    size_t begin = w->len;
    for (size_t i = 0; list[i]; i++) {
        pad(w, ALIGN_LENGTH);
        put_string(w, list[i], strlen(list[i]));
    }
    put_length_at(w, begin - sizeof(uint32_t), w->len - begin);
}

/* An entry as far as its variant's value, which so is aligned, whatever it is. */
struct value_head {
    uint32_t key_len;
    char key[sizeof("Value")], signature[6]; /* its length, itself, NUL, padding */
};

struct text_head {
    uint32_t key_len;
    char key[sizeof("Text")], signature[3];
};

_Static_assert(sizeof(struct value_head) == 2 * ALIGN_ENTRY, "no padding but its own");
_Static_assert(sizeof(struct text_head) == 3 * ALIGN_LENGTH, "no padding");

static void put_value(struct wire *w, const struct value *v)
{
    static const struct value_head heads[] = {
        [VALUE_INVALID] = {sizeof("Value") - 1, "Value", "\2ai"},
        [VALUE_INT] = {sizeof("Value") - 1, "Value", "\1i"},
        [VALUE_DOUBLE] = {sizeof("Value") - 1, "Value", "\1d"},
        [VALUE_STRING] = {sizeof("Value") - 1, "Value", "\1s"},
        [VALUE_STRINGS] = {sizeof("Value") - 1, "Value", "\2as"},
    };

    put(w, &heads[v->type], sizeof(heads[0]));
    switch (v->type) {
    case VALUE_INT:
        put(w, &v->i, sizeof(v->i));
        return;
    case VALUE_DOUBLE:
        put(w, &v->d, sizeof(v->d));
        return;
    case VALUE_STRING:
        put_string(w, v->s, strlen(v->s));
        return;
    case VALUE_STRINGS:
        put_strings(w, v->list);
        return;
    case VALUE_INVALID:
        break;
    }
    put_length(w, 0);
}

static void put_text(struct wire *w, const char *text, size_t len)
{
    static const struct text_head head = {sizeof("Text") - 1, "Text", "\1s"};

    put(w, &head, sizeof(head));
    put_string(w, text, len);
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
    size_t path_len = strlen(path), text_len = strlen(text);

    if (!reserve(w, AROUND_ITEM + (uint64_t)path_len + text_len + value_room(value)))
        return;
    pad(w, ALIGN_ENTRY);
    put_string(w, path, path_len);
    pad(w, ALIGN_LENGTH);
    size_t length_at = w->len;
    put_length(w, 0);
    pad(w, ALIGN_ENTRY);
    size_t begin = w->len;
    put_value(w, value);
    pad(w, ALIGN_ENTRY);
    put_text(w, text, text_len);
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

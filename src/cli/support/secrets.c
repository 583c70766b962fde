#include "cli/support/secrets.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/wipe.h"

enum {
    LEAST_ANYWHERE = 4, /* a shorter one is hidden only where it is a whole word */
    KNOWN_MAX = 64,     /* bytes by which one is known */
    BYTES = 256,
};

struct secret {
    char text[KNOWN_MAX + 1]; /* in lower case */
    bool cut;                 /* it goes on */
    uint32_t
        within; /* the longest other one that this one begins with, by its place plus 1; 0: none */
};

/* Sorted without regard to case once it is complete; begin[c] to begin[c + 1] begin with c. */
struct secrets {
    size_t count, size;
    struct secret *list;
    size_t begin[BYTES + 1];
    bool failed;
};

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Below 0: known sorts before what stands at at; 0: at begins with it. */
static int compare(const char *known, const char *at)
{
    for (; *known; known++, at++) {
        int order = (unsigned char)*known - lower(*at);
        if (order)
            return order;
    }
    return 0;
}

struct secrets *secrets_create(void)
{
    return calloc(1, sizeof(struct secrets));
}

void secrets_destroy(struct secrets *s)
{
    if (!s)
        return;
    wipe_free(s->list, s->count * sizeof *s->list);
    free(s);
}

void secrets_add(struct secrets *s, const char *text, size_t len)
{
    if (!len)
        return;
    if (s->count == s->size) {
        size_t size = s->size ? 2 * s->size : 64;
        struct secret *list = malloc(size * sizeof *list); /* realloc() leaves what it moves */
        if (!list) {
            s->failed = true;
            return;
        }
        if (s->count)
            memcpy(list, s->list, s->count * sizeof *list);
        wipe_free(s->list, s->count * sizeof *list);
        s->list = list;
        s->size = size;
    }
    struct secret *one = &s->list[s->count++];
    *one = (struct secret){.cut = len > KNOWN_MAX};
    for (size_t i = 0; i < len && i < KNOWN_MAX; i++)
        one->text[i] = (char)lower(text[i]);
}

static int by_text(const void *a, const void *b)
{
    const struct secret *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : y->cut - x->cut; /* the one that hides more comes first, and stays */
}

static void drop_twins(struct secrets *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (!kept || strcmp(s->list[kept - 1].text, s->list[i].text) != 0)
            s->list[kept++] = s->list[i];
    }
    if (kept < s->count)
        explicit_bzero(s->list + kept, (s->count - kept) * sizeof *s->list);
    s->count = kept;
}

static void link_beginnings(struct secrets *s)
{
    for (uint32_t i = 1; i < s->count; i++) {
        uint32_t other =
            i; /* the one before, by its place plus 1; what that begins with is as good */
        while (other && compare(s->list[other - 1].text, s->list[i].text) != 0)
            other = s->list[other - 1].within;
        s->list[i].within = other;
    }
}

bool secrets_complete(struct secrets *s)
{
    size_t at = 0;

    if (s->failed)
        return false;
    if (s->count)
        qsort(s->list, s->count, sizeof *s->list, by_text);
    drop_twins(s);
    link_beginnings(s);
    for (unsigned c = 0; c < BYTES; c++) {
        while (at < s->count && (unsigned char)s->list[at].text[0] < c)
            at++;
        s->begin[c] = at;
    }
    s->begin[BYTES] = s->count;
    return true;
}

/* The last one that does not sort behind what stands at at, by its place plus 1; 0: there is none. */
static uint32_t find_last(const struct secrets *s, const char *at)
{
    size_t low = s->begin[lower(*at)], high = s->begin[lower(*at) + 1], first = low;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(s->list[middle].text, at) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > first ? (uint32_t)low : 0;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

size_t secrets_at(const struct secrets *s, const char *at, char before)
{
    for (uint32_t i = find_last(s, at); i; i = s->list[i - 1].within) {
        const struct secret *one = &s->list[i - 1];
        size_t len = strlen(one->text);
        if (compare(one->text, at) != 0)
            continue;
        if (len < LEAST_ANYWHERE && (is_word(before) || is_word(at[len])))
            continue;
        return one->cut ? strcspn(at, "\n") : len;
    }
    return 0;
}

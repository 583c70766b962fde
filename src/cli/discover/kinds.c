#include "cli/discover/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

enum { RANK_OWN = 100000, RANK_DRIVER = 50000, RANK_TOLD = KINDS_MAX };

/* ---- What there is ---- */

static void ignore_fault(void *user, unsigned line, const char *text)
{
    (void)user;
    (void)line;
    (void)text;
}

static bool is_wanted(const char *name, const char *const *only)
{
    for (size_t i = 0; only && only[i]; i++) {
        if (strcasecmp(only[i], name) == 0)
            return true;
    }
    return !only;
}

static const struct kind *find_type(const struct kinds *k, const char *name)
{
    for (size_t i = 0; i < k->count; i++) {
        if (!k->list[i].driver && strcasecmp(k->list[i].type.name, name) == 0)
            return &k->list[i];
    }
    return NULL;
}

/* What has no Probe, or cannot be read, is not there. */
static void add_type(struct kinds *k, const struct device_text *text, unsigned rank)
{
    char value[DEVICE_TYPE_VALUE_MAX];
    struct kind *kind = &k->list[k->count];

    if (k->count == KINDS_MAX || find_type(k, text->name))
        return;
    *kind = (struct kind){.rank = rank};
    if (!device_type_read(&kind->type, text, ignore_fault, NULL))
        return;
    bool usable = device_type_get(&kind->type, "Match", value) &&
                  device_type_get(&kind->type, "Probe", value) && strlen(value) < 250;
    (void)snprintf(kind->path, sizeof kind->path, "%s%.250s", *value == '/' ? "" : "/", value);
    (void)device_type_get(&kind->type, "Vendor", value);
    text_copy(kind->vendor, sizeof kind->vendor, value);
    (void)device_type_get(&kind->type, "Port", value);
    kind->port = (unsigned)strtoul(value, NULL, 10) % 65536;
    k->count += usable;
    if (!usable)
        device_type_finish(&kind->type);
}

static void add_drivers(struct kinds *k)
{
    for (size_t i = 0; drivers[i] && k->count < KINDS_MAX; i++) {
        if (drivers[i]->probe)
            k->list[k->count++] =
                (struct kind){.driver = drivers[i], .rank = RANK_DRIVER - (unsigned)i};
    }
}

/* What tells many types first, then makers of many: most likely it is one of these. */
static void rank_types(struct kinds *k)
{
    for (size_t i = 0; i < k->count; i++) {
        struct kind *one = &k->list[i];
        unsigned told = 0, made = 0;
        for (size_t n = 0; n < k->count; n++) {
            told += kinds_same_request(one, &k->list[n], 0);
            made += *one->vendor && strcmp(k->list[n].vendor, one->vendor) == 0;
        }
        one->rank += told * RANK_TOLD + made;
    }
}

static const char *kind_name(const struct kind *kind)
{
    return kind->driver ? kind->driver->name : kind->type.name;
}

void kind_title(const struct kind *kind, char *out, size_t size)
{
    char title[DEVICE_TYPE_VALUE_MAX];

    if (!kind->driver)
        (void)device_type_get(&kind->type, "Title", title);
    text_copy(out, size, kind->driver ? kind->driver->title : title);
}

static int by_rank(const void *a, const void *b)
{
    const struct kind *one = a, *other = b;

    if (one->rank != other->rank)
        return one->rank > other->rank ? -1 : 1;
    return strcmp(kind_name(one), kind_name(other));
}

/* Keeps those of only. */
static bool choose(struct kinds *k, const char *const *only, const char **unknown)
{
    size_t kept = 0;

    for (size_t n = 0; only && only[n]; n++) {
        bool known = false;
        for (size_t i = 0; i < k->count; i++)
            known = known || strcasecmp(kind_name(&k->list[i]), only[n]) == 0;
        if (!known) {
            *unknown = only[n];
            return false;
        }
    }
    for (size_t i = 0; i < k->count; i++) {
        if (is_wanted(kind_name(&k->list[i]), only))
            k->list[kept++] = k->list[i];
        else
            device_type_finish(&k->list[i].type);
    }
    k->count = kept;
    return true;
}

bool kinds_read(struct kinds *k, const struct device_text *own, const char *const *only,
                const char **unknown)
{
    *unknown = NULL;
    *k = (struct kinds){.list = calloc(KINDS_MAX, sizeof *k->list)};
    if (!k->list)
        return false;
    for (const struct device_text *t = own; t && t->name; t++)
        add_type(k, t, RANK_OWN);
    for (const struct device_text *t = device_texts; t->name; t++)
        add_type(k, t, 0);
    rank_types(k);
    add_drivers(k);
    qsort(k->list, k->count, sizeof *k->list, by_rank);
    return choose(k, only, unknown);
}

void kinds_finish(struct kinds *k)
{
    for (size_t i = 0; i < k->count; i++) {
        if (!k->list[i].driver)
            device_type_finish(&k->list[i].type);
    }
    free(k->list);
    *k = (struct kinds){0};
}

/* ---- In which order ---- */

bool kinds_same_request(const struct kind *a, const struct kind *b, unsigned port)
{
    return !a->driver && !b->driver && strcmp(a->path, b->path) == 0 &&
           (port || a->port == b->port);
}

static bool was_asked(const struct kinds *k, const struct kinds_turn *turn, const struct kind *kind)
{
    for (size_t i = 0; i < turn->asked_count; i++) {
        const struct kind *asked = &k->list[turn->asked[i]];
        if (asked == kind || kinds_same_request(asked, kind, turn->port))
            return true;
    }
    return false;
}

static bool is_beside_what_was_found(const struct kinds *k, const struct kinds_turn *turn,
                                     const struct kind *kind)
{
    const struct kind *found = &k->list[turn->found[0]];

    return !found->driver && !kind->driver && *kind->vendor &&
           strcmp(found->vendor, kind->vendor) == 0;
}

/* A host called "zendure-a1b2.local" is probably no Shelly. */
static bool is_hinted(const struct kind *kind, const char *name)
{
    const char *id = kind_name(kind);
    char word[DEVICE_TYPE_MAX], title[PRODUCT_MAX];

    if (!name)
        return false;
    kind_title(kind, title, sizeof title);
    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(id, "-"), id);
    return strcasestr(name, word) || strcasestr(name, title) ||
           (*kind->vendor && strcasestr(name, kind->vendor));
}

const struct kind *kinds_next(const struct kinds *k, struct kinds_turn *turn)
{
    const struct kind *next = NULL;

    if (turn->asked_count == KINDS_ASKED_MAX || turn->found_count == KINDS_FOUND_MAX)
        return NULL;
    for (size_t i = 0; i < k->count; i++) {
        const struct kind *kind = &k->list[i];
        if (was_asked(k, turn, kind) ||
            (turn->found_count && !is_beside_what_was_found(k, turn, kind)))
            continue;
        bool hinted = is_hinted(kind, turn->name);
        if (!next || hinted)
            next = kind;
        if (hinted)
            break;
    }
    if (next)
        turn->asked[turn->asked_count++] = (size_t)(next - k->list);
    return next;
}

void kinds_note_found(struct kinds_turn *turn, const struct kinds *k, const struct kind *kind)
{
    if (turn->found_count < KINDS_FOUND_MAX)
        turn->found[turn->found_count++] = (size_t)(kind - k->list);
}

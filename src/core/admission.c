#include "core/admission.h"

#include <string.h>

#include "core/text.h"

/* ---- How many an hour ----------------------------------------------------------------------- */

static bool has_time(const struct admission_times *t, unsigned max, int64_t now_ms)
{
    return t->total < max || now_ms - t->at_ms[t->total % max] >= ADMISSION_HOUR_MS;
}

static void note_time(struct admission_times *t, unsigned max, int64_t now_ms)
{
    t->at_ms[t->total % max] = now_ms;
    /* Never below max again, also not by taking one back, and the place of the oldest is the same. */
    t->total = t->total + 1 < 3 * max ? t->total + 1 : 2 * max;
}

/* What had its place was an hour old: else there would have been no time. */
static void take_back(struct admission_times *t, unsigned max, int64_t now_ms)
{
    t->total--;
    t->at_ms[t->total % max] = now_ms - ADMISSION_HOUR_MS;
}

/* ---- Newcomers ------------------------------------------------------------------------------ */

static const struct newcomer *find(const struct admission *a, const char *serial)
{
    for (size_t i = 0; i < a->count; i++) {
        if (serial_equal(a->newcomers[i].serial, serial))
            return &a->newcomers[i];
    }
    return NULL;
}

static bool is_ready(const struct newcomer *n, int64_t now_ms)
{
    return n->at_once ||
           (n->lists >= ADMISSION_LISTS && now_ms - n->since_ms >= ADMISSION_LISTED_MS);
}

void admission_open(struct admission *a)
{
    a->open = true;
}

void admission_list(struct admission *a, const struct roster_entry *entries, size_t count,
                    int64_t now_ms)
{
    struct newcomer listed[CONF_INVERTERS_MAX] = {0};
    size_t kept = 0;

    for (size_t i = 0; i < count && kept < CONF_INVERTERS_MAX; i++) {
        const struct newcomer *before = find(a, entries[i].serial);
        struct newcomer n = {.since_ms = now_ms};
        if (before)
            n = *before;
        else
            text_copy(n.serial, sizeof n.serial, entries[i].serial);
        n.at_once = n.at_once || a->open;
        n.lists += n.lists < ADMISSION_LISTS;
        listed[kept++] = n;
    }
    memcpy(a->newcomers, listed, kept * sizeof *listed);
    a->count = kept;
    a->open = false;
}

bool admission_waits(const struct admission *a, int64_t now_ms)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!is_ready(&a->newcomers[i], now_ms))
            return true;
    }
    return false;
}

/* ---- Who is let in -------------------------------------------------------------------------- */

enum admission_word admission_replace(const struct admission *a,
                                      const struct admission_memory *memory, int64_t now_ms)
{
    if (!memory->known && memory->strays >= ADMISSION_STRAYS_MAX)
        return ADMISSION_STRAYS;
    if (a->open)
        return ADMISSION_YES;
    bool has = memory->known ? has_time(&a->back, ADMISSION_BACK_MAX, now_ms)
                             : has_time(&a->new, ADMISSION_NEW_MAX, now_ms);
    return has ? ADMISSION_YES : ADMISSION_HOUR;
}

enum admission_word admission_add(const struct admission *a, const char *serial,
                                  const struct admission_memory *memory, int64_t now_ms)
{
    const struct newcomer *n = find(a, serial);

    if (!memory->known && memory->strays >= ADMISSION_STRAYS_MAX)
        return ADMISSION_STRAYS;
    if (n && n->at_once)
        return ADMISSION_YES;
    if (!a->open && !memory->known && !(n && is_ready(n, now_ms)))
        return ADMISSION_LATER;
    return admission_replace(a, memory, now_ms);
}

static bool is_counted(const struct admission *a, const char *serial)
{
    const struct newcomer *n = find(a, serial);

    return !a->open && !(n && n->at_once);
}

void admission_done(struct admission *a, const char *serial, bool known, int64_t now_ms)
{
    if (!is_counted(a, serial))
        return;
    if (known)
        note_time(&a->back, ADMISSION_BACK_MAX, now_ms);
    else
        note_time(&a->new, ADMISSION_NEW_MAX, now_ms);
}

void admission_undone(struct admission *a, const char *serial, bool known, int64_t now_ms)
{
    if (!is_counted(a, serial))
        return;
    if (known)
        take_back(&a->back, ADMISSION_BACK_MAX, now_ms);
    else
        take_back(&a->new, ADMISSION_NEW_MAX, now_ms);
}

/* ---- Room ----------------------------------------------------------------------------------- */

/* Of any gateway, or of one: what was added by itself and has been missing for longest; -1. */
static int longest_missing(const struct roster_slot *slots, size_t count, int gateway)
{
    int found = -1;

    for (size_t i = 0; i < count; i++) {
        const struct roster_slot *s = &slots[i];
        if (s->kind == ROSTER_ADDED && s->missing_ms >= 0 &&
            (gateway == ROSTER_NOBODY || s->home == gateway) &&
            (found < 0 || s->missing_ms < slots[found].missing_ms))
            found = (int)i;
    }
    return found;
}

enum admission_word admission_room(const struct roster_slot *slots, size_t count, size_t services,
                                   int gateway, int *makes_room)
{
    size_t its = 0;

    *makes_room = -1;
    for (size_t i = 0; i < count; i++)
        its += slots[i].kind == ROSTER_ADDED && slots[i].home == gateway;
    if (its >= ADMISSION_GATEWAY_MAX) {
        *makes_room = longest_missing(slots, count, gateway);
        return *makes_room < 0 ? ADMISSION_GATEWAY_FULL : ADMISSION_YES;
    }
    if (services >= CONF_SERVICES_MAX) {
        *makes_room = longest_missing(slots, count, ROSTER_NOBODY);
        return *makes_room < 0 ? ADMISSION_FULL : ADMISSION_YES;
    }
    return ADMISSION_YES;
}

bool admission_to_tell(struct admission *a, const char *serial, enum admission_word word,
                       int64_t now_ms)
{
    bool refused = word != ADMISSION_LATER;
    const struct newcomer *n = find(a, serial);
    int64_t pause_ms = refused ? ADMISSION_DAY_MS : ADMISSION_HOUR_MS;

    if (word == ADMISSION_YES || (!refused && !(n && n->lists > 1)))
        return false;
    if (a->told[refused] && now_ms - a->told_ms[refused] < pause_ms)
        return false;
    a->told[refused] = true;
    a->told_ms[refused] = now_ms;
    return true;
}

_Static_assert(ADMISSION_LISTS == 3 && ADMISSION_LISTED_MS == 60 * 1000 && ADMISSION_NEW_MAX == 4 &&
                   ADMISSION_BACK_MAX == 16 && ADMISSION_GATEWAY_MAX == 16 &&
                   CONF_SERVICES_MAX == 96 && ADMISSION_STRAYS_MAX == 64,
               "the reasons name these numbers");

const char *admission_reason(enum admission_word word)
{
    switch (word) {
    case ADMISSION_YES:
        break;
    case ADMISSION_LATER:
        return "a new one has to be in three lists in a row, over a minute";
    case ADMISSION_HOUR:
        return "a gateway may bring 4 new inverters an hour, and 16 that were there before";
    case ADMISSION_GATEWAY_FULL:
        return "of one gateway, 16 are published without a section";
    case ADMISSION_FULL:
        return "96 devices are published in all";
    case ADMISSION_STRAYS:
        return "64 new ones have come and gone, so no more are added";
    }
    return "";
}

#include "core/roster.h"

#include <string.h>

#include "core/text.h"

void roster_slot_init(struct roster_slot *slot, enum roster_kind kind, int home, unsigned index,
                      const char *serial)
{
    *slot = (struct roster_slot){
        .kind = kind,
        .home = home,
        .index = index,
        .source = ROSTER_NOBODY,
        .missing_ms = -1,
    };
    text_copy(slot->serial, sizeof slot->serial, serial);
}

int roster_find(const struct roster_slot *slots, size_t count, const char *serial)
{
    for (size_t i = 0; i < count; i++) {
        if (serial_equal(slots[i].serial, serial))
            return (int)i;
    }
    return -1;
}

bool roster_takes(struct roster_slot *slot, int gateway, bool heard, int64_t now_ms)
{
    bool lost = slot->source == ROSTER_NOBODY || now_ms - slot->heard_ms >= ROSTER_LOST_MS;

    if (slot->source != gateway && !(lost && (heard || slot->source == ROSTER_NOBODY)))
        return false;
    if (heard)
        slot->heard_ms = now_ms;
    else if (slot->source != gateway) /* whoever hears it may have it at once */
        slot->heard_ms = now_ms - ROSTER_LOST_MS;
    slot->source = gateway;
    slot->missing_ms = -1;
    return true;
}

static bool holds(const struct roster_list *list, const char *serial)
{
    for (size_t i = 0; i < list->count; i++) {
        if (serial_equal(list->entries[i].serial, serial))
            return true;
    }
    return false;
}

/* A gateway that has lost an inverter does not bring it any more. */
static void note_missing(struct roster_slot *slot, const struct roster_list *list, int64_t now_ms)
{
    bool waits_here = slot->source == ROSTER_NOBODY && slot->home == list->gateway;

    if (!list->complete || !slot->serial[0] || holds(list, slot->serial) ||
        !(slot->source == list->gateway || waits_here))
        return;
    slot->source = ROSTER_NOBODY;
    if (slot->missing_ms < 0)
        slot->missing_ms = now_ms;
}

/* The inverter at a place of the list; NULL when there is none. */
static const struct roster_entry *entry_at(const struct roster_list *list, unsigned index)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].index == index && list->entries[i].serial[0])
            return &list->entries[i];
    }
    return NULL;
}

/* Whether a section lacks its inverter so that rule 3 holds. */
static bool is_orphan(const struct roster_slot *slot, const struct roster_list *list)
{
    return list->complete && slot->source == ROSTER_NOBODY && !holds(list, slot->serial);
}

static unsigned char bind_section(struct roster_slot *slots, size_t count, size_t i,
                                  const struct roster_list *list, unsigned char *changed)
{
    struct roster_slot *slot = &slots[i];
    const struct roster_entry *entry = entry_at(list, slot->index);
    bool bound = slot->serial[0] != '\0';

    if (!entry || (bound && !is_orphan(slot, list)))
        return 0;
    int holder = roster_find(slots, count, entry->serial);
    if (holder >= 0 && (bound || slots[holder].kind != ROSTER_ADDED))
        return 0;
    if (bound && list->may_replace && !list->may_replace(list->user, entry->serial))
        return 0;
    if (holder >= 0) {
        slots[holder].serial[0] = '\0';
        changed[holder] = ROSTER_GIVEN_UP;
    }
    roster_slot_init(slot, slot->kind, slot->home, slot->index, entry->serial);
    return bound ? ROSTER_REBOUND : ROSTER_BOUND;
}

void roster_bind(struct roster_slot *slots, size_t count, const struct roster_list *list,
                 int64_t now_ms, unsigned char *changed)
{
    memset(changed, 0, count);
    for (size_t i = 0; i < count; i++)
        note_missing(&slots[i], list, now_ms);
    for (size_t i = 0; i < count; i++) {
        if (slots[i].kind == ROSTER_BY_PLACE && slots[i].home == list->gateway)
            changed[i] = bind_section(slots, count, i, list, changed);
    }
}

int64_t roster_drop_due(const struct roster_slot *slot)
{
    return slot->kind == ROSTER_ADDED && slot->missing_ms >= 0
               ? slot->missing_ms + ROSTER_MISSING_MS
               : INT64_MAX;
}

bool roster_may_add(const struct roster_slot *slots, size_t count, const struct roster_list *list,
                    const struct roster_entry *entry)
{
    if (!entry->serial[0] || roster_find(slots, count, entry->serial) >= 0)
        return false;
    for (size_t i = 0; i < count && !list->complete; i++) {
        if (slots[i].kind == ROSTER_BY_PLACE && slots[i].home == list->gateway &&
            slots[i].index == entry->index)
            return false;
    }
    return true;
}

#include "core/roster.h"

#include <string.h>

int roster_find(const struct roster_slot *slots, size_t slot_count, const char *serial)
{
    for (size_t i = 0; i < slot_count; i++) {
        if (serial_equal(slots[i].serial, serial))
            return (int)i;
    }
    return -1;
}

/* A damaged memory may name one inverter twice; the first section keeps it. */
static void drop_doubles(struct roster_slot *slots, size_t slot_count)
{
    for (size_t i = 1; i < slot_count; i++) {
        if (roster_find(slots, i, slots[i].serial) >= 0)
            slots[i].serial[0] = '\0';
    }
}

static bool listed(const struct roster_entry *entries, size_t entry_count, const char *serial)
{
    for (size_t i = 0; i < entry_count; i++) {
        if (serial_equal(entries[i].serial, serial))
            return true;
    }
    return false;
}

/* The inverter at this place of the list, unless some section has it already. */
static const struct roster_entry *free_entry(const struct roster_slot *slots, size_t slot_count,
                                             const struct roster_entry *entries, size_t entry_count,
                                             unsigned index)
{
    for (size_t i = 0; i < entry_count; i++) {
        if (entries[i].index == index && entries[i].serial[0] &&
            roster_find(slots, slot_count, entries[i].serial) < 0)
            return &entries[i];
    }
    return NULL;
}

void roster_bind(struct roster_slot *slots, size_t slot_count, const struct roster_entry *entries,
                 size_t entry_count, bool complete, unsigned char *changed)
{
    drop_doubles(slots, slot_count);
    for (size_t i = 0; i < slot_count; i++) {
        const struct roster_entry *entry;
        bool bound = slots[i].serial[0] != '\0';

        changed[i] = 0;
        if (bound && (!complete || listed(entries, entry_count, slots[i].serial)))
            continue;
        entry = free_entry(slots, slot_count, entries, entry_count, slots[i].index);
        if (!entry)
            continue;
        text_copy(slots[i].serial, sizeof slots[i].serial, entry->serial);
        changed[i] = bound ? ROSTER_REBOUND : ROSTER_BOUND;
    }
}

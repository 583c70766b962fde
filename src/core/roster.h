/*
 * Which section of the config is which inverter. An inverter is its serial; its place in the
 * gateway's list only says which section takes it when it is first seen. Pure.
 *
 * Rules, in this order, for the inverters of one gateway:
 * 1. a section that is bound (now or from the memory) takes the inverter with its serial, wherever
 *    that stands in the list;
 * 2. a section that is not bound takes the inverter at its index, if no other section has it;
 * 3. a bound section whose serial the gateway's complete list no longer holds takes the inverter at
 *    its index if that is unbound: a replaced inverter (the caller warns).
 */
#ifndef DTU_CORE_ROSTER_H
#define DTU_CORE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/reading.h"

struct roster_slot {
    unsigned index;          /* n of [INVERTERn] */
    char serial[SERIAL_MAX]; /* bound to; "" is not bound */
};

struct roster_entry {
    unsigned index;
    char serial[SERIAL_MAX];
};

enum roster_change { ROSTER_BOUND = 1, ROSTER_REBOUND = 2 };

/*
 * Binds slots to the entries of one complete list. changed (slot_count elements) gets 0, ROSTER_BOUND
 * or ROSTER_REBOUND per slot. Entries without a serial are ignored. An incomplete list (some
 * requests of the cycle failed) must come with complete = false: rule 3 is left out then.
 */
void roster_bind(struct roster_slot *slots, size_t slot_count, const struct roster_entry *entries,
                 size_t entry_count, bool complete, unsigned char *changed);

/* The slot that is bound to serial, or -1. */
int roster_find(const struct roster_slot *slots, size_t slot_count, const char *serial);

#endif

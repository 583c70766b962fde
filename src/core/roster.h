/*
 * Which device is which inverter. An inverter is its serial, whichever gateway lists it and at what
 * place; a place in a list only says which section takes an inverter that is seen for the first time.
 * One roster for all gateways. Pure.
 *
 * Rules:
 * 1. a slot that is bound takes the inverter with its serial, wherever that is listed;
 * 2. a section that is not bound takes the inverter at its place of its own gateway's list, unless
 *    another section has that; one that had been added by itself is given up to the section;
 * 3. a section whose serial its own gateway's complete list no longer holds, and that no other gateway
 *    brings, takes the inverter at its place if nobody has that: a replaced one (the caller warns, and
 *    may refuse).
 *    Never a section that names its serial in the configuration;
 * 4. an inverter that nobody has may be added, unless it stands at the place of a section that may
 *    still take it.
 *
 * Two gateways may hear one inverter: a slot sticks to the gateway that brings it, and changes over
 * only when that one has lost it.
 */
#ifndef DTU_CORE_ROSTER_H
#define DTU_CORE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/reading.h"

enum {
    ROSTER_NOBODY = -1,         /* in place of a gateway */
    ROSTER_LOST_MS = 30 * 1000, /* not heard for so long: another gateway may bring it */
    ROSTER_MISSING_MS =
        10 * 60 * 1000 /* listed by nobody for so long: what was added by itself goes */
};

enum roster_kind {
    ROSTER_BY_PLACE,  /* a section that takes what stands at its place */
    ROSTER_BY_SERIAL, /* a section with a serial of its own */
    ROSTER_ADDED,     /* no section: named by nobody, found in a list */
};

struct roster_slot {
    enum roster_kind kind;
    int home;                /* the gateway it belongs to, by a number of the caller's */
    unsigned index;          /* its place in the list of home; ROSTER_BY_PLACE only */
    char serial[SERIAL_MAX]; /* bound to; "" is not bound */
    int source;              /* the gateway that brings it at present, or ROSTER_NOBODY */
    int64_t heard_ms;        /* when source last heard it; only with a source */
    int64_t missing_ms;      /* since when no gateway lists it any more; -1 while one does */
};

struct roster_entry {
    unsigned index;
    char serial[SERIAL_MAX];
};

/* One gateway's list as its last cycle told it. complete: none of its inverters is lacking in it. */
struct roster_list {
    int gateway;
    const struct roster_entry *entries; /* without a serial: ignored */
    size_t count;
    bool complete;
    /* Rule 3: whether a section may take this inverter; if so, it does. NULL: it always may. */
    bool (*may_replace)(void *user, const char *serial);
    void *user;
};

enum roster_change {
    ROSTER_BOUND = 1,    /* took its first inverter */
    ROSTER_REBOUND = 2,  /* took another one: rule 3 */
    ROSTER_GIVEN_UP = 3, /* lost its inverter to a section: rule 2; its serial is "" now */
};

/* serial may be "": an unbound section. */
void roster_slot_init(struct roster_slot *slot, enum roster_kind kind, int home, unsigned index,
                      const char *serial);

/* The slot that is bound to serial, or -1. */
int roster_find(const struct roster_slot *slots, size_t count, const char *serial);

/*
 * Whether a reading of the slot's inverter that this gateway brings counts; if it does, the gateway is
 * its source from then on. heard: the gateway hears the inverter at present.
 */
bool roster_takes(struct roster_slot *slot, int gateway, bool heard, int64_t now_ms);

/*
 * Rules 2 and 3, and who has lost whom. changed (count elements) gets 0 or an enum roster_change per
 * slot.
 */
void roster_bind(struct roster_slot *slots, size_t count, const struct roster_list *list,
                 int64_t now_ms, unsigned char *changed);

/* When the slot is to be dropped, should no gateway list its inverter before; INT64_MAX: never. */
int64_t roster_drop_due(const struct roster_slot *slot);

/* Rule 4: whether entry may be added. After roster_bind() with the same list. */
bool roster_may_add(const struct roster_slot *slots, size_t count, const struct roster_list *list,
                    const struct roster_entry *entry);

#endif

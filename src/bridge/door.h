/*
 * How inverters that are new get from one gateway onto the bus: the rules of core/admission.h, with the
 * clock, what is remembered, and a word in the log for who is not let in.
 */
#ifndef DTU_BRIDGE_DOOR_H
#define DTU_BRIDGE_DOOR_H

#include "bridge/statefile.h"
#include "core/admission.h"
#include "edge/sys/loop.h"

/* Lies in its owner's struct. */
struct door {
    struct loop *loop;
    const struct statefile *memory;
    char section[CONF_SECTION_MAX]; /* of the gateway, for messages */
    struct admission rules;
};

/* section: as the memory has it. A gateway that nothing is remembered of begins with an open door. */
void door_init(struct door *d, struct loop *l, const struct statefile *memory, const char *section);

/* The owner has changed the configuration: the next list is taken at its word. */
void door_open(struct door *d);

/* A list of the gateway, after roster_bind() with the same. */
void door_list(struct door *d, const struct roster_slot *slots, size_t count,
               const struct roster_list *list);

/* Whether another list is wanted soon. */
bool door_waits(const struct door *d);

/* A may_replace() of struct roster_list; user is the door. */
bool door_replaces(void *user, const char *serial);

/*
 * Whether an inverter may be added, and then it is to be. services, *makes_room: see admission_room().
 */
bool door_adds(struct door *d, const char *serial, const struct roster_slot *slots, size_t count,
               size_t services, int gateway, int *makes_room);

/* What one of these two let in found no memory: it comes again with the next list, and is not counted. */
void door_undone(struct door *d, const char *serial);

#endif

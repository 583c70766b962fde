/*
 * What is remembered over restarts, on flash: one entry for each device that was ever seen, by its
 * identity. Loaded once, saved rarely and only when it changed.
 */
#ifndef DTU_BRIDGE_STATEFILE_H
#define DTU_BRIDGE_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/device.h"

struct statefile;

/* Loads path, or its backup where that is damaged (with a warning). Never fails but for memory. */
struct statefile *statefile_open(const char *path);
void statefile_close(struct statefile *m); /* without saving; NULL is fine */

/* What is known of a device; NULL where nothing is. Entries are valid until the next statefile_put(). */
const struct device_memory *statefile_find(const struct statefile *m, const char *id);

/* How many devices are remembered that no section has and no gateway lists any more. */
size_t statefile_strays(const struct statefile *m);

/* Whether a device is remembered that this gateway, by its section, listed last. */
bool statefile_knows_gateway(const struct statefile *m, const char *section);

/* The gateway of this section has gone for good: what it listed is nobody's, whoever gets the section's name next. */
void statefile_leave_gateway(struct statefile *m, const char *section);

/* All entries, in no order; valid as those of statefile_find(). */
const struct device_memory *statefile_all(const struct statefile *m, size_t *count);

/*
 * Remembers, by entry->id; without one nothing happens. A section or a place at a gateway is one
 * device's: whoever had the section before loses it. When there is no room, a device that no gateway
 * lists any more is forgotten for it.
 */
void statefile_put(struct statefile *m, const struct device_memory *entry);

/*
 * The mark of an inverter that a power limit of ours may be left in force on. Written at once; statefile_put()
 * leaves it as it is. False when the file cannot be written: then the mark is as before.
 */
bool statefile_mark(struct statefile *m, const char *serial, bool on);
bool statefile_is_marked(const struct statefile *m, const char *serial);

/* The addresses of DTUs that were added on the GX screen: to be read, and changed, then saved. */
struct addresses *statefile_added(struct statefile *m);

/* Writes the file if anything in it would change, and returns whether it would. A failure is logged. */
bool statefile_save(struct statefile *m);

#endif

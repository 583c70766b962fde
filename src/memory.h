/*
 * What is remembered over restarts, on flash: one entry for each device that was ever seen, by its
 * identity. Loaded once, saved rarely and only when it changed.
 */
#ifndef DTU_MEMORY_H
#define DTU_MEMORY_H

#include <stddef.h>

#include "core/device.h"

struct memory;

/* Loads path, or its backup where that is damaged (with a warning). Never fails but for memory. */
struct memory *memory_open(const char *path);
void memory_close(struct memory *m); /* without saving; NULL is fine */

/* What is known of a device; NULL where nothing is. Entries are valid until the next memory_put(). */
const struct device_memory *memory_find(const struct memory *m, const char *id);

/* All entries, in no order; valid as those of memory_find(). */
const struct device_memory *memory_all(const struct memory *m, size_t *count);

/*
 * Remembers, by entry->id; without one nothing happens. A section or a place at a gateway is one
 * device's: whoever had the section before loses it. When there is no room, a device that no gateway
 * lists any more is forgotten for it.
 */
void memory_put(struct memory *m, const struct device_memory *entry);

/* Writes the file if anything in it would change. A failure is logged. */
void memory_save(struct memory *m);

#endif

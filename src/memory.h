/*
 * What is remembered over restarts, on flash: loaded once, saved rarely and only when it changed.
 * What belongs to sections that are not configured at present is kept.
 */
#ifndef DTU_MEMORY_H
#define DTU_MEMORY_H

#include "core/device.h"

struct memory;

/* Loads path, or its backup where that is damaged (with a warning). Never fails but for memory. */
struct memory *memory_open(const char *path);
void memory_close(struct memory *m); /* without saving; NULL is fine */

/* What is known of a section; all unknown (empty serial) where nothing is. Valid until memory_put. */
const struct device_memory *memory_get(const struct memory *m, const char *section);

void memory_put(struct memory *m, const struct device_memory *entry);

/* Writes the file if anything in it would change. A failure is logged. */
void memory_save(struct memory *m);

#endif

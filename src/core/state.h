/*
 * What survives a restart, as text: which serial each section is bound to, its last good counter,
 * what was set from the GX screen. Pure; edge/file.h keeps it on flash.
 *
 * JSON with a version and a checksum (CRC-32 of the payload) in the text, so that a file cut off or
 * overwritten by half is told from a good one.
 */
#ifndef DTU_CORE_STATE_H
#define DTU_CORE_STATE_H

#include <stddef.h>

#include "core/device.h"

/*
 * Text of a state, NUL-terminated, to be freed by the caller; NULL when out of memory. Equal input
 * gives equal text.
 */
char *state_print(const struct device_memory *memories, size_t count);

/*
 * Reads a state. Returns the number of memories stored (at most max), or -1 when the text is
 * damaged or of a newer version; then why says which in one line. Unknown keys are ignored.
 */
int state_parse(const char *text, size_t len, struct device_memory *out, size_t max, char *why,
                size_t why_size);

#endif

/*
 * What survives a restart, as text: every device ever seen, by its identity, with the section that is
 * bound to it, its last good counter and what was set from the GX screen; and the addresses of DTUs that were
 * added there. Pure; edge/sys/file.h keeps it
 * on flash.
 *
 * JSON with a version and a checksum (CRC-32 of the payload) in the text, so that a file cut off or
 * overwritten by half is told from a good one.
 *
 * Version 2 is written. Version 1, by section, is read as well: there a device is its serial, a template
 * its section, and every inverter was one of the gateway of [DEFAULT].
 */
#ifndef DTU_CORE_STATE_H
#define DTU_CORE_STATE_H

#include <stddef.h>

#include "core/device.h"

/*
 * Text of a state, NUL-terminated, to be freed by the caller; NULL when out of memory. Equal input
 * gives equal text. added: the addresses that were added on the GX screen; NULL: none.
 */
char *state_print(const struct device_memory *memories, size_t count,
                  const struct addresses *added);

/*
 * Reads a state. Returns the number of memories stored (at most max), or -1 when the text is
 * damaged or of a newer version; then why says which in one line. Unknown keys are ignored, as are
 * entries without an identity, and all but the first of one identity, and a list of addresses with one that may
 * not be added. added may be NULL; all of it is written.
 */
int state_parse(const char *text, size_t len, struct device_memory *out, size_t max,
                struct addresses *added, char *why, size_t why_size);

#endif

/*
 * Files that hold passwords are for their owner alone.
 */
#ifndef DTU_BRIDGE_SECRECY_H
#define DTU_BRIDGE_SECRECY_H

#include <stdbool.h>

#include "core/conf.h"

/*
 * path: what c was read from, or a copy of it. With a password or a token in c, it is closed to others; the log
 * says that it was open, and whether it still is. A file that is not there says nothing.
 */
void secrecy_keep(const struct config *c, const char *path);

/* Whether it would be closed already; changes nothing. */
bool secrecy_is_kept(const struct config *c, const char *path);

#endif

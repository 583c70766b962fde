/*
 * What the service does not need of what root may do is given up before anything foreign is read.
 */
#ifndef DTU_EDGE_PRIVILEGES_H
#define DTU_EDGE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * No capabilities, now or by a program that is started; no core dumps, which would hold passwords; new files for
 * their owner alone. What the kernel does not allow is left out: this never keeps the service from running.
 *
 * paths: files and folders (NULL is fine) that it reads and writes. Where one of them belongs to another user, root
 * keeps the right to files (CAP_DAC_OVERRIDE), without which it could not; returns true then.
 */
bool privileges_drop(const char *const *paths, size_t count);

#endif

/*
 * What the service does not need of what root may do is given up before anything foreign is read.
 */
#ifndef DTU_EDGE_PRIVILEGES_H
#define DTU_EDGE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

/* What root may do beyond other users: capabilities(7), as bits. */
enum privilege {
    PRIVILEGE_FILES = 1U << 1,  /* CAP_DAC_OVERRIDE: read and write everybody's files */
    PRIVILEGE_SIGNAL = 1U << 5, /* CAP_KILL: other users' processes */
    PRIVILEGE_USER = 3U << 6    /* CAP_SETGID, CAP_SETUID: become another user */
};

/*
 * No capabilities but these (a sum), and none for a program that is started; no core dumps, which would hold passwords; new
 * files for their owner alone. What the kernel does not allow is left out: this never keeps the service from running.
 *
 * paths: files and folders (NULL is fine) that it reads and writes. Where one of them belongs to another user, root
 * also keeps PRIVILEGE_FILES, without which it could not; returns true then.
 */
bool privileges_drop(const char *const *paths, size_t count, unsigned but);

/* Of the capabilities that are there these, and no others: for good. */
void privileges_keep(unsigned privileges);

#endif

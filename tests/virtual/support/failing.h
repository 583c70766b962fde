/*
 * Allocations and system calls that fail, of the program's own code alone: its objects in libdtu.a are linked with
 * these names in place of the C library's (see the Makefile), the tests' and the stand-ins' objects are not.
 */
#ifndef DTU_TESTS_FAILING_H
#define DTU_TESTS_FAILING_H

#include <stdbool.h>

enum failing_kind {
    FAILING_MEMORY, /* malloc, calloc, realloc, strdup, strndup, open_memstream */
    FAILING_JSON,   /* cJSON's allocations */
    FAILING_OPEN,   /* open: EMFILE */
    FAILING_WRITE,  /* write: ENOSPC */
    FAILING_SHORT,  /* write and read: one byte of many */
    FAILING_AGAIN,  /* write and read: EINTR */
    FAILING_READ,   /* read: EIO */
    FAILING_SYNC,   /* fsync: EIO */
    FAILING_RENAME, /* rename, link, unlink: EROFS */
    FAILING_KINDS
};

extern const char *const failing_names[FAILING_KINDS];

void failing_setup(void); /* once, for what is told where to allocate */

/* From now on this many calls of the kind succeed, then so many fail. */
void failing_arm(enum failing_kind kind, long succeed, long fail);
void failing_disarm(void);

long failing_calls(void);  /* of the kind, since it was armed */
bool failing_missed(void); /* one has failed */

/*
 * Whether a call of the kind fails that is made now. The calls are in failing_calls.c, which tests/failing has as well:
 * all but those that the linker can wrap, malloc, calloc and realloc.
 */
bool failing_now(enum failing_kind kind);

#endif

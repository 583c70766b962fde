/*
 * Unpacks gzip (RFC 1952, RFC 1951), in which some devices send their reply unasked. Pure.
 */
#ifndef DTU_CORE_GZIP_H
#define DTU_CORE_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether bytes begin as a gzip file does; no text does. */
bool gzip_is(const char *bytes, size_t len);

/*
 * The contents of one gzip file, with a NUL behind them, to be freed by the caller, and their length. NULL:
 * damaged, cut off, something stands behind it, larger than max bytes, or out of memory. No more memory is
 * taken than the file says it needs, and at most max.
 */
char *gzip_unpack(const char *bytes, size_t len, size_t max, size_t *out_len);

#endif

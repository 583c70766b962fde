/*
 * What answers at an address where no DTU does: a Shelly or a Tasmota that was given as a DTU. Each says what it
 * is at a page of its own, without a password.
 */
#ifndef DTU_CLI_IDENTIFY_H
#define DTU_CLI_IDENTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/ask.h"

struct identity {
    char what[80]; /* "a Shelly (SNSW-001P16EU)"; "" where it is not known, or was not asked for */
};

/* Whether it is worth asking: some device answers there, and it is not a DTU of any kind. */
bool identify_is_due(const struct asked *a);

/*
 * Asks those of count gateways for which that is so. out: one for each. False when out of memory.
 */
bool identify(const struct asked *asked, size_t count, struct identity *out);

/* What a reply to request n of identify() says; for tests. */
void identify_read(size_t n, const char *body, size_t len, struct identity *out);

#endif

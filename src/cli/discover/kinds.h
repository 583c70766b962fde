/*
 * What `discover` knows to look for: the gateways whose driver can be told by its first request, and the device types
 * that have a Probe; and in which order one host is asked, so that few requests find the most. Pure.
 */
#ifndef DTU_CLI_DISCOVER_KINDS_H
#define DTU_CLI_DISCOVER_KINDS_H

#include "core/device_type.h"
#include "core/driver.h"

enum { KINDS_MAX = 128, KINDS_ASKED_MAX = 6, KINDS_FOUND_MAX = 4 };

struct kind {
    const struct driver *driver; /* NULL: a type */
    struct device_type type;     /* of a type */
    char vendor[64], path[256];
    unsigned port; /* where it listens, if not on 80; else 0 */
    unsigned rank; /* the more, the sooner */
};

struct kinds {
    size_t count;
    struct kind *list; /* in the order of asking */
};

/*
 * own: the owner's device files, of which the unusable are left out; only: names of types or drivers that are to be
 * looked for, ends with NULL, or NULL for all. False when out of memory, or when one of only is not known, or cannot
 * be looked for: then *unknown is it. kinds_finish() in any case; the texts are borrowed.
 */
bool kinds_read(struct kinds *k, const struct device_text *own, const char *const *only,
                const char **unknown);
void kinds_finish(struct kinds *k);

/* How far one host has been asked. Zero it to begin. */
struct kinds_turn {
    const char *name; /* the host's, which may be that of a maker; may be NULL */
    unsigned port;    /* on which all are asked; 0: where each listens */
    size_t asked_count, found_count;
    size_t asked[KINDS_ASKED_MAX], found[KINDS_FOUND_MAX];
};

/*
 * Which to ask for next, a request that answers for all of the same path and port; NULL when there is nothing
 * more to ask. Once something was found, only what the same maker has beside it.
 */
const struct kind *kinds_next(const struct kinds *k, struct kinds_turn *turn);

/* Whether both are told by the same request. */
bool kinds_same_request(const struct kind *a, const struct kind *b, unsigned port);

void kinds_note_found(struct kinds_turn *turn, const struct kinds *k, const struct kind *kind);

/* What people call it. */
void kind_title(const struct kind *kind, char *out, size_t size);

#endif

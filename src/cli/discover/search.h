/*
 * Asks hosts what they are: SEARCH_HOSTS of them at a time, each one request at a time and at most KINDS_ASKED_MAX
 * in all, SEARCH_TIMEOUT_MS for each, without any login, and without following a redirect.
 */
#ifndef DTU_CLI_DISCOVER_SEARCH_H
#define DTU_CLI_DISCOVER_SEARCH_H

#include "cli/discover/kinds.h"
#include "cli/discover/targets.h"
#include "core/conf.h"
#include "core/reading.h"
#include "core/reply.h"

enum { SEARCH_HOSTS = 8, SEARCH_TIMEOUT_MS = 1500, FOUND_HOST_MAX = TARGET_HOST_MAX + 12 };

/* What one host is; text of it is cleaned. */
struct found {
    size_t place;              /* of its target */
    const struct kind *kind;   /* NULL: it answers, and is nothing that was looked for */
    char host[FOUND_HOST_MAX]; /* as config.ini has it: with the port where that was named */
    char firmware[VERSION_MAX], name[NAME_MAX_BYTES];
    char serial[SERIAL_MAX]; /* of a type */
    size_t listed_count;     /* inverters of a DTU */
    char listed[CONF_INVERTERS_MAX][SERIAL_MAX];
    size_t
        reading_count; /* in watts: not all of those listed, where the requests did not suffice */
    double watts;      /* MISSING where nothing has told any */
    bool login;        /* it does not tell its values without one */
    char why[REPLY_WHY_MAX]; /* why it has not told them; "" */
};

struct search_result {
    size_t count;
    struct found *list; /* in the order of the targets */
};

/* progress: after each host; may be NULL. own: as for kinds_read(). False when out of memory. Free with search_free(). */
bool search_run(const struct targets *targets, const struct kinds *kinds,
                const struct device_text *own, void (*progress)(size_t done, size_t count),
                struct search_result *out);
void search_free(struct search_result *r);

#endif

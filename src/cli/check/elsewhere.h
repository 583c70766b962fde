/*
 * Which devices are on the bus already: those of our own service, and those of other processes, which are another
 * copy of this program, or the Python driver. The service leaves the latter to them (bridge/claims.h), so `check`
 * has to know.
 */
#ifndef DTU_CLI_ELSEWHERE_H
#define DTU_CLI_ELSEWHERE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf.h"
#include "core/reading.h"

enum { ELSEWHERE_MAX = 256, ELSEWHERE_NAME_MAX = 256 };

struct elsewhere_service {
    char name[ELSEWHERE_NAME_MAX];
    char serial[SERIAL_MAX];             /* "" where it says none */
    char connection[CONF_TEXT_MAX + 32]; /* as /Mgmt/Connection has it */
    int instance;                        /* -1 where it says none */
    long process;
    bool own; /* of our own service */
};

struct elsewhere {
    size_t count;
    struct elsewhere_service services[ELSEWHERE_MAX];
};

/*
 * Looks at the bus, for some seconds at most; finds nothing where there is no bus. own: the process of our own
 * service; 0: it does not run. Only reads.
 */
void elsewhere_look(struct elsewhere *e, long own);

/* The service for this serial number, of our own service or of another process; NULL when there is none. */
const struct elsewhere_service *elsewhere_find(const struct elsewhere *e, const char *serial,
                                               bool own);

#endif

/*
 * Which devices other processes have on the bus: another copy of this program, or the Python driver. The
 * service leaves those to them (bridge/claims.h), so `check` has to know.
 */
#ifndef DTU_CLI_ELSEWHERE_H
#define DTU_CLI_ELSEWHERE_H

#include <stddef.h>

#include "core/reading.h"

enum { ELSEWHERE_MAX = 256, ELSEWHERE_NAME_MAX = 256 };

struct elsewhere_service {
    char name[ELSEWHERE_NAME_MAX];
    char serial[SERIAL_MAX]; /* "" where it says none */
    long process;            /* 0: it has gone meanwhile */
};

struct elsewhere {
    size_t count;
    struct elsewhere_service services[ELSEWHERE_MAX];
};

/*
 * Looks at the bus, for some seconds at most; finds nothing where there is no bus. own: the process of our own
 * service, whose services do not count; 0: it does not run. Only reads.
 */
void elsewhere_look(struct elsewhere *e, long own);

/* The service for this serial number; NULL when there is none. */
const struct elsewhere_service *elsewhere_find(const struct elsewhere *e, const char *serial);

#endif

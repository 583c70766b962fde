/* Whom `discover` may ask: the addresses that its user named, and no other. Pure. */
#ifndef DTU_CLI_DISCOVER_TARGETS_H
#define DTU_CLI_DISCOVER_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

enum { TARGETS_MAX = 1024, TARGET_HOST_MAX = 64, TARGET_WHY_MAX = 200 };

struct target {
    char host[TARGET_HOST_MAX]; /* an IPv4 address, or a name */
    unsigned port;              /* 0: where each kind of device listens */
};

struct targets {
    size_t count;
    struct target list[TARGETS_MAX]; /* each once */
};

/*
 * "192.168.1.80", "192.168.1.80:8080", "192.168.1.0/24", "192.168.1.0/24:8080" or "opendtu.local": of a subnet the
 * addresses of hosts. False when it is none of these, or when it would be more than TARGETS_MAX: why says so.
 */
bool targets_add(struct targets *t, const char *text, char why[TARGET_WHY_MAX]);

#endif

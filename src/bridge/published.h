/*
 * A device on the bus: the rows of its class as the items of one service.
 */
#ifndef DTU_BRIDGE_PUBLISHED_H
#define DTU_BRIDGE_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/device.h"
#include "core/map.h"
#include "edge/bus/service.h"
#include "edge/sys/loop.h"

/* Lies in its owner's struct; all zero is not on the bus. */
struct published {
    struct service *service;     /* NULL: not on the bus */
    const struct map_row **rows; /* one per item of the service, in its order */
    size_t count;
    bool dry_run; /* what was measured is kept from the bus */
};

/*
 * Asks for the name; events tell what becomes of it. False, with why, when nothing will. device and class outlive
 * the service.
 */
bool published_open(struct published *p, struct loop *loop, const char *name,
                    const struct venus_class *class, const struct device *device,
                    const struct service_events *events, char *why, size_t why_size);

/* Harmless where it is not open. */
void published_close(struct published *p);

/* Tells what is new, in one signal. */
void published_show(struct published *p, const struct device *device);

/* "com.victronenergy.pvinverter.http_34"; "" where it is not open. */
const char *published_name(const struct published *p);

#endif

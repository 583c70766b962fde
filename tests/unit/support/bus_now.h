/* Opens what a test needs on the bus, and runs the loop until it is there. */
#ifndef DTU_TESTS_BUS_NOW_H
#define DTU_TESTS_BUS_NOW_H

#include "edge/bus/bus.h"
#include "edge/bus/service.h"

/*
 * NULL with the reason in why; events may be NULL, and ready and failed in it are not called. What else is on
 * the loop goes on meanwhile.
 */
struct bus *bus_open_now(struct loop *l, const struct bus_events *events, char *why,
                         size_t why_size);

/* What bus_take_name() says. */
int bus_request_name_now(struct loop *l, struct bus *b, const char *name, char *why,
                         size_t why_size);

/* NULL with the reason in why, and *err (may be NULL) as failed had it; there and failed are not called. */
struct service *service_create_now(struct loop *l, const char *name,
                                   const struct service_item *items, size_t count,
                                   const struct service_events *events, int *err, char *why,
                                   size_t why_size);

#endif

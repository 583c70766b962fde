/*
 * What the service would make of the gateways' replies: which section gets which inverter, and what it
 * would publish of it. By the service's own rules (core/roster.h), as it starts with what it remembers;
 * nothing is done.
 */
#ifndef DTU_CLI_PLAN_H
#define DTU_CLI_PLAN_H

#include <stddef.h>

#include "bridge/statefile.h"
#include "cli/ask.h"
#include "core/admission.h"
#include "core/conf.h"
#include "core/device.h"

enum plan_kind {
    PLAN_SECTION,  /* an [INVERTERn] or [TEMPLATEn] */
    PLAN_ADDED,    /* without a section: AutoAdd */
    PLAN_LEFT_OUT, /* without a section, and not published */
};

struct plan_device {
    enum plan_kind kind;
    enum admission_word refused; /* PLAN_LEFT_OUT, where AutoAdd is on: why, else ADMISSION_YES */
    const struct device_conf *conf;
    size_t gateway;                /* that brings it; without a reading the section's own */
    const struct reading *reading; /* NULL: no inverter for this section */
    const struct device_memory *memory;
    const struct device_view *view; /* NULL without a reading */
    struct device *device;
    int in_use; /* its number on the bus now; -1: it is not there, or that is not known */
    char service[CONF_TEXT_MAX]; /* "com.victronenergy.grid": as configured, or as /Role was set */
};

struct plan {
    size_t count;
    struct plan_device *devices; /* the sections in their order, then what has none */
};

/*
 * asked: one per gateway of config, in its order. Everything is borrowed and must outlive the plan.
 * NULL when out of memory.
 */
struct plan *plan_create(const struct config *config, const struct asked *asked,
                         const struct statefile *memory);
void plan_destroy(struct plan *plan); /* NULL is fine */

#endif

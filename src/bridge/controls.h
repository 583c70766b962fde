/*
 * What one device is told to do: by the ESS, by a person who tries a limit, and by its owner's native controls on the GX
 * screen. Between a unit, whose rows these are, and the limiter, which does it.
 */
#ifndef DTU_BRIDGE_CONTROLS_H
#define DTU_BRIDGE_CONTROLS_H

#include <stdbool.h>

#include "bridge/limiter.h"
#include "core/device.h"
#include "core/map.h"
#include "core/value.h"

struct controls_events {
    loop_fn changed; /* what is to be shown may be something else */
    loop_fn ordered; /* orders are to be kept */
    void *user;
};

/* Lies in its owner's struct. To be read by the owner, and written by this module, but for orders. */
struct controls {
    struct limiter *limiter;
    struct controls_events events;
    struct limited *limited; /* NULL: nothing that can be commanded */
    struct limited_conf conf;
    struct owner_orders
        orders; /* as they were remembered; the owner sets them before controls_configure() */
};

void controls_init(struct controls *c, struct limiter *limiter,
                   const struct controls_events *events);

/* The inverter with this serial may be commanded so; NULL: none may. conf's label is borrowed, its manual_w unused. */
void controls_configure(struct controls *c, const char *serial, const struct limited_conf *conf);

/* A fresh measurement, or (heard false) the inverter is out of reach. */
void controls_measured(struct controls *c, bool heard, double power_w);

/* Takes what is written to a row that commands; false: refused, as everything is where the row has no value. */
bool controls_write(struct controls *c, const struct map_row *row, const struct value *value);

/* The owner's limit by hand, in W; at the top of its range, or above, there is none. False: refused. */
bool controls_limit(struct controls *c, double watts);

/* What is to be shown of a device that makes so much. state is what out->state points to. */
void controls_show(const struct controls *c, double power_w, char state[LIMIT_STATE_MAX],
                   struct device_limit *out);

#endif

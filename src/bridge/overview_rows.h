/*
 * The paths of com.victronenergy.opendtu and where their values come from: tables, for overview.c and for docs/dbus.md.
 */
#ifndef DTU_BRIDGE_OVERVIEW_ROWS_H
#define DTU_BRIDGE_OVERVIEW_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/fleet.h"
#include "bridge/gateway.h"
#include "bridge/unit_page.h"
#include "core/value.h"

#define OVERVIEW_SERVICE "com.victronenergy.opendtu"

enum { OVERVIEW_PRODUCT_ID = 0xD7D1, OVERVIEW_TEXT_MAX = 256, OVERVIEW_MESSAGES = 8 };

struct overview_row {
    const char *path; /* of the service, or behind "/Gateways/<id>/" and "/Devices/<id>/" */
    const char *help;
    enum text_format text;
    enum value_type command; /* VALUE_INVALID: nothing can be written */
    int order;               /* of a device's row: enum unit_order */
};

/* ---- The service's own ---- */

enum overview_own {
    OWN_PROCESS,
    OWN_VERSION,
    OWN_CONNECTION,
    OWN_INSTANCE,
    OWN_PRODUCT_ID,
    OWN_PRODUCT,
    OWN_FIRMWARE,
    OWN_CONNECTED,
    OWN_STATE,
    OWN_CONFIG_PATH,
    OWN_ERRORS,
    OWN_WARNINGS,
    OWN_MESSAGE,
    OWN_MESSAGE_LAST = OWN_MESSAGE + OVERVIEW_MESSAGES - 1,
    OWN_REFRESH,
    OWN_ADDRESSES,
    OWN_GATEWAYS,
    OWN_DEVICES,
    OWN_ROWS
};

extern const struct overview_row overview_own[OWN_ROWS];

/* ---- Of each gateway ---- */

struct overview_gateway {
    struct gateway_overview is;
    unsigned devices; /* that it feeds */
};

extern const struct overview_row overview_gateway_rows[];
extern const size_t overview_gateway_row_count;
struct value overview_gateway_value(const struct overview_gateway *g, size_t row);

/* ---- Of each device ---- */

struct overview_device {
    struct unit_overview is;
    int home;                       /* number of the gateway that feeds it */
    char gateway[CONF_SECTION_MAX]; /* its id; "": it is not there */
    int64_t now_ms;
    bool dry_run; /* what was measured stays away from the bus */
};

extern const struct overview_row overview_device_rows[];
extern const size_t overview_device_row_count;
struct value overview_device_value(const struct overview_device *d, size_t row);

#endif

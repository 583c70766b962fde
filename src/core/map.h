/*
 * From a device to the rows of its service. A Venus class is a table of rows, in one file of
 * venus/ and one row of venus/registry.c; this is what reads those tables. Pure.
 *
 * Source of the paths: Victron's dbus-fronius, dbus-shelly, dbus-modbus-client, dbus-systemcalc-py and
 * gui-v2.
 */
#ifndef DTU_CORE_MAP_H
#define DTU_CORE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/device.h"
#include "core/value.h"

/* Where a row's value comes from. */
enum map_source {
    MAP_FIELD,         /* value[arg.field][slot] */
    MAP_STRING,        /* string[slot], which of its members: arg.member */
    MAP_INT,           /* arg.constant */
    MAP_TEXT,          /* arg.text, a constant */
    MAP_UNKNOWN,       /* no value: what Venus asks for, and nobody says */
    MAP_INSTANCE,      /* /DeviceInstance */
    MAP_POSITION,      /* /Position of a pvinverter */
    MAP_LOAD_POSITION, /* /Position of an acload or heatpump */
    MAP_ROLE,          /* the class of the service */
    MAP_ALLOWED_ROLES, /* venus_roles */
    MAP_PHASE_SETTING, /* 1..3; no value for what is on three phases */
    MAP_SERIAL,
    MAP_NAME,       /* /CustomName */
    MAP_PRODUCT,    /* /ProductName */
    MAP_FIRMWARE,   /* of the gateway */
    MAP_VERSION,    /* of this program */
    MAP_CONNECTION, /* how the device is reached, for people */
    MAP_LATENCY,
    MAP_UPDATE_INDEX,
    MAP_MEASURED_AT, /* monotonic seconds */
    MAP_AGE,
    MAP_VALUE_SOURCE,
    MAP_PHASES,      /* /NrOfPhases: 1 on L1, 3 on three phases; on L2 and L3 no value */
    MAP_STATUS_CODE, /* pvinverter: 0 start, 7 running, 8 standby (night), 10 error, 12 throttled */
    MAP_POWER_LIMIT, /* a command: W, and no value while it cannot be limited */
    MAP_LIMIT_TRIAL, /* the same of a person who tries it */
    MAP_LIMIT_STATE, /* what becomes of its limit, for people */
    /* Of the native control number slot: no value while it cannot be commanded. */
    MAP_CONTROL_TEXT,   /* arg.text, a constant */
    MAP_CONTROL_INT,    /* arg.constant */
    MAP_CONTROL_VALUE,  /* a command: /State or /Dimming */
    MAP_CONTROL_STATUS, /* 9 on, 0 off */
    MAP_CONTROL_MIN,
    MAP_CONTROL_MAX,
    MAP_CONTROL_PANE,  /* a command: whether it is in the quick pane */
    MAP_GENSET_STATUS, /* genset: 0 standby, 8 running */
    MAP_STATE,         /* inverter: 9 inverting, 0 off */
    MAP_ERROR_CODE,    /* 0 none, 1 gateway away (GUI shows "no error" for 0) */

    /* How the gateway answers: see core/health.h. */
    MAP_HEALTH_REQUESTS,
    MAP_HEALTH_FAILURES,
    MAP_HEALTH_BY_KIND,
    MAP_HEALTH_P50,
    MAP_HEALTH_P99,
    MAP_HEALTH_PUSHED,
    MAP_HEALTH_BYTES,
    MAP_HEALTH_LAST_ERROR,
    MAP_JUMPS_DROPPED,
    MAP_FALLS_HELD,
    MAP_READINGS_DROPPED,
};

enum map_member { MAP_STRING_NAME, MAP_STRING_V, MAP_STRING_I, MAP_STRING_P, MAP_STRING_YIELD };

struct map_row {
    const char *path; /* absolute, static */
    const char
        *help; /* one line, for GetDescription and docs/dbus.md; NULL where the path says it */
    enum map_source source;
    enum text_format text;
    unsigned char slot;      /* MAP_FIELD: phase 0..3; MAP_STRING: string; MAP_CONTROL_*: control */
    bool writable;           /* SetValue is meant for it */
    bool quiet;              /* never announced: for whoever asks */
    enum value_type command; /* what is written commands something: see struct service_item */
    union {
        enum field field;
        enum map_member member;
        int constant;
        const char *text;
    } arg;
};

struct venus_class {
    const char *name; /* the last part of the service name: "pvinverter" */
    const struct map_row *rows;
    size_t row_count;
    bool meter; /* see device_set_class() */
};

/* All classes; venus/registry.c. */
extern const struct venus_class *const venus_classes[]; /* NULL-terminated */

/*
 * Names of the classes that a device may be switched to by a write of /Role, and the class of such a
 * name; NULL where it is none of them.
 */
extern const char *const venus_roles[]; /* NULL-terminated */
const struct venus_class *venus_role_find(const char *role);

/*
 * The class of "com.victronenergy.<name>". An unknown name gets the meter rows; *known (may be NULL)
 * tells.
 */
const struct venus_class *venus_class_find(const char *service, bool *known);

/*
 * Whether the row exists on this device: string rows only up to its number of strings, a DC voltage only
 * of what measures one, a control where it is switched on.
 */
bool map_applies(const struct map_row *row, const struct device_view *view);

/* The row's present value; text values are borrowed from the view. */
struct value map_value(const struct map_row *row, const struct device_view *view);

#endif

/*
 * One device's life: from readings and missed polls to what may be published. Pure; time is an
 * argument (monotonic milliseconds), and the caller tells what happened.
 *
 *                     first reading
 *      START ────────────────────────────▶ RUNNING ◀───────── any good reading ─────────┐
 *        │                                  │    │                                      │
 *        │ misses (ErrorMode)  not reachable│    │ misses (ErrorMode)                   │
 *        └───────────────┐                  ▼    ▼                                      │
 *                        └────────────▶  NIGHT  ERROR ──────────────────────────────────┘
 *
 * RUNNING publishes what was read; NIGHT and ERROR publish 0 W and 0 A, and keep the energy; START
 * publishes no power at all. Energy never falls (see device_feed).
 */
#ifndef DTU_CORE_DEVICE_H
#define DTU_CORE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/reading.h"

enum device_state { DEVICE_START, DEVICE_RUNNING, DEVICE_NIGHT, DEVICE_ERROR };

/* What the map reads. All of it derives from the last readings and the state; kept, not recomputed. */
struct device_view {
    enum device_state state;
    const char *section, *connection; /* borrowed from the conf */
    char serial[SERIAL_MAX];
    char name[NAME_MAX_BYTES];  /* what /CustomName says: user's, config's, gateway's */
    char firmware[VERSION_MAX]; /* of the gateway */
    int instance, position;
    enum phase_choice phase;    /* resolved: never PHASE_AUTO */
    unsigned phases;            /* 1 or 3 */
    unsigned char update_index; /* moves with each fresh reading, 255 wraps to 0 */
    double latency_ms;          /* of the last answered request; MISSING before it */
    /* [f][0] the device, [f][1..3] the phases in use; unused phases are MISSING, never 0. */
    double value[FIELD_COUNT][PHASE_SLOTS];
    unsigned strings;
    struct string_reading string[STRINGS_MAX];
};

/* What survives a restart; see core/state.h. energy values are MISSING where never known. */
struct device_memory {
    char section[CONF_SECTION_MAX]; /* "INVERTER0", "TEMPLATE1" */
    char serial[SERIAL_MAX];
    char name[NAME_MAX_BYTES];        /* as the gateway last called it */
    char custom_name[NAME_MAX_BYTES]; /* written from the GX screen; "" is none */
    int position;                     /* written from the GX screen; -1 is none */
    unsigned phases, strings;
    double max_power_w;
    double energy_kwh; /* last good lifetime counter; with useYieldDay the day's */
};

struct device;

/* conf is borrowed and must outlive the device; memory (may be NULL) is copied. */
struct device *device_create(const struct device_conf *conf, const struct device_memory *memory);
void device_destroy(struct device *d); /* NULL is fine */

enum device_event { /* bits, returned by device_feed: for the caller to log once */
                    DEVICE_FRESH = 1, /* the view has new measurements */
                    DEVICE_ENERGY_HELD =
                        2, /* the counter fell; the old value is held until it is confirmed */
                    DEVICE_ENERGY_RESET = 4, /* the fall is confirmed and now followed */
                    DEVICE_ENERGY_JUMP = 8,  /* an impossible jump was dropped */
                    DEVICE_SHAPE_CHANGED =
                        16, /* number of strings or phases grew: the rows must be remade */
                    DEVICE_CHANGED_STATE = 32,
};

/*
 * A reading of this very device (the caller has matched the serial). Rules:
 * - REACH_NO_DATA_YET changes nothing but latency and identity (serial, name, shape), until the last
 *   measurement is older than max_age_s: then NIGHT;
 * - REACH_LOST, or older than max_age_s: NIGHT;
 * - a counter that falls is held at its last good value until three readings over at least 60 s
 *   agree on the lower one (a true reset);
 * - a rise that MAX_POWER (5 kW where unknown) could not have made in the time since the last good
 *   one, plus 1 kWh, is dropped unless the same three readings over 60 s confirm it;
 * - phases: a phase choice L1..L3 gets the device's values in its slot; 3P gets the phases' own
 *   values where the reading has them, else a third each of power and energy, and I = P / U.
 * Returns a set of enum device_event.
 */
unsigned device_feed(struct device *d, const struct reading *r, double latency_ms, int64_t now_ms);

/*
 * A poll that brought nothing for this device (gateway away, or it was not in the reply). Goes to
 * DEVICE_ERROR by the conf's ErrorMode. Returns DEVICE_CHANGED_STATE or 0.
 */
unsigned device_miss(struct device *d, int64_t now_ms);

/*
 * ErrorMode=timeout between two polls: call when it is due. Returns when to call next, or -1 for
 * never (until the next feed).
 */
int64_t device_deadline(const struct device *d);

/* What the gateway said of itself. */
void device_gateway(struct device *d, const struct gateway_info *info);

/* Written from the bus; both survive through the memory. */
void device_set_custom_name(struct device *d, const char *name);
void device_set_position(struct device *d, int position);

const struct device_view *device_view(const struct device *d);

/* Fills out with what is worth remembering. */
void device_remember(const struct device *d, struct device_memory *out);

#endif

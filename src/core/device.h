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
 *
 * A meter that is away measures nothing: NIGHT and ERROR publish no values of it, and in START and ERROR
 * its service is not on the bus (see device_present).
 */
#ifndef DTU_CORE_DEVICE_H
#define DTU_CORE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/health.h"
#include "core/plausible.h"
#include "core/reading.h"

enum {
    MEMORY_ID_MAX =
        (int)SERIAL_MAX > (int)CONF_SECTION_MAX ? (int)SERIAL_MAX : (int)CONF_SECTION_MAX,
    ROLE_MAX = 16 /* bytes with the NUL: "pvinverter" */
};

enum { LIMIT_STATE_MAX = 192 };

enum device_state { DEVICE_START, DEVICE_RUNNING, DEVICE_NIGHT, DEVICE_ERROR };

/* The two native controls of the GX screen (/SwitchableOutput); docs/power-limit.md. */
enum control { CONTROL_LIMIT, CONTROL_SWITCH, CONTROLS };

/* What the owner commands by hand. In the state file alone. */
struct owner_orders {
    double limit_w;     /* MISSING: none */
    bool off;           /* switched off, and not seen to run since */
    int pane[CONTROLS]; /* /Settings/ShowUIControl: 0 not in the quick pane, or bits of gui-v2 */
};

extern const struct owner_orders orders_none;

/* Bits 1 always, 2 on the device, 4 remotely (gui-v2, IOChannel_ShowUI). */
enum { CONTROL_PANE_MAX = 7 };

/* What one of the controls shows. */
struct control_view {
    bool there;             /* switched on in the configuration */
    bool possible;          /* what it commands can be commanded at present */
    double value, min, max; /* of CONTROL_LIMIT in W; CONTROL_SWITCH: 0 or 1 */
    int pane;
};

/* What the map reads. All of it derives from the last readings and the state; kept, not recomputed. */
struct device_view {
    enum device_state state;
    const char *section, *connection; /* borrowed from the conf */
    const char *class; /* what /Role says, as device_set_class() got it; NULL: nothing */
    bool meter;        /* likewise */
    char serial[SERIAL_MAX];
    char name[NAME_MAX_BYTES];  /* what /CustomName says: user's, config's, gateway's */
    char product[PRODUCT_MAX];  /* what told of it last; "" where that is not known */
    char firmware[VERSION_MAX]; /* of the gateway */
    int instance;               /* -1 where it is not known yet */
    int position;               /* as a pvinverter: 0 AC input 1, 1 AC output, 2 AC input 2 */
    int load_position;          /* as a load: 0 AC output, 1 AC input */
    enum phase_choice phase;    /* resolved: never PHASE_AUTO */
    unsigned phases;            /* 1 or 3 */
    bool own_phases; /* it measures each of its three phases: nothing is shared out between them */
    unsigned char update_index; /* moves with each fresh reading, 255 wraps to 0 */
    int64_t measured_ms;        /* when that came; -1 before the first */
    bool pushed;                /* its gateway sent that by itself */
    int age_s;                  /* of it, as device_seen() was told; -1 before the first */
    double latency_ms;          /* of the last answered request; MISSING before it */
    /* [f][0] the device, [f][1..3] the phases in use; unused phases are MISSING, never 0. */
    double value[FIELD_COUNT][PHASE_SLOTS];
    unsigned strings;
    struct string_reading string[STRINGS_MAX];
    double power_limit_w; /* what /Ac/PowerLimit says; MISSING: it cannot be limited */
    bool throttled;       /* its limit holds it back */
    double limit_trial_w; /* a person tries so much; MISSING: nobody does */
    bool off;             /* switched off by hand */
    struct control_view control[CONTROLS];
    char limit_state[LIMIT_STATE_MAX]; /* what becomes of the limit, for people; "": no limiting */
    bool has_dc;                       /* measures a DC voltage, now or at other times */
    bool by_radio;                     /* as the last reading */
    /* Of the energy counter, since the device was created: rows of samples, not samples. */
    unsigned jumps_dropped, falls_held;
    /* Of the last event of the energy counter: what it said before, and what it says now, kWh. */
    double counter_before_kwh, counter_now_kwh;
    /* Samples that were dropped as no measurement, since then; why the last one was. */
    unsigned readings_dropped;
    char dropped_why[PLAUSIBLE_WHY_MAX];
    bool health_known;
    struct health_view health; /* of the gateway; only where it is known */
};

/* Which of the gateway's counters an energy is of. */
enum energy_counter { ENERGY_UNKNOWN = -1, ENERGY_LIFETIME = 0, ENERGY_OF_THE_DAY = 1 };

/* What the owner set on the GX screen. It wins over the configuration. */
struct owner_choice {
    char custom_name[NAME_MAX_BYTES]; /* "" is not set */
    int position;                     /* of a pvinverter, 0..2; -1 is not set */
    int load_position;                /* of an acload or heatpump, 0 or 1; -1 is not set */
    int phase;                        /* 1..3; 0 is not set */
    char role[ROLE_MAX];              /* a class of venus_roles; "" is not set */
    /* On our own page of the GX screen: 0 no, 1 yes; -1 is not set. */
    int enabled;      /* to be published */
    int power_limit;  /* where the configuration does not say PowerLimit */
    int power_switch; /* where it does not say Switch */
};

/* What survives a restart, one for each device ever seen; see core/state.h. */
struct device_memory {
    /*
     * The identity: an inverter's serial as serial_key() writes it, of a template its section. Never
     * empty in an entry that is kept.
     */
    char id[MEMORY_ID_MAX];
    char section[CONF_SECTION_MAX]; /* that is bound to it: "INVERTER0", "TEMPLATE1"; "" is none */
    char gateway[CONF_SECTION_MAX]; /* that listed it last: "DEFAULT"; "": not listed any more */
    char serial[SERIAL_MAX];        /* as the gateway writes it */
    char name[NAME_MAX_BYTES];      /* as the gateway last called it */
    char product[PRODUCT_MAX];      /* what that gateway is; "" where unknown */
    struct owner_choice choice;
    struct owner_orders orders;
    int instance;       /* last one used without an explicit DeviceInstance; -1 is none */
    unsigned phases;    /* AC phases of the device itself; 0 where unknown */
    unsigned strings;   /* most that were ever seen */
    double max_power_w; /* MISSING where unknown */
    double
        energy_kwh; /* as published, with offset_kwh, but without EnergyOffset; MISSING where unknown */
    double offset_kwh;           /* KeepEnergy: what the device's own counter lacks; 0 is none */
    double energy_offset_kwh;    /* EnergyOffset at the time */
    enum energy_counter counter; /* that energy_kwh is of */
    bool
        limited; /* a power limit of ours may be in force: not the device's, see statefile_mark() */
};

/* Nothing is known. */
void device_memory_init(struct device_memory *m);

struct device;

/*
 * conf is borrowed and must outlive the device or its replacement (device_reconfigure); memory (may be
 * NULL) is copied. The device keeps the memory's id. Where that is empty, it is the key of the serial,
 * as soon as that is known: a template's must be given.
 *
 * The serial of the conf wins over that of the memory. An energy of the other counter (useYieldDay was
 * changed meanwhile) is not taken over. view->instance is an explicit DeviceInstance, else -1 until
 * device_set_instance().
 */
struct device *device_create(const struct device_conf *conf, const struct device_memory *memory);
void device_destroy(struct device *d); /* NULL is fine */

/*
 * A new configuration for a device that goes on living, in the place of the old one or in another. The view follows at once: section, connection,
 * name, position, phase. The serial stays, as does the instance, which is the caller's to change
 * (device_set_instance) together with the service's name.
 *
 * A change of use_yield_day makes the energy counter begin again, for a day's energy and a lifetime's are
 * never mixed: with the last measurement, or without a value until the next. KeepEnergy that is switched
 * off keeps what it added until the next confirmed reset, and then follows the device. Another EnergyOffset
 * shows at once, and makes the next sample right whatever it says.
 */
void device_reconfigure(struct device *d, const struct device_conf *conf);

/* What is shown next is shown now: the age of the last measurement, see age_shown_s(). */
void device_seen(struct device *d, int64_t now_ms);

/*
 * An age as it is shown, in s: whole minutes, so that a signal for its sake alone is rare. -1 for a measurement that there is none of (measured_ms < 0).
 */
int age_shown_s(int64_t measured_ms, int64_t now_ms);

/* What is read from now on counts something else, or in another unit: its next reading is right. */
void device_counts_anew(struct device *d);

/* Bits, returned by device_feed: for the caller to log once. Of energy: with the numbers in the view. */
enum device_event {
    DEVICE_FRESH = 1,          /* the view has a new measurement */
    DEVICE_ENERGY_HELD = 2,    /* the counter fell; the old value is held until it is confirmed */
    DEVICE_ENERGY_RESET = 4,   /* the fall is confirmed and now followed */
    DEVICE_ENERGY_JUMP = 8,    /* an impossible jump was dropped */
    DEVICE_SHAPE_CHANGED = 16, /* number of strings or phases grew: the rows must be remade */
    DEVICE_CHANGED_STATE = 32,
    DEVICE_ENERGY_RAISED = 64,      /* a jump is confirmed and now followed */
    DEVICE_READING_DROPPED = 128,   /* it is no measurement: view->dropped_why */
    DEVICE_NOTHING_PLAUSIBLE = 256, /* there was nothing else for DEVICE_PATIENCE_MS; told once */
    DEVICE_MISSED = 512,            /* the reading was a miss: see device_miss() */
};

enum { DEVICE_PATIENCE_MS = 10 * 60 * 1000 };

/*
 * A reading of this very device (the caller has matched the serial). Rules:
 * - REACH_NO_DATA_YET changes nothing but latency and identity (serial, name, shape), until the last
 *   measurement is older than max_age_s: then NIGHT;
 * - REACH_LOST, or older than max_age_s: NIGHT; REACH_ASLEEP the same for a PV inverter;
 * - REACH_NO_POWER, and REACH_ASLEEP of anything else, is a miss, as device_miss() counts them. Power has
 *   no value then; what else there is counts;
 * - what cannot be a measurement (core/plausible.h) is dropped whole: the device was heard, and nothing else.
 *   After DEVICE_PATIENCE_MS without anything better each one counts as a miss, and ErrorMode's time as begun
 *   with the first of them;
 * - what repeats the last packet (core/sample.h) is shown again, for an error may have been in between; but
 *   it is no new measurement: /UpdateIndex stays, and no counter is fed;
 * - energy: core/counter.h, by MAX_POWER. Where that is unknown, by 5 kW of what comes by radio, else 50 kW;
 * - phases: a phase choice L1..L3 gets the device's values in its slot; 3P gets the phases' own
 *   values where the reading has them, else a third each of power and energy, and I = P / U. With
 *   KeepEnergy or EnergyOffset energy is always a third each: a phase's own counter has no offset.
 * A confirmed reset is followed, or made up for with KeepEnergy; only the device's own forward counter is.
 * Those of strings and of reverse energy follow. Another serial than before is another device (of a template):
 * its energy begins again.
 *
 * now_ms is monotonic; unix_s is the wall clock (MISSING: none), for gateways without a clock of their own.
 * Returns a set of enum device_event.
 */
unsigned device_feed(struct device *d, const struct reading *r, double latency_ms, int64_t now_ms,
                     double unix_s);

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

/* How it is limited. */
struct device_limit {
    double power_limit_w; /* MISSING: it cannot be limited */
    bool throttled;       /* it makes as much as that allows */
    double trial_w;       /* MISSING: nobody tries it */
    const char *state;    /* copied */
    bool off;             /* switched off by hand */
    struct control_view control[CONTROLS];
};
void device_limit(struct device *d, const struct device_limit *limit);

/* What the gateway said of itself. */
void device_gateway(struct device *d, const struct gateway_info *info);

/*
 * The owner set something: all of it is told each time, and what is out of range counts as not set. Only what
 * has one phase obeys the phase: in the same step the values move to it and the others become MISSING. The
 * role shows nowhere.
 */
void device_choose(struct device *d, const struct owner_choice *choice);

/*
 * The instance that the service has; -1: not known. It is remembered as the device's own where the
 * conf has no explicit one.
 */
void device_set_instance(struct device *d, int instance);

/*
 * The class of the service as it is on the bus: its name, of static storage, or NULL; whether it is one of
 * a meter. The view follows at once.
 */
void device_set_class(struct device *d, const char *class, bool meter);

/*
 * Whether the service may be on the bus. A meter appears with its first reading, never from memory, and
 * leaves while it is away; with the conf's METER_AWAY_INVALID it stays, without values.
 */
bool device_present(const struct device *d);

/* How the gateway answers; NULL: not known. Copied. */
void device_health(struct device *d, const struct health_view *health);

const struct device_view *device_view(const struct device *d);

/*
 * Fills out with what is worth remembering. Which gateway lists the device, and what the owner set, is the
 * caller's to say.
 */
void device_remember(const struct device *d, struct device_memory *out);

#endif

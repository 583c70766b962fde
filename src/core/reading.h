/*
 * A reading: what one reply said about one device, in canonical units.
 *
 * A quantity that the reply did not carry is MISSING (a NaN), never 0: a missing counter must not
 * become "0 kWh", a missing voltage must not be divided by. Compare with has_value(), not with ==.
 *
 * Plain data, no ownership: copy it freely.
 */
#ifndef DTU_CORE_READING_H
#define DTU_CORE_READING_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum field {
#define X(id, ...) FIELD_##id,
#include "core/fields.def"
#undef X
    FIELD_COUNT
};

enum {
    PHASES = 3,
    PHASE_SLOTS = PHASES + 1, /* slot 0 is the whole device, 1..3 are L1..L3 */
    STRINGS_MAX = 6,          /* HMT-2250 has six, no Hoymiles has more */
    SERIAL_MAX = 32,     /* bytes with the NUL; a serial is text (hex, letters), never a number */
    NAME_MAX_BYTES = 64, /* bytes with the NUL, UTF-8 */
    VERSION_MAX = 48,
    PRODUCT_MAX = 32,     /* bytes with the NUL: "AhoyDTU" */
    READING_WHY_MAX = 256 /* bytes with the NUL */
};

#define MISSING ((double)NAN)

static inline bool has_value(double v)
{
    return !isnan(v);
}

/* Whether the gateway heard the inverter lately. */
enum reach {
    REACH_OK,   /* the values are the device's present ones */
    REACH_LOST, /* the gateway cannot hear it (night, no radio): its power is not to be believed */
    REACH_NO_DATA_YET, /* the gateway itself has only just started: nothing in the reading counts */
    REACH_ASLEEP, /* its power is null or left out, other values are there: of a PV inverter that is
                          standby, of anything else as REACH_NO_POWER */
    REACH_NO_POWER, /* its power cannot be told; what else the reading has counts */
};

/* One DC input. */
struct string_reading {
    char name[NAME_MAX_BYTES]; /* what its owner called it, or "" */
    double power_w;
    double voltage_v;
    double current_a;
    double yield_today_kwh;
    double yield_total_kwh;
};

struct reading {
    char serial[SERIAL_MAX];   /* as the gateway writes it; never empty in an emitted reading */
    char name[NAME_MAX_BYTES]; /* the gateway's name for the device, or "" */
    /* What told it: "OpenDTU", "Shelly"; static text, that of the gateway's configuration, or NULL. */
    const char *product;
    unsigned index; /* its place in the gateway's list, from 0; identity is the serial */
    enum reach reach;
    unsigned phases; /* AC phases of the device itself: 1, 3, or 0 where unknown */
    bool by_radio;   /* what a DTU heard of a microinverter, as opposed to a device's own answer */
    double
        age_s; /* of the measurement, by the gateway's own clock; MISSING where it does not say */
    double stamp_s; /* Unix time of the measurement by the gateway's clock, likewise */
    double value[FIELD_COUNT][PHASE_SLOTS];
    unsigned strings; /* how many of string[] are used, <= STRINGS_MAX */
    struct string_reading string[STRINGS_MAX];
    /*
     * What keeps a value from being told, as one line for a person; "" is nothing. at_once: it looks like
     * a mistake in the configuration, and was not told before; else it is of interest only where it lasts.
     */
    char why[READING_WHY_MAX];
    bool at_once;
};

/* What a gateway says of itself. Empty text where unknown. */
struct gateway_info {
    char firmware[VERSION_MAX]; /* OpenDTU: git_hash of /api/system/status; Ahoy: generic.version */
    char hostname[NAME_MAX_BYTES];
    bool esp8266; /* a weak controller: to be asked no faster than ESP8266PollingIntervall */
    /* What it complains of itself. */
    bool no_time;          /* it has not got the time from the network yet */
    bool radio_problem;    /* it does not reach its radio module */
    bool default_password; /* its password is the one that all have */
};

/* Everything MISSING, all text empty, reach REACH_OK. */
void reading_init(struct reading *r);

/* Unit of a field as in fields.def ("W", "kWh", ...); static storage. */
const char *field_unit(enum field f);

/* What the keys of a [TEMPLATEn] call it: "Power" of CUST_Power; static storage. */
const char *field_key(enum field f);

/* Such a key: "CUST_Power", or "CUST_Power_L1" of slot 1. */
enum { TEMPLATE_KEY_MAX = 32 };
void template_key(char out[TEMPLATE_KEY_MAX], enum field f, unsigned slot);

/*
 * Serials are compared without regard to case and leading zeros, since gateways differ in both.
 * Two empty serials are not the same device: returns false.
 */
bool serial_equal(const char *a, const char *b);

/*
 * The form in which a serial is a key: lower case, without leading zeros; all zeros are "0", and ""
 * stays "". Of two serials that are not empty, the keys are equal just where serial_equal() says so.
 */
void serial_key(char out[SERIAL_MAX], const char *serial);

#endif

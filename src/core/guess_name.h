/*
 * What a number in a device's reply probably measures, by the names that lead to it: English, German, and what Shelly,
 * Tasmota, Fronius and the heads of electricity meters (OBIS codes such as 16.7.0) call it. Pure.
 */
#ifndef DTU_CORE_GUESS_NAME_H
#define DTU_CORE_GUESS_NAME_H

#include <stdbool.h>

#include "core/reading.h"

/* The units that devices use, with the factor that makes of each what core/fields.def wants. */
struct guess_unit {
    const char *name;   /* "Wh"; "" where there is none */
    const char *factor; /* "0.001", as CUST_Total_Mult takes it; "1" where it is the right one */
    double times;       /* the same */
};

extern const struct guess_unit guess_units[];
enum guess_unit_id {
    UNIT_W,
    UNIT_KW,
    UNIT_KWH,
    UNIT_WH,
    UNIT_MWH,
    UNIT_WMIN,
    UNIT_WS,
    UNIT_V,
    UNIT_DECI_V,
    UNIT_CENTI_V,
    UNIT_MV,
    UNIT_A,
    UNIT_MA,
    UNIT_HZ,
    UNIT_DECI_HZ,
    UNIT_CENTI_HZ,
    UNIT_MHZ,
    UNIT_C,
    UNIT_ONE,
    UNIT_PERCENT,
    UNITS /* not known */
};

struct guess_name {
    enum field field;
    enum guess_unit_id unit; /* that the name says, or UNITS */
    unsigned slot;           /* of an OBIS code: the phase; else 0 */
    int score;               /* the higher the surer, among those of one field */
};

/* False where the names say nothing, or that it is something else: an apparent power, a limit, a time. */
bool guess_name(const char *path, struct guess_name *out);

#endif

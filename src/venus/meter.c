/*
 * The classes of energy meters. They share most of a table, as Victron's own meter drivers publish the
 * same paths for each role. systemcalc and ESS would take 0 W of a meter that is away for a measurement:
 * such a meter has no values (core/device.h).
 */
#include "venus/rows.h"

#define ROWS_METER                                                              \
    ROWS_SERVICE, ROWS_SETUP, ROWS_TOTAL,                                       \
        ROW_FIELD("/Ac/Energy/Reverse", ENERGY_REVERSE, 0, TEXT_KWH),           \
        ROW_FIELD("/Ac/Frequency", FREQUENCY, 0, TEXT_HZ),                      \
        ROW_FIELD("/Ac/PowerFactor", POWER_FACTOR, 0, TEXT_PLAIN), ROWS_PHASES, \
        ROW_FIELD("/Ac/L1/Energy/Reverse", ENERGY_REVERSE, 1, TEXT_KWH),        \
        ROW_FIELD("/Ac/L2/Energy/Reverse", ENERGY_REVERSE, 2, TEXT_KWH),        \
        ROW_FIELD("/Ac/L3/Energy/Reverse", ENERGY_REVERSE, 3, TEXT_KWH), ROWS_DEBUG

static const struct map_row grid_rows[] = {
    ROWS_METER,
    ROW_ERROR_CODE,
    ROW_NR_OF_PHASES,
};

/* gui-v2 lists a genset without /StatusCode as "Not connected". */
static const struct map_row genset_rows[] = {
    ROWS_METER,
    ROW_NR_OF_PHASES,
    ROW_GENERIC,
    {.path = "/StatusCode",
     .help = "0 standby, 8 running (10 W or more)",
     .source = MAP_GENSET_STATUS},
};

static const struct map_row load_rows[] = {
    ROWS_METER,
    ROW_ERROR_CODE,
    ROW_GENERIC,
    {.path = "/Position",
     .help = "0 AC output, 1 AC input: other numbers than a pvinverter's",
     .source = MAP_LOAD_POSITION,
     .writable = true},
};

const struct venus_class venus_grid = METER("grid", grid_rows);
const struct venus_class venus_genset = METER("genset", genset_rows);
const struct venus_class venus_acload = METER("acload", load_rows);
const struct venus_class venus_heatpump = METER("heatpump", load_rows);

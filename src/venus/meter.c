/*
 * The classes of energy meters: grid, genset, acload, heatpump share one table, as Victron's own meter
 * drivers publish the same paths for each role.
 *
 * No /StatusCode: on a genset service its 8 would mean "running".
 */
#include "venus/rows.h"

#define ROWS_METER_PHASE(n)                                            \
    ROW_FIELD("/Ac/L" #n "/PowerFactor", POWER_FACTOR, n, TEXT_PLAIN), \
        ROW_FIELD("/Ac/L" #n "/Energy/Reverse", ENERGY_REVERSE, n, TEXT_KWH)

static const struct map_row rows[] = {
    ROWS_SERVICE,
    ROWS_SETUP,
    ROWS_TOTAL,
    ROW_FIELD("/Ac/Energy/Reverse", ENERGY_REVERSE, 0, TEXT_KWH),
    ROW_FIELD("/Ac/Frequency", FREQUENCY, 0, TEXT_HZ),
    ROW_FIELD("/Ac/PowerFactor", POWER_FACTOR, 0, TEXT_PLAIN),
    ROWS_PHASES,
    ROWS_METER_PHASE(1),
    ROWS_METER_PHASE(2),
    ROWS_METER_PHASE(3),
    ROWS_DEBUG,
};

const struct venus_class venus_grid = CLASS("grid", rows);
const struct venus_class venus_genset = CLASS("genset", rows);
const struct venus_class venus_acload = CLASS("acload", rows);
const struct venus_class venus_heatpump = CLASS("heatpump", rows);

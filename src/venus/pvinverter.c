/*
 * com.victronenergy.pvinverter: an inverter between solar modules and the house's AC.
 *
 * Paths as dbus-fronius and dbus-shelly publish them, plus what Hoymiles inverters measure besides
 * (/Temperature and the strings' current, name and yield).
 */
#include "venus/rows.h"

#define ROWS_STRING(n)                                                 \
    ROW_STRING("/Pv/" #n "/V", MAP_STRING_V, n, TEXT_DCV),             \
        ROW_STRING("/Pv/" #n "/I", MAP_STRING_I, n, TEXT_A),           \
        ROW_STRING("/Pv/" #n "/P", MAP_STRING_P, n, TEXT_W),           \
        ROW_STRING("/Pv/" #n "/Name", MAP_STRING_NAME, n, TEXT_PLAIN), \
        ROW_STRING("/Pv/" #n "/Yield", MAP_STRING_YIELD, n, TEXT_KWH)

static const struct map_row rows[] = {
    ROWS_SERVICE,
    ROW_ERROR_CODE,
    ROWS_SETUP,
    ROW_GENERIC,
    {.path = "/Position",
     .help = "0 AC input 1, 1 AC output, 2 AC input 2",
     .source = MAP_POSITION,
     .writable = true},
    {.path = "/StatusCode",
     .help = "0 start, 7 running, 8 standby (the gateway cannot hear it: night), 10 error, 12 "
             "throttled by a power limit",
     .source = MAP_STATUS_CODE},
    ROWS_TOTAL,
    ROW_FIELD("/Ac/MaxPower", MAX_POWER, 0, TEXT_W),
    {.path = "/Ac/PowerLimit",
     .help =
         "at most so much, with PowerLimit=1; to be written at least every 60 s; no value: cannot "
         "be limited",
     .source = MAP_POWER_LIMIT,
     .text = TEXT_W,
     .writable = true,
     .command = VALUE_DOUBLE},
    {.path = "/Debug/PowerLimitTrial",
     .help =
         "the same for a person who tries it (`dbus-opendtu limit`): to be written at least every 30 s",
     .source = MAP_LIMIT_TRIAL,
     .text = TEXT_W,
     .writable = true,
     .quiet = true,
     .command = VALUE_DOUBLE},
    {.path = "/Debug/PowerLimitState",
     .help = "what becomes of the limit; no value where PowerLimit is off",
     .source = MAP_LIMIT_STATE,
     .quiet = true},
    ROW_FIELD("/Ac/Frequency", FREQUENCY, 0, TEXT_HZ),
    ROW_FIELD("/Ac/PowerFactor", POWER_FACTOR, 0, TEXT_PLAIN),
    ROWS_PHASES,
    ROW_FIELD("/Temperature", TEMPERATURE, 0, TEXT_C),
    ROWS_STRING(0),
    ROWS_STRING(1),
    ROWS_STRING(2),
    ROWS_STRING(3),
    ROWS_STRING(4),
    ROWS_STRING(5),
    ROWS_DEBUG,
};

_Static_assert(STRINGS_MAX == 6, "one ROWS_STRING for each");

const struct venus_class venus_pvinverter = CLASS("pvinverter", rows);

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

/*
 * A native control of gui-v2 (src/iochannel.cpp, src/switchableoutput.cpp; types in src/enums.h): its type is one of the
 * bits of ValidTypes, and function 2 is "manual".
 */
#define CONTROL(id, n) "/SwitchableOutput/" id "/" n
#define CONTROL_INT(id, n, control, constant_)                              \
    {                                                                       \
        .path = CONTROL(id, n), .source = MAP_CONTROL_INT, .slot = control, \
        .arg.constant = constant_                                           \
    }
#define CONTROL_TEXT(id, n, control, text_)                                                    \
    {                                                                                          \
        .path = CONTROL(id, n), .source = MAP_CONTROL_TEXT, .slot = control, .arg.text = text_ \
    }
#define CONTROL_OF(id, n, control, source_)                        \
    {                                                              \
        .path = CONTROL(id, n), .source = source_, .slot = control \
    }
#define ROWS_CONTROL(id, control, name, type)                                               \
    CONTROL_TEXT(id, "Name", control, name),                                                \
        CONTROL_OF(id, "Status", control, MAP_CONTROL_STATUS),                              \
        CONTROL_INT(id, "Settings/Type", control, type),                                    \
        CONTROL_INT(id, "Settings/ValidTypes", control, 1 << (type)),                       \
        CONTROL_INT(id, "Settings/Function", control, 2),                                   \
        CONTROL_INT(id, "Settings/ValidFunctions", control, 1 << 2),                        \
    {                                                                                       \
        .path = CONTROL(id, "Settings/ShowUIControl"),                                      \
        .help = "0: not in the quick pane; bits: 1 always, 2 on the device, 4 remotely",    \
        .source = MAP_CONTROL_PANE, .slot = control, .writable = true, .command = VALUE_INT \
    }

enum { CONTROL_TOGGLE = 1, CONTROL_SLIDER = 7 };

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
    ROWS_CONTROL("limit", CONTROL_LIMIT, "Power limit", CONTROL_SLIDER),
    {.path = CONTROL("limit", "Dimming"),
     .help =
         "the owner's limit, with PowerLimit=1: the lower of it and the ESS's counts; it does not expire",
     .source = MAP_CONTROL_VALUE,
     .slot = CONTROL_LIMIT,
     .text = TEXT_W,
     .writable = true,
     .command = VALUE_DOUBLE},
    CONTROL_OF("limit", "Settings/DimmingMin", CONTROL_LIMIT, MAP_CONTROL_MIN),
    CONTROL_OF("limit", "Settings/DimmingMax", CONTROL_LIMIT, MAP_CONTROL_MAX),
    CONTROL_INT("limit", "Settings/StepSize", CONTROL_LIMIT, 1),
    CONTROL_INT("limit", "Settings/Decimals", CONTROL_LIMIT, 0),
    CONTROL_TEXT("limit", "Settings/Unit", CONTROL_LIMIT, "W"),
    ROWS_CONTROL("power", CONTROL_SWITCH, "Inverter", CONTROL_TOGGLE),
    {.path = CONTROL("power", "State"),
     .help = "1 on, 0 off, with Switch=1: as the inverter acknowledged it",
     .source = MAP_CONTROL_VALUE,
     .slot = CONTROL_SWITCH,
     .writable = true,
     .command = VALUE_INT},
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

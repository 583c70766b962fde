/*
 * How a class's table of rows is written: one macro per kind of row, and the groups that several
 * classes share. For the files of venus/ only.
 */
#ifndef DTU_VENUS_ROWS_H
#define DTU_VENUS_ROWS_H

#include "core/map.h"

#define ROW_FIELD(path_, id, phase, text_)                                                        \
    {                                                                                             \
        .path = path_, .source = MAP_FIELD, .text = text_, .slot = phase, .arg.field = FIELD_##id \
    }
#define ROW_STRING(path_, member_, n, text_)                                                 \
    {                                                                                        \
        .path = path_, .source = MAP_STRING, .text = text_, .slot = n, .arg.member = member_ \
    }
#define ROW_INT(path_, constant_, text_)                                           \
    {                                                                              \
        .path = path_, .source = MAP_INT, .text = text_, .arg.constant = constant_ \
    }
#define ROW_TEXT(path_, text_)                               \
    {                                                        \
        .path = path_, .source = MAP_TEXT, .arg.text = text_ \
    }
#define ROW_OF(path_, source_)           \
    {                                    \
        .path = path_, .source = source_ \
    }

/*
 * This program's own number. One of Victron's brings up that product's pages in the GUI; 0xFFFF is shared
 * by many drivers, so a plugin page that gui-v2 selects by it would show on their devices as well. No
 * published driver was found to use 0xD7D0.
 */
enum { VENUS_PRODUCT_ID = 0xD7D0 };

/* What every service has: who publishes it, which device it is, how fresh its values are. */
#define ROWS_SERVICE                                                                              \
    ROW_TEXT("/Mgmt/ProcessName", "dbus-opendtu"), ROW_OF("/Mgmt/ProcessVersion", MAP_VERSION),   \
        ROW_OF("/Mgmt/Connection", MAP_CONNECTION), ROW_OF("/DeviceInstance", MAP_INSTANCE),      \
        {.path = "/ProductId",                                                                    \
         .help = "this program's own: no product of Victron's, no other driver's",                \
         .source = MAP_INT,                                                                       \
         .text = TEXT_HEX,                                                                        \
         .arg.constant = VENUS_PRODUCT_ID},                                                       \
        {.path = "/ProductName",                                                                  \
         .help = "what told of it: OpenDTU, AhoyDTU, Shelly, Tasmota, Fronius or JSON device",    \
         .source = MAP_PRODUCT},                                                                  \
        {.path = "/FirmwareVersion",                                                              \
         .help = "of the gateway; invalid until it has said it",                                  \
         .source = MAP_FIRMWARE},                                                                 \
        {.path = "/HardwareVersion",                                                              \
         .help = "no gateway reports it; the GUI hides a row without a value",                    \
         .source = MAP_UNKNOWN},                                                                  \
        ROW_OF("/Serial", MAP_SERIAL),                                                            \
        {.path = "/CustomName",                                                                   \
         .help = "what was written here, else the config's Name, else the gateway's name for it", \
         .source = MAP_NAME,                                                                      \
         .writable = true},                                                                       \
        {.path = "/Connected",                                                                    \
         .help = "always 1: the GUI hides the power of a device that is not connected",           \
         .source = MAP_INT,                                                                       \
         .arg.constant = 1},                                                                      \
        {.path = "/UpdateIndex",                                                                  \
         .help = "0..255, moves with each fresh measurement",                                     \
         .source = MAP_UPDATE_INDEX},                                                             \
        {.path = "/Age",                                                                          \
         .help = "s since the last measurement, in steps of 60",                                  \
         .source = MAP_AGE},                                                                      \
        {.path = "/ValueSource",                                                                  \
         .help = "1: the gateway sent that measurement unasked, 0: it was asked",                 \
         .source = MAP_VALUE_SOURCE},                                                             \
    {                                                                                             \
        .path = "/Latency", .help = "from the request to the end of the gateway's reply",         \
        .source = MAP_LATENCY, .text = TEXT_MS                                                    \
    }

/* Not on a genset, whose error codes are Victron's: 1 is "AC voltage L1 too low" there. */
#define ROW_ERROR_CODE                                                                    \
    {                                                                                     \
        .path = "/ErrorCode", .help = "0 none, 1 no values from the gateway (ErrorMode)", \
        .source = MAP_ERROR_CODE                                                          \
    }

/*
 * What the GUI's "Setup" page reads and writes: gui-v2 shows that page where /AllowedRoles is valid, and
 * after a write of /Role waits for the service under its new class. dbus-shelly has /PhaseSetting for
 * what has one phase only.
 */
#define ROWS_SETUP                                                                        \
    {.path = "/Role",                                                                     \
     .help = "the class of this service; one of /AllowedRoles can be written",            \
     .source = MAP_ROLE,                                                                  \
     .writable = true},                                                                   \
        ROW_OF("/AllowedRoles", MAP_ALLOWED_ROLES),                                       \
    {                                                                                     \
        .path = "/PhaseSetting",                                                          \
        .help = "1..3: the phase that it feeds or loads; invalid for one on all of them", \
        .source = MAP_PHASE_SETTING, .writable = true                                     \
    }

/* How the gateway answers, in steps (core/health.h). The GUI does not show what is below /Debug. */
#define ROW_DEBUG(path_, source_, text_, help_)                                               \
    {                                                                                         \
        .path = "/Debug/" path_, .help = help_, .source = MAP_HEALTH_##source_, .text = text_ \
    }
#define ROWS_DEBUG                                                                                \
    ROW_DEBUG("Requests", REQUESTS, TEXT_PLAIN, "to the gateway, since the program started"),     \
        ROW_DEBUG("Failures", FAILURES, TEXT_PLAIN, "polls of the gateway that failed"),          \
        ROW_DEBUG("FailuresByKind", BY_KIND, TEXT_PLAIN, "as \"timeout 3, unreachable 1\""),      \
        ROW_DEBUG("RoundTripP50", P50, TEXT_MS, "half of its last 128 replies took no longer"),   \
        ROW_DEBUG("RoundTripP99", P99, TEXT_MS, "99 of 100 of its replies took no longer"),       \
        ROW_DEBUG("Pushed", PUSHED, TEXT_PLAIN, "messages that it sent unasked (its WebSocket)"), \
        ROW_DEBUG("Bytes", BYTES, TEXT_PLAIN, "of its replies and messages, likewise"),           \
        ROW_DEBUG("LastError", LAST_ERROR, TEXT_PLAIN, "of a poll that failed; it may be over"),  \
        {.path = "/Debug/MeasuredAt",                                                             \
         .help = "s of the monotonic clock when the last measurement came; is never announced",   \
         .source = MAP_MEASURED_AT,                                                               \
         .quiet = true},                                                                          \
        {.path = "/Debug/JumpsDropped",                                                           \
         .help = "impossible jumps of the energy counter, since the program started",             \
         .source = MAP_JUMPS_DROPPED},                                                            \
        {.path = "/Debug/FallsHeld",                                                              \
         .help = "falls of the energy counter that were held back",                               \
         .source = MAP_FALLS_HELD},                                                               \
    {                                                                                             \
        .path = "/Debug/ReadingsDropped",                                                         \
        .help = "readings that cannot be a measurement, likewise", .source = MAP_READINGS_DROPPED \
    }

/* The totals that every class carries. */
#define ROWS_TOTAL                                                                      \
    ROW_FIELD("/Ac/Power", POWER, 0, TEXT_W),                                           \
        {.path = "/Ac/Energy/Forward",                                                  \
         .help = "never falls; invalid until a true counter is known",                  \
         .source = MAP_FIELD,                                                           \
         .text = TEXT_KWH,                                                              \
         .slot = 0,                                                                     \
         .arg.field = FIELD_ENERGY_FORWARD},                                            \
    {                                                                                   \
        .path = "/Energy/Today", .help = "by the gateway's day; no path of Venus' own", \
        .source = MAP_FIELD, .text = TEXT_KWH, .arg.field = FIELD_ENERGY_TODAY          \
    }

/*
 * On grid and genset only, whose overview reads it (gui-v2 AcInput.qml). A device's own page lists rows
 * L1 to Ln by it (PageAcInModel.qml), and without it the phases that have values: with 1 for a device
 * on L2 it shows an empty L1 and nothing else.
 */
#define ROW_NR_OF_PHASES                                                                  \
    {                                                                                     \
        .path = "/NrOfPhases", .help = "1 on L1, 3 on three phases", .source = MAP_PHASES \
    }

/* A phase that is not in use is invalid, never 0: systemcalc counts phases by their validity. */
#define ROWS_PHASE(n)                                                      \
    ROW_FIELD("/Ac/L" #n "/Power", POWER, n, TEXT_W),                      \
        ROW_FIELD("/Ac/L" #n "/Current", CURRENT, n, TEXT_A),              \
        ROW_FIELD("/Ac/L" #n "/Voltage", VOLTAGE, n, TEXT_V),              \
        ROW_FIELD("/Ac/L" #n "/PowerFactor", POWER_FACTOR, n, TEXT_PLAIN), \
        ROW_FIELD("/Ac/L" #n "/Energy/Forward", ENERGY_FORWARD, n, TEXT_KWH)

/* On every role but grid, as dbus-shelly does: Venus has drivers of its own for gensets and inverters. */
#define ROW_GENERIC                                                                           \
    {                                                                                         \
        .path = "/IsGenericEnergyMeter", .help = "1: measured by a general meter or gateway", \
        .source = MAP_INT, .arg.constant = 1                                                  \
    }

#define ROWS_PHASES ROWS_PHASE(1), ROWS_PHASE(2), ROWS_PHASE(3)

#define CLASS(name_, rows_)                                                       \
    {                                                                             \
        .name = name_, .rows = rows_, .row_count = sizeof rows_ / sizeof rows_[0] \
    }
#define METER(name_, rows_)                                                                      \
    {                                                                                            \
        .name = name_, .rows = rows_, .row_count = sizeof rows_ / sizeof rows_[0], .meter = true \
    }

#endif

/*
 * com.victronenergy.inverter: a battery inverter, seen as one that makes an AC output of its own.
 *
 * /Ac/Out/L1 carries the whole device whatever phase it feeds: an inverter service has no other.
 * /Dc/0/Voltage is there where the device measures it: on a DC input, or by CUST_DCVoltage. /Dc/0/Current
 * is left out: Venus counts it positive while charging, and a device of this class only ever discharges.
 * No /Role and no /PhaseSetting: a battery inverter is no meter that could be one of something else.
 */
#include "venus/rows.h"

static const struct map_row rows[] = {
    ROWS_SERVICE,
    ROW_ERROR_CODE,
    {.path = "/Mode",
     .help = "2 on: it cannot be switched from here",
     .source = MAP_INT,
     .arg.constant = 2},
    {.path = "/ModeIsAdjustable",
     .help = "0: the GUI does not offer to change /Mode",
     .source = MAP_INT,
     .arg.constant = 0},
    {.path = "/State", .help = "0 off, 9 inverting", .source = MAP_STATE},
    ROW_FIELD("/Ac/Out/L1/V", VOLTAGE, 0, TEXT_V),
    ROW_FIELD("/Ac/Out/L1/I", CURRENT, 0, TEXT_A),
    ROW_FIELD("/Ac/Out/L1/P", POWER, 0, TEXT_W),
    ROW_FIELD("/Dc/0/Voltage", DC_VOLTAGE, 0, TEXT_DCV),
    {.path = "/Energy/InverterToAcOut",
     .help = "as /Ac/Energy/Forward",
     .source = MAP_FIELD,
     .text = TEXT_KWH,
     .arg.field = FIELD_ENERGY_FORWARD},
    ROWS_TOTAL,
    ROW_FIELD("/Ac/MaxPower", MAX_POWER, 0, TEXT_W),
    ROWS_PHASES,
    ROW_FIELD("/Temperature", TEMPERATURE, 0, TEXT_C),
    ROWS_DEBUG,
};

const struct venus_class venus_inverter = CLASS("inverter", rows);

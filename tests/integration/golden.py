"""Whole services as tables: which paths there are, with which types, values and texts.

One row per path: path, D-Bus type, value, text, two or more spaces apart. `*` is anything, `ai`
is "no value". Tables are added up; a later row replaces an earlier one of the same path.
"""

import re

NUMBERS = {"i": int, "d": float}


def table(*texts):
    """path -> (type, value, text) of one or more tables."""
    rows = {}
    for line in "\n".join(texts).splitlines():
        if line.strip():
            fields = re.split(r"\s{2,}", line.strip())
            kind = fields[1]
            if kind == "ai":
                rows[fields[0]] = ("ai", [], "---")
            else:
                value = fields[2]
                value = NUMBERS[kind](value) if kind in NUMBERS and value != "*" else value
                rows[fields[0]] = (kind, "" if value == '""' else value,
                                   "" if fields[3] == '""' else fields[3])
    return rows


def same(seen, wanted):
    """Whether an item is what its row says; measured values may differ in the third decimal."""
    if seen[0] != wanted[0]:
        return False
    if wanted[1] != "*":
        near = seen[0] == "d" and abs(seen[1] - wanted[1]) < 0.006
        if not near and seen[1] != wanted[1]:
            return False
    return wanted[2] in ("*", seen[2])


def differences(seen, wanted):
    """Lines that tell how GetItems differs from a table; none when it does not."""
    lines = []
    for path in sorted(set(seen) | set(wanted)):
        if path not in wanted:
            lines.append(f"{path}: is there, as {seen[path]}, and should not")
        elif path not in seen:
            lines.append(f"{path}: is not there, should be {wanted[path]}")
        elif not same(seen[path], wanted[path]):
            lines.append(f"{path}: {seen[path]}, should be {wanted[path]}")
    return lines


# --- what every service has -------------------------------------------------------------------

SERVICE = """
    /Mgmt/ProcessName       s   dbus-opendtu    dbus-opendtu
    /Mgmt/ProcessVersion    s   *               *
    /Mgmt/Connection        s   *               *
    /DeviceInstance         i   20              20
    /ProductId              i   55248           0xD7D0
    /ProductName            s   OpenDTU         OpenDTU
    /FirmwareVersion        s   v26.3.30        v26.3.30
    /HardwareVersion        ai
    /Serial                 s   114182940773    114182940773
    /CustomName             s   Roof            Roof
    /Connected              i   1               1
    /UpdateIndex            i   *               *
    /Latency                d   *               *
    /Age                    i   0               0
    /ValueSource            i   *               *
    /Debug/Requests         i   *               *
    /Debug/Failures         i   *               *
    /Debug/FailuresByKind   s   *               *
    /Debug/RoundTripP50     d   *               *
    /Debug/RoundTripP99     d   *               *
    /Debug/Pushed           i   *               *
    /Debug/Bytes            d   *               *
    /Debug/LastError        s   *               *
    /Debug/MeasuredAt       d   *               *
    /Debug/JumpsDropped     i   0               0
    /Debug/FallsHeld        i   0               0
    /Debug/ReadingsDropped  i   0               0
"""

ERROR_CODE = """
    /ErrorCode              i   0               0
"""

GENERIC = """
    /IsGenericEnergyMeter   i   1               1
"""


def setup(role):
    """What the GUI's "Setup" page reads and writes; every class but inverter has it."""
    return ("" if role == "grid" else GENERIC) + f"""
    /Role                   s   {role}  {role}
    /AllowedRoles           as  *  ['pvinverter', 'grid', 'genset', 'acload', 'heatpump']
    /PhaseSetting           i   1               1
"""


# --- one inverter on L1, with two strings, as every shape of every gateway tells it -------------

PVINVERTER = SERVICE + ERROR_CODE + setup("pvinverter") + """
    /Position               i   1               1
    /StatusCode             i   7               7
    /Ac/Power               d   223.7           224W
    /Ac/Energy/Forward      d   422.603         422.60kWh
    /Energy/Today           d   2.223           2.22kWh
    /Ac/MaxPower            d   800             800W
    /Ac/PowerLimit          ai
    /Debug/PowerLimitTrial  ai
    /Debug/PowerLimitState  ai
    /Ac/Frequency           d   50.02           50.02Hz
    /Ac/PowerFactor         d   0.997           1.00
    /Ac/L1/Power            d   223.7           224W
    /Ac/L1/Current          d   0.98            1.0A
    /Ac/L1/Voltage          d   229.7           230V
    /Ac/L1/PowerFactor      d   0.997           1.00
    /Ac/L1/Energy/Forward   d   422.603         422.60kWh
    /Ac/L2/Power            ai
    /Ac/L2/Current          ai
    /Ac/L2/Voltage          ai
    /Ac/L2/PowerFactor      ai
    /Ac/L2/Energy/Forward   ai
    /Ac/L3/Power            ai
    /Ac/L3/Current          ai
    /Ac/L3/Voltage          ai
    /Ac/L3/PowerFactor      ai
    /Ac/L3/Energy/Forward   ai
    /Temperature            d   34.2            34.2C
    /Pv/0/V                 d   33.3            33.3V
    /Pv/0/I                 d   3.52            3.5A
    /Pv/0/P                 d   117.1           117W
    /Pv/0/Name              s   South           South
    /Pv/0/Yield             d   211.301         211.30kWh
    /Pv/1/V                 d   34.1            34.1V
    /Pv/1/I                 d   3.44            3.4A
    /Pv/1/P                 d   117.2           117W
    /Pv/1/Name              s   North           North
    /Pv/1/Yield             d   211.302         211.30kWh
"""

NAMELESS_STRINGS = """
    /Pv/0/Name              s   ""              ""
    /Pv/1/Name              s   ""              ""
"""

NO_MAX_POWER = """
    /Ac/MaxPower            ai
"""

# --- an HMT on three phases, with six strings ---------------------------------------------------

HMT_PHASES = """
    /DeviceInstance         i   21              21
    /Serial                 s   1361a0000001    1361a0000001
    /CustomName             s   Barn            Barn
    /PhaseSetting           ai
    /Ac/Power               d   1500            1500W
    /Ac/Energy/Forward      d   3000            3000.00kWh
    /Energy/Today           d   *               *
    /Ac/MaxPower            d   2250            2250W
    /Ac/L1/Power            d   500             500W
    /Ac/L1/Current          d   2.17            2.2A
    /Ac/L1/Voltage          d   230.02          230V
    /Ac/L1/PowerFactor      ai
    /Ac/L1/Energy/Forward   d   1000            1000.00kWh
    /Ac/L2/Power            d   500             500W
    /Ac/L2/Current          d   2.17            2.2A
    /Ac/L2/Voltage          d   230.02          230V
    /Ac/L2/PowerFactor      ai
    /Ac/L2/Energy/Forward   d   1000            1000.00kWh
    /Ac/L3/Power            d   500             500W
    /Ac/L3/Current          d   2.17            2.2A
    /Ac/L3/Voltage          d   230.02          230V
    /Ac/L3/PowerFactor      ai
    /Ac/L3/Energy/Forward   d   1000            1000.00kWh
"""

HMT_NEUTRAL = """
    /Ac/L1/Voltage          d   230             230V
    /Ac/L2/Voltage          d   230             230V
    /Ac/L3/Voltage          d   230             230V
"""

HMT_STRINGS = "\n".join(f"""
    /Pv/{n}/V                 d   {30 + n}.0            {30 + n}.0V
    /Pv/{n}/I                 d   8.5             8.5A
    /Pv/{n}/P                 d   260             260W
    /Pv/{n}/Name              s   Panel {n + 1}         Panel {n + 1}
    /Pv/{n}/Yield             d   500             500.00kWh
""" for n in range(6))

HMT = PVINVERTER + HMT_PHASES + HMT_STRINGS

# --- templates ----------------------------------------------------------------------------------

def product(name):
    """What the gateway is."""
    return f"/ProductName  s  {name}  {name}"


# A template tells what its keys name, and nothing else.
TEMPLATE = SERVICE + """
    /ProductName            s   JSON device     JSON device
    /FirmwareVersion        ai
    /Serial                 s   T20             T20
    /CustomName             s   Meter 20        Meter 20
    /Ac/Power               d   223.7           224W
    /Ac/Energy/Forward      d   422.603         422.60kWh
    /Energy/Today           ai
    /Ac/L1/Power            d   223.7           224W
    /Ac/L1/Current          d   0.98            1.0A
    /Ac/L1/Voltage          d   229.7           230V
    /Ac/L1/PowerFactor      ai
    /Ac/L1/Energy/Forward   d   422.603         422.60kWh
    /Ac/L2/Power            ai
    /Ac/L2/Current          ai
    /Ac/L2/Voltage          ai
    /Ac/L2/PowerFactor      ai
    /Ac/L2/Energy/Forward   ai
    /Ac/L3/Power            ai
    /Ac/L3/Current          ai
    /Ac/L3/Voltage          ai
    /Ac/L3/PowerFactor      ai
    /Ac/L3/Energy/Forward   ai
"""

PV_TEMPLATE = TEMPLATE + ERROR_CODE + setup("pvinverter") + """
    /Position               i   0               0
    /StatusCode             i   7               7
    /Ac/MaxPower            ai
    /Ac/PowerLimit          ai
    /Debug/PowerLimitTrial  ai
    /Debug/PowerLimitState  ai
    /Ac/Frequency           ai
    /Ac/PowerFactor         ai
    /Temperature            ai
"""

# --- the other classes --------------------------------------------------------------------------

INVERTER = SERVICE + ERROR_CODE + """
    /Mode                   i   2               2
    /ModeIsAdjustable       i   0               0
    /State                  i   9               9
    /Ac/Out/L1/V            d   229.7           230V
    /Ac/Out/L1/I            d   0.98            1.0A
    /Ac/Out/L1/P            d   223.7           224W
    /Dc/0/Voltage           d   33.3            33.3V
    /Energy/InverterToAcOut  d  422.603         422.60kWh
    /Ac/Power               d   223.7           224W
    /Ac/Energy/Forward      d   422.603         422.60kWh
    /Energy/Today           d   2.223           2.22kWh
    /Ac/MaxPower            d   800             800W
    /Ac/L1/Power            d   223.7           224W
    /Ac/L1/Current          d   0.98            1.0A
    /Ac/L1/Voltage          d   229.7           230V
    /Ac/L1/PowerFactor      d   0.997           1.00
    /Ac/L1/Energy/Forward   d   422.603         422.60kWh
    /Ac/L2/Power            ai
    /Ac/L2/Current          ai
    /Ac/L2/Voltage          ai
    /Ac/L2/PowerFactor      ai
    /Ac/L2/Energy/Forward   ai
    /Ac/L3/Power            ai
    /Ac/L3/Current          ai
    /Ac/L3/Voltage          ai
    /Ac/L3/PowerFactor      ai
    /Ac/L3/Energy/Forward   ai
    /Temperature            d   34.2            34.2C
"""

METER = SERVICE + """
    /Ac/Power               d   223.7           224W
    /Ac/Energy/Forward      d   422.603         422.60kWh
    /Energy/Today           d   2.223           2.22kWh
    /Ac/Energy/Reverse      ai
    /Ac/Frequency           d   50.02           50.02Hz
    /Ac/PowerFactor         d   0.997           1.00
    /Ac/L1/Power            d   223.7           224W
    /Ac/L1/Current          d   0.98            1.0A
    /Ac/L1/Voltage          d   229.7           230V
    /Ac/L1/PowerFactor      d   0.997           1.00
    /Ac/L1/Energy/Forward   d   422.603         422.60kWh
    /Ac/L1/Energy/Reverse   ai
    /Ac/L2/Power            ai
    /Ac/L2/Current          ai
    /Ac/L2/Voltage          ai
    /Ac/L2/PowerFactor      ai
    /Ac/L2/Energy/Forward   ai
    /Ac/L2/Energy/Reverse   ai
    /Ac/L3/Power            ai
    /Ac/L3/Current          ai
    /Ac/L3/Voltage          ai
    /Ac/L3/PowerFactor      ai
    /Ac/L3/Energy/Forward   ai
    /Ac/L3/Energy/Reverse   ai
"""

NR_OF_PHASES = """
    /NrOfPhases             i   1               1
"""

GRID = METER + ERROR_CODE + NR_OF_PHASES + setup("grid")

GENSET = METER + NR_OF_PHASES + setup("genset") + """
    /StatusCode             i   8               8
"""


def load(role):
    """What draws power: acload, heatpump, and whatever class is not known."""
    return METER + ERROR_CODE + setup(role) + """
    /Position               i   0               0
"""

"""The native controls of the GX screen: a limit by hand, and switching on and off."""

import contextlib

from tests.integration.bus import BusError
from tests.integration.case import on_every_model
from tests.integration.program import inverter
from tests.integration.test_power_limit import (ACCEPTED, LIMIT, LOGIN, ONE, PEAK, POWER, REFUSED, ROOF,
                                                PowerLimitScene)
from tests.sim import Ahoy, Fault, Inverter

OUTPUTS = "/SwitchableOutput/"
SLIDER, TOGGLE = OUTPUTS + "limit/Dimming", OUTPUTS + "power/State"
# What gui-v2 1.3 wants of a control before it shows one, beside its value (iochannel.cpp, switchableoutput.cpp).
SHOWN = {"limit": {"Name": "Power limit", "Status": 9, "Settings/Type": 7, "Settings/ValidTypes": 128,
                   "Settings/Function": 2, "Settings/ValidFunctions": 4, "Settings/ShowUIControl": 0,
                   "Settings/DimmingMin": 24.0, "Settings/DimmingMax": PEAK, "Settings/StepSize": 1,
                   "Settings/Decimals": 0, "Settings/Unit": "W"},
         "power": {"Name": "Inverter", "Status": 9, "Settings/Type": 1, "Settings/ValidTypes": 2,
                   "Settings/Function": 2, "Settings/ValidFunctions": 4, "Settings/ShowUIControl": 0}}


class ControlsTest(PowerLimitScene):

    def switchable(self, **options):
        self.limitable(keys={"Switch": 1}, **options)
        self.wait_value(ROOF, TOGGLE, 1)

    def slide(self, watts):
        return self.client.set(ROOF, SLIDER, "d", watts)

    def switch(self, on):
        return self.client.set(ROOF, TOGGLE, "i", on)

    def outputs(self):
        """None while the service changes its rows, for which it leaves the bus."""
        with contextlib.suppress(BusError):
            return self.outputs_now()
        return None

    def outputs_now(self):
        return {path for path in self.client.items(ROOF) if path.startswith(OUTPUTS)}

    # --- what is shown ------------------------------------------------------------------------

    def test_off_by_default(self):
        self.scene(keys={"PowerLimit": 0})
        self.assertEqual(set(), self.outputs())
        self.configure({**self.default, "PowerLimit": 1}, **self.sections)
        self.wait_value(ROOF, SLIDER, PEAK, 8.0)
        self.assertEqual({OUTPUTS + "limit"}, {path.rpartition("/limit/")[0] + "/limit" for path in self.outputs()})
        self.configure(self.default, **self.sections)
        self.wait("no controls", lambda: self.outputs() == set())

    def test_what_the_screen_asks_for(self):
        self.switchable()
        for control, values in SHOWN.items():
            for path, value in values.items():
                self.assert_value(ROOF, f"{OUTPUTS}{control}/{path}", value)

    def test_not_while_it_takes_no_commands(self):
        self.scene(keys={"Switch": 1, "Password": "wrong"})
        self.wait("a word", lambda: self.program.lines("WARNING", "refuses the login"), 8.0)
        for path in self.outputs():
            self.assert_value(ROOF, path, None)
        self.assertEqual(REFUSED, self.slide(300.0))
        self.assertEqual(REFUSED, self.switch(0))
        self.assertEqual([], self.commands() + self.dtu.limits.switched)

    def test_the_quick_pane(self):
        """The owner puts a control there, which is kept."""
        self.switchable()
        pane = OUTPUTS + "power/Settings/ShowUIControl"
        self.assertEqual(REFUSED, self.client.set(ROOF, pane, "i", 8))
        self.assertEqual(ACCEPTED, self.client.set(ROOF, pane, "i", 1))
        self.assert_value(ROOF, pane, 1)
        self.program.stop()
        self.program.start()
        self.wait_value(ROOF, pane, 1, 8.0)
        self.assert_value(ROOF, OUTPUTS + "limit/Settings/ShowUIControl", 0)

    # --- a limit by hand ----------------------------------------------------------------------

    @on_every_model()
    def test_a_limit_by_hand(self):
        self.limitable()
        self.assertEqual(ACCEPTED, self.slide(300.0))
        self.wait_obeyed(300.0)
        self.wait_value(ROOF, LIMIT, 300.0)
        self.assert_value(ROOF, SLIDER, 300.0)
        self.wait_value(ROOF, POWER, 300.0, 8.0)
        self.assertEqual(ACCEPTED, self.slide(PEAK))
        self.wait_obeyed(PEAK, timeout=14.0)
        self.assert_value(ROOF, SLIDER, PEAK)

    def test_the_lower_one_counts(self):
        self.limitable()
        self.slide(400.0)
        self.wait_obeyed(400.0)
        self.assertEqual(ACCEPTED, self.limit(PEAK))
        self.assertEqual(ACCEPTED, self.limit(200.0))
        self.wait_obeyed(200.0, timeout=14.0)
        self.assert_value(ROOF, SLIDER, 400.0)
        self.assertEqual(ACCEPTED, self.limit(600.0))  # "lifted" is back to the owner's
        self.wait_obeyed(400.0, timeout=14.0)

    def test_bounds_of_the_slider(self):
        self.limitable()
        for watts in (-1.0, float("nan")):
            self.assertEqual(REFUSED, self.slide(watts))
        self.assertEqual(REFUSED, self.client.set(ROOF, SLIDER, "s", "200"))
        self.assertEqual(ACCEPTED, self.slide(0.0))
        self.wait_obeyed(24.0)
        self.assert_value(ROOF, SLIDER, 24.0)

    def test_it_outlives_the_program(self):
        """The end of the service lifts it, and the next start sets it again."""
        self.limitable()
        self.slide(300.0)
        self.wait_obeyed(300.0)
        self.program.stop()
        self.assertEqual(PEAK, self.obeyed())
        self.program.start()
        self.wait_value(ROOF, SLIDER, 300.0, 8.0)
        self.wait_obeyed(300.0, timeout=8.0)

    def test_switched_off_in_the_file(self):
        self.limitable()
        self.slide(300.0)
        self.wait_obeyed(300.0)
        self.configure({**self.default, "PowerLimit": 0}, **self.sections)
        self.wait_obeyed(PEAK, timeout=14.0)
        self.assert_value(ROOF, LIMIT, None)

    # --- on and off ---------------------------------------------------------------------------

    @on_every_model()
    def test_off_and_on(self):
        self.switchable(limits={"radio": 3.0})
        self.assertEqual(ACCEPTED, self.switch(0))
        self.assert_value(ROOF, TOGGLE, 1)  # until the inverter has acknowledged it
        self.wait_value(ROOF, TOGGLE, 0, 9.0)
        self.wait_value(ROOF, "/StatusCode", 8)
        self.wait_value(ROOF, LIMIT, None)
        self.wait_value(ROOF, POWER, 0.0)
        self.assert_value(ROOF, OUTPUTS + "power/Status", 0)
        self.assertEqual(REFUSED, self.limit(300.0))
        self.assertEqual(ACCEPTED, self.switch(1))
        self.wait_value(ROOF, TOGGLE, 1, 9.0)
        self.wait_value(ROOF, "/StatusCode", 7)
        self.wait_value(ROOF, LIMIT, PEAK)
        self.assertEqual([(ONE, False), (ONE, True)], self.dtu.limits.switched)

    def test_off_without_power_limit(self):
        self.scene(keys={"PowerLimit": 0, "Switch": 1})
        self.wait_value(ROOF, TOGGLE, 1, 8.0)
        self.assert_value(ROOF, LIMIT, None)
        self.assertFalse(any("/limit/" in path for path in self.outputs()))
        self.switch(0)
        self.wait_value(ROOF, TOGGLE, 0, 6.0)

    def test_why_it_cannot_be_switched(self):
        self.scene(keys={"PowerLimit": 0, "Switch": 1, "Password": "wrong"})
        self.wait("a word", lambda: self.program.lines(
            "WARNING", "cannot be switched on and off", "refuses the login"), 8.0)
        self.configure({**self.default, **LOGIN}, **self.sections)
        self.wait_value(ROOF, TOGGLE, 1, 8.0)
        self.wait_polls(self.dtu, "/api/livedata/status", 3)
        self.assertEqual(1, len(self.program.lines("INFO", "can be switched on and off")))
        self.assertEqual(1, len(self.program.lines("WARNING", "cannot be switched on and off")))

    def test_nothing_but_0_and_1(self):
        self.switchable()
        for kind, value in (("i", 2), ("i", -1), ("s", "on"), ("d", float("nan"))):
            self.assertEqual(REFUSED, self.client.set(ROOF, TOGGLE, kind, value))
        self.assertEqual([], self.dtu.limits.switched)

    def test_it_does_not_answer(self):
        self.switchable()
        self.dtu.limits.deaf.add(ONE)
        self.assertEqual(ACCEPTED, self.switch(0))
        self.wait("a word", lambda: self.program.lines("WARNING", "could not be switched off",
                                                       "did not acknowledge"), 8.0)
        self.assert_value(ROOF, TOGGLE, 1)
        self.assertEqual([(ONE, False)], self.dtu.limits.switched, "once")

    def test_refused_by_the_gateway(self):
        self.switchable()
        self.dtu.limits.warns = "Not today"
        self.switch(0)
        self.wait("a word", lambda: self.program.lines("WARNING", "could not be switched off", "Not today"))
        self.assert_value(ROOF, TOGGLE, 1)

    def test_a_reply_that_is_lost(self):
        """The gateway has taken the order all the same."""
        self.switchable()
        self.dtu.fault = Fault("delay", path="/api/power/config", seconds=3.0, times=1)
        self.assertEqual(ACCEPTED, self.switch(0))
        self.wait_value(ROOF, TOGGLE, 0, 12.0)
        self.assertEqual([(ONE, False)], self.dtu.limits.switched, "once")

    def test_out_of_reach(self):
        """It is not sent in the morning."""
        self.switchable()
        self.dtu[ONE].night(43200)
        self.wait_value(ROOF, "/StatusCode", 8, 8.0)
        self.wait_value(ROOF, TOGGLE, None)
        self.assertEqual(REFUSED, self.switch(0))
        self.dtu[ONE].morning()
        self.wait_value(ROOF, TOGGLE, 1, 8.0)
        self.assertEqual([], self.dtu.limits.switched)

    def test_off_over_a_restart(self):
        self.switchable()
        self.switch(0)
        self.wait_value(ROOF, TOGGLE, 0, 6.0)
        self.program.stop()
        self.program.start()
        self.wait_value(ROOF, TOGGLE, 0, 8.0)
        self.assert_value(ROOF, "/StatusCode", 8)
        self.dtu[ONE].restart()  # its DC was gone: it is on again by itself
        self.wait_value(ROOF, TOGGLE, 1, 8.0)
        self.wait_value(ROOF, "/StatusCode", 7)
        self.assertEqual([(ONE, False)], self.dtu.limits.switched, "nothing is repeated")

    def test_ahoy(self):
        self.dtu = self.gateway(Ahoy(self.sun, [Inverter(ONE, "Roof")]))
        keys = {"Host": self.dtu.host, "DTU": "ahoy", "AutoAdd": 0, "PollingInterval": 1000,
                "PowerLimit": 1, "Switch": 1, "Logging": "INFO"}
        self.configure(keys, INVERTER0=inverter(20, Serial=ONE))
        self.program = self.start()
        self.wait_value(ROOF, TOGGLE, 1, 8.0)
        self.switch(0)
        self.wait_value(ROOF, TOGGLE, 0, 8.0)
        self.switch(1)
        self.wait_value(ROOF, TOGGLE, 1, 8.0)
        self.assertEqual([(ONE, False), (ONE, True)], self.dtu.limits.switched)

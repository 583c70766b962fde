"""What the owner sets on the GX screen: name, position, phase, role."""

import signal

from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.program import inverter, template
from tests.integration.settings_service import INSTANCE
from tests.integration.venus import VenusTest, section, setting
from tests.sim import Ahoy, Generic, Inverter

LIVE = "/api/livedata/status"
SERIAL = "116182000001"
ROOF, METER = PVINVERTER % 20, PVINVERTER % 40
GRID = "com.victronenergy.grid.http_%d"
ACCEPTED, NOT_WRITABLE, REFUSED = 0, 1, 2


class ScreenTest(VenusTest):

    def scene(self, settings=True, **keys):
        """One inverter with an explicit instance, so that nothing waits for the settings."""
        self.settings = self.settings_service() if settings else None
        self.dtu = self.opendtu(Inverter(SERIAL, "Roof", peak=400, base_kwh=100))
        self.default = {"Host": self.dtu.host, "AutoAdd": 0}
        self.configure(self.default, INVERTER0=inverter(20, **keys))
        self.program = self.start()
        self.wait_value(ROOF, "/StatusCode", 7)

    def reading(self):
        return self.dtu[SERIAL].reading(self.sun.now())

    def put(self, path, kind, value, service=ROOF):
        self.assertEqual(ACCEPTED, self.client.set(service, path, kind, value))

    def stored(self, leaf):
        return self.settings.value(setting(SERIAL, leaf))

    def wait_stored(self, leaf, value):
        self.wait(f"{leaf} is {value!r}", lambda: self.stored(leaf) == value)

    # --- what can be set ----------------------------------------------------------------------

    @each(("name", "/CustomName", "s", "Barn"), ("name_none", "/CustomName", "s", ""),
          ("name_utf8", "/CustomName", "s", "Scheune ☀ Süd"), ("position", "/Position", "i", 2),
          ("position_unsigned", "/Position", "u", 0), ("position_double", "/Position", "d", 2.0),
          ("phase", "/PhaseSetting", "i", 3), ("role_same", "/Role", "s", "pvinverter"))
    def test_accepted(self, path, kind, value):
        self.scene()
        self.put(path, kind, value)
        shown = "Roof" if value == "" else value
        self.assert_value(ROOF, path, shown)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assert_value(ROOF, path, shown)
        self.assert_value(ROOF, "/StatusCode", 7)

    @each(("name_number", "/CustomName", "i", 5), ("position_high", "/Position", "i", 3),
          ("position_negative", "/Position", "i", -1), ("position_half", "/Position", "d", 0.5),
          ("position_text", "/Position", "s", "AC input"),
          ("position_huge", "/Position", "x", 2**40),
          ("phase_none", "/PhaseSetting", "i", 0), ("phase_high", "/PhaseSetting", "i", 4),
          ("phase_text", "/PhaseSetting", "s", "L1"), ("role_unknown", "/Role", "s", "battery"),
          ("role_empty", "/Role", "s", ""), ("role_number", "/Role", "i", 1),
          ("role_path", "/Role", "s", "grid.http_20"), ("roles", "/AllowedRoles", "as", ["grid"]),
          ("name_list", "/CustomName", "as", ["a"]), ("name_nothing", "/CustomName", "ai", []))
    def test_refused(self, path, kind, value):
        self.scene()
        before = self.client.typed(ROOF, path)
        self.assertIn(self.client.set(ROOF, path, kind, value), (NOT_WRITABLE, REFUSED))
        self.assertEqual(before, self.client.typed(ROOF, path))
        self.wait_polls(self.dtu, LIVE, 1)
        self.assertEqual(before, self.client.typed(ROOF, path))
        self.assertEqual(["", -1, 0, ""], [self.stored(leaf) for leaf in
                                           ("CustomName", "Position", "PhaseSetting", "Role")])

    def test_long_name(self):
        """Longer than the GX screen allows: what becomes of it is valid, also after a restart."""
        self.scene()
        self.client.set(ROOF, "/CustomName", "s", "Ä" * 300)
        name = self.client.value(ROOF, "/CustomName")
        self.assertTrue(name == "Roof" or set(name) == {"Ä"}, name)
        self.program.stop()
        self.program.start()
        self.wait_value(ROOF, "/CustomName", name)

    def test_three_phases(self):
        """Has no phase to be set: the GUI is told so, and a wish is refused."""
        self.settings = self.settings_service()
        dtu = self.opendtu(Inverter("136182000003", "Big", phases=3))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20, "3P"))
        self.start()
        self.wait_value(ROOF, "/StatusCode", 7)
        self.assert_value(ROOF, "/PhaseSetting", None)
        self.assertIn(self.client.set(ROOF, "/PhaseSetting", "i", 2), (NOT_WRITABLE, REFUSED))
        self.wait_polls(dtu, LIVE, 1)
        for n in (1, 2, 3):
            self.assert_value(ROOF, f"/Ac/L{n}/Power", lambda v: isinstance(v, float) and v > 0)

    # --- where it is kept ---------------------------------------------------------------------

    CHOICE = (("/CustomName", "s", "Barn", "CustomName"), ("/Position", "i", 2, "Position"),
              ("/PhaseSetting", "i", 3, "PhaseSetting"))

    def choose_all(self):
        for path, kind, value, _ in self.CHOICE:
            self.put(path, kind, value)

    def wait_all(self, service=ROOF):
        for path, _, value, _ in self.CHOICE:
            self.wait_value(service, path, value)
        self.wait_value(service, "/Ac/L3/Power", self.reading().power)
        self.assert_value(service, "/Ac/L1/Power", None)

    @on_every_model("power_cut")
    @each(("stopped", signal.SIGTERM), ("power_cut", signal.SIGKILL))
    def test_kept_in_the_settings(self, how):
        self.scene()
        self.choose_all()
        for _, _, value, leaf in self.CHOICE:
            self.wait_stored(leaf, value)
        self.program.stop(how)
        self.forget()
        self.program.start()
        self.wait_all()

    def test_kept_in_the_state(self):
        """There is no settings service: the state file does it, and the config does not undo it."""
        self.scene(settings=False)
        self.choose_all()
        self.program.stop()
        entry = self.remembered()[SERIAL]
        self.assertEqual(["Barn", 2, 3], [entry[k] for k in ("custom_name", "position", "phase")])
        self.program.start()
        self.wait_all()

    def test_handed_over(self):
        """What was set without a settings service goes there as soon as there is one."""
        self.scene(settings=False)
        self.choose_all()
        self.settings = self.settings_service()
        for _, _, value, leaf in self.CHOICE:
            self.wait_stored(leaf, value)
        self.wait_all()

    def test_of_the_one_that_set_it_last(self):
        """Where both know something, the settings service is right: it was there last."""
        self.scene()
        self.choose_all()
        self.wait_stored("CustomName", "Barn")
        self.program.stop()
        self.settings.change(setting(SERIAL, "CustomName"), "Shed")
        self.program.start()
        self.wait_value(ROOF, "/CustomName", "Shed")
        self.assert_value(ROOF, "/Position", 2)

    def test_refused_by_the_settings(self):
        """It is used and remembered all the same."""
        self.scene()
        self.settings.refuse[setting(SERIAL, "CustomName")] = -1
        self.put("/CustomName", "s", "Barn")
        self.wait_polls(self.dtu, LIVE, 2)
        self.assert_value(ROOF, "/CustomName", "Barn")
        self.program.stop()
        self.assertEqual("Barn", self.remembered()[SERIAL]["custom_name"])
        self.program.start()
        self.wait_value(ROOF, "/CustomName", "Barn")

    def test_set_while_the_settings_hang(self):
        """The screen is answered at once."""
        self.scene()
        self.settings.hang = True
        self.choose_all()
        self.wait_all()

    def test_set_twice(self):
        """The settings service's echo of the first does not undo the second."""
        self.scene()
        self.settings.delay = 0.3
        self.put("/CustomName", "s", "Barn")
        self.put("/CustomName", "s", "Shed")
        self.assert_stays("it is the last one", lambda: self.peek(ROOF, "/CustomName") == "Shed",
                          1.0)
        self.wait_stored("CustomName", "Shed")

    def test_set_while_the_settings_die(self):
        """What they never heard of is told to their successor, and not taken back from it."""
        self.scene()
        self.put("/CustomName", "s", "Barn")
        self.wait_stored("CustomName", "Barn")
        self.settings.hang = True
        self.put("/CustomName", "s", "Shed")
        self.put("/Position", "i", 2)
        self.settings.go()
        self.settings.hang = False
        self.settings.come()
        self.wait_stored("CustomName", "Shed")
        self.wait_stored("Position", 2)
        self.assert_value(ROOF, "/CustomName", "Shed")
        self.assert_value(ROOF, "/Position", 2)

    # --- against the configuration ------------------------------------------------------------

    def test_wins_only_when_set(self):
        """What was set wins over a later configuration; what was not, follows it."""
        self.scene(settings=False)
        self.put("/Position", "i", 2)
        self.edit(self.default, INVERTER0=inverter(20, "L2", AcPosition=0))
        self.wait_value(ROOF, "/PhaseSetting", 2)
        self.assert_value(ROOF, "/Position", 2)
        self.put("/PhaseSetting", "i", 3)
        self.edit(self.default, INVERTER0=inverter(20, "L1", AcPosition=0))
        self.wait_polls(self.dtu, LIVE, 1)
        self.assert_value(ROOF, "/PhaseSetting", 3)
        self.assert_value(ROOF, "/Position", 2)

    def test_role_wins_over_the_configuration(self):
        self.scene()
        grid = GRID % 20
        self.put("/Role", "s", "grid")
        self.wait_services(grid)
        owner = self.client.owner(grid)
        self.edit(self.default, INVERTER0=inverter(20, kind="acload"))
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(owner, self.client.owner(grid))
        self.settings.change(setting(SERIAL, "Role"), "")
        self.wait_services("com.victronenergy.acload.http_20")

    def test_phase_while_on_all_of_them(self):
        """3P in the configuration: the chosen phase rests, and counts again after it."""
        self.scene()
        self.put("/PhaseSetting", "i", 2)
        self.edit(self.default, INVERTER0=inverter(20, "3P"))
        self.wait_value(ROOF, "/PhaseSetting", None)
        self.assert_value(ROOF, "/Ac/L3/Power", self.reading().power / 3)
        self.edit(self.default, INVERTER0=inverter(20, "L1"))
        self.wait_value(ROOF, "/PhaseSetting", 2)
        self.assert_value(ROOF, "/Ac/L2/Power", self.reading().power)
        self.assert_value(ROOF, "/Ac/L3/Power", None)

    def test_empty_name_gives_the_old_one_back(self):
        self.scene()
        self.put("/CustomName", "s", "Barn")
        self.wait_stored("CustomName", "Barn")
        self.put("/CustomName", "s", "")
        self.assert_value(ROOF, "/CustomName", "Roof")
        self.wait_stored("CustomName", "")
        self.dtu[SERIAL].name = "New roof"
        self.wait_value(ROOF, "/CustomName", "New roof")

    def test_template(self):
        """Its section is its identity; its Name gives way as well."""
        self.settings = self.settings_service()
        meter = self.gateway(Generic({"/state": {"p": 100.0}}))
        self.configure({"NumberOfTemplates": 1, "DTU": "template"},
                       TEMPLATE0=template(40, meter.host, "state", CUST_Power="p"))
        program = self.start()
        self.wait_value(METER, "/CustomName", "Meter 40")
        self.put("/CustomName", "s", "Shed", METER)
        self.put("/PhaseSetting", "i", 2, METER)
        self.wait("it is stored", lambda: len([p for p in self.settings.paths("/CustomName")
                                               if self.settings.value(p) == "Shed"]) == 1)
        program.stop()
        program.start()
        self.wait_value(METER, "/CustomName", "Shed")
        self.wait_value(METER, "/Ac/L2/Power", 100.0)
        self.assert_value(METER, "/Ac/L1/Power", None)

    # --- phase --------------------------------------------------------------------------------

    @on_every_model()
    def test_phase_at_once(self):
        """The new phase has the values and the old one none, in one and the same signal."""
        self.scene()
        self.wait_value(ROOF, "/Ac/L1/Power", self.reading().power)
        self.recorder.clear()
        self.put("/PhaseSetting", "i", 2)
        moves = [s.items for s in self.wait(
            "the change", lambda: [s for s in self.recorder.signals(ROOF)
                                   if s.member == "ItemsChanged" and "/Ac/L2/Power" in s.items])]
        first = moves[0]
        self.assertEqual(("d", self.reading().power), first["/Ac/L2/Power"][:2])
        for path in ("Power", "Current", "Voltage", "Energy/Forward"):
            self.assertEqual("ai", first[f"/Ac/L1/{path}"][0], path)
            self.assertEqual("d", first[f"/Ac/L2/{path}"][0], path)
        self.assertEqual(("i", 2), first["/PhaseSetting"][:2])
        self.assertNotIn("/Ac/Power", first)
        self.assert_value(ROOF, "/Ac/Power", self.reading().power)

    # --- changed in the settings themselves ---------------------------------------------------

    @each(("property", "PropertiesChanged"), ("items", "ItemsChanged"))
    def test_followed_live(self, announces):
        self.scene()
        self.settings.announces = announces
        owner = self.client.owner(ROOF)
        self.settings.change(setting(SERIAL, "CustomName"), "Barn")
        self.settings.change(setting(SERIAL, "Position"), 2)
        self.settings.change(setting(SERIAL, "PhaseSetting"), 3)
        self.wait_all()
        self.assertEqual(owner, self.client.owner(ROOF))
        self.settings.change(setting(SERIAL, "CustomName"), "")
        self.settings.change(setting(SERIAL, "PhaseSetting"), 0)
        self.settings.change(setting(SERIAL, "Position"), -1)
        self.wait_value(ROOF, "/CustomName", "Roof")
        self.wait_value(ROOF, "/PhaseSetting", 1)
        self.wait_value(ROOF, "/Position", 1)

    def test_nonsense_in_the_settings(self):
        """Counts as not set."""
        self.scene()
        self.settings.change(setting(SERIAL, "Role"), "toaster")
        self.settings.change(setting(SERIAL, "CustomName"), "x" * 200)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual([ROOF], self.services())
        self.assertLess(len(self.peek(ROOF, "/CustomName")), 200)

    # --- role ---------------------------------------------------------------------------------

    def role_scene(self, claimed, **options):
        self.settings = self.settings_service()
        self.dtu = self.opendtu(Inverter(SERIAL, "Roof", peak=400, base_kwh=100), **options)
        self.default = {"Host": self.dtu.host, "AutoAdd": 0}
        self.configure(self.default, INVERTER0=section() if claimed else inverter(34))
        self.program = self.start()
        self.wait_value(PVINVERTER % 34, "/StatusCode", 7)

    @on_every_model("claimed")
    @each(("claimed", True), ("explicit", False))
    def test_role(self, claimed):
        """As the GUI's Setup page does it: it comes again under its new class, and back."""
        self.role_scene(claimed)
        pv, grid = PVINVERTER % 34, GRID % 34
        self.assertIn("grid", self.client.value(pv, "/AllowedRoles"))
        energy = self.client.value(pv, "/Ac/Energy/Forward")
        self.put("/Role", "s", "grid", pv)
        self.wait_services(grid)
        self.assert_value(grid, "/Role", "grid")
        self.assert_value(grid, "/DeviceInstance", 34)
        self.assert_value(grid, "/Serial", SERIAL)
        self.assert_value(grid, "/Ac/Power", self.reading().power)
        self.assert_value(grid, "/Ac/Energy/Forward", energy, 3)
        self.assertNotEqual("absent", self.peek(grid, "/Ac/Energy/Reverse"))
        self.assertEqual("absent", self.peek(grid, "/Position"))
        self.wait_stored("Role", "grid")
        if claimed:
            self.wait_stored(INSTANCE, "grid:34")
        self.program.stop()
        self.program.start()
        self.wait_services(grid)
        self.put("/Role", "s", "pvinverter", grid)
        self.wait_services(pv)
        self.assert_value(pv, "/Role", "pvinverter")
        self.assert_value(pv, "/Position", 1)
        if claimed:
            self.wait_stored(INSTANCE, "pvinverter:34")

    def test_role_whose_instance_is_taken(self):
        """The settings service finds a free one of the new class."""
        self.role_scene(True)
        self.settings.put("/Settings/Devices/meter/ClassAndVrmInstance", "grid:34")
        self.put("/Role", "s", "grid", PVINVERTER % 34)
        self.wait_services(GRID % 35)
        self.assert_value(GRID % 35, "/DeviceInstance", 35)
        self.assertEqual("grid:35", self.stored(INSTANCE))

    def test_role_and_a_clash_on_the_bus(self):
        self.role_scene(False)
        self.other("grid.meter", 34)
        self.put("/Role", "s", "grid", PVINVERTER % 34)
        self.wait_services(GRID % 35)
        self.assertEqual(1, len(self.program.lines("ERROR", "com.victronenergy.grid.meter")),
                         self.program.log())

    @each(("role", "Role", "acload"), ("instance", INSTANCE, "acload:50"))
    def test_role_changed_in_the_settings(self, leaf, value):
        self.role_scene(True)
        self.settings.change(setting(SERIAL, leaf), value)
        name = "com.victronenergy.acload.http_%d" % (34 if leaf == "Role" else 50)
        self.wait_services(name)
        self.assert_value(name, "/Role", "acload")
        self.wait_stored("Role", "acload")
        self.wait_stored(INSTANCE, f"acload:{name.rsplit('_', 1)[1]}")

    def test_role_without_the_settings(self):
        self.scene(settings=False)
        self.put("/Role", "s", "genset")
        genset = "com.victronenergy.genset.http_20"
        self.wait_services(genset)
        self.program.stop()
        self.assertEqual("genset", self.remembered()[SERIAL]["role"])
        self.program.start()
        self.wait_services(genset)
        self.put("/Role", "s", "pvinverter", genset)
        self.wait_services(ROOF)

    LOAD = "com.victronenergy.acload.http_20"

    def turn(self, before, role):
        """Sets the role; returns the service that it has then."""
        after = f"com.victronenergy.{role}.http_20"
        self.put("/Role", "s", role, before)
        self.wait_services(after)
        self.wait_value(after, "/Role", role)
        return after

    @each(("settings", True), ("state", False))
    def test_position_of_another_role(self, settings):
        """2 is an input of a pvinverter, and nothing of a load: each keeps its own."""
        self.scene(settings)
        self.put("/Position", "i", 2)
        load = self.turn(ROOF, "acload")
        self.assert_value(load, "/Position", 0)  # AcPosition=1, the AC output
        self.assertEqual(REFUSED, self.client.set(load, "/Position", "i", 2))
        self.assert_value(load, "/Position", 0)
        self.put("/Position", "i", 1, load)
        if settings:
            self.wait_stored("LoadPosition", 1)
            self.wait_stored("Position", 2)
        self.program.stop()
        self.program.start()
        self.wait_value(load, "/Position", 1)
        self.assert_value(self.turn(load, "heatpump"), "/Position", 1)
        self.turn("com.victronenergy.heatpump.http_20", "pvinverter")
        self.assert_value(ROOF, "/Position", 2)

    @each(("unset", {}, 1), ("auto", {"AcPosition": "auto"}, 1), ("input_1", {"AcPosition": 0}, 1),
          ("output", {"AcPosition": 1}, 0), ("input_2", {"AcPosition": 2}, 1))
    def test_position_of_a_load(self, keys, position):
        """The key has the numbers of a pvinverter, /Position here those of a load."""
        dtu = self.opendtu(Inverter(SERIAL, "Roof"))
        self.configure({"Host": dtu.host, "AutoAdd": 0},
                       INVERTER0={"DeviceInstance": 20, "Servicename": "com.victronenergy.acload",
                                  **keys})
        self.start()
        self.wait_services(self.LOAD)
        self.assert_value(self.LOAD, "/Position", position)

    def test_class_that_has_no_role(self):
        """com.victronenergy.inverter."""
        self.settings = self.settings_service()
        dtu = self.gateway(Ahoy(self.sun, [Inverter(SERIAL, "Roof")]))
        self.configure({"DTU": "ahoy", "Host": dtu.host},
                       INVERTER0=inverter(20, kind="inverter"))
        self.start()
        name = "com.victronenergy.inverter.http_20"
        self.wait_services(name)
        self.assertEqual("absent", self.peek(name, "/Role"))
        self.settings.change(setting(SERIAL, "Role"), "grid")
        self.wait_polls(dtu, "/api/live", 2)
        self.assertEqual([name], self.services())

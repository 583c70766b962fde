"""Another configuration while the program runs: what has not changed is not touched."""

import os
import signal

from tests.integration.case import PVINVERTER, alone, each, on_every_model
from tests.integration.program import DEFAULTS, ini, inverter, template
from tests.integration.venus import VenusTest, section
from tests.sim import Ahoy, Generic, Inverter, OpenDtu

LIVE = "/api/livedata/status"
FIRST, SECOND, THIRD = "116182000001", "116182000002", "116182000003"
P20, P21, P22, P30, P34, METER = (PVINVERTER % n for n in (20, 21, 22, 30, 34, 40))


class ReloadTest(VenusTest):

    def scene(self):
        self.dtu = self.opendtu(*(Inverter(s, s[-1], peak=400, base_kwh=100) for s in
                                  (FIRST, SECOND, THIRD)))
        self.meter = self.gateway(Generic({"/state": {"p": 100.0, "e": 12.5, "less": 1.5}}))
        self.default = {"Host": self.dtu.host, "AutoAdd": 0, "NumberOfTemplates": 1}
        self.sections = {"INVERTER0": inverter(20), "INVERTER1": inverter(21),
                         "TEMPLATE0": template(40, self.meter.host, "state", CUST_Power="p",
                                               CUST_Total="e")}
        self.configure(self.default, **self.sections)
        self.program = self.start()
        for name in (P20, P21, METER):
            self.wait_value(name, "/StatusCode", 7)
        self.recorder.clear()

    def apply(self, default=None, **sections):
        """Edits some sections (None: taken out), and waits until that is in use."""
        self.default.update(default or {})
        self.sections.update(sections)
        self.edit(self.default, **{name: keys for name, keys in self.sections.items() if keys})

    def text(self):
        return ini({**DEFAULTS, **self.default}, self.sections)

    def renamed(self, phase="L3"):
        return self.text().replace("Phase=L1", f"Phase={phase}", 1)

    def wait_renamed(self, phase=3):
        self.wait_value(P20, "/PhaseSetting", phase)

    # --- how it is told -----------------------------------------------------------------------

    @on_every_model("renamed")
    @each(("renamed", "replace"), ("in_place", "write"), ("in_pieces", "pieces"),
          ("gone_and_back", "remove"), ("signal", "signal"))
    def test_seen(self, how):
        """Whatever an editor does; and SIGHUP looks at once."""
        self.scene()
        path = self.program.config_path
        text = self.renamed()
        if how == "replace":
            self.write_config(text)
        elif how == "write":
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif how == "pieces":
            with open(path, "w", encoding="utf-8") as file:
                for n in range(0, len(text), 100):
                    file.write(text[n:n + 100])
                    file.flush()
        elif how == "remove":
            os.remove(path)
            self.write_config(text)
        else:
            self.write_config(text)
            self.program.send(signal.SIGHUP)
        self.wait_renamed()
        self.assertEqual([], self.program.lines("ERROR"))

    @each(("target_replaced", False), ("link_replaced", True))
    def test_symbolic_link(self, relink):
        """The configuration may lie elsewhere."""
        self.scene()
        self.program.stop()
        path = self.program.config_path
        elsewhere = os.path.join(self.folder, "elsewhere")
        os.mkdir(elsewhere)
        first, second = (os.path.join(elsewhere, name) for name in ("first.ini", "second.ini"))
        os.replace(path, first)
        os.symlink(first, path)
        self.program.start()
        self.wait_services(P20, P21, METER)
        with open(second, "w", encoding="utf-8") as file:
            file.write(self.renamed())
        if relink:
            os.symlink(second, path + ".new")
            os.replace(path + ".new", path)
        else:
            os.replace(second, first)
        self.wait_renamed()
        target = second if relink else first
        with open(target, "w", encoding="utf-8") as file:
            file.write(self.renamed("L2"))
        self.wait_renamed(2)

    def test_again_and_again(self):
        """Each of several changes is seen; the watch is not used up."""
        self.scene()
        owners = self.owners(P20, P21, METER)
        for phase in (2, 3, 1, 2):
            self.write_config(self.renamed(f"L{phase}"))
            self.wait_renamed(phase)
        self.assertEqual(owners, self.owners(P20, P21, METER))

    def test_not_changed(self):
        """SIGHUP without a change, and a file that is written again as it was."""
        self.scene()
        owners = self.owners(P20, P21, METER)
        for _ in range(5):
            before = self.applied()
            self.program.send(signal.SIGHUP)
            self.wait("the reload", lambda n=before: self.applied() > n)
        self.write_config(self.text())
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(owners, self.owners(P20, P21, METER))
        self.assertEqual([], [s for s in self.recorder.signals() if "/StatusCode" in s.items])

    # --- what is touched ----------------------------------------------------------------------

    @on_every_model("phase")
    @each(("phase", {"Phase": "L2"}, "/PhaseSetting", 2),
          ("position", {"AcPosition": 2}, "/Position", 2))
    def test_changed_in_place(self, change, path, value):
        """Announced as a change; the service stays, and the others say nothing of it."""
        self.scene()
        owners = self.owners(P20, P21, METER)
        self.apply(INVERTER0={**inverter(20), **change})
        self.wait_value(P20, path, value)
        signals = [s for s in self.recorder.signals(P20) if path in s.items]
        self.assertEqual(["ItemsChanged"], [s.member for s in signals])
        if path == "/PhaseSetting":
            self.assertEqual("ai", signals[0].items["/Ac/L1/Power"][0])
            self.assertEqual("d", signals[0].items["/Ac/L2/Power"][0])
        self.assertEqual(owners, self.owners(P20, P21, METER))
        for name in (P21, METER):
            self.assertEqual([], [s for s in self.recorder.signals(name) if path in s.items])

    def test_name_of_a_template(self):
        self.scene()
        owners = self.owners(P20, P21, METER)
        self.apply(TEMPLATE0={**self.sections["TEMPLATE0"], "Name": "Shed"})
        self.wait_value(METER, "/CustomName", "Shed")
        self.assertEqual(owners, self.owners(P20, P21, METER))

    @each(("unit", {"CUST_Total_Mult": 0.001}, 0.0125), ("path", {"CUST_Total": "less"}, 1.5))
    def test_energy_of_a_template(self, keys, value):
        """A total in the wrong unit was no counter: it is neither held nor made up for."""
        self.scene()
        self.apply(TEMPLATE0={**self.sections["TEMPLATE0"], "KeepEnergy": 1, **keys})
        self.wait_value(METER, "/Ac/Energy/Forward", value)
        self.assertEqual([], self.program.lines("counter"))

    @each(("instance", inverter(30), P30),
          ("class", inverter(20, kind="acload"), "com.victronenergy.acload.http_20"))
    def test_another_name(self, keys, name):
        """Only that one leaves the bus, and comes with all that is known of it."""
        self.scene()
        owners = self.owners(P21, METER)
        energy = self.peek(P20, "/Ac/Energy/Forward")
        self.apply(INVERTER0=keys)
        self.wait_services(name, P21, METER)
        self.assert_value(name, "/Serial", FIRST)
        self.assert_value(name, "/Ac/Energy/Forward", energy, 3)
        self.assertEqual(owners, self.owners(P21, METER))

    def test_instances_exchanged(self):
        self.scene()
        owner = self.owners(METER)
        self.apply(INVERTER0=inverter(21), INVERTER1=inverter(20))
        self.wait_value(P21, "/Serial", FIRST)
        self.wait_value(P20, "/Serial", SECOND)
        self.wait_services(P20, P21, METER)
        self.assertEqual(owner, self.owners(METER))
        self.assertEqual([], self.program.lines("ERROR"))

    def test_instances_moved_in_a_ring(self):
        """Each takes the name of the next one, which claims another."""
        self.settings_service()
        self.scene()
        self.apply(INVERTER0=section(), INVERTER1=inverter(20), INVERTER2=inverter(21))
        self.wait_value(P20, "/Serial", SECOND)
        self.wait_value(P21, "/Serial", THIRD)
        self.wait_services(P20, P21, PVINVERTER % 34, METER)
        self.assertEqual([], self.program.lines("ERROR"))

    def test_instance_written_down_later(self):
        """That which it has: nothing happens. Nor when it is taken out again."""
        self.settings_service()
        self.scene()
        self.apply(INVERTER2=section())
        self.wait_value(PVINVERTER % 34, "/Serial", THIRD)
        names = (P20, P21, PVINVERTER % 34, METER)
        owners = self.owners(*names)
        for keys in (inverter(34), section(), inverter(34)):
            self.apply(INVERTER2=keys)
            self.wait_polls(self.dtu, LIVE, 1)
            self.wait_services(*names)
            self.assertEqual(owners, self.owners(*names))
        self.assertEqual([], self.program.lines("ERROR"))

    def test_sections_come_and_go(self):
        self.scene()
        owners = self.owners(P20, METER)
        self.apply(INVERTER2=inverter(22))
        self.wait_services(P20, P21, P22, METER)
        self.wait_value(P22, "/Serial", THIRD)
        self.apply(INVERTER1=None)
        self.wait_services(P20, P22, METER)
        self.apply({"NumberOfTemplates": 0}, INVERTER1=inverter(21), TEMPLATE0=None)
        self.wait_services(P20, P21, P22)
        self.wait_value(P21, "/Serial", SECOND)
        self.assertEqual(owners[P20], self.client.owner(P20))
        self.assert_asked_no_more(self.meter)

    def test_serial_written_down_later(self):
        """Says what is so already: nothing happens. Another one: it is that from then on."""
        self.scene()
        owners = self.owners(P20, P21, METER)
        self.apply(INVERTER0=inverter(20, Serial=FIRST))
        self.wait_polls(self.dtu, LIVE, 1)
        self.assertEqual(owners, self.owners(P20, P21, METER))
        self.apply(INVERTER0=inverter(20, Serial=THIRD))
        self.wait_value(P20, "/Serial", THIRD)
        self.wait_value(P20, "/Ac/Energy/Forward",
                        self.dtu[THIRD].reading(self.sun.now()).yield_total, places=3)
        self.assertEqual(owners[P21], self.client.owner(P21))

    def test_dry_run(self):
        self.scene()
        owners = self.owners(P20, P21, METER)
        self.apply({"DryRun": 1})
        self.wait_value(P20, "/Ac/Power", None)
        self.apply({"DryRun": 0})
        self.wait_value(P20, "/Ac/Power", lambda v: isinstance(v, float) and v > 0)
        self.assertEqual(owners, self.owners(P20, P21, METER))

    # --- gateways -----------------------------------------------------------------------------

    @each(("there", True), ("not_there", False))
    def test_another_host(self, there):
        """The other address is asked, and no service leaves the bus for it."""
        self.scene()
        other = self.gateway(OpenDtu(self.sun, self.dtu.inverters))
        if not there:
            other.refuse_connections()
        owners = self.owners(P20, P21, METER)
        self.apply({"Host": other.host})
        if there:
            self.wait_polls(other, LIVE, 2)
            self.sun.advance(60)
            for name, serial in ((P20, FIRST), (P21, SECOND)):
                self.wait_value(name, "/Ac/Power", self.dtu[serial].reading(self.sun.now()).power)
        else:
            self.wait_value(P20, "/StatusCode", 10)
            other.accept_connections()
            self.wait_value(P20, "/StatusCode", 7)
        self.assertIn(str(other.port), self.peek(P20, "/Mgmt/Connection"))
        self.assert_asked_no_more(self.dtu, other)
        self.assertEqual(owners, self.owners(P20, P21, METER))

    def test_wrong_host_mended(self):
        """The fault was logged, so its end is."""
        self.scene()
        self.apply({"Host": "127.0.0.1:9"})
        self.wait("the fault", lambda: self.program.lines("WARNING", "DEFAULT: 127.0.0.1"))
        self.apply({"Host": self.dtu.host})
        self.wait("its end", lambda: self.program.lines("INFO", self.dtu.host + " answers"))

    @alone
    def test_polls_go_on(self):
        """Those of a gateway whose section is not touched, over many reloads of the rest.

        None is left out, and none comes early.
        """
        self.scene()
        begin = len(self.meter.counts.targets)
        for n in range(6):
            self.apply({"PollingInterval": 1000 + n}, INVERTER0=inverter(20, f"L{n % 3 + 1}"))
        self.wait_value(P20, "/PhaseSetting", 3)
        self.wait_polls(self.meter, "/state", 1)
        times = [when for when, _ in self.meter.counts.targets[begin:]]
        gaps = [b - a for a, b in zip(times, times[1:])]
        self.assertTrue(all(0.5 < gap < 2.0 for gap in gaps), gaps)
        self.assertEqual([], [s for s in self.recorder.signals(METER)
                              if "/StatusCode" in s.items])

    def test_gateway_of_another_kind(self):
        """The DTU was given the other firmware: its inverters stay what they are."""
        self.scene()
        owners = self.owners(P20, P21, METER)
        ahoy = self.gateway(Ahoy(self.sun, self.dtu.inverters))
        self.apply({"DTU": "ahoy", "Host": ahoy.host})
        self.wait_polls(ahoy, "/api/live", 2)
        self.sun.advance(60)
        self.wait_value(P20, "/Ac/Power", self.dtu[FIRST].reading(self.sun.now()).power)
        self.assertEqual(owners, self.owners(P20, P21, METER))

    def test_gateway_that_brought_anothers_inverter_goes(self):
        """It moved to the second DTU, which is then taken out: no values any more, and no harm."""
        self.scene()
        other = self.gateway(OpenDtu(self.sun, [self.dtu[FIRST]]))
        self.dtu.remove(FIRST)
        self.apply(DTU1={"Host": other.host})
        self.wait_polls(other, LIVE, 2)
        self.sun.advance(600)
        self.wait_value(P20, "/Ac/Power", other[FIRST].reading(self.sun.now()).power)
        owners = self.owners(P20, P21, METER)
        self.apply(DTU1=None)
        self.wait_value(P20, "/StatusCode", 10, timeout=8.0)
        self.assertEqual(owners, self.owners(P20, P21, METER))
        self.dtu.add(other[FIRST], 0)
        self.wait_value(P20, "/StatusCode", 7)
        self.apply(DTU1={"Host": other.host})
        self.wait_polls(other, LIVE, 2)
        self.assert_value(P20, "/StatusCode", 7)

    def test_section_moved_to_another_gateway(self):
        """With another DTU= it is another device."""
        self.scene()
        other = self.gateway(OpenDtu(self.sun, [Inverter(THIRD, "Three", base_kwh=900)]))
        self.dtu.remove(THIRD)
        self.apply(INVERTER0=inverter(20, DTU=1), DTU1={"Host": other.host})
        self.wait_value(P20, "/Serial", THIRD)
        self.wait_value(P20, "/Ac/Energy/Forward",
                        other[THIRD].reading(self.sun.now()).yield_total, places=3)
        self.apply(INVERTER0=inverter(20))
        self.wait_value(P20, "/Serial", FIRST)

    # --- a file that is no good ---------------------------------------------------------------

    BAD = (("value", lambda text: text.replace("DeviceInstance=21", "DeviceInstance=2100"), "2100"),
           ("phase", lambda text: text.replace("Phase=L1", "Phase=L9", 1), "L9"),
           ("twins", lambda text: text.replace("DeviceInstance=21", "DeviceInstance=20"), "20"),
           ("no_host", lambda text: text.replace("Host=", "Hots=", 1), "Host"),
           ("syntax", lambda text: "Host=1\n" + text, ":1:"),
           ("cut", lambda text: text[:text.index("[TEMPLATE0]")], "TEMPLATE0"),
           ("empty", lambda text: "", "Host"))

    @on_every_model("value")
    @each(*BAD)
    def test_refused_as_a_whole(self, spoil, told):
        """With the reasons; what ran runs on, also with what was good in the new file."""
        self.scene()
        owners = self.owners(P20, P21, METER)
        text = self.text().replace("AcPosition=1", "AcPosition=2")
        self.write_config(spoil(text))
        self.program.send(signal.SIGHUP)
        self.wait("the refusal", lambda: self.program.lines("ERROR", "refused", "keeping the previous"))
        self.assertNotEqual([], self.program.lines("config.ini", told))
        for untrue in ("is used", "off the bus", "left out"):
            self.assertEqual([], self.program.lines(untrue), "nothing became of that file")
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(owners, self.owners(P20, P21, METER))
        self.assert_value(P20, "/Position", 1)
        self.assert_value(P20, "/StatusCode", 7)
        self.write_config(self.text().replace("AcPosition=1", "AcPosition=2"))
        self.wait_value(P20, "/Position", 2)
        self.assertNotEqual([], self.program.lines("INFO", "in use now"))
        self.assertEqual(owners, self.owners(P20, P21, METER))

    def test_removed(self):
        """A file that has gone is no reason to stop; one that comes again is used."""
        self.scene()
        owners = self.owners(P20, P21, METER)
        os.remove(self.program.config_path)
        self.wait("a word about it", lambda: self.program.lines("ERROR", "config.ini"))
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(owners, self.owners(P20, P21, METER))
        self.write_config(self.renamed())
        self.wait_value(P20, "/PhaseSetting", 3, timeout=10.0)
        self.assertEqual(owners, self.owners(P20, P21, METER))

    def test_broken_at_the_start(self):
        """One that could not be used at all is mended: used without a restart."""
        dtu = self.opendtu(Inverter(FIRST, "One"))
        self.write_config("nonsense\n")
        program = self.start()
        self.wait("the fault", lambda: program.lines("ERROR", "waiting"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20))
        self.wait_value(P20, "/StatusCode", 7)

    def test_partly_broken_at_the_start(self):
        """The healthy part runs, and the rest joins it."""
        dtu = self.opendtu(Inverter(FIRST, "One"), Inverter(SECOND, "Two"))
        default = {"Host": dtu.host, "AutoAdd": 0}
        self.configure(default, INVERTER0=inverter(20), INVERTER1=inverter(21, "L9"))
        program = self.start()
        self.wait_value(P20, "/StatusCode", 7)
        self.assertNotEqual([], program.lines("ERROR", "L9", "[INVERTER1] is kept off the bus"))
        owners = self.owners(P20)
        self.assertEqual([P20], self.services())
        self.edit(default, INVERTER0=inverter(20), INVERTER1=inverter(21))
        self.wait_value(P21, "/StatusCode", 7, timeout=1.0)
        self.assertEqual(owners, self.owners(P20))


class CopyTest(VenusTest):
    """A copy of the configuration in another folder, for when the whole of ours is replaced."""

    def setUp(self):
        super().setUp()
        self.copy = os.path.join(self.folder, "options", "config.ini")
        os.mkdir(os.path.dirname(self.copy))
        self.dtu = self.opendtu(Inverter(FIRST, "One"))

    def copied(self):
        try:
            with open(self.copy, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def write(self, text):
        self.write_config(text)
        self.wait("the copy", lambda: self.copied() == text)

    def test_kept(self):
        """However it is edited, right or wrong, before there is one and after; and not when nothing is new."""
        program = self.start("", "--copy", self.copy)
        self.wait("its word", lambda: program.lines("ERROR"))
        self.assertIsNone(self.copied())
        self.write(f"[DEFAULT]\nHost={self.dtu.host}\nPassword=secret\nLogging=INFO\n")
        self.assertEqual(0o600, os.stat(self.copy).st_mode & 0o777)
        self.write(f"[DEFAULT]\nHost={self.dtu.host}\nLogging=INFO\nFase=L2\n")
        self.write("[DEFAULT]\n")
        self.write(text := f"[DEFAULT]\nHost={self.dtu.host}\nLogging=INFO\n")
        before, applied = os.stat(self.copy), self.applied()
        program.send(signal.SIGHUP)
        self.wait("it was read again", lambda: self.applied() > applied)
        after = os.stat(self.copy)
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        os.remove(program.config_path)  # the folder is being replaced
        self.wait("its word", lambda: program.lines("ERROR", "No such file"))
        self.assertEqual(text, self.copied())

    def test_cannot_be_kept(self):
        """Said once; the rest works."""
        os.rmdir(os.path.dirname(self.copy))
        self.configure({"Host": self.dtu.host})
        program = self.start("", "--copy", self.copy)
        self.wait_value(P34, "/Serial", FIRST, timeout=18.0)
        self.edit({"Host": self.dtu.host}, INVERTER0={"Phase": "L2"})
        self.assertEqual(1, len(program.lines("WARNING", self.copy)), program.log())

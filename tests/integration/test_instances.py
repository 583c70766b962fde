"""Device instances: claimed at the settings service, kept, moved, and what is done without it."""

import signal

from jeepney.bus_messages import message_bus

from tests.integration.case import PVINVERTER, each, on_every_model, slow
from tests.integration.program import inverter
from tests.integration.settings_service import DEVICES, INSTANCE, SettingsService
from tests.integration.venus import AT_ONCE, NO_SETTINGS, VenusTest, section, setting
from tests.sim import Inverter

LIVE = "/api/livedata/status"
FIRST, SECOND = "116182000001", "1161820000ab"
P34, P35, P36 = (PVINVERTER % n for n in (34, 35, 36))
SOMEBODY = f"{DEVICES}/somebody/{INSTANCE}"


class InstanceTest(VenusTest):

    def scene(self, sections=2, **keys):
        self.dtu = self.opendtu(Inverter(FIRST, "One", peak=400, base_kwh=100),
                                Inverter(SECOND, "Two", peak=800, base_kwh=500))
        self.configure({"Host": self.dtu.host, "AutoAdd": 0},
                       **{f"INVERTER{n}": section(**keys) for n in range(sections)})

    def run_known(self):
        """A device that has had instance 34, told by the settings service of that time."""
        self.scene(sections=1)
        settings = self.settings_service()
        program = self.start()
        self.wait_value(P34, "/Serial", FIRST)
        program.stop()
        settings.go()
        settings.erase()
        return program, settings

    def assert_is(self, service, serial):
        instance = int(service.rsplit("_", 1)[1])
        self.wait_value(service, "/Serial", serial)
        self.assert_value(service, "/DeviceInstance", instance)

    def wait_setting(self, settings, wanted, serial=FIRST):
        """It is told what is used already: the service need not have heard of it yet."""
        self.wait(f"the setting {wanted}", lambda: settings.value(setting(serial)) == wanted)

    def serials(self):
        """serial -> instance, as it is on the bus."""
        return {self.peek(name, "/Serial"): self.peek(name, "/DeviceInstance")
                for name in self.services()}

    # --- with the settings service ------------------------------------------------------------

    @on_every_model()
    def test_claimed(self):
        """The service's value is used, whatever was wished for; a taken one is moved on."""
        settings = self.settings_service()
        settings.put(SOMEBODY, "pvinverter:34")
        settings.put(f"{DEVICES}/a_grid_meter/{INSTANCE}", "grid:35")
        self.scene()
        program = self.start()
        self.wait_services(P35, P36)
        for serial, instance in self.serials().items():
            self.assertEqual(f"pvinverter:{instance}", settings.value(setting(serial)))
        self.assertEqual("pvinverter:34", settings.value(SOMEBODY))
        self.assertEqual({FIRST, SECOND}, set(self.serials()))
        self.assertEqual([], program.lines("WARNING") + program.lines("ERROR"))

    @each(("stopped", signal.SIGTERM, False), ("power_cut", signal.SIGKILL, False),
          ("state_lost", signal.SIGTERM, True))
    def test_kept_over_a_restart(self, how, lost):
        """By serial: the list may have another order then."""
        settings = self.settings_service()
        settings.put(setting(FIRST), "pvinverter:77")
        self.scene()
        program = self.start()
        self.wait_services(P34, PVINVERTER % 77)
        before = self.serials()
        self.assertEqual({FIRST: 77, SECOND: 34}, before)
        program.stop(how)
        if lost:
            self.forget()
        else:
            self.dtu.reorder(SECOND, FIRST)
        settled = {path: settings.value(path) for path in settings.paths()}
        program.start()
        self.wait_services(P34, PVINVERTER % 77)
        self.assertEqual(before, self.serials())
        self.assertEqual(settled, {path: settings.value(path) for path in settings.paths()})

    @each(("property", "PropertiesChanged"), ("items", "ItemsChanged"))
    def test_moved_live(self, announces):
        """Another instance chosen in the settings: name and /DeviceInstance follow."""
        settings = self.settings_service(announces=announces)
        self.scene()
        program = self.start()
        self.wait_services(P34, P35)
        mine, other = (PVINVERTER % self.serials()[serial] for serial in (FIRST, SECOND))
        owners = self.owners(other)
        self.assertEqual(0, settings.change(setting(FIRST), "pvinverter:50"))
        self.wait_services(other, PVINVERTER % 50)
        self.assert_is(PVINVERTER % 50, FIRST)
        self.assert_value(PVINVERTER % 50, "/Ac/Energy/Forward",
                          self.dtu[FIRST].reading(self.sun.now()).yield_total, 3)
        self.assertIsNone(self.client.owner(mine))
        self.assertEqual(owners, self.owners(other))
        program.stop()
        program.start()
        self.wait_services(other, PVINVERTER % 50)

    def test_moved_to_one_that_is_taken(self):
        """The service makes another of it, and that is used."""
        settings = self.settings_service()
        self.scene()
        self.start()
        self.wait_services(P34, P35)
        of_first = self.serials()[FIRST]
        other = 69 - of_first
        settings.change(setting(FIRST), f"pvinverter:{other}")
        wanted = settings.value(setting(FIRST))
        self.assertNotEqual(f"pvinverter:{other}", wanted)
        self.wait(wanted, lambda: f"pvinverter:{self.serials().get(FIRST)}" == wanted)
        self.assertEqual(other, self.serials()[SECOND])

    @each(("text", "nonsense"), ("number", "pvinverter:-3"), ("huge", "pvinverter:99999999999"),
          ("slash", "../x:3"), ("long", "x" * 100 + ":3"), ("dot", "a.b c:40"))
    def test_nonsense_in_the_settings(self, text):
        """Somebody wrote into the settings what no instance is: a service is there all the same."""
        settings = self.settings_service()
        self.scene(sections=1)
        settings.put(setting(FIRST), text)
        self.start()
        self.wait("a service", lambda: self.serials().get(FIRST))
        self.wait_value(self.services()[0], "/StatusCode", 7)

    def test_explicit_wins(self):
        """An instance of the configuration is nobody's business but the configuration's."""
        settings = self.settings_service()
        settings.put(SOMEBODY, "pvinverter:20")
        settings.put(setting(FIRST), "pvinverter:60")
        self.scene(sections=0)
        self.configure({"Host": self.dtu.host, "AutoAdd": 0},
                       INVERTER0=inverter(20), INVERTER1=section(DeviceInstance="auto"))
        self.start()
        self.wait_services(PVINVERTER % 20, P34)
        self.assertEqual({FIRST: 20, SECOND: 34}, self.serials())
        self.assertEqual("pvinverter:60", settings.value(setting(FIRST)))
        settings.change(setting(FIRST), "pvinverter:61")
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual({FIRST: 20, SECOND: 34}, self.serials())

    def test_explicit_is_never_claimed(self):
        settings = self.settings_service()
        self.scene(sections=0)
        self.configure({"Host": self.dtu.host, "AutoAdd": 0}, INVERTER0=inverter(20))
        self.start()
        self.wait_value(PVINVERTER % 20, "/Serial", FIRST)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual([], settings.paths(INSTANCE))

    # --- without ------------------------------------------------------------------------------

    @slow
    def test_without(self):
        """From 34 up, remembered over restarts and a list in another order."""
        self.scene()
        program = self.start()
        self.wait_services(P34, P35, timeout=NO_SETTINGS)
        before = self.serials()
        self.assertEqual({FIRST, SECOND}, set(before))
        program.stop()
        self.dtu.reorder(SECOND, FIRST)
        self.assertEqual(before, {e["serial"]: e["instance"] for e in self.remembered().values()})
        self.dtu.refuse_connections()
        program.start()
        self.wait_services(P34, P35, timeout=AT_ONCE)
        self.assertEqual(before, self.serials())
        self.dtu.accept_connections()
        for serial, instance in before.items():
            self.wait_value(PVINVERTER % instance, "/Ac/Power",
                            self.dtu[serial].reading(self.sun.now()).power)

    def test_it_comes_while_a_new_device_waits(self):
        """At boot it may start a little later: its word is waited for."""
        self.scene(sections=1)
        program = self.start()
        self.wait("the inverter is known", lambda: program.lines(FIRST, "running"))
        self.assertEqual([], self.services())
        settings = SettingsService(self.bus)
        settings.put(SOMEBODY, "pvinverter:34")  # before it comes: it is asked as soon as it is there
        self.come(settings)
        self.wait_services(P35)
        self.assertEqual("pvinverter:35", settings.value(setting(FIRST)))

    def test_it_comes_later(self):
        """Its value is followed, and what was used until then is proposed to it."""
        program, settings = self.run_known()
        program.start()
        self.wait_services(P34, timeout=AT_ONCE)
        owner = self.client.owner(P34)
        settings.come()
        self.wait("the claim", lambda: settings.value(setting(FIRST)))
        self.assertEqual("pvinverter:34", settings.value(setting(FIRST)))
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(owner, self.client.owner(P34))
        settings.change(setting(FIRST), "pvinverter:40")
        self.wait_services(PVINVERTER % 40)

    def test_it_comes_later_and_knows_better(self):
        program, settings = self.run_known()
        program.start()
        self.wait_services(P34, timeout=AT_ONCE)
        settings.put(SOMEBODY, "pvinverter:34")
        settings.come()
        self.wait_services(P35)
        self.assertEqual("pvinverter:35", settings.value(setting(FIRST)))
        self.assert_is(P35, FIRST)

    @each(("kept", False), ("erased", True))
    def test_it_goes_and_comes(self, erased):
        """No service leaves the bus for it."""
        settings = self.settings_service()
        self.scene()
        program = self.start()
        self.wait_services(P34, P35)
        owners = self.owners(P34, P35)
        before = self.serials()
        settings.go()
        if erased:
            settings.erase()
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(owners, self.owners(P34, P35))
        asked = settings.count("AddSettings")
        settings.come()
        self.wait("asked again", lambda: settings.count("AddSettings") >= asked + 2)
        self.wait_polls(self.dtu, LIVE, 1)
        self.assertEqual(owners, self.owners(P34, P35))
        for serial, instance in before.items():
            self.wait_setting(settings, f"pvinverter:{instance}", serial)
        settings.change(setting(FIRST), "pvinverter:50")
        self.wait_services(PVINVERTER % before[SECOND], PVINVERTER % 50)
        self.assertEqual([], program.lines("ERROR"))

    @each(("hangs", "hang"), ("fails", "fail"))
    def test_it_does_not_answer(self, how):
        """Said once; what the program itself knows is used."""
        settings = self.settings_service()
        setattr(settings, how, True)
        self.scene()
        program = self.start()
        self.wait_services(P34, P35, timeout=12.0)
        self.assertEqual(1, len(program.lines("WARNING", "settings")), program.log())
        self.wait_value(P34, "/StatusCode", 7)

    def test_it_refuses_an_instance(self):
        settings = self.settings_service()
        settings.refuse[setting(FIRST)] = -4
        self.scene()
        self.start()
        self.wait_services(P34, P35)
        self.assertEqual({FIRST, SECOND}, set(self.serials()))
        self.assertIsNone(settings.value(setting(FIRST)))

    # --- clashes ------------------------------------------------------------------------------

    def wait_clash(self, program, wanted, other, level="ERROR"):
        """One line that names both; no ERROR where nobody asked for that number."""
        self.wait("the clash", lambda: program.lines(level))
        self.assertEqual(1, len(program.lines(level)), program.log())
        self.assertEqual(1, len(program.lines(level, "INVERTER0", f"{wanted}", other)),
                         program.log())

    @on_every_model("number")
    @each(("number", "pvinverter.other", 20), ("name", "pvinverter.http_20", 99),
          ("both", "pvinverter.http_20", 20))
    def test_taken_explicit(self, name, instance):
        """The next free one is used, and nobody dies."""
        self.other(name, instance)
        self.scene(sections=0)
        self.configure({"Host": self.dtu.host, "AutoAdd": 0}, INVERTER0=inverter(20))
        program = self.start()
        self.wait_services(P34)
        self.assert_is(P34, FIRST)
        self.wait_value(P34, "/StatusCode", 7)
        self.wait_clash(program, 20, name if instance == 20 else "20")

    @each(("number", "pvinverter.other", 34), ("name", "pvinverter.http_34", 99))
    def test_taken_claimed(self, name, instance):
        """The settings service cannot know of it: it is told the one that is used instead."""
        settings = self.settings_service()
        settings.put(setting(FIRST), "pvinverter:34")
        self.other(name, instance)
        self.scene(sections=1)
        program = self.start()
        self.wait_services(P35)
        self.assert_is(P35, FIRST)
        self.wait_setting(settings, "pvinverter:35")
        self.wait_clash(program, 34, name if instance == 34 else "34", "WARNING")
        self.assertFalse(program.lines("ERROR"))

    def test_taken_on_the_bus_and_in_the_settings(self):
        """One knows of these, the other of those: together they find one that is free."""
        settings = self.settings_service()
        settings.put(setting(FIRST), "pvinverter:34")
        settings.put(SOMEBODY, "pvinverter:35")
        self.other("pvinverter.other", 34)
        self.scene(sections=1)
        self.start()
        self.wait_services(P36)
        self.wait_setting(settings, "pvinverter:36")
        self.assert_is(P36, FIRST)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual([P36], self.services())

    def test_taken_before_anything_was_claimed(self):
        """No clash at all: a free one is asked for."""
        settings = self.settings_service()
        self.other("pvinverter.other", 34)
        self.other("grid.other", 35)
        self.scene(sections=1)
        program = self.start()
        self.wait_services(P35)
        self.assertEqual("pvinverter:35", settings.value(setting(FIRST)))
        self.assertEqual([], program.lines("ERROR"))

    def test_taken_by_one_that_hangs(self):
        """A service that does not say its instance holds nobody up for long."""
        self.settings_service()
        self.other("pvinverter.other", 34).hang = True
        self.scene(sections=1)
        self.start()
        self.wait_value(P34, "/Serial", FIRST, timeout=8.0)

    @each(("claimed", True), ("explicit", False))
    def test_a_later_service_with_our_instance(self, claimed):
        """It cannot know; we can move."""
        settings = self.settings_service()
        self.scene(sections=0)
        self.configure({"Host": self.dtu.host, "AutoAdd": 0},
                       INVERTER0=section() if claimed else inverter(34))
        program = self.start()
        self.wait_value(P34, "/StatusCode", 7)
        owner = self.client.owner(P34)
        self.other("grid.other", 34)
        self.other("pvinverter.far", 35)
        self.wait_polls(self.dtu, LIVE, 2)
        self.assertEqual(owner, self.client.owner(P34))
        self.other("pvinverter.other", 34)
        self.wait_services(P36)
        self.assert_is(P36, FIRST)
        self.wait_clash(program, 34, "com.victronenergy.pvinverter.other",
                        "WARNING" if claimed else "ERROR")
        self.wait_setting(settings, "pvinverter:36" if claimed else None)

    def test_a_service_takes_our_instance(self):
        other = self.other("pvinverter.other", 80)
        self.settings_service()
        self.scene(sections=1)
        program = self.start()
        self.wait_value(P34, "/StatusCode", 7)
        other.change(34)
        self.wait_services(P35)
        self.wait_clash(program, 34, "com.victronenergy.pvinverter.other", "WARNING")

    def test_another_takes_the_name_in_between(self):
        """While we are restarted: not robbed, and not waited for."""
        program, settings = self.run_known()
        settings.come()
        settings.put(setting(FIRST), "pvinverter:34")
        self.client.bus_call(message_bus.RequestName(P34))  # and never answers
        program.start()
        self.wait("a service", lambda: P35 in self.client.names(), timeout=8.0)
        self.assert_is(P35, FIRST)

    def test_an_explicit_one_is_served_first(self):
        """Whoever got it by itself makes room."""
        settings = self.settings_service()
        self.scene(sections=1)
        self.start()
        self.wait_value(P34, "/Serial", FIRST)
        self.edit({"Host": self.dtu.host, "AutoAdd": 0},
                  INVERTER0=section(), INVERTER1=inverter(34))
        self.wait_services(P34, P35)
        self.wait_value(P34, "/Serial", SECOND)
        self.assert_is(P35, FIRST)
        self.wait_setting(settings, "pvinverter:35")

    def test_names_of_our_own_are_no_clash(self):
        """After a power cut, or beside each other, the program's own services are not others'."""
        self.settings_service()
        self.scene()
        program = self.start()
        self.wait_services(P34, P35)
        for _ in range(3):
            program.kill()
            program.start()
            self.wait_services(P34, P35)
        self.assertEqual([], program.lines("ERROR"))

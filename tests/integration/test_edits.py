"""An edit of the configuration: whom it does not concern stays on the bus, whom it does moves at once."""

import time

from tests.integration.case import PVINVERTER, each, on_every_model
from tests.integration.program import patience, template
from tests.integration.venus import VenusTest, setting
from tests.sim import Generic, Inverter

A, B, C = "116182000001", "116182000002", "116182000003"
P34, P35, P36, P40 = (PVINVERTER % n for n in (34, 35, 36, 40))
INVERTER_40 = "com.victronenergy.inverter.http_40"
AT_ONCE = 1.0  # second; between two polls lie five, and nothing may wait for the next

# What is in the file before and after: name, sections, sections, and where A, B and C are then.
STAYS = (P34, P35, P36)
EDITS = (
    ("section_by_place", {}, {"INVERTER0": {"Phase": "L2"}}, STAYS),
    ("section_by_serial", {}, {"INVERTER7": {"Phase": "L2", "Serial": A}}, STAYS),
    ("section_with_an_instance", {}, {"INVERTER0": {"Phase": "L2", "DeviceInstance": 40}},
     (P40, P35, P36)),
    ("serial_and_instance", {}, {"INVERTER7": {"Serial": B, "DeviceInstance": 40}},
     (P34, P40, P36)),
    ("section_with_a_class", {}, {"INVERTER0": {"Servicename": "com.victronenergy.inverter",
                                                "DeviceInstance": 40}}, (INVERTER_40, P35, P36)),
    ("instance_fixed", {"INVERTER0": {"Phase": "L2"}},
     {"INVERTER0": {"Phase": "L2", "DeviceInstance": 40}}, (P40, P35, P36)),
    ("instance_it_has", {"INVERTER0": {}}, {"INVERTER0": {"DeviceInstance": 34}}, STAYS),
    ("instance_of_another", {}, {"INVERTER0": {"DeviceInstance": 35}}, (P35, None, P36)),
    ("second_section", {"INVERTER0": {"Phase": "L2"}},
     {"INVERTER0": {"Phase": "L2"}, "INVERTER2": {"Phase": "L3"}}, STAYS),
    ("section_removed", {"INVERTER0": {"Phase": "L2"}}, {}, STAYS),
    ("section_renamed", {"INVERTER0": {"Phase": "L2"}},
     {"INVERTER5": {"Phase": "L2", "Index": 0}}, STAYS),
    ("serials_exchanged", {"INVERTER0": {"Serial": A}, "INVERTER1": {"Serial": B}},
     {"INVERTER0": {"Serial": B}, "INVERTER1": {"Serial": A}}, STAYS),
    ("serial_instead_of_a_place", {"INVERTER0": {}}, {"INVERTER0": {"Serial": C}}, STAYS),
)


class EditTest(VenusTest):

    def scene(self, sections, **default):
        self.dtu = self.opendtu(*(Inverter(s, s[-1], peak=400, base_kwh=100) for s in (A, B, C)))
        self.default = {"Host": self.dtu.host, "PollingInterval": 5000, **default}
        settings = self.settings_service()
        for serial, instance in ((A, 34), (B, 35), (C, 36)):
            settings.put(setting(serial), f"pvinverter:{instance}")
        self.configure(self.default, **sections)
        self.start()

    def there(self):
        """Which inverter has which name, and counts."""
        found = {self.peek(name, "/Serial"): name for name in self.services()}
        return {serial: name for serial, name in found.items()
                if isinstance(self.peek(name, "/Ac/Energy/Forward"), float) or "inverter.http" in name}

    def edit_and_watch(self, default, sections, wanted):
        """Longest time that each inverter was away, from the edit until all are where they belong."""
        self.configure(default, **sections)
        begin = time.monotonic()
        seen = {serial: begin for serial in self.there()}
        away = dict.fromkeys(seen, 0.0)
        while True:
            there, now = self.there(), time.monotonic()
            for serial in there:
                away[serial] = max(away.get(serial, 0.0), now - seen.get(serial, begin))
                seen[serial] = now
            if wanted(there):
                return away
            self.assertLess(now - begin, (AT_ONCE + 0.5) * patience(), f"{there}")  # 0.5 s: to see the file

    @on_every_model("section_with_an_instance")
    @each(*EDITS)
    def test_edit(self, before, after, places):
        self.scene(before)
        self.wait("all three", lambda: len(self.there()) == 3, 10.0)
        self.assertEqual(STAYS, tuple(self.there()[s] for s in (A, B, C)))
        stay = [name for name, place in zip(STAYS, places) if name == place]
        owners = self.owners(*stay)

        def wanted(there):
            return all(s in there and place in (there[s], None) for s, place in
                       zip((A, B, C), places)) and len(set(there.values())) == 3

        if places == STAYS:  # it is to be seen by something else that the edit has been read
            before = self.applied()
            self.edit_and_watch(self.default, after, lambda there: self.applied() > before)
        away = self.edit_and_watch(self.default, after, wanted)
        self.assertLess(max(away.values()), AT_ONCE * patience(), away)
        self.assertEqual(owners, self.owners(*stay))
        phase = next((k.get("Phase") for k in after.values()), "L1") or "L1"
        if places[0] == P34 and "INVERTER0" in after and after["INVERTER0"].get("Serial") != C:
            self.assert_value(P34, "/PhaseSetting", int(phase[1]))
        self.wait_requests(self.dtu, 4)
        self.assertTrue(wanted(self.there()), self.there())
        if None not in places:  # of one that has to make room it is said
            self.assertEqual([], self.programs[0].lines("ERROR"))

    def test_what_was_not_published_appears(self):
        """Without AutoAdd: its place in the list is known, and so are its values."""
        self.scene({"INVERTER0": {}}, AutoAdd=0)
        self.wait("the first", lambda: len(self.there()) == 1, 10.0)
        owners = self.owners(P34)
        self.edit_and_watch(self.default, {"INVERTER0": {}, "INVERTER2": {"DeviceInstance": 40}},
                            lambda there: there.get(C) == P40)
        self.assertEqual(owners, self.owners(P34))

    @each(("template", True), ("dtu", False))
    def test_another_gateway(self, is_template):
        """Those of the first do not notice."""
        self.scene({"INVERTER0": {"Phase": "L2"}})
        self.wait("all three", lambda: len(self.there()) == 3, 10.0)
        owners = self.owners(*STAYS)
        polls = self.dtu.counts.requests["/api/livedata/status"]
        if is_template:
            meter = self.gateway(Generic({"/state": {"p": 100.0, "e": 12.5}}))
            more = {"TEMPLATE0": template(40, meter.host, "state", CUST_Power="p", CUST_Total="e")}
        else:
            other = self.opendtu(Inverter("116182000009", "Nine", peak=400, base_kwh=100))
            more = {"DTU1": {"Host": other.host}, "INVERTER9": {"DTU": 1, "DeviceInstance": 40}}
        default = {**self.default, "NumberOfTemplates": int(is_template)}
        away = self.edit_and_watch(default, {"INVERTER0": {"Phase": "L2"}, **more},
                                   lambda there: P40 in there.values())
        self.assertLess(max(away[s] for s in (A, B, C)), AT_ONCE)
        self.assertEqual(owners, self.owners(*STAYS))
        self.assertLessEqual(self.dtu.counts.requests["/api/livedata/status"], polls + 1)

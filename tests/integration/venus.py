"""The rest of a GX device around the program, and what its owner does there."""

import json
import os

from tests.integration.case import BusTest
from tests.integration.settings_service import DEVICES, INSTANCE, Other, SettingsService

# A device that never had an instance waits so long for a settings service that is not there.
NO_SETTINGS = 16.0
# A device that is known waits for nothing, and for nobody.
AT_ONCE = 4.0
LIST = "/api/livedata/status"  # the request that begins each poll of an OpenDTU


def section(phase="L1", **keys):
    """Keys of an [INVERTERn] that claims its instance."""
    return {"Phase": phase, "AcPosition": 1, **keys}


def setting(serial, leaf=INSTANCE):
    """Where something of an inverter lies in the settings service."""
    return f"{DEVICES}/dtu_{serial.lower().lstrip('0')}/{leaf}"


class VenusTest(BusTest):
    """With other processes on the bus, and a configuration that is edited while it is in use."""

    def setUp(self):
        super().setUp()
        self.others = []

    # --- who else is there --------------------------------------------------------------------

    def come(self, exporter):
        self.others.append(exporter)
        self.addCleanup(exporter.close)
        return exporter.come()

    def settings_service(self, **options):
        return self.come(SettingsService(self.bus, **options))

    def other(self, name, instance):
        """Some other driver's service: "pvinverter.other"."""
        return self.come(Other(self.bus, name, instance))

    def services(self):
        """The program's own."""
        others = {other.name for other in self.others if other.there}
        return [name for name in self.client.names() if name not in others]

    def wait_services(self, *names, timeout=6.0):
        """Waits until the program has exactly these."""
        wanted = sorted(names)
        try:
            self.wait("its services", lambda: self.services() == wanted, timeout)
        except AssertionError:
            self.fail(f"there are {self.services()}, not {wanted}")

    def owners(self, *names):
        """Their unique names: who is still the same, was not off the bus."""
        return {name: self.client.owner(name) for name in names}

    def assert_asked_no_more(self, gateway, still=None):
        """A gateway that has been given up, while another one is polled: still, or self.dtu.

        Of a request that was under way then, it may hear a little later.
        """
        still = still or self.dtu
        self.wait_polls(still, LIST, 1)
        asked = gateway.counts.total
        self.wait_polls(still, LIST, 2)
        self.assertEqual(asked, gateway.counts.total)

    # --- what is remembered -------------------------------------------------------------------

    def remembered(self):
        """The state file: identity -> entry."""
        path = os.path.join(self.folder, "state.json")
        try:
            with open(path, encoding="utf-8") as file:
                return {entry["id"]: entry for entry in json.load(file)["devices"]}
        except FileNotFoundError:
            return {}

    def forget(self):
        """As after an update that lost /data."""
        for end in ("", ".bak"):
            path = os.path.join(self.folder, "state.json" + end)
            if os.path.exists(path):
                os.remove(path)

    # --- reloading ----------------------------------------------------------------------------

    def applied(self):
        """How often the program said that it uses a configuration."""
        return len(self.programs[-1].lines("INFO", "gateways:", "devices:"))

    def edit(self, default=None, **sections):
        """Writes another configuration, and waits until it is in use, as a changed file is."""
        before = self.applied()
        self.configure(default, **sections)
        self.wait("the new configuration", lambda: self.applied() > before)


"""A stand-in for avahi-daemon on the bus: its Server interface, as far as programs browse by it (Avahi 0.8)."""

import time

from jeepney import DBusAddress, new_signal

from tests.integration.settings_service import Exporter, Refusal

AVAHI = "org.freedesktop.Avahi"
IPV4 = 0


class Avahi(Exporter):
    """services: (name, type, host, address, port) of what announces itself."""

    def __init__(self, bus, services=()):
        super().__init__(bus, AVAHI)
        self.services = list(services)
        self.unresolved = set()  # names of those that have gone when they are asked for
        self.silent = False      # never says that these are all
        self.types = []          # that were browsed for

    def handle(self, interface, member, path, body):
        if interface != AVAHI + ".Server":
            raise Refusal(f"no such interface: {interface}")
        if member == "ServiceBrowserNew":
            return self._browse(*body)
        if member == "ResolveService":
            return self._resolve(*body)
        raise Refusal(f"no such method: {member}")

    def _browse(self, _interface, _protocol, kind, domain, _flags):
        self.types.append(kind)
        browser = DBusAddress(f"/Client1/ServiceBrowser{len(self.types)}",
                              interface=AVAHI + ".ServiceBrowser")
        items = [(2, IPV4, name, kind, domain or "local", 4)
                 for name, its_kind, *_ in self.services if its_kind == kind]
        self._later(browser, items)
        return "o", (browser.object_path,)

    def _later(self, browser, items):
        """Twice, as from two interfaces. Sent before the reply to the call, which Avahi may do as well."""
        for item in items + items:
            self._connection.send(new_signal(browser, "ItemNew", "iisssu", item))
        if not self.silent:
            self._connection.send(new_signal(browser, "AllForNow"))

    def _resolve(self, interface, protocol, name, kind, domain, address_protocol, _flags):
        for its_name, its_kind, host, address, port in self.services:
            if (its_name, its_kind) == (name, kind) and name not in self.unresolved:
                time.sleep(0.01)
                return "iissssisqaayu", (interface, protocol, name, kind, domain, host,
                                         address_protocol, address, port, [b"gen=2"], 4)
        raise Refusal("Timeout reached")

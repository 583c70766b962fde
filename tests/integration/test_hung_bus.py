"""A D-Bus that hangs holds up nothing but what is on it: gateways are polled on, and an end is an end."""

import os
import socket
import threading

from tests.integration.case import PVINVERTER, BusTest
from tests.integration.program import inverter
from tests.sim import Inverter

LIVE = "/api/livedata/status"
P20, P21 = PVINVERTER % 20, PVINVERTER % 21


class MuteBus:
    """Accepts every connection, reads nothing, says nothing."""

    def __init__(self, path):
        self.address = f"unix:path={path}"
        self.accepted = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                self.accepted.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        for connection in self.accepted:
            connection.close()


class HungBusTest(BusTest):

    def scene(self):
        self.dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        self.configure({"Host": self.dtu.host, "AutoAdd": 0}, INVERTER0=inverter(20))

    def test_mute_bus(self):
        """It is waited for, with one line in the log and one connection."""
        self.scene()
        bus = MuteBus(os.path.join(self.folder, "mute"))
        self.addCleanup(bus.close)
        program = self.start(environment={"DBUS_SESSION_BUS_ADDRESS": bus.address})
        self.wait("the line in the log", lambda: program.lines("ERROR", "does not answer"), 10.0)
        self.wait_polls(self.dtu, LIVE, 3)
        self.assertEqual(1, len(program.lines("ERROR")), program.log())
        self.assertEqual(1, len(bus.accepted))

    def test_hangs_at_the_start(self):
        self.scene()
        self.bus.hang()
        self.addCleanup(self.bus.resume)
        self.start()
        self.wait_polls(self.dtu, LIVE, 3)
        self.bus.resume()
        self.wait_names(P20)

    def test_hangs_while_a_service_appears(self):
        """The service that was there goes on where it was, the new one comes when the bus is back."""
        self.scene()
        program = self.start()
        self.wait_names(P20)
        self.bus.hang()
        self.addCleanup(self.bus.resume)
        self.configure({"Host": self.dtu.host, "AutoAdd": 0},
                       INVERTER0=inverter(20), INVERTER1=inverter(21))
        self.wait("the new one is read", lambda: program.lines("114182000002", "is running"))
        self.wait_polls(self.dtu, LIVE, 3)
        self.dtu["114182000001"].fix(power=321.0)
        self.wait_polls(self.dtu, LIVE, 2)
        self.bus.resume()
        self.wait_names(P20, P21)
        self.wait_value(P20, "/Ac/Power", 321.0)

    def test_hangs_at_the_end(self):
        """SIGTERM ends the program in its time (the test's own check at its end)."""
        self.scene()
        self.start()
        self.wait_names(P20)
        self.bus.hang()
        self.addCleanup(self.bus.resume)
        self.wait_polls(self.dtu, LIVE, 2)

"""From a config.ini to services: today's files, missing and broken ones, reading anew."""

import os
import shutil
import signal
import time
import unittest

from tests.integration.bus import Bus, Client
from tests.integration.case import PVINVERTER, BusTest, each, on_every_model, slow
from tests.integration.program import ENDS_WITHIN, inverter, patience, template
from tests.sim import Basic, Fault, Generic, Inverter, ShellyGen2, Tasmota

LIVE = "/api/livedata/status"

# Written as the files are that people have: every key, odd spacing, comments, mixed case.
TODAYS_FILE = """\ufeff# My system\r
[DEFAULT]\r
; sign of life in the log, minutes\r
SignOfLifeLog = 1\r
NumberOfTemplates=2\r
DTU=OpenDTU\r
numberofinverterstoquery=0\r
useYieldDay=0\r
ESP8266PollingIntervall=10000\r
Logging=ERROR\r
MaxAgeTsLastSuccess=600\r
DryRun=0\r
Host={dtu}\r
HTTPTimeout=2.5\r
Username=\r
Password=\r
ErrorMode=retrycount\r
RetryAfterSeconds=180\r
MinRetriesUntilFail=3\r
ErrorStateAfterSeconds=0\r
\r
[INVERTER0]\r
Phase=L1\r
DeviceInstance=34\r
AcPosition=1\r
Servicename=com.victronenergy.pvinverter\r
\r
[INVERTER1]\r
Phase: L3\r
DeviceInstance: 35\r
AcPosition: 0\r
\r
[TEMPLATE0]\r
Host={tasmota}\r
Username=\r
Password=\r
DigestAuth=False\r
CUST_SN=123456789\r
CUST_API_PATH=cm?cmnd=STATUS+8\r
CUST_POLLING=2000\r
CUST_Total=StatusSNS/ENERGY/Total\r
CUST_Total_Mult=1\r
CUST_Power=StatusSNS/ENERGY/Power\r
CUST_Power_Mult=1\r
CUST_Voltage=StatusSNS/ENERGY/Voltage\r
CUST_Current=StatusSNS/ENERGY/Current\r
Phase=L1\r
DeviceInstance=36\r
AcPosition=1\r
Name=Tasmota\r
Servicename=com.victronenergy.grid\r
\r
[TEMPLATE1]\r
Host={shelly}\r
Username=\r
Password=\r
CUST_SN=12345678\r
CUST_API_PATH=rpc/Switch.GetStatus?id=0\r
CUST_POLLING=2000\r
CUST_Power=apower\r
CUST_Power_Mult=1\r
CUST_Total=aenergy/total\r
CUST_Total_Mult=0.001\r
CUST_Voltage=voltage\r
CUST_Voltage_Default=230.0\r
CUST_Current=current\r
CUST_DCVoltage=none\r
CUST_DCVoltage_Default=26.7\r
Phase=L2\r
DeviceInstance=37\r
AcPosition=0\r
Name=Shelly\r
Servicename=com.victronenergy.inverter\r
"""


def fill(pipe):
    """Until nothing goes into it any more; then blocking again, as a service's log pipe is."""
    os.set_blocking(pipe.fileno(), False)
    while pipe.write(b"x" * 4096):
        pass
    os.set_blocking(pipe.fileno(), True)


class ConfigTest(BusTest):

    def one(self, **keys):
        """An OpenDTU with one inverter as instance 20."""
        dtu = self.opendtu(Inverter("114182000001", "One"))
        self.configure({"Host": dtu.host, **keys}, INVERTER0=inverter(20))
        return dtu

    def wait_one(self, dtu, timeout=6.0):
        self.wait_value(PVINVERTER % 20, "/Ac/Power",
                        dtu.inverters[0].reading(self.sun.now()).power, timeout)

    def test_todays_file_unchanged(self):
        dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        tasmota = self.gateway(Tasmota(self.sun, [Inverter("t", "t", strings=1)]))
        shelly = self.gateway(ShellyGen2(self.sun, [Inverter("s", "s", strings=1)]))
        self.write_config(TODAYS_FILE.format(dtu=dtu.host, tasmota=tasmota.host,
                                             shelly=shelly.host))
        program = self.start()
        power = lambda gateway, n=0: gateway.inverters[n].reading(self.sun.now()).power
        self.wait_value(PVINVERTER % 34, "/Ac/L1/Power", power(dtu))
        self.wait_value(PVINVERTER % 35, "/Ac/L3/Power", power(dtu, 1))
        self.wait_value("com.victronenergy.grid.http_36", "/Ac/L1/Power", power(tasmota))
        self.wait_value("com.victronenergy.inverter.http_37", "/Ac/Out/L1/P", power(shelly))
        self.assert_value("com.victronenergy.inverter.http_37", "/Dc/0/Voltage", 26.7)
        self.assert_value("com.victronenergy.grid.http_36", "/CustomName", "Tasmota")
        self.assert_value("com.victronenergy.grid.http_36", "/Serial", "123456789")
        self.assert_value(PVINVERTER % 35, "/Position", 0)
        self.assertEqual([], program.lines("unknown"), "no word about a file that is right")
        self.assertEqual("", program.log(), "nothing to say at Logging=ERROR")

    def test_missing_file(self):
        """Alive; said once; used as soon as it is there."""
        program = self.start()
        self.wait("a word about it", lambda: program.lines("config.ini"))
        self.assert_stays("it stays alive", lambda: program.running, 6.0)
        said = len(program.log().splitlines())
        self.assertLessEqual(said, 2, program.log())
        dtu = self.one()
        self.wait_one(dtu, 10.0)

    @each(("no_section", "Host=1.2.3.4\n[DEFAULT]\n"), ("garbage", "\x00\x01\x02 nonsense \n"),
          ("duplicate_section",
           "[DEFAULT]\nHost=a\n[INVERTER0]\nPhase=L1\n[INVERTER0]\nPhase=L2\n"))
    def test_broken_file(self, text):
        """Alive; every fault with its line, once; used as soon as it is mended."""
        self.write_config(text)
        program = self.start()
        self.wait("an error", lambda: program.lines("ERROR"))
        self.assert_stays("it stays alive", lambda: program.running, 6.0)
        lines = program.log().splitlines()
        self.assertEqual(len(lines), len(set(lines)), "nothing is said twice")
        self.assertLess(len(lines), 8)
        dtu = self.one()
        self.wait_one(dtu, 10.0)

    def test_all_errors_at_once(self):
        """With line, key, what was read and what is allowed; healthy sections run."""
        dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        self.write_config(
            f"[DEFAULT]\nDTU=opendtu\nHost={dtu.host}\nHTTPTimeout=soon\nPollingInterval=1000\n"
            "[INVERTER0]\nPhase=L4\nDeviceInstance=none\n"
            "[INVERTER1]\nPhase=L1\nDeviceInstance=21\nAcPositon=1\n")
        program = self.start()
        self.wait_names(PVINVERTER % 21)
        self.wait_polls(dtu, LIVE, 2)
        self.wait_names(PVINVERTER % 21)
        log = program.log()
        self.assertRegex(log, r"ERROR .*config\.ini:8: .*DeviceInstance.*none.*auto is used")
        self.assertRegex(log, r"ERROR .*config\.ini:4: .*HTTPTimeout.*soon")
        self.assertRegex(log, r"ERROR .*config\.ini:7: .*Phase.*L4.*L1")
        self.assertRegex(log, r"WARNING .*config\.ini:12: .*AcPositon.*AcPosition")

    @each(("phase", {"Phase": "L9"}), ("position", {"AcPosition": 3}),
          ("class", {"Servicename": "inverter"}), ("serial", {"Serial": "11418 2"}),
          ("index", {"Index": 64}), ("dtu", {"DTU": 3}))
    def test_fault_that_hides_what_is_meant(self, keys):
        """Not published as one without a section: on a phase, position or class nobody chose."""
        dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20),
                       INVERTER1={**inverter(300, "L2", kind="inverter"), **keys})
        program = self.start()
        self.wait_one(dtu)
        self.wait_polls(dtu, LIVE, 3)
        self.assertEqual([PVINVERTER % 20], self.client.names())
        self.assertEqual(1, len(program.lines("ERROR")), program.log())
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20),
                       INVERTER1=inverter(300, "L2", kind="inverter"))
        self.wait_names(PVINVERTER % 20, "com.victronenergy.inverter.http_300")

    @each(("beyond", 1024), ("text", "twenty"), ("twin", 20))
    def test_wrong_instance(self, instance):
        """Any number will do; the rest of the section holds."""
        dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), INVERTER1=inverter(instance, "L2"))
        program = self.start()
        self.wait_names(PVINVERTER % 20, PVINVERTER % 34, timeout=16.0)
        self.wait_value(PVINVERTER % 34, "/PhaseSetting", 2)
        self.assertEqual(1, len(program.lines("ERROR", "DeviceInstance", "auto is used")))

    def test_partly_broken_file_that_is_mended(self):
        """The section that was kept off the bus joins when the file is right."""
        dtu = self.opendtu(Inverter("114182000001", "One"), Inverter("114182000002", "Two"))
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20, "L9"), INVERTER1=inverter(21))
        self.start()
        self.wait_names(PVINVERTER % 21)
        self.configure({"Host": dtu.host}, INVERTER0=inverter(20), INVERTER1=inverter(21))
        self.wait_names(PVINVERTER % 20, PVINVERTER % 21, timeout=12.0)

    @each(("percent_doubled", "50%% off#1;2", "50% off#1;2"),
          ("percent_alone", "50% off", "50% off"), ("quotes", '"pass word"', '"pass word"'),
          ("colon_and_equals", "a:b=c", "a:b=c"), ("umlaut", "pässword", "pässword"))
    def test_password(self, written, meant):
        """A password may hold anything, and never appears in the log."""
        dtu = self.opendtu(Inverter("114182000001", "One"))
        dtu.auth = Basic("admin", meant)
        self.configure({"Host": dtu.host, "Username": "admin", "Password": written,
                        "Logging": "DEBUG"}, INVERTER0=inverter(20))
        program = self.start()
        self.wait_one(dtu)
        self.assertNotIn(written, program.log())
        self.assertNotIn(meant, program.log())

    @each(("scheme", "http://{host}"), ("slash", "http://{host}/"), ("spaces", "  {host}  "),
          ("name", "localhost:{port}"))
    def test_host(self, form):
        dtu = self.opendtu(Inverter("114182000001", "One"))
        self.configure({"Host": form.format(host=dtu.host, port=dtu.port)}, INVERTER0=inverter(20))
        self.start()
        self.wait_one(dtu)

    def test_bus_that_comes_later(self):
        """No bus at the start: said once; the services appear when there is one."""
        dtu = self.one()
        self.bus.close()
        program = self.start()
        self.wait_polls(dtu, LIVE, 3)
        self.assertEqual(1, len(program.lines("ERROR", "D-Bus")), program.log())
        self.bus = Bus(self.folder)
        self.addCleanup(self.bus.close)
        self.client = Client(self.bus)
        self.addCleanup(self.client.close)
        self.wait_names(PVINVERTER % 20, timeout=15.0)

    def test_hangup_reads_anew(self):
        dtu = self.one()
        program = self.start()
        self.wait_one(dtu)
        self.configure({"Host": dtu.host}, INVERTER0=inverter(25, "L3"))
        program.send(signal.SIGHUP)
        self.wait_names(PVINVERTER % 25)
        self.wait_value(PVINVERTER % 25, "/Ac/L3/Power",
                        dtu.inverters[0].reading(self.sun.now()).power)

    def test_hangup_with_a_broken_file(self):
        """What ran, runs on."""
        dtu = self.one()
        program = self.start()
        self.wait_one(dtu)
        self.write_config(f"[DEFAULT]\nHost={dtu.host}\n[INVERTER0]\nPhase=L9\nDeviceInstance=20\n")
        program.send(signal.SIGHUP)
        self.wait("an error", lambda: program.lines("ERROR", "Phase"))
        self.wait_polls(dtu, LIVE, 2)
        self.wait_one(dtu)

    def test_hangup_while_a_gateway_hangs(self):
        dtu = self.one()
        program = self.start()
        self.wait_one(dtu)
        dtu.fault = Fault("hang")
        self.wait_polls(dtu, LIVE, 1)
        program.send(signal.SIGHUP)
        dtu.fault = None
        self.wait("the service is back", lambda: self.client.names() == [PVINVERTER % 20])
        self.wait_one(dtu)

    @on_every_model("while_it_hangs")
    @each(("in_peace", None), ("while_it_hangs", Fault("hang")), ("while_it_drips", Fault("drip")))
    def test_terminate(self, fault):
        """Names leave the bus, exit code 0, at once."""
        dtu = self.one(HTTPTimeout=30)
        program = self.start()
        self.wait_one(dtu)
        if fault:
            dtu.fault = fault
            self.wait_polls(dtu, LIVE, 1)
        code, seconds = program.stop()
        self.assertEqual(0, code)
        self.assertLess(seconds, ENDS_WITHIN * patience())
        self.wait("its name has gone", lambda: self.client.names() == [], 1.0)
        self.ends_well = False

    def test_interrupt(self):
        self.one()
        program = self.start()
        self.wait_names(PVINVERTER % 20)
        self.assertEqual(0, program.stop(signal.SIGINT)[0])
        self.ends_well = False

    @each(("password", {"Password": "openDTU42"}, True), ("none", {}, False))
    def test_open_to_others(self, keys, closed):
        """A file with a password, and the copy of it, are for their owner alone."""
        dtu = self.one(**keys)
        config, copy = (os.path.join(self.folder, name) for name in ("config.ini", "copy.ini"))
        shutil.copy(config, copy)
        for path in (config, copy):
            os.chmod(path, 0o644)
        program = self.start("", "--copy", copy)
        self.wait_one(dtu)
        for path in (config, copy):
            self.assertEqual(0o600 if closed else 0o644, os.stat(path).st_mode & 0o777)
        told = program.lines("WARNING", "DTU-008", "now it is for its owner alone")
        self.assertEqual(2 if closed else 0, len(told), program.log())
        self.assertNotIn("openDTU42", program.log())
        self.one(**keys, MinRetriesUntilFail=4)
        self.wait("it is read again", lambda: len(program.lines("gateways:", "devices:")) > 1)
        self.assertEqual(told, program.lines("DTU-008"))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_open_to_others_for_good(self):
        """Another user's file cannot be closed without the rights that were given up."""
        dtu = self.one(Password="openDTU42")
        path = os.path.join(self.folder, "config.ini")
        os.chmod(path, 0o644)
        os.chown(path, 12345, 12345)
        program = self.start()
        self.wait_one(dtu)
        self.assertEqual(1, len(program.lines("WARNING", "DTU-008", "cannot be changed")))
        self.assertEqual(0o644, os.stat(path).st_mode & 0o777)

    def test_bus_lost(self):
        """Ends with an error, so that the supervisor starts it again."""
        dtu = self.one()
        program = self.start()
        self.wait_one(dtu)
        self.bus.close()
        self.ends_well = False
        self.wait("its end", lambda: not program.running, 3.0)
        self.assertNotEqual(0, program.process.returncode)
        self.assertGreater(program.process.returncode, 0, "an exit, not a signal")
        self.assertLessEqual(len(program.lines("D-Bus")), 2, program.log())

    def test_dry_run(self):
        """Reads and logs; there is a service, and no measurement on it."""
        dtu = self.one(DryRun=1)
        program = self.start()
        self.wait_names(PVINVERTER % 20)
        self.wait_polls(dtu, LIVE, 3)
        power = dtu.inverters[0].reading(self.sun.now()).power
        self.assertTrue(program.lines("DryRun", f"{power:.1f}"), program.log())
        for path in ("/Ac/Power", "/Ac/Energy/Forward", "/Ac/L1/Power"):
            self.assertIn(self.peek(PVINVERTER % 20, path), (None, "absent"), path)

    @slow
    def test_sign_of_life(self):
        dtu = self.one(SignOfLifeLog=1)
        program = self.start()
        self.wait_one(dtu)
        self.assertEqual([], program.lines("/Ac/Power"))
        self.wait("a sign of life after a minute", lambda: program.lines("INFO", "/Ac/Power"), 65.0,
                  every=0.5)
        power = dtu.inverters[0].reading(self.sun.now()).power
        self.assertTrue(program.lines("/Ac/Power", f"{power:.0f}"), program.log())

    def test_log_lines(self):
        """LEVEL message, nothing else."""
        dtu = self.one(Logging="DEBUG")
        program = self.start()
        self.wait_one(dtu)
        for line in program.log().splitlines():
            self.assertRegex(line, r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL) \S")

    @each(("CRITICAL", 50), ("ERROR", 40), ("WARNING", 30), ("INFO", 20), ("DEBUG", 10))
    def test_log_level(self, number):
        level = {50: "CRITICAL", 40: "ERROR", 30: "WARNING", 20: "INFO", 10: "DEBUG"}[number]
        dtu = self.one(Logging=level)
        program = self.start()
        self.wait_one(dtu)
        dtu.refuse_connections()
        self.wait_value(PVINVERTER % 20, "/StatusCode", 10)
        numbers = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
        said = [numbers[line.split()[0]] for line in program.log().splitlines()]
        self.assertTrue(all(n >= number for n in said), program.log())
        if number <= 30:
            self.assertIn(30, said)

    def test_dead_gateway_does_not_fill_the_log(self):
        dtu = self.one()
        program = self.start()
        self.wait_one(dtu)
        self.wait("all that a start says", lambda: program.lines("is com.victronenergy"))
        before = len(program.log().splitlines())
        dtu.refuse_connections()
        self.wait_value(PVINVERTER % 20, "/StatusCode", 10)
        time.sleep(5.0)
        lines = program.log().splitlines()[before:]
        self.assertEqual(1, len([line for line in lines if "DEFAULT" in line]), lines)
        self.assertLessEqual(len(lines), 2, lines)
        dtu.accept_connections()
        self.wait_one(dtu)
        recovered, = self.wait("its end", lambda: program.lines("DEFAULT", "answers again"))
        self.assertRegex(recovered, r" and \d+ failures\)$", "with a count")

    def test_state_is_written_at_the_end(self):
        dtu = self.one()
        program = self.start()
        self.wait_one(dtu)
        program.stop()
        self.ends_well = False
        self.assertTrue(os.path.exists(program.state_path))

    @each(("full", False), ("closed", True))
    def test_nobody_reads_the_log(self, closed):
        """A full or broken pipe to the logger (a full disk) stops nothing."""
        dtu = self.one(Logging="DEBUG", DryRun=0)
        readable, writable = os.pipe()
        with os.fdopen(readable, "rb") as reader, os.fdopen(writable, "wb", 0) as writer:
            if closed:
                reader.close()
            else:
                fill(writer)
            program = self.start(stderr=writer)
            self.wait_one(dtu)
            dtu.fault = Fault("html")
            self.wait_value(PVINVERTER % 20, "/StatusCode", 10)
            dtu.fault = None
            self.wait_one(dtu)
            self.assertEqual(0, program.stop()[0])
        self.ends_well = False

    def test_polling_interval_guard(self):
        """No faster than once a second, and that is said."""
        dtu = self.one(PollingInterval=100)
        program = self.start()
        self.wait_one(dtu)
        self.wait_polls(dtu, LIVE, 3)
        polls = [when for when, target in dtu.counts.targets if target == LIVE]
        self.assertGreater((polls[-1] - polls[0]) / (len(polls) - 1), 0.8, polls)
        self.assertTrue(program.lines("PollingInterval"), program.log())

    def test_duplicate_instance_in_another_class(self):
        """Instances count per class: a grid meter 20 beside a pvinverter 20 is fine."""
        dtu = self.opendtu(Inverter("114182000001", "One"))
        meter = self.gateway(Generic({"/state": {"p": 5}}))
        self.configure({"Host": dtu.host, "NumberOfTemplates": 1}, INVERTER0=inverter(20),
                       TEMPLATE0=template(20, meter.host, "state", kind="grid", CUST_Power="p"))
        self.start()
        self.wait_names(PVINVERTER % 20, "com.victronenergy.grid.http_20")

"""What the pages show and write, in each state and language. Needs Qt: `make gui-test` installs it and runs this."""

import json
import subprocess
import unittest

from tests.gui.plugin import LANGUAGES, PAGES, words
from tests.gui.screen import PV, QMLLINT, SERVICE, STANDINS, Screen, below, device, gateway, inverter, service

WORDS = {language: {key[len("opendtu_"):]: text for key, text in texts.items()} for language, texts in words().items()}
EN = WORDS["en"]
ROOF = f"{SERVICE}/Devices/114182940770"


def fill(text, *values):
    for number, value in enumerate(values, 1):
        text = text.replace(f"%{number}", str(value))
    return text


class ScreenTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.screen = Screen()
        cls.addClassCleanup(cls.screen.close)

    def settings(self, values, *actions, **options):
        return self.screen.run("Settings", values, *actions, **options)

    def device(self, changes=(), *actions, **options):
        others = {uid: value for uid, value in service().items() if not uid.startswith(ROOF)}
        values = {**others, **device(0, **dict(changes))}
        return self.screen.run("Device", values, *actions, properties={"title": "Roof 0", "service": SERVICE, "uid": ROOF},
                               **options)

    def values(self, values, *actions, uid=PV, **options):
        return self.screen.run("Values", values, *actions, properties={"device": {"serviceUid": uid}}, **options)


class LintTest(unittest.TestCase):
    def test_qmllint(self):
        """Unqualified: each delegate names its page's root, which newer versions want declared and older ones cannot."""
        pages = sorted(PAGES.glob("*.qml"))
        done = subprocess.run([QMLLINT, "--unqualified", "disable", "--json", "-", "-I", STANDINS, *pages],
                              capture_output=True, text=True)
        files = json.loads(done.stdout)["files"]
        self.assertEqual(len(files), len(pages))
        said = [(file["filename"], warning["message"]) for file in files for warning in file["warnings"]]
        # Debian's package lacks a file of Qt's own.
        packaging = ("Warnings occurred while importing base modules:", "Failed to find the following builtins: jsroot")
        self.assertEqual([entry for entry in said if not entry[1].startswith(packaging)], [])


class SettingsTest(ScreenTest):
    def test_absent(self):
        for language in LANGUAGES:
            view, = self.settings({}, language=language)
            w = WORDS[language]
            self.assertEqual(view.rows, [("text", w["absent"], ""), ("text", w["absent_remedy"], "")])
        self.assertIn("restart.sh", EN["absent_remedy"])

    def test_comes_and_goes(self):
        values = service()
        gone = {"set": {uid: None for uid in values}}
        views = self.settings({}, {"set": values}, gone)
        self.assertEqual(views[0].labels, views[2].labels)
        self.assertEqual(views[1].behind(EN["state"]), EN["runs"])
        self.assertNotIn(EN["absent"], views[1].labels)

    def test_nothing_yet(self):
        view, = self.settings(service(0, 0, State=0))
        self.assertEqual(view.behind(EN["state"]), EN["starts"])
        self.assertIn(EN["no_gateways"], view.labels)
        self.assertIn(EN["no_devices"], view.labels)
        self.assertEqual([row for row in view.rows if row[0] == "navigation"], [])

    def test_one_and_ten_in_each_language(self):
        for count in (1, 10):
            for language in LANGUAGES:
                w = WORDS[language]
                view, = self.settings(service(min(count, 4), count), language=language)
                self.assertEqual(view.title, "dbus-opendtu")
                self.assertEqual(view.behind(w["state"]), w["runs"])
                self.assertEqual(view.behind(w["version"]), "1.2.3")
                navigation = [row[1:] for row in view.rows if row[0] == "navigation"]
                self.assertEqual(navigation, [
                    *((f"OpenDTU, http://192.168.1.{50 + n}", w["gateway_answers"]) for n in range(min(count, 4))),
                    *((f"Roof {n}", f"{189 + n} W, 5.56 kWh, " + fill(w["limit_of"], "390 W")) for n in range(count))])
                self.assertNotIn("", view.labels)

    def test_states(self):
        for state, word in enumerate(("starts", "runs", "runs_with_faults", "file_refused", "dry_run")):
            self.assertEqual(self.settings(service(State=state))[0].behind(EN["state"]), EN[word])

    def test_states_of_gateways(self):
        values = service(4)
        for state in range(4):
            values.update(gateway(state, State=state))
        values[f"{SERVICE}/Gateways/DTU3/Product"] = None
        view, = self.settings({uid: value for uid, value in values.items() if value is not None})
        self.assertEqual([row[1:] for row in view.rows if row[0] == "navigation"][:4], [
            ("OpenDTU, http://192.168.1.50", EN["gateway_new"]), ("OpenDTU, http://192.168.1.51", EN["gateway_answers"]),
            ("OpenDTU, http://192.168.1.52", EN["gateway_fails"]), ("http://192.168.1.53", EN["gateway_nobody"])])

    def test_states_of_devices(self):
        names = ("starts", "runs", "standby", "error", "disabled", "section_fault", "published_elsewhere")
        values = service(1, len(names))
        for state in range(len(names)):
            values.update(device(state, State=state))
        view, = self.settings(values)
        self.assertEqual(view.behind("Roof 1"), "190 W, 5.56 kWh, limit 390 W")
        for state, word in enumerate(names):
            if state != 1:
                self.assertEqual(view.behind(f"Roof {state}"), EN[word])

    def test_night(self):
        values = service(1, 10)
        for number in range(10):
            values.update(device(number, State=2, Power=0))
        for language in LANGUAGES:
            view, = self.settings(values, language=language)
            self.assertEqual({row[2] for row in view.rows if row[1].startswith("Roof")}, {WORDS[language]["standby"]})

    def test_meter_without_a_limit(self):
        values = {**service(1, 1), **device(0, Class="grid")}
        for name in ("PowerLimit/Limit", "EnergyToday"):
            del values[f"{ROOF}/{name}"]
        self.assertEqual(self.settings(values)[0].behind("Roof 0"), "189 W")

    def test_a_device_comes_and_goes(self):
        views = self.settings(service(1, 1), {"set": {**device(1), f"{SERVICE}/DeviceList": "114182940770,114182940771"}},
                              {"set": {f"{SERVICE}/DeviceList": "114182940771"}}, {"set": {f"{SERVICE}/DeviceList": ""}})
        self.assertEqual([[label for label in view.labels if label.startswith("Roof")] for view in views],
                         [["Roof 0"], ["Roof 0", "Roof 1"], ["Roof 1"], []])
        self.assertIn(EN["no_devices"], views[3].labels)

    def test_faults(self):
        messages = {f"{SERVICE}/Config/Message/{n}": f"line {n}: [INVERTER{n}] Phase = L4: there is none" for n in range(8)}
        for language in LANGUAGES:
            w = WORDS[language]
            view, = self.settings({**service(State=2, Config__Errors=1, Config__Warnings=9), **messages}, language=language)
            self.assertEqual(view.behind(w["state"]), w["runs_with_faults"])
            first = view.labels.index(fill(w["faults"], "/data/dbus-opendtu/config.ini"))
            self.assertEqual(view.labels[first + 1:first + 12], [
                fill(w["fault_count"], 1, 9), *messages.values(), fill(w["faults_more"], 2), w["faults_remedy"]])
        view, = self.settings({**service(State=3, Config__Errors=1), f"{SERVICE}/Config/Message/0": "line 3: no section"})
        self.assertIn("line 3: no section", view.labels)
        self.assertNotIn(fill(EN["faults_more"], -7), view.labels)
        self.assertNotIn(EN["faults_remedy"], self.settings(service())[0].labels)

    def test_search_again(self):
        _, view = self.settings(service(), {"press": EN["search"]})
        self.assertEqual(view.written, [(f"{SERVICE}/Refresh", 1)])

    def test_addresses(self):
        uid = f"{SERVICE}/IpAddresses"
        first, one, two, none = self.settings(
            {**service(), uid: "192.168.1.77"}, {"type": [EN["addresses"], " 192.168.1.74 "]},
            {"type": [EN["addresses"], "192.168.1.74; dtu-garage,,10.0.0.9 "]}, {"type": [EN["addresses"], " "]})
        self.assertEqual(first.behind(EN["addresses"]), "192.168.1.77")
        self.assertIn(EN["address_rule"], first.labels)
        self.assertEqual((one.written, two.written, none.written),
                         ([(uid, "192.168.1.74")], [(uid, "192.168.1.74,dtu-garage,10.0.0.9")], [(uid, "")]))
        for view in (first, one, two, none):
            self.assertEqual([label for label in view.labels if label.startswith("Not taken")], [])

    def test_an_address_that_is_refused(self):
        for language in LANGUAGES:
            _, view = self.settings(service(), {"type": [WORDS[language]["addresses"], "8.8.8.8"]},
                                    refused=[f"{SERVICE}/IpAddresses"], language=language)
            self.assertIn(fill(WORDS[language]["not_taken"], "8.8.8.8"), view.labels)

    def test_opens_the_pages(self):
        label = "OpenDTU, http://192.168.1.50"
        views = self.settings(service(), {"press": label}, {"back": True}, {"press": "Roof 0"})
        self.assertEqual([view.title for view in views], ["dbus-opendtu", label, "dbus-opendtu", "Roof 0"])
        self.assertEqual(views[1].behind(EN["firmware"]), "v24.10.15")
        self.assertEqual(views[3].behind(EN["serial"]), "114182940770")


class GatewayTest(ScreenTest):
    def show(self, changes=(), **options):
        return self.screen.run("Gateway", gateway(0, **dict(changes)),
                               properties={"title": "OpenDTU", "uid": f"{SERVICE}/Gateways/DEFAULT"}, **options)[0]

    def test_all_in_each_language(self):
        for language in LANGUAGES:
            w = WORDS[language]
            self.assertEqual(self.show(language=language).rows, [
                ("text", w["state"], w["gateway_answers"]), ("text", w["product"], "OpenDTU"),
                ("text", w["firmware"], "v24.10.15"), ("text", w["address"], "http://192.168.1.50"),
                ("text", w["origin"], "config.ini"), ("text", w["values"], w["pushed"]), ("text", w["latency"], "12 ms"),
                ("text", w["devices"], "1")])

    def test_in_error(self):
        view = self.show({"State": 2, "LastError": "HTTP 401: the password is wrong", "Push": 0, "Firmware": None})
        self.assertEqual(view.behind(EN["state"]), EN["gateway_fails"])
        self.assertEqual(view.behind(EN["last_error"]), "HTTP 401: the password is wrong")
        self.assertEqual(view.behind(EN["values"]), EN["polled"])
        self.assertNotIn(EN["firmware"], view.labels)

    def test_added_here(self):
        view = self.show({"State": 3, "Added": 1, "Product": None, "Latency": None, "Push": None, "Firmware": None})
        self.assertEqual(view.behind(EN["state"]), EN["gateway_nobody"])
        self.assertEqual(view.behind(EN["origin"]), EN["origin_screen"])
        for word in ("product", "latency", "values", "firmware"):
            self.assertNotIn(EN[word], view.labels)


class DeviceTest(ScreenTest):
    def test_all_in_each_language(self):
        for language in LANGUAGES:
            w = WORDS[language]
            view, = self.device(language=language)
            self.assertEqual(view.rows, [
                ("text", w["state"], w["runs"]), ("quantity", w["power"], "189W"), ("quantity", w["today"], "5.56kWh"),
                ("quantity", w["total"], "646.10kWh"), ("quantity", w["max_power"], "400W"), ("text", w["age"], w["age_fresh"]),
                ("header", w["settings"], ""), ("switch", w["enabled"], "ON"), ("switch", w["limiting"], "ON"),
                ("field", fill(w["manual_limit"], 8, 400), "400"), ("quantity", w["limit_in_force"], "390W"),
                ("text", w["limit_state"], "390 W asked, confirmed"), ("switch", w["switching"], "OFF"),
                ("header", w["about"], ""), ("text", w["product"], "OpenDTU"), ("text", w["serial"], "114182940770"),
                ("text", w["gateway"], "http://192.168.1.50"),
                ("text", w["service"], "com.victronenergy.pvinverter.http_34")])

    def test_in_error(self):
        view, = self.device({"State": 3, "LastError": "nothing heard for 15 min", "Power": None})
        self.assertEqual(view.behind(EN["state"]), EN["error"])
        self.assertEqual(view.behind(EN["last_error"]), "nothing heard for 15 min")
        self.assertNotIn(EN["power"], view.labels)

    def test_meter(self):
        gone = {f"PowerLimit__{name}": None for name in ("Enabled", "Final", "Limit", "Manual", "Min", "Max", "State")}
        view, = self.device({**gone, "Switch__Enabled": None, "Switch__Final": None, "Class": "grid"})
        self.assertEqual([label for kind, label, _ in view.rows if kind in ("switch", "field")], [EN["enabled"]])
        self.assertNotIn(EN["limiting"], view.labels)

    def test_enable_and_disable(self):
        _, off, on = self.device((), {"press": EN["enabled"]}, {"press": EN["enabled"]})
        self.assertEqual((off.written, on.written), ([(f"{ROOF}/Enabled", 0)], [(f"{ROOF}/Enabled", 1)]))
        self.assertEqual((off.behind(EN["enabled"]), on.behind(EN["enabled"])), ("OFF", "ON"))

    def test_limiting_on_and_off(self):
        _, off, on = self.device((), {"press": EN["limiting"]}, {"press": EN["limiting"]})
        uid = f"{ROOF}/PowerLimit/Enabled"
        self.assertEqual((off.written, on.written), ([(uid, 0)], [(uid, 1)]))
        field = fill(EN["manual_limit"], 8, 400)
        self.assertNotIn(field, off.labels)
        self.assertIn(field, on.labels)

    def test_what_the_file_says_is_final(self):
        for enabled, word in ((1, "fixed_on"), (0, "fixed_off")):
            view, = self.device({"PowerLimit__Final": 1, "PowerLimit__Enabled": enabled, "Switch__Final": 1,
                                 "Switch__Enabled": enabled})
            self.assertEqual(view.behind(EN["limiting"]), EN[word])
            self.assertEqual(view.behind(EN["switching"]), EN[word])
            self.assertEqual([label for kind, label, _ in view.rows if kind == "switch"], [EN["enabled"]])

    def test_switching(self):
        _, on = self.device((), {"press": EN["switching"]})
        self.assertEqual(on.written, [(f"{ROOF}/Switch/Enabled", 1)])

    def test_limit_by_hand(self):
        field, uid = fill(EN["manual_limit"], 8, 400), f"{ROOF}/PowerLimit/Manual"
        typed = ("250", "250.5", "250,5", "300 W", "400", "8")
        views = self.device((), *({"type": [field, text]} for text in typed))[1:]
        self.assertEqual([view.written for view in views],
                         [[(uid, watts)] for watts in (250, 250.5, 250.5, 300, 400, 8)])

    def test_what_is_no_limit_is_not_written(self):
        field = fill(EN["manual_limit"], 8, 400)
        for text in ("7", "401", "-20", "many", "", "1e9", "0x"):
            view = self.device((), {"type": [field, text]})[1]
            self.assertEqual((view.written, view.behind(field)), ([], "400"), text)
        view = self.device((), {"type": [field, "many"]}, {"set": {f"{ROOF}/PowerLimit/Manual": 120}})[2]
        self.assertEqual(view.behind(field), "120")


class ValuesTest(ScreenTest):
    def test_all_in_each_language(self):
        for language in LANGUAGES:
            w = WORDS[language]
            view, = self.values(inverter(), language=language)
            self.assertEqual(view.title, w["more_values"])
            self.assertEqual(view.rows, [
                ("text", w["state"], w["runs"]), ("quantity", w["today"], "5.56kWh"), ("quantity", w["temperature"], "31.5°C"),
                ("quantity", w["max_power"], "800W"), ("quantity", w["frequency"], "50.0Hz"),
                ("quantity", w["limit_asked"], "600W"), ("text", w["limit_state"], "600 W asked, confirmed"),
                ("group", "East", "33.1V | 5.42A | 179W | 2.78kWh"),
                ("group", fill(w["string"], 2), "33.1V | 5.42A | 179W | 2.78kWh"), ("text", w["age"], "2 min"),
                ("text", w["values"], w["pushed"]), ("text", w["latency"], "12 ms"), ("text", w["serial"], "114182940773")])

    def test_states(self):
        for code, word in ((0, "starts"), (6, "starts"), (7, "runs"), (8, "standby"), (10, "error"), (11, "runs"),
                           (12, "throttled")):
            self.assertEqual(self.values(inverter(StatusCode=code))[0].behind(EN["state"]), EN[word])

    def test_night(self):
        """What nobody measures hides its row."""
        view, = self.values(below(PV, StatusCode=8, Energy__Today=5.56, Serial="114182940773", Debug__LastError="",
                                  Debug__PowerLimitState=""))
        self.assertEqual(view.rows, [("text", EN["state"], EN["standby"]), ("quantity", EN["today"], "5.56kWh"),
                                     ("text", EN["serial"], "114182940773")])

    def test_in_error(self):
        view, = self.values(inverter(StatusCode=10, Debug__LastError="HTTP 500", ValueSource=0, Ac__PowerLimit=None))
        self.assertEqual(view.behind(EN["last_error"]), "HTTP 500")
        self.assertEqual(view.behind(EN["values"]), EN["polled"])
        self.assertNotIn(EN["limit_asked"], view.labels)

    def test_follows_the_values(self):
        before, after = self.values(inverter(), {"set": {f"{PV}/Temperature": 40.25, f"{PV}/Pv/0/V": None, f"{PV}/StatusCode": 12}})
        self.assertEqual((before.behind(EN["temperature"]), after.behind(EN["temperature"])), ("31.5°C", "40.3°C"))
        self.assertEqual(after.behind("East"), "5.42A | 179W | 2.78kWh")
        self.assertEqual(after.behind(EN["state"]), EN["throttled"])

    def test_a_generator_has_codes_of_its_own(self):
        for uid in ("dbus/com.victronenergy.genset.http_40", "mqtt/genset/40"):
            view, = self.values({f"{uid}/StatusCode": 8, f"{uid}/Ac/Frequency": 50}, uid=uid)
            self.assertEqual(view.rows, [("quantity", EN["frequency"], "50.0Hz")])


if __name__ == "__main__":
    unittest.main()

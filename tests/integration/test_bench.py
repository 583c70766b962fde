"""The benchmark measures what it says: against our program, and any other driver beside it."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from tests.bench import document, growth, probe, report, scenario
from tests.integration.case import each, slow, BusTest
from tests.integration.program import ROOT, emulated, only_where

BENCH = os.path.join(ROOT, "scripts", "bench")
STAND_IN = os.path.join(ROOT, "tests", "bench", "other_driver.py")
# Where there is no such tool, its figures are left out.
TOOLS = {"strace": ("syscalls", "waits", "timer_wakes", "idle_syscalls"),
         "valgrind": ("instructions", "allocations", "idle_allocations")}
OURS_ONLY = ("binary_kib", "push_p50_ms", "push_p95_ms", "idle_allocations", "idle_wakes", "idle_syscalls")


NATIVE = only_where(lambda: not emulated(), "what is measured on this machine itself")


def absent():
    return {key for tool, keys in TOOLS.items() if not probe.have(tool) for key in keys}


class BenchTest(unittest.TestCase):

    @NATIVE
    @slow
    def test_quick_run_of_both(self):
        """Every row of the table, and the figures that do not depend on the machine."""
        with tempfile.TemporaryDirectory(prefix="dtu-") as folder:
            results = os.path.join(folder, "results.json")
            done = subprocess.run(
                [sys.executable, BENCH, "--quick", "--results", results],
                env={**os.environ, "BENCH_CMD": f"{sys.executable} {STAND_IN}",
                     "BENCH_NAME": "stand-in"}, capture_output=True, text=True, check=False)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            with open(results, encoding="utf-8") as file:
                rows = {row["driver"]: report.Row(**row) for row in json.load(file)}
            self.check_rows(done.stdout, rows)
            self.check_figures(rows["ours"].figures, rows["stand-in"].figures)

    def check_rows(self, table, rows):
        self.assertEqual({"ours", "stand-in"}, set(rows))
        for figure in report.FIGURES:
            if figure.key in absent():
                continue
            self.assertIn(figure.title, table)
            self.assertIsNotNone(rows["ours"].figures.get(figure.key), figure.title)
            if figure.key not in OURS_ONLY:
                self.assertIsNotNone(rows["stand-in"].figures.get(figure.key), figure.title)

    def check_figures(self, ours, other):
        """A summary and four inverters, which are pushed to ours; one signal of ours for each
        inverter, three of the stand-in's."""
        for figures, requests, messages in ((ours, 0, 4), (other, 5, 12)):
            # half a one of slack: on a loaded machine the window may cut a cycle
            self.assertAlmostEqual(requests, figures["http_requests"], delta=0.5)
            self.assertAlmostEqual(requests, figures["http_connections"], delta=0.5)
            self.assertAlmostEqual(messages, figures["dbus_messages"], delta=0.5)
            self.assertGreater(figures["http_bytes"], 5000)
            self.assertGreater(figures["dbus_bytes"], 500)
        self.assertGreater(other["hang_unanswered"], 0, "the stand-in blocks, and nobody saw it")
        self.assertEqual(0, ours["hang_unanswered"])
        for key in ("idle_wakes", "idle_syscalls", "idle_allocations"):
            if key not in absent():
                self.assertLess(ours[key], 0.5, key)  # one in the whole window: from before it

    @NATIVE
    def test_driver_that_ends(self):
        """Is said, and does not take the figures of ours with it."""
        with tempfile.TemporaryDirectory(prefix="dtu-") as folder:
            scenes = os.path.join(folder, "scenes.ini")
            with open(scenes, "w", encoding="utf-8") as file:
                file.write("[DEFAULT]\ngateway=template\nfirmware=\ndelay_ms=0\ninterval_ms=1000\n"
                           "seconds=1\ncalls_s=0\nhang_s=0\nquick=0\nother=1\nparts=start\n"
                           "[one]\ninverters=1\n")
            done = subprocess.run(
                [sys.executable, BENCH, "--scenarios", scenes, "--results",
                 os.path.join(folder, "results.json")],
                env={**os.environ, "BENCH_CMD": "sh -c 'echo no gateway; exit 3'"},
                capture_output=True, text=True, check=False)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout, r"first start to values, s +\d")
        self.assertIn("one, other: RuntimeError", done.stdout)
        self.assertIn("no gateway", done.stdout)


class ReadingTest(BusTest):
    """What the tools write, read."""

    def setUp(self):  # needs no bus
        self.programs = []
        folder = tempfile.TemporaryDirectory(prefix="dtu-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "file")

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    @each(("sleep", "7 10.0 poll([{fd=3}], 1, 250) = 0 (Timeout) <0.250101>", 1),
          ("no_sleep", "7 10.0 poll([{fd=3}], 1, 0) = 0 (Timeout) <0.000010>", 0),
          ("ready", "7 10.0 poll([{fd=3}], 1, 250) = 1 ([{fd=3}]) <0.100000>", 0),
          ("epoll", "7 10.0 epoll_wait(3, [], 1, 9) = 0 <0.009102>", 1),
          ("musl", "7 10.0 epoll_pwait(3, [], 32, 9, NULL, 8) = 0 <0.009102>", 1),
          ("musl_no_sleep", "7 10.0 epoll_pwait(3, [], 32, 0, NULL, 8) = 0 <0.000010>", 0),
          ("select", "7 10.0 pselect6(4, [3], NULL, NULL, {tv_sec=0, tv_nsec=900}, NULL) = 0 "
           "(Timeout) <0.000102>", 1),
          ("ends_later", "7 10.0 poll([{fd=3}], 1, 2500) = 0 (Timeout) <2.501010>", 0))
    def test_wake_by_timer(self, line, expected):
        self.write("7 8.0 read(3, \"\", 1) = 0 <0.000010>\n" + line + "\n")
        calls, by_timer = probe.count_syscalls(self.path, 9.0, 11.0)
        self.assertEqual(expected, by_timer)
        self.assertEqual(1, sum(calls.values()), "one of them lies before")

    def test_interrupted_lines_count_once(self):
        self.write("7 10.0 poll([{fd=3}], 1, 250 <unfinished ...>\n8 10.1 futex(0x1) = 0 <0.1>\n"
                   "7 10.25 <... poll resumed>) = 0 (Timeout) <0.250000>\n")
        calls, by_timer = probe.count_syscalls(self.path, 9.0, 11.0)
        self.assertEqual({"poll": 1, "futex": 1}, calls)
        self.assertEqual(1, by_timer)

    def test_allocations(self):
        """calloc's own malloc is not another one; names are given once."""
        self.write("fn=(1) main\n1 5\ncfn=(2) calloc\ncalls=3 0\n1 30\ncfn=(3) other\ncalls=9 0\n"
                   "1 9\n\nfn=(2)\n1 2\ncfn=(4) malloc\ncalls=3 0\n1 3\n\nfn=(3)\ncfn=(4)\n"
                   "calls=2 0\n1 1\n\ntotals: 50\n")
        self.assertEqual((50, 5, True), probe.read_callgrind(self.path))

    def test_nothing_is_named(self):
        self.write("fn=(1) 0x4711\n1 5\n\ntotals: 5\n")
        self.assertEqual((5, 0, False), probe.read_callgrind(self.path))

    def test_scenarios(self):
        """The file can be read, and names choose from it."""
        every = scenario.read()
        self.assertEqual(len(every), len({s.name for s in every}))
        self.assertEqual(["opendtu-4"], [s.name for s in scenario.choose(every, "opendtu-4")])
        self.assertGreater(len(scenario.choose(every, "opendtu,ahoy")), 5)
        with self.assertRaisesRegex(ValueError, "nonsense"):
            scenario.choose(every, "nonsense")

    def test_document(self):
        """From figures as they come, without measuring."""
        figures = {"instructions": 400000.0, "pss_kib": 1000, "cpu_s_per_hour": 0.1,
                   "hang_p99_ms": 2.0, "dbus_messages": 4.0, "timer_wakes": 1.0,
                   "idle_allocations": 0.0}
        rows = [report.Row(f"{family}-4", family, "ours", 4, figures) for family in ("python", "radio")]
        rows = [*rows,
                *(report.Row(f"growth-{n}", "growth", "ours", n,
                             {"instructions": 1000.0 * n, "pss_kib": 900 + 30 * n})
                  for n in (1, 4, 64))]
        text = document.compared(rows)
        self.assertRegex(text, r"CPU, seconds per hour \| 0.10 \| 5.40 \| 1/54 \| 1/20 reached")
        self.assertRegex(text, r"GetValue in a hang p99, ms \| 2.00 \| 196,000.00 \| 1/98,000 \|")
        text = document.grown(rows, self.path)
        self.assertIn("900 and 30 for each inverter", text)
        self.assertIn("OpenDTU: ±0 %", text)
        with open(self.path, encoding="utf-8") as file:
            self.assertIn("</svg>", file.read())

    def test_missed_goal_is_said(self):
        rows = [report.Row("polled-4", "polled", "ours", 4, {"cpu_s_per_hour": 1.2, "dbus_messages": 4.0})]
        self.assertIn("| 1/4.5 | 1/5 **missed** |", document.compared(rows))

    def test_limits(self):
        """The worst of all rows, and where."""
        rows = [report.Row("polled-4", "polled", "ours", 4, {"dbus_messages": 4.0}),
                report.Row("radio-1", "radio", "ours", 1, {"push_p50_ms": 5.5, "push_p95_ms": 9.0}),
                report.Row("radio-4", "radio", "ours", 4, {"push_p50_ms": 0.5, "push_p95_ms": 50.0})]
        text = document.absolute(rows)
        self.assertIn("signal, p50: at most 5.50 ms, in radio-1 (to be at most 5: **missed**)", text)
        self.assertIn("signal, p95: at most 50.00 ms, in radio-4 (to be at most 50: reached)", text)
        self.assertIn("one inverter: at most 1.00, in polled-4 (to be at most 1: reached)", text)

    def test_deviation(self):
        """Of those from four on, off their mean."""
        self.assertAlmostEqual(0.2, growth.deviation([(1, 900), (4, 8), (10, 12)]))


if __name__ == "__main__":
    unittest.main()

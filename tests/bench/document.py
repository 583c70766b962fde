"""docs/dev/benchmark.md: the tables, the machine, how cost grows, and where it stands."""

import os
import platform
import re
import subprocess

from tests.bench import growth, python_driver, report

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

FAMILIES = {
    "radio": "As on a roof: an OpenDTU whose radio asks one inverter every 5 s",
    "polled": "Polled: an OpenDTU, every 5 s",
    "opendtu": "Behind an OpenDTU, one poll a second",
    "ahoy": "Behind an AhoyDTU, one poll a second",
    "template": "Templates, each a gateway of its own, one poll a second",
    "quick": "A quick run",
}

# What is shown beside the Python driver, and by how much ours is to be less in which kind of scenario.
COMPARED = ("cpu_s_per_hour", "instructions", "pss_kib", "start_names_s", "start_values_s", "restart_names_s",
            "restart_values_s", "http_requests", "dbus_messages", "call_p99_ms", "hang_p50_ms", "hang_p99_ms",
            "hang_max_ms")
GOALS = {("radio", "cpu_s_per_hour"): 20, ("polled", "cpu_s_per_hour"): 5,
         ("python", "pss_kib"): 15, ("radio", "pss_kib"): 15, ("polled", "pss_kib"): 15}

# The Python driver polls, whatever the gateway could push and however seldom values change.
RECORDED_AS = re.compile(r"^(radio|polled)-")

# The most that a figure of ours may be, wherever it was measured.
LIMITS = (("pushed message to signal, p50", "push_p50_ms", 5, "ms"),
          ("pushed message to signal, p95", "push_p95_ms", 50, "ms"),
          ("D-Bus messages for one new value of one inverter", "messages_per_value", 1, ""))

HEAD = """# What it costs, and how quick it is

Made by `make bench WRITE=docs/dev/benchmark.md`; `make bench` prints the same figures, and
[tests/bench/scenarios.ini](../../tests/bench/scenarios.ini) says what is done in each scenario. The program that
is measured is the one that is shipped, between simulated gateways on loopback and a `dbus-daemon` of its own.
Nothing in it is made for being measured: time is the kernel's own clock of a process, wake-ups are its
voluntary context switches, system calls come from `strace`, instructions and allocations from `callgrind`,
messages from a monitor on the bus. All that is timed comes before all that is counted: a program under
valgrind empties the caches of the others. Unless it is said otherwise, every reply has other values than the
one before, so each poll changes everything that can change.

An OpenDTU pushes over its WebSocket, here as often as it would be polled, and our driver listens; it asks only
now and then. In *polled* it is told not to listen. *Radio* is what a roof does: the DTU's radio asks one
inverter every 5 s, so ten inverters have new values every 50 s each; what is not new is pushed every 10 s, and
polled every 5 s.

- *per poll*: for one cycle of one gateway, which is a request with OpenDTU before 24.2 and with a template, and
  a summary and one request per inverter with OpenDTU 24.2 and newer and with AhoyDTU; or, where it is listened
  to, for one message about each inverter. *Per cycle*: for one of all gateways.
- *new value to signal*: from the instant at which the gateway has a new value to the signal with it, for values
  that change at any time. Most of it is the wait for the next poll; of what is pushed, the wait for the radio,
  which a polled gateway here does without.
- *pushed message to signal*: from the instant at which the gateway sends a message about an inverter to the
  signal with its values.
- *in a hang*: while each gateway accepts connections and then says nothing.
- *idle*: between two polls, nobody calling.
- Calls are made at their own pace, whether the one before is answered or not. `>`: some had no answer when the
  time was over, and count for as long as they had lasted.

"""


def machine():
    """Without its name or any path of it."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(re.search(r"^MemTotal:\s+(\d+)", file.read(), re.M)[1]) / 1024 / 1024
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        system = platform.system()
    kernel = ".".join(platform.release().split(".")[:2])
    virtual = ", a virtual machine" if re.search(r"^flags\s*:.*\bhypervisor\b", text, re.M) else ""
    return (f"**The machine**: {model[1] if model else platform.machine()}, {os.cpu_count()} "
            f"processors, {memory:.0f} GiB, {system}, Linux {kernel}{virtual}. A GX device is slower "
            "and shares fewer caches; instructions, allocations, system calls, requests and messages "
            "are the same there, up to the architecture.\n")


def tables(rows):
    parts = []
    for family, title in FAMILIES.items():
        mine = [row for row in rows if row.family == family]
        if mine:
            parts.append(f"## {title}\n\n{report.markdown(mine)}")
    return parts


# --- how cost grows ---------------------------------------------------------------------------

def _growth_rows(lines, unit):
    out = []
    for line in lines:
        out.append(f"- {line.name}: " + ", ".join(f"{count}: {value:,.0f}"
                                                  for count, value in line.points) + f" {unit}")
    return "\n".join(out)


def grown(rows, svg):
    """The section, and the picture in its file; None without the rows."""
    instructions = growth.series(rows, lambda row: growth.per_inverter(row) / 1000)
    memory = growth.series(rows, lambda row: row.figures["pss_kib"])
    if not instructions:
        return None
    with open(svg, "w", encoding="utf-8") as file:
        file.write(growth.picture(instructions, memory))
    off = "; ".join(f"{line.name}: ±{growth.deviation(line.points) * 100:.0f} %"
                    for line in instructions if len(line.points) > 2)
    base, each = growth.slope(memory[-1].points)
    return f"""## How it grows

![instructions and memory by number of inverters]({os.path.basename(svg)})

Thousands of instructions for one inverter in one poll:

{_growth_rows(instructions, "")}

From {growth.FROM} inverters on, what one costs is the same within ({off}; to be ±10 %).

KiB of memory (PSS) of the whole program: {base:,.0f} and {each:,.0f} for each inverter.

{_growth_rows(memory, "KiB")}
"""


# --- beside the Python driver -----------------------------------------------------------------

def _ratio(theirs, mine):
    ratio = theirs / mine
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _compared(row, theirs):
    """Lines of a table: figure, ours, theirs, how many times less ours is, what it is to be."""
    figures = {f.key: f for f in report.FIGURES}
    for key in COMPARED:
        wanted = GOALS.get((row.family, key))
        figure, mine, other = figures[key], row.figures.get(key), theirs.figures.get(key)
        if mine is None or other is None:
            continue
        goal = f"1/{wanted} {'reached' if mine * wanted <= other else '**missed**'}" if wanted else ""
        yield (f"| {row.scenario} | {figure.title.strip()} | {report.cell(row, figure)} | "
               f"{report.cell(theirs, figure)} | 1/{_ratio(other, mine) if mine else '∞'} | {goal} |")


def _floor(ours, others):
    """What no driver that makes these requests can cost less than."""
    parts = []
    for row in ours:
        bare = row.figures.get("bare_cpu_ms")
        per_poll, per_hour = row.figures.get("cpu_ms_per_poll"), row.figures.get("cpu_s_per_hour")
        theirs = others.get(row.scenario)
        if bare and per_poll and theirs and theirs.figures.get("cpu_s_per_hour"):
            floor = per_hour / per_poll * bare
            parts.append(f"{floor:.2f} s per hour in {row.scenario}, "
                         f"1/{_ratio(theirs.figures['cpu_s_per_hour'], floor)} of the Python driver's")
    return ("" if not parts else "\n\nA driver that polls cannot cost less CPU time than its requests: "
            + "; ".join(parts) + ". That is what a client costs that makes them, a connection for each, "
            "and does nothing with the replies; on loopback, the kernel's work for the gateway's half "
            "of a connection is partly in it.")


def compared(rows):
    measured = {row.scenario: row for row in rows if not row.ours}
    ours = [row for row in rows if row.ours and (row.scenario in measured or
                                                 RECORDED_AS.sub("python-", row.scenario)
                                                 in python_driver.FIGURES)]
    if not ours:
        return None
    if measured:
        source = ("Both were measured in the same run, at the same time, in the same scenarios.\n")
        others = measured
    else:
        source = ("Its figures are from another run on another machine ([how](../../tests/bench/"
                  "python_driver.py)): Debian 12, x86-64, Python 3.11, the same simulated OpenDTU and "
                  "poll interval. It polls in every scenario, so its figures of *python* stand beside "
                  "*radio* and *polled* too. Ratios of times are rough; those of requests, messages and memory do not depend on the machine. `BENCH_CMD=… make bench` measures "
                  "both side by side.\n")
        others = {row.scenario: report.Row(row.scenario, row.family, "Python", 0, python_driver.FIGURES[
            RECORDED_AS.sub("python-", row.scenario)]) for row in ours}
    lines = ["| scenario | | ours | Python | ours is | to be at most |", "|---|---|---:|---:|---:|---|"]
    for row in ours:
        if row.scenario in others:
            lines += _compared(row, others[row.scenario])
    detail = report.markdown(ours + [others[r.scenario] for r in ours if r.scenario in measured])
    return ("## Beside the Python driver\n\nThe driver that people use today is henne49/dbus-opendtu. "
            f"{source}\n" + "\n".join(lines) + _floor(ours, others) + f"\n\nAll figures of these scenarios (5 s from poll to "
            f"poll; 1, 4 and 10 inverters; 4 behind a gateway that takes 50 or 500 ms):\n\n{detail}")


# --- what is to be zero, or nearly ------------------------------------------------------------

def absolute(rows):
    """The goals that need nothing to compare with."""
    mine = [row.figures for row in rows if row.ours]
    lines = []
    idle = [f["idle_allocations"] for f in mine if f.get("idle_allocations") is not None]
    if idle:
        lines.append(f"- allocations per idle second: {max(idle):.0f} (to be 0)")
    wakes = [f["timer_wakes"] for f in mine if f.get("timer_wakes") is not None]
    if wakes:
        lines.append(f"- wake-ups per poll interval of one gateway that no network caused: at "
                     f"most {max(wakes):.1f}, for a poll (to be at most 2)")
    for row in rows:
        if row.ours and row.family == "polled":  # each poll has new values of each inverter
            row.figures["messages_per_value"] = row.figures["dbus_messages"] / row.inverters
    for title, key, most, unit in LIMITS:
        found = [(f.figures[key], f.scenario) for f in rows if f.ours and f.figures.get(key) is not None]
        if found:
            worst, where = max(found)
            lines.append(f"- {title}: at most {worst:.2f} {unit}".rstrip() + f", in {where} (to be at most {most}: "
                         f"{'reached' if worst <= most else '**missed**'})")
    return "\n".join(["## Idle and awake", "", *lines, ""]) if lines else None


# --- what each library costs ------------------------------------------------------------------

def libraries():
    """What `make size` says, as a table."""
    done = subprocess.run([os.environ.get("MAKE") or "make", "--no-print-directory", "size"],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith("  LINK")]
    head = next((line for line in lines if re.match(r"\s+(x86_64|armv7|aarch64)", line)), None)
    if done.returncode or not head:
        return None
    names = head.split()
    out = ["| |" + "".join(f" {name} |" for name in names), "|---|" + "---:|" * len(names)]
    for line in lines[lines.index(head) + 1:]:
        words = re.split(r"\s{2,}", line.strip())
        if len(words) == len(names) + 1 and re.fullmatch(r"-?[\d,]+", words[1]):
            out.append(f"| {words[0]} |" + "".join(f" {word} |" for word in words[1:]))
    return ("## What each library costs\n\nBytes in the program's file, which is all there is: it needs no "
            "library of the system. `make size` prints the same.\n\n" + "\n".join(out) + "\n")


def write(path, rows):
    svg = os.path.splitext(path)[0] + ".svg"
    parts = [HEAD + machine(), compared(rows), absolute(rows), grown(rows, svg), *tables(rows),
             libraries()]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(part for part in parts if part))

"""The table, on a terminal and in Markdown: figures down, runs across."""

from dataclasses import dataclass

ACROSS = 6  # runs beside each other


@dataclass(frozen=True)
class Figure:
    """A row of the table."""

    title: str
    key: str
    form: str = ".1f"
    scale: float = 1.0


# "per poll" is per cycle of one gateway; "per cycle" is per cycle of them all.
FIGURES = (
    Figure("CPU, seconds per hour", "cpu_s_per_hour", ".2f"),
    Figure("CPU per poll, ms", "cpu_ms_per_poll", ".3f"),
    Figure("  of the bare requests", "bare_cpu_ms", ".3f"),
    Figure("instructions per poll, thousands", "instructions", ",.0f", 1e-3),
    Figure("allocations per poll", "allocations", ".0f"),
    Figure("wake-ups per minute", "wakes_per_minute", ".0f"),
    Figure("wake-ups per poll", "wakes_per_poll"),
    Figure("wake-ups by a timer, per interval", "timer_wakes"),
    Figure("system calls per poll", "syscalls"),
    Figure("  of these to wait", "waits"),
    Figure("HTTP requests per poll", "http_requests", ".2f"),
    Figure("HTTP connections per poll", "http_connections", ".2f"),
    Figure("HTTP bytes per poll", "http_bytes", ",.0f"),
    Figure("D-Bus messages per cycle", "dbus_messages", ".2f"),
    Figure("D-Bus bytes per cycle", "dbus_bytes", ",.0f"),
    Figure("RSS, KiB", "rss_kib", ",.0f"),
    Figure("PSS, KiB", "pss_kib", ",.0f"),
    Figure("program file, KiB", "binary_kib", ",.0f"),
    Figure("first start to names owned, s", "start_names_s", ".3f"),
    Figure("first start to values, s", "start_values_s", ".3f"),
    Figure("later start to names owned, s", "restart_names_s", ".3f"),
    Figure("later start to values, s", "restart_values_s", ".3f"),
    Figure("new value to signal, p50, s", "fresh_p50_s", ".2f"),
    Figure("new value to signal, p99, s", "fresh_p99_s", ".2f"),
    Figure("pushed message to signal, p50, ms", "push_p50_ms", ",.2f"),
    Figure("pushed message to signal, p95, ms", "push_p95_ms", ",.2f"),
    Figure("GetValue p50, ms", "call_p50_ms", ",.2f"),
    Figure("GetValue p99, ms", "call_p99_ms", ",.2f"),
    Figure("GetValue max, ms", "call_max_ms", ",.2f"),
    Figure("  the bus itself, p99, ms", "call_bus_p99_ms", ",.2f"),
    Figure("GetValue in a hang p50, ms", "hang_p50_ms", ",.2f"),
    Figure("GetValue in a hang p99, ms", "hang_p99_ms", ",.2f"),
    Figure("GetValue in a hang max, ms", "hang_max_ms", ",.2f"),
    Figure("  the bus itself, p99, ms", "hang_bus_p99_ms", ",.2f"),
    Figure("idle: allocations per second", "idle_allocations", ".0f"),
    Figure("idle: wake-ups per second", "idle_wakes", ".0f"),
    Figure("idle: system calls per second", "idle_syscalls", ".0f"),
)


@dataclass
class Row:
    """What one driver has shown in one scenario."""

    scenario: str
    family: str
    driver: str
    inverters: int
    figures: dict

    @property
    def ours(self):
        return self.driver == "ours"


def cell(row, figure):
    """"-" where it was not measured; ">" where calls had no answer when the time was over."""
    value = row.figures.get(figure.key)
    if value is None:
        return "-"
    name = figure.key.split("_")[0]
    at_least = (name in ("call", "hang") and "bus" not in figure.key and
                row.figures.get(f"{name}_unanswered"))
    return (">" if at_least else "") + format(value * figure.scale, figure.form)


def used(rows, figures=FIGURES):
    return [f for f in figures if any(row.figures.get(f.key) is not None for row in rows)]


def _blocks(rows):
    for n in range(0, len(rows), ACROSS):
        yield rows[n:n + ACROSS]


def heads(rows):
    """One or two lines over the columns: the scenario, and whose figures where there are others'."""
    yield [row.scenario for row in rows]
    if any(not row.ours for row in rows):
        yield [row.driver for row in rows]


def text(rows):
    """For a terminal."""
    figures = used(rows)
    title = max(len(f.title) for f in figures) + 1
    lines = []
    for block in _blocks(rows):
        width = max([12] + [len(word) + 2 for line in heads(block) for word in line])
        lines += [" " * title + "".join(f"{word:>{width}}" for word in line)
                  for line in heads(block)]
        lines += [f"{f.title:<{title}}" + "".join(f"{cell(row, f):>{width}}" for row in block)
                  for f in figures]
        lines.append("")
    return "\n".join(lines) + failures(rows)


def failures(rows):
    return "".join(f"{row.scenario}, {row.driver}: {row.figures['failed']}\n"
                   for row in rows if "failed" in row.figures)


def markdown(rows, figures=FIGURES):
    lines = []
    kept = used(rows, figures)
    for block in _blocks(rows):
        names = [row.scenario + ("" if row.ours else f", {row.driver}") for row in block]
        lines += ["| |" + "".join(f" {name} |" for name in names),
                  "|---|" + "---:|" * len(block)]
        lines += [f"| {f.title.strip() if not f.title.startswith(' ') else '… ' + f.title.strip()} |" +
                  "".join(f" {cell(row, f)} |" for row in block) for f in kept]
        lines.append("")
    return "\n".join(lines)

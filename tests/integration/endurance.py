"""What a program holds, before and after something that happened to it very often."""

import os
import time

from tests.bench import probe

SLACK_KIB = 96  # pages that an allocator touches or gives back


def often(name, default):
    """A count or a number of seconds: `make test` does little of it, the environment asks for more."""
    return type(default)(os.environ.get(name) or default)


def descriptors(pid):
    """Those that stay: a connection to a gateway comes and goes."""
    counts = []
    for _ in range(10):
        counts.append(len(os.listdir(f"/proc/{pid}/fd")))
        time.sleep(0.1)
    return min(counts)


class Holdings:
    """Memory, descriptors and lines of the log of a running program."""

    def __init__(self, program):
        pid = program.process.pid
        self.own_kib = probe.own_memory_kib(pid)
        self.descriptors = descriptors(pid)
        self.log_lines = len(program.log().splitlines())
        self.when = time.monotonic()

    def __str__(self):
        return f"{self.own_kib} KiB of its own, {self.descriptors} descriptors, {self.log_lines} log lines"


def assert_no_growth(test, before, after, what):
    if after.when - before.when > 60:
        print(f"\n{what}, {after.when - before.when:.0f} s: {before}; then {after}")
    test.assertLessEqual(after.descriptors, before.descriptors, what)
    test.assertLess(after.own_kib, before.own_kib + SLACK_KIB, what)

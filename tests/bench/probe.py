"""What the kernel and the tools tell of a process from outside."""

import glob
import os
import re
import shutil
import subprocess
import time
from collections import Counter
from contextlib import contextmanager

WAITING = {"poll", "ppoll", "select", "pselect6", "_newselect", "epoll_wait", "epoll_pwait"}
ALLOCATORS = {"malloc", "calloc", "realloc", "default_malloc", "__libc_malloc", "__libc_calloc",
              "__libc_realloc"}
ATTACH = 0.4  # seconds until strace sees everything


def have(*tools):
    return all(shutil.which(tool) for tool in tools)


def cpu_seconds(pid):
    """User and system time of all its threads, to the nanosecond: the kernel's clock of a process."""
    return time.clock_gettime((~pid << 3) | 2)


def switches(pid):
    """(voluntary, involuntary) context switches of its threads."""
    total = Counter()
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="ascii") as status:
            for kind, count in re.findall(r"^(\w+)_ctxt_switches:\s+(\d+)", status.read(), re.M):
                total[kind] += int(count)
    return total["voluntary"], total["nonvoluntary"]


def _rollup(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return {key: int(kib) for key, kib in re.findall(r"^(\w+):\s+(\d+) kB", rollup.read(), re.M)}


def memory_kib(pid):
    """(Rss, Pss)."""
    values = _rollup(pid)
    return values["Rss"], values["Pss"]


def own_memory_kib(pid):
    """Heap, stack and what was written to: nothing that other processes of the program share."""
    return _rollup(pid)["Anonymous"]


# --- system calls -----------------------------------------------------------------------------

class Strace:
    """System calls of a process from here on."""

    def __init__(self, pid, path):
        self.path = path
        self._process = subprocess.Popen(
            ["strace", "-f", "-qq", "-ttt", "-T", "-p", str(pid), "-o", path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(ATTACH)

    def stop(self):
        self._process.terminate()
        self._process.wait()


@contextmanager
def strace(pid, path):
    """Yields an object whose calls and timeouts are there afterwards."""
    tracer = Strace(pid, path)
    try:
        yield tracer
    finally:
        tracer.stop()


def count_syscalls(path, begin, end):
    """Between two times of the day: (calls by name, sleeps that a timer has ended).

    A line: PID, time, "poll(.., 250) = 0 (Timeout) <0.250>", or "<... poll resumed>..", or of
    epoll_wait, epoll_pwait without the word. With a timeout of 0 it did not sleep.
    """
    calls, by_timer = Counter(), 0
    line_of = re.compile(r"\d+ +(\d+\.\d+) (?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
    timed_out = re.compile(r"\) += 0(?: \(Timeout\))? <(\d+\.\d+)>$")
    no_sleep = re.compile(r"(, 0|tv_sec=0, tv_n?u?sec=0\})(, NULL(, \d+)?)?\) += 0")
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            found = line_of.match(line)
            if not found:
                continue
            when = float(found[1])
            if found[3] and begin <= when <= end:
                calls[found[3]] += 1
            late = timed_out.search(found[4]) if (found[2] or found[3]) in WAITING else None
            if late and not no_sleep.search(found[4]):
                woken = when if found[2] else when + float(late[1])
                by_timer += begin <= woken <= end
    return calls, by_timer


# --- instructions and allocations -------------------------------------------------------------

def callgrind(folder):
    """The prefix of a command that is to be counted."""
    return ["valgrind", "--tool=callgrind", "--quiet",
            f"--callgrind-out-file={os.path.join(folder, 'callgrind')}"]


def callgrind_tell(pid, *what):
    """--dump, after which counting begins anew; the process may be waiting in a system call."""
    subprocess.run(["callgrind_control", *what, str(pid)], check=True, timeout=60,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read_callgrind(path):
    """(instructions, calls of allocators, whether it names one) of a dump.

    An allocation is a call of malloc, calloc or realloc from outside the allocator.
    """
    names, instructions, allocations, inside, into = {}, 0, 0, "", ""
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(("fn=", "cfn=")):
                key, name = re.match(r"c?fn=(\(\d+\)) ?(.*)", line).groups()
                name = names.setdefault(key, name.split("'")[0].strip())
                if line[0] == "c":
                    into = name
                else:
                    inside = name
            elif line.startswith("calls="):
                if into in ALLOCATORS and inside not in ALLOCATORS:
                    allocations += int(line[6:].split()[0])
            elif line.startswith("totals:"):
                instructions = int(line.split()[1])
    return instructions, allocations, bool(ALLOCATORS & set(names.values()))

"""A network of its own, with hosts at port 80 that a program in it may, and may not, reach. Run as a command:

    unshare --net --mount /usr/bin/python3 nearby.py HOSTS PROGRAM ARGUMENTS...

HOSTS is a file that is laid over /etc/hosts. At the end, what each host saw goes out as one line, "seen: {...}".
"""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.sim import Basic, Digest, Fault, Generic, Inverter, OpenDtu, Sun  # noqa: E402

FAR, HERE = "203.0.113.5", "127.0.0.1"
# The file's own, with a login; three that are added: a good one, one that redirects, one whose feed does.
OWN, GOOD, STRAY, STRAY_FEED = "10.0.0.9", "10.0.0.5", "10.0.0.6", "10.0.0.7"
SERIALS = {OWN: "116182000001", GOOD: "116182000005", STRAY: "116182000006", STRAY_FEED: "116182000007"}
LOGIN = ("admin", "openDTU42")


class Dtu(OpenDtu):
    """Counts what came with a login."""

    with_login = 0

    def answer(self, line, request):
        self.with_login += "authorization" in request.headers
        super().answer(line, request)


def dtu(sun, address, **options):
    return Dtu(sun, [Inverter(SERIALS[address], address[-1])], address=address, port=80, pushes=True,
               radio_seconds=0.5, **options)


def hosts():
    sun = Sun("12:00")
    house = [dtu(sun, OWN, auth=Basic(*LOGIN), push_auth=Digest(*LOGIN)), dtu(sun, GOOD), dtu(sun, STRAY), dtu(sun, STRAY_FEED),
             Generic(address=FAR, port=80), Generic(address=HERE, port=80)]
    elsewhere = f"http://{FAR}/livedata"
    house[2].fault = Fault("status", status=302, location=elsewhere)
    house[3].fault = Fault("status", path="^/livedata$", status=302, location=elsewhere)
    return house


def seen(host):
    return {"connections": host.counts.connections, "requests": dict(host.counts.requests),
            "with_login": getattr(host, "with_login", 0), "pushed": sum(getattr(host, "pushed", {}).values())}


def main(names, command):
    for address in (*SERIALS, FAR):
        subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", names, "/etc/hosts"], check=True)
    house = [host.start() for host in hosts()]
    program = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    while program.poll() is None:  # a signal that another thread takes does not wake wait()
        time.sleep(0.05)
    print("seen:", json.dumps({host.address: seen(host) for host in house}), file=sys.stderr, flush=True)
    return program.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

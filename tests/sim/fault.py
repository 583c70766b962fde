"""What can go wrong between a gateway and the one who asks it. One row per fault.

A fault either changes the reply before it is sent, or changes how it is sent.
"""

import json
import re
import socket
import struct
from dataclasses import dataclass

from tests.sim.web import Response

MIB = 1024 * 1024


@dataclass
class Fault:
    """One fault of a gateway: which, on which requests, how often."""

    kind: str
    path: str = ""  # a pattern that the request's target must contain; "" is all requests
    times: int = None  # how many requests it spoils; None: until it is taken away
    seconds: float = 1.0  # of delay
    status: int = 500
    retry_after: int = None
    location: str = None  # of a redirect
    body: bytes = b""  # of kind "body"

    def __post_init__(self):
        if self.kind not in FAULTS:
            raise ValueError(f"no such fault: {self.kind}; known: {', '.join(sorted(FAULTS))}")

    def takes(self, target):
        """Whether it spoils this request; counts it when it does."""
        if not re.search(self.path, target) or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


# --- replies that are wrong -------------------------------------------------------------------

def _status(fault, _reply):
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if fault.location:
        headers["Location"] = fault.location
    return Response(fault.status, b"", headers=headers)


def _null(_fault, _reply):
    return Response(200, b"null")


def _html(_fault, _reply):
    page = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>"
    return Response(200, page, content_type="text/html")


def _body(fault, _reply):
    return Response(200, fault.body)


def _truncated(_fault, reply):
    """Valid HTTP, but the JSON in it ends in the middle."""
    return Response(200, reply.body[:len(reply.body) * 2 // 3])


def _padded(reply, size):
    """The same JSON made size bytes long by a key that nobody knows."""
    data = json.loads(reply.body)
    filler = b'"padding":"%s"' % (b"x" * size)
    if isinstance(data, dict):
        body = b"{" + filler + b"," + reply.body.lstrip()[1:]
    else:
        body = b"[" + reply.body.lstrip()[1:].rstrip()[:-1] + b",{" + filler + b"}]"
    return Response(200, body.replace(b"x", b"", len(body) - size))


def _huge(_fault, reply):
    return _padded(reply, MIB)


def _oversize(_fault, reply):
    return _padded(reply, MIB + 1)


def _deep(_fault, _reply):
    return Response(200, b'{"inverters":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def _leaves(value, change):
    """The same structure with change() applied to every number in it."""
    if isinstance(value, dict):
        return {key: _leaves(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_leaves(item, change) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return change(value)
    return value


def _nulls(_fault, reply):
    return Response.json(_leaves(json.loads(reply.body), lambda _n: None))


def _text_numbers(_fault, reply):
    return Response.json(_leaves(json.loads(reply.body), str))


def _empty_object(_fault, _reply):
    return Response(200, b"{}")


# --- replies that come wrongly ----------------------------------------------------------------

def _delay(fault, line, reply):
    line.wait(fault.seconds)
    line.send(reply)


def _hang(_fault, line, _reply):
    line.wait(None)
    line.close()


def _drip(_fault, line, reply):
    """One byte per second, so that no single read ever times out."""
    for byte in reply.head(True) + reply.payload():
        if line.wait(1.0):
            break
        line.send_bytes(bytes([byte]))
    line.close()


def _cut(_fault, line, reply):
    """Less body than Content-Length promised, then an ordinary end of the connection."""
    half = reply.body[:len(reply.body) // 2]
    line.send(Response(200, half, length=len(reply.body)))
    line.close()


def _reset(_fault, line, reply):
    """The connection breaks in the middle of the body."""
    line.send_bytes(reply.head(True) + reply.payload()[:len(reply.body) // 2])
    line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def _silent_close(_fault, line, _reply):
    line.close()


# kind -> (what it does to the reply, or how it sends it)
REPLIES = {
    "body": _body, "deep": _deep, "html": _html, "huge": _huge, "null": _null, "nulls": _nulls,
    "empty-object": _empty_object, "oversize": _oversize, "status": _status,
    "text-numbers": _text_numbers, "truncated": _truncated,
}
DELIVERIES = {
    "cut": _cut, "delay": _delay, "drip": _drip, "hang": _hang, "reset": _reset,
    "silent-close": _silent_close,
}
# What only the gateway itself can do, since it lies in the meaning of its reply.
MEANINGS = {"empty", "no-ac"}

FAULTS = set(REPLIES) | set(DELIVERIES) | MEANINGS

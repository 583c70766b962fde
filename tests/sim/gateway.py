"""A simulated device on the network: a port of its own, its pages, its faults, its counts."""

import select
import socket
import ssl
import threading
import time
from collections import Counter

from tests.sim.fault import DELIVERIES, REPLIES
from tests.sim.web import Response, read_request

IDLE_MAX = 30.0  # an idle kept connection is closed after this many seconds


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other end has gone


class Line:
    """One TCP connection, as a fault sees it."""

    def __init__(self, gateway, connection, close):
        self.gateway, self.socket, self._close = gateway, connection, close
        self.closed = False

    def send(self, reply):
        self.end_request()  # before the client can have the reply, and ask again
        self.send_bytes(reply.head(self._close) + reply.payload())

    def send_bytes(self, data):
        self.gateway.count_bytes(len(data))  # before the client can have them
        self.socket.sendall(data)

    def close(self):
        self.closed = True

    def end_request(self):
        """The request counts no longer among those that are under way."""
        self.gateway.request_ended(self)

    def wait(self, seconds):
        """Waits; True when the peer has gone or the gateway stops, so that no thread stays behind.

        With None it waits until one of these happens, or the fault is taken away.
        """
        fault = self.gateway.fault
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self.gateway.stopping.is_set():
            left = 0.1 if deadline is None else min(deadline - time.monotonic(), 0.1)
            if left <= 0 or (deadline is None and self.gateway.fault is not fault):
                return False
            if self.has_gone(left):
                return True
        return True

    def has_gone(self, seconds=0):
        """Whether the peer has closed it, or does so within that time."""
        readable, _, _ = select.select([self.socket], [], [], seconds)
        return bool(readable) and not self._peek()

    def _peek(self):
        try:
            if isinstance(self.socket, ssl.SSLSocket):
                return self.socket.pending() or False
            return self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return False


class Counts:
    """What a gateway was asked for. Taken under the gateway's lock."""

    def __init__(self):
        self.requests = Counter()  # by target, query included
        self.targets = []  # (monotonic time, target) of every request
        self.connections = 0
        self.parallel_max = 0
        self.bytes = 0  # of requests and replies as they go over TCP

    @property
    def total(self):
        return len(self.targets)

    def summary(self):
        return {"requests": dict(self.requests), "total": self.total,
                "connections": self.connections, "parallel_max": self.parallel_max}


class Gateway:
    """Base of all simulated gateways: a subclass says in page() what it answers.

    keep_alive: whether it offers to keep the connection, as few of these devices do.
    tls: an ssl.SSLContext to speak https.
    address, port: where it listens; port 0 is any free one.
    """

    OPEN = ()  # paths that want no password

    def __init__(self, keep_alive=False, auth=None, tls=None, port=0, address="127.0.0.1"):
        self.keep_alive, self.auth, self.tls = keep_alive, auth, tls
        self.address = address
        self.fault = None
        self.counts = Counts()
        self.stopping = threading.Event()
        self.port = port
        self._listener = None
        self._held = None  # keeps the port while connections are refused
        self._lock = threading.Lock()
        self._under_way = set()  # lines with a request that is being answered just now
        self._open = set()  # connections, to be closed with the gateway
        self._idle = set()  # those of them on which nothing is asked just now

    # --- what a subclass has to say -----------------------------------------------------------

    def page(self, request):
        """The Response to a request; None is a 404."""
        raise NotImplementedError

    def degraded(self, kind, request):
        """The reply under a fault that lies in its meaning ("empty", "no-ac")."""
        raise NotImplementedError(f"{type(self).__name__} has no fault {kind!r}")

    # --- life ---------------------------------------------------------------------------------

    def start(self):
        self.stopping.clear()
        self.accept_connections()
        return self

    def stop(self):
        self.stopping.set()
        self.refuse_connections()
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()

    def _bind(self):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((self.address, self.port))
        self.port = bound.getsockname()[1]
        return bound

    def accept_connections(self):
        """Opens the port; the same one again after refuse_connections()."""
        if self._listener is not None:
            return
        self._listener, self._held = self._held or self._bind(), None
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse_connections(self):
        """Closes the port and every connection: the device is off.

        The port stays its own: somebody else's gateway is not to answer in its place.
        """
        listener, self._listener = self._listener, None
        if listener is not None:
            _shut(listener)  # wakes accept()
            self._held = self._bind()
            listener.close()
        with self._lock:
            open_now = list(self._open)
        for connection in open_now:
            _shut(connection)

    def drop_idle(self):
        """Closes the connections on which nothing is asked; says how many. The port stays open."""
        with self._lock:
            for connection in self._idle:
                _shut(connection)
            return len(self._idle)

    def exchange_ports(self, other):
        """Each will be where the other was; while both refuse connections."""
        self.port, other.port = other.port, self.port
        self._held, other._held = other._held, self._held

    @property
    def host(self):
        """For the key Host: with the scheme only where it is not http."""
        return ("https://" if self.tls else "") + f"{self.address}:{self.port}"

    @property
    def url(self):
        return ("https" if self.tls else "http") + f"://{self.address}:{self.port}"

    def reset_counts(self):
        with self._lock:
            self.counts = Counts()
            self.counts.parallel_max = len(self._under_way)

    # --- serving ------------------------------------------------------------------------------

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with self._lock:
            self.counts.connections += 1
            self._open.add(connection)
        raw = connection
        try:
            connection.settimeout(IDLE_MAX)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self._converse(connection)
        except (OSError, ValueError):
            pass  # the client has gone, or does not like the certificate
        finally:
            with self._lock:
                self._open.discard(raw)
            connection.close()

    def _converse(self, connection):
        stream = connection.makefile("rb")
        while not self.stopping.is_set():
            with self._lock:
                self._idle.add(connection)
            try:
                request = read_request(stream)
            finally:
                with self._lock:
                    self._idle.discard(connection)
            if request is None:
                return
            close = not self.keep_alive or request.headers.get("connection") == "close"
            line = Line(self, connection, close)
            self._count(request, line)
            try:
                self.answer(line, request)
            finally:
                line.end_request()
            if close or line.closed:
                return

    def _count(self, request, line):
        """A line that its peer has closed counts no more, even if its thread has not noticed yet."""
        with self._lock:
            counts = self.counts
            counts.requests[request.target] += 1
            counts.targets.append((time.monotonic(), request.target))
            counts.bytes += request.size
            self._under_way = {other for other in self._under_way if not other.has_gone()} | {line}
            counts.parallel_max = max(counts.parallel_max, len(self._under_way))

    def count_bytes(self, count):
        with self._lock:
            self.counts.bytes += count

    def request_ended(self, line):
        with self._lock:
            self._under_way.discard(line)

    def answer(self, line, request):
        """Sends the reply to one request, spoilt by the fault if there is one."""
        fault = self.fault
        if fault is None or not fault.takes(request.target):
            line.send(self._reply(request))
        elif fault.kind in DELIVERIES:
            DELIVERIES[fault.kind](fault, line, self._reply(request))
        elif fault.kind in REPLIES:
            reply = self._reply(request)
            refused = reply.status == 401  # a refusal has no body that could be spoilt
            line.send(reply if refused else REPLIES[fault.kind](fault, reply))
        else:
            line.send(self._reply(request, fault.kind))

    def _reply(self, request, degraded=None):
        closed = self.auth and request.path not in self.OPEN
        refusal = self.auth.refusal(request) if closed else None
        if refusal is not None:
            return refusal
        reply = self.degraded(degraded, request) if degraded else self.page(request)
        return reply or Response(404, b"Not found", content_type="text/plain")

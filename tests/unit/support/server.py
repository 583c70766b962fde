#!/usr/bin/python3
"""A gateway with every bad habit, for tests/unit/test_http_*.c: HTTP, HTTPS and WebSocket on loopback.

It prints "name value" lines (ports, the CA's file), then "ready", and ends when its standard input is
closed. What a request gets depends on its path: see Handler. Written on bare sockets, since the point is
to break the rules that a library keeps.
"""

import base64
import gzip
import hashlib
import os
import secrets
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

HOST = "127.0.0.1"
USER, PASSWORD = "admin", "pa:ss%wört"
LIMIT = 1024 * 1024
LIFETIME = 300  # seconds, should nobody close standard input

counts = {"connections": 0, "requests": 0}
lock = threading.Lock()


class Gone(Exception):
    pass


class Digest:
    """RFC 7616 with qop=auth. A nonce may be used once, or with rising counts."""

    def __init__(self, algorithm, once=False, always_stale=False):
        self.hash = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]
        self.algorithm, self.once, self.always_stale = algorithm, once, always_stale
        self.nonces = {}  # nonce -> highest count seen
        self.challenges = self.accepted = 0

    def digest(self, *parts):
        return self.hash(":".join(parts).encode()).hexdigest()

    def challenge(self):
        nonce = secrets.token_hex(16)
        self.nonces[nonce] = 0
        self.challenges += 1
        stale = ", stale=true" if self.always_stale else ""
        return (f'WWW-Authenticate: Digest qop="auth", realm="gateway", nonce="{nonce}", '
                f"algorithm={self.algorithm}{stale}\r\n")

    def accepts(self, method, target, header):
        if not header.startswith("Digest "):
            return False
        fields = {}
        for part in header[7:].split(","):
            key, _, value = part.strip().partition("=")
            fields[key] = value.strip('"')
        nonce, count = fields.get("nonce", ""), int(fields.get("nc", "0"), 16)
        if fields.get("username") != USER or fields.get("uri") != target or fields.get("qop") != "auth":
            return False
        if nonce not in self.nonces or count <= self.nonces[nonce]:
            return False
        expected = self.digest(self.digest(USER, "gateway", PASSWORD), nonce, fields["nc"], fields["cnonce"],
                               "auth", self.digest(method, target))
        if fields.get("response") != expected or self.always_stale:
            return False
        if self.once:
            del self.nonces[nonce]
        else:
            self.nonces[nonce] = count
        self.accepted += 1
        return True


digests = {}


def forget_nonces():
    for d in digests.values():
        d.nonces.clear()


class Handler:
    """One connection. Methods are named after the first element of the path."""

    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def read_until(self, mark):
        while mark not in self.buffer:
            more = self.connection.recv(65536)
            if not more:
                raise Gone
            self.buffer += more
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def read_exactly(self, count):
        while len(self.buffer) < count:
            more = self.connection.recv(65536)
            if not more:
                raise Gone
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send(self, data):
        self.connection.sendall(data if isinstance(data, bytes) else data.encode())

    def reply(self, status, body=b"", headers="", close=False):
        body = body.encode() if isinstance(body, str) else body
        end = "Connection: close\r\n" if close else ""
        self.send(f"HTTP/1.1 {status} Text\r\nContent-Length: {len(body)}\r\n{headers}{end}\r\n".encode() + body)
        if close:
            raise Gone

    def run(self):
        with lock:
            counts["connections"] += 1
        while True:
            lines = self.read_until(b"\r\n\r\n").decode().split("\r\n")
            self.method, self.target, _ = lines[0].split(" ")
            self.headers = {}
            for line in lines[1:]:
                key, _, value = line.partition(":")
                self.headers[key.lower()] = value.strip()
            self.body = self.read_exactly(int(self.headers.get("content-length", "0")))
            with lock:
                counts["requests"] += 1
            self.parts = self.target.partition("?")[0].strip("/").split("/")
            name = "do_" + self.parts[0].replace("-", "_")
            getattr(self, name, self.do_unknown)()

# -- answers --

    def do_unknown(self):
        self.reply(404, "no such page")

    def do_ok(self):
        self.reply(200, '{"target": "%s"}' % self.target)

    def do_empty(self):
        self.reply(200)

    def do_close(self):
        self.reply(200, '{"closed": true}', close=True)

    def do_keep_then_close(self):
        """Says keep-alive but hangs up, as a gateway whose idle time is over."""
        self.reply(200, "{}")
        raise Gone

    def do_until_eof(self):
        self.send("HTTP/1.1 200 OK\r\n\r\nuntil the end")
        raise Gone

    def do_chunked(self):
        self.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in ("{", '"chunks": ', "3", "}"):
            self.send(f"{len(chunk):x}\r\n{chunk}\r\n")
            time.sleep(0.01)
        self.send("0\r\n\r\n")

    def do_counts(self):
        with lock:
            self.reply(200, f"{counts['connections']} {counts['requests']}")

    def do_headers(self):
        self.reply(200, "\n".join(f"{k}: {v}" for k, v in self.headers.items()))

    def do_posted(self):
        self.reply(200, f"{self.method} {self.headers.get('content-type', '-')} {self.body.decode()}")

    def do_status(self):
        self.reply(int(self.parts[1]), "some body")

    def do_refuses(self):
        """/refuses/404/TEXT: with a body of one's own."""
        self.reply(int(self.parts[1]), '{"code": 1, "message": "%s"}' % self.parts[2])

    def do_packed(self):
        """/packed/SIZE, /packed/cut: gzip that nobody asked for."""
        size = int(self.parts[1]) if self.parts[1].isdigit() else 1000
        body = gzip.compress(b'{"padding":"' + b"x" * (size - 14) + b'"}')
        body = body if self.parts[1].isdigit() else body[:-5]
        self.reply(200, body, "Content-Encoding: gzip\r\n")

    def do_switches(self):
        """/switches/1.0, /switches/1.1: to another protocol, which nobody has asked for."""
        self.send(f"HTTP/{self.parts[1]} 101 Switching Protocols\r\n\r\n{{}}")
        raise Gone

    def do_retry_after(self):
        date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        value = {
            "seconds": "Retry-After: 120\r\n",
            "date": f"{date}Retry-After: Sun, 06 Nov 1994 08:51:07 GMT\r\n",
            "huge": "Retry-After: 99999999999999999999\r\n",
            "past": f"{date}Retry-After: Sun, 06 Nov 1994 08:00:00 GMT\r\n",
            "absurd": f"{date}Retry-After: Fri, 06 Nov 2043 08:00:00 GMT\r\n",
            "dateless": "Retry-After: Sun, 06 Nov 1994 08:51:07 GMT\r\n",
            "negative": "Retry-After: -5\r\n",
            "words": "Retry-After: soon\r\n",
        }[self.parts[2]]
        self.reply(int(self.parts[1]), "busy", value)

# -- authentication --

    def do_basic(self):
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("authorization") == expected:
            self.reply(200, "let in")
        else:
            self.reply(401, "who?", 'WWW-Authenticate: Basic realm="Login Required"\r\n')

    def do_token(self):
        self.reply(401, self.headers.get("authorization", "who?"), "WWW-Authenticate: Bearer\r\n")

    def do_both(self):
        self.reply(401, "", 'WWW-Authenticate: Basic realm="x"\r\n' + Digest("MD5").challenge())

    def do_digest(self):
        """/digest/MD5/once/..., /digest/SHA-256/many/..., /digest/MD5/stale"""
        algorithm, kind = self.parts[1], self.parts[2]
        digest = digests.setdefault((algorithm, kind), Digest(algorithm, kind == "once", kind == "stale"))
        if digest.accepts(self.method, self.target, self.headers.get("authorization", "")):
            posted = f" {self.body.decode()}" if self.method == "POST" else ""
            self.reply(200, f"{digest.challenges} {digest.accepted}{posted}", close=len(self.parts) > 3)
        else:
            self.reply(401, "who?", digest.challenge(), close=len(self.parts) > 3)

    def do_forget(self):
        forget_nonces()
        self.reply(200)

# -- redirects --

    def do_redirect(self):
        other = socket.gethostbyname(HOST)
        port = self.connection.getsockname()[1]
        where = {
            "same": "/ok?redirected=1",
            "absolute": f"http://{HOST}:{port}/ok",
            "userinfo": f"http://evil:secret@{HOST}:{port}/headers",
            "host": f"http://localhost:{port}/ok",
            "port": f"http://{other}:{port + 1}/ok",
            "scheme": f"https://{HOST}:{port}/ok?token=secret",
            "file": "file:///etc/passwd",
            "loop": "/redirect/loop",
            "twice": "/redirect/same",
            "thrice": "/redirect/twice",
            "slow": "/redirect/slow",
        }[self.parts[1]]
        if self.parts[1] == "slow":
            time.sleep(0.25)
        self.reply(302, "moved", f"Location: {where}\r\n")

# -- size --

    def do_size(self):
        """/size/COUNT, /size/COUNT/chunked, /size/COUNT/eof"""
        count, kind = int(self.parts[1]), self.parts[2] if len(self.parts) > 2 else ""
        body = b"x" * count
        if kind == "chunked":
            self.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, count, 50000):
                piece = body[at:at + 50000]
                self.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.send("0\r\n\r\n")
        elif kind == "eof":
            self.send(b"HTTP/1.1 200 OK\r\n\r\n" + body)
            raise Gone
        else:
            self.reply(200, body)

# -- faults --

    def do_hang(self):
        time.sleep(LIFETIME)

    def do_delay(self):
        time.sleep(int(self.parts[1]) / 1000)
        self.reply(200, "late")

    def do_drip(self):
        self.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            self.send("x")
            time.sleep(0.2)

    def do_drip_headers(self):
        self.send("HTTP/1.1 200 OK\r\n")
        while True:
            self.send("X-More: y\r\n")
            time.sleep(0.2)

    def do_cut(self):
        self.send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"half": ')
        raise Gone

    def do_cut_chunked(self):
        self.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        raise Gone

    def do_nothing(self):
        raise Gone

    def do_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def do_reset_body(self):
        self.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        time.sleep(0.1)
        self.do_reset()

    def do_garbage(self):
        self.send("SSH-2.0-OpenSSH_9.2\r\n")
        raise Gone

# -- WebSocket --

    def upgrade(self):
        key = self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Accept: {accept}\r\n\r\n")

    def frame(self, opcode, data, last=True):
        head = bytes([opcode | (0x80 if last else 0)])
        if len(data) < 126:
            head += bytes([len(data)])
        elif len(data) < 65536:
            head += bytes([126]) + struct.pack(">H", len(data))
        else:
            head += bytes([127]) + struct.pack(">Q", len(data))
        self.send(head + data)

    def read_frame(self):
        first, second = self.read_exactly(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack(">H", self.read_exactly(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.read_exactly(8))[0]
        mask = self.read_exactly(4) if second & 0x80 else bytes(4)
        data = self.read_exactly(length)
        return first & 0x0F, bytes(b ^ mask[i % 4] for i, b in enumerate(data))

    def flood(self, what):
        """As fast as it is taken, until the peer has had enough."""
        opcode, data, count = {"text": (1, b"{}", 100), "binary": (2, b"", 100), "pings": (9, b"", 100),
                               "pongs": (10, b"", 100), "fragments": (0, b"", 100),
                               "bytes": (2, bytes(65535), 1)}[what]
        if what == "fragments":
            self.frame(1, b"", last=False)
        self.buffer = b""
        while True:
            for _ in range(count):
                self.frame(opcode, data, last=what != "fragments")
            self.drain()

    def drain(self):
        """Pongs, lest the peer wait for us to read them."""
        self.connection.setblocking(False)
        try:
            while self.connection.recv(65536):
                pass
        except BlockingIOError:
            pass
        self.connection.settimeout(LIFETIME)

    def do_ws(self):
        kind = self.parts[1]
        if kind == "digest":
            digest = digests.setdefault("ws", Digest("MD5"))
            if not digest.accepts(self.method, self.target, self.headers.get("authorization", "")):
                self.reply(401, "who?", digest.challenge(), close=True)
        self.upgrade()
        if kind == "silent":
            time.sleep(LIFETIME)
        if kind == "close":
            self.frame(8, b"\x03\xe8")
            raise Gone
        if kind == "huge":
            self.frame(1, b"x" * (LIMIT + 1))
            raise Gone
        if kind == "push":
            self.frame(1, b'{"pushed": true}')
            time.sleep(1)
            raise Gone
        if kind == "stream":  # two at once, a ping that must come back, one in fragments, one more
            self.frame(1, b"one")
            self.frame(1, b"two" * 3000)
            self.frame(2, b"binary")
            self.frame(9, b"are you there")
            if self.read_frame() != (10, b"are you there"):
                raise Gone
            self.frame(1, b"th", last=False)
            self.frame(9, b"in between")
            time.sleep(0.05)
            self.frame(0, b"ree")
            self.frame(1, b"")
            time.sleep(LIFETIME)
        if kind == "sent":  # after so many ms each, and each says when it was sent
            begun = time.monotonic()
            for ms in self.parts[2:]:
                time.sleep(max(0, begun + int(ms) / 1000 - time.monotonic()))
                self.frame(1, b"%d" % (time.monotonic() * 1000))
            raise Gone
        if kind == "flood":
            self.flood(self.parts[2])
        if kind == "long":  # and one that needs little
            self.frame(1, b"l" * 200000)
            self.frame(1, b"short")
            time.sleep(LIFETIME)
        if kind == "burst":
            for n in range(400):
                self.frame(1, b"%d" % n)
            time.sleep(LIFETIME)
        if kind == "pings":
            for n in range(400):
                self.frame(9, b"")
            self.frame(1, b"after all of them")
            time.sleep(LIFETIME)
        if kind == "digest" and len(self.parts) > 2:
            self.frame(1, b"for you alone")
            time.sleep(LIFETIME)
        opcode, data = self.read_frame()
        while opcode != 1:
            opcode, data = self.read_frame()
        if kind == "fragments":
            self.frame(9, b"ping")
            self.frame(2, b"binary first")
            half = len(data) // 2
            self.frame(1, data[:half], last=False)
            time.sleep(0.05)
            self.frame(9, b"ping")
            self.frame(0, data[half:])
        else:
            self.frame(1, data)
        time.sleep(0.5)
        raise Gone


def serve_connection(connection, context):
    try:
        connection.settimeout(LIFETIME)
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        Handler(connection).run()
    except (Gone, OSError, ValueError, KeyError, IndexError):
        pass
    finally:
        connection.close()


def serve(listener, context):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_connection, args=(connection, context), daemon=True).start()


def listen(name, context=None):
    listener = socket.create_server((HOST, 0))
    print(name, listener.getsockname()[1])
    threading.Thread(target=serve, args=(listener, context), daemon=True).start()

# -- certificates --


class Authority:
    """A CA in a folder, made anew for each run."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate = os.path.join(folder, "ca.pem")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
        with open(os.path.join(folder, "ca.cnf"), "w") as f:
            f.write("[ca]\ndefault_ca=x\n[x]\nnew_certs_dir=.\ndatabase=index\nserial=serial\npolicy=p\n"
                    "default_md=sha256\nemail_in_dn=no\nrand_serial=yes\nunique_subject=no\ncopy_extensions=copy\n"
                    "[p]\ncommonName=supplied\n")
        open(os.path.join(folder, "index"), "w").close()

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def issue(self, name, subject, start="20200101000000Z", end="20450101000000Z"):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext",
                     f"subjectAltName={subject}")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in",
                     f"{name}.csr", "-out", f"{name}.pem", "-notext", "-startdate", start, "-enddate", end)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, f"{name}.pem"), os.path.join(self.folder, f"{name}.key"))
        return context


def serve_tls(folder):
    authority = Authority(folder)
    print("ca", authority.certificate)
    listen("https", authority.issue("good", "DNS:localhost"))
    listen("https-ip", authority.issue("ip", "IP:127.0.0.1"))
    listen("https-name", authority.issue("name", "DNS:other.example"))
    listen("https-expired", authority.issue("expired", "IP:127.0.0.1", end="20210101000000Z"))
    listen("https-future", authority.issue("future", "IP:127.0.0.1", start="20440101000000Z"))
    only13 = authority.issue("tls13", "IP:127.0.0.1")
    only13.minimum_version = ssl.TLSVersion.TLSv1_3
    listen("https-1.3", only13)
    only12 = authority.issue("tls12", "IP:127.0.0.1")
    only12.maximum_version = ssl.TLSVersion.TLSv1_2
    listen("https-1.2", only12)
    none = authority.issue("none", "IP:127.0.0.1")  # whose certificate fits none of its ciphers
    none.maximum_version = ssl.TLSVersion.TLSv1_2
    none.set_ciphers("AES128-SHA")
    listen("https-no-cipher", none)


def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end of standard input is enough, and lets us tidy up
    folder = tempfile.mkdtemp(prefix="dtu-test-")
    try:
        listen("http")
        serve_tls(folder)
        print("ready", flush=True)
        watchdog = threading.Timer(LIFETIME, lambda: os._exit(1))
        watchdog.daemon = True
        watchdog.start()
        sys.stdin.read()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

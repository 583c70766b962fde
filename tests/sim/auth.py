"""How gateways ask who is there: Basic, Digest (MD5, SHA-256), and credentials in the query."""

import base64
import hashlib
import re
import secrets
import threading

from tests.sim.web import Response

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def denied(challenge=None):
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return Response(401, b"", headers=headers)


class Basic:
    """OpenDTU with read-only access switched off, Shelly gen1."""

    def __init__(self, user, password, realm="Login Required"):
        self.realm = realm
        self._wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def refusal(self, request):
        """None when the request may pass, else the reply that it gets."""
        if request.headers.get("authorization") == self._wanted:
            return None
        return denied(f'Basic realm="{self.realm}"')


class Bearer:
    """Home Assistant, Enphase's Envoy: a token."""

    def __init__(self, token, challenges=True):
        self._wanted, self._challenges = f"Bearer {token}", challenges

    def refusal(self, request):
        if request.headers.get("authorization") == self._wanted:
            return None
        return denied("Bearer" if self._challenges else None)


class Query:
    """Tasmota: user and password among the query's parameters."""

    def __init__(self, user, password, old=False):
        self.user, self.password = user, password
        self.old = old  # before 8.2.3 a refusal was a 200 with a warning

    def refusal(self, request):
        given = (request.query.get("user"), request.query.get("password"))
        if given == (self.user, self.password):
            return None
        if self.old:
            return Response.json({"WARNING": "Need user=<username>&password=<password>"})
        return denied()


class Digest:
    """RFC 7616 with qop=auth, as Shelly gen2+ (SHA-256) and OpenDTU's WebSocket (MD5) do it.

    once=True hands out a nonce for one request only, as Shelly firmware before 2.0 does; else a
    nonce lives on, and its count must rise, as since 2.0.
    """

    def __init__(self, user, password, algorithm="SHA-256", once=False, realm="sim"):
        self.user, self.password = user, password
        self.algorithm, self.once, self.realm = algorithm, once, realm
        self.used = []  # (nonce, nc) of every accepted request, for tests to look at
        self.challenges = 0
        self._counts = {}  # nonce -> highest nc seen
        self._lock = threading.Lock()

    def refusal(self, request):
        with self._lock:
            given = self._parse(request.headers.get("authorization", ""))
            if given and self._accept(request, given):
                return None
            return self._challenge(stale=bool(given) and self._right(request, given))

    def forget(self):
        """All nonces run out, as after an hour or a reboot."""
        with self._lock:
            self._counts.clear()

    def _challenge(self, stale):
        self.challenges += 1
        nonce = secrets.token_hex(8)
        self._counts[nonce] = 0
        return denied(f'Digest qop="auth", realm="{self.realm}", nonce="{nonce}", '
                      f'algorithm={self.algorithm}' + (", stale=true" if stale else ""))

    def _accept(self, request, given):
        count = int(given.get("nc", "0"), 16)
        if not self._right(request, given) or count <= self._counts.get(given["nonce"], 1 << 32):
            return False
        if self.once:
            del self._counts[given["nonce"]]
        else:
            self._counts[given["nonce"]] = count
        self.used.append((given["nonce"], count))
        return True

    def _right(self, request, given):
        digest = lambda text: HASHES[self.algorithm](text.encode()).hexdigest()
        ha1 = digest(f"{self.user}:{self.realm}:{self.password}")
        ha2 = digest(f"{request.method}:{request.target}")
        wanted = digest(":".join((ha1, given.get("nonce", ""), given.get("nc", ""),
                                  given.get("cnonce", ""), "auth", ha2)))
        return (given.get("response") == wanted and given.get("username") == self.user
                and given.get("uri") == request.target)

    @staticmethod
    def _parse(header):
        if not header.lower().startswith("digest "):
            return None
        pairs = re.findall(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', header[7:])
        given = {key.lower(): quoted or plain for key, quoted, plain in pairs}
        return given if "nonce" in given else None

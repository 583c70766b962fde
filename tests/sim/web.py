"""Just enough of HTTP/1.1 to be asked by a client, and to misbehave towards it."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

LINE_MAX = 64 * 1024
BODY_MAX = 1024 * 1024


@dataclass
class Request:
    method: str
    target: str  # as it stands in the request line
    headers: dict  # names in lower case
    body: bytes = b""

    @property
    def size(self):
        """Bytes on the line, from a client that writes headers as everybody does."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return sum(len(line) + 2 for line in lines) + 2 + len(self.body)

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict = field(default_factory=dict)
    chunked: bool = False
    length: int = None  # claimed Content-Length where it differs from the body's

    @classmethod
    def json(cls, data, status=200, **options):
        """Without spaces, as these devices write it."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return cls(status, text.encode(errors="surrogateescape"), **options)

    def head(self, close):
        """Status line and headers."""
        fields = {"Content-Type": self.content_type,
                  "Connection": "close" if close else "keep-alive"}
        if self.chunked:
            fields["Transfer-Encoding"] = "chunked"
        else:
            fields["Content-Length"] = len(self.body) if self.length is None else self.length
        fields.update(self.headers)
        lines = [f"HTTP/1.1 {self.status} {phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode(errors="surrogateescape")

    def payload(self):
        """The body as it goes over the line."""
        if not self.chunked:
            return self.body
        parts = [self.body[i:i + 100] for i in range(0, len(self.body), 100)]
        return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


def phrase(status):
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def read_request(stream):
    """The next request of a connection, or None when the client has gone."""
    line = stream.readline(LINE_MAX).decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while True:
        raw = stream.readline(LINE_MAX)
        if not raw:
            return None
        if raw in (b"\r\n", b"\n"):
            break
        name, _, value = raw.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = min(int(headers.get("content-length") or 0), BODY_MAX)
    return Request(line[0], line[1], headers, stream.read(length) if length else b"")

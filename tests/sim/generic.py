"""Any JSON over HTTP, and a WebSocket that echoes: what templates and `fetch` may meet."""

from tests.sim.gateway import Gateway
from tests.sim.opendtu import accept_websocket, text_frame
from tests.sim.web import Response


class Generic(Gateway):
    """pages: path -> what json.dumps() takes, or a function of the Request that returns it."""

    def __init__(self, pages=None, **options):
        super().__init__(**options)
        self.pages = dict(pages or {})

    def page(self, request):
        if request.path not in self.pages:
            return None
        data = self.pages[request.path]
        data = data(request) if callable(data) else data
        return data if isinstance(data, Response) else Response.json(data)

    def answer(self, line, request):
        if request.path == "/echo" and "sec-websocket-key" in request.headers:
            accept_websocket(line, request)
            echo(line)
        else:
            super().answer(line, request)


def echo(line):
    """Sends every text frame back, in two fragments where it is long enough; ends at a close."""
    stream = line.socket.makefile("rb")
    while True:
        opcode, payload = read_frame(stream)
        if opcode == 1:
            half = len(payload) // 2
            line.send_bytes(text_frame(payload[:half], fin=False) +
                            text_frame(payload[half:], opcode=0))
        elif opcode in (None, 8):
            line.close()
            return


def read_frame(stream):
    """(opcode, payload) of a client's frame, which is masked; (None, b"") when it has gone."""
    head = stream.read(2)
    if len(head) < 2:
        return None, b""
    length = head[1] & 0x7F
    if length == 126:
        length = int.from_bytes(stream.read(2), "big")
    elif length == 127:
        length = min(int.from_bytes(stream.read(8), "big"), 1 << 20)
    mask = stream.read(4)
    payload = bytes(b ^ mask[i % 4] for i, b in enumerate(stream.read(length)))
    return head[0] & 0x0F, payload

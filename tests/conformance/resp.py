"""A small RESP2/RESP3 client over sockets: the wire as it is, nothing converted.

A reply is a tuple (type byte, payload). Scalars carry their bytes, aggregates a list of replies,
a null bulk or array None. So two replies are equal exactly when their bytes are.
"""
import socket

AGGREGATES = b"*~>%|"
SCALARS = b"+-:,#_("
BULKS = b"$=!"
NULLS = (("$", None), ("*", None), ("_", b""))


class ProtocolError(Exception):
    """The peer sent bytes that are no reply."""


class Closed(Exception):
    """The peer closed the connection, or said nothing before the deadline."""


class Incomplete(Exception):
    """More bytes are needed."""


def encode(args):
    """One request: a multibulk of bytes."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        parts.append(b"$%d\r\n%b\r\n" % (len(arg), arg))
    return b"".join(parts)


def parse(buffer, at):
    """The reply that starts at `at`, and where the next one starts."""
    end = buffer.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    kind = buffer[at]
    line = bytes(buffer[at + 1:end])
    at = end + 2
    if kind in BULKS:
        length = int(line)
        if length < 0:
            return (chr(kind), None), at
        if len(buffer) < at + length + 2:
            raise Incomplete
        if buffer[at + length:at + length + 2] != b"\r\n":
            raise ProtocolError("bulk without its line end")
        return (chr(kind), bytes(buffer[at:at + length])), at + length + 2
    if kind in SCALARS:
        return (chr(kind), line), at
    if kind in AGGREGATES:
        count = int(line)
        if count < 0:
            return (chr(kind), None), at
        items = []
        for _ in range(count * 2 if kind in b"%|" else count):
            item, at = parse(buffer, at)
            items.append(item)
        return (chr(kind), items), at
    raise ProtocolError(f"unexpected byte {kind:#x} before {line[:40]!r}")


class Connection:
    """One connection; replies are read in order."""

    def __init__(self, port, host="127.0.0.1", timeout=60.0):
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.at = 0

    def send(self, payload):
        try:
            self.sock.sendall(payload)
        except OSError as error:
            raise Closed(str(error)) from error

    def fill(self):
        if self.at > 1 << 16:
            del self.buffer[:self.at]
            self.at = 0
        try:
            data = self.sock.recv(1 << 18)
        except socket.timeout as error:
            raise Closed("no reply before the deadline") from error
        except OSError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("closed by the server")
        self.buffer += data

    def read(self):
        """The next reply. Raises Closed."""
        while True:
            try:
                reply, self.at = parse(self.buffer, self.at)
                return reply
            except Incomplete:
                self.fill()

    def call(self, *args):
        self.send(encode([arg.encode() if isinstance(arg, str) else arg for arg in args]))
        return self.read()

    def close(self):
        self.sock.close()


def is_error(reply):
    return reply is not None and reply[0] in "-!"


def show(reply, limit=600):
    """A reply for a person to read."""
    text = _show(reply)
    return text if len(text) <= limit else text[:limit] + f"... ({len(text)} characters)"


def _show(reply):
    if reply is None:
        return "<no reply>"
    kind, payload = reply
    if payload is None:
        return f"{kind}nil"
    if isinstance(payload, list):
        return f"{kind}[" + ", ".join(_show(item) for item in payload) + "]"
    return kind + repr(payload)[1:]

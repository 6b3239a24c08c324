"""Fills a server with numbered keys, as fast as one pipelined connection takes them."""
import random

from comparison.load import KEY_BYTES

BLOCK = 1000            # keys whose last three digits a template has
TEMPLATES_SPREAD = 61   # templates with times of their own; a prime, so that blocks do not pair up
HOUR_S, DAY_S = 3600, 86400
NUMBER = b"#########"   # stands for the block's number
LIFETIMES_S = {"none": None, "equal": (10 * DAY_S, 10 * DAY_S), "spread": (HOUR_S, 10 * DAY_S)}


class Filler:
    """SETs the keys `key:000000000000` and on, with values of one size. A block of requests is a
    template in which only the block's number is replaced: formatting each key would take longer than
    the server needs for it."""

    def __init__(self, server, value_bytes, lifetimes="none"):
        self.server = server
        self.templates = self._templates(value_bytes, LIFETIMES_S[lifetimes])

    @staticmethod
    def _templates(value_bytes, lifetimes_s):
        draw = random.Random(1)
        value = b"$%d\r\n%b\r\n" % (value_bytes, b"v" * value_bytes)
        shortest_s, longest_s = lifetimes_s or (0, 0)
        templates = []
        for _ in range(1 if shortest_s == longest_s else TEMPLATES_SPREAD):
            parts = []
            for number in range(BLOCK):
                key = b"$%d\r\nkey:%b%03d\r\n" % (KEY_BYTES, NUMBER, number)
                if lifetimes_s is None:
                    parts.append(b"*3\r\n$3\r\nSET\r\n" + key + value)
                    continue
                seconds = b"%d" % draw.randint(shortest_s, longest_s)
                parts.append(b"*5\r\n$3\r\nSET\r\n" + key + value +
                             b"$2\r\nEX\r\n$%d\r\n%b\r\n" % (len(seconds), seconds))
            templates.append(b"".join(parts))
        return templates

    def fill(self, first, last):
        """SETs the keys [first, last), which are multiples of BLOCK."""
        with self.server.connect() as sock:
            sock.settimeout(600)
            for block in range(first // BLOCK, last // BLOCK):
                template = self.templates[block % len(self.templates)]
                sock.sendall(template.replace(NUMBER, b"%09d" % block))
                wanted = len(b"+OK\r\n") * BLOCK
                while wanted > 0:
                    received = sock.recv(1 << 16)
                    if not received or received.startswith(b"-"):
                        raise SystemExit(f"{self.server.name}: {received[:200]!r}")
                    wanted -= len(received)

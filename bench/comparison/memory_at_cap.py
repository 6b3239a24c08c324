"""Memory of a server that is full: bytes per item, RSS against its bound, and shifts of sizes."""
import time

from comparison.filler import BLOCK, LIFETIMES_S, Filler
from comparison.load import KEY_BYTES
from comparison.report import progress, table
from comparison.servers import Server

FILLS = 3                   # a server is full after as many times as much as it holds
SHIFTED_SIZES = (100, 500, 60)
SHIFT_ROUNDS = 3
SAMPLED_KEYS = 20_000
SETTLE_SECONDS = 2
RSS_SLACK_BYTES = 64 << 20


def add_arguments(parser):
    parser.add_argument("--maxmemory-mb", type=int, default=512)
    parser.add_argument("--policy", default="allkeys-lfu")


def rss_bytes_max(maxmemory):
    return int(1.10 * maxmemory) + RSS_SLACK_BYTES


class Client:
    """Sends commands one after the other, or many at a time; replies are one bulk or line each."""

    def __init__(self, server):
        self.sock = server.connect()
        self.file = self.sock.makefile("rb")

    def __call__(self, *words):
        return self.many([words])[0]

    def many(self, commands):
        self.sock.sendall(b"".join(b" ".join(str(word).encode() for word in words) + b"\r\n"
                                   for words in commands))
        return [self._reply() for _ in commands]

    def _reply(self):
        line = self.file.readline()
        if line.startswith(b"$") and line != b"$-1\r\n":
            return self.file.read(int(line[1:]) + 2)[:-2].decode()
        if line.startswith(b"-"):
            raise SystemExit(line.decode())
        return line[1:-2].decode()


def set_cap(client, arguments):
    maxmemory = arguments.maxmemory_mb << 20
    client("CONFIG", "SET", "maxmemory", maxmemory)
    client("CONFIG", "SET", "maxmemory-policy", arguments.policy)
    return maxmemory


def items_of(maxmemory, value_bytes, fills):
    """Items whose keys and values fill the cap so many times, in whole blocks."""
    return maxmemory * fills // (KEY_BYTES + value_bytes) // BLOCK * BLOCK


def used_bytes(client):
    for line in client("INFO", "memory").splitlines():
        if line.startswith("used_memory:"):
            return int(line.partition(":")[2])
    raise SystemExit("no used_memory in INFO")


def cap(arguments):
    """Bytes per resident item at the cap, ghosts included, and RSS against its bound."""
    rows = []
    for name in arguments.servers:
        for lifetimes in (each for each in LIFETIMES_S if each in arguments.lifetimes):
            for value_bytes in arguments.sizes:
                with Server(name) as server:
                    client = Client(server)
                    maxmemory = set_cap(client, arguments)
                    empty_rss, empty_used = server.rss_bytes(), used_bytes(client)
                    Filler(server, value_bytes, lifetimes).fill(
                        0, items_of(maxmemory, value_bytes, FILLS))
                    time.sleep(SETTLE_SECONDS)
                    rss, resident = server.rss_bytes(), int(client("DBSIZE"))
                    data = KEY_BYTES + value_bytes
                    rows.append([name, f"{value_bytes} B, {lifetimes}", f"{resident:,}",
                                 f"{(rss - empty_rss) / resident - data:.1f}",
                                 f"{(used_bytes(client) - empty_used) / resident - data:.1f}",
                                 f"{rss / 2**20:.0f}",
                                 f"{rss_bytes_max(maxmemory) / 2**20:.0f}: " +
                                 ("held" if rss <= rss_bytes_max(maxmemory) else "missed")])
                progress(" ".join(rows[-1]))
    print(f"At maxmemory {arguments.maxmemory_mb} MiB, {arguments.policy}, after {FILLS} times as "
          f"much. Bytes per resident item beyond a {KEY_BYTES}-byte key and the value\n")
    table(["server", "value, lifetime", "items", "by RSS", "by used_memory", "RSS MiB", "bound"], rows)


def resident_data_bytes(client):
    """Of all keys and values, by the mean of some drawn at random."""
    keys = client.many([("RANDOMKEY",)] * SAMPLED_KEYS)
    values = client.many([("STRLEN", key) for key in keys])
    return (KEY_BYTES + sum(map(int, values)) / SAMPLED_KEYS) * int(client("DBSIZE"))


def shifts(arguments):
    """Fills the cap with values of one size, then of another, and so on."""
    rows = []
    for name in arguments.servers:
        with Server(name) as server:
            client = Client(server)
            maxmemory = set_cap(client, arguments)
            first = 0
            for shift in range(SHIFT_ROUNDS * len(SHIFTED_SIZES)):
                value_bytes = SHIFTED_SIZES[shift % len(SHIFTED_SIZES)]
                last = first + items_of(maxmemory, value_bytes, 2)
                highest = fill_and_watch(server, Filler(server, value_bytes), first, last)
                first = last
                time.sleep(SETTLE_SECONDS)
                rss, bound = server.rss_bytes(), rss_bytes_max(maxmemory)
                highest = max(highest, rss)
                rows.append([name, f"{shift // len(SHIFTED_SIZES) + 1}: {value_bytes} B",
                             f"{int(client('DBSIZE')):,}",
                             f"{resident_data_bytes(client) / maxmemory * 100:.1f}",
                             f"{used_bytes(client) / maxmemory * 100:.1f}", f"{rss / 2**20:.0f}",
                             f"{highest / 2**20:.0f}",
                             f"{bound / 2**20:.0f}: " + ("held" if highest <= bound else "missed")])
                progress(" ".join(rows[-1]))
    print(f"At maxmemory {arguments.maxmemory_mb} MiB, {arguments.policy}: after values of each size "
          "that would fill it twice\n")
    table(["server", "round: values", "items", "keys and values % of cap", "used_memory % of cap",
           "RSS MiB", "highest RSS MiB", "bound"], rows)


def fill_and_watch(server, filler, first, last):
    """Fills, and returns the highest RSS that was seen about twenty times on the way."""
    step = max(BLOCK, (last - first) // 20 // BLOCK * BLOCK)
    highest = 0
    for at in range(first, last, step):
        filler.fill(at, min(last, at + step))
        highest = max(highest, server.rss_bytes())
    return highest

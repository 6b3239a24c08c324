"""Memory and CPU per element of hashes, lists, sets, sorted sets and streams, small and large."""
import os
import random
import statistics
import time

from comparison.report import conditions, load_saved, names, numbers, progress, save, table
from comparison.servers import PEERS, Server

SIZES = [10, 100, 1_000, 1_000_000]
ELEMENTS = 1_000_000  # in all, whatever the size of one collection
ELEMENTS_PER_COMMAND = 100
READ_BYTES = 1 << 20
SETTLE_SECONDS = 1  # until freed memory has gone back to the system
SENTINEL = b"$16\r\nthe end of batch\r\n"
ASK_SENTINEL = b"*2\r\n$4\r\nECHO\r\n" + SENTINEL
TIME_RATIO_MAX = 1.2  # of Redis's, as issue 4 has it


def encode(*words):
    """One request."""
    return b"*%d\r\n%b" % (len(words), b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))


def key_of(number):
    return b"key:%012d" % number


def texts(draw, count):
    """Distinct texts of 16 bytes."""
    return [b"%08x%08x" % (draw.getrandbits(32), n) for n in range(count)]


class Kind:
    """A kind of collection: how one is filled, and what is then asked of each."""

    def __init__(self, add, words_of, reads, elements=texts):
        self.add, self.words_of, self.reads, self.elements = add, words_of, reads, elements

    def fill(self, key, elements):
        """The requests that make one collection."""
        step = 1 if self.add == "XADD" else ELEMENTS_PER_COMMAND
        for at in range(0, len(elements), step):
            words = [word for element in elements[at:at + step] for word in self.words_of(element)]
            yield encode(self.add.encode(), key, *words)


def score_of(element):
    return b"%d" % int(element[:8], 16)


def integers(draw, count):
    return [b"%d" % number for number in draw.sample(range(1 << 31), count)]


# `reads` are requests as functions of a key and the one after it.
KINDS = {
    "hash": Kind("HSET", lambda element: (element, element[::-1]),
                 {"HGETALL": lambda key, _: encode(b"HGETALL", key)}),
    "list": Kind("RPUSH", lambda element: (element,),
                 {"LRANGE": lambda key, _: encode(b"LRANGE", key, b"0", b"-1")}),
    "set of integers": Kind("SADD", lambda element: (element,),
                            {"SMEMBERS": lambda key, _: encode(b"SMEMBERS", key),
                             "SINTER": lambda key, other: encode(b"SINTER", key, other)},
                            elements=integers),
    "set of texts": Kind("SADD", lambda element: (element,),
                         {"SMEMBERS": lambda key, _: encode(b"SMEMBERS", key),
                          "SINTER": lambda key, other: encode(b"SINTER", key, other)}),
    "sorted set": Kind("ZADD", lambda element: (score_of(element), element),
                       {"ZRANGE": lambda key, _: encode(b"ZRANGE", key, b"0", b"-1"),
                        "ZRANGEBYSCORE": lambda key, _: encode(b"ZRANGEBYSCORE", key, b"-inf", b"+inf")}),
    "stream": Kind("XADD", lambda element: (b"*", b"field", element),
                   {"XRANGE": lambda key, _: encode(b"XRANGE", key, b"-", b"+")}),
}


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["redis", "larder"])
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH",
                        help="another server that takes redis-server's options, as it lies there")
    parser.add_argument("--kinds", type=names, default=list(KINDS))
    parser.add_argument("--sizes", type=numbers, default=SIZES)
    parser.add_argument("--rounds", type=int, default=3, help="of the reads; the median counts")
    parser.add_argument("--append", action="store_true",
                        help="keeps the last run's other samples, which must be of the same build")


def run(arguments):
    os.sched_setaffinity(0, {1})
    servers = list(arguments.servers)
    for peer in arguments.peer:
        name, _, path = peer.partition("=")
        PEERS[name] = path
        servers.append(name)
    saved = load_saved("collections") if arguments.append else None
    samples = saved["samples"] if saved else []
    for kind in arguments.kinds:
        for size in arguments.sizes:
            samples = [each for each in samples
                       if (each["kind"], each["size"]) != (kind, size) or each["server"] not in servers]
            for name in servers:
                samples.append({"kind": kind, "size": size, "server": name,
                                **measure(name, KINDS[kind], size, arguments.rounds)})
                progress(f"{kind} of {size:,}, {name} done")
    result = {"conditions": conditions(), "samples": samples}
    save("collections", result)
    print_tables(result)


def measure(name, kind, size, rounds):
    """Bytes and nanoseconds of the server's CPU, per element."""
    draw = random.Random(1)
    count = max(2, ELEMENTS // size)  # of collections: two for SINTER
    elements = kind.elements(draw, size + size // 2)
    # Neighbours share half of their elements.
    parts = [elements[:size], elements[size // 2:size // 2 + size]]
    with Server(name) as server:
        client = Client(server)
        used, rss, cpu_ns = client.used_memory(), server.rss_bytes(), server.cpu_ns()
        requests = []
        for number in range(count):
            requests.extend(kind.fill(key_of(number), parts[number % 2]))
            if len(requests) >= 2_000 or number == count - 1:
                client.run(requests)
                requests = []
        total = count * size
        times = {kind.add: (server.cpu_ns() - cpu_ns) / total}
        time.sleep(SETTLE_SECONDS)
        memory = {"used_bytes": (client.used_memory() - used) / total,
                  "rss_bytes": (server.rss_bytes() - rss) / total}
        for read, request in kind.reads.items():
            requests = [request(key_of(number), key_of((number + 1) % count)) for number in range(count)]
            times[read] = statistics.median(client.cost_of(requests, size) / total
                                            for _ in range(rounds))
    return {"cpu_ns": times, **memory}


class Client:
    """One pipelined connection, which does not look at its replies."""

    def __init__(self, server):
        self.server, self.socket = server, server.connect()
        self.socket.settimeout(600)

    def run(self, requests):
        self.socket.sendall(b"".join(requests) + ASK_SENTINEL)
        tail = b""
        while not tail.endswith(SENTINEL):
            received = self.socket.recv(READ_BYTES)
            if not received or received.startswith(b"-"):
                raise SystemExit(f"{self.server.name}: {received[:200]!r}")
            tail = (tail + received)[-len(SENTINEL):]

    def cost_of(self, requests, size):
        """CPU of the server for these requests, each of so many elements."""
        step = max(1, 10_000 // size)
        began_ns = self.server.cpu_ns()
        for at in range(0, len(requests), step):
            self.run(requests[at:at + step])
        return self.server.cpu_ns() - began_ns

    def used_memory(self):
        self.socket.sendall(encode(b"INFO", b"memory") + ASK_SENTINEL)
        text = b""
        while not text.endswith(SENTINEL):
            text += self.socket.recv(READ_BYTES)
        return int(text.split(b"\r\nused_memory:")[1].split(b"\r\n")[0])


def print_tables(result):
    samples = result["samples"]
    servers = list(dict.fromkeys(each["server"] for each in samples))
    cells = {(each["kind"], each["size"], each["server"]): each for each in samples}
    shapes = list(dict.fromkeys((each["kind"], each["size"]) for each in samples))
    others = [name for name in servers if name != "redis"]
    print(f"{result['conditions']}; server on CPU 0, load on CPU 1\n")
    print("Bytes per element: growth of used_memory, and of RSS\n")
    rows = []
    for kind, size in shapes:
        row = [kind, f"{size:,}"]
        for figure in ("used_bytes", "rss_bytes"):
            figures = {name: cells[kind, size, name][figure] for name in servers}
            row += [f"{figures[name]:.1f}" for name in servers]
            row += [ratio(figures, name) for name in others]
        rows.append(row)
    header = [f"{figure} {name}" for figure in ("used,", "RSS,")
              for name in [*servers, *(f"{name} / redis" for name in others)]]
    table(["kind", "elements", *header], rows)
    print("CPU of the server, nanoseconds per element\n")
    rows = []
    for kind, size in shapes:
        for command in cells[kind, size, servers[0]]["cpu_ns"]:
            figures = {name: cells[kind, size, name]["cpu_ns"][command] for name in servers}
            rows.append([f"{command}, {kind}", f"{size:,}", *(f"{figures[name]:.0f}" for name in servers),
                         *(ratio(figures, name) for name in others), judgement(figures)])
    table(["command", "elements", *servers, *(f"{name} / redis" for name in others), "target"], rows)


def ratio(figures, name):
    return f"{figures[name] / figures['redis']:.2f}" if figures.get("redis") else "-"


def judgement(figures):
    if not figures.get("redis") or "larder" not in figures:
        return "-"
    met = figures["larder"] / figures["redis"] <= TIME_RATIO_MAX
    return f"≤ {TIME_RATIO_MAX}: {'met' if met else 'missed'}"

"""Instructions per request, where they go, and what allocates: by callgrind.

A figure is the difference between a long and a short run of the same pipeline, so that the start
does not count. Instructions in the kernel are not seen. Figures repeat within about a percent: how
many clients a wakeup finds ready varies.
"""
import collections
import pathlib
import re

from comparison.load import fill
from comparison.report import conditions, names, numbers, progress, save, table
from comparison.servers import ROOT, Server

KEYS = 1000
VALUE_BYTES = 32
CLIENTS = 50
REQUESTS_SHORT = 6_400  # a multiple of CLIENTS times each depth
ALLOCATORS = re.compile(r"^(malloc|calloc|realloc|aligned_alloc|posix_memalign|mallocx|operator new.*)$")
# The first area whose pattern is found in the source file (or, where that is unknown, in the
# library) of an instruction has it. Inlined code counts where it was written.
AREAS = [
    ("parsing", r"protocol/(request_parser|inline_split)"),
    ("table, entries, locks", r"storage/"),
    ("reply", r"protocol/"),
    ("bookkeeping", r"server/(counter|statistics|tick_clock|latency_|clock|slowlog|client_record)"),
    ("dispatch and handler", r"server/(dispatcher|command|arg_reader|stripe_set|status|commands/|session)"),
    ("connection and loop", r"server/|asio"),
    ("allocator", r"jemalloc"),
    ("C library, calls into the kernel among it", r"libc|libpthread|sysdeps|vdso"),
    ("C++ library", r"c\+\+|bits/|stl"),
]


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["echo", "larder"])
    parser.add_argument("--depths", type=numbers, default=[1, 16, 64])
    parser.add_argument("--requests", type=int, default=19_200, help="a multiple of 3200")
    parser.add_argument("--functions", type=int, default=12, help="how many the profile shows")


class Profile:
    """What a server executed: instructions by (file, function, object), and calls by function."""

    def __init__(self, path):
        self.self_cost = collections.Counter()
        self.calls = collections.Counter()
        known = collections.defaultdict(dict)  # names are given once, then by number
        current = {}
        of_call = False  # the line behind calls= is what the called function took
        for line in path.read_text(errors="replace").splitlines():
            if found := re.match(r"(c?)(fn|ob|fl|fi|fe)=\((\d+)\)(?: (.*))?", line):
                called, kind, number, name = found.groups()
                kind = "fl" if kind in ("fi", "fe") else kind
                if name is not None:
                    known[kind][number] = name
                current[called + kind] = known[kind][number]
            elif found := re.match(r"calls=(\d+)", line):
                self.calls[current["cfn"]] += int(found[1])
                of_call = True
            elif found := re.match(r"[+*\-\d]\S* (\d+)$", line):
                if not of_call:
                    where = current.get("fl"), current.get("fn"), current.get("ob")
                    self.self_cost[where] += int(found[1])
                of_call = False

    def __sub__(self, other):
        difference = Profile.__new__(Profile)
        difference.self_cost = collections.Counter(self.self_cost)
        difference.self_cost.subtract(other.self_cost)
        difference.calls = collections.Counter(self.calls)
        difference.calls.subtract(other.calls)
        return difference

    def total(self):
        return sum(self.self_cost.values())

    def by_area(self):
        areas = collections.Counter({area: 0 for area, _ in AREAS})
        for (path, _, library), cost in self.self_cost.items():
            where = (library or "") if path.startswith("?") else path.removeprefix(str(ROOT))
            areas[next((area for area, pattern in AREAS if re.search(pattern, where)), "other")] += cost
        return areas

    def by_function(self):
        functions = collections.Counter()
        for (_, name, _), cost in self.self_cost.items():
            plain = name.replace("(anonymous namespace)::", "").replace("larder::", "")
            functions[plain.split("(")[0] if not plain.startswith("operator") else plain] += cost
        return functions

    def allocations(self):
        """Calls from outside: operator new's own call of malloc does not count twice."""
        counted = {name: count for name, count in self.calls.items() if ALLOCATORS.match(name)}
        new = sum(count for name, count in counted.items() if name.startswith("operator new"))
        return sum(counted.values()) - min(new, counted.get("malloc", 0))


def requests_of(test, first, count):
    """`new` SETs keys that are not there yet; the others take turns on those that are."""
    tail = b"$%d\r\n" % VALUE_BYTES + b"v" * VALUE_BYTES + b"\r\n"
    if test == "get":
        return b"".join(b"*2\r\n$3\r\nGET\r\n$16\r\nkey:%012d\r\n" % (n % KEYS)
                        for n in range(first, first + count)), len(tail)
    offset, modulus = (KEYS, 10 ** 12) if test == "new" else (0, KEYS)
    return b"".join(b"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n" % (offset + n % modulus) + tail
                    for n in range(first, first + count)), len(b"+OK\r\n")


def profiled(name, test, requests, depth):
    prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file={directory}/profile"]
    words = ("--enable-debug-command", "local") if name == "larder" else ()
    with Server(name, prefix, more=words) as server:
        if name == "larder":
            with server.connect() as sock:  # valgrind's time must not end turns
                sock.sendall(b"DEBUG TURNS BUDGET 1000000\r\n")
                receive(sock, len(b"+OK\r\n"))
        fill(server, 0, KEYS, VALUE_BYTES, False)  # GET is to find its keys
        clients = [server.connect() for _ in range(CLIENTS)]
        for first in range(0, requests, depth * CLIENTS):
            for number, client in enumerate(clients):
                pipeline, reply_bytes = requests_of(test, first + number * depth, depth)
                client.sendall(pipeline)
            for client in clients:
                receive(client, reply_bytes * depth)
        for client in clients:
            client.close()
        server.stop()
        return Profile(pathlib.Path(server.directory, "profile"))


def receive(client, wanted):
    client.settimeout(600)
    while wanted > 0:
        received = client.recv(1 << 16)
        if not received:
            raise SystemExit("the server closed a connection")
        wanted -= len(received)


def run(arguments):
    totals, areas, functions, allocations = [], {}, {}, []
    for name in arguments.servers:
        for test in ("get", "set", "new"):
            depths = arguments.depths if test != "new" else arguments.depths[-1:]
            cells = []
            for depth in depths:
                spent = (profiled(name, test, REQUESTS_SHORT + arguments.requests, depth)
                         - profiled(name, test, REQUESTS_SHORT, depth))
                cells.append(f"{spent.total() / arguments.requests:,.0f}")
                if name == "larder":
                    areas[test, depth] = spent.by_area()
                    functions[test, depth] = spent.by_function()
                    allocations.append([title(test), str(depth),
                                        f"{spent.allocations() / arguments.requests:.4f}"])
                progress(f"{name} {test} depth {depth} done")
            totals.append([name, title(test), *([""] * (len(arguments.depths) - len(cells))), *cells])
    print(f"{conditions()}\n\nInstructions per request in user space (callgrind, {CLIENTS} clients, "
          f"{KEYS:,} keys, {VALUE_BYTES}-byte values)\n")
    table(["server", "command", *(f"depth {depth}" for depth in arguments.depths)], totals)
    save("instructions", {"conditions": conditions(), "totals": totals})
    if areas:
        print_profile(areas, functions, allocations, arguments)


def title(test):
    return {"get": "GET", "set": "SET of a key that is there", "new": "SET of a new key"}[test]


def print_profile(areas, functions, allocations, arguments):
    print("Where Larder's go, instructions per request by the source file they were written in\n")
    shapes = list(areas)
    per_request = {shape: {area: cost / arguments.requests for area, cost in areas[shape].items()}
                   for shape in shapes}
    rows = [[area, *(f"{per_request[shape].get(area, 0):.0f}" for shape in shapes)]
            for area in [*(area for area, _ in AREAS), "other"]]
    table(["area", *(f"{test.upper()} {depth}" for test, depth in shapes)], rows)
    deepest = max(arguments.depths)
    for test in ("get", "set"):
        print(f"The functions that take most ({title(test)}, depth {deepest})\n```")
        for name, cost in functions[test, deepest].most_common(arguments.functions):
            print(f"{cost / arguments.requests:7.1f}  {name[:120]}")
        print("```\n")
    print("Calls of an allocator per request (entries come from the slab, whose pages are the rest)\n")
    table(["command", "depth", "calls"], allocations)

"""What a second client sees, and how long turns take, while the server has much to do.

In each scenario a probe asks for 1,000 keys a second, each at its time whatever is still
unanswered, so that a server that stands still pays for all requests that it holds up. Beside it the
same probe runs against the bare echo server under the same load of requests (where the work is one
command, under none). The probe runs before the load that it shares its CPU with. Turns and changes
of the tables are measured by the server in CPU time of its own threads (DEBUG TURNS).
"""
import collections
import json
import os
import socket
import statistics
import subprocess
import threading
import time

from comparison.load import Generator, fill_quickly, generate
from comparison.report import names, progress, table
from comparison.servers import ROOT, Server

PROBE_RATE = 1000
# The probe must not wait for the load that it shares its CPU with.
PROBE_PREFIX = ("taskset", "-c", "1", "chrt", "-f", "10")
KEYS = 5_000_000
BEHIND_ECHO_US_MAX = 2000
TURN_US_MAX = 1000
TABLE_CHANGE_US_MAX = 50
NOISE_PIECES = ((15, 20_000), (300, 3_000))  # microseconds and how many: as a split, as a turn
PRINTED = ("p50", "p99", "p99.9", "max", "turn", "turn p99.9", "long turns", "upkeep", "wall", "table",
           "long changes", "changes")


class Admin:
    """A connection for single commands, which reads replies of any size without keeping them."""

    def __init__(self, server):
        self.sock = server.connect()
        self.sock.settimeout(600)
        self.rest = b""

    def line(self):
        while b"\r\n" not in self.rest:
            self.rest += self.received()
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def received(self):
        data = self.sock.recv(1 << 20)
        if not data:
            raise SystemExit("the server closed the connection")
        return data

    def reply(self):
        head = self.line()
        kind, text = head[:1], head[1:]
        if kind == b"-":
            raise SystemExit(f"the server says {text.decode()}")
        if kind == b"$" and text != b"-1":
            wanted = int(text) + 2
            while len(self.rest) < wanted:
                self.rest += self.received()
            value, self.rest = self.rest[:wanted - 2], self.rest[wanted:]
            return value.decode()
        if kind in b"*%":
            return [self.reply() for _ in range(int(text) * (2 if kind == b"%" else 1))]
        return int(text) if kind == b":" else text.decode()

    def send(self, *words):
        self.sock.sendall(encoded(*words))

    def run(self, *words):
        self.send(*words)
        return self.reply()

    def skip_reply_of(self, *words):
        """For replies of a hundred megabytes: done when nothing has come for a while."""
        self.send(*words)
        self.sock.settimeout(2)
        received = 0
        try:
            while True:
                received += len(self.received())
        except socket.timeout:
            self.sock.settimeout(600)
            return received


def encoded(*words):
    words = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


def pipelined(server, commands, together=2000):
    """Runs encoded commands whose replies are single lines."""
    with server.connect() as sock:
        sock.settimeout(600)
        for at in range(0, len(commands), together):
            batch = commands[at:at + together]
            sock.sendall(b"".join(batch))
            lines = 0
            while lines < len(batch):
                received = sock.recv(1 << 16)
                if not received or b"-" == received[:1]:
                    raise SystemExit(f"{server.name}: {received[:200]!r}")
                lines += received.count(b"\r\n")


def inserting(server, keys=KEYS, first=0):
    return Generator(server, shape="set", distribution="sequence", keys=keys, first_key=first,
                     requests=keys, depth=64, connections=50, bytes=32)


def reading(server, seconds):
    return Generator(server, shape="get", distribution="uniform", keys=100_000, seconds=seconds,
                     depth=64, connections=50)


# ---- scenarios: prepare(server, admin), then work(server, admin) beside the probe

class Scenario:
    seconds = 4      # of the probe
    echo_load = None  # what the echo server has to do meanwhile

    def prepare(self, server, admin):
        fill_quickly(server, KEYS, 32)

    def work(self, server, admin):
        raise NotImplementedError


class Insert(Scenario):
    """5 M keys inserted at depth 64 over 50 connections"""
    seconds = 4
    echo_load = staticmethod(lambda server: Generator(
        server, shape="set", distribution="sequence", keys=KEYS, seconds=4.5, depth=64,
        connections=50, bytes=32))

    def prepare(self, server, admin):
        pass

    def work(self, server, admin):
        load = inserting(server)
        time.sleep(0.05)
        return load


class Expire(Scenario):
    """1 M keys expire within a second, beside GETs at depth 64"""
    count = 1_000_000

    def prepare(self, server, admin):
        fill_quickly(server, 100_000, 32)
        self.start_ms = int(time.time() * 1000) + 12_000
        step = 50_000
        for at in range(0, self.count, step):
            pipelined(server, [
                encoded("SET", "due:%d" % n, "v" * 32, "PXAT",
                        str(self.start_ms + n * 1000 // self.count))
                for n in range(at, at + step)])
        if time.time() * 1000 > self.start_ms - 600:
            raise SystemExit("setting the keys took too long")
        time.sleep(max(0, (self.start_ms - 500) / 1000 - time.time()))

    def work(self, server, admin):
        return reading(server, self.seconds + 0.5)

    echo_load = staticmethod(lambda server: reading(server, 4.5))


class Evict(Scenario):
    """Inserts at depth 64 with memory at its cap (allkeys-lfu)"""

    def prepare(self, server, admin):
        admin.run("CONFIG", "SET", "maxmemory", "200mb")
        admin.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
        generate(server, shape="set", distribution="sequence", keys=KEYS, requests=3_000_000,
                 depth=64, bytes=32)

    def work(self, server, admin):
        return Generator(server, shape="set", distribution="sequence", keys=KEYS * 4,
                         first_key=KEYS, seconds=self.seconds + 0.5, depth=64, connections=50,
                         bytes=32)

    echo_load = staticmethod(lambda server: Generator(
        server, shape="set", distribution="sequence", keys=KEYS, seconds=4.5, depth=64,
        connections=50, bytes=32))


class FlushAll(Scenario):
    """FLUSHALL ASYNC of 5 M keys"""

    def work(self, server, admin):
        time.sleep(0.5)
        admin.run("FLUSHALL", "ASYNC")


class FlushAllBusy(FlushAll):
    """FLUSHALL ASYNC of 5 M keys, beside GETs at depth 64"""
    echo_load = staticmethod(lambda server: reading(server, 4.5))

    def work(self, server, admin):
        load = reading(server, self.seconds + 0.5)
        time.sleep(0.5)
        admin.run("FLUSHALL", "ASYNC")
        return load


class DelSet(Scenario):
    """DEL of a set of 5 M members"""

    def prepare(self, server, admin):
        together = 500
        pipelined(server, [encoded("SADD", "set", *("member:%d" % n for n in range(at, at + together)))
                           for at in range(0, KEYS, together)], together=20)

    def work(self, server, admin):
        time.sleep(0.5)
        admin.run("DEL", "set")


class Keys(Scenario):
    """KEYS * over 5 M keys"""

    def work(self, server, admin):
        time.sleep(0.5)
        received = admin.skip_reply_of("KEYS", "*")
        if received < KEYS * 16:
            raise SystemExit(f"KEYS answered {received} bytes")


class Scan(Scenario):
    """SCAN over 5 M keys: COUNT 1000 to the end, then COUNT 5000000"""

    def work(self, server, admin):
        time.sleep(0.2)
        cursor, steps = "0", 0
        until = time.monotonic() + self.seconds - 1.5
        while time.monotonic() < until:
            cursor = admin.run("SCAN", cursor, "COUNT", "1000")[0]
            if cursor == "0":
                break
        admin.skip_reply_of("SCAN", "0", "COUNT", str(KEYS))


SCRIPT = """
for i = 1, 50 do redis.call('GET', string.format('key:%012d', (ARGV[1] * 7919 + i * 104729) % 5000000)) end
for i = 1, 10 do redis.call('SET', string.format('key:%012d', (ARGV[1] * 6007 + i * 15485863) % 5000000), 'v') end
"""


class Script(Scenario):
    """Scripts of 60 commands on undeclared keys from 10 clients, 5 M keys"""
    clients = 10

    def prepare(self, server, admin):
        super().prepare(server, admin)
        admin.run("EVAL", "return 1", "0")  # a worker's first script makes its Lua, 2 to 4 ms once

    def work(self, server, admin):
        end = time.monotonic() + self.seconds
        def run(number):
            client = Admin(server)
            while time.monotonic() < end:
                # Every hundredth is new, and so starts without knowing that it needs all stripes.
                fresh = f"-- {number} {time.monotonic_ns()}" if number == 0 else ""
                client.run("EVAL", SCRIPT + fresh, "0", str(time.monotonic_ns() % 1_000_000))
        threads = [threading.Thread(target=run, args=(n,)) for n in range(self.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


SCENARIOS = {"insert": Insert, "expire": Expire, "evict": Evict, "flushall": FlushAll,
             "flushall-busy": FlushAllBusy, "delset": DelSet, "keys": Keys, "scan": Scan,
             "script": Script}


def probe(server, seconds):
    return Generator(server, prefix=PROBE_PREFIX, shape="get", rate=PROBE_RATE, connections=1,
                     keys=1000, seconds=seconds)


def run_round(kind, arguments):
    """One run against Larder (or redis-server), one against the echo server."""
    results = {}
    for name in arguments.servers:
        scenario = kind()
        words = ("--enable-debug-command", "local") if name == "larder" else ()
        prefix = ("taskset", "-c", "0" if arguments.threads == 1 else "0,1")
        with Server(name, prefix=prefix, threads=arguments.threads, more=words) as server:
            if name == "echo":
                load = scenario.echo_load(server) if scenario.echo_load else None
                probing = probe(server, scenario.seconds)
            else:
                admin = Admin(server)
                scenario.prepare(server, admin)
                if name == "larder":
                    admin.run("CONFIG", "SET", "slowlog-log-slower-than", "400")
                    admin.run("SLOWLOG", "RESET")
                    admin.run("DEBUG", "TURNS", "ON")
                probing = probe(server, scenario.seconds)
                load = scenario.work(server, admin)
            result = probing.result()["latency_us"]
            if load is not None:
                load.result()
            if name == "larder":
                workers = admin.run("DEBUG", "TURNS")
                tables = workers.pop()
                fields = [dict(zip(worker[::2], worker[1::2])) for worker in workers]
                for name_here, field in (("turn", "cpu_us_longest"), ("turn p99.9", "cpu_us_p99.9"),
                                         ("long turns", "longer_than_1ms"),
                                         ("upkeep", "cpu_us_longest_maintenance"),
                                         ("wall", "longest_wall_us")):
                    result[name_here] = max(float(each[field]) for each in fields)
                tables = dict(zip(tables[::2], tables[1::2]))
                result["table"] = float(tables["cpu_us_longest_table_change"])
                result["long changes"] = tables["table_changes_longer_than_50us"]
                result["changes"] = tables["table_changes"]
                if arguments.slow:
                    for entry in admin.run("SLOWLOG", "GET", "8"):
                        progress(f"  {entry[2]} us: {' '.join(entry[3])[:70]}")
            results[name] = result
        progress(f"{kind.__doc__}: {name} "
                 + ", ".join(f"{key} {value:.0f}" for key, value in result.items()
                             if key in PRINTED))
    results["noise"] = {f"{us}": noise(us, pieces) for us, pieces in NOISE_PIECES}
    return results


def noise(microseconds, pieces):
    output = subprocess.run(["taskset", "-c", "0", str(ROOT / "build/release/bench/noise_tool"),
                             str(microseconds), str(pieces)],
                            capture_output=True, text=True, check=True).stdout
    return json.loads(output)


def report(scenarios, figures):
    rows = []
    for key in scenarios:
        def median(server, which):
            return statistics.median(each[server][which] for each in figures[key])
        for server in (each for each in figures[key][0] if each != "noise"):
            row = [SCENARIOS[key].__doc__, server,
                   *(f"{median(server, which):,.0f}" for which in ("p50", "p99", "p99.9", "max"))]
            if server == "larder":
                row += [f"{median(server, which):,.0f}" for which in
                        ("turn p99.9", "turn", "long turns", "table", "long changes")]
                behind = median(server, "p99.9") - median("echo", "p99.9") \
                    if "echo" in figures[key][0] else 0
                kept = (behind <= BEHIND_ECHO_US_MAX and median(server, "turn") <= TURN_US_MAX
                        and median(server, "table") <= TABLE_CHANGE_US_MAX)
                row.append("kept" if kept else "missed")
            else:
                row += ["-"] * 6
            rows.append(row)
    print(f"The probe's latency and the server's turns, in microseconds; median of "
          f"{len(figures[scenarios[0]])}. Targets: p99.9 at most {BEHIND_ECHO_US_MAX:,} above echo's, "
          f"longest turn {TURN_US_MAX:,}, longest change of a table {TABLE_CHANGE_US_MAX}.\n")
    table(["while", "server", "p50", "p99", "p99.9", "max", "turn p99.9", "longest turn",
           "turns > 1 ms", "longest table change", "changes > 50 us", "target"], rows)
    rounds = [each["noise"] for key in scenarios for each in figures[key]]
    for us, pieces in NOISE_PIECES:
        longest = [each[f"{us}"]["longest"] for each in rounds]
        tail = statistics.median(each[f"{us}"]["p99.9"] for each in rounds)
        print(f"Of {pieces:,} pieces of pure computing of {us} us on the server's CPU, the longest took "
              f"{statistics.median(longest):,.0f} us of CPU time in the median round and "
              f"{max(longest):,.0f} at worst; p99.9 {tail:,.0f}: the machine's own share.\n")


# ---- expired bytes resident

LONG_LIVED = 100_000
WRITES_PER_SECOND = 4_000
TTL_S = 10


def expired_resident(arguments):
    """The share of expired keys among those in memory, sampled over `resident_seconds`."""
    with Server("larder") as server:
        fill_quickly(server, LONG_LIVED, 32)
        admin, writer = Admin(server), server.connect()
        began, written, shares, stamps = time.monotonic(), 0, [], collections.deque()
        end = began + TTL_S + arguments.resident_seconds
        while (now := time.monotonic()) < end:
            due = int((now - began) * WRITES_PER_SECOND) - written
            if due > 0:
                writer.sendall(b"".join(encoded("SET", "short:%d" % (written + n), "v" * 32, "EX",
                                                str(TTL_S)) for n in range(due)))
                wanted = 5 * due
                while wanted > 0:
                    wanted -= len(writer.recv(1 << 16))
                written += due
                stamps.append((time.monotonic(), due))
            before = time.monotonic()
            resident = admin.run("DBSIZE")
            alive = LONG_LIVED + sum(n for at, n in stamps if at > before - TTL_S)
            if before > began + TTL_S + 1:
                shares.append(max(0, resident - alive) / resident)
            while stamps and stamps[0][0] < before - TTL_S - 1:
                stamps.popleft()
            time.sleep(0.01)
    shares.sort()
    print(f"Expired keys resident, {WRITES_PER_SECOND:,} writes/s with {TTL_S} s to live beside "
          f"{LONG_LIVED:,} long-lived keys, all of one size, {len(shares)} samples: "
          f"mean {statistics.mean(shares):.2%}, p99 {shares[len(shares) * 99 // 100]:.2%}, "
          f"max {shares[-1]:.2%} (target: at most 1 %)\n", flush=True)


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["echo", "larder"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scenarios", type=names, default=[*SCENARIOS, "resident"],
                        help=",".join([*SCENARIOS, "resident"]))
    parser.add_argument("--threads", type=int, default=1, help="workers of the server")
    parser.add_argument("--slow", action="store_true", help="name the commands above 400 us")
    parser.add_argument("--resident-seconds", type=int, default=20)


def run(arguments):
    os.sched_setaffinity(0, {1})
    scenarios = [each for each in arguments.scenarios if each != "resident"]
    figures = {key: [run_round(SCENARIOS[key], arguments) for _ in range(arguments.rounds)]
               for key in scenarios}
    if scenarios:
        report(scenarios, figures)
    if "resident" in arguments.scenarios:
        expired_resident(arguments)

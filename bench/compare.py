#!/usr/bin/env python3
"""Comparison runs: Larder, redis-server and the bare echo server, one after the other, interleaved.

usage: compare.py cpu|memory|instructions [options]     (through scripts/bench)

The server runs alone on CPU 0 and the load on CPU 1. A machine's absolute figures drift from run to
run; the ratios within one run hold, and the median over the rounds is what is printed.
"""
import argparse
import collections
import csv
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
START_SECONDS_MAX = 60
KEY_BYTES = 16
KEYS_PROFILED = 1000
VALUE_BYTES_PROFILED = 32


def command_of(name, port):
    larder = os.environ.get("LARDER_SERVER", str(ROOT / "build/release/larder"))
    return {
        "larder": [larder, "--port", str(port), "--threads", "1", "--maxmemory", "16gb"],
        "redis": [shutil.which("redis-server") or "redis-server", "--port", str(port), "--save", ""],
        "echo": [str(ROOT / "build/release/bench/echo_server_tool"), str(port)],
    }[name]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """A server process, pinned to one CPU; a context manager."""

    def __init__(self, name, prefix=("taskset", "-c", "0")):
        self.name = name
        self.port = free_port()
        self.directory = tempfile.mkdtemp(prefix=f"bench-{name}-")
        prefix = [word.replace("{directory}", self.directory) for word in prefix]
        self.process = subprocess.Popen([*prefix, *command_of(name, self.port)], cwd=self.directory,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                self.connect().close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{name} did not start")
                time.sleep(0.05)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def cpu_ns(self):
        """Nanoseconds on a CPU, over all threads: finer than the ticks of /proc/PID/stat."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks)

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def benchmark(server, test, requests, depth, keys, value_bytes, clients):
    """One run of redis-benchmark; its row of figures."""
    output = subprocess.run(
        ["taskset", "-c", "1", "redis-benchmark", "-p", str(server.port), "-t", test, "-n",
         str(requests), "-P", str(depth), "-r", str(keys), "-d", str(value_bytes), "-c", str(clients),
         "--csv"], capture_output=True, text=True, check=True).stdout
    rows = [row for row in csv.reader(output.splitlines()) if row and row[0].startswith(test.upper())]
    names = ("test", "rps", "average", "min", "p50", "p95", "p99", "max")
    return dict(zip(names, rows[-1]))


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


# --- cpu -----------------------------------------------------------------------------------------

def cpu(arguments):
    """CPU per request, throughput and latency of GET and SET at each depth."""
    shapes = [(test, depth) for depth in arguments.depths for test in ("get", "set")]
    figures = collections.defaultdict(list)
    for round_number in range(arguments.rounds):
        for name in arguments.servers:
            with Server(name) as server:
                # GET is to find its keys, so they are all there before.
                benchmark(server, "set", 2 * arguments.keys, 64, arguments.keys, arguments.bytes, 50)
                for test, depth in shapes:
                    requests = int(arguments.requests * {1: 1}.get(depth, min(depth, 16) / 2))
                    before = server.cpu_ns()
                    row = benchmark(server, test, requests, depth, arguments.keys, arguments.bytes,
                                    arguments.clients)
                    figures[name, test, depth].append(
                        ((server.cpu_ns() - before) / requests / 1000, float(row["rps"]),
                         float(row["p50"]), float(row["p99"])))
            print(f"round {round_number + 1} of {arguments.rounds}: {name} done", file=sys.stderr)

    def median(name, test, depth, which):
        return statistics.median(each[which] for each in figures[name, test, depth])

    print(f"Server on CPU 0, redis-benchmark on CPU 1: -c {arguments.clients} -r {arguments.keys} "
          f"-d {arguments.bytes}, {arguments.requests} requests at depth 1, median of "
          f"{arguments.rounds}\n")
    rows = []
    for test, depth in shapes:
        cpu_us = {name: median(name, test, depth, 0) for name in arguments.servers}
        for name in arguments.servers:
            ratios = [f"{cpu_us[name] / cpu_us[other]:.2f}" if other in cpu_us else "-"
                      for other in ("echo", "redis")]
            rows.append([f"{test.upper()} depth {depth}", name, f"{cpu_us[name]:.3f}", *ratios,
                         f"{median(name, test, depth, 1):,.0f}",
                         f"{median(name, test, depth, 2):.3f}", f"{median(name, test, depth, 3):.3f}"])
    table(["shape", "server", "CPU µs/request", "of echo's", "of redis's", "requests/s", "p50 ms",
           "p99 ms"], rows)


# --- memory --------------------------------------------------------------------------------------

def fill(server, first, last, value_bytes, ttl):
    """SETs the numbered keys [first, last) over one pipelined connection."""
    sock = server.connect()
    sock.settimeout(600)
    value = b"$%d\r\n%b\r\n" % (value_bytes, b"v" * value_bytes)
    head = b"*5\r\n" if ttl else b"*3\r\n"
    tail = b"$2\r\nEX\r\n$6\r\n864000\r\n" if ttl else b""
    step = 5000
    for at in range(first, last, step):
        end = min(last, at + step)
        sock.sendall(b"".join(head + b"$3\r\nSET\r\n$16\r\nkey:%012d\r\n" % n + value + tail
                              for n in range(at, end)))
        wanted = len(b"+OK\r\n") * (end - at)
        while wanted > 0:
            received = sock.recv(1 << 16)
            if not received or received.startswith(b"-"):
                raise SystemExit(f"{server.name}: {received[:200]!r}")
            wanted -= len(received)
    sock.close()


def memory(arguments):
    """RSS beyond key and value, at each number of items."""
    rows = []
    for name in (each for each in arguments.servers if each != "echo"):
        for ttl in (False, True):
            for value_bytes in arguments.sizes:
                with Server(name) as server:
                    empty, filled, cells = server.rss_bytes(), 0, []
                    for items in sorted(arguments.items):
                        fill(server, filled, items, value_bytes, ttl)
                        filled = items
                        grown = server.rss_bytes() - empty
                        cells.append(grown / items - KEY_BYTES - value_bytes)
                rows.append([name, f"{value_bytes} B" + (", TTL" if ttl else ""),
                             *(f"{cell:.1f}" for cell in cells), f"{statistics.mean(cells):.1f}",
                             f"{max(cells):.1f}"])
                print(f"{name} {value_bytes} {'TTL' if ttl else ''} done", file=sys.stderr)
    print(f"Bytes of RSS per item beyond a {KEY_BYTES}-byte key and the value\n")
    table(["server", "value", *(f"{items:,} items" for items in sorted(arguments.items)), "mean",
           "worst"], rows)


# --- instructions --------------------------------------------------------------------------------

def profiled(name, test, requests, depth):
    """All instructions of a server that answered this pipeline, and where they went."""
    prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file={directory}/profile"]
    with Server(name, prefix) as server:
        fill(server, 0, KEYS_PROFILED, VALUE_BYTES_PROFILED, False)  # GET is to find its keys
        tail = b"$32\r\n" + b"v" * VALUE_BYTES_PROFILED + b"\r\n"
        request = b"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n" + tail
        reply = b"+OK\r\n"
        if test == "get":
            request, reply = b"*2\r\n$3\r\nGET\r\n$16\r\nkey:%012d\r\n", tail
        with server.connect() as sock:
            sock.settimeout(600)
            for at in range(0, requests, depth):
                sock.sendall(b"".join(request % (n % KEYS_PROFILED) for n in range(at, at + depth)))
                wanted = len(reply) * depth
                while wanted > 0:
                    received = sock.recv(1 << 16)
                    if not received:
                        raise SystemExit(f"{name} closed the connection")
                    wanted -= len(received)
        server.stop()
        path = pathlib.Path(server.directory, "profile")
        total = re.search(r"^(?:summary|totals): (\d+)", path.read_text(errors="replace"), re.M)
        hot = subprocess.run(["callgrind_annotate", str(path)], capture_output=True, text=True).stdout
        return int(total[1]), hot


def instructions(arguments):
    """Instructions per request: the difference between a long and a short run of one pipeline."""
    short, long = 4_000, 4_000 + arguments.requests
    rows = []
    for name in arguments.servers:
        for test in ("get", "set"):
            less, _ = profiled(name, test, short, arguments.depth)
            more, hot = profiled(name, test, long, arguments.depth)
            rows.append([name, test.upper(), f"{(more - less) / (long - short):,.0f}"])
            print(f"{name} {test} done", file=sys.stderr)
            if name == "larder":
                functions = [line[:140] for line in hot.splitlines() if re.match(r"^\s*[\d,]+ \(", line)]
                print(f"Where Larder's go ({test.upper()}, the start included):\n```")
                print("\n".join(functions[:20]) + "\n```\n", flush=True)
    print(f"Instructions per request in user space (callgrind, depth {arguments.depth}, "
          f"{KEYS_PROFILED:,} keys, {VALUE_BYTES_PROFILED}-byte values)\n")
    table(["server", "command", "instructions"], rows)


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name, function, servers):
        sub = commands.add_parser(name, help=function.__doc__.splitlines()[0])
        sub.set_defaults(function=function)
        sub.add_argument("--servers", type=lambda text: text.split(","), default=servers)
        return sub

    sub = add("cpu", cpu, ["echo", "redis", "larder"])
    sub.add_argument("--rounds", type=int, default=3)
    sub.add_argument("--requests", type=int, default=250_000, help="at depth 1; deeper ones get more")
    sub.add_argument("--depths", type=numbers, default=[1, 16, 64])
    sub.add_argument("--keys", type=int, default=1_000_000)
    sub.add_argument("--bytes", type=int, default=32)
    sub.add_argument("--clients", type=int, default=50)
    sub = add("memory", memory, ["redis", "larder"])
    sub.add_argument("--items", type=numbers, default=[1_000_000],
                     help="as in 3000000,3500000,4000000,5000000,6000000")
    sub.add_argument("--sizes", type=numbers, default=[32, 100, 300])
    sub = add("instructions", instructions, ["echo", "larder"])
    sub.add_argument("--requests", type=int, default=20_000)
    sub.add_argument("--depth", type=int, default=16)
    arguments = parser.parse_args()
    arguments.function(arguments)


if __name__ == "__main__":
    main()

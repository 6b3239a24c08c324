"""What puts load on a server."""
import csv
import json
import subprocess

from comparison.servers import ROOT, pinned

KEY_BYTES = 16
LOAD_GENERATOR = ROOT / "build/release/bench/load_generator_tool"


def benchmark(server, test, requests, depth, keys, value_bytes, clients):
    """One run of redis-benchmark on CPU 1; its row of figures."""
    output = subprocess.run(
        [*pinned(1), "redis-benchmark", "-p", str(server.port), "-t", test, "-n",
         str(requests), "-P", str(depth), "-r", str(keys), "-d", str(value_bytes), "-c", str(clients),
         "--csv"], capture_output=True, text=True, check=True).stdout
    rows = [row for row in csv.reader(output.splitlines()) if row and row[0].startswith(test.upper())]
    names = ("test", "rps", "average", "min", "p50", "p95", "p99", "max")
    return dict(zip(names, rows[-1]))


class Generator:
    """A run of load_generator_tool, begun at once; `result()` waits for its line of JSON.

    Options are the tool's, with underscores: Generator(server, shape="get", value_bytes=32).
    """

    def __init__(self, server, prefix=None, **options):
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self.name = server.name
        self.process = subprocess.Popen(
            [*(pinned(1) if prefix is None else prefix), str(LOAD_GENERATOR), f"--port={server.port}", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self):
        output, complaints = self.process.communicate()
        if self.process.returncode != 0:
            raise SystemExit(f"{self.name}: {complaints}")
        result = json.loads(output)
        if result["errors"]:
            raise SystemExit(f"{self.name}: {result['errors']} errors")
        return result


def generate(server, **options):
    return Generator(server, **options).result()


def fill_quickly(server, keys, value_bytes):
    """SETs the keys numbered from 0, as redis-benchmark and the load generator name them."""
    generate(server, shape="set", distribution="sequence", keys=keys, requests=keys, depth=64,
             bytes=value_bytes)


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

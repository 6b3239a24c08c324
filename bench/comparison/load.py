"""What puts load on a server."""
import csv
import subprocess

KEY_BYTES = 16


def benchmark(server, test, requests, depth, keys, value_bytes, clients):
    """One run of redis-benchmark; its row of figures."""
    output = subprocess.run(
        ["taskset", "-c", "1", "redis-benchmark", "-p", str(server.port), "-t", test, "-n",
         str(requests), "-P", str(depth), "-r", str(keys), "-d", str(value_bytes), "-c", str(clients),
         "--csv"], capture_output=True, text=True, check=True).stdout
    rows = [row for row in csv.reader(output.splitlines()) if row and row[0].startswith(test.upper())]
    names = ("test", "rps", "average", "min", "p50", "p95", "p99", "max")
    return dict(zip(names, rows[-1]))


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

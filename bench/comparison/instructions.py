"""Instructions per request: the difference between a long and a short run of one pipeline."""
import pathlib
import re
import subprocess

from comparison.load import fill
from comparison.report import names, progress, table
from comparison.servers import Server

KEYS_PROFILED = 1000
VALUE_BYTES_PROFILED = 32


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["echo", "larder"])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--depth", type=int, default=16)


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


def run(arguments):
    short, long = 4_000, 4_000 + arguments.requests
    rows = []
    for name in arguments.servers:
        for test in ("get", "set"):
            less, _ = profiled(name, test, short, arguments.depth)
            more, hot = profiled(name, test, long, arguments.depth)
            rows.append([name, test.upper(), f"{(more - less) / (long - short):,.0f}"])
            progress(f"{name} {test} done")
            if name == "larder":
                functions = [line[:140] for line in hot.splitlines() if re.match(r"^\s*[\d,]+ \(", line)]
                print(f"Where Larder's go ({test.upper()}, the start included):\n```")
                print("\n".join(functions[:20]) + "\n```\n", flush=True)
    print(f"Instructions per request in user space (callgrind, depth {arguments.depth}, "
          f"{KEYS_PROFILED:,} keys, {VALUE_BYTES_PROFILED}-byte values)\n")
    table(["server", "command", "instructions"], rows)

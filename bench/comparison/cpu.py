"""CPU per request, throughput and latency of GET and SET at each depth."""
import collections
import statistics

from comparison.load import benchmark
from comparison.report import names, numbers, progress, table
from comparison.servers import Server


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["echo", "redis", "larder"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=250_000, help="at depth 1; deeper ones get more")
    parser.add_argument("--depths", type=numbers, default=[1, 16, 64])
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--bytes", type=int, default=32)
    parser.add_argument("--clients", type=int, default=50)


def run(arguments):
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
            progress(f"round {round_number + 1} of {arguments.rounds}: {name} done")

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

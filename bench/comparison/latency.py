"""Latency at a fixed rate, from the time at which a request was to leave."""
import statistics

from comparison.load import fill_quickly, generate
from comparison.report import conditions, names, progress, save, table
from comparison.servers import Server

KEYS = 1_000_000
SHOWN = ["p50", "p90", "p99", "p99.9", "p99.99", "max"]


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["echo", "redis", "larder"])
    parser.add_argument("--rate", type=int, default=40_000, help="requests a second")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each run")


def run(arguments):
    samples = {}
    for round_number in range(arguments.rounds):
        for name in arguments.servers:
            with Server(name) as server:
                fill_quickly(server, KEYS, 32)
                seen = generate(server, shape="get", keys=KEYS, connections=arguments.connections,
                                rate=arguments.rate, seconds=arguments.seconds)
                samples.setdefault(name, []).append(seen["latency_us"])
        progress(f"round {round_number + 1} of {arguments.rounds} done")
    medians = {name: {figure: statistics.median(each[figure] for each in rounds)
                      for figure in rounds[0]} for name, rounds in samples.items()}
    result = {"conditions": conditions(), "rate": arguments.rate,
              "connections": arguments.connections, "medians": medians}
    save("latency", result)
    print(f"{result['conditions']}; {arguments.rate:,} GETs/s over {arguments.connections} "
          f"connections, µs, medians of {arguments.rounds}\n")
    table(["server", *SHOWN], [[name, *(f"{figures[each]:.0f}" for each in SHOWN)]
                               for name, figures in medians.items()])

"""CPU per request, throughput and latency, by shape of the requests."""
import statistics

from comparison.load import benchmark, fill_quickly, generate
from comparison.report import conditions, load_saved, names, progress, save, table, verdict
from comparison.servers import Server, raise_file_limit

CLIENTS = 50
# Shapes by what the server is filled with before. A shape names its load: "benchmark" is
# redis-benchmark, with which users compare; the other is ours. `of_echo` is the target.
GROUPS = {
    "small": {"keys": 1_000_000, "bytes": 32, "shapes": {
        "GET 32 B, depth 1": dict(benchmark="get", depth=1, requests=250_000, of_echo=1.05),
        "SET 32 B, depth 1": dict(benchmark="set", depth=1, requests=250_000, of_echo=1.05),
        "GET 32 B, depth 16": dict(benchmark="get", depth=16, requests=2_000_000, of_echo=1.35),
        "SET 32 B, depth 16": dict(benchmark="set", depth=16, requests=2_000_000, of_echo=1.6),
        "GET 32 B, depth 64": dict(benchmark="get", depth=64, requests=3_000_000, of_echo=2.1),
        "SET 32 B, depth 64": dict(benchmark="set", depth=64, requests=3_000_000, of_echo=3.0),
    }},
    "1k": {"keys": 100_000, "bytes": 1024, "shapes": {
        "GET 1 KB, depth 1": dict(benchmark="get", depth=1, requests=150_000),
        "SET 1 KB, depth 1": dict(benchmark="set", depth=1, requests=150_000),
        "GET 1 KB, depth 16": dict(benchmark="get", depth=16, requests=600_000),
        "SET 1 KB, depth 16": dict(benchmark="set", depth=16, requests=600_000),
    }},
    "16k": {"keys": 20_000, "bytes": 16 * 1024, "shapes": {
        "GET 16 KB, depth 1": dict(benchmark="get", depth=1, requests=100_000),
        "SET 16 KB, depth 1": dict(benchmark="set", depth=1, requests=100_000),
        "GET 16 KB, depth 16": dict(benchmark="get", depth=16, requests=100_000),
        "SET 16 KB, depth 16": dict(benchmark="set", depth=16, requests=100_000),
    }},
    "many": {"keys": 1_000_000, "bytes": 32, "shapes": {
        "MGET of 100": dict(shape="mget", keys_per_request=100, requests=40_000),
        "GET, 1,000 connections": dict(shape="get", connections=1_000, requests=250_000),
        "GET, 10,000 connections": dict(shape="get", connections=10_000, requests=250_000),
    }},
    "mix": {"keys": 5_000_000, "bytes": 32, "shapes": {
        "10:1, 5 M keys, Zipf 0.99, depth 1": dict(shape="mix", distribution="zipf", requests=250_000),
        "10:1, 5 M keys, Zipf 0.99, depth 16": dict(shape="mix", distribution="zipf", depth=16,
                                                    requests=2_000_000),
    }},
    # A load that never sleeps: beside redis-benchmark a server that answers each request at once
    # pays for waking it.
    "busy": {"keys": 1_000_000, "bytes": 32, "shapes": {
        f"{name.upper()} 32 B, depth {depth}, busy load": dict(
            shape=name, depth=depth, requests=requests, of_echo=of_echo)
        for name, depth, requests, of_echo in (
            ("get", 1, 300_000, 1.05), ("set", 1, 300_000, 1.05), ("get", 16, 2_000_000, 1.35),
            ("set", 16, 2_000_000, 1.6), ("get", 64, 3_000_000, 2.1), ("set", 64, 3_000_000, 3.0))
    }},
    # For the picture of throughput.
    "depths": {"keys": 1_000_000, "bytes": 32, "shapes": {
        f"{name.upper()}, depth {depth}, own load": dict(shape=name, depth=depth,
                                                         requests=min(2_000_000, 100_000 * depth))
        for depth in (1, 2, 4, 8, 16, 32, 64, 128) for name in ("get", "set")
    }},
}
GROUPS_DEFAULT = ["small", "busy", "1k", "16k", "many", "mix"]


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["echo", "redis", "larder"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--groups", type=names, default=GROUPS_DEFAULT,
                        help=f"of {', '.join(GROUPS)}; depths is for the picture")
    parser.add_argument("--save-as", default="cpu", help="name of the file of results")
    parser.add_argument("--append", action="store_true",
                        help="adds to the samples of the last run, which must be of the same build")


def measure(server, shape, group):
    """One sample: CPU of the server, and what the load saw."""
    options = {key: value for key, value in shape.items() if key not in ("of_echo", "benchmark")}
    before = server.cpu_ns()
    if "benchmark" in shape:
        row = benchmark(server, shape["benchmark"], shape["requests"], shape["depth"], group["keys"],
                        group["bytes"], CLIENTS)
        seen = float(row["rps"]), float(row["p50"]), float(row["p99"])
    else:
        result = generate(server, **{"connections": CLIENTS, "keys": group["keys"],
                                     "bytes": group["bytes"], **options})
        latency = result["latency_us"]
        seen = result["requests_per_second"], latency["p50"] / 1000, latency["p99"] / 1000
    cpu_us = (server.cpu_ns() - before) / shape["requests"] / 1000
    return {"cpu_us": cpu_us, "rps": seen[0], "p50_ms": seen[1], "p99_ms": seen[2]}


def run(arguments):
    raise_file_limit()
    saved = load_saved(arguments.save_as) if arguments.append else None
    samples = saved["samples"] if saved else []
    for round_number in range(arguments.rounds):
        for group_name in arguments.groups:
            group = GROUPS[group_name]
            for name in arguments.servers:
                with Server(name, value_bytes=group["bytes"]) as server:
                    fill_quickly(server, group["keys"], group["bytes"])  # GET is to find its keys
                    for shape_name, shape in group["shapes"].items():
                        samples.append({"group": group_name, "shape": shape_name, "server": name,
                                        **measure(server, shape, group)})
                progress(f"round {round_number + 1} of {arguments.rounds}: {group_name}, {name} done")
        result = {"conditions": conditions(), "samples": samples}
        save(arguments.save_as, result)  # a later round may be broken off
    print_table(result)


def median(samples, shape, server, figure):
    """Over the rounds; None if there was none."""
    values = [each[figure] for each in samples if each["shape"] == shape and each["server"] == server]
    return statistics.median(values) if values else None


def print_table(result):
    samples = result["samples"]
    servers = list(dict.fromkeys(each["server"] for each in samples))
    rounds = max(sum(each["shape"] == other["shape"] and each["server"] == other["server"]
                     for each in samples) for other in samples[:1])
    print(f"{result['conditions']}; server on CPU 0, load on CPU 1, {CLIENTS} connections unless "
          f"said otherwise, medians of {rounds}\n")
    rows = []
    for group in GROUPS.values():
        for shape, options in group["shapes"].items():
            cpu_us = {name: median(samples, shape, name, "cpu_us") for name in servers}
            if None in cpu_us.values():
                continue
            for name in servers:
                ratios = {other: cpu_us[name] / cpu_us[other] for other in ("echo", "redis")
                          if other in cpu_us}
                judged = name == "larder" and "of_echo" in options and "echo" in ratios
                rows.append([shape, name, f"{cpu_us[name]:.3f}",
                             *(f"{ratios[other]:.2f}" if other in ratios else "-"
                               for other in ("echo", "redis")),
                             verdict(ratios["echo"], options["of_echo"]) if judged else "",
                             f"{median(samples, shape, name, 'rps'):,.0f}",
                             f"{median(samples, shape, name, 'p50_ms'):.3f}",
                             f"{median(samples, shape, name, 'p99_ms'):.3f}"])
    table(["shape", "server", "CPU µs/request", "of echo's", "of redis's", "target", "requests/s",
           "p50 ms", "p99 ms"], rows)

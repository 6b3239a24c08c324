"""What an idle connection costs, and what connects at a rate do to the clients that stay."""
import statistics
import time

from comparison.load import Generator
from comparison.report import conditions, names, progress, save, table, verdict
from comparison.servers import Server, raise_file_limit

IDLE_BYTES_MAX = 4096
P99_RATIO_MAX = 2.0
PINGS_AT_A_TIME = 500
STEADY_CONNECTIONS = 50


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["echo", "redis", "larder"])
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--connects", type=int, default=1_000, help="a second")
    parser.add_argument("--rate", type=int, default=10_000, help="requests a second of those who stay")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each run")
    parser.add_argument("--settle-seconds", type=float, default=5,
                        help="before idle connections are weighed: some servers trim them")
    parser.add_argument("--parts", type=names, default=["idle", "churn"])


def run(arguments):
    if raise_file_limit() < arguments.idle + 1000:
        raise SystemExit(f"the limit of open files does not allow {arguments.idle} connections")
    result = {"conditions": conditions()}
    print(result["conditions"] + "\n")
    for part in arguments.parts:
        result[part] = {"idle": weigh_idle, "churn": measure_churn}[part](arguments)
    save("connections", result)


def weigh_idle(arguments):
    """Growth of RSS: memory of the kernel, some 3 KB a socket at least, is not in it."""
    figures = {}
    rows = []
    for name in arguments.servers:
        with Server(name) as server:
            with server.connect() as first:
                ping([first])
            empty = server.rss_bytes()
            clients = [server.connect() for _ in range(arguments.idle)]
            time.sleep(arguments.settle_seconds)
            silent = (server.rss_bytes() - empty) / arguments.idle
            for at in range(0, len(clients), PINGS_AT_A_TIME):
                ping(clients[at:at + PINGS_AT_A_TIME])
            time.sleep(arguments.settle_seconds)
            used = (server.rss_bytes() - empty) / arguments.idle
            for client in clients:
                client.close()
        figures[name] = {"silent_bytes": silent, "used_bytes": used}
        rows.append([name, f"{silent:,.0f}", f"{used:,.0f}",
                     verdict(round(used), IDLE_BYTES_MAX) if name == "larder" else ""])
        progress(f"idle connections of {name} weighed")
    print(f"Bytes of RSS for each of {arguments.idle:,} idle connections, the kernel's memory not "
          "counted\n")
    table(["server", "never used", "idle after one request", "target"], rows)
    return figures


def ping(clients):
    for client in clients:
        client.sendall(b"*1\r\n$4\r\nPING\r\n")
    for client in clients:
        client.recv(64)


def measure_churn(arguments):
    samples = {}
    # The steady load goes first on its CPU, lest it measure how long the other load kept it.
    first = ("chrt", "-f", "2", "taskset", "-c", "1")
    steady = dict(shape="get", keys=1000, connections=STEADY_CONNECTIONS, rate=arguments.rate,
                  seconds=arguments.seconds)
    churn = dict(shape="churn", keys=1000, rate=arguments.connects, seconds=arguments.seconds + 0.5)
    for round_number in range(arguments.rounds):
        for name in arguments.servers:
            with Server(name) as server:
                alone = Generator(server, prefix=first, **steady).result()["latency_us"]
                visits = Generator(server, **churn)
                time.sleep(0.25)
                beside = Generator(server, prefix=first, **steady).result()["latency_us"]
                samples.setdefault(name, []).append(
                    {"alone": alone, "beside": beside, "visits": visits.result()["latency_us"]})
        progress(f"round {round_number + 1} of {arguments.rounds}: churn done")
    rows = []
    for name, rounds in samples.items():
        def median(situation, percentile):
            return statistics.median(each[situation][percentile] for each in rounds)
        ratio = median("beside", "p99") / median("alone", "p99")
        rows.append([name, f"{median('alone', 'p50'):.0f}", f"{median('beside', 'p50'):.0f}",
                     f"{median('alone', 'p99'):.0f}", f"{median('beside', 'p99'):.0f}",
                     f"{ratio:.2f}", verdict(ratio, P99_RATIO_MAX) if name == "larder" else "",
                     f"{median('visits', 'p50'):.0f}", f"{median('visits', 'p99'):.0f}"])
    print(f"{STEADY_CONNECTIONS} steady clients with {arguments.rate:,} GETs/s in all, alone and beside "
          f"{arguments.connects:,} connects/s (connect, GET, close); µs from the time a request was "
          f"to leave, medians of {arguments.rounds}\n")
    table(["server", "p50 alone", "p50 beside", "p99 alone", "p99 beside", "ratio", "target",
           "visit p50", "visit p99"], rows)
    return samples

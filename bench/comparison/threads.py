"""What a second worker costs, how long stripes are held, and what a hot key does to the others.

The load runs on the servers' cores, so CPU per request of the workers' threads is the measure, and
not throughput. Worker 0 and one load are pinned to CPU 0, worker 1 and another load to CPU 1.
"""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import time

from comparison.load import Generator, fill_quickly
from comparison.report import conditions, names, progress, save, table, verdict
from comparison.servers import ROOT, Server

KEYS = 1_000_000
CONNECTIONS_EACH = 25  # of each of the two loads
DEPTH = 16
RISE_MAX = 1.10
LOSS_MAX = 1.10
SHAPES = [(test, distribution) for test in ("get", "set")
          for distribution in ("uniform", "zipf", "hot")]
STRIPES_BUILD = ROOT / "build/bench-stripes"
PARTS = ["workers", "stripes", "beside"]


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="of each load")
    parser.add_argument("--parts", type=names, default=PARTS,
                        help="workers: 1 against 2; stripes: how long they are held; beside: a hot "
                             "key beside other keys")


def run(arguments):
    result = {"conditions": conditions()}
    print(f"{result['conditions']}; {KEYS:,} keys, 32-byte values, depth {DEPTH}\n")
    for part in arguments.parts:
        result[part] = {"workers": compare_workers, "stripes": measure_stripes,
                        "beside": measure_beside}[part](arguments)
        save(f"threads-{part}", {"conditions": result["conditions"], part: result[part]})


def start(threads, first_cpu=0, **options):
    """A server whose worker 0 is pinned to the first CPU, worker 1 to the other."""
    server = Server("larder", prefix=(), threads=threads, **options)
    for thread, number in workers_of(server).items():
        os.sched_setaffinity(thread, {(first_cpu + number) % 2})
    fill_quickly(server, KEYS, 32)
    return server


def workers_of(server):
    """Number of the worker, by thread."""
    comms = {int(task.name): (task / "comm").read_text().strip()
             for task in pathlib.Path(f"/proc/{server.process.pid}/task").glob("*")}
    return {thread: int(comm.removeprefix("worker-")) for thread, comm in comms.items()
            if comm.startswith("worker-")}


def cpu_of_workers(server):
    """Nanoseconds so far, by number of the worker."""
    cpu = server.cpu_ns_of_threads()
    return {number: cpu[thread] for thread, number in workers_of(server).items()}


def run_loads(server, loads):
    """Runs loads at the same time, each on the CPU it names; their results and the workers' CPU."""
    before = cpu_of_workers(server)
    running = []
    for cpu, options in loads:
        running.append(Generator(server, prefix=("taskset", "-c", str(cpu)), **options))
        time.sleep(0.1)  # connected, so that the next one's go to the other worker
    results = [each.result() for each in running]
    after = cpu_of_workers(server)
    return results, {number: after[number] - before[number] for number in after}


def load_on_both(test, distribution, seconds):
    return [(cpu, dict(shape=test, distribution=distribution, keys=KEYS, depth=DEPTH, seed=cpu + 1,
                       connections=CONNECTIONS_EACH, seconds=seconds)) for cpu in (0, 1)]


# --- one worker against two ------------------------------------------------------------------------

APART = "2 servers"


def measure_apart(arguments, samples):
    """Two servers of one worker each, which share nothing: what two busy CPUs cost by themselves, with
    half of the connections on each."""
    with start(1) as left, start(1, first_cpu=1) as right:
        def cpu():
            return sum(sum(cpu_of_workers(server).values()) for server in (left, right))

        for test, distribution in SHAPES:
            before = cpu()
            running = [Generator(server, prefix=("taskset", "-c", str(number)), **options)
                       for server, (number, options) in
                       zip((left, right), load_on_both(test, distribution, arguments.seconds))]
            requests = sum(each.result()["requests"] for each in running)
            samples.setdefault(f"{test.upper()} {distribution}", {}).setdefault(
                APART, []).append((cpu() - before) / requests / 1000)


def compare_workers(arguments):
    samples = {}
    for round_number in range(arguments.rounds):
        measure_apart(arguments, samples)
        for threads in (1, 2):
            with start(threads) as server:
                for test, distribution in SHAPES:
                    results, cpu = run_loads(server,
                                             load_on_both(test, distribution, arguments.seconds))
                    requests = sum(each["requests"] for each in results)
                    samples.setdefault(f"{test.upper()} {distribution}", {}).setdefault(
                        threads, []).append(sum(cpu.values()) / requests / 1000)
            progress(f"round {round_number + 1} of {arguments.rounds}: {threads} workers done")
    rows = []
    for shape, by_threads in samples.items():
        one, two, apart = (statistics.median(by_threads[each]) for each in (1, 2, APART))
        rows.append([shape, f"{one:.3f}", f"{two:.3f}", f"{two / one:.2f}",
                     verdict(two / one, RISE_MAX), f"{apart:.3f}", f"{two / apart:.2f}"])
    print(f"CPU µs per request, medians of {arguments.rounds}\n")
    table(["shape", "1 worker", "2 workers", "ratio", "target", "2 servers of 1 worker",
           "2 workers to these"], rows)
    return samples


# --- stripes ---------------------------------------------------------------------------------------

def build_with_statistics():
    if not (STRIPES_BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "-S", ROOT, "-B", STRIPES_BUILD, "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DLARDER_TESTS=OFF",
                        "-DLARDER_STRIPE_STATISTICS=ON"], stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["cmake", "--build", STRIPES_BUILD, "--target", "larder"],
                   stdout=subprocess.DEVNULL, check=True)
    return str(STRIPES_BUILD / "larder")


def stripes_of(server):
    """What DEBUG STRIPES says: one dictionary per stripe."""
    with server.connect() as sock, sock.makefile("rb") as replies:
        sock.sendall(b"DEBUG STRIPES\r\n")
        count = int(replies.readline()[1:])
        return [json.loads(replies.read(int(replies.readline()[1:]) + 2)) for _ in range(count)]


def difference(after, before):
    """What the stripes saw in between, in nanoseconds."""
    seen = []
    for new, old in zip(after, before):
        ns = new["ns_per_tick"]
        seen.append({
            **{key: new[key] - old[key] for key in ("locks", "contended", "waits")},
            **{f"{key}_ns": (new[f"{key}_ticks"] - old[f"{key}_ticks"]) * ns
               for key in ("held", "waited")},
            "held_below": {2 ** power * ns: count - old_count for (power, count), (_, old_count)
                           in zip(new["held_below"], old["held_below"])}})
    return seen


def held_percentile(stripes, percent):
    """An upper bound in nanoseconds: a power of two of ticks."""
    bounds = list(stripes[0]["held_below"])
    held = [sum(counts) for counts in zip(*(each["held_below"].values() for each in stripes))]
    wanted = sum(held) * percent / 100
    for below, count in zip(bounds, held):
        wanted -= count
        if wanted <= 0:
            return below
    return bounds[-1]


def measure_stripes(arguments):
    measured = {}
    rows = []
    larder = build_with_statistics()
    for threads in (1, 2):
        with start(threads, larder=larder, more=["--enable-debug-command", "yes"]) as server:
            for test, distribution in SHAPES:
                before = stripes_of(server)
                results, _ = run_loads(server, load_on_both(test, distribution, arguments.seconds))
                seen = difference(stripes_of(server), before)
                busiest = max(seen, key=lambda stripe: stripe["locks"])
                total = {key: sum(stripe[key] for stripe in seen)
                         for key in ("locks", "held_ns", "contended", "waits", "waited_ns")}
                shape = f"{test.upper()} {distribution}"
                measured[f"{shape}, {threads}"] = {
                    **total, "stripes": len(seen), "busiest_locks": busiest["locks"],
                    "busiest_held_ns": busiest["held_ns"]}
                rows.append([
                    f"{shape}, {threads} worker{'s' if threads > 1 else ''}",
                    f"{total['held_ns'] / total['locks']:.0f}", f"{held_percentile(seen, 99):,.0f}",
                    f"{held_percentile(seen, 99.99):,.0f}",
                    f"{busiest['locks'] / total['locks']:.3f}",
                    f"{1e6 * total['contended'] / total['locks']:.0f}",
                    f"{total['waited_ns'] / max(1, total['waits']):.0f}",
                    f"{total['contended'] - total['waits']:,}"])
        progress(f"stripes with {threads} workers done")
    stripes = measured[next(reversed(measured))]["stripes"]
    print(f"Stripes held and waited for ({stripes} stripes with 2 workers; the counting adds to what "
          "is held)\n")
    table(["shape", "held ns, mean", "99 % below", "99.99 % below", "share of the busiest stripe",
           "found taken, per million", "then waited ns, mean", "gave up and parked"], rows)
    return measured


# --- a hot key beside others -----------------------------------------------------------------------

def measure_beside(arguments):
    """Worker 0 serves one connection with uniform keys, worker 1 one with a single hot key."""
    samples = {}
    for round_number in range(arguments.rounds):
        for test in ("get", "set"):
            others = (0, dict(shape=test, keys=KEYS - 1, first_key=1, depth=64, connections=1,
                              seconds=arguments.seconds))
            hot = (1, dict(shape=test, distribution="hot", depth=64, connections=1,
                           seconds=arguments.seconds))
            with start(1) as server, start(1, first_cpu=1) as apart:
                running = Generator(apart, prefix=("taskset", "-c", "1"), **hot[1])
                results, cpu = run_loads(server, [others])
                running.result()
                samples.setdefault((test, "others", APART), []).append(
                    (cpu[0] / results[0]["requests"], results[0]["requests_per_second"]))
            with start(2) as server:
                for situation, loads in (("alone", [others]), ("beside", [others, hot])):
                    results, cpu = run_loads(server, loads)
                    samples.setdefault((test, "others", situation), []).append(
                        (cpu[0] / results[0]["requests"], results[0]["requests_per_second"]))
                    if situation == "beside":
                        samples.setdefault((test, "hot", situation), []).append(
                            (cpu[1] / results[1]["requests"], results[1]["requests_per_second"]))
                with socket.create_connection(("127.0.0.1", server.port)):  # occupies worker 0
                    results, cpu = run_loads(server, [hot])
                    samples.setdefault((test, "hot", "alone"), []).append(
                        (cpu[1] / results[0]["requests"], results[0]["requests_per_second"]))
        progress(f"round {round_number + 1} of {arguments.rounds}: beside done")
    rows = []
    for test in ("get", "set"):
        for load in ("others", "hot"):
            alone, beside = ([statistics.median(column) for column in
                              zip(*samples[test, load, situation])]
                             for situation in ("alone", "beside"))
            ratio = beside[0] / alone[0]
            of_others = ["", "", ""]
            if load == "others":
                apart = statistics.median(cpu for cpu, _ in samples[test, load, APART])
                of_others = [verdict(ratio, LOSS_MAX), f"{apart / 1000:.3f}",
                             f"{beside[0] / apart:.2f}"]
            rows.append([f"{test.upper()}, {'other keys' if load == 'others' else 'the hot key'}",
                         f"{alone[0] / 1000:.3f}", f"{beside[0] / 1000:.3f}", f"{ratio:.2f}",
                         *of_others, f"{alone[1]:,.0f}", f"{beside[1]:,.0f}"])
    print("A worker with other keys beside a worker with one hot key, one connection each at depth "
          f"64; medians of {arguments.rounds}\n")
    table(["load", "CPU µs alone", "CPU µs beside", "ratio", "target", "beside another server's",
           "beside to this", "requests/s alone", "requests/s beside"], rows)
    return {" ".join(key): value for key, value in samples.items()}

"""RSS beyond key and value; at the cap, across sizes, and when sizes shift."""
import statistics
import subprocess
import time

from comparison import memory_at_cap
from comparison.filler import LIFETIMES_S, Filler
from comparison.load import KEY_BYTES
from comparison.report import names, numbers, progress, table
from comparison.servers import ROOT, Server

ITEMS = [3_000_000, 3_500_000, 4_000_000, 5_000_000, 6_000_000]
SETTLE_SECONDS = 1  # until freed memory has gone back to the system
# What Larder is to reach, in bytes per item: the mean over the numbers of items, and the worst.
TARGETS = {"none": (28, 33), "equal": (36, 41), "spread": (36, 41)}


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["larder", "redis"])
    parser.add_argument("--items", type=numbers, default=ITEMS)
    parser.add_argument("--redis-items", type=numbers, default=[3_000_000],
                        help="fewer: it is slow and large")
    parser.add_argument("--sizes", type=numbers, default=[32, 100, 300])
    parser.add_argument("--lifetimes", type=names, default=list(LIFETIMES_S),
                        help="none; equal: 10 days; spread: 1 hour to 10 days")
    parser.add_argument("--cap", action="store_true", help="bytes per item at maxmemory instead")
    parser.add_argument("--shifts", action="store_true",
                        help="RSS and usable share while sizes shift at maxmemory instead")
    parser.add_argument("--classes", action="store_true",
                        help="what entries of 8 B to 4 KB take, in process, instead")
    memory_at_cap.add_arguments(parser)


def run(arguments):
    if arguments.classes:
        subprocess.run([ROOT / "build/release/bench/entry_sizes_tool"], check=True)
    elif arguments.cap:
        memory_at_cap.cap(arguments)
    elif arguments.shifts:
        memory_at_cap.shifts(arguments)
    else:
        items(arguments)


def items(arguments):
    """RSS beyond key and value, at each number of items."""
    rows, counts = [], sorted(arguments.items)
    for name in (each for each in arguments.servers if each != "echo"):
        for lifetimes in arguments.lifetimes:
            if name != "larder" and lifetimes == "spread":
                continue
            for value_bytes in arguments.sizes:
                wanted = counts if name == "larder" else sorted(arguments.redis_items)
                cells = overheads(name, wanted, value_bytes, lifetimes)
                mean, worst = statistics.mean(cells.values()), max(cells.values())
                mean_max, worst_max = TARGETS[lifetimes]
                verdict = "met" if mean <= mean_max and worst <= worst_max else "missed"
                rows.append([name, f"{value_bytes} B, {lifetimes}",
                             *(f"{cells[count]:.1f}" if count in cells else "-" for count in counts),
                             f"{mean:.1f}", f"{worst:.1f}",
                             f"≤ {mean_max}, ≤ {worst_max}: {verdict}" if name == "larder" else "-"])
                progress(" ".join(rows[-1]))
    print(f"Bytes of RSS per item beyond a {KEY_BYTES}-byte key and the value\n")
    table(["server", "value, lifetime", *(f"{count:,}" for count in counts), "mean", "worst",
           "target"], rows)


def overheads(name, counts, value_bytes, lifetimes):
    """Bytes per item at each of these numbers of items."""
    cells = {}
    with Server(name) as server:
        empty, filled = server.rss_bytes(), 0
        filler = Filler(server, value_bytes, lifetimes)
        for count in counts:
            filler.fill(filled, count)
            filled = count
            time.sleep(SETTLE_SECONDS)
            cells[count] = (server.rss_bytes() - empty) / count - KEY_BYTES - value_bytes
    return cells

"""RSS beyond key and value, at each number of items."""
import statistics

from comparison.load import KEY_BYTES, fill
from comparison.report import names, numbers, progress, table
from comparison.servers import Server


def add_arguments(parser):
    parser.add_argument("--servers", type=names, default=["redis", "larder"])
    parser.add_argument("--items", type=numbers, default=[1_000_000],
                        help="as in 3000000,3500000,4000000,5000000,6000000")
    parser.add_argument("--sizes", type=numbers, default=[32, 100, 300])


def run(arguments):
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
                progress(f"{name} {value_bytes} {'TTL' if ttl else ''} done")
    print(f"Bytes of RSS per item beyond a {KEY_BYTES}-byte key and the value\n")
    table(["server", "value", *(f"{items:,} items" for items in sorted(arguments.items)), "mean",
           "worst"], rows)

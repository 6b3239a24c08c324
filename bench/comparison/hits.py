"""Hit ratio against the size of the cache, by replaying traces through the real storage code."""
import pathlib
import subprocess

from comparison.report import conditions, load_saved, names, progress, save, table
from comparison.servers import ROOT

TOOL = ROOT / "build/release/bench/hit_ratio_tool"
TRACES = ROOT.parent / "shared/traces"
GENERATED = ROOT / "build/bench-results/api.csv"
PERCENTS = ["0.1", "0.5", "1", "2", "5", "10", "20"]


def add_arguments(parser):
    parser.add_argument("--traces", type=pathlib.Path, default=TRACES,
                        help="a folder of .csv and .csv.xz, and gen_api.cpp, which makes one more")
    parser.add_argument("--only", type=names, help="traces, without their ending")
    parser.add_argument("--percents", type=names, default=PERCENTS)
    parser.add_argument("--append", action="store_true", help="keeps the other results of the last run")


def run(arguments):
    saved = load_saved("hits") if arguments.append else None
    hits = saved["hits"] if saved else {}
    for path in find_traces(arguments):
        name = path.name.removesuffix(".xz").removesuffix(".csv")
        for percent in arguments.percents:
            hits.setdefault(name, {}).update(replay(path, percent))
            progress(f"{name} at {percent} % done")
            save("hits", {"conditions": conditions(), "hits": hits})
    policies = list(dict.fromkeys(policy for by_size in hits.values() for row in by_size.values()
                                  for policy in row))
    table(["trace", "cap", *policies],
          [[name, f"{percent} %", *(f"{row[policy]:.2f}" for policy in policies)]
           for name, by_size in hits.items() for percent, row in by_size.items()])


def find_traces(arguments):
    traces = sorted([*arguments.traces.glob("*.csv"), *arguments.traces.glob("*.csv.xz")])
    if (arguments.traces / "gen_api.cpp").exists():
        if not GENERATED.exists():
            generate(arguments.traces / "gen_api.cpp")
        traces.append(GENERATED)
    return [path for path in traces
            if not arguments.only or path.name.split(".")[0] in arguments.only]


def generate(source):
    GENERATED.parent.mkdir(parents=True, exist_ok=True)
    program = GENERATED.with_suffix("")
    subprocess.run(["g++", "-O2", "-o", program, source], check=True)
    with open(GENERATED, "wb") as out:
        subprocess.run([program], stdout=out, check=True)


def replay(path, percent):
    """Percent of requests that hit: by size of the cache, by policy."""
    output = subprocess.run([TOOL, "--percent", percent, path], capture_output=True, text=True,
                            check=True).stdout
    cells = [[cell.strip() for cell in line.strip("|").split("|")]
             for line in output.splitlines() if line.startswith("|")]
    header, row = cells[0], cells[-1]
    return {percent: {policy.replace("`", ""): float(cell)
                      for policy, cell in zip(header[2:], row[2:])}}

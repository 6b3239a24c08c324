"""Draws the pictures of bench/pictures from the results that the other commands kept."""
import statistics

from comparison.cpu import GROUPS
from comparison.report import load_saved, progress
from comparison.servers import ROOT

PICTURES = ROOT / "bench/pictures"
COLOURS = {"echo": "#8a8f98", "redis": "#c8553d", "larder": "#1f6fb2"}
NAMES = {"echo": "bare epoll echo", "redis": "Redis 7.0.15", "larder": "Larder"}
POLICIES = {  # in the order of the legend: label, colour, line
    "Larder allkeys-lfu": ("Larder, default", "#1f6fb2", "-"),
    "Larder allkeys-lru": ("Larder, allkeys-lru", "#1f6fb2", "--"),
    "S3-FIFO": ("S3-FIFO", "#4d9a5b", "-"),
    "exact LRU": ("exact LRU", "#b58900", "--"),
    "Redis LRU": ("Redis allkeys-lru", "#c8553d", "--"),
    "Redis LFU": ("Redis allkeys-lfu", "#c8553d", "-"),
    "optimum": ("optimum (Belady)", "#8a8f98", ":"),
}


def add_arguments(_):
    pass


def run(_):
    import matplotlib  # here, because it takes long to load and nothing else needs it
    matplotlib.use("svg")
    from matplotlib import pyplot as plt
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "larder", "font.family": "sans-serif",
                         "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
                         "axes.grid": True, "grid.alpha": 0.3, "legend.frameon": False})
    PICTURES.mkdir(exist_ok=True)
    for name, draw, results in (("throughput", draw_throughput, "cpu-depths"),
                                ("latency", draw_latency, "latency"), ("hits", draw_hits, "hits"),
                                ("stampede", draw_stampede, "stampede"), ("tags", draw_tags, "tags")):
        result = load_saved(results)
        if result is None:
            progress(f"no results for {name}.svg yet")
            continue
        figure = draw(plt, result)
        figure.savefig(PICTURES / f"{name}.svg", metadata={"Date": None})
        progress(f"{PICTURES / name}.svg drawn")


def draw_throughput(plt, result):
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
    servers = list(dict.fromkeys(each["server"] for each in result["samples"]))
    for axis, test in zip(axes, ("get", "set")):
        for server in servers:
            points = {}
            for each in result["samples"]:
                shape = GROUPS["depths"]["shapes"].get(each["shape"])
                if shape and shape["shape"] == test and each["server"] == server:
                    points.setdefault(shape["depth"], []).append(each["rps"] / 1e6)
            axis.plot(list(points), [statistics.median(rates) for rates in points.values()],
                      marker="o", markersize=3, color=COLOURS[server], label=NAMES[server])
        axis.set_xscale("log", base=2)
        axis.set_xticks([1, 2, 4, 8, 16, 32, 64, 128], [1, 2, 4, 8, 16, 32, 64, 128])
        axis.set_xlabel("pipeline depth")
        axis.set_title(f"{test.upper()}, 32-byte values, 50 connections, one thread")
        axis.set_yscale("log")
        axis.set_yticks([0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
        axis.minorticks_off()
    axes[0].set_ylabel("million requests/s")
    axes[0].legend()
    return figure


def draw_latency(plt, result):
    figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for server, latencies in result["medians"].items():
        # As with HdrHistogram: the x axis is how many requests one of them is worse than.
        points = [(100 / (100 - float(name[1:])), value) for name, value in latencies.items()
                  if name[0] == "p"]
        axis.plot(*zip(*sorted(points)), marker="o", markersize=3, color=COLOURS[server],
                  label=NAMES[server])
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xticks([1, 2, 10, 100, 1_000, 10_000], ["0", "50", "90", "99", "99.9", "99.99"])
    axis.minorticks_off()
    axis.set_yticks([20, 50, 100, 200, 500, 1000, 2000, 5000],
                    ["20", "50", "100", "200", "500", "1,000", "2,000", "5,000"])
    axis.set_xlabel("percent of requests")
    axis.set_ylabel("µs or less")
    axis.set_title(f"GET at {result['rate']:,} requests/s, {result['connections']} connections")
    axis.legend()
    return figure


def draw_hits(plt, result):
    traces = list(result["hits"])
    figure, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
    for axis, trace in zip(axes.flat, traces):
        by_size = result["hits"][trace]
        for policy, (label, colour, line) in POLICIES.items():
            points = [(float(size), row[policy]) for size, row in by_size.items() if policy in row]
            axis.plot(*zip(*sorted(points)), line, marker="o", markersize=2.5, color=colour,
                      linewidth=1.2, label=label)
        axis.set_xscale("log")
        axis.set_xticks([0.1, 0.5, 1, 2, 5, 10, 20], ["0.1", "0.5", "1", "2", "5", "10", "20"])
        axis.minorticks_off()
        axis.set_title("synthetic API trace" if trace == "api" else trace)
    for axis in axes[-1]:
        axis.set_xlabel("size of the cache, percent of all objects' bytes")
    for axis in axes[:, 0]:
        axis.set_ylabel("percent of requests that hit")
    axes[0, 0].legend(fontsize=7)
    return figure


def draw_stampede(plt, results):
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.4), sharey=True, layout="constrained")
    titles = [f"{each['way']} ({NAMES[each['server']].split()[0]})" for each in results]
    colours = [COLOURS[each["server"]] for each in results]
    for axis, figure_of, title, form in ((axes[0], "calls", "calls of the origin in 10 s", "{:,.0f}"),
                                         (axes[1], "p99", "p99 of what callers wait, ms", "{:,.0f}")):
        bars = axis.barh(titles, [each[figure_of] for each in results], color=colours)
        axis.bar_label(bars, [form.format(each[figure_of]) for each in results], padding=3)
        axis.set_title(title)
        axis.grid(axis="y", visible=False)
        axis.margins(x=0.15)
    axes[0].set_xscale("log")
    axes[0].set_xlim(1, 10_000)
    axes[0].invert_yaxis()
    return figure


def draw_tags(plt, results):
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
    for server, label in (("redis", "SADD, SMEMBERS, DEL (Redis)"), ("larder", "CACHE.PURGETAG (Larder)")):
        points = [(each["members"], each["seconds"] * 1e3) for each in results["tags"]
                  if each["server"] == server]
        axes[0].plot(*zip(*points), marker="o", markersize=3, color=COLOURS[server], label=label)
    axes[0].set_xscale("log")
    axes[0].set_yscale("log")
    axes[0].set_xlabel("entries with the tag")
    axes[0].set_ylabel("ms until it is answered")
    axes[0].legend()
    ways = {("purge_match", "larder"): ("CACHE.PURGEMATCH (Larder)", "#1f6fb2"),
            ("scan_and_unlink", "larder"): ("SCAN, UNLINK (Larder)", "#8fb7d9"),
            ("scan_and_unlink", "redis"): ("SCAN, UNLINK (Redis)", "#c8553d")}
    for place, (way, (label, colour)) in enumerate(ways.items()):
        each = [one for one in results["match"] if (one["way"], one["server"]) == way]
        bars = axes[1].barh([at + 0.27 * place for at in range(len(each))], [one["seconds"] for one in each],
                            height=0.24, color=colour, label=label)
        axes[1].bar_label(bars, [f"{one['seconds']:.1f}" for one in each], padding=3)
    takes = list(dict.fromkeys(one["takes"] for one in results["match"]))
    axes[1].set_yticks([at + 0.27 for at in range(len(takes))], takes)
    axes[1].grid(axis="y", visible=False)
    axes[1].margins(x=0.15)
    axes[1].set_xlabel("seconds to remove them of 5 M keys")
    axes[1].legend(fontsize=7)
    return figure

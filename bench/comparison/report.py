"""How results are printed, and kept for the pictures."""
import json
import pathlib
import platform
import re
import subprocess
import sys
import time

from comparison.servers import ROOT

RESULTS = ROOT / "build/bench-results"


def conditions():
    """What a table must say to mean anything: machine, date, commit."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
                            capture_output=True, text=True).stdout.strip()
    return (f"{model[1] if model else platform.machine()}, Linux {platform.release()}, "
            f"{time.strftime('%Y-%m-%d %H:%M')}, commit {commit or 'unknown'}")


def save(name, result):
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")


def load_saved(name):
    """What `save` kept, or None."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def verdict(value, limit):
    return f"≤ {limit:g}: {'met' if value <= limit else 'not met'}"


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def numbers(text):
    """An option such as 1,16,64."""
    return [int(part) for part in text.split(",")]


def names(text):
    return text.split(",")

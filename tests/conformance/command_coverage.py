"""Which of Redis 8's commands Larder has: writes the table of COMMANDS.md from the server's own
COMMAND LIST, or says that the table is not what it would write.

usage: command_coverage.py [--write]
"""
import argparse
import pathlib
import re
import sys

from resp import Connection
from servers import ROOT, Server, larder_path

LIST = pathlib.Path(__file__).parent / "redis_8_commands.txt"
TABLE = ROOT / "server/COMMANDS.md"
BEGIN, END = "<!-- written by tests/conformance/command_coverage.py -->", "<!-- end -->"

# What is not there, by a regular expression over the name. Out of scope: it answers Redis's error
# for an unknown command, or for a server without that feature. Otherwise it is yet to come.
MISSING = [
    (r"backup(\|.*)?", "out of scope: persistence"),
    (r"cluster\|.*", "out of scope: cluster mode"),
    (r"module\|loadex", "out of scope: modules"),
    (r"restore-asking", "out of scope: cluster mode"),
]
OTHER_FAMILIES = [
    ("SENTINEL …", "out of scope: another program"),
    ("V… (vector sets), AR… (arrays)", "out of scope: no data types of a cache"),
    ("JSON.…, FT.…, TS.…, BF.…, CF.…, CMS.…, TOPK.…, TDIGEST.…", "out of scope: modules"),
]


def read_list():
    groups, group = {}, None
    for line in LIST.read_text().splitlines():
        if line.startswith("["):
            group = groups.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            group += line.split()
    return groups


def shown(names):
    return ", ".join(name.upper().replace("|", " ") for name in names) or "–"


def reason_of(name):
    for pattern, reason in MISSING:
        if re.fullmatch(pattern, name):
            return reason
    return None


def table(present):
    lines = ["| group | there | of | missing |", "|---|---|---|---|"]
    known, unexplained = set(), []
    for group, names in read_list().items():
        known.update(names)
        missing = {}
        for name in names:
            if name in present:
                continue
            reason = reason_of(name)
            if reason is None:
                unexplained.append(name)
            missing.setdefault(reason, []).append(name)
        there = len(names) - sum(len(each) for each in missing.values())
        told = "; ".join(f"{shown(each)} ({reason})" for reason, each in missing.items())
        lines.append(f"| {group.replace('_', ' ')} | {there} | {len(names)} | {told or '–'} |")
    lines += ["", "| other families | |", "|---|---|"]
    lines += [f"| {family} | {reason} |" for family, reason in OTHER_FAMILIES]
    lines += ["", f"Beyond Redis 8.10: {shown(sorted(present - known))}."]
    return "\n".join(lines), unexplained


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    server = Server(larder_path(), "larder")
    try:
        _, names = Connection(server.port).call("COMMAND", "LIST")
    finally:
        server.stop()
    present = {name.decode() for _, name in names}
    text, unexplained = table(present)
    for name in unexplained:
        print(f"neither there nor explained: {name}")
    page = TABLE.read_text()
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    wanted = f"{head}{BEGIN}\n{text}\n{END}{tail}"
    if arguments.write:
        TABLE.write_text(wanted)
    elif page != wanted:
        print(f"{TABLE.name} is not up to date: run {pathlib.Path(__file__).name} --write")
        return 1
    print(f"{len(present)} commands, as {TABLE.name} says")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())

"""usage: python3 -m comparison SUBJECT [options]     (through scripts/bench)"""
import argparse

from comparison import (collections, connections, cpu, hits, instructions, latency, memory,
                        pictures, stalls, stampede, tags, threads)

SUBJECTS = {
    "cpu": cpu,
    "latency": latency,
    "instructions": instructions,
    "threads": threads,
    "memory": memory,
    "collections": collections,
    "stalls": stalls,
    "connections": connections,
    "hits": hits,
    "stampede": stampede,
    "tags": tags,
    "pictures": pictures,
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    subjects = parser.add_subparsers(dest="subject", required=True)
    for name, module in SUBJECTS.items():
        sub = subjects.add_parser(name, help=module.__doc__.splitlines()[0])
        sub.set_defaults(run=module.run)
        module.add_arguments(sub)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes corpus/restore_fuzz: what Larder's own DUMP answers for a value of every type and encoding,
and older forms of the same, put together here.

usage: make_restore_corpus.py [PATH_OF_LARDER]
"""
import os
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "conformance"))

from dump_forms import ALL as OLDER_FORMS  # noqa: E402
from dump_values import NEWER, VALUES  # noqa: E402
from servers import Server, larder_path  # noqa: E402
from resp import Connection  # noqa: E402

BYTES_MAX = 2048  # larger ones teach a fuzzer little


def dumps(connection):
    for name, commands in [*VALUES, *NEWER]:
        connection.call("FLUSHALL")
        for command in commands:
            reply = connection.call(*command)
            assert reply[0] not in "-!", (command, reply)
        yield name, connection.call("DUMP", "key")[1]


def main():
    if len(sys.argv) > 1:
        os.environ["LARDER_SERVER"] = sys.argv[1]
    target = FOLDER / "corpus" / "restore_fuzz"
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    server = Server(larder_path(), "larder")
    try:
        for name, payload in [*dumps(Connection(server.port)), *OLDER_FORMS]:
            if len(payload) <= BYTES_MAX:
                (target / name).write_bytes(payload)
    finally:
        server.stop()
    print(f"{len(list(target.iterdir()))} files in {target}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs newer_table.py, in RESP2 and RESP3, on Larder: what redis-server 7.0 cannot be asked."""
import re
import sys

from newer_table import CASES
from resp import NULLS, Connection, encode
from servers import Server, find_servers


def words(request):
    """The request's arguments: split at spaces, `~` empty, \\x escapes resolved."""
    return [b"" if word == "~" else
            re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), word.encode())
            for word in request.split(" ")]


def line(reply):
    """A reply in one line, the same for both protocols' nulls."""
    if reply in NULLS:
        return "nil"
    kind, payload = reply
    if isinstance(payload, list):
        return f"{kind}[" + ", ".join(map(line, payload)) + "]"
    return kind + payload.decode("latin-1")


def matches(expected, got):
    if len(expected) > 1 and expected[0] == expected[-1] == "/":
        return re.fullmatch(expected[1:-1], got, re.S) is not None
    return expected == got


def run_case(connection, steps):
    """The steps that answered otherwise than expected."""
    for request, expected in steps:
        connection.send(encode(words(request)))
        got = line(connection.read())
        if not matches(expected, got):
            yield request, expected, got


def main():
    larder, _ = find_servers()
    server = Server(larder, "larder")
    failed = checked = 0
    try:
        for protocol in "23":
            for title, steps in CASES:
                connection = Connection(server.port)
                connection.call("HELLO", protocol)
                connection.call("FLUSHALL")
                for request, expected, got in run_case(connection, steps):
                    failed += 1
                    print(f"FAILED in RESP{protocol}: {title}\n  request   {request}\n"
                          f"  expected  {expected}\n  got       {got[:500]}")
                checked += len(steps)
                connection.close()
    except Exception as error:
        print(f"FAILED: {error!r}\n{server.log_tail()}")
        failed += 1
    finally:
        server.stop()
    print(f"newer commands: {checked} replies, {failed} not as documented")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Rejects includes that point upward or sideways between the floors (STYLE.md, rule 1).

usage: check_floors.py ROOT
"""
import pathlib
import re
import sys

# floor -> beginnings of include paths that it must not name
SOCKETS_LOGS_LUA = ("asio", "spdlog", "lua", "lauxlib", "CLI/", "sys/socket.h", "sys/epoll.h")
FORBIDDEN = {
    "storage": ("protocol/", "server/", "tests/", "bench/") + SOCKETS_LOGS_LUA,
    "protocol": ("storage/", "server/", "tests/", "bench/") + SOCKETS_LOGS_LUA,
    "server": ("tests/", "bench/"),
    "tests/storage": ("protocol/", "server/"),
    "tests/protocol": ("storage/", "server/"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')


def violations(root):
    for floor, forbidden in FORBIDDEN.items():
        for path in sorted((root / floor).rglob("*")):
            if path.suffix not in (".cc", ".h"):
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                include = INCLUDE.match(line)
                if include and include[1].startswith(forbidden):
                    yield f"{path.relative_to(root)}:{number}: {floor}/ must not include {include[1]}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(violations(root))
    print("\n".join(found) if found else "floors: every include points downward")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

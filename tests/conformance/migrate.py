#!/usr/bin/env python3
"""MIGRATE between Larder and redis-server, both ways: a value of every type and encoding arrives and
is gone where it was; options and refusals are answered alike by both as the source.
"""
import sys

from dump_values import VALUES
from dumps import Checker, contents, make
from resp import Connection
from servers import Server, find_servers, free_port

TIMEOUT_MS = "5000"
LONGEST_MS = 100_000


def migrate(source, port, key, *options, database="0", host="127.0.0.1"):
    return source.call("MIGRATE", host, str(port), key, database, TIMEOUT_MS, *options)


def move(check, title, commands, source, target, target_port):
    make(source, commands)
    expected = contents(source)
    digest = source.call("DEBUG", "DIGEST-VALUE", "key")
    target.call("FLUSHALL")
    check.same(f"{title}: MIGRATE", ("+", b"OK"), migrate(source, target_port, "key"))
    check.same(f"{title}: it is gone", (":", b"0"), source.call("EXISTS", "key"))
    check.same(f"{title}: contents", expected, contents(target))
    check.same(f"{title}: digest", digest, target.call("DEBUG", "DIGEST-VALUE", "key"))


def scenarios(source, target, port):
    """Replies of a source, and what its target has in the end, step by step."""
    def fill(connection, *keys):
        connection.call("FLUSHALL")
        for key in keys:
            connection.call("SET", key, "value of " + key)

    yield migrate(source, port, "missing")
    fill(source, "a", "b", "c"), fill(target, "b")
    yield migrate(source, port, "", "KEYS", "a", "missing", "b", "c")
    yield source.call("EXISTS", "a", "c"), source.call("GET", "b"), target.call("DBSIZE")
    yield migrate(source, port, "b", "COPY")
    yield migrate(source, port, "b", "COPY", "REPLACE"), source.call("GET", "b")
    yield migrate(source, port, "b", "REPLACE", database="3"), source.call("EXISTS", "b")
    target.call("SELECT", "3")
    yield target.call("GET", "b")
    target.call("SELECT", "0")
    fill(source, "a"), target.call("FLUSHALL")
    source.call("PEXPIRE", "a", str(LONGEST_MS))
    yield migrate(source, port, "a")
    yield 0 < int(target.call("PTTL", "a")[1]) <= LONGEST_MS
    fill(source, "a")
    yield migrate(source, port, "a", database="99"), source.call("EXISTS", "a")
    yield migrate(source, free_port(), "a"), source.call("EXISTS", "a")
    for options in (("AUTH",), ("AUTH2", "u"), ("NX",), ("KEYS", "a"), ("AUTH", "pw"),
                    ("AUTH2", "nobody", "pw")):
        yield options, migrate(source, port, "a", *options), source.call("EXISTS", "a")
    host = "127.1"  # redis-server would still have its old connection by the other name
    target.call("CONFIG", "SET", "requirepass", "pw")
    target.call("AUTH", "pw")
    target.call("FLUSHALL")
    for options in ((), ("AUTH", "bad"), ("AUTH2", "default", "bad")):
        yield (options, migrate(source, port, "a", *options, host=host), source.call("EXISTS", "a"))
    yield migrate(source, port, "a", "AUTH", "pw", host=host), target.call("GET", "a")
    fill(source, "a")
    yield (migrate(source, port, "a", "REPLACE", "AUTH2", "default", "pw", host=host),
           target.call("DBSIZE"))
    target.call("CONFIG", "SET", "requirepass", "")


def main():
    paths = find_servers()
    larder_server, redis_server, other_server = servers = [
        Server(paths[0], "larder"), Server(paths[1], "redis"), Server(paths[0], "other")]
    check = Checker()

    def compare():
        larder, redis, other = (Connection(server.port) for server in servers)
        for name, commands in VALUES:
            move(check, f"{name}, Larder to Redis", commands, larder, redis, redis_server.port)
            move(check, f"{name}, Redis to Larder", commands, redis, larder, larder_server.port)
            move(check, f"{name}, Larder to Larder", commands, larder, other, other_server.port)
        to_larder = list(scenarios(larder, other, other_server.port))
        expected = list(scenarios(redis, other, other_server.port))
        to_redis = list(scenarios(larder, redis, redis_server.port))
        for name, got in (("Larder", to_larder), ("Redis", to_redis)):
            for step, (one, another) in enumerate(zip(expected, got, strict=True)):
                check.same(f"step {step} with {name} as the target", one, another)

    return check.run("migrate", servers, compare)


if __name__ == "__main__":
    sys.exit(main())

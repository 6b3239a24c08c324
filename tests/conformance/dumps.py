#!/usr/bin/env python3
"""DUMP and RESTORE between Larder and redis-server, both ways: for a value of every type and encoding,
what one dumps the other restores, with the same contents, the same digest and, from Redis to Larder
and back, the same dump. Older forms restore the same on both. What 7.0 does not know goes around
Larder alone.
"""
import random
import sys

from dump_forms import FORMS, payload
from dump_values import NEWER, VALUES
from resp import Connection
from servers import Server, find_servers

DAMAGED = 4000  # payloads that both are asked to refuse


def fields(reply, *names):
    """Some fields of a map, which is an array of names and values."""
    texts = [item[1] for item in reply[1]]
    return [(name, reply[1][texts.index(name) + 1]) for name in names if name in texts]


def stream(connection):
    """A stream's entries, groups and what is pending, but for times."""
    info = connection.call("XINFO", "STREAM", "key")
    held = [connection.call("XRANGE", "key", "-", "+"),
            fields(info, b"length", b"last-generated-id", b"max-deleted-entry-id", b"entries-added",
                   b"recorded-first-entry-id", b"radix-tree-keys"),
            # 7.0 has none of these, that is as these are by default.
            [field for field in fields(info, b"idmp-duration", b"iids-added")
             if field[1] not in ((":", b"100"), (":", b"0"))]]
    for group in connection.call("XINFO", "GROUPS", "key")[1]:
        described = fields(group, b"name", b"consumers", b"pending", b"last-delivered-id")
        name = described[0][1][1]
        pending = connection.call("XPENDING", "key", name, "-", "+", "1000")[1]
        held += [described, [row[1][:2] + row[1][3:] for row in pending],
                 [fields(consumer, b"name", b"pending")
                  for consumer in connection.call("XINFO", "CONSUMERS", "key", name)[1]]]
    return held


def contents(connection):
    """What the key holds, in an order that both servers have."""
    kind = connection.call("TYPE", "key")[1]
    if kind == b"stream":
        return kind, stream(connection)
    read = {b"string": ("GET", "key"), b"list": ("LRANGE", "key", "0", "-1"),
            b"set": ("SMEMBERS", "key"), b"zset": ("ZRANGE", "key", "0", "-1", "WITHSCORES"),
            b"hash": ("HGETALL", "key")}.get(kind)
    if read is None:
        return kind, None
    reply = connection.call(*read)[1]
    if kind == b"set":
        reply = sorted(item[1] for item in reply)
    if kind == b"hash":
        reply = sorted(zip([item[1] for item in reply[::2]], [item[1] for item in reply[1::2]]))
    return kind, reply


def make(connection, commands):
    connection.call("FLUSHALL")
    for command in commands:
        reply = connection.call(*command)
        assert reply[0] not in "-!", (command, reply)


class Checker:
    def __init__(self):
        self.checked = self.failed = 0

    def same(self, title, expected, got):
        self.checked += 1
        if expected != got:
            self.failed += 1
            print(f"FAILED: {title}\n  expected  {str(expected)[:300]}\n  got       {str(got)[:300]}")

    def run(self, name, servers, compare):
        """Has `compare` compare, stops the servers, the first of which is Larder, and says how it
        went: an exit status."""
        try:
            compare()
        except Exception as error:
            print(f"FAILED: {error!r}\n{servers[0].log_tail()}")
            self.failed += 1
        finally:
            for server in servers:
                server.stop()
        print(f"{name}: {self.checked} checks, {self.failed} failed")
        return 1 if self.failed else 0


def carry(check, title, commands, source, target):
    """Makes a value on one server, restores its dump on the other, compares."""
    make(source, commands)
    dump = source.call("DUMP", "key")[1]
    target.call("FLUSHALL")
    check.same(f"{title}: RESTORE", ("+", b"OK"), target.call("RESTORE", "key", "0", dump))
    check.same(f"{title}: contents", contents(source), contents(target))
    check.same(f"{title}: digest", source.call("DEBUG", "DIGEST-VALUE", "key"),
               target.call("DEBUG", "DIGEST-VALUE", "key"))


def check_both_ways(check, larder, redis):
    for name, commands in VALUES:
        carry(check, f"{name}, Redis to Larder", commands, redis, larder)
        again = larder.call("DUMP", "key")[1]
        redis.call("FLUSHALL")
        check.same(f"{name}, and back", ("+", b"OK"), redis.call("RESTORE", "key", "0", again))
        check.same(f"{name}, and back: contents", contents(larder), contents(redis))
        carry(check, f"{name}, Larder to Redis", commands, larder, redis)
        carry(check, f"{name}, Larder to itself", commands, larder, larder)
    for name, commands in NEWER:
        carry(check, f"{name}, Larder to itself", commands, larder, larder)
        check.same(f"{name}: Redis 7.0 says why not",
                   ("-", b"ERR DUMP payload version or checksum are wrong"),
                   redis.call("RESTORE", "other", "0", larder.call("DUMP", "key")[1]))


def check_encodings(check, larder, redis):
    """A value has the encoding that it had, where both know that."""
    for name, commands in VALUES:
        make(redis, commands)
        make(larder, commands)
        expected = larder.call("OBJECT", "ENCODING", "key")
        dump = redis.call("DUMP", "key")[1]
        larder.call("FLUSHALL")
        larder.call("RESTORE", "key", "0", dump)
        if name == "string_appended":  # raw to whoever appended, an integer to whoever restored
            expected = ("$", b"int")
        check.same(f"{name}: encoding", expected, larder.call("OBJECT", "ENCODING", "key"))


def check_older_forms(check, larder, redis):
    for name, kind, body, read, expected in FORMS:
        for server, connection in (("Larder", larder), ("Redis", redis)):
            connection.call("FLUSHALL")
            check.same(f"{name} on {server}", ("+", b"OK"),
                       connection.call("RESTORE", "key", "0", payload(kind, body)))
            reply = [item[1] for item in connection.call(read[0], "key", *read[1:])[1]]
            if read[0] == "HGETALL":
                expected = sorted(zip(expected[::2], expected[1::2])) if server == "Larder" else expected
                reply = sorted(zip(reply[::2], reply[1::2]))
            check.same(f"{name} on {server}: contents", expected, reply)


def check_damage(check, larder, redis):
    """Damaged payloads whose checksum was made good again: Larder refuses or restores, and lives."""
    from dump_forms import footed
    generator = random.Random(7)
    bodies = []
    for _, commands in [*VALUES, *NEWER]:
        make(larder, commands)
        dump = larder.call("DUMP", "key")[1]
        if len(dump) < 1500:
            bodies.append(dump[:-10])
    for _ in range(DAMAGED):
        body = bytearray(generator.choice(bodies))
        for _ in range(generator.randint(1, 3)):
            body[generator.randrange(len(body))] = generator.choice(
                (0, 1, 0x7F, 0x80, 0x81, 0xC3, 0xFE, 0xFF, generator.randrange(256)))
        reply = larder.call("RESTORE", "damaged", "0", footed(bytes(body), 12), "REPLACE")
        if reply == ("+", b"OK"):
            larder.call("DEBUG", "DIGEST-VALUE", "damaged")
            reply = larder.call("DUMP", "damaged")
            check.same("a damaged value that was restored can be dumped", "$", reply[0])
        else:
            check.same("a damaged value", ("-", b"ERR Bad data format"), reply)
    check.same("Larder lives", ("+", b"PONG"), larder.call("PING"))


LIBRARIES = (
    "#!lua name=short\nredis.register_function('s', function() return 's' end)",
    "#!lua name=long\n" + "\n".join(
        f"redis.register_function('long_{i}', function(keys, args) return 'long {i}' end)"
        for i in range(200)))


def check_functions(check, larder, redis):
    """Libraries of functions go over and back; one that is compressed alone gives the same bytes."""
    for source, target in ((larder, redis), (redis, larder)):
        for connection in (source, target):
            connection.call("FUNCTION", "FLUSH")
        for library in LIBRARIES:
            source.call("FUNCTION", "LOAD", library)
        check.same("functions go over", ("+", b"OK"),
                   target.call("FUNCTION", "RESTORE", source.call("FUNCTION", "DUMP")[1]))
        for name, answer in (("s", b"s"), ("long_199", b"long 199")):
            check.same(f"{name} works there", ("$", answer), target.call("FCALL", name, "0"))
        for library in ("short", "long"):
            target.call("FUNCTION", "DELETE", library)
            check.same(f"without {library}", "$", target.call("FUNCTION", "DUMP")[0])
            for connection in (source, target):
                connection.call("FUNCTION", "FLUSH")
                connection.call("FUNCTION", "LOAD", LIBRARIES[library == "long"])
            check.same(f"the dump of {library}", source.call("FUNCTION", "DUMP"),
                       target.call("FUNCTION", "DUMP"))


def main():
    paths = find_servers()
    servers = [Server(path, label) for path, label in zip(paths, ("larder", "redis"))]
    check = Checker()

    def compare():
        larder, redis = (Connection(server.port) for server in servers)
        check_both_ways(check, larder, redis)
        check_encodings(check, larder, redis)
        check_older_forms(check, larder, redis)
        check_functions(check, larder, redis)
        check_damage(check, larder, redis)

    return check.run("dumps", servers, compare)


if __name__ == "__main__":
    sys.exit(main())

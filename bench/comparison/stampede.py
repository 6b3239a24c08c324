"""A stampede of callers on a hot key that expires: GET and SET, SET NX as a lock, CACHE.GET LEASE.

Many callers of one application ask for the same key, which lives for a second; the origin takes a
while to make it anew. What counts: how often the origin is asked (once a lifetime would do), and
how long callers wait. The three ways are what applications do by hand without and with a lock (the
lock is deleted by compare-and-delete), and CACHE.GET with LEASE and WAIT over values with SWR,
whose refresher works in the background while it answers with the stale copy, as everybody else.
"""
import asyncio
import os
import random
import time

from comparison.report import conditions, progress, save, table
from comparison.servers import Server

KEY = "hot"
VALUE = "v" * 1024
LIFETIME_S = 1
UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
RETRY_S = 0.02


class Client:
    """One connection that sends a command at a time."""

    async def open(self, server):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", server.port)
        return self

    async def run(self, *words):
        encoded = b"*%d\r\n" % len(words)
        for word in words:
            data = str(word).encode()
            encoded += b"$%d\r\n%b\r\n" % (len(data), data)
        self.writer.write(encoded)
        return await self.reply()

    async def reply(self):
        line = (await self.reader.readline())[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            if rest == b"-1":
                return None
            return (await self.reader.readexactly(int(rest) + 2))[:-2].decode()
        if kind == b"*":
            return [await self.reply() for _ in range(int(rest))]
        if kind == b"-":
            raise SystemExit(f"the server answered {rest.decode()}")
        return int(rest) if kind == b":" else rest.decode()


class Origin:
    """A backend that takes its time, and counts."""

    def __init__(self, takes_s):
        self.takes_s, self.calls = takes_s, 0

    async def make(self):
        self.calls += 1
        await asyncio.sleep(self.takes_s)
        return VALUE


async def plain(client, origin):
    value = await client.run("GET", KEY)
    if value is None:
        value = await origin.make()
        await client.run("SET", KEY, value, "EX", LIFETIME_S)
    return value


async def locked(client, origin):
    token = str(random.random())
    while True:
        value = await client.run("GET", KEY)
        if value is not None:
            return value
        if await client.run("SET", "lock:" + KEY, token, "NX", "PX", 5000) == "OK":
            value = await origin.make()
            await client.run("SET", KEY, value, "EX", LIFETIME_S)
            await client.run("EVAL", UNLOCK, 1, "lock:" + KEY, token)
            return value
        await asyncio.sleep(RETRY_S)


async def refresh(client, origin, token):
    value = await origin.make()
    await client.run("SET", KEY, value, "EX", LIFETIME_S, "SWR", 10, "LEASE", token)
    return value


async def leased(client, origin):
    state, value, _, _, _, token = await client.run("CACHE.GET", KEY, "LEASE", 5000, "WAIT", 5000)
    if token is None:
        return value
    if state == "STALE":
        client.background = asyncio.create_task(refresh(client, origin, token))
        return value
    return await refresh(client, origin, token)


WAYS = (("GET, SET", plain, "redis"), ("SET NX as a lock", locked, "redis"),
        ("GET, SET", plain, "larder"), ("SET NX as a lock", locked, "larder"),
        ("CACHE.GET LEASE, SWR", leased, "larder"))


async def caller(client, way, origin, arguments, waits, until):
    while time.monotonic() < until:
        await asyncio.sleep(random.uniform(0, 2 * arguments.pause))
        background = getattr(client, "background", None)
        if background is not None:  # its connection is busy
            await background
            client.background = None
        began = time.monotonic()
        await way(client, origin)
        waits.append(time.monotonic() - began)


async def measure(server, way, arguments):
    clients = [await Client().open(server) for _ in range(arguments.callers)]
    origin, waits = Origin(arguments.origin_ms / 1000), []
    until = time.monotonic() + arguments.seconds
    await asyncio.gather(*(caller(each, way, origin, arguments, waits, until) for each in clients))
    waits.sort()
    return origin.calls, waits


def add_arguments(parser):
    parser.add_argument("--callers", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--origin-ms", type=float, default=200)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between a caller's calls, on average")


def run(arguments):
    os.sched_setaffinity(0, {1})
    print(f"{conditions()}; {arguments.callers} callers, the key lives {LIFETIME_S} s, the origin takes "
          f"{arguments.origin_ms:g} ms, {arguments.seconds:g} s\n")
    rows, results = [], []
    for title, way, name in WAYS:
        progress(f"{name}: {title}")
        with Server(name) as server:
            calls, waits = asyncio.run(measure(server, way, arguments))
        p50, p99, longest = (waits[min(len(waits) - 1, int(len(waits) * share))] * 1e3 for share in (0.5, 0.99, 1))
        rows.append([title, name, f"{len(waits):,}", f"{calls:,}", f"{p50:.1f}", f"{p99:.1f}", f"{longest:.0f}"])
        results.append({"way": title, "server": name, "calls": calls, "p50": p50, "p99": p99})
    table(["way", "server", "requests", "calls of the origin", "p50 ms", "p99 ms", "longest ms"], rows)
    save("stampede", results)

"""Tags: PURGETAG beside SADD, SMEMBERS and DEL; PURGEMATCH beside SCAN and UNLINK.

Larder gets its entries by SET … TAGS and purges them by CACHE.PURGETAG; redis-server keeps a set of
keys for the tag (SADD), reads it (SMEMBERS), deletes its keys in batches and then the set, as
applications do by hand. Memory of the index: used_memory with tags less used_memory without. Missed:
a second client writes entries with the tag all the while; when it has stopped, the tag is
invalidated once more, and what is still there then can never be found by its tag.
"""
import os
import threading
import time

from comparison.load import fill_quickly
from comparison.report import conditions, names, numbers, progress, save, table
from comparison.servers import Server
from comparison.stalls import Admin, encoded, pipelined

VALUE = "v" * 32
BATCH = 1000
PATTERNS = (("one key in ten", "key:*7"), ("every key", "key:*"))
BACK_SECONDS_MAX = 30


def used_bytes(admin):
    return int(admin.run("INFO", "memory").split("used_memory:")[1].split("\r\n")[0])


class Larder:
    name = "larder"

    @staticmethod
    def write(key, tag):
        return encoded("SET", key, VALUE, "TAGS", "1", tag)

    @staticmethod
    def invalidate(admin, tag):
        admin.run("CACHE.PURGETAG", tag)


class Redis:
    name = "redis"

    @staticmethod
    def write(key, tag):
        return encoded("SET", key, VALUE) + encoded("SADD", tag, key)

    @staticmethod
    def invalidate(admin, tag):
        keys = admin.run("SMEMBERS", tag)
        for at in range(0, len(keys), BATCH):
            admin.run("DEL", *keys[at:at + BATCH])
        admin.run("DEL", tag)


class Writer(threading.Thread):
    """Writes entries with the tag, a pipeline of 20 at a time, until told to stop."""

    def __init__(self, server, side, tag):
        super().__init__()
        self.sock, self.side, self.tag = server.connect(), side, tag
        self.stopping, self.written = False, 0
        self.replies = 1 if side is Larder else 2

    def run(self):
        while not self.stopping:
            self.sock.sendall(b"".join(self.side.write("w:%d" % n, self.tag)
                                       for n in range(self.written, self.written + 20)))
            lines = 0
            while lines < 20 * self.replies:
                lines += self.sock.recv(1 << 16).count(b"\r\n")
            self.written += 20

    def stop(self):
        self.stopping = True
        self.join()


def fill(server, side, members, tag):
    commands = [side.write("key:%d" % n, tag) for n in range(members)]
    if side is Redis:  # two replies each
        commands = [part for n in range(members)
                    for part in (encoded("SET", "key:%d" % n, VALUE), encoded("SADD", tag, "key:%d" % n))]
    pipelined(server, commands)


def index_bytes(side, members):
    used = []
    for tagged in (False, True):
        with Server(side.name) as server:
            if tagged:
                fill(server, side, members, "tag")
            else:
                pipelined(server, [encoded("SET", "key:%d" % n, VALUE) for n in range(members)])
            used.append(used_bytes(Admin(server)))
    return used[1] - used[0]


def seconds_until(holds):
    began = time.monotonic()
    while not holds() and time.monotonic() < began + BACK_SECONDS_MAX:
        time.sleep(0.002)
    return time.monotonic() - began


def measure_tag(side, members):
    progress(f"{side.name}: a tag of {members:,}")
    with Server(side.name) as server:
        admin = Admin(server)
        base = used_bytes(admin)
        fill(server, side, members, "tag")
        full = used_bytes(admin)
        began = time.monotonic()
        side.invalidate(admin, "tag")
        took = time.monotonic() - began
        back = took + seconds_until(lambda: used_bytes(admin) < base + (full - base) // 20)
    with Server(side.name) as server:
        admin = Admin(server)
        fill(server, side, members, "tag")
        writer = Writer(server, side, "tag")
        writer.start()
        time.sleep(0.2)
        side.invalidate(admin, "tag")
        time.sleep(0.2)
        writer.stop()
        side.invalidate(admin, "tag")
        missed = sum(admin.run("EXISTS", *["w:%d" % n for n in range(at, at + 20)])
                     for at in range(0, writer.written, 20))
    return took, back, index_bytes(side, members), missed, writer.written


class Probe(threading.Thread):
    """A client that asks for one key again and again: its longest wait."""

    def __init__(self, server):
        super().__init__()
        self.admin = Admin(server)
        self.longest, self.stopping = 0, False

    def run(self):
        while not self.stopping:
            began = time.monotonic()
            self.admin.run("GET", "other")
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(0.0005)


def purge_match(admin, pattern):
    return admin.run("CACHE.PURGEMATCH", pattern)


def scan_and_unlink(admin, pattern):
    cursor, removed = "0", 0
    while True:
        cursor, keys = admin.run("SCAN", cursor, "MATCH", pattern, "COUNT", "1000")
        if keys:
            removed += admin.run("UNLINK", *keys)
        if cursor == "0":
            return removed


def measure_match(name, way, keys, pattern):
    progress(f"{name}: {way.__name__} {pattern}")
    with Server(name) as server:
        fill_quickly(server, keys, len(VALUE))
        admin = Admin(server)
        probe = Probe(server)
        probe.start()
        began = time.monotonic()
        removed = way(admin, pattern)
        took = time.monotonic() - began
        probe.stopping = True
        probe.join()
    return took, removed, probe.longest


def add_arguments(parser):
    parser.add_argument("--members", type=numbers, default=[1000, 100_000, 1_000_000])
    parser.add_argument("--keys", type=int, default=5_000_000, help="of PURGEMATCH")
    parser.add_argument("--parts", type=names, default=["tags", "match"])


def run(arguments):
    os.sched_setaffinity(0, {1})
    print(conditions() + "; server on one CPU, client on another\n")
    results = {"tags": [], "match": []}
    if "tags" in arguments.parts:
        rows = []
        for members in arguments.members:
            for side in (Larder, Redis):
                took, back, index, missed, written = measure_tag(side, members)
                results["tags"].append({"server": side.name, "members": members, "seconds": took})
                seen = f"{back * 1e3:,.0f} ms" if back < BACK_SECONDS_MAX else "too little to see"
                rows.append([f"{members:,}", "PURGETAG" if side is Larder else "SADD, SMEMBERS, DEL (redis)",
                             f"{took * 1e3:,.2f} ms", seen, f"{index / 1e3:,.0f} kB",
                             f"{index / members:.1f}", f"{missed:,} of {written:,}"])
        table(["members", "by", "answered after", "memory back after", "index", "bytes a member",
               "missed beside a writer"], rows)
    if "match" in arguments.parts:
        rows = []
        for title, pattern in PATTERNS:
            base = None
            for name, way in (("larder", purge_match), ("larder", scan_and_unlink),
                              ("redis", scan_and_unlink)):
                took, removed, longest = measure_match(name, way, arguments.keys, pattern)
                base = base or took
                results["match"].append({"takes": title, "way": way.__name__, "server": name,
                                         "seconds": took})
                rows.append([title, f"{way.__name__.replace('_', ' ')} ({name})", f"{removed:,}",
                             f"{took:.2f} s", f"{took / base:.1f}", f"{longest * 1e3:.1f} ms"])
        table(["pattern takes", "by", "removed", "took", "ratio", "another client's longest wait"], rows)
    save("tags", results)

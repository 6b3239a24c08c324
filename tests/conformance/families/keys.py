"""Keys: existence, expiry, renaming, scanning, databases."""
import compare
from families.base import Command

OPTIONS = {
    "expire": ["NX", "XX", "GT", "LT"],
    "pexpire": ["NX", "XX", "GT", "LT"],
    "expireat": ["NX", "XX", "GT", "LT"],
    "pexpireat": ["NX", "XX", "GT", "LT"],
    "copy": ["DB", "REPLACE"],
    "scan": ["MATCH", "COUNT", "TYPE"],
    "flushall": ["SYNC", "ASYNC"],
    "flushdb": ["SYNC", "ASYNC"],
}


def several(name):
    return lambda g: [Command(name, *[g.any_key() for _ in range(g.rng.randint(1, 5))])]


def fill(g, key):
    """Gives a key some value of some type."""
    return g.choice((Command("SET", key, g.value()), Command("SADD", key, *g.members()),
                     Command("HSET", key, g.field(), g.field_value(), g.field(), g.field_value()),
                     Command("RPUSH", key, *g.members()),
                     Command("ZADD", key, 1, g.member(), -2, g.member()),
                     Command("XADD", key, b"%d-*" % g.rng.randint(1, 9), g.field(), g.value()),
                     Command("SET", key, g.rng.randint(-99, 99), "PXAT", g.unix_ms())))


def remove(name):
    def build(g):
        keys = [g.any_key() for _ in range(g.rng.randint(1, 3))]
        return [Command(name, *keys), fill(g, g.choice(g.other_keys))]
    return build


def expire(name, moment):
    def build(g):
        key = g.any_key()
        value = moment(g) if g.chance(0.9) else g.choice(
            (b"-1", b"0", b"9223372036854775807", b"-9223372036854775808", b"x", b"1.5", b""))
        options = []
        if g.chance(0.6):
            options.append(g.word(g.choice(("NX", "XX", "GT", "LT"))))
        if g.chance(0.2):
            options.append(g.word(g.choice(("NX", "XX", "GT", "LT", "bogus"))))
        # A key that is gone makes every later command on it dull: put it back.
        back = [fill(g, key)] if value in (b"-1", b"0", b"-9223372036854775808") else []
        return [Command(name, key, value, *options)] + back
    return build


def key_time(name, comparer):
    return lambda g: [Command(name, g.any_key(), comparer=comparer)]


def rename(name):
    def build(g):
        source, target = g.other_key(), g.other_key()
        return [fill(g, g.choice(g.other_keys)), Command(name, source, target)]
    return build


def copy(g):
    args = ["COPY", g.other_key(), g.other_key()]
    if g.chance(0.4):
        args += [g.word("DB"), g.choice((b"0", b"1", b"2", b"15", b"16", b"-1", b"x"))]
    if g.chance(0.5):
        args.append(g.word("REPLACE"))
    return [fill(g, g.choice(g.other_keys)), Command(*args)]


def move(g):
    key, database = g.other_key(), g.choice((b"1", b"1", b"3", b"3", b"0", b"16", b"x", b"-1"))
    unit = [fill(g, key), Command("MOVE", key, database)]
    if database in (b"1", b"3"):
        unit += [Command("SELECT", database), Command("TYPE", key),
                 g.choice((Command("DEL", key), Command("MOVE", key, "0"))), Command("SELECT", "0")]
    return unit


def swapdb(g):
    a, b = g.choice((b"6", b"7", b"8")), g.choice((b"6", b"7", b"8"))
    if g.chance(0.1):
        a = g.choice((b"99", b"-1", b"x", b""))
    return [Command("SELECT", "6"), Command("SET", g.string_key(), g.value()),
            Command("SWAPDB", a, b), Command("DBSIZE"), Command("SELECT", "7"), Command("DBSIZE"),
            Command("GET", g.string_key()), Command("SELECT", "0")]


def flushdb(g):
    mode = g.choice(([], [g.word("SYNC")], [g.word("ASYNC")], [b"bogus"] if g.chance(0.2) else []))
    return [Command("SELECT", "5"), Command("SET", "a", "1"), Command("SADD", "b", "1"),
            Command("FLUSHDB", *mode), Command("DBSIZE"), Command("SELECT", "0")]


def flushall(g):
    """Many in a row, since each leaves nothing for the commands after it; then a new start."""
    unit = []
    for _ in range(6):
        unit += [Command("SET", "a", "1"), Command("FLUSHALL", g.choice(("SYNC", "ASYNC", "async"))),
                 Command("FLUSHALL"), Command("DBSIZE")]
    return unit + [Command("FLUSHALL", "bogus")] + refill(g)


def refill(g):
    unit = [Command("SET", key, g.value()) for key in g.string_keys]
    unit += [Command("SET", key, g.rng.randint(-99, 99)) for key in g.integer_keys]
    unit += [Command("SADD", key, *g.members(12)) for key in g.set_keys]
    unit += [Command("HSET", key, *[text for _ in range(g.rng.randint(1, 12))
                                    for text in (g.field(), g.field_value())])
             for key in g.hash_keys]
    unit += [Command("RPUSH", key, *g.members(12)) for key in g.list_keys]
    unit += [Command("ZADD", key, *sum(([g.rng.randint(-9, 9), member] for member in g.members(12)),
                                       [])) for key in g.sorted_keys]
    unit += [Command("XADD", key, b"%d-1" % i, g.field(), g.field_value())
             for key in g.stream_keys for i in range(1, 8)]
    unit += [fill(g, key) for key in g.other_keys]
    return unit


def scan(g):
    args = ["SCAN", b"0"]
    options = []
    if g.chance(0.5):
        options.append([g.word("MATCH"), g.pattern()])
    if g.chance(0.4):
        options.append([g.word("TYPE"), g.choice((b"string", b"set", b"SET", b"hash", b"zset"))])
    if g.chance(0.7):
        options.append([g.word("COUNT"), b"100000"])
        comparer = compare.complete_scan
    else:
        comparer = compare.partial_scan
        if g.chance(0.5):
            options.append([g.word("COUNT"), g.choice((b"1", b"10", b"50", b"0", b"-1", b"x"))])
    g.rng.shuffle(options)
    for option in options:
        args += option
    if g.chance(0.03):
        # As it is: what a made-up number is a cursor of is each server's own affair.
        return [Command("SCAN", g.choice((b"x", b"1.5", b"18446744073709551616", b" 0")),
                        mutable=False)]
    return [Command(*args, comparer=comparer, mutable=False)]


def object_(subcommand, comparer=compare.exact):
    return lambda g: [Command("OBJECT", g.word(subcommand), g.any_key(), comparer=comparer)]


def randomkey(g):
    if g.chance(0.9):
        return [Command("RANDOMKEY", comparer=compare.same_type)]
    return [Command("SELECT", "4"), Command("FLUSHDB"), Command("RANDOMKEY"),
            Command("SET", "only", "1"), Command("RANDOMKEY"), Command("SELECT", "0")]


COMMANDS = {
    "del": (1, remove("DEL")),
    "unlink": (1, remove("UNLINK")),
    "exists": (1, several("EXISTS")),
    "touch": (1, several("TOUCH")),
    "type": (1, lambda g: [Command("TYPE", g.any_key())]),
    "expire": (1.5, expire("EXPIRE", lambda g: g.ttl_s())),
    "pexpire": (1.5, expire("PEXPIRE", lambda g: g.ttl_ms())),
    "expireat": (1.5, expire("EXPIREAT", lambda g: g.unix_s())),
    "pexpireat": (1.5, expire("PEXPIREAT", lambda g: g.unix_ms())),
    "ttl": (1, key_time("TTL", compare.seconds)),
    "pttl": (1, key_time("PTTL", compare.milliseconds)),
    "expiretime": (1, key_time("EXPIRETIME", compare.seconds)),
    "pexpiretime": (1, key_time("PEXPIRETIME", compare.milliseconds)),
    "persist": (1, lambda g: [Command("PERSIST", g.any_key())]),
    "rename": (1, rename("RENAME")),
    "renamenx": (1, rename("RENAMENX")),
    "copy": (1.5, copy),
    "move": (1, move),
    "randomkey": (1, randomkey),
    "keys": (1, lambda g: [Command("KEYS", g.pattern(), comparer=compare.unordered)]),
    "scan": (1.5, scan),
    "object|encoding": (1, object_("ENCODING")),
    "object|refcount": (1, object_("REFCOUNT")),
    "object|idletime": (1, object_("IDLETIME", compare.same_type)),
    "object|freq": (0.1, object_("FREQ")),
    "object|help": (1.1, lambda g: [Command("OBJECT", "HELP", comparer=compare.same_type)]),
    "swapdb": (0.8, swapdb),
    "dbsize": (0.3, lambda g: [Command("DBSIZE")]),
    "flushdb": (0.7, flushdb),
    "flushall": (0.12, flushall),
}

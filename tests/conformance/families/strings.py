"""Strings."""
from families.base import Command

OPTIONS = {
    "set": ["EX", "PX", "EXAT", "PXAT", "KEEPTTL", "NX", "XX", "GET"],
    "getex": ["EX", "PX", "EXAT", "PXAT", "PERSIST"],
    "lcs": ["LEN", "IDX", "MINMATCHLEN", "WITHMATCHLEN"],
}


def set_(g):
    args = ["SET", g.string_key() if g.chance(0.8) else g.integer_key(), g.value()]
    options = []
    if g.chance(0.5):
        options.append(g.expiry() if g.chance(0.75) else [g.word("KEEPTTL")])
    if g.chance(0.35):
        options.append([g.word(g.choice(("NX", "XX")))])
    if g.chance(0.3):
        options.append([g.word("GET")])
    if g.chance(0.03):
        options.append(g.choice(([b"NX"], [b"KEEPTTL"], [b"PX"], [b"bogus"], g.expiry())))
    g.rng.shuffle(options)
    for option in options:
        args += option
    return [Command(*args)]


def getex(g):
    option = g.choice(([], [g.word("PERSIST")], g.expiry(), g.expiry()))
    if g.chance(0.03):
        option = option + [g.choice((b"PERSIST", b"EX", b"bogus"))]
    return [Command("GETEX", g.string_key(), *option)]


def lcs(g):
    a, b = g.fresh(b"{lcs}a"), g.fresh(b"{lcs}b")
    args = ["LCS", a, b]
    options = []
    if g.chance(0.45):
        options.append([g.word("LEN")])
    if g.chance(0.3) or not options:
        options.append([g.word("IDX")])
        if g.chance(0.5):
            options.append([g.word("MINMATCHLEN"), g.rng.randint(-1, 5) if g.chance(0.95) else "x"])
        if g.chance(0.5):
            options.append([g.word("WITHMATCHLEN")])
    if g.chance(0.25):
        options = []
    g.rng.shuffle(options)
    for option in options:
        args += option
    return [Command("MSET", a, g.text(g.rng.randint(0, 40)), b, g.text(g.rng.randint(0, 40))),
            Command(*args), Command("DEL", a, b)]


def with_ttl(name, ttl):
    def build(g):
        value = ttl(g) if g.chance(0.92) else g.choice((b"0", b"-5", b"x", b"9223372036854775807"))
        return [Command(name, g.string_key(), value, g.value())]
    return build


def one_key(name):
    return lambda g: [Command(name, g.string_key())]


def increment(name):
    return lambda g: [Command(name, g.integer_key())]


def increment_by(name):
    return lambda g: [Command(name, g.integer_key(), g.integer())]


def reset_counter(g):
    """Keeps the counters numbers: other commands write texts there too."""
    return [Command("SET", g.choice(g.integer_keys), g.rng.randint(-1000, 1000))]


def increment_by_float(g):
    key = g.integer_key()
    unit = [Command("INCRBYFLOAT", key, g.float())]
    if g.chance(0.5):
        unit.append(Command("SET", key, g.choice((b"5", b"0", b"-10", b"3.5", b"1e3", b"abc"))))
    return unit


def get_range(name):
    return lambda g: [Command(name, g.string_key(), g.index(), g.index())]


def set_range(g):
    offset = g.choice((b"0", b"1", b"5", b"20", b"300", b"-1", b"9223372036854775807",
                       b"536870912", b"536870911111", b"x"))
    value = g.value() if offset != b"536870912" else b"v"
    return [Command("SETRANGE", g.string_key(), offset, value, mutable=False)]


def mset(name):
    def build(g):
        args = []
        for _ in range(g.rng.randint(1, 5)):
            key = g.string_key() if name == "MSET" or g.chance(0.3) else g.fresh(b"n")
            args += [key, g.value()]
        unit = [Command(name, *args)]
        fresh = [key for key in args[::2] if key.startswith(b"n:")]
        if fresh:
            unit.append(Command("UNLINK", *fresh))
        return unit
    return build


COMMANDS = {
    "set": (4, set_),
    "get": (3, lambda g: [Command("GET", g.string_key())]),
    "getex": (2, getex),
    "getdel": (1, one_key("GETDEL")),
    "getset": (1, lambda g: [Command("GETSET", g.string_key(), g.value())]),
    "strlen": (1, one_key("STRLEN")),
    "append": (1, lambda g: [Command("APPEND", g.string_key(), g.value())]),
    "getrange": (1, get_range("GETRANGE")),
    "substr": (1, get_range("SUBSTR")),
    "setrange": (1, set_range),
    "setnx": (1, lambda g: [Command("SETNX", g.string_key(), g.value())]),
    "setex": (1, with_ttl("SETEX", lambda g: g.ttl_s())),
    "psetex": (1, with_ttl("PSETEX", lambda g: g.ttl_ms())),
    "incr": (1, increment("INCR")),
    "decr": (1, increment("DECR")),
    "incrby": (1.4, increment_by("INCRBY")),
    "decrby": (1, increment_by("DECRBY")),
    "incrbyfloat": (2, increment_by_float),
    "reset counter": (1.5, reset_counter),
    "mget": (1, lambda g: [Command("MGET", *[g.any_key() for _ in range(g.rng.randint(1, 6))])]),
    "mset": (1, mset("MSET")),
    "msetnx": (1, mset("MSETNX")),
    "lcs": (1, lcs),
}

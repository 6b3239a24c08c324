"""Hashes, without the expiry of fields, which redis-server 7.0 lacks (newer_table.py has it)."""
import compare
from families.base import EDGE_INTEGERS, Command

OPTIONS = {
    "hscan": ["MATCH", "COUNT"],
    "hrandfield": ["WITHVALUES"],
}


def pairs(g, most):
    found = []
    for _ in range(g.rng.randint(1, most)):
        found += [g.field(), g.field_value()]
    return found


def hset(name):
    def build(g):
        most = 6 if g.chance(0.95) else 300  # now and then past the compact encoding
        args = pairs(g, most)
        if g.chance(0.02):
            args.pop()
        return [Command(name, g.hash_key(), *args)]
    return build


def hdel(g):
    key = g.hash_key()
    return [Command("HDEL", key, *g.fields(6))] + (hset("HSET")(g) if g.chance(0.5) else [])


def hincrby(g):
    # A field that holds a number, or whatever is there.
    key, field = g.hash_key(), g.choice((b"n1", b"n2", g.field()))
    unit = [Command("HINCRBY", key, field, g.integer())]
    if g.chance(0.1):
        unit.insert(0, Command("HSET", key, field, g.choice(EDGE_INTEGERS)))
    return unit


def hincrbyfloat(g):
    key, field = g.hash_key(), g.choice((b"f1", b"f2", b"n1", g.field()))
    unit = [Command("HINCRBYFLOAT", key, field, g.float())]
    if g.chance(0.2):
        unit.insert(0, Command("HSET", key, field, g.float()))
    return unit


def drawn(fields, count, with_values):
    """A random pick of `fields`, which are pairs; count is None for a single name."""
    values = dict(fields)

    def flat(reply):
        items = []
        for item in reply[1]:
            items += [each[1] for each in item[1]] if isinstance(item[1], list) else [item[1]]
        return items

    def comparer(expected, got):
        if expected[0] != got[0]:
            return False
        if count is None:
            return got[1] in values
        if len(expected[1]) != len(got[1]):
            return False
        items = flat(got)
        names = items[::2] if with_values else items
        if with_values and any(values.get(name) != value for name, value in zip(names, items[1::2])):
            return False
        return all(name in values for name in names) and (count < 0 or
                                                          len(set(names)) == len(names))
    return comparer


def hrandfield(g):
    key = g.fresh(b"p")
    fields = [(field, g.field_value()) for field in dict.fromkeys(g.fields(8))]
    add = Command("HSET", key, *[text for pair in fields for text in pair], mutable=False)
    if g.chance(0.25):
        return [add, Command("HRANDFIELD", key, mutable=False,
                             comparer=drawn(fields, None, False)), Command("DEL", key)]
    if g.chance(0.15):
        return [Command("HRANDFIELD", g.choice((b"nokey", b"s:0", key)),
                        *g.choice(([], [b"0"], [b"3"], [b"-3"], [g.choice(EDGE_INTEGERS)],
                                   [b"3", b"WITHVALUES"], [b"3", b"bogus"],
                                   [b"-9223372036854775807", b"WITHVALUES"],
                                   [b"1", b"WITHVALUES", b"x"])), mutable=False)]
    count, with_values = g.rng.randint(-12, 12), g.chance(0.5)
    return [add, Command("HRANDFIELD", key, count, *([g.word("WITHVALUES")] if with_values else []),
                         mutable=False, comparer=drawn(fields, count, with_values)),
            Command("DEL", key)]


def hscan(g):
    args = ["HSCAN", g.hash_key(), b"0" if g.chance(0.97) else g.choice((b"x", b""))]
    options = [[g.word("COUNT"), b"100000"]]
    if g.chance(0.5):
        options.append([g.word("MATCH"), g.choice((b"*", b"m*", b"1?", b"[^m]*", b"zz", b"m[0-4]"))])
    if g.chance(0.05):
        options.append([b"COUNT", g.choice((b"0", b"-3", b"x"))])
    g.rng.shuffle(options)
    for option in options:
        args += option
    return [Command(*args, comparer=compare.complete_scan_of_pairs, mutable=False)]


COMMANDS = {
    "hset": (3, hset("HSET")),
    "hmset": (1, hset("HMSET")),
    "hsetnx": (1, lambda g: [Command("HSETNX", g.hash_key(), g.field(), g.field_value())]),
    "hget": (1, lambda g: [Command("HGET", g.hash_key(), g.field())]),
    "hmget": (1, lambda g: [Command("HMGET", g.hash_key(), *g.fields(6))]),
    "hgetall": (1, lambda g: [Command("HGETALL", g.hash_key(), comparer=compare.unordered_pairs)]),
    "hkeys": (1, lambda g: [Command("HKEYS", g.hash_key(), comparer=compare.unordered)]),
    "hvals": (1, lambda g: [Command("HVALS", g.hash_key(), comparer=compare.unordered)]),
    "hdel": (1, hdel),
    "hexists": (1, lambda g: [Command("HEXISTS", g.hash_key(), g.field())]),
    "hlen": (1, lambda g: [Command("HLEN", g.hash_key())]),
    "hstrlen": (1, lambda g: [Command("HSTRLEN", g.hash_key(), g.field())]),
    "hincrby": (1.3, hincrby),
    "hincrbyfloat": (1.3, hincrbyfloat),
    "hrandfield": (1, hrandfield),
    "hscan": (1, hscan),
}

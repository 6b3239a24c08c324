"""Sets."""
import compare
from families.base import EDGE_INTEGERS, Command

OPTIONS = {
    "sintercard": ["LIMIT"],
    "sscan": ["MATCH", "COUNT"],
}


def sadd(g):
    most = 6 if g.chance(0.95) else 200  # now and then past the compact encodings
    return [Command("SADD", g.set_key(), *g.members(most))]


def srem(g):
    key = g.set_key()
    return [Command("SREM", key, *g.members())] + ([Command("SADD", key, *g.members())]
                                                   if g.chance(0.5) else [])


def several(name, comparer=compare.unordered):
    return lambda g: [Command(name, *[g.set_key() for _ in range(g.rng.randint(1, 4))],
                              comparer=comparer)]


def store(name):
    return lambda g: [Command(name, *[g.set_key() for _ in range(g.rng.randint(2, 4))])]


def sintercard(g):
    keys = [g.set_key() for _ in range(g.rng.randint(1, 3))]
    count = len(keys) if g.chance(0.93) else g.choice((0, -1, 5, "x"))
    args = ["SINTERCARD", count, *keys]
    if g.chance(0.5):
        args += [g.word("LIMIT"), g.choice((0, 1, 2, 100)) if g.chance(0.9) else g.choice((-1, "x"))]
    return [Command(*args)]


def smove(g):
    return [Command("SMOVE", g.set_key(), g.set_key(), g.member())]


def spop(g):
    key = g.fresh(b"p")
    members = list(dict.fromkeys(g.members(8)))
    add = Command("SADD", key, *members, mutable=False)
    roll = g.rng.random()
    if roll < 0.4:  # a random pick: gone at once, so that both servers go on alike
        return [add, Command("SPOP", key, comparer=compare.drawn_from(members, None, True),
                             mutable=False),
                Command("SCARD", key), Command("DEL", key)]
    if roll < 0.7:
        count = g.rng.randint(0, len(members))
        return [add, Command("SPOP", key, count,
                             comparer=compare.drawn_from(members, count, True), mutable=False),
                Command("SCARD", key), Command("DEL", key)]
    if roll < 0.9:  # all of it
        return [add, Command("SPOP", key, len(members) + g.rng.randint(0, 3),
                             comparer=compare.unordered, mutable=False), Command("EXISTS", key)]
    return [Command("SPOP", g.choice((b"nokey", b"s:0")), *g.choice(([], [b"0"], [b"3"], [b"-1"],
                                                                      [b"x"])), mutable=False)]


def srandmember(g):
    key = g.fresh(b"p")
    members = list(dict.fromkeys(g.members(8)))
    add = Command("SADD", key, *members, mutable=False)
    if g.chance(0.3):
        return [add, Command("SRANDMEMBER", key, mutable=False,
                             comparer=compare.drawn_from(members, None, True)), Command("DEL", key)]
    if g.chance(0.1):
        return [Command("SRANDMEMBER", g.choice((b"nokey", b"s:0", key)),
                        *g.choice(([], [b"0"], [b"3"], [b"-3"], [g.choice(EDGE_INTEGERS)])),
                        mutable=False)]
    count = g.rng.randint(-12, 12)
    return [add, Command("SRANDMEMBER", key, count, mutable=False,
                         comparer=compare.drawn_from(members, count, count > 0)),
            Command("DEL", key)]


def sscan(g):
    args = ["SSCAN", g.set_key(), b"0" if g.chance(0.97) else g.choice((b"x", b""))]
    options = [[g.word("COUNT"), b"100000"]]
    if g.chance(0.5):
        options.append([g.word("MATCH"), g.choice((b"*", b"m*", b"1?", b"[^m]*", b"zz", b"m[0-4]"))])
    if g.chance(0.05):
        options.append([b"COUNT", g.choice((b"0", b"-3", b"x"))])
    g.rng.shuffle(options)
    for option in options:
        args += option
    return [Command(*args, comparer=compare.complete_scan, mutable=False)]


COMMANDS = {
    "sadd": (5, sadd),
    "srem": (1, srem),
    "scard": (1, lambda g: [Command("SCARD", g.set_key())]),
    "sismember": (1, lambda g: [Command("SISMEMBER", g.set_key(), g.member())]),
    "smismember": (1, lambda g: [Command("SMISMEMBER", g.set_key(), *g.members())]),
    "smembers": (1, lambda g: [Command("SMEMBERS", g.set_key(), comparer=compare.unordered)]),
    "smove": (1, smove),
    "spop": (1, spop),
    "srandmember": (1, srandmember),
    "sdiff": (1, several("SDIFF")),
    "sinter": (1, several("SINTER")),
    "sunion": (1, several("SUNION")),
    "sdiffstore": (0.9, store("SDIFFSTORE")),
    "sinterstore": (0.9, store("SINTERSTORE")),
    "sunionstore": (0.9, store("SUNIONSTORE")),
    "sintercard": (1.4, sintercard),
    "sscan": (1, sscan),
}

"""HyperLogLog: counts, and the representation to the byte."""
from families.base import Command

OPTIONS = {"pfdebug": ["ENCODING", "DECODE", "TODENSE", "GETREG"]}

KEYS = [b"hll:%d" % i for i in range(6)]


def key(g):
    return g.choice(KEYS) if g.chance(0.95) else g.choice((b"missing", b"t:0", g.string_key()))


def elements(g):
    roll = g.rng.random()
    if roll < 0.1:
        return []
    if roll < 0.9:
        return g.members(8)
    first = g.rng.randint(0, 10**6)
    return [b"e%d" % i for i in range(first, first + g.choice((20, 100, 700)))]


def pfadd(g):
    at = key(g)
    unit = [Command("PFADD", at, *elements(g))]
    if g.chance(0.3):
        unit.append(Command("GET", at))
    return unit


def pfcount(g):
    keys = [key(g) for _ in range(1 if g.chance(0.6) else g.rng.randint(2, 4))]
    return [Command("PFCOUNT", *keys)] + ([Command("GET", keys[0])] if g.chance(0.3) else [])


def pfmerge(g):
    keys = [key(g) for _ in range(g.rng.randint(1, 4))]
    return [Command("PFMERGE", *keys)] + ([Command("GET", keys[0])] if g.chance(0.3) else [])


def corrupt(g):
    """A header with a body that need not fit, and what is made of it."""
    at = b"hll:odd"
    body = g.choice((b"", b"\x7f", b"\x00", b"\x7f\xff\x7f\xff", b"\x7f\xfe", g.rng.randbytes(8)))
    header = b"HYLL" + g.choice((b"\x01", b"\x01", b"\x00", b"\x02")) + bytes(10) + b"\x80"
    return [Command("SET", at, header + body, mutable=False),
            Command("PFCOUNT", at, mutable=False), Command("PFCOUNT", at, b"missing", mutable=False),
            Command("PFMERGE", b"hll:target", at, mutable=False), Command("DEL", b"hll:target")]


def pfdebug(g):
    at = g.choice(KEYS)
    add = Command("PFADD", at, *g.members(5))
    kind = g.choice(("ENCODING", "DECODE", "ENCODING", "DECODE", "TODENSE", "bogus", "GETREG"))
    unit = [add, Command("PFDEBUG", g.word(kind), at, mutable=False)]
    return unit + ([Command("DEL", at)] if kind in ("TODENSE", "GETREG") else [])


COMMANDS = {
    "pfadd": (2, pfadd),
    "pfcount": (1.2, pfcount),
    "pfmerge": (0.8, pfmerge),
    "pf_corrupt": (0.3, corrupt),
    "pfdebug": (2, pfdebug),
    "pf_del": (0.3, lambda g: [Command("DEL", g.choice(KEYS))]),
}

"""Strings as arrays of bits."""
from families.base import Command

OPTIONS = {
    "bitcount": ["BYTE", "BIT"],
    "bitpos": ["BYTE", "BIT"],
    "bitop": ["AND", "OR", "XOR", "NOT"],
    "bitfield": ["GET", "SET", "INCRBY", "OVERFLOW", "WRAP", "SAT", "FAIL"],
    "bitfield_ro": ["GET"],
}

KEYS = [b"b:%d" % i for i in range(6)]


def key(g):
    return g.choice(KEYS) if g.chance(0.94) else g.choice((b"missing", b"t:0", b"i:0", g.string_key()))


def offset(g):
    if g.chance(0.05):
        return g.choice((b"-1", b"x", b"4294967296", b"9223372036854775807", b"", b"#1"))
    return b"%d" % g.choice((g.rng.randint(0, 20), g.rng.randint(0, 300)))


def fill(g):
    return [Command("SET", g.choice(KEYS), g.choice((
        g.rng.randbytes(g.rng.randint(0, 40)), b"\xff" * g.rng.randint(1, 30),
        b"\x00" * g.rng.randint(1, 30), b"%d" % g.rng.randint(-999, 99999))))]


def bounds(g, optional_end):
    """A range of BITCOUNT or BITPOS, which may end early or in a unit."""
    if g.chance(0.3):
        return []
    words = [g.index() if g.chance(0.5) else b"%d" % g.rng.randint(-200, 200)]
    if optional_end and g.chance(0.2):
        return words
    words.append(g.index() if g.chance(0.5) else b"%d" % g.rng.randint(-200, 200))
    if g.chance(0.6):
        words.append(g.word(g.choice(("BYTE", "BIT"))) if g.chance(0.95) else b"WORD")
    return words


def bitop(g):
    operation = g.choice(("AND", "OR", "XOR", "NOT"))
    count = 1 if operation == "NOT" and g.chance(0.9) else g.rng.randint(1, 4)
    return [Command("BITOP", g.word(operation) if g.chance(0.97) else b"NAND", g.choice(KEYS),
                    *[key(g) for _ in range(count)])]


def field_type(g):
    if g.chance(0.04):
        return g.choice((b"u64", b"i65", b"i0", b"x8", b"U8", b"i", b"u-1", b"i08"))
    if g.chance(0.2):
        return g.choice((b"i64", b"u63", b"i1", b"u1", b"i63", b"i32", b"u32"))
    sign = g.choice(("i", "u"))
    return b"%s%d" % (sign.encode(), g.rng.randint(1, 24))


def field_value(g):
    if g.chance(0.15):
        return g.choice((b"9223372036854775807", b"-4611686018427387904", b"x", b"-1", b"255"))
    return b"%d" % g.choice((g.rng.randint(-10, 10), g.rng.randint(-1000, 1000),
                             g.rng.randint(-2**40, 2**40)))


def field_offset(g):
    return b"#%d" % g.rng.randint(0, 12) if g.chance(0.4) else offset(g)


def operations(g, only_get):
    words = []
    for _ in range(g.rng.randint(0, 4)):
        if not only_get and g.chance(0.4):
            words += [g.word("OVERFLOW"), g.word(g.choice(("WRAP", "SAT", "FAIL")))
                      if g.chance(0.97) else b"x"]
        kind = "GET" if only_get and g.chance(0.97) else g.choice(("GET", "SET", "INCRBY"))
        words += [g.word(kind), field_type(g), field_offset(g)]
        if kind != "GET":
            words.append(field_value(g))
    return words


def written(g, command):
    """A change, and what it left behind."""
    return [command, Command("GET", command.args[1])]


COMMANDS = {
    "bit_fill": (1, fill),
    "setbit": (1.5, lambda g: written(g, Command("SETBIT", key(g), offset(g), g.choice(
        (b"0", b"1")) if g.chance(0.95) else g.choice((b"2", b"x", b"-1"))))),
    "getbit": (1, lambda g: [Command("GETBIT", key(g), offset(g))]),
    "bitcount": (1.5, lambda g: [Command("BITCOUNT", key(g), *bounds(g, g.chance(0.1)))]),
    "bitpos": (2, lambda g: [Command("BITPOS", key(g), g.choice((b"0", b"1")) if g.chance(0.97)
                                     else g.choice((b"2", b"x")), *bounds(g, True))]),
    "bitop": (1.2, bitop),
    "bitfield": (2.5, lambda g: written(g, Command("BITFIELD", key(g), *operations(g, False)))),
    "bitfield_ro": (1, lambda g: [Command("BITFIELD_RO", key(g), *operations(g, True))]),
}

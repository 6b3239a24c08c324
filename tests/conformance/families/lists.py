"""Lists, and who waits for them: on one connection, and with a second one that pushes."""
from families.base import EDGE_INTEGERS, AwaitBlocked, Command, Fence, Send

OPTIONS = {
    "lpos": ["RANK", "COUNT", "MAXLEN"],
    "lmpop": ["COUNT"],
    "blmpop": ["COUNT"],
    "lmove": ["LEFT", "RIGHT"],
    "blmove": ["LEFT", "RIGHT"],
    "linsert": ["BEFORE", "AFTER"],
}

# Redis 7.0 takes every other number above 2^63 milliseconds for negative.
TIMEOUTS = (b"-1", b"x", b"", b"nan", b"-0.5", b"1 ", b"0x")


def push(name):
    def build(g):
        most = 6 if g.chance(0.97) else 400  # now and then past the compact encoding
        return [Command(name, g.list_key(), *g.members(most))]
    return build


def refill(g, key):
    """Lists are emptied faster than they are filled."""
    return [push("RPUSH")(g)[0]] if g.chance(0.5) else [Command("LPUSH", key, *g.members(12))]


def pop(name):
    def build(g):
        key = g.list_key()
        roll = g.rng.random()
        count = [] if roll < 0.5 else [b"%d" % g.rng.randint(0, 8)] if roll < 0.95 else [
            g.choice(EDGE_INTEGERS)]
        return [Command(name, key, *count)] + (refill(g, key) if g.chance(0.5) else [])
    return build


def ltrim(g):
    key = g.list_key()
    return [Command("LTRIM", key, g.index(), g.index())] + refill(g, key)


def lpos(g):
    args = ["LPOS", g.list_key(), g.member()]
    options = []
    if g.chance(0.5):
        options.append([g.word("RANK"), g.choice((b"1", b"2", b"-1", b"-2", b"3"))
                        if g.chance(0.92) else g.choice((b"0", b"x"))])
    if g.chance(0.5):
        options.append([g.word("COUNT"), g.choice((b"0", b"1", b"2", b"100"))
                        if g.chance(0.92) else g.choice((b"-1", b"x"))])
    if g.chance(0.4):
        options.append([g.word("MAXLEN"), g.choice((b"0", b"1", b"3", b"1000"))
                        if g.chance(0.92) else g.choice((b"-1", b"x"))])
    g.rng.shuffle(options)
    for option in options:
        args += option
    return [Command(*args)]


def end(g):
    return g.word(g.choice(("LEFT", "RIGHT"))) if g.chance(0.97) else b"UP"


def lmove(g):
    return [Command("LMOVE", g.list_key(), g.list_key(), end(g), end(g))]


def multi_pop(g, *before):
    keys = [g.list_key() for _ in range(g.rng.randint(1, 3))]
    count = len(keys) if g.chance(0.95) else g.choice((0, -1, 7, "x"))
    args = [*before, count, *keys, end(g)]
    if g.chance(0.5):
        args += [g.word("COUNT"), g.rng.randint(1, 6) if g.chance(0.93) else g.choice((0, -1, "x"))]
    return args, keys[0]


def lmpop(g):
    args, key = multi_pop(g, "LMPOP")
    return [Command(*args)] + refill(g, key)


# ---- waiting. A unit must end: the lists it pops from are filled first, or the timeout is wrong.

def timeout(g):
    return g.choice((b"0", b"10", b"0.5", b"1e2")) if g.chance(0.95) else g.choice(TIMEOUTS)


def filled(g):
    key = g.choice(g.list_keys)
    return key, [Command("DEL", key, mutable=False), Command("RPUSH", key, *g.members(),
                                                             mutable=False)]


def blpop(name):
    def build(g):
        key, fill = filled(g)
        others = [g.choice(g.list_keys) for _ in range(g.rng.randint(0, 2))]
        return fill + [Command(name, *others, key, timeout(g), mutable=False)]
    return build


def blmove(g):
    key, fill = filled(g)
    return fill + [Command("BLMOVE", key, g.list_key(), end(g), end(g), timeout(g), mutable=False)]


def brpoplpush(g):
    key, fill = filled(g)
    return fill + [Command("BRPOPLPUSH", key, g.list_key(), timeout(g), mutable=False)]


def blmpop(g):
    key, fill = filled(g)
    args = ["BLMPOP", timeout(g), 2, g.choice(g.list_keys), key, end(g)]
    if g.chance(0.5):
        args += [g.word("COUNT"), g.rng.randint(1, 6)]
    return fill + [Command(*args, mutable=False)]


def in_transaction(g):
    """Where nothing waits, whatever is there."""
    key = g.list_key()
    return [Command("MULTI", mutable=False),
            *[Command(*args, mutable=False, counted=False) for args in (
                ("BLPOP", key, g.list_key(), "0"), ("BRPOP", key, "0"),
                ("BLMOVE", key, g.list_key(), "LEFT", "RIGHT", "0"),
                ("BRPOPLPUSH", key, g.list_key(), "0"), ("BLMPOP", "0", "1", key, "LEFT"))],
            Command("EXEC", mutable=False)]


def woken(g):
    """One client waits, another pushes, or moves a list there."""
    key, target = g.fresh(b"w"), g.fresh(b"w")
    waits = g.choice((("BLPOP", key, "0"), ("BRPOP", target, key, "0"),
                      ("BLMPOP", "0", "2", target, key, "LEFT", "COUNT", "2"),
                      ("BLMOVE", key, target, "RIGHT", "LEFT", "0"), ("BRPOPLPUSH", key, target, "0"),
                      ("BLMOVE", key, key, "LEFT", "RIGHT", "0")))
    pushes = g.choice((
        [("RPUSH", key, *g.members())], [("LPUSH", key, *g.members())],
        [("RPUSH", b"w:other", *g.members()), ("RENAME", b"w:other", key)],
        [("MULTI",), ("RPUSH", key, "1", "2"), ("LLEN", key), ("EXEC",)],
        [("EVAL", "redis.call('RPUSH',KEYS[1],'a','b') return redis.call('LLEN',KEYS[1])", "1", key)],
        [("SET", key, "x"), ("DEL", key), ("LPUSH", key, "late")]))
    return [Send("blocked", *waits), AwaitBlocked(),
            *[Command(*args, mutable=False, conn="other") for args in pushes],
            Fence("blocked"),
            *[Command("LRANGE", name, "0", "-1", mutable=False) for name in (key, target)],
            Command("DEL", key, target, mutable=False)]


def lrem(g):
    count = g.index()
    # Refused since Redis 7.2: the lists must not differ after it.
    member = b"in no list" if count == b"-9223372036854775808" else g.member()
    return [Command("LREM", g.list_key(), count, member, mutable=False)]


COMMANDS = {
    "lpush": (2, push("LPUSH")),
    "rpush": (2, push("RPUSH")),
    "lpushx": (1, push("LPUSHX")),
    "rpushx": (1, push("RPUSHX")),
    "lpop": (1, pop("LPOP")),
    "rpop": (1, pop("RPOP")),
    "llen": (1, lambda g: [Command("LLEN", g.list_key())]),
    "lindex": (1, lambda g: [Command("LINDEX", g.list_key(), g.index())]),
    "lset": (1.7, lambda g: [Command("LSET", g.list_key(), g.index(), g.member())]),
    "lrange": (1, lambda g: [Command("LRANGE", g.list_key(), g.index(), g.index())]),
    "ltrim": (1, ltrim),
    "linsert": (1, lambda g: [Command("LINSERT", g.list_key(), g.word(g.choice(("BEFORE", "AFTER"))),
                                      g.member(), g.member())]),
    "lrem": (1, lrem),
    "lpos": (1.2, lpos),
    "lmove": (1, lmove),
    "rpoplpush": (1, lambda g: [Command("RPOPLPUSH", g.list_key(), g.list_key())]),
    "lmpop": (1, lmpop),
    "blpop": (0.8, blpop("BLPOP")),
    "brpop": (0.8, blpop("BRPOP")),
    "blmove": (0.8, blmove),
    "brpoplpush": (0.8, brpoplpush),
    "blmpop": (0.8, blmpop),
    "blocking in MULTI": (0.3, in_transaction),
    "blocked clients": (0.3, woken),
}

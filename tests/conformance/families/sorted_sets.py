"""Sorted sets, and who waits for them."""
import compare
from families.base import EDGE_INTEGERS, AwaitBlocked, Command, Fence, Send

OPTIONS = {
    "zadd": ["NX", "XX", "GT", "LT", "CH", "INCR"],
    "zrange": ["BYSCORE", "BYLEX", "REV", "LIMIT", "WITHSCORES"],
    "zrangestore": ["BYSCORE", "BYLEX", "REV", "LIMIT"],
    "zrevrange": ["WITHSCORES"],
    "zrangebyscore": ["LIMIT", "WITHSCORES"],
    "zrevrangebyscore": ["LIMIT", "WITHSCORES"],
    "zrangebylex": ["LIMIT"],
    "zrevrangebylex": ["LIMIT"],
    "zunion": ["WEIGHTS", "AGGREGATE", "WITHSCORES"],
    "zinter": ["WEIGHTS", "AGGREGATE", "WITHSCORES"],
    "zdiff": ["WITHSCORES"],
    "zunionstore": ["WEIGHTS", "AGGREGATE"],
    "zinterstore": ["WEIGHTS", "AGGREGATE"],
    "zintercard": ["LIMIT"],
    "zmpop": ["COUNT"],
    "bzmpop": ["COUNT"],
    "zrandmember": ["WITHSCORES"],
    "zscan": ["MATCH", "COUNT"],
}

# Sets whose members all score 0, as ranges of members need them; no other command writes them.
LEX_KEYS = [b"zl:%d" % i for i in range(3)]


def score(g):
    return b"%d" % g.rng.randint(-10, 30) if g.chance(0.7) else g.float()


def score_bound(g):
    if g.chance(0.15):
        return g.choice((b"-inf", b"+inf", b"inf", b"(inf", b"", b"(", b"(1.5", b" 1", b"nan", b"a",
                         b"1e400", b"0x10", b"1\x00x"))
    return (b"(" if g.chance(0.3) else b"") + score(g)


def lex_bound(g):
    if g.chance(0.2):
        return g.choice((b"-", b"+", b"[", b"(", b"", b"a", b"+x", b"-\x00"))
    return g.choice((b"[", b"(")) + g.choice((g.member(), g.text(2), b"m", b"5"))


def limit(g):
    return [g.word("LIMIT"), g.choice((0, 1, 2, 5, -1)) if g.chance(0.95) else b"x",
            g.choice((0, 1, 3, 100, -1, -2)) if g.chance(0.95) else b"1.5"]


def zadd(g):
    key = g.sorted_key()
    options = []
    if g.chance(0.5):
        options = [g.word(option) for option in
                   g.choice((["NX"], ["XX"], ["GT"], ["LT"], ["CH"], ["CH", "XX"], ["GT", "CH"],
                             ["XX", "LT"], ["NX", "CH"], ["CH", "GT", "XX"], ["NX", "GT"],
                             ["XX", "NX"], ["GT", "LT"]))]
    incr = g.chance(0.2)
    if incr:
        options.insert(g.rng.randint(0, len(options)), g.word("INCR"))
    pairs = []
    for _ in range(1 if incr and g.chance(0.95) else g.rng.randint(1, 5)):
        pairs += [score(g), g.member()]
    return [Command("ZADD", key, *options, *pairs)]


def zadd_many(g):
    """Past the compact encoding, now and then."""
    key = g.sorted_key()
    pairs = []
    for i in range(g.rng.randint(120, 140)):
        pairs += [score(g), b"n%d" % i]
    cut = len(pairs) // 4 * 2
    return [Command("ZADD", key, *pairs[:cut], mutable=False),
            Command("ZADD", key, *pairs[cut:], mutable=False),
            Command("OBJECT", "ENCODING", key), Command("ZREM", key, *pairs[1::2])]


def zadd_lex(g):
    key = g.choice(LEX_KEYS)
    pairs = []
    for member in g.members():
        pairs += [b"0", member]
    unit = [Command("ZADD", key, *pairs, mutable=False)]
    if g.chance(0.3):
        unit.append(Command("ZREM", key, *g.members(), mutable=False))
    return unit


def zrange(g, store=False):
    target = ["ZRANGESTORE", g.sorted_key()] if store else ["ZRANGE"]
    kind = g.rng.random()
    options, mutable = [], True
    if kind < 0.4:
        key, ends = g.sorted_key(), [g.index(), g.index()]
        if g.chance(0.05):
            options.append(limit(g))
    elif kind < 0.75:
        key, ends = g.sorted_key(), [score_bound(g), score_bound(g)]
        options.append([g.word("BYSCORE")])
    else:
        key, ends, mutable = g.choice(LEX_KEYS), [lex_bound(g), lex_bound(g)], False
        options.append([g.word("BYLEX")])
    if kind >= 0.4 and g.chance(0.4):
        options.append(limit(g))
    if g.chance(0.4):
        options.append([g.word("REV")])
    if g.chance(0.4 if kind < 0.75 else 0.05) and not store:
        options.append([g.word("WITHSCORES")])
    g.rng.shuffle(options)
    return [Command(*target, key, *ends, *sum(options, []), mutable=mutable)]


def by_score(name):
    def build(g):
        options = []
        if g.chance(0.4):
            options.append(limit(g))
        if g.chance(0.4):
            options.append([g.word("WITHSCORES")])
        g.rng.shuffle(options)
        return [Command(name, g.sorted_key(), score_bound(g), score_bound(g), *sum(options, []))]
    return build


def by_lex(name):
    def build(g):
        options = limit(g) if g.chance(0.4) else []
        return [Command(name, g.choice(LEX_KEYS), lex_bound(g), lex_bound(g), *options,
                        mutable=False)]
    return build


def lex_of_different_scores(g):
    """Unspecified, but small sets have one answer."""
    key = g.fresh(b"zm")
    pairs = []
    for _ in range(g.rng.randint(1, 8)):
        pairs += [b"%d" % g.rng.randint(0, 3), b"m%d" % g.rng.randint(0, 9)]
    commands = [Command("ZADD", key, *pairs, mutable=False)]
    for name in ("ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZLEXCOUNT", "ZREMRANGEBYLEX"):
        bounds = [g.choice((b"[", b"(")) + b"m%d" % g.rng.randint(0, 9) for _ in range(2)]
        commands.append(Command(name, key, *bounds, mutable=False))
    return commands + [Command("DEL", key, mutable=False)]


def zrevrange(g):
    options = [g.word("WITHSCORES")] if g.chance(0.4) else []
    return [Command("ZREVRANGE", g.sorted_key(), g.index(), g.index(), *options)]


def refilled(g, command):
    """A removal, and something to remove next time."""
    return [command] + ([Command("ZADD", command.args[1], score(g), g.member(), score(g),
                                 g.member())] if g.chance(0.6) else [])


def zpop(name):
    def build(g):
        count = [] if g.chance(0.5) else [g.choice((0, 1, 2, 5)) if g.chance(0.9)
                                          else g.choice((-1, b"x", b""))]
        return refilled(g, Command(name, g.sorted_key(), *count))
    return build


def zmpop(g):
    keys = [g.sorted_key() for _ in range(g.rng.randint(1, 3))]
    count = len(keys) if g.chance(0.95) else g.choice((0, -1, 5, "x"))
    options = [g.word("COUNT"), g.choice((1, 2, 5, 0, b"x"))] if g.chance(0.5) else []
    pop = Command("ZMPOP", count, *keys, g.word(g.choice(("MIN", "MAX"))), *options)
    return [pop, Command("ZADD", keys[0], score(g), g.member(), score(g), g.member())]


# ---- waiting. A unit must end: the sets it pops from are filled first, or the timeout is wrong.

def timeout(g):
    return g.choice((b"0", b"10", b"0.5", b"1e2")) if g.chance(0.95) else g.choice(
        (b"-1", b"x", b"", b"nan", b"-0.5", b"1 ", b"0x"))


def filled(g):
    key = g.sorted_key()
    pairs = sum(([b"%d" % g.rng.randint(-9, 9), member] for member in g.members()), [])
    return key, [Command("DEL", key, mutable=False), Command("ZADD", key, *pairs, mutable=False)]


def bzpop(name):
    def build(g):
        key, fill = filled(g)
        others = [g.sorted_key() for _ in range(g.rng.randint(0, 2))]
        return fill + [Command(name, *others, key, timeout(g), mutable=False)]
    return build


def bzmpop(g):
    key, fill = filled(g)
    args = ["BZMPOP", timeout(g), 2, g.sorted_key(), key, g.word(g.choice(("MIN", "MAX")))]
    if g.chance(0.5):
        args += [g.word("COUNT"), g.rng.randint(1, 6)]
    return fill + [Command(*args, mutable=False)]


def pops_in_transaction(g):
    """Where nothing waits, whatever is there."""
    key = g.sorted_key()
    return [Command("MULTI", mutable=False),
            *[Command(*args, mutable=False, counted=False) for args in (
                ("BZPOPMIN", key, g.sorted_key(), "0"), ("BZPOPMAX", key, "0"),
                ("BZMPOP", "0", "1", key, "MIN"))],
            Command("EXEC", mutable=False)]


def woken(g):
    """One client waits, another adds, or moves a set there."""
    key, other = g.fresh(b"w"), g.fresh(b"w")
    waits = g.choice((("BZPOPMIN", key, "0"), ("BZPOPMAX", other, key, "0"),
                      ("BZMPOP", "0", "2", other, key, "MAX", "COUNT", "2")))
    adds = g.choice((
        [("ZADD", key, "1", "a", "2", "b")], [("ZINCRBY", key, "1.5", "a")],
        [("ZADD", b"w:source", "3", "x", "4", "y"), ("RENAME", b"w:source", key)],
        [("SADD", b"w:source", "3", "x"), ("ZUNIONSTORE", key, "1", b"w:source"),
         ("DEL", b"w:source")],
        [("ZADD", b"w:source", "3", "x", "4", "y"), ("ZRANGESTORE", key, b"w:source", "0", "-1"),
         ("COPY", b"w:source", other), ("DEL", b"w:source")],
        [("GEOADD", key, "13.4", "52.5", "berlin")],
        [("MULTI",), ("ZADD", key, "1", "a", "2", "b"), ("ZREM", key, "a"), ("EXEC",)],
        [("EVAL", "redis.call('ZADD',KEYS[1],1,'a',2,'b') return redis.call('ZCARD',KEYS[1])", "1",
          key)],
        [("RPUSH", key, "x"), ("DEL", key), ("ZADD", key, "7", "late")]))
    return [Send("blocked", *waits), AwaitBlocked(),
            *[Command(*args, mutable=False, conn="other") for args in adds],
            Fence("blocked"),
            *[Command("ZRANGE", name, "0", "-1", "WITHSCORES", mutable=False)
              for name in (key, other)],
            Command("DEL", key, other, mutable=False)]


def input_keys(g):
    keys = [g.sorted_key() if g.chance(0.85) else g.set_key() for _ in range(g.rng.randint(1, 4))]
    return keys, len(keys) if g.chance(0.95) else g.choice((0, -1, 7, "x"))


def algebra(name, store=False, weighted=True):
    def build(g):
        keys, count = input_keys(g)
        options = []
        if g.chance(0.6 if weighted else 0.03):
            options.append([g.word("WEIGHTS"), *[g.choice((b"1", b"2", b"0.5", b"-1", b"0", b"inf"))
                                                 if g.chance(0.97) else b"x" for _ in keys]])
        if g.chance(0.4 if weighted else 0.03):
            options.append([g.word("AGGREGATE"), g.word(g.choice(("SUM", "MIN", "MAX")))
                            if g.chance(0.95) else b"avg"])
        if g.chance(0.03 if store else 0.5):
            options.append([g.word("WITHSCORES")])
        g.rng.shuffle(options)
        target = [g.sorted_key()] if store else []
        return [Command(name, *target, count, *keys, *sum(options, []))]
    return build


def zintercard(g):
    keys, count = input_keys(g)
    options = [g.word("LIMIT"), g.choice((0, 1, 2, 100)) if g.chance(0.9) else g.choice((-1, "x"))
               ] if g.chance(0.5) else []
    return [Command("ZINTERCARD", count, *keys, *options)]


def drawn_pairs(pairs, count):
    """A random pick with scores: the right number of pairs of the set, distinct when positive."""
    def comparer(expected, got):
        if expected[0] != got[0] or len(expected[1]) != len(got[1]):
            return False
        items = got[1]
        if items and isinstance(items[0][1], list):
            picked = [(pair[1][0][1], float(pair[1][1][1])) for pair in items]
        else:
            picked = [(items[i][1], float(items[i + 1][1])) for i in range(0, len(items), 2)]
        return (all(pairs.get(member) == value for member, value in picked)
                and (count < 0 or len({member for member, _ in picked}) == len(picked)))
    return comparer


def zrandmember(g):
    key = g.fresh(b"p")
    pairs = {member: float(g.rng.randint(-9, 9)) for member in g.members(8)}
    add = Command("ZADD", key, *sum(([b"%g" % value, member] for member, value in pairs.items()),
                                    []), mutable=False)
    roll = g.rng.random()
    if roll < 0.25:
        return [add, Command("ZRANDMEMBER", key, mutable=False,
                             comparer=compare.drawn_from(list(pairs), None, True)),
                Command("DEL", key)]
    if roll < 0.35:
        return [Command("ZRANDMEMBER", g.choice((b"nokey", b"s:0")),
                        *g.choice(([], [b"0"], [b"3"], [b"-3"], [b"3", b"WITHSCORES"],
                                   [b"3", b"x"], [g.choice(EDGE_INTEGERS)],
                                   [b"-4611686018427387905", b"WITHSCORES"])), mutable=False,
                        comparer=compare.same_type)]
    count = g.rng.randint(-12, 12)
    if roll < 0.7:
        return [add, Command("ZRANDMEMBER", key, count, mutable=False,
                             comparer=compare.drawn_from(list(pairs), count, count > 0)),
                Command("DEL", key)]
    return [add, Command("ZRANDMEMBER", key, count, g.word("WITHSCORES"), mutable=False,
                         comparer=drawn_pairs(pairs, count)), Command("DEL", key)]


def zscan(g):
    args = ["ZSCAN", g.sorted_key(), b"0" if g.chance(0.97) else g.choice((b"x", b""))]
    options = [[g.word("COUNT"), b"100000"]]
    if g.chance(0.5):
        options.append([g.word("MATCH"), g.choice((b"*", b"m*", b"1?", b"[^m]*", b"zz"))])
    if g.chance(0.05):
        options.append([b"COUNT", g.choice((b"0", b"-3", b"x"))])
    g.rng.shuffle(options)
    return [Command(*args, *sum(options, []), comparer=compare.complete_scan, mutable=False)]


def simple(name, *builders):
    return lambda g: [Command(name, g.sorted_key(), *[build(g) for build in builders])]


def member(g):
    return g.member()


COMMANDS = {
    "zadd": (6, zadd),
    "zadd_many": (0.15, zadd_many),
    "zadd_lex": (1, zadd_lex),
    "zincrby": (1, simple("ZINCRBY", score, member)),
    "zrem": (1, lambda g: refilled(g, Command("ZREM", g.sorted_key(), *g.members()))),
    "zcard": (0.8, simple("ZCARD")),
    "zscore": (1, simple("ZSCORE", member)),
    "zmscore": (1, lambda g: [Command("ZMSCORE", g.sorted_key(), *g.members())]),
    "zcount": (1, simple("ZCOUNT", score_bound, score_bound)),
    "zlexcount": (1, by_lex("ZLEXCOUNT")),
    "zrank": (1, simple("ZRANK", member)),
    "zrevrank": (1, simple("ZREVRANK", member)),
    "zrange": (4, zrange),
    "zrangestore": (2.5, lambda g: zrange(g, store=True)),
    "zrevrange": (1, zrevrange),
    "zrangebyscore": (1.5, by_score("ZRANGEBYSCORE")),
    "zrevrangebyscore": (1.5, by_score("ZREVRANGEBYSCORE")),
    "zrangebylex": (1.2, by_lex("ZRANGEBYLEX")),
    "zrevrangebylex": (1.2, by_lex("ZREVRANGEBYLEX")),
    "lex_of_different_scores": (0.5, lex_of_different_scores),
    "zremrangebyrank": (1, lambda g: refilled(g, Command("ZREMRANGEBYRANK", g.sorted_key(),
                                                         g.index(), g.index()))),
    "zremrangebyscore": (1, lambda g: refilled(g, Command("ZREMRANGEBYSCORE", g.sorted_key(),
                                                          score_bound(g), score_bound(g)))),
    "zremrangebylex": (0.8, by_lex("ZREMRANGEBYLEX")),
    "zpopmin": (1, zpop("ZPOPMIN")),
    "zpopmax": (1, zpop("ZPOPMAX")),
    "zmpop": (1, zmpop),
    "bzpopmin": (0.8, bzpop("BZPOPMIN")),
    "bzpopmax": (0.8, bzpop("BZPOPMAX")),
    "bzmpop": (0.8, bzmpop),
    "blocking pops in MULTI": (0.3, pops_in_transaction),
    "clients that wait for members": (0.3, woken),
    "zrandmember": (1.5, zrandmember),
    "zscan": (1.2, zscan),
    "zunion": (1.2, algebra("ZUNION")),
    "zinter": (1.2, algebra("ZINTER")),
    "zdiff": (1, algebra("ZDIFF", weighted=False)),
    "zunionstore": (1, algebra("ZUNIONSTORE", store=True)),
    "zinterstore": (1, algebra("ZINTERSTORE", store=True)),
    "zdiffstore": (1, algebra("ZDIFFSTORE", store=True, weighted=False)),
    "zintercard": (1, zintercard),
}

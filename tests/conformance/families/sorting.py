"""SORT and SORT_RO. Values to sort by differ from each other: the order of equal ones is nobody's."""
import compare
from families.base import Command

OPTIONS = {
    "sort": ["BY", "LIMIT", "GET", "ASC", "DESC", "ALPHA", "STORE"],
    "sort_ro": ["BY", "LIMIT", "GET", "ASC", "DESC", "ALPHA"],
}


def elements(g):
    if g.chance(0.6):
        return [b"%d" % n for n in g.rng.sample(range(-20, 40), g.rng.randint(1, 12))]
    if g.chance(0.3):
        return [b"%d.%d" % (n, n % 7) for n in g.rng.sample(range(-20, 40), g.rng.randint(1, 8))]
    return [b"w%d" % n for n in g.rng.sample(range(30), g.rng.randint(1, 12))]


def filled(g, key):
    """A collection, and the elements in it."""
    items = elements(g)
    kind = g.choice(("list", "set", "zset"))
    if kind == "list":
        return kind, items, [Command("RPUSH", key, *items, mutable=False)]
    if kind == "set":
        return kind, items, [Command("SADD", key, *items, mutable=False)]
    scores = g.rng.sample(range(100), len(items))
    pairs = sum(([b"%d" % score, item] for score, item in zip(scores, items)), [])
    return kind, items, [Command("ZADD", key, *pairs, mutable=False)]


def weights(g, prefix, items):
    """Strings and hashes for most of the elements, each with another value."""
    values = [b"%d" % n for n in g.rng.sample(range(1000), len(items))]
    if g.chance(0.15):
        # Nothing out of range: after one such number 7.0 refuses all others (it leaves errno as it is).
        values[0] = g.choice((b"text", b"", b" 7", b"nan", b"0x10"))
    if len(values) > 1 and g.chance(0.2):
        values = values[:-1]  # one element without
    names = [b"%s%s" % (prefix, item) for item in items]
    commands = [Command("MSET", *sum(([name, value] for name, value in zip(names, values)), []),
                        mutable=False)]
    for name, value in zip(names, values):
        commands.append(Command("HSET", name + b":h", "f", value, mutable=False))
    return names, commands


def pattern(g, prefix):
    return g.choice((prefix + b"*", prefix + b"*:h->f")) if g.chance(0.9) else g.choice(
        (prefix + b"*->", prefix + b"*:h->none", b"*", prefix + b"*:h"))


def sort(name):
    def build(g):
        key, prefix, target = g.fresh(b"so"), g.fresh(b"we") + b"_", g.fresh(b"st")
        kind, items, fill = filled(g, key)
        names, more = weights(g, prefix, items)
        fill += more
        options, unordered = [], False
        by_nothing = g.chance(0.15)
        if by_nothing:
            options.append([g.word("BY"), b"nosort"])
        elif g.chance(0.5):
            options.append([g.word("BY"), g.choice((prefix + b"*", prefix + b"*:h->f"))])
        if g.chance(0.4):
            options.append([g.word("ALPHA")])
        if g.chance(0.5):
            options.append([g.word(g.choice(("ASC", "DESC")))])
        limited = g.chance(0.3)
        if limited:
            options.append([g.word("LIMIT"), g.choice((0, 1, 2, -1, 50)),
                            g.choice((0, 1, 3, -1, 100)) if g.chance(0.95) else b"x"])
        for _ in range(g.choice((0, 0, 1, 2))):
            options.append([g.word("GET"), b"#" if g.chance(0.5) else pattern(g, prefix)])
        stores = name == "SORT" and g.chance(0.3)
        if stores:
            options.append([g.word("STORE"), target])
        if g.chance(0.03):
            options.append([g.choice((b"STORE", b"LIMIT", b"UP"))])
        g.rng.shuffle(options)
        if g.chance(0.01):
            options.append([b"BY"])  # before another option it would take that for a pattern: no order
        if by_nothing and kind == "set" and not stores:
            if limited or any(option[0].upper() == b"GET" for option in options):
                options = [[b"BY", b"nosort"]]
            unordered = True
        args = sum(options, [])
        # 7.0's SORT fails for an errno that an earlier command's number has left: ZADD clears it.
        steps = fill + [Command("ZADD", b"none", "XX", "1", "m", mutable=False),
                        Command(name, key, *args, mutable=False,
                                comparer=compare.unordered if unordered else compare.exact)]
        if stores:
            steps.append(Command("LRANGE", target, "0", "-1", mutable=False))
        return steps + [Command("DEL", key, target, *names, *[n + b":h" for n in names],
                                mutable=False)]
    return build


def elsewhere(name):
    """Keys of other types and none, in transactions and scripts. (Not the pool's: Redis gives a sorted
    set that it sorts another encoding.)"""
    def build(g):
        if g.chance(0.3):
            return [Command("MULTI", mutable=False),
                    Command(name, b"nokey", "BY", "w_*", mutable=False, counted=False),
                    Command("EXEC", mutable=False)]
        if g.chance(0.3):
            return [Command("EVAL", "redis.call('DEL', KEYS[1]) redis.call('SADD', KEYS[1], 'c', "
                            "'a', 'b') local r = redis.call('%s', KEYS[1], 'BY', 'nosort', 'GET', "
                            "'#') redis.call('DEL', KEYS[1]) return r" % name, "1", g.fresh(b"ss"),
                            mutable=False)]
        key = g.fresh(b"so")
        return [g.choice((Command("SET", key, "1", mutable=False),
                          Command("HSET", key, "f", "1", mutable=False),
                          Command("DEL", key, mutable=False))),
                Command(name, key, mutable=False), Command("DEL", key, mutable=False)]
    return build


COMMANDS = {
    "sort": (1, sort("SORT")),
    "sort_ro": (0.7, sort("SORT_RO")),
    "sort of anything": (0.1, elsewhere("SORT")),
    "sort_ro of anything": (0.1, elsewhere("SORT_RO")),
}

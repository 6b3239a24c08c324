"""Streams and consumer groups, and who waits for them. What redis-server 7.0 lacks is in
newer_table.py; where version 8 counts otherwise what a group has read, only the type is compared."""
import compare
from families.base import EDGE_INTEGERS, AwaitBlocked, Command, Fence, Send

OPTIONS = {
    "xadd": ["NOMKSTREAM", "MAXLEN", "MINID", "LIMIT", "~", "="],
    "xtrim": ["MAXLEN", "MINID", "LIMIT", "~", "="],
    "xrange": ["COUNT"],
    "xrevrange": ["COUNT"],
    "xread": ["COUNT", "BLOCK"],
    "xreadgroup": ["COUNT", "BLOCK", "NOACK"],
    "xpending": ["IDLE"],
    "xclaim": ["IDLE", "TIME", "RETRYCOUNT", "FORCE", "JUSTID", "LASTID"],
    "xautoclaim": ["COUNT", "JUSTID"],
    "xgroup|create": ["MKSTREAM", "ENTRIESREAD"],
    "xgroup|setid": ["ENTRIESREAD"],
    "xinfo|stream": ["FULL", "COUNT"],
    "xsetid": ["ENTRIESADDED", "MAXDELETEDID"],
}

EDGE_IDS = [b"", b"-", b"+", b"$", b">", b"*", b"0", b"0-0", b"0-1", b"0-*", b"1-", b"-1", b"1--1", b"x",
            b"1-x", b"(", b"(1", b"(-", b"(+", b"007-07", b" 7", b"+7", b"18446744073709551615",
            b"18446744073709551616", b"18446744073709551615-18446744073709551615",
            b"(18446744073709551615-18446744073709551615", b"(0-0", b"1-18446744073709551615",
            b"1\x00-5", b"1" * 200]
TIME_MIN = 10**12  # larger numbers in replies are times, or as good as one


# Of XINFO STREAM since 8.6 and 8.8.
NEWER_FIELDS = (b"idmp-duration", b"idmp-maxsize", b"pids-tracked", b"iids-tracked", b"iids-added",
                b"iids-duplicates", b"nacked-count")


# ---- comparing

def without_times(reply, left_out=()):
    """A reply without times, and without the fields of maps that are named."""
    kind, value = reply
    if kind == ":" and abs(int(value)) >= TIME_MIN:
        return (kind, "a time")
    if not isinstance(value, list):
        return reply
    kept = []
    skip = False
    for item in value:
        if skip:
            skip = False
        elif item[1] in left_out:
            skip = True
        else:
            kept.append(without_times(item, left_out))
    return (kind, kept)


def info(*left_out):
    """XINFO but for times and idle times, what only version 7.2 has, and what lies in the nodes of a
    tree of the server's own."""
    names = (b"idle", b"inactive", b"seen-time", b"active-time", b"radix-tree-nodes", *NEWER_FIELDS,
             *left_out)

    def comparer(expected, got):
        return without_times(expected, names) == without_times(got, names)
    return comparer


described = info(b"lag", b"entries-read")
described_exactly = info()


def pending(expected, got):
    """XPENDING but for how long each entry was idle."""
    def rows(reply):
        if reply[0] != "*" or not isinstance(reply[1], list):
            return reply
        return [row[1][:2] + row[1][3:] if row[0] == "*" and isinstance(row[1], list)
                and len(row[1]) == 4 else row for row in reply[1]]
    return rows(expected) == rows(got)


# ---- arguments

def stream_key(g):
    return g._key(g.stream_keys)


def next_id(g):
    """An id behind most of those that were used."""
    g.stream_time += g.rng.randint(0, 2)
    roll = g.rng.random()
    if roll < 0.3:
        return b"%d" % (g.stream_time + 1)
    if roll < 0.5:
        return b"%d-*" % g.stream_time
    return b"%d-%d" % (g.stream_time, g.rng.randint(0, 40))


def some_id(g, edge=0.03):
    """An id that may be there."""
    if g.chance(edge):
        return g.choice(EDGE_IDS)
    time = max(1, g.stream_time - g.rng.randint(0, 60))
    return b"%d" % time if g.chance(0.3) else b"%d-%d" % (time, g.rng.randint(0, 40))


def end_id(g, least):
    roll = g.rng.random()
    if roll < 0.45:
        return b"-" if least else b"+"
    return b"(" + some_id(g) if roll < 0.6 else some_id(g)


def group(g):
    return b"g%d" % g.rng.randint(1, 3) if g.chance(0.97) else b"no group"


def consumer(g):
    return b"c%d" % g.rng.randint(1, 4)


def small(g, most=8):
    return b"%d" % g.rng.randint(0, most) if g.chance(0.95) else g.choice(EDGE_INTEGERS)


def pairs(g):
    roll = g.rng.random()
    if roll < 0.6:  # the same names, so that entries share their master's
        found = [b"field", g.field_value(), b"n", g.field_value()]
    elif roll < 0.98:
        found = []
        for _ in range(g.rng.randint(1, 4)):
            found += [g.field(), g.field_value()]
    else:
        found = [g.field()]
    return found


def threshold(g):
    by = g.choice((b"MAXLEN", b"MINID"))
    words = [g.word(by.decode())]
    mark = g.choice((None, b"~", b"="))
    if mark:
        words.append(mark)
    words.append(small(g, 40) if by == b"MAXLEN" else some_id(g))
    if mark == b"~" and g.chance(0.6) or g.chance(0.03):
        words += [g.word("LIMIT"), g.choice((b"0", b"10", b"100", b"1000"))
                  if g.chance(0.9) else g.choice((b"-1", b"x"))]
    return words


# ---- entries

def add(g, key=None):
    return Command("XADD", key or stream_key(g), next_id(g), *pairs(g), mutable=False)


def xadd(g):
    if g.chance(0.06):
        return [Command("XADD", g.fresh(b"x"), b"*", *pairs(g), comparer=compare.same_type,
                        mutable=False)]
    options = []
    if g.chance(0.15):
        options.append(g.word("NOMKSTREAM"))
    if g.chance(0.4):
        options += threshold(g)
    key = stream_key(g)
    unit = [Command("XADD", key, *options, next_id(g) if g.chance(0.95) else g.choice(
        [one for one in EDGE_IDS if one != b"*"]), *pairs(g), mutable=not g.chance(0.5))]
    if unit[0].args[-1] == b"*" or b"*" in unit[0].args:
        unit[0].mutable = False
    return unit + ([add(g, key) for _ in range(g.rng.randint(0, 9))] if g.chance(0.15) else [])


def xdel(g):
    key = stream_key(g)
    return [Command("XDEL", key, *[some_id(g) for _ in range(g.rng.randint(1, 5))]), add(g, key)]


def xdel_found(g):
    """Of a stream of its own: some of its ends and some of its middle."""
    key = g.fresh(b"x")
    count = g.rng.randint(3, 12)
    ids = [b"%d-0" % i for i in range(1, count + 1)]
    gone = g.rng.sample(ids, g.rng.randint(1, count))
    return [*[Command("XADD", key, one, b"field", g.field_value(), mutable=False) for one in ids],
            Command("XDEL", key, *gone, mutable=False),
            Command("XRANGE", key, b"-", b"+", mutable=False),
            Command("XINFO", "STREAM", key, comparer=described, mutable=False),
            Command("XREVRANGE", key, b"+", b"-", b"COUNT", b"2", mutable=False),
            Command("DEL", key, mutable=False)]


def xtrim(g):
    key = stream_key(g)
    return [Command("XTRIM", key, *threshold(g)), add(g, key), add(g, key)]


def small_nodes(g):
    """Approximate trims, which show where nodes end."""
    key = g.fresh(b"x")
    by_bytes = g.chance(0.5)
    name, small, usual = (("stream-node-max-bytes", g.choice((b"50", b"100", b"300")), b"4096")
                          if by_bytes else
                          ("stream-node-max-entries", g.choice((b"1", b"3", b"7")), b"100"))
    unit = [Command("CONFIG", "SET", name, small, mutable=False)]
    ids = [b"%d-%d" % (i // 3 + 1, i % 3) for i in range(g.rng.randint(10, 40))]
    unit += [Command("XADD", key, one, *(pairs(g) * 4)[:4], mutable=False) for one in ids]
    trims = [[b"MAXLEN", b"~", b"%d" % g.rng.randint(0, 30)], [b"MINID", b"~", g.choice(ids)],
             [b"MAXLEN", b"~", b"0", b"LIMIT", b"%d" % g.rng.randint(1, 9)],
             [b"MAXLEN", b"%d" % g.rng.randint(0, 30)]]
    if g.chance(0.5):
        unit.append(Command("XDEL", key, *g.rng.sample(ids, 4), mutable=False))
    else:  # Redis keeps a node whose last entry was deleted before and the others are trimmed
        trims.append([b"MINID", g.choice(ids)])
    for _ in range(3):
        words = g.choice(trims)
        unit += [Command("XTRIM", key, *words, mutable=False),
                 Command("XINFO", "STREAM", key, comparer=described, mutable=False)]
    return unit + [Command("CONFIG", "SET", name, usual, mutable=False),
                   Command("DEL", key, mutable=False)]


def ranges(name):
    def build(g):
        ends = [end_id(g, True), end_id(g, False)]
        count = [g.word("COUNT"), small(g, 20)] if g.chance(0.5) else []
        return [Command(name, stream_key(g), *(ends if name == "XRANGE" else reversed(ends)), *count)]
    return build


def xsetid(g):
    key = g.fresh(b"x")
    unit = [Command("XADD", key, b"%d-1" % i, b"a", b"b", mutable=False) for i in range(1, 4)]
    for last in (b"4", b"7-7", b"9"):
        options = []
        if g.chance(0.5):
            options += [g.word("ENTRIESADDED"), g.choice((b"3", b"5", b"100")) if g.chance(0.9)
                        else g.choice((b"1", b"-1", b"x"))]
        if g.chance(0.5):
            options += [g.word("MAXDELETEDID"), g.choice((b"0", b"1-1", b"3")) if g.chance(0.9)
                        else g.choice((b"99", b"x"))]
        unit.append(Command("XSETID", key if g.chance(0.96) else b"missing",
                            last if g.chance(0.85) else g.choice((b"3", b"x", b"+")), *options))
    return unit + [Command("XINFO", "STREAM", key, comparer=described, mutable=False),
                   Command("DEL", key, mutable=False)]


# ---- groups

def create(g, key, name=None):
    """A group; an error where it is there already."""
    return Command("XGROUP", "CREATE", key, name or group(g), g.choice((b"0", b"0", b"$", b"5")),
                   b"MKSTREAM", mutable=False)


def xgroup_create(g):
    options = []
    if g.chance(0.6):
        options.append([g.word("MKSTREAM")])
    if g.chance(0.5):
        options.append([g.word("ENTRIESREAD"), g.choice((b"0", b"3", b"-1", b"-1", b"-2", b"x"))])
    g.rng.shuffle(options)
    key = stream_key(g)
    return [Command("XGROUP", "CREATE", key, group(g), g.choice((b"0", b"$", some_id(g, 0.2))),
                    *[word for option in options for word in option])] + (
                        [Command("XGROUP", "DESTROY", key, group(g))] if g.chance(0.3) else [])


def xgroup_setid(g):
    options = [g.word("ENTRIESREAD"), g.choice((b"0", b"2", b"-1", b"x"))] if g.chance(0.3) else []
    key, name = stream_key(g), group(g)
    return [create(g, key, name),
            Command("XGROUP", "SETID", key, name, g.choice((b"0", b"0", b"$", some_id(g, 0.2))),
                    *options)]


def xgroup_destroy(g):
    key = stream_key(g)
    return [create(g, key), Command("XGROUP", "DESTROY", key, group(g)), create(g, key)]


def consumers(name):
    def build(g):
        key, of = stream_key(g), group(g)
        return [create(g, key, of), Command("XGROUP", name, key, of, consumer(g))]
    return build


def xinfo_consumers(g):
    key, name = stream_key(g), group(g)
    return [create(g, key, name), Command("XINFO", "CONSUMERS", key, name, comparer=described)]


def consumer_first(g, key, name, reader):
    """Version 7.0 makes a consumer when there is something for it, later ones whenever it asks."""
    return Command("XGROUP", "CREATECONSUMER", key, name, reader, mutable=False)


def read_options(g, grouped):
    options = []
    if g.chance(0.5):
        options.append([g.word("COUNT"), small(g)])
    if grouped and g.chance(0.2):
        options.append([g.word("NOACK")])
    g.rng.shuffle(options)
    return [word for option in options for word in option]


def xread(g):
    keys = [stream_key(g) for _ in range(g.rng.randint(1, 3))]
    ids = [some_id(g) if g.chance(0.7) else g.choice((b"0", b"$", b"0-0")) for _ in keys]
    if b"+" in ids:  # of version 7.4
        ids = [b"0" for _ in keys]
    return [Command("XREAD", *read_options(g, False), g.word("STREAMS"), *keys, *ids, mutable=False)]


def xread_wrong(g):
    return [Command("XREAD", *g.choice((
        ("STREAMS", "x:1", "x:2", "0"), ("COUNT", "x", "STREAMS", "x:1", "0"), ("x:1", "0", "0"),
        ("NOACK", "STREAMS", "x:1", "0"), ("GROUP", "g1", "c1", "STREAMS", "x:1", "0"),
        ("STREAMS", "x:1", ">"), ("BLOCK", "x", "STREAMS", "x:1", "0"),
        ("BLOCK", "-1", "STREAMS", "x:1", "0"), ("STREAMS", "l:1", "0"), ("STREAMS", "x:1", "-"))),
        mutable=False)]


def xread_now(g):
    """With BLOCK, where something is there."""
    key = g.fresh(b"x")
    return [Command("XADD", key, b"5-5", b"field", g.field_value(), mutable=False),
            Command("XREAD", g.word("BLOCK"), g.choice((b"0", b"10")), b"STREAMS", b"missing", key,
                    b"0", g.choice((b"0", b"5-4")), mutable=False),
            Command("DEL", key, mutable=False)]


def xreadgroup(g):
    keys = [stream_key(g) for _ in range(g.choice((1, 1, 1, 2)))]
    ids = [b">" if g.chance(0.6) else g.choice((b"0", some_id(g))) for _ in keys]
    if b"+" in ids:
        ids = [b">" for _ in keys]
    name, reader = group(g), consumer(g)
    return [*[create(g, key, name) for key in keys if g.chance(0.6)],
            *[add(g, key) for key in keys for _ in range(g.rng.randint(0, 3))],
            *[consumer_first(g, key, name, reader) for key in keys],
            Command("XREADGROUP", g.word("GROUP"), name, reader, *read_options(g, True),
                    g.word("STREAMS"), *keys, *ids, mutable=False)]


def xreadgroup_wrong(g):
    return [Command("XREADGROUP", *g.choice((
        ("GROUP", "g1", "c1", "STREAMS", "x:1", "x:2", ">"), ("NOACK", "COUNT", "1", "STREAMS", "a",
                                                              "b", "c", "d"),
        ("GROUP", "g1", "c1", "STREAMS", "x:1", "$"), ("GROUP", "g1", "c1", "x:1", ">", "a", "b"),
        ("GROUP", "g1", "c1", "STREAMS", "missing", ">"), ("GROUP", "g1", "c1", "STREAMS", "l:1", ">"),
        ("GROUP", "g1", "c1", "BLOCK", "x", "STREAMS", "x:1", ">"))), mutable=False)]


def xreadgroup_now(g):
    key = g.fresh(b"x")
    return [Command("XADD", key, b"5-5", b"field", g.field_value(), mutable=False),
            Command("XGROUP", "CREATE", key, "g1", "0", mutable=False),
            Command("XREADGROUP", b"GROUP", b"g1", b"c1", g.word("BLOCK"), b"0", b"STREAMS", key, b">",
                    mutable=False),
            Command("XREADGROUP", b"GROUP", b"g1", b"c1", g.word("BLOCK"), b"0", b"STREAMS", key, b"0",
                    mutable=False),
            Command("DEL", key, mutable=False)]


def xack(g):
    return [Command("XACK", stream_key(g), group(g), *[some_id(g) for _ in range(g.rng.randint(1, 6))])]


# ---- what is pending: of a stream of its own, whose ids are known

PENDING_MOST = 9  # entries


def known_id(g):
    return b"%d-1" % g.rng.randint(1, PENDING_MOST) if g.chance(0.98) else g.choice(
        [one for one in EDGE_IDS if one not in (b"*", b"0-*")])


def known_end(g, least):
    roll = g.rng.random()
    return (b"-" if least else b"+") if roll < 0.4 else (b"(" if roll < 0.6 else b"") + known_id(g)


def group_of(g):
    return b"g1" if g.chance(0.97) else b"other"


def usually(g, usual, wrong=(b"x",)):
    return g.choice(usual) if g.chance(0.93) else g.choice(wrong)


def flat(g, options):
    g.rng.shuffle(options)
    return [word for option in options for word in option]


def xpending(g, key):
    if g.chance(0.3):
        return [Command("XPENDING", key, group_of(g))]
    idle = [g.word("IDLE"), usually(g, (b"0", b"0", b"1000000000", b"-5"))]
    name = [g.choice((consumer(g), consumer(g), b"nobody"))] if g.chance(0.5) else []
    return [Command("XPENDING", key, group_of(g), *(idle if g.chance(0.4) else []),
                    known_end(g, True), known_end(g, False), small(g, 12), *name, comparer=pending)]


def xclaim(g, key):
    options = []
    if g.chance(0.2):
        options.append([g.word("IDLE"), usually(g, (b"0", b"1000000", b"-7"))])
    if g.chance(0.2):
        options.append([g.word("TIME"), usually(g, (b"1000000000000", b"1", b"99999999999999"))])
    if g.chance(0.3):
        options.append([g.word("RETRYCOUNT"), usually(g, (b"0", b"5", b"-1"))])
    if g.chance(0.3):
        options.append([g.word("FORCE")])
    if g.chance(0.3):
        options.append([g.word("JUSTID")])
    if g.chance(0.2):
        options.append([g.word("LASTID"), known_id(g)])
    taker = consumer(g)
    return [consumer_first(g, key, "g1", taker),
            Command("XCLAIM", key, group_of(g), taker, usually(g, (b"0", b"0", b"1000000000", b"-1")),
                    *[known_id(g) for _ in range(g.rng.randint(1, 5))], *flat(g, options),
                    mutable=False)]


def xautoclaim(g, key):
    options = []
    if g.chance(0.6):
        options.append([g.word("COUNT"), usually(g, (b"1", b"2", b"5", b"100"), (b"0", b"x"))])
    if g.chance(0.3):
        options.append([g.word("JUSTID")])
    taker = consumer(g)
    return [consumer_first(g, key, "g1", taker),
            Command("XAUTOCLAIM", key, group_of(g), taker, usually(g, (b"0", b"0", b"1000000000")),
                    known_end(g, True), *flat(g, options), mutable=False)]


def whats_pending(g):
    key = g.fresh(b"x")
    unit = [Command("XADD", key, b"%d-1" % i, b"field", g.field_value(), mutable=False)
            for i in range(1, g.rng.randint(3, PENDING_MOST + 1))]
    unit.append(Command("XGROUP", "CREATE", key, "g1", "0", mutable=False))
    for _ in range(g.rng.randint(1, 2)):
        reader = consumer(g)
        unit += [consumer_first(g, key, "g1", reader),
                 Command("XREADGROUP", "GROUP", "g1", reader, "COUNT", g.rng.randint(1, 6), "STREAMS",
                         key, ">", mutable=False)]
    if g.chance(0.4):
        unit.append(Command("XACK", key, "g1", *[known_id(g) for _ in range(3)]))
    for _ in range(5):
        if g.chance(0.1):
            unit.append(Command("XDEL", key, known_id(g), known_id(g), mutable=False))
        unit += g.choice((xpending, xclaim, xautoclaim))(g, key)
    return unit + [Command("XPENDING", key, "g1", "-", "+", "20", comparer=pending, mutable=False),
                   Command("XINFO", "STREAM", key, "FULL", comparer=described, mutable=False),
                   Command("DEL", key, mutable=False)]


# ---- the rest

def xinfo_stream(g):
    options = g.choice(([], [b"FULL"], [b"FULL", b"COUNT", small(g)], [b"FULL", b"COUNT"], [b"x"]))
    return [Command("XINFO", "STREAM", stream_key(g), *options, comparer=described)]


def read_counts(g):
    """What a group has read and has before it, where nothing was deleted."""
    key = g.fresh(b"x")
    unit = []
    for i in range(1, 4):
        unit += [Command("XADD", key, b"%d-1" % (2 * i), "a", "b", mutable=False),
                 Command("XADD", key, b"%d-2" % (2 * i), "a", "b", mutable=False)]
        if i == 1:
            unit += [Command("XGROUP", "CREATE", key, "g1", g.choice((b"0", b"$", b"2-1")),
                             mutable=False), consumer_first(g, key, "g1", "c1")]
        unit += [Command("XREADGROUP", "GROUP", "g1", "c1", "COUNT", g.rng.randint(1, 3), "STREAMS",
                         key, ">", mutable=False),
                 Command("XINFO", "GROUPS", key, comparer=described_exactly, mutable=False)]
    return unit + [Command("DEL", key, mutable=False)]


def whole(g):
    """As the rest of the server sees a stream."""
    key, other = g.choice(g.stream_keys), g.fresh(b"x")
    return [Command("TYPE", key, mutable=False), Command("OBJECT", "ENCODING", key, mutable=False),
            Command("DEBUG", "DIGEST-VALUE", key, mutable=False),
            Command("COPY", key, other, mutable=False),
            Command("XINFO", "STREAM", other, "FULL", "COUNT", "3", comparer=described, mutable=False),
            Command("DEBUG", "DIGEST-VALUE", other, mutable=False),
            Command("EVAL", "redis.call('XADD', KEYS[1], ARGV[1], 'a', 'b') "
                            "return redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 3)",
                    "1", other, b"%d-77" % (g.stream_time + 100), mutable=False),
            Command("DEL", other, mutable=False)] + (
                [Command("DEL", key, mutable=False)] if g.chance(0.2) else [])


def in_transaction(g):
    key = g.fresh(b"x")
    return [Command("MULTI", mutable=False),
            *[Command(*args, mutable=False, counted=False) for args in (
                ("XREAD", "BLOCK", "0", "STREAMS", key, "$"), ("XADD", key, "1-1", "a", "b"),
                ("XGROUP", "CREATE", key, "g", "$"),
                ("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", key, ">"))],
            Command("EXEC", mutable=False), Command("DEL", key, mutable=False)]


def woken(g):
    """One client waits, another adds."""
    key, target = g.fresh(b"x"), g.fresh(b"x")
    waits = g.choice((("XREAD", "BLOCK", "0", "STREAMS", key, "$"),
                      ("XREAD", "BLOCK", "0", "COUNT", "1", "STREAMS", target, key, "0", "3-0"),
                      ("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", key, ">"),
                      ("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "NOACK", "STREAMS", key, ">")))
    adds = g.choice((
        [("XADD", key, "5-1", b"field", g.field_value())],
        [("MULTI",), ("XADD", key, "5-1", "a", "b"), ("XADD", key, "5-2", "a", "b"), ("EXEC",)],
        [("EVAL", "redis.call('XADD',KEYS[1],'5-1','a','b') redis.call('XADD',KEYS[1],'5-2','a','b')",
          "1", key)],
        [("XADD", key, "5-1", "a", "b"), ("XDEL", key, "5-1")]))
    return [Command("XGROUP", "CREATE", key, "g", "$", "MKSTREAM", mutable=False),
            Send("blocked", *waits), AwaitBlocked(),
            *[Command(*args, mutable=False, conn="other") for args in adds],
            Fence("blocked"),
            Command("XINFO", "GROUPS", key, comparer=described, mutable=False),
            Command("DEL", key, target, mutable=False)]


COMMANDS = {
    "xadd": (2, xadd),
    "xlen": (1, lambda g: [Command("XLEN", stream_key(g))]),
    "xrange": (1, ranges("XRANGE")),
    "xrevrange": (1, ranges("XREVRANGE")),
    "xdel": (0.6, xdel),
    "xdel found": (0.1, xdel_found),
    "xtrim": (0.6, xtrim),
    "nodes": (0.1, small_nodes),
    "xsetid": (0.4, xsetid),
    "xgroup|create": (0.7, xgroup_create),
    "xgroup|setid": (1, xgroup_setid),
    "xgroup|destroy": (0.8, xgroup_destroy),
    "xgroup|createconsumer": (0.3, consumers("CREATECONSUMER")),
    "xgroup|delconsumer": (0.9, consumers("DELCONSUMER")),
    "help": (0.8, lambda g: [Command("XGROUP", "HELP"), Command("XINFO", "HELP")]),
    "xread": (1, xread),
    "xread wrong": (0.2, xread_wrong),
    "xread now": (0.3, xread_now),
    "xreadgroup": (1, xreadgroup),
    "xreadgroup wrong": (0.2, xreadgroup_wrong),
    "xreadgroup now": (0.2, xreadgroup_now),
    "xack": (0.7, xack),
    "what is pending": (0.6, whats_pending),
    "xinfo|stream": (0.8, xinfo_stream),
    "xinfo|groups": (0.8, lambda g: [Command("XINFO", "GROUPS", stream_key(g), comparer=described)]),
    "xinfo|consumers": (1, xinfo_consumers),
    "read counts": (0.1, read_counts),
    "streams whole": (0.3, whole),
    "streams in MULTI": (0.1, in_transaction),
    "streams' waiters": (0.2, woken),
}

"""Publish and subscribe, and keyspace notifications, with frames compared in their order."""
import compare
from families.base import Command, Fence, Reconnect, Send

OPTIONS = {}

CHANNELS = [b"news", b"news.sport", b"weather", b"\x00bin\r\n", b"", b"a"]
PATTERNS = [b"news*", b"*", b"weath?r", b"[an]*", b"\\*"]


def names(g, pool):
    return [g.choice(pool) for _ in range(g.rng.randint(1, 3))]


def distinct(g, pool):
    return g.rng.sample(pool, g.rng.randint(1, 3))


def subscribe(g):
    """Channels and patterns of two subscribers, and what is published while they listen."""
    unit = []
    for conn in ("sub", "sub2")[:g.rng.randint(1, 2)]:
        for _ in range(g.rng.randint(1, 3)):
            unit.append(Send(conn, *g.choice((
                (g.word("SUBSCRIBE"), *names(g, CHANNELS)), ("PSUBSCRIBE", *names(g, PATTERNS)),
                ("SSUBSCRIBE", g.choice(CHANNELS)), ("UNSUBSCRIBE", g.choice(CHANNELS)),
                ("PUNSUBSCRIBE", g.choice(PATTERNS)), ("SUNSUBSCRIBE", g.choice(CHANNELS))))))
        unit.append(Fence(conn))
    for _ in range(g.rng.randint(1, 5)):
        unit.append(Command(g.choice(("PUBLISH", "PUBLISH", "SPUBLISH")), g.choice(CHANNELS),
                            g.value()))
    unit += g.rng.sample(introspection(g), 2)
    unit += [Fence("sub"), Fence("sub2")]
    for conn in ("sub", "sub2"):  # one name each or all of them: all come in any order
        unit += [Send(conn, "UNSUBSCRIBE"), Send(conn, "PUNSUBSCRIBE"), Send(conn, "SUNSUBSCRIBE"),
                 Fence(conn, unordered=True)]
    return unit


def introspection(g):
    return [
        Command("PUBSUB", g.word("CHANNELS"), *g.choice(([], [b"news*"], [b"[^n]*"])),
                comparer=compare.unordered),
        Command("PUBSUB", "NUMSUB", *g.choice(([], distinct(g, CHANNELS)))),
        Command("PUBSUB", "NUMPAT"),
        Command("PUBSUB", "SHARDCHANNELS", *g.choice(([], [b"w*"])), comparer=compare.unordered),
        Command("PUBSUB", "SHARDNUMSUB", *g.choice(([], distinct(g, CHANNELS)))),
    ]


def pubsub(g):
    return g.rng.sample(introspection(g), 4)


def one_kind(kind):
    """Only one kind, in numbers: its replies count, its opposite's too."""
    def build(g):
        pool = PATTERNS if kind == "P" else CHANNELS
        unit = []
        for name in distinct(g, pool):
            unit += [Send("sub", kind + "SUBSCRIBE", name)]
        unit.append(Fence("sub"))
        unit += [Command("SPUBLISH" if kind == "S" else "PUBLISH", "news", g.value()), Fence("sub")]
        for name in distinct(g, pool):
            unit.append(Send("sub", kind + "UNSUBSCRIBE", name))
        unit.append(Fence("sub"))
        unit += [Send("sub", kind + "UNSUBSCRIBE"), Fence("sub", unordered=True)]
        return unit
    return build


def subscriber_mode(g):
    """What a subscriber may and may not send; RESP2 and RESP3 differ here."""
    refused = g.choice((("GET", "a"), ("SET", "a", "1"), ("MULTI",), ("PUBLISH", "a", "b"),
                        ("CLIENT", "ID"), ("EVAL", "return 1", "0"), ("nosuch",), ("get",)))
    unit = [Send("sub", "SUBSCRIBE", "news"), Fence("sub")]
    if refused[0] != "CLIENT" and refused[0] != "MULTI":
        unit.append(Send("sub", *refused))
    unit += [Send("sub", "PING"), Send("sub", "PING", g.value()), Send("sub", "ECHO"), Fence("sub")]
    if g.chance(0.5):
        return unit + [Send("sub", "RESET"), Fence("sub"), Reconnect("sub")]
    return unit + [Send("sub", "QUIT"), Reconnect("sub", closed=True)]


def in_multi(g):
    """Without a PUBLISH inside: Redis puts that message into the middle of EXEC's array."""
    return [Send("sub", "MULTI"), Send("sub", "SUBSCRIBE", "news"), Send("sub", "EXEC"), Fence("sub"),
            Command("PUBLISH", "news", g.value()), Fence("sub"), Send("sub", "UNSUBSCRIBE", "news"),
            Fence("sub")]


def notifications(g):
    """Keyspace events of a few commands, in their order."""
    flags = g.choice(("KEA", "KA", "Egx", "E$", "Ks", "Eg", "KEx", "A", ""))
    unit = [Command("CONFIG", "SET", "notify-keyspace-events", flags),
            Command("CONFIG", "GET", "notify-keyspace-events"),
            Send("sub", "PSUBSCRIBE", "__key*__:*"), Fence("sub")]
    a, b = g.fresh(b"e"), g.fresh(b"e")
    ways = [
        [Command("SET", a, "1"), Command("INCR", a), Command("APPEND", a, "0"), Command("DEL", a)],
        [Command("SET", a, "1", "EX", g.ttl_s()), Command("PERSIST", a), Command("GETDEL", a)],
        [Command("SETEX", a, g.ttl_s(), "v"), Command("GETEX", a, "PXAT", g.unix_ms()),
         Command("GETEX", a, "PERSIST"), Command("UNLINK", a)],
        [Command("SADD", a, "1", "2"), Command("SMOVE", a, b, "1"), Command("SREM", a, "2"),
         Command("SPOP", b)],
        [Command("SADD", a, "1", "2"), Command("SUNIONSTORE", b, a), Command("SINTERSTORE", b, a, "nil"),
         Command("DEL", a)],
        [Command("SET", a, "v"), Command("RENAME", a, b), Command("COPY", b, a), Command("DEL", a, b)],
        [Command("SET", a, "v"), Command("MOVE", a, "3"), Command("SELECT", "3"), Command("DEL", a),
         Command("SELECT", "0")],
        [Command("MSET", a, "1", b, "2"), Command("EXPIRE", a, "-1"), Command("PEXPIREAT", b, "1")],
        [Command("SETRANGE", a, "3", "x"), Command("INCRBYFLOAT", b, "1.5"), Command("GETSET", a, "y"),
         Command("DEL", a, b)],
        [Command("MULTI", mutable=False), Command("SET", a, "1", counted=False, mutable=False),
         Command("DEL", a, counted=False, mutable=False), Command("EXEC", mutable=False)],
        [Command("EVAL", "redis.call('SET',KEYS[1],1) redis.call('SADD',KEYS[2],1) "
                 "return redis.call('DEL',KEYS[1],KEYS[2])", 2, a, b)],
        [Command("SETNX", a, "1"), Command("SETNX", a, "1"), Command("SET", a, "2", "GET"),
         Command("DECRBY", a, "2"), Command("DEL", a)],
    ]
    for way in g.rng.sample(ways, 3):
        for command in way:
            command.mutable = False
        unit += way + [Command("DEL", a, b)]
    return unit + [Fence("sub"), Send("sub", "PUNSUBSCRIBE"), Fence("sub"),
                   Command("CONFIG", "SET", "notify-keyspace-events", "")]


COMMANDS = {
    "subscribe": (0.3, subscribe),
    "subscribe only": (0.3, one_kind("")),
    "psubscribe": (0.3, one_kind("P")),
    "ssubscribe": (0.3, one_kind("S")),
    "publish": (0.5, lambda g: [Command("PUBLISH", g.choice(CHANNELS), g.value())]),
    "spublish": (0.5, lambda g: [Command("SPUBLISH", g.choice(CHANNELS), g.value())]),
    "pubsub|channels": (0.6, pubsub),
    "subscriber mode": (0.1, subscriber_mode),
    "subscribe in multi": (0.05, in_multi),
    "notifications": (0.3, notifications),
}

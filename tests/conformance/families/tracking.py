"""Client-side caching: CLIENT TRACKING with pushes in RESP3 and messages to a redirect's target in
RESP2, frame by frame.

Each write is followed by a fence on the tracker, so that Redis, which gathers what it broadcasts in
one round of its loop, has one command's keys together, as Larder does.
"""
from families.base import Command, Fence, Reconnect, Send

OPTIONS = {
    "client|tracking": ["ON", "OFF", "OPTIN", "OPTOUT", "BCAST", "PREFIX", "NOLOOP", "REDIRECT"],
    "client|caching": ["YES", "NO"],
}

PREFIXES = [b"s:", b"t:1", b"h:", b"\xff\x00", b"k:", b"u", b"zz", b"l:0"]


def without_ids(frame):
    """Ids of clients differ between servers: every number above 0 counts as the same."""
    kind, payload = frame
    if isinstance(payload, list):
        return kind, [without_ids(item) for item in payload]
    if kind == ":" and int(payload) > 0:
        return kind, b"1"
    return frame


def client_id(conn):
    def resolve(session):
        session.get(conn)
        return b"%d" % session.client_ids[conn]
    return resolve


def send(conn, *args):
    """One request, and its frames."""
    return [Send(conn, *args), Fence(conn, normalise=without_ids)]


def on(g, *options, redirect=0.0):
    words = [g.word(option) if isinstance(option, str) else option for option in options]
    if g.chance(redirect):
        words += [g.word("REDIRECT"), client_id("sub")]
    return send("track", "CLIENT", g.word("TRACKING"), g.word("ON"), *words)


def off(g):
    return send("track", "CLIENT", "TRACKING", g.word("OFF"))


def both_fences():
    return [Fence("track"), Fence("sub")]


def subscribed(g, unit):
    """With a subscriber, which a RESP2 client's redirect needs."""
    return (send("sub", "SUBSCRIBE", g.choice((b"__redis__:invalidate", b"other"))) + unit
            + send("sub", "UNSUBSCRIBE"))


def read(g):
    key = g.any_key()
    return key, g.choice((
        ("GET", key), ("MGET", key, g.any_key()), ("TYPE", key), ("TTL", key), ("EXISTS", key, key),
        ("STRLEN", key), ("HLEN", key), ("LLEN", key), ("SCARD", key), ("ZCARD", key),
        ("OBJECT", "ENCODING", key), ("XLEN", key), ("GETRANGE", key, "0", "-1"),
        ("SINTERCARD", 2, key, g.any_key()), ("LRANGE", key, "0", "1")))


def write(g, key):
    """Commands of one writer; each with what it must find to succeed, more or less often."""
    other = g.any_key()
    return g.choice((
        ("SET", key, g.value()), ("SET", key, g.value(), "EX", g.ttl_s()), ("DEL", key),
        ("UNLINK", key, other), ("MSET", key, g.value(), other, g.value()), ("APPEND", key, "x"),
        ("INCR", key), ("EXPIRE", key, g.ttl_s()), ("PERSIST", key), ("RENAME", key, other),
        ("RENAMENX", other, key), ("COPY", other, key, "REPLACE"), ("GETDEL", key),
        ("GETEX", key, "EX", g.ttl_s()), ("GETEX", key), ("SETRANGE", key, "1", "x"),
        ("HSET", key, g.field(), g.field_value()), ("HDEL", key, g.field()),
        ("SADD", key, g.member()), ("SREM", key, g.member()), ("RPUSH", key, g.member()),
        ("LPOP", key), ("ZADD", key, "1", g.member()), ("ZREM", key, g.member()),
        ("EXPIRE", key, "-1"), ("PEXPIREAT", key, "1"), ("MOVE", key, "3"),
        ("SINTERSTORE", key, other), ("LMOVE", other, key, "LEFT", "RIGHT"),
        ("GET", key), ("PFADD", key, g.member()), ("SETBIT", key, "3", "1")))


def back(g, key):
    return [Command("SELECT", "3"), Command("DEL", key), Command("SELECT", "0"),
            Command("SET", key, g.value())]


def reads_and_writes(g):
    """The plain mode, and the two that choose what is remembered."""
    redirect = 0.7
    mode = g.choice(((), (), ("NOLOOP",), ("OPTIN",), ("OPTOUT",)))
    unit = on(g, *mode, redirect=redirect)
    touched = []
    for _ in range(g.rng.randint(1, 4)):
        key, request = read(g)
        touched.append(key)
        if mode == ("OPTIN",) and g.chance(0.8):
            unit += [Send("track", "CLIENT", "CACHING", g.word("YES"))]
        if mode == ("OPTOUT",) and g.chance(0.3):
            unit += [Send("track", "CLIENT", "CACHING", g.word("NO"))]
        unit += send("track", *request)
    for _ in range(g.rng.randint(1, 4)):
        key = g.choice(touched)
        unit += [Command(*write(g, key), mutable=False)] + both_fences()
    for _ in range(g.rng.randint(0, 2)):  # its own changes
        unit += send("track", *write(g, g.choice(touched))) + [Fence("sub")]
    unit += off(g) + [Command(*write(g, touched[0]))] + both_fences()
    for key in touched:
        unit += back(g, key)
    return subscribed(g, unit)


def transaction(g):
    """Nothing comes in between the parts of EXEC's reply."""
    mode = g.choice(((), ("OPTIN",), ("OPTOUT",)))
    a, b = g.fresh(b"t"), g.fresh(b"t")
    unit = on(g, *mode) + send("track", "GET", a)
    if mode == ("OPTIN",):
        unit += [Send("track", "CLIENT", "CACHING", "YES")]
    unit += [Send("track", "MULTI"), Send("track", "GET", a), Send("track", "SET", b, "1")]
    if mode == ("OPTOUT",):
        unit += [Send("track", "CLIENT", "CACHING", "NO")]
    unit += [Send("track", "PTTL", b), Send("track", "GET", b),
             Send("track", *g.choice((("EXEC",), ("EXEC",), ("DISCARD",)))), Fence("track")]
    unit += send("track", "GET", b)
    return unit + [Command("MSET", a, "1", b, "2"), Fence("track"), Command("DEL", a, b),
                   Fence("track")] + off(g)


def script(g):
    """Scripts that read the keys they declare, as Redis 7.0 remembers all of these."""
    key = g.fresh(b"t")
    reading = g.choice((("EVAL", "return redis.call('GET', KEYS[1])", 1, key),
                        ("EVAL_RO", "return redis.call('EXISTS', KEYS[1])", 1, key),
                        ("EVAL", "redis.call('GET', KEYS[1]) return redis.call('SET', KEYS[1], 1)", 1,
                         key)))
    return (on(g) + send("track", *reading)
            + [Command("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", 1, key, g.value()),
               Fence("track"), Command("DEL", key), Fence("track")] + off(g))


def caching(g):
    """CLIENT CACHING in and out of its mode, and how long it lasts."""
    mode = g.choice((("OPTIN",), ("OPTOUT",), (), ("BCAST",)))
    unit = on(g, *mode) if g.chance(0.9) else []
    key = g.fresh(b"t")
    for _ in range(g.rng.randint(1, 4)):
        word = "YES" if mode == ("OPTIN",) else "NO"
        if g.chance(0.2):
            word = g.choice(("YES", "NO", "x", ""))
        unit += [Send("track", "CLIENT", "CACHING", g.word(word)), Fence("track")]
        unit += [Send("track", "CLIENT", "CACHING", word),
                 Send("track", *g.choice((("CLIENT", "TRACKINGINFO"), ("CLIENT", "ID", "x"), ("nosuch",),
                                          ("GET",), ("GET", key)))),
                 Send("track", "CLIENT", "TRACKINGINFO"), Send("track", "GET", key), Fence("track"),
                 Command("SET", key, "1"), Fence("track")]
    return unit + [Command("DEL", key), Fence("track")] + off(g)


def options(g):
    """Options as they come, with their errors, one after the other on one client."""
    unit = []
    held = []
    for _ in range(g.rng.randint(1, 5)):
        words = []
        prefixes = []
        for _ in range(g.rng.randint(0, 3)):
            option = g.choice(("OPTIN", "OPTOUT", "BCAST", "NOLOOP", "REDIRECT", "PREFIX", "x"))
            words.append(g.word(option) if g.chance(0.95) else option[1:])
            if option == "REDIRECT":
                words.append(g.choice((client_id("sub"), client_id("track"), b"999999999", b"x", b"0",
                                       b"-1")))
            if option == "PREFIX" and g.chance(0.95):
                prefixes.append(g.choice(PREFIXES))
                words.append(prefixes[-1])
        # Redis answers twice where another than the first of its prefixes overlaps with a later one.
        if any(overlap(a, b) for i, a in enumerate(prefixes[1:]) for b in prefixes[i + 2:]):
            continue
        held += prefixes
        unit += send("track", "CLIENT", "TRACKING", g.choice(("ON", "on", "ON", "OFF", "x")), *words)
        unit += send("track", "CLIENT", "TRACKINGINFO")
        unit += send("track", "CLIENT", "GETREDIR")
    return unit + off(g)


def overlap(a, b):
    return a.startswith(b) or b.startswith(a)


def broadcast(g):
    """By prefix, whether read or not; one array of keys for each prefix and command."""
    prefixes = g.rng.sample(PREFIXES, g.rng.randint(0, 3))
    words = [word for prefix in prefixes for word in ("PREFIX", prefix)]
    unit = on(g, "BCAST", *g.choice(((), ("NOLOOP",))), *words, redirect=0.7)
    for _ in range(g.rng.randint(1, 5)):
        key = g.any_key()
        if g.chance(0.7):
            unit += [Command(*write(g, key), mutable=False)] + both_fences()
        else:
            unit += send("track", *write(g, key)) + [Fence("sub")]
        unit += [Command("SELECT", "3"), Command("DEL", key), Fence("track"), Command("SELECT", "0")]
    if g.chance(0.3):
        more = g.choice(PREFIXES)
        unit += on(g, "BCAST", "PREFIX", more) + send("track", "CLIENT", "TRACKINGINFO")
        unit += [Command("SET", more + b"x", "1", mutable=False)] + both_fences()
        unit += [Command("DEL", more + b"x")] + both_fences()
    return subscribed(g, unit + off(g))


def flush(g):
    """Everything is told to be gone, to all that track, by null."""
    # In RESP2 only where there is a target; with one, both speak the same protocol here.
    mode = g.choice(((), ("BCAST",), ("NOLOOP",), ("OPTIN",)))
    unit = on(g, *mode, redirect=0.7) + send("track", "GET", "s:1")
    flushing = g.choice((("FLUSHDB",), ("FLUSHALL",), ("FLUSHDB", "ASYNC")))
    unit += [Command("SELECT", "7"), Command(*flushing) if flushing[0] == "FLUSHDB" else
             Command("FLUSHDB"), *both_fences(), Command("SELECT", "0")]
    if g.chance(0.5):
        unit += [Send("track", "SELECT", "7"), Fence("track")]
        unit += send("track", "FLUSHDB") + [Fence("sub")] + send("track", "SELECT", "0")
    return subscribed(g, unit + off(g))


def broken(g):
    """The target of a redirect goes before it has to be told."""
    key = g.fresh(b"t")
    unit = on(g, "REDIRECT", client_id("sub")) + send("track", "GET", key)
    unit += send("track", "CLIENT", "GETREDIR")
    unit += [Command("CLIENT", "KILL", "ID", client_id("sub"), counted=False),
             Reconnect("sub", closed=True),
             Command("SET", key, "1", mutable=False), Fence("track", normalise=without_ids)]
    unit += send("track", "CLIENT", "TRACKINGINFO") + send("track", "GET", key)
    unit += [Command("DEL", key, mutable=False), Fence("track", normalise=without_ids)]
    return unit + off(g) + send("track", "CLIENT", "TRACKINGINFO")


def reset(g):
    """RESET and QUIT end it."""
    key = g.fresh(b"t")
    unit = on(g, *g.choice(((), ("BCAST",), ("OPTIN",)))) + send("track", "GET", key)
    unit += [Send("track", "RESET"), Fence("track")] + send("track", "CLIENT", "TRACKINGINFO")
    return unit + [Command("SET", key, "1"), Fence("track"), Command("DEL", key), Reconnect("track")]


COMMANDS = {
    "client|tracking": (0.5, reads_and_writes),
    "tracking in multi": (0.15, transaction),
    "tracking of scripts": (0.1, script),
    "client|caching": (0.25, caching),
    "client|trackinginfo": (0.3, options),
    "tracking by prefix": (0.3, broadcast),
    "tracking and flush": (0.08, flush),
    "client|getredir": (0.2, broken),
    "tracking and reset": (0.08, reset),
}

"""What the families build their commands from: steps, key pools, values, edge cases.

A family module has COMMANDS (coverage name -> (weight, function of a Generator that returns a list
of steps)) and OPTIONS (coverage name -> keywords that must be seen to work). A list of steps is a
unit: it runs undivided and leaves the connections as it found them (database 0, no MULTI, no
subscription), so that any unit can follow any other.
"""
import random

import compare

CONTAINERS = {"acl", "client", "config", "function", "object", "script", "pubsub", "command", "memory", "slowlog",
              "debug", "module", "xgroup", "xinfo"}

# Gone wrong, these would leave a connection in another state than units may.
NEVER_MUTATED = {b"SELECT", b"MULTI", b"EXEC", b"DISCARD", b"WATCH", b"CONFIG"}


def to_bytes(arg):
    if isinstance(arg, bytes) or callable(arg):
        return arg
    return str(arg).encode()


class Command:
    """One request on a connection that answers each request once.

    An argument may be a function of the session (connection numbers differ between servers).
    """
    __slots__ = ("args", "comparer", "conn", "mutable", "counted")

    def __init__(self, *args, comparer=compare.exact, conn="main", mutable=True, counted=True):
        self.args = [to_bytes(arg) for arg in args]
        self.comparer = comparer
        self.conn = conn
        self.mutable = (mutable and not any(callable(arg) for arg in self.args)
                        and self.args[0] not in NEVER_MUTATED)
        self.counted = counted

    @property
    def name(self):
        return name_of(self.args)

    def __repr__(self):
        words = ["<of the session>" if callable(arg) else repr(arg)[1:] for arg in self.args]
        return f"[{self.conn}] " + " ".join(word if len(word) < 200 else
                                            word[:200] + f"...({len(word)})" for word in words)


def name_of(args):
    """The name under which coverage counts a request: `get`, `client|list`."""
    name = b"" if callable(args[0]) else args[0].lower()
    name = name.decode("latin-1")
    if name in CONTAINERS and len(args) > 1 and not callable(args[1]):
        return f"{name}|{args[1].lower().decode('latin-1')}"
    return name


class Send:
    """One request on a connection whose frames are only read at the next Fence."""

    def __init__(self, conn, *args):
        self.conn = conn
        self.args = [to_bytes(arg) for arg in args]

    @property
    def name(self):
        return name_of(self.args)

    def __repr__(self):
        return f"[{self.conn}] " + " ".join(repr(arg)[1:] for arg in self.args) + " (unread)"


class Fence:
    """Reads every frame of a connection up to the answer of a PING sent now; compares them all."""

    def __init__(self, conn, unordered=False, normalise=None):
        self.conn = conn
        self.unordered = unordered
        self.normalise = normalise

    def __repr__(self):
        return f"[{self.conn}] read all frames"


class AwaitBlocked:
    """Goes on once a client waits for a key."""

    def __repr__(self):
        return "wait until a client is blocked"


class Reconnect:
    """Closes a connection and opens it anew; `closed` also demands that the server closed it."""

    def __init__(self, conn, closed=False):
        self.conn = conn
        self.closed = closed

    def __repr__(self):
        return f"[{self.conn}] reconnect"


# No argument here makes any command slow, large or dependent on the time of day: no small positive
# number can become a TTL that ends during the run.
EDGE_INTEGERS = [b"", b"abc", b"1.5", b" 7", b"7 ", b"+7", b"-0", b"0x10", b"07", b"--1", b"1e5",
                 b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808",
                 b"-9223372036854775809", b"18446744073709551616", b"-1", b"0", b"\x00", b"1\x00"]
EDGE_FLOATS = [b"1.5", b"-0.0", b"1e5", b"3.0e3", b"0.1", b"nan", b"inf", b"-inf", b"1e309", b"abc",
               b"", b" 1", b"1 ", b"0x1p3", b"5e-324", b"1.7976931348623157e308", b"+1.5", b".5"]


class Generator:
    """Seeded source of keys, values and arguments."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.choice = self.rng.choice
        self.string_keys = [b"s:%d" % i for i in range(10)] + [
            b"", b"s:\x00\xff\r\n*1", b"s:" + b"k" * 300, "s:ключ".encode(), b"{tag}s"]
        self.integer_keys = [b"i:%d" % i for i in range(6)]
        self.set_keys = [b"t:%d" % i for i in range(8)] + [b"t:\x80 \n", b"{tag}t"]
        self.hash_keys = [b"h:%d" % i for i in range(8)] + [b"h:\x80 \n", b"{tag}h"]
        self.list_keys = [b"l:%d" % i for i in range(8)] + [b"l:\x80 \n", b"{tag}l"]
        self.sorted_keys = [b"z:%d" % i for i in range(8)] + [b"z:\x80 \n", b"{tag}z"]
        self.stream_keys = [b"x:%d" % i for i in range(6)] + [b"x:\x80 \n", b"{tag}x"]
        self.stream_time = 10  # of the ids of streams, which grow
        self.other_keys = [b"k:%d" % i for i in range(16)] + [b"k:\xff\xfe"]
        self.counter = 0

    def chance(self, probability):
        return self.rng.random() < probability

    def string_key(self):
        return self._key(self.string_keys)

    def integer_key(self):
        return self._key(self.integer_keys)

    def set_key(self):
        return self._key(self.set_keys)

    def hash_key(self):
        return self._key(self.hash_keys)

    def list_key(self):
        return self._key(self.list_keys)

    def sorted_key(self):
        return self._key(self.sorted_keys)

    def any_key(self):
        return self.choice(self.choice((self.string_keys, self.integer_keys, self.set_keys,
                                        self.hash_keys, self.list_keys, self.sorted_keys,
                                        self.stream_keys, self.other_keys)))

    def other_key(self):
        return self._key(self.other_keys)

    def _key(self, pool):
        """A key of the pool; now and then one of another type or one that is missing."""
        roll = self.rng.random()
        if roll < 0.04:
            return self.any_key()
        if roll < 0.06:
            return b"missing"
        return self.choice(pool)

    def fresh(self, prefix=b"u"):
        """A name never used before in this run."""
        self.counter += 1
        return b"%b:%d" % (prefix, self.counter)

    def integer(self):
        if self.chance(0.15):
            return self.choice(EDGE_INTEGERS)
        return b"%d" % self.rng.choice((self.rng.randint(-3, 3), self.rng.randint(-100, 100),
                                        self.rng.randint(-10**12, 10**12)))

    def float(self):
        if self.chance(0.15):
            return self.choice(EDGE_FLOATS)
        return self.choice((b"%d" % self.rng.randint(-50, 50),
                            b"%.3f" % self.rng.uniform(-100, 100),
                            b"%g" % self.rng.uniform(-1e9, 1e9), b"0.1", b"3.0"))

    def index(self):
        return b"%d" % self.rng.randint(-12, 12) if self.chance(0.9) else self.integer()

    def value(self):
        roll = self.rng.random()
        if roll < 0.25:
            return b"%d" % self.rng.randint(-1000, 1000)
        if roll < 0.35:
            return self.choice((b"", b"0", b"-0", b"01", b"1.5", b"9223372036854775807",
                                b"-9223372036854775808", b"9223372036854775808", b"\r\n",
                                b"\x00\x01\xfe\xff", b"hello world"))
        if roll < 0.92:
            return self.text(self.rng.randint(1, 60))
        if roll < 0.98:
            return self.rng.randbytes(self.rng.randint(1, 300))
        return self.text(self.rng.choice((44, 45, 1000, 5000, 20000)))

    def text(self, length):
        return b"".join(self.rng.choices((b"a", b"b", b"c", b"d", b"foo", b"1"), k=length))[:length]

    def member(self):
        roll = self.rng.random()
        if roll < 0.5:
            return b"%d" % self.rng.randint(0, 30)
        if roll < 0.9:
            return b"m%d" % self.rng.randint(0, 30)
        return self.value()

    def members(self, most=6):
        return [self.member() for _ in range(self.rng.randint(1, most))]

    def field(self):
        roll = self.rng.random()
        if roll < 0.95:
            return b"%s%d" % (self.choice((b"", b"m")), self.rng.randint(0, 30))
        return self.value()

    def fields(self, most=6):
        return [self.field() for _ in range(self.rng.randint(1, most))]

    def field_value(self):
        return self.value() if self.chance(0.5) else b"%d" % self.rng.randint(-100, 100)

    def word(self, keyword):
        """A keyword in one of the spellings that clients use."""
        return self.choice((keyword.upper(), keyword.upper(), keyword.lower(), keyword.title()))

    def ttl_s(self):
        """Far beyond the run, and random enough that GT and LT never hang on a millisecond."""
        return b"%d" % self.rng.randint(10**6, 4 * 10**8)

    def ttl_ms(self):
        return b"%d" % self.rng.randint(10**9, 4 * 10**11)

    def unix_s(self):
        """A moment far ahead."""
        return b"%d" % self.rng.randint(3 * 10**9, 10**10)

    def unix_ms(self):
        return b"%d" % self.rng.randint(3 * 10**12, 10**13)

    def expiry(self, keywords=("EX", "PX", "EXAT", "PXAT")):
        """An expiry option with its value."""
        keyword = self.choice(keywords)
        moment = {"EX": self.ttl_s, "PX": self.ttl_ms, "EXAT": self.unix_s, "PXAT": self.unix_ms}
        value = moment[keyword]() if self.chance(0.93) else self.choice(
            (b"0", b"-1", b"abc", b"9223372036854775807", b"1.5", b""))
        return [self.word(keyword), value]

    def pattern(self):
        return self.choice((b"*", b"s:*", b"t:?", b"i:[0-3]", b"k:*", b"[^s]*", b"*1*", b"s:\\0",
                            b"[", b"", b"k:1[0-9]", b"*\xff*", b"[a-z]:[!0]", b"t:[1", b"u:*", b"**",
                            b"missing"))


def mutate(g, command):
    """The same command gone wrong: arity, spelling, an edge value, another key."""
    args = list(command.args)
    kind = g.rng.randrange(6)
    if kind == 0:
        args.pop()
    elif kind == 1:
        args.append(g.choice((b"extra", b"", b"0", b"NX", b"\x00")))
    elif kind == 2 and len(args) > 1:
        args[g.rng.randrange(1, len(args))] = g.choice(EDGE_INTEGERS)
    elif kind == 3 and len(args) > 1:
        args[1] = g.any_key()
    elif kind == 4 and len(args) > 2:
        at = g.rng.randrange(1, len(args))
        args.insert(at, g.choice((b"GET", b"XX", b"KEEPTTL", b"COUNT", b"x", b"")))
    else:
        args[0] = g.choice((args[0].swapcase(), args[0] + b"x", b"no\r\nsuch" + args[0][:3]))
    if not args:
        args = [b"GET"]
    return Command(*args, comparer=command.comparer, conn=command.conn)

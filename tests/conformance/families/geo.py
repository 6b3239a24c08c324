"""Places in sorted sets."""
import compare
from families.base import Command

OPTIONS = {
    "geoadd": ["NX", "XX", "CH"],
    "geosearch": ["FROMMEMBER", "FROMLONLAT", "BYRADIUS", "BYBOX", "ASC", "DESC", "COUNT", "ANY",
                  "WITHCOORD", "WITHDIST", "WITHHASH"],
    "geosearchstore": ["FROMMEMBER", "FROMLONLAT", "BYRADIUS", "BYBOX", "COUNT", "STOREDIST"],
    "georadius": ["ASC", "DESC", "COUNT", "WITHCOORD", "WITHDIST", "WITHHASH", "STORE",
                  "STOREDIST"],
    "georadius_ro": ["COUNT", "WITHDIST"],
    "georadiusbymember": ["COUNT", "WITHDIST", "STORE"],
    "georadiusbymember_ro": ["COUNT", "WITHDIST"],
}

KEYS = [b"g:%d" % i for i in range(5)]
# Each has one member of its own: Redis orders places that are equally far away as its sort leaves them.
EDGES = [[x, y] for x in (b"180", b"-179.5", b"179.99", b"0")
         for y in (b"85.05112878", b"-85.05112878", b"84.9", b"0")]
UNITS = ("m", "km", "ft", "mi")


def key(g):
    return g.choice(KEYS) if g.chance(0.96) else g.choice((b"missing", b"s:0", b"z:0", b"z:1"))


def place(g):
    """Anywhere, or near one place, so that small shapes find something."""
    if g.chance(0.03):
        return [g.choice((b"181", b"x", b"-180.1", b"nan", b"0")), g.choice((b"86", b"x"))]
    if g.chance(0.08):
        return g.choice(EDGES)
    if g.chance(0.7):
        return [b"%.6f" % g.rng.uniform(12.5, 16.5), b"%.6f" % g.rng.uniform(36, 39)]
    return [b"%.5f" % g.rng.uniform(-180, 180), b"%.5f" % g.rng.uniform(-85, 85)]


def member(g):
    return b"p%d" % g.rng.randint(0, 60)


def unit(g):
    return g.word(g.choice(UNITS)) if g.chance(0.97) else b"yd"


def length(g):
    if g.chance(0.04):
        return g.choice((b"-1", b"x", b"0", b"1e9"))
    return b"%.3f" % g.choice((g.rng.uniform(0, 10), g.rng.uniform(0, 500),
                               g.rng.uniform(0, 20000)))


def geoadd(g):
    options = [g.word(option) for option in g.choice(([], [], ["NX"], ["XX"], ["CH"], ["CH", "XX"],
                                                      ["XX", "NX"]))]
    places = []
    for _ in range(g.rng.randint(1, 6)):
        spot = place(g)
        places += spot + [b"edge:" + b",".join(spot) if spot in EDGES else member(g)]
    return [Command("GEOADD", key(g), *options, *places)]


def shape(g):
    parts = [[g.word("FROMLONLAT"), *place(g)] if g.chance(0.6)
             else [g.word("FROMMEMBER"), member(g)],
             [g.word("BYRADIUS"), length(g), unit(g)] if g.chance(0.6)
             else [g.word("BYBOX"), length(g), length(g), unit(g)]]
    if g.chance(0.03):
        parts.pop(g.rng.randrange(2))
    return parts


def tail(g, shown):
    """Sorting, counting and, where `shown`, what to answer. No order: as the cells come."""
    parts = []
    if g.chance(0.5):
        parts.append([g.word(g.choice(("ASC", "DESC")))])
    if g.chance(0.55):
        # ANY takes what comes first: the same on both sides, as is the order of the cells.
        count = [g.word("COUNT"), g.choice((1, 2, 5, 100)) if g.chance(0.95) else g.choice((0, b"x"))]
        parts.append(count + ([g.word("ANY")] if g.chance(0.5) else []))
    if g.chance(0.02):
        parts.append([b"ANY"])
    for option in ("WITHCOORD", "WITHDIST", "WITHHASH"):
        if g.chance(0.3 if shown else 0.01):
            parts.append([g.word(option)])
    return parts


def flat(parts):
    return sum(parts, [])


def geosearch(g):
    parts = shape(g) + tail(g, True)
    g.rng.shuffle(parts)
    return [Command("GEOSEARCH", key(g), *flat(parts), comparer=compare.places)]


def geosearchstore(g):
    parts = shape(g) + tail(g, False)
    if g.chance(0.4):
        parts.append([g.word("STOREDIST")])
    g.rng.shuffle(parts)
    return [Command("GEOSEARCHSTORE", b"g:stored", key(g), *flat(parts)),
            Command("ZRANGE", b"g:stored", b"0", b"-1", b"WITHSCORES")]


def georadius(name, by_member, stores):
    def build(g):
        center = [member(g)] if by_member else place(g)
        store = stores and g.chance(0.4)
        parts = tail(g, not store)
        if store or g.chance(0.02):
            parts.append([g.word(g.choice(("STORE", "STOREDIST"))), b"g:stored"])
        g.rng.shuffle(parts)
        return [Command(name, key(g), *center, length(g), unit(g), *flat(parts),
                        comparer=compare.places),
                Command("ZRANGE", b"g:stored", b"0", b"-1", b"WITHSCORES")]
    return build


def geodist(g):
    return [Command("GEODIST", key(g), member(g), member(g),
                    *([unit(g)] if g.chance(0.6) else []))]


def several(name, comparer=compare.exact):
    return lambda g: [Command(name, key(g), *[member(g) for _ in range(g.rng.randint(0, 4))],
                              comparer=comparer)]


COMMANDS = {
    "geoadd": (3, geoadd),
    "geodist": (1, geodist),
    "geohash": (0.8, several("GEOHASH")),
    "geopos": (0.8, several("GEOPOS", compare.places)),
    "geosearch": (4, geosearch),
    "geosearchstore": (1.5, geosearchstore),
    "georadius": (2, georadius("GEORADIUS", False, True)),
    "georadius_ro": (1.5, georadius("GEORADIUS_RO", False, False)),
    "georadiusbymember": (2, georadius("GEORADIUSBYMEMBER", True, True)),
    "georadiusbymember_ro": (1.6, georadius("GEORADIUSBYMEMBER_RO", True, False)),
}

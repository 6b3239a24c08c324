"""DUMP, RESTORE and MIGRATE as commands: options, errors, what replaces what. That every value crosses
between the servers, tests/conformance/dumps.py and migrate.py show."""
import compare
from dump_forms import FORMS, footed, payload
from families.base import Command

OPTIONS = {"restore": ["REPLACE", "ABSTTL", "IDLETIME", "FREQ"],
           "migrate": ["COPY", "REPLACE", "AUTH", "AUTH2", "KEYS"]}

PAYLOADS = [payload(kind, body) for _, kind, body, _, _ in FORMS] + [
    footed(b"\x00\x05hello", 10), footed(b"\x00\xc1\x39\x30", 6), footed(b"\x00\x00", 10),
    footed(b"\x02\x02\x01a\x01b", 10), footed(b"\x0b\x0a\x02\x00\x00\x00\x01\x00\x00\x00\x07\x00", 10)]

BAD = [b"", b"short", footed(b"\x00\x05hello", 99), footed(b"\x00\x3fhel", 10), footed(b"", 10),
       footed(b"\x01\x00", 10), footed(b"\x02\x02\x01a\x01a", 10), footed(b"\xfa\x00", 10),
       PAYLOADS[0][:-1] + b"?", b"\x00\xc3\x05\x10abc" + PAYLOADS[0][-10:]]

NEVER_MS = b"99999999999999"


def ttl(g):
    return g.choice((b"0", b"0", b"1000000", NEVER_MS)) if g.chance(0.93) else g.choice(
        (b"-1", b"x", b"", b"1.5"))


def restore(g):
    key = g.any_key()
    options = []
    if g.chance(0.7):
        options.append([g.word("REPLACE")])
    absolute = g.chance(0.3)
    if absolute:
        options.append([g.word("ABSTTL")])
    if g.chance(0.3):
        options.append([g.word("IDLETIME"), b"%d" % g.rng.randint(0, 2000) if g.chance(0.9)
                        else g.choice((b"-1", b"x"))])
    if g.chance(0.3):
        options.append([g.word("FREQ"), b"%d" % g.rng.randint(0, 255) if g.chance(0.9)
                        else g.choice((b"-1", b"256", b"x"))])
    if g.chance(0.02):
        options.append([g.choice((b"NX", b"REPLACE ", b"IDLETIME"))])
    g.rng.shuffle(options)
    when = g.choice((b"0", b"1", NEVER_MS)) if absolute else ttl(g)
    dump = g.choice(PAYLOADS) if g.chance(0.9) else g.choice(BAD)
    return [Command("RESTORE", key, when, dump, *sum(options, []), mutable=False),
            Command("TYPE", key, mutable=False), Command("EXISTS", key, mutable=False)]


def dump(g):
    key = g.any_key()
    return [Command("DUMP", key, comparer=compare.same_type)]


def migrate(g):
    """Keys that are missing, to a port where nobody listens, or to it in vain."""
    key = g.fresh(b"missing") if g.chance(0.9) else g.any_key()
    options = []
    for option in (["COPY"], ["REPLACE"], ["AUTH", "secret"], ["AUTH2", "user", "secret"]):
        if g.chance(0.3):
            options += [g.word(option[0]), *option[1:]]
    if g.chance(0.04):
        options.append(g.choice((b"NX", b"AUTH", b"AUTH2")))
    elif g.chance(0.4):
        keys = [g.fresh(b"missing") for _ in range(g.rng.randint(0, 3))]
        options += [g.word("KEYS"), *keys]
        key = b"" if g.chance(0.9) else key
    numbers = [g.choice((b"0", b"3", b"99")), b"300"] if g.chance(0.95) else [g.integer(), b"x"]
    return [Command("MIGRATE", "127.0.0.1", "1", key, *numbers, *options, mutable=False)]


COMMANDS = {
    "restore": (1.5, restore),
    "dump": (1, dump),
    "migrate": (0.8, migrate),
}

"""MULTI, EXEC, DISCARD, WATCH, UNWATCH: on one connection, and with a second one writing."""
import compare
from families import hashes, keys, lists, sets, strings
from families.base import Command, mutate

OPTIONS = {}

QUEUEABLE = [build for family in (strings, sets, hashes, lists)
             for name, (_, build) in family.COMMANDS.items() if " " not in name]
QUEUEABLE += [keys.COMMANDS[name][1] for name in (
    "del", "exists", "type", "expire", "ttl", "persist", "rename", "copy", "move", "scan", "keys",
    "object|encoding", "touch", "dbsize")]


def queued(g):
    """Single commands of the data families, as they would be outside."""
    picked = []
    while len(picked) < g.rng.randint(1, 6):
        picked += g.choice(QUEUEABLE)(g)
    return picked


def in_multi(command):
    return Command(*command.args, conn=command.conn, mutable=False, counted=False)


def transaction(g, conn="main"):
    """MULTI, some commands, EXEC; the replies inside compare as each command alone would."""
    commands = queued(g)
    exec_ = Command("EXEC", comparer=compare.Transaction(commands),
                    mutable=False)
    return [Command("MULTI", mutable=False), *map(in_multi, commands), exec_], commands


def exec_unit(g):
    return transaction(g)[0]


def discarded(g):
    unit, _ = transaction(g)
    return unit[:-1] + [Command("DISCARD", mutable=False), Command("GET", g.string_key())]


def watch(g):
    """A watched key, touched or not, by another connection or by this one."""
    key = g.choice((g.string_key(), g.set_key(), b"missing:watched"))
    writes = ([], [Command("SET", key, g.value(), conn="other")], [Command("DEL", key, conn="other")],
              [Command("GET", key, conn="other")], [Command("SET", key, g.value())],
              [Command("EXPIRE", key, g.ttl_s(), conn="other")],
              [Command("FLUSHDB", "ASYNC", conn="other")] if g.chance(0.02) else [],
              [Command("SET", key, g.value(), conn="other"), Command("DEL", key, conn="other")],
              [Command("RENAME", key, "k:watched", conn="other"),
               Command("RENAME", "k:watched", key, conn="other")],
              [Command("SADD", key, g.member(), conn="other")])
    unit = [Command("WATCH", key, *([g.any_key()] if g.chance(0.3) else []), mutable=False)]
    unit += g.choice(writes)
    if g.chance(0.2):
        unit.append(Command("UNWATCH", mutable=False))
    if g.chance(0.1):
        return unit + [Command("UNWATCH", mutable=False), Command("GET", g.string_key())]
    return unit + transaction(g)[0] + [Command("GET", key), Command("DEL", "missing:watched")]


def mistakes(g):
    broken = mutate(g, g.choice((Command("GET", "s:0"), Command("SET", "s:0", "v"),
                                 Command("SADD", "t:0", "m"))))
    return g.choice((
        [Command("EXEC", mutable=False)],
        [Command("DISCARD", mutable=False)],
        [Command("MULTI", mutable=False), Command("MULTI", mutable=False),
         Command("EXEC", mutable=False)],
        [Command("MULTI", mutable=False), Command("WATCH", "s:0", mutable=False),
         Command("DISCARD", mutable=False)],
        [Command("MULTI", mutable=False), in_multi(broken), Command("EXEC", mutable=False)],
        [Command("MULTI", mutable=False), Command("NOSUCH", "x", mutable=False),
         Command("SET", "s:0", "1", mutable=False, counted=False), Command("EXEC", mutable=False)],
        [Command("MULTI", mutable=False), Command("UNWATCH", mutable=False, counted=False),
         Command("PING", mutable=False, counted=False),
         Command("SELECT", "1", mutable=False, counted=False),
         Command("SELECT", "0", mutable=False, counted=False),
         Command("SUBSCRIBE", mutable=False, counted=False), Command("EXEC", mutable=False)],
        [Command("MULTI", mutable=False), Command("EXEC", "extra", mutable=False),
         Command("EXEC", mutable=False), Command("EXEC", mutable=False)],
        [Command("WATCH", mutable=False)],
    ))


COMMANDS = {
    "exec": (1.2, exec_unit),
    "multi": (0.3, mistakes),
    "discard": (0.8, discarded),
    "watch": (1.2, watch),
    "unwatch": (0.6, lambda g: [Command("UNWATCH")]),
}

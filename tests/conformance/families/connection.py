"""Connections and the server itself."""
import compare
from families.base import Command, Fence, Reconnect, Send

OPTIONS = {
    "hello": ["AUTH", "SETNAME"],
    "client|kill": ["ID", "TYPE", "ADDR", "LADDR", "USER", "SKIPME"],
    "client|list": ["TYPE", "ID"],
    "client|pause": ["WRITE", "ALL"],
    "client|reply": ["ON", "OFF", "SKIP"],
    "client|no-evict": ["ON", "OFF"],
    "command|list": ["FILTERBY", "MODULE", "ACLCAT", "PATTERN"],
}

COMMAND_NAMES = ["get", "set", "sadd", "sinterstore", "eval", "exec", "expire", "copy", "scan", "ping",
                 "hello", "publish", "subscribe", "mset", "sintercard", "object", "client", "config"]


def client_id(conn):
    """The number of a connection, which each server gave out for itself."""
    def of(session):
        session.get(conn)
        return b"%d" % session.client_ids[conn]
    return of


def client_address(conn, local):
    def of(session):
        sock = session.get(conn).sock
        host, port = sock.getpeername() if local else sock.getsockname()
        return f"{host}:{port}".encode()
    return of


def hello(g):
    """Mostly on a connection of its own, for it changes the protocol."""
    args = ["HELLO"]
    version = g.choice((b"2", b"3", b"3", b"2"))
    if g.chance(0.05):
        version = g.choice((b"1", b"4", b"x", b"", b"-3"))
    if g.chance(0.9):
        args.append(version)
        if g.chance(0.4):
            args += [g.word("AUTH"), "default", g.value()]
        if g.chance(0.4):
            args += [g.word("SETNAME"), g.choice((b"app", b"", b"with space", b"app-1"))]
        if g.chance(0.03):
            args.append(g.choice((b"AUTH", b"SETNAME", b"bogus")))
    return [Command(*args, conn="other", comparer=compare.hello, mutable=False),
            Command("CLIENT", "GETNAME", conn="other"), Command("SMEMBERS", "t:0", conn="other",
                                                               comparer=compare.unordered),
            Command("GET", "missing", conn="other"), Reconnect("other")]


def auth(g):
    args = g.choice((["AUTH", "default", g.value()], ["AUTH", "default", ""], ["AUTH", g.value()],
                     ["AUTH", "nobody", "x"], ["AUTH", "default", g.value()]))
    return [Command(*args)]


def requirepass(g):
    """A password set while connections are there, used by one that comes after."""
    return [Command("CONFIG", "SET", "requirepass", "secret", mutable=False), Reconnect("raw"),
            Command("GET", "s:0", conn="raw"), Command("PING", conn="raw"),
            Command("HELLO", "3", conn="raw", comparer=compare.hello),
            Command("nosuch", conn="raw"), Command("AUTH", "wrong", conn="raw"),
            Command("AUTH", "default", "wrong", conn="raw"), Command("AUTH", "secret", conn="raw"),
            Command("GET", "s:0", conn="raw"), Command("AUTH", "default", "secret", conn="raw"),
            Command("RESET", conn="raw"), Command("GET", "s:0", conn="raw"),
            Command("CONFIG", "SET", "requirepass", "", mutable=False), Reconnect("raw")]


def reset(g):
    return [Command("SELECT", "3", conn="other"), Command("CLIENT", "SETNAME", "x", conn="other"),
            *g.choice(([], [Command("MULTI", conn="other", mutable=False)],
                       [Command("WATCH", "s:0", conn="other")])),
            Command("RESET", conn="other", mutable=False), Command("CLIENT", "GETNAME", conn="other"),
            Command("EXEC", conn="other", mutable=False), Reconnect("other")]


def select(g):
    database = g.choice((b"0", b"1", b"15", b"9", b"16", b"-1", b"x", b"", b"1.0", b"99999999999"))
    return [Command("SELECT", database), Command("DBSIZE"), Command("SELECT", "0", mutable=False)]


def client_kill(g):
    """Kills a connection of its own, by each filter."""
    way = g.choice((
        ["ID", client_id("other")], ["ADDR", client_address("other", False)],
        ["ID", client_id("other"), "TYPE", "normal"], ["LADDR", "127.0.0.1:1"], ["TYPE", "pubsub"],
        ["ID", client_id("other"), "SKIPME", "yes"], ["ID", client_id("other"), "USER", "default"],
        ["ID", client_id("other"), "LADDR", client_address("other", True)],
        ["ADDR", client_address("other", False), "SKIPME", "no"], ["USER", "nobody"],
        ["ID", "0"], ["ID", "x"], ["TYPE", "bogus"], ["ID"], ["BOGUS", "1"], ["1.2.3.4:5"],
        ["ADDR", client_address("other", False), "LADDR", client_address("other", True)],
        ["LADDR", client_address("other", True), "ID", client_id("other"), "TYPE", "normal",
         "USER", "default", "SKIPME", "yes"],
        [client_address("other", False)], ["SKIPME", "maybe"], ["TYPE", "master"],
        ["ID", "99999999"], ["TYPE", "replica"], ["ID", client_id("main"), "SKIPME", "yes"]))
    if way == ["USER", "nobody"] and g.chance(0.8):
        way = ["USER", "default", "ID", client_id("other")]
    return [Command("CLIENT", "KILL", *way), Reconnect("other")]


def client_list(g):
    way = g.choice(([client_id("other")], [client_id("main"), client_id("other")],
                    [b"999999999"], [b"x"], []))
    name = g.choice((b"", b"app-%d" % g.rng.randint(0, 9)))
    unit = [Command("CLIENT", "SETNAME", name, conn="other"), Command("SELECT", "2", conn="other"),
            Command("CLIENT", "LIST", "ID", *way, comparer=compare.client_lines),
            Command("CLIENT", "LIST", "TYPE", g.choice((b"pubsub", b"normal", b"master", b"replica",
                                                        b"bogus")),
                    comparer=compare.same_type, mutable=False),
            Command("CLIENT", "INFO", conn="other", comparer=compare.client_lines),
            Command("SELECT", "0", conn="other"), Command("CLIENT", "SETNAME", "", conn="other")]
    return unit


def client_pause(g):
    """Pauses of ALL hold up even UNPAUSE, so those are short."""
    if g.chance(0.4):
        pause = [g.choice((b"100000", b"1000000")), g.word("WRITE")]
    elif g.chance(0.9):
        pause = [g.choice((b"0", b"1")), *g.choice(([], [g.word("ALL")]))]
    else:
        pause = [g.choice((b"-1", b"x", b"", b"0")), *g.choice(([], [b"bogus"]))]
    return [Command("CLIENT", "PAUSE", *pause, mutable=False),
            Command("GET", "s:0", mutable=False), Command("CLIENT", "UNPAUSE", mutable=False),
            Command("SET", "s:0", g.value(), mutable=False)]


def client_reply(g):
    unit = []
    for _ in range(g.rng.randint(1, 3)):
        unit += g.choice((
            [Send("sub", "CLIENT", "REPLY", "ON")],
            [Send("sub", "CLIENT", "REPLY", "SKIP"), Send("sub", "PING", "unheard"),
             Send("sub", "PING", "heard")],
            [Send("sub", "CLIENT", "REPLY", "OFF"), Send("sub", "PING", "unheard"),
             Send("sub", "CLIENT", "REPLY", "SKIP"), Send("sub", "GET", "s:0"),
             Send("sub", "CLIENT", "REPLY", "ON")]))
    return unit + [Fence("sub")]


def client_text(g):
    name = g.choice((b"app", b"", b"with space", b"line\nend", b"a" * 100, b"caf\xc3\xa9", b"app-2"))
    return [Command("CLIENT", g.word("SETNAME"), name), Command("CLIENT", "GETNAME"),
            Command("CLIENT", "SETNAME", "", mutable=False)]


def client_misc(g):
    return [Command("CLIENT", "ID", comparer=compare.same_type, mutable=False),
            Command("CLIENT", "NO-EVICT", g.choice(("ON", "OFF", "on"))),
            Command("CLIENT", g.choice(("NO-EVICT", "NOSUCH", "GETNAME", "ID")), "x", mutable=False),
            Command("CLIENT", "NO-EVICT", "OFF", mutable=False)]


def config_set(g):
    """A round trip of options that mean the same in both servers."""
    name, values = g.choice((
        ("timeout", ("0", "3600", "-1", "x")), ("slowlog-max-len", ("128", "64", "-1", "1kb")),
        ("slowlog-log-slower-than", ("10000", "-1", "1000000", "x")),
        ("set-max-intset-entries", ("512", "64", "-1")), ("maxmemory-samples", ("5", "10", "x")),
        ("maxmemory", ("1gb", "2000mb", "1g", "1073741824", "x", "1zb", "-5")),
        ("maxmemory-policy", ("noeviction", "allkeys-lru", "volatile-ttl", "bogus")),
        ("tcp-keepalive", ("300", "60", "x", "-1")), ("proto-max-bulk-len", ("512mb", "1mb", "1")),
        ("lua-time-limit", ("5000", "10000", "x")), ("busy-reply-threshold", ("5000", "7000")),
        ("hash-max-listpack-entries", ("128", "512", "x")), ("maxclients", ("0", "x")),
        ("lfu-log-factor", ("10", "5", "-1")), ("lfu-decay-time", ("1", "3")),
        ("client-output-buffer-limit", ("normal 0 0 0", "pubsub 32mb 8mb 60", "bogus 1 2 3", "x")),
        ("lazyfree-lazy-user-del", ("no", "yes", "maybe")), ("appendfsync", ("everysec", "x")),
        ("latency-monitor-threshold", ("0", "100", "x")), ("list-max-listpack-size", ("-2", "128")),
        ("tracking-table-max-keys", ("1000000", "x")), ("nosuch-option", ("1",)),
        ("databases", ("20",)), ("maxmemory-clients", ("0", "5%", "101%", "x")),
    ))
    value = g.choice(values)
    unit = [Command("CONFIG", g.word("SET"), name, value, mutable=False),
            Command("CONFIG", "GET", name, mutable=False)]
    default = {"maxmemory": "1gb", "maxmemory-policy": "noeviction"}.get(name, values[0])
    if name in ("nosuch-option", "databases", "maxclients"):
        return unit[:1]
    if g.chance(0.1):
        unit.append(Command("CONFIG", "SET", "timeout", "0", name, value, mutable=False))
    return unit + [Command("CONFIG", "SET", name, default, mutable=False)]


def config_get(g):
    return [Command("CONFIG", "GET", g.choice(("timeout", "maxmemory-policy", "TIMEOUT", "nosuch",
                                               "databases", "appendonly", "save", "maxmemory",
                                               "set-max-intset-entries", "proto-max-bulk-len",
                                               "slowlog-log-slower-than", "appendfsync")),
                    *g.choice(([], [], ["maxclients"], ["tcp-backlog"])),
                    comparer=compare.unordered)]


def config_misc(g):
    return g.choice(([Command("CONFIG", "RESETSTAT")], [Command("CONFIG", "RESETSTAT")],
                     [Command("CONFIG", "RESETSTAT")],
                     [Command("CONFIG", "REWRITE", mutable=False)], [Command("CONFIG", "NOSUCH")],
                     [Command("CONFIG")]))


def info(g):
    sections = g.choice(([], ["server"], ["clients"], ["memory"], ["stats"], ["replication"], ["cpu"],
                         ["keyspace"], ["commandstats"], ["errorstats"], ["everything"], ["all"],
                         ["default"], ["SERVER", "Clients"], ["nosuch"], ["persistence"], ["cluster"],
                         ["latencystats"], ["modules"]))
    return [Command("INFO", *sections, comparer=compare.info)]


def command_(g):
    names = g.rng.sample(COMMAND_NAMES, g.rng.randint(1, 3))
    keyed = g.choice((
        ["SET", "k", "v"], ["MSET", "a", "1", "b", "2"], ["EVAL", "return 1", "2", "x", "y", "z"],
        ["SINTERCARD", "2", "a", "b", "LIMIT", "1"], ["SUNIONSTORE", "d", "a", "b"], ["COPY", "a", "b"],
        ["PING"], ["nosuch"], ["GET"], ["EVAL", "x", "0"], ["OBJECT", "ENCODING", "k"],
        ["EVALSHA", "x", "1", "k"], ["DEL", "a", "b", "c"], ["LCS", "a", "b"], ["SMOVE", "a", "b", "m"],
        ["EVAL", "x", "9", "k"], ["MEMORY", "USAGE", "k"], ["WATCH", "a", "b"]))
    return [
        Command("COMMAND", g.word("INFO"), *names, *(["nosuch"] if g.chance(0.2) else []),
                comparer=compare.command_info, mutable=False),
        Command("COMMAND", "DOCS", g.choice(names), comparer=compare.command_docs, mutable=False),
        Command("COMMAND", "COUNT", comparer=compare.same_type),
        Command("COMMAND", "GETKEYS", *keyed, mutable=False),
        Command("COMMAND", "GETKEYSANDFLAGS", *keyed, mutable=False),
        Command("COMMAND", "LIST", *g.choice((
            [], ["FILTERBY", "ACLCAT", "set"], ["FILTERBY", "PATTERN", "si*"],
            ["FILTERBY", "MODULE", "nosuch"])), comparer=compare.same_type, mutable=False),
        Command("COMMAND", "LIST", *g.choice((
            ["FILTERBY", "PATTERN", "sinter*"], ["FILTERBY", "PATTERN", "no*such"], ["FILTERBY"],
            ["FILTERBY", "BOGUS", "x"], ["FILTERBY", "PATTERN", "s[uc]?nion*"])),
                comparer=compare.unordered, mutable=False),
    ]


def slowlog(g):
    """With every command logged, from the one on that asks for it: the log's arguments, their cutting
    and what is redacted are Redis's."""
    return [Command("SLOWLOG", g.word("RESET"), mutable=False),
            Command("CONFIG", "SET", "slowlog-log-slower-than", "0", mutable=False),
            *g.choice(([], [Command("AUTH", "default", "secret", mutable=False)],
                       [Command("HELLO", "9", "AUTH", "default", "secret", mutable=False)],
                       [Command("CONFIG", "SET", "masterauth", "", "hz", "10", mutable=False)])),
            Command("SET", "s:0", g.value()), Command("GET", "s:0", *(["x"] * g.choice((0, 0, 40)))),
            Command("SLOWLOG", "LEN", mutable=False),
            Command("SLOWLOG", "GET", *g.choice(([], ["2"], ["-1"], ["0"], ["-2"], ["x"])),
                    comparer=compare.slow_entries, mutable=False),
            Command("CONFIG", "SET", "slowlog-log-slower-than", "10000", mutable=False)]


def memory(g):
    return [Command("MEMORY", "USAGE", g.any_key(), *g.choice(([], [], ["SAMPLES", "5"],
                                                                ["SAMPLES", "-1"], ["BOGUS"])),
                    comparer=compare.same_type),
            *g.choice(([Command("MEMORY", "STATS", comparer=compare.same_type)],
                       [Command("MEMORY", "PURGE")], [Command("MEMORY", "NOSUCH")]))]


def monitor(g):
    return [Send("sub", "MONITOR"), Fence("sub", normalise=compare.monitor_frame),
            Command("SET", "s:0", g.choice((b"plain", b"\x00\xff\"\\\r\n\t", b"")), mutable=False),
            Command("EVAL", "return redis.call('GET',KEYS[1])", "1", "s:0", mutable=False),
            Command("MULTI", mutable=False), Command("GET", "s:0", mutable=False),
            *g.choice(([], [Command("AUTH", "default", "secret", mutable=False)],
                       [Command("EVAL", "return redis.call('GET',KEYS[1])", "1", "s:0", mutable=False)],
                       [Command("INCR", mutable=False)])),
            Command("EXEC", mutable=False),
            Fence("sub", normalise=compare.monitor_frame), Reconnect("sub")]


def debug(g):
    return [Command("DEBUG", "SLEEP", "0", mutable=False),
            Command("DEBUG", "SET-ACTIVE-EXPIRE", g.choice(("0", "1")), mutable=False),
            Command("DEBUG", "OBJECT", g.any_key(), comparer=compare.same_type, mutable=False),
            Command("DEBUG", "SET-ACTIVE-EXPIRE", "1", mutable=False)]


def plain(*args, comparer=compare.exact, mutable=True):
    return lambda g: [Command(*args, comparer=comparer, mutable=mutable)]


COMMANDS = {
    "hello": (0.6, hello),
    "hello plain": (0.3, plain("HELLO", comparer=compare.hello, mutable=False)),
    "auth": (0.8, auth),
    "requirepass": (0.1, requirepass),
    "ping": (0.8, lambda g: [Command("PING", *g.choice(([], [g.value()])))]),
    "echo": (1, lambda g: [Command("ECHO", g.value())]),
    "select": (0.4, select),
    "quit": (1, lambda g: [Command("QUIT", conn="other", mutable=False),
                             Reconnect("other", closed=True)]),
    "reset": (1, reset),
    "client|kill": (1.1, client_kill),
    "client|list": (0.9, client_list),
    "client|pause": (0.8, client_pause),
    "client|reply": (0.4, client_reply),
    "client|setname": (0.4, client_text),
    "client|id": (1.1, client_misc),
    "config|set": (0.5, config_set),
    "config|get": (0.4, config_get),
    "config|resetstat": (1.9, config_misc),
    "info": (0.9, info),
    "command": (1.4, command_),
    "command bare": (0.02, plain("COMMAND", comparer=compare.same_type, mutable=False)),
    "time": (1, plain("TIME", comparer=compare.same_type)),
    "role": (1, plain("ROLE", comparer=compare.role)),
    "slowlog|get": (1.1, slowlog),
    "memory|usage": (2.2, memory),
    "monitor": (1, monitor),
    "debug|object": (1.1, debug),
    "module|list": (1.1, plain("MODULE", "LIST")),
    "save": (1.1, plain("SAVE", comparer=compare.background_save, mutable=False)),
    "bgsave": (0.02, lambda g: [Command("BGSAVE", *g.choice(([], ["SCHEDULE"])),
                                        comparer=compare.background_save, mutable=False)]),
    "lastsave": (1.2, plain("LASTSAVE", comparer=compare.same_type)),
    "shutdown": (0.01, plain("SHUTDOWN", "bogus", mutable=False)),
}

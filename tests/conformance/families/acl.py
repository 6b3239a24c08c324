"""ACL: users set up, then commands tried as those users.

Larder has the texts of Redis 8 (HARDENING.md); redis-server 7.0 had others for the same refusals, so
the comparers here put 7.0's into 8's words and then compare byte for byte.
"""
import re

import compare
from families.base import Command, Fence, Reconnect, Send
from resp import is_error

OPTIONS = {
    "acl|log": ["RESET"],
}

PASSWORD = b"secret"
PATTERNS = [b"~s:*", b"~*", b"~t:*", b"~i:?", b"%R~s:*", b"%W~s:*", b"%RW~t:*", b"%R~*", b"%W~*",
            b"~[si]:*", b"%r~i:*", b"~", b"allkeys", b"resetkeys", b"~k:*", b"%W~k:*"]
CATEGORIES = [b"read", b"write", b"set", b"string", b"fast", b"slow", b"dangerous", b"scripting",
              b"pubsub", b"keyspace", b"connection", b"all", b"hash", b"list", b"sortedset", b"bitmap",
              b"geo", b"hyperloglog", b"transaction", b"blocking", b"admin"]
COMMANDS_NAMED = [b"get", b"set", b"mget", b"config|get", b"config", b"client", b"client|getname",
                  b"select|0", b"sunionstore", b"del", b"eval", b"publish", b"ping", b"object",
                  b"object|encoding", b"SADD", b"copy", b"exists", b"bitfield", b"acl|whoami"]
CHANNELS = [b"&news*", b"&*", b"allchannels", b"resetchannels", b"&weather", b"&n?ws"]
WRONG = [b"foo", b"#abc", b"!abc", b"<unknown", b"+nosuch", b"+@nosuch", b"%~x", b"%RR~x", b"%", b"%Rx",
         b"~a b", b"&a b", b"+config|", b"+config|nosuch", b"+select|", b"-select|1",
         b"+config|get|x", b"+|", b"-|", b"+", b"-", b"+@", b"-@", b"(", b"(on)", b"(>a)", b"(%~)",
         b"(+nosuch)", b"(()", b")", b"(~a", b"#" + b"A" * 64, b"+get|x|y", b"~\x00", b"( ~x"]
FLAGS = [b"on", b"off", b"nopass", b"resetpass", b"skip-sanitize-payload", b"sanitize-payload",
         b"clearselectors", b"reset", b">other", b"", b"nocommands", b"allcommands"]

# What 7.0 said: (its words, what the refusal is about).
DENIED = [(re.compile(rb"NOPERM this user has no permissions to run the '(.*)' command", re.S),
           rb"NOPERM User %b has no permissions to run the '%b' command"),
          (re.compile(rb"NOPERM this user has no permissions to access one of the (key)s used as "
                      rb"arguments"), b"NOPERM No permissions to access a %.0b%b"),
          (re.compile(rb"NOPERM this user has no permissions to access one of the (channel)s used as "
                      rb"arguments"), b"NOPERM No permissions to access a %.0b%b")]
IN_SCRIPT = [(b"ERR The user executing the script can't run this command or subcommand",
              b"ERR ACL failure in script: User %b has no permissions to run the '%b' command"),
             (b"ERR The user executing the script can't access at least one of the keys mentioned in "
              b"the command arguments",
              b"ERR ACL failure in script: No permissions to access a key%.0b%.0b"),
             (b"ERR The user executing the script can't publish to the channel mentioned in the command",
              b"ERR ACL failure in script: No permissions to access a channel%.0b%.0b")]


def in_words_of_8(user, text, scripted=b""):
    for pattern, words in DENIED:
        prefix = b"EXECABORT Transaction discarded because of: "
        before = prefix if text.startswith(prefix) else b""
        found = pattern.fullmatch(text[len(before):])
        if found:
            return before + words % (user, found[1])
    for old, words in IN_SCRIPT:
        if text.startswith(old):
            return words % (user, scripted) + text[len(old):]
    return text


def rights(user, comparer=compare.exact, scripted=b""):
    """As `comparer`, with 7.0's refusals in 8's words. `scripted` is what a script calls."""
    def compared(expected, got):
        if is_error(expected):
            expected = (expected[0], in_words_of_8(user, expected[1], scripted), *expected[2:])
        return compare.same(expected, got, comparer)
    compared.takes_errors = True
    return compared


def dry(user):
    """ACL DRYRUN: 7.0 does not name the user."""
    def compared(expected, got):
        if expected[0] == "$":
            expected = "$", expected[1].replace(b"This user has", b"User %b has" % user, 1)
        return expected == got
    return compared


def flags(reply):
    return sorted(item[1] for item in reply[1] if item[1] != b"sanitize-payload")


def same_selector(a, b, commands):
    """What a selector is; its commands only as far as both versions write them alike."""
    if a[b"keys"] != b[b"keys"] or a[b"channels"] != b[b"channels"]:
        return False
    words, others = (x[b"commands"][1].split() for x in (a, b))
    return sorted(words) == sorted(others) if commands else words[0] == others[0]


def described(commands):
    """ACL GETUSER, without sanitize-payload, which 7.0 does not show."""
    def compared(expected, got):
        if expected == got:
            return True
        if expected[0] != got[0] or not isinstance(expected[1], list) or not got[1]:
            return False
        a, b = compare.pairs(expected), compare.pairs(got)
        if list(a) != list(b) or a[b"passwords"] != b[b"passwords"]:
            return False
        if flags(a[b"flags"]) != flags(b[b"flags"]) or not same_selector(a, b, commands):
            return False
        x, y = a[b"selectors"][1], b[b"selectors"][1]
        return len(x) == len(y) and all(
            same_selector(compare.pairs(p), compare.pairs(q), commands) for p, q in zip(x, y))
    return compared


def user_lines(expected, got):
    """ACL LIST: the same users with the same keys and channels."""
    def without(reply):
        return [re.sub(rb" sanitize-payload| [+-]\S+", b"", item[1]) for item in reply[1]]
    return expected[0] == got[0] and without(expected) == without(got)


def log_entries(expected, got):
    """ACL LOG: what happened; not when, not by which connection, and not 7.2's further fields."""
    if expected[0] != got[0] or len(expected[1]) != len(got[1]):
        return False
    for a, b in zip(expected[1], got[1]):
        theirs, ours = compare.pairs(a), compare.pairs(b)
        if a[0] != b[0] or list(theirs) != list(ours)[:7]:
            return False
        if any(theirs[field] != ours[field]
               for field in (b"count", b"reason", b"context", b"object", b"username")):
            return False
        if theirs[b"age-seconds"][0] != ours[b"age-seconds"][0]:
            return False
        if not re.search(rb" user=", ours[b"client-info"][1]):
            return False
    return True


def command_rules(g):
    """Rules that both versions describe alike: some commands, or one category."""
    if g.chance(0.3):
        return [b"+@" + g.choice(CATEGORIES)]
    return [b"+" + name for name in
            g.rng.sample([b"get", b"set", b"mget", b"del", b"eval", b"publish", b"sadd", b"ping",
                          b"exists", b"copy", b"config|get", b"client|getname"], g.rng.randint(1, 5))]


def any_rules(g, most):
    """Mostly of a user who may do something to begin with."""
    found = list(g.choice(([], [b"+@all", b"~*"], [b"+@all"], [b"+@read", b"+@write", b"+@scripting"],
                           [b"+@all", b"-@dangerous", b"~[st]:*"], [b"~*"])))
    for _ in range(g.rng.randint(1, most)):
        kind = g.rng.random()
        if kind < 0.35:
            found.append(g.choice((b"+", b"+", b"-")) + b"@" + g.choice(CATEGORIES))
        elif kind < 0.6:
            found.append(g.choice((b"+", b"+", b"-")) + g.choice(COMMANDS_NAMED))
        elif kind < 0.85:
            found.append(g.choice(PATTERNS))
        else:
            found.append(g.choice(CHANNELS))
    return valid(found)


def valid(rules):
    """Without what is an error after an earlier rule."""
    kept, all_keys, all_channels = [], False, False
    for rule in rules:
        if rule in (b"-select|0",) or (all_keys and rule[:1] in b"~%" and rule != b"~*"):
            continue
        if all_channels and rule[:1] == b"&" and rule != b"&*":
            continue
        kept.append(rule)
        all_keys = rule in (b"~*", b"allkeys") or (all_keys and rule != b"resetkeys")
        all_channels = rule in (b"&*", b"allchannels") or (all_channels and rule != b"resetchannels")
    return kept


def selector(g):
    return b"(" + b" ".join(any_rules(g, 4)) + b")"


def some_key(g):
    return g.choice((b"s:0", b"s:1", b"t:0", b"t:1", b"i:0", b"i:1", b"k:0", b"h:0", b"missing"))


def tried(g):
    """A request of a deterministic reply, and what a script in it calls."""
    key, other, third = some_key(g), some_key(g), some_key(g)
    value = g.choice((b"1", b"v", b"0"))
    call = g.choice((("get", key), ("set", key, value), ("publish", b"news", b"x"), ("exists", other),
                     ("mget", key, other)))
    quoted = b",".join(b"'%b'" % (a.encode() if isinstance(a, str) else a) for a in call)
    script = b"return redis.%b(%b)" % (g.choice((b"call", b"pcall")), quoted)
    requests = (
        (["GET", key],), (["SET", key, value],), (["SET", key, value, "GET"],),
        (["SET", key, value, "NX"],), (["MGET", key, other],), (["MSET", key, "1", other, "2"],),
        (["GETEX", key],), (["GETEX", key, "PERSIST"],), (["GETSET", key, value],), (["APPEND", key, "x"],),
        (["STRLEN", key],), (["GETRANGE", key, "0", "1"],), (["SETRANGE", key, "0", "x"],),
        (["INCR", key],), (["LCS", key, other],), (["BITFIELD", key, "GET", "u8", "0"],),
        (["BITFIELD", key, "SET", "u8", "0", "1"],), (["BITFIELD_RO", key, "GET", "u8", "0"],),
        (["BITOP", "AND", key, other, third],), (["BITCOUNT", key],), (["SETBIT", key, "1", "1"],),
        (["DEL", key, other],), (["EXISTS", key, other],), (["TYPE", key],),
        (["PERSIST", key],), (["COPY", key, other, "REPLACE"],), (["RENAME", key, other],),
        (["TOUCH", key],), (["UNLINK", key],), (["OBJECT", "REFCOUNT", b"missing"],),
        (["SADD", key, "m"],), (["SCARD", key],), (["SISMEMBER", key, "m"],), (["SREM", key, "m"],),
        (["SINTERCARD", "2", key, other],), (["SUNIONSTORE", key, other, third],),
        (["SDIFFSTORE", key, other, third],), (["SMOVE", key, other, "m"],),
        (["HSET", key, "f", value],), (["HGET", key, "f"],), (["HLEN", key],), (["HDEL", key, "f"],),
        (["LPUSH", key, "x"],), (["LLEN", key],), (["LMOVE", key, other, "LEFT", "RIGHT"],),
        (["LMPOP", "2", key, other, "LEFT"],), (["LTRIM", key, "0", "3"],),
        (["ZADD", key, "1", "m"],), (["ZSCORE", key, "m"],), (["ZUNIONSTORE", key, "2", other, third],),
        (["ZRANGESTORE", key, other, "0", "-1"],), (["ZINTERCARD", "2", key, other],),
        (["ZDIFF", "2", key, other],), (["GEOADD", key, "1", "1", "m"],),
        (["GEOSEARCHSTORE", key, other, "FROMLONLAT", "1", "1", "BYRADIUS", "1", "km"],),
        (["GEORADIUS", key, "1", "1", "1", "km", "STORE", other],),
        (["GEORADIUS_RO", key, "1", "1", "1", "km"],), (["PFADD", key, "x"],), (["PFCOUNT", key, other],),
        (["PFMERGE", key, other],), (["EVAL", script, "0"], call[0]),
        (["EVAL", script, "1", key], call[0]), (["EVAL", "return 1", "1", key],),
        (["EVAL_RO", "return redis.call('get',KEYS[1])", "1", key], "get"),
        (["EVAL", b"return redis.acl_check_cmd(%b)" % quoted, "0"],),
        (["PUBLISH", g.choice((b"news", b"weather", b"x")), "m"],),
        (["SPUBLISH", g.choice((b"news", b"weather", b"x")), "m"],), (["CONFIG", "GET", "timeout"],),
        (["CLIENT", "GETNAME"],), (["CLIENT", "NOSUCH"],), (["SELECT", "0"],), (["PING"],), (["ECHO", "x"],),
        (["ACL", "WHOAMI"],), (["ACL", "GETUSER", "nobody"],), (["SCRIPT", "EXISTS", "x"],),
        (["GET"],), (["NOSUCH", key],), (["CONFIG", "NOSUCH"],), (["EXPIRE", key, "100000"],),
        (["PUBSUB", "NUMPAT"],), (["COMMAND", "GETKEYS", "GET", "x"],))
    picked = g.choice(requests)
    return picked[0], (picked[1] if len(picked) > 1 else "").encode()


def attempts(g, user, count):
    found = []
    for _ in range(count):
        args, scripted = tried(g)
        found.append(Command(*args, conn="other", mutable=False,
                             comparer=rights(user, scripted=scripted)))
    return found


def a_user(g, rules):
    """A fresh user, and the connection `other` logged in as it. `ending` undoes both."""
    name = g.fresh(b"acl")
    start = [Command("ACL", "SETUSER", name, "on", b">" + PASSWORD, *rules, mutable=False),
             Command("AUTH", name, PASSWORD, conn="other", mutable=False)]
    return name, start, ending(name)


def ending(name):
    return [Reconnect("other"), Command("ACL", "DELUSER", name, mutable=False)]


def as_user(g):
    """Any rules, any commands."""
    name, start, end = a_user(g, any_rules(g, 8) + ([selector(g)] if g.chance(0.3) else []))
    log = [Command("ACL", "LOG", "RESET", mutable=False)]
    look = [Command("ACL", "LOG", g.choice((b"3", b"100")), comparer=log_entries, mutable=False)]
    return log + start + attempts(g, name, g.rng.randint(5, 20)) + look + end


def changed(g):
    """Rights that change while the user is connected."""
    name, start, end = a_user(g, any_rules(g, 5))
    unit = start
    for _ in range(g.rng.randint(1, 3)):
        unit += attempts(g, name, 3)
        unit.append(Command("ACL", "SETUSER", name, "resetkeys", "resetchannels", *any_rules(g, 4),
                            mutable=False))
    return unit + attempts(g, name, 5) + end


def in_exec(g):
    """Queued with the rights, executed after a change of them."""
    name, start, end = a_user(g, [b"+@all", b"~*", b"&*"])
    picked = [Command(*args, mutable=False, comparer=compare.exact)
              for args, _ in (tried(g) for _ in range(g.rng.randint(1, 4)))
              if args[0] in ("GET", "SET", "MGET", "DEL", "EXISTS", "SADD", "PUBLISH", "COPY") and
              len(args) > 1]
    queued = [Command(*each.args, conn="other", mutable=False, counted=False) for each in picked]
    change = any_rules(g, 4)
    if g.chance(0.9):
        change += [b"+exec", b"+multi"]
    return start + [
        Command("MULTI", conn="other", mutable=False), *queued,
        Command("ACL", "SETUSER", name, "resetkeys", "resetchannels", *valid(change), mutable=False),
        Command("EXEC", conn="other", mutable=False, comparer=rights(name)), *end]


def refused_in_multi(g):
    name, start, end = a_user(g, [b"+multi", b"+exec", b"+get", b"~s:*"])
    return start + [Command("MULTI", conn="other", mutable=False),
                    *attempts_queued(g, name),
                    Command("EXEC", conn="other", mutable=False, comparer=rights(name)), *end]


def attempts_queued(g, user):
    return [Command(*args, conn="other", mutable=False, counted=False, comparer=rights(user))
            for args in g.rng.sample((["GET", "s:0"], ["GET", "t:0"], ["SET", "s:0", "x"],
                                      ["CONFIG", "GET", "x"]), 2)]


def setuser(g):
    """Rules right and wrong, and how the user is described then."""
    name = g.fresh(b"acl")
    unit, alike = [], True
    for _ in range(g.rng.randint(1, 3)):
        if g.chance(0.4):
            rules = command_rules(g) if not unit else []
        else:
            rules, alike = any_rules(g, 3), False
        # What may be an error after what went before is a request of its own.
        unit.append(Command("ACL", g.word("SETUSER"), name, "resetkeys", "resetchannels", *rules,
                            mutable=False))
        unit.append(Command("ACL", "SETUSER", name, *g.rng.sample(PATTERNS + CHANNELS + FLAGS, 2),
                            mutable=False))
        if g.chance(0.4):
            unit.append(Command("ACL", "SETUSER", name, g.choice(PATTERNS), g.choice(WRONG),
                                mutable=False))
        if g.chance(0.3):
            unit.append(Command("ACL", "SETUSER", name, selector(g), mutable=False))
            alike = False
    return unit + [Command("ACL", g.word("GETUSER"), name, comparer=described(alike), mutable=False),
                   Command("ACL", "LIST", comparer=user_lines, mutable=False),
                   Command("ACL", "USERS", mutable=False),
                   Command("ACL", "DELUSER", name, mutable=False)]


def wrong_rules(g):
    name = g.fresh(b"acl")
    return [Command("ACL", "SETUSER", name, *([b"~*"] if g.chance(0.2) else []), wrong, mutable=False)
            for wrong in g.rng.sample(WRONG, 3)] + [
        Command("ACL", "GETUSER", name, comparer=described(False), mutable=False),
        Command("ACL", "SETUSER", g.choice((b"a b", b"a\x00b", b"a\tb")), mutable=False),
        Command("ACL", "DELUSER", name, mutable=False)]


def passwords(g):
    name = g.fresh(b"acl")
    rules = g.rng.sample((b">a", b">b", b"<a", b"nopass", b"resetpass", b"on", b"off", b"#" + b"0a" * 32,
                          b"!" + b"0a" * 32, b">"), 5)
    logins = [Command(*args, conn="other", mutable=False, comparer=rights(name)) for args in (
        ["AUTH", name, "a"], ["AUTH", name, "b"], ["AUTH", name, ""], ["AUTH", "nobody", "a"],
        ["HELLO", "2", "AUTH", name, "wrong"])]
    return [Command("ACL", "LOG", "RESET", mutable=False),
            *[Command("ACL", "SETUSER", name, rule, mutable=False) for rule in rules],
            Command("ACL", "GETUSER", name, comparer=described(True), mutable=False),
            *g.rng.sample(logins[:4], 3),
            Command("ACL", "WHOAMI", conn="other", mutable=False, comparer=rights(name)),
            Command("ACL", "LOG", comparer=log_entries, mutable=False), *ending(name)]


def dry_run(g):
    name = g.fresh(b"acl")
    unit = [Command("ACL", "SETUSER", name, *any_rules(g, 6),
                    *([selector(g)] if g.chance(0.3) else []), mutable=False)]
    for _ in range(6):
        args, _ = tried(g)
        unit.append(Command("ACL", "DRYRUN", name, *args, comparer=dry(name), mutable=False))
    return unit + [Command("ACL", "DRYRUN", "nobody", "GET", "x", mutable=False),
                   Command("ACL", "DELUSER", name, mutable=False)]


def channels(g):
    """Subscriptions within and beyond the rights; a right that goes takes the connection along."""
    rules = [b"+@all", *valid([g.choice(CHANNELS) for _ in range(2)])]
    name, start, end = a_user(g, rules)
    kinds = g.choice((("SUBSCRIBE", b"news"), ("PSUBSCRIBE", b"news*"), ("SSUBSCRIBE", b"news"),
                      ("SUBSCRIBE", b"weather"), ("PSUBSCRIBE", b"*"), ("PSUBSCRIBE", b"w*"),
                      ("SUBSCRIBE", b"news", b"weather")))
    unit = start + [
        Command(*args, conn="other", mutable=False, comparer=rights(name)) for args in (
            ["PUBLISH", "news", "x"], ["SPUBLISH", "weather", "x"])]
    return unit + [Send("other", *kinds), Fence("other", normalise=denied_frame(name)), *end]


def denied_frame(user):
    def normalise(frame):
        if frame[0] == "-":
            return frame[0], in_words_of_8(user, frame[1]), *frame[2:]
        return frame
    return normalise


def revoked(g):
    """The connection is closed, for the pattern or channel is not allowed any more."""
    name, start, _ = a_user(g, [b"+@all", b"&news*"])
    kinds = g.choice((("SUBSCRIBE", b"news"), ("PSUBSCRIBE", b"news*"), ("SSUBSCRIBE", b"news.x")))
    change = g.choice(([b"resetchannels"], [b"resetchannels", b"&other"], [b"reset"]))
    return start + [Send("other", *kinds), Fence("other"),
                    Command("ACL", "SETUSER", name, *change, mutable=False),
                    Reconnect("other", closed=True), Command("ACL", "DELUSER", name, mutable=False)]


def deleted(g):
    name, start, _ = a_user(g, [b"+@all", b"~*"])
    return start + [Command("PING", conn="other", mutable=False),
                    Command("CLIENT", "INFO", conn="other", mutable=False,
                            comparer=compare.client_lines),
                    *g.choice(([Command("ACL", "DELUSER", name, "nobody", mutable=False)],
                               [Command("CLIENT", "KILL", "USER", name, mutable=False)])),
                    Reconnect("other", closed=True),
                    Command("ACL", "DELUSER", name, mutable=False)]


def default_off(g):
    """Without the default user a new connection has to log in."""
    name = g.fresh(b"acl")
    return [Command("ACL", "SETUSER", name, "on", "nopass", "+@all", "~*", "&*", mutable=False),
            Command("ACL", "SETUSER", "default", "off", mutable=False), Reconnect("raw"),
            Command("PING", conn="raw", mutable=False), Command("GET", "s:0", conn="raw", mutable=False),
            Command("AUTH", "x", conn="raw", mutable=False),
            Command("AUTH", "default", "x", conn="raw", mutable=False),
            Command("AUTH", name, "x", conn="raw", mutable=False),
            Command("PING", conn="raw", mutable=False),
            Command("ACL", "SETUSER", "default", "on", mutable=False), Reconnect("raw"),
            Command("PING", conn="raw", mutable=False), Reconnect("raw"),
            Command("ACL", "DELUSER", name, mutable=False)]


def pubsub_default(g):
    name = g.fresh(b"acl")
    return [Command("CONFIG", "SET", "acl-pubsub-default", "allchannels", mutable=False),
            Command("ACL", "SETUSER", name, "(+get)", mutable=False),
            Command("ACL", "GETUSER", name, comparer=described(True), mutable=False),
            Command("CONFIG", "SET", "acl-pubsub-default", "resetchannels", mutable=False),
            Command("ACL", "DELUSER", name, mutable=False)]


def questions(g):
    return g.rng.sample((
        Command("ACL", "CAT", mutable=False),
        Command("ACL", "CAT", g.choice((b"read", b"SET", b"scripting", b"geo")),
                comparer=compare.same_type, mutable=False),
        Command("ACL", g.word("CAT"), g.choice((b"nosuch", b"@read", b"")), mutable=False),
        Command("ACL", "CAT", "a", "b"), Command("ACL", "WHOAMI"), Command("ACL", "WHOAMI"),
        Command("ACL", "GENPASS", comparer=compare.same_type, mutable=False),
        Command("ACL", "GENPASS", g.choice((b"5", b"4096", b"1")), comparer=lengths, mutable=False),
        Command("ACL", "GENPASS", g.choice((b"0", b"4097", b"x", b"-1", b"")), mutable=False),
        Command("ACL", "HELP", mutable=False), Command("ACL", "LOAD"), Command("ACL", "SAVE"),
        Command("ACL", "NOSUCH"), Command("ACL"), Command("ACL", "LOG", "RESET", "x"),
        Command("ACL", "LOG", g.choice((b"x", b"-1", b"0")), comparer=log_entries), Command("ACL", "GETUSER", "nobody"),
        Command("ACL", "USERS", mutable=False), Command("ACL", "DELUSER", "default"),
        Command("ACL", "LIST", comparer=user_lines, mutable=False),
        Command("ACL", "DELUSER", "nobody", "default"), Command("ACL", "DELUSER", "nobody"),
        Command("ACL", "GETUSER", "default", comparer=described(True), mutable=False),
        Command("ACL", "DRYRUN", "default", "GET", "x", mutable=False),
        Command("ACL", "DRYRUN", "default", "GET", mutable=False)), 8)


def lengths(expected, got):
    return expected[0] == got[0] and len(expected[1]) == len(got[1])


COMMANDS = {
    "acl|setuser": (1, setuser),
    "acl|setuser wrong": (0.4, wrong_rules),
    "acl|getuser": (0.4, passwords),
    "acl|dryrun": (0.6, dry_run),
    "acl|log": (1, as_user),
    "acl changed": (0.5, changed),
    "acl exec": (0.4, in_exec),
    "acl multi": (0.2, refused_in_multi),
    "acl channels": (0.3, channels),
    "acl revoked": (0.2, revoked),
    "acl|deluser": (0.2, deleted),
    "acl default": (0.05, default_off),
    "acl pubsub": (0.05, pubsub_default),
    "acl|cat": (1, questions),
    "acl|help": (0.4, lambda g: [Command("ACL", "HELP", mutable=False)]),
}

"""FUNCTION and FCALL: libraries, their errors, flags, dumps, and what functions may do.

Redis 7.0 ends where two names of one library differ in case alone and the library is deleted: no
library here has such names. Nor does one keep anything in its variables, for each worker of Larder
has its own.
"""
import compare
from dump_forms import footed
from families.base import Command

OPTIONS = {
    "function|load": ["REPLACE"],
    "function|list": ["LIBRARYNAME", "WITHCODE"],
    "function|restore": ["FLUSH", "APPEND", "REPLACE"],
    "function|flush": ["SYNC", "ASYNC"],
}

# What functions do: bodies of `function(keys, args) … end`.
PURE = [
    "return 1", "return 3.99", "return 'text'", "return true", "return nil", "return {}", "return keys",
    "return args", "return {keys, args, #keys, #args}", "return {keys[1], args[1]}", "return #args",
    "return {1, {2, {'deep'}}, false}", "return {ok='FINE'}", "return {err='MY bad'}", "return {double=3.25}",
    "return {map={a=1}}", "return redis.error_reply('MY error')", "return redis.status_reply('FINE')",
    "return redis.call('GET', keys[1])", "return redis.pcall('GET', keys[1])", "return redis.call('TYPE', keys[1])",
    "return redis.call('EXISTS', unpack(keys))", "return redis.call('nosuch')", "return redis.pcall('nosuch')",
    "return redis.call()", "return redis.call('GET')", "return redis.call('GET', {})", "error('boom')",
    "error({err='MY boom'})", "error()", "return nosuch", "x = 1", "return KEYS[1]", "return ARGV", "local a return a.b",
    "return redis.call('ECHO', args[1])", "redis.setresp(3) return redis.call('SMEMBERS', 'nokey')",
    "redis.setresp(3) return redis.call('HGETALL', 'nokey')", "redis.setresp(3) return true",
    "return redis.sha1hex(args[1])", "return redis.LOG_WARNING", "redis.log(redis.LOG_DEBUG, 'x') return 1",
    "return type(redis.REDIS_VERSION)", "return cjson.encode(args)", "return cjson.decode('[1,2,{\"a\":null}]')",
    "return cmsgpack.unpack(cmsgpack.pack(args))", "return struct.pack('>I2', 258)", "return bit.band(255, 15)",
    "return redis.call('FCALL', 'f', 0)", "return redis.call('EVAL', 'return 1', 0)", "return redis.call('FUNCTION', 'LIST')",
    "return redis.call('FUNCTION', 'FLUSH')", "return redis.call('SUBSCRIBE', 'c')", "return redis.call('MULTI')",
    "return redis.call('SELECT', '2')", "return redis.call('TIME')[1] ~= '0'", "return redis.set_repl(redis.REPL_ALL)",
    "return redis.acl_check_cmd('GET', 'x')", "return type(redis.register_function)", "return redis.register_function('z', function() end)",
    "keys[1] = 'changed' args[1] = 7 return {keys, args}", "return select('#', keys, args)", "return tostring(_G == _G._G)",
    "rawset(_G, 'x', 1) return 1", "setmetatable(_G, {})", "redis = nil", "redis.call = nil", "return loadstring('return 5')()",
    "local ok, e = pcall(redis.call, 'GET') return {tostring(ok), type(e)}", "return table.concat(args, ',')",
    "local s = 0 for i = 1, 100 do s = s + i end return s", "return string.rep('ab', 3)", "return math.floor(2.7)",
    "return helper(keys, args)", "return coroutine.wrap(function() coroutine.yield(1) end)()", "return\n  nosuch()",
]

WRITING = [
    "return redis.call('SET', keys[1], args[1])", "return redis.call('INCRBY', keys[1], args[1])",
    "return redis.call('DEL', keys[1], keys[2])", "return redis.call('MSET', keys[1], 1, keys[2], 2)",
    "redis.call('SADD', keys[2], args[1]) return redis.call('SCARD', keys[2])",
    "redis.call('SET', 's:undeclared', args[1]) return redis.call('GET', 's:undeclared')",
    "redis.call('SET', keys[1], 'first') redis.call('nosuch')", "redis.pcall('SADD', keys[1], 'x') return redis.call('TYPE', keys[1])",
    "local v = redis.call('INCR', keys[1]) if v == 1 then redis.call('EXPIRE', keys[1], 99999999) end return v",
    "redis.call('SELECT', '2') redis.call('SET', 'x', args[1]) return redis.call('GET', 'x')",
    "return {redis.call('UNLINK', keys[1]), redis.call('EXISTS', keys[1])}",
]

FLAGS = ["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys", "No-Writes"]

# Code that registers nothing, or registers it wrongly.
FAILING = [
    "", "return 1", "syntax error", "return (", "x = 1", "return x", "redis = 1", "redis.x = 1", "nosuch()",
    "redis.call('PING')", "redis.pcall('PING')", "return redis.setresp", "return redis.sha1hex", "return pairs",
    "return pcall", "return math", "return cjson", "return KEYS", "return _G", "return loadstring", "error('x')",
    "local function f() return f() + 1 end f()", "redis.log()", "redis.log('x', 'y')", "return redis.REPL_ALL",
    "redis.register_function()", "redis.register_function(1)", "redis.register_function('f')",
    "redis.register_function('f', 1)", "redis.register_function({}, function() end)",
    "redis.register_function('f', function() end, 3)", "redis.register_function('', function() end)",
    "redis.register_function('a-b', function() end)", "redis.register_function('a b', function() end)",
    "redis.register_function('f', function() end) redis.register_function('f', function() end)",
    "redis.register_function('f', function() end) nosuch()", "redis.register_function{}",
    "redis.register_function{function_name='x'}", "redis.register_function{callback=function() end}",
    "redis.register_function{function_name={}}", "redis.register_function{callback=1}", "redis.register_function{foo=1}",
    "redis.register_function{[1]=1}", "redis.register_function{[{}]=1}", "redis.register_function{description={}}",
    "redis.register_function{flags='no-writes'}", "redis.register_function{flags={'bogus'}}",
    "redis.register_function{flags={{}}}", "redis.register_function{flags={1}}", "local s = ('x'):rep(3) return s.y.z",
]

FIRST_LINES = [
    "", "x", "#!lua", "#!lua\n", "#!lua name\n", "#!lua name=\n", "#!lua name=a", "#!lua name=a name=b\n", "#!lua foo=bar\n",
    "#!lua name=a foo\n", "#!js name=a\n", "#! name=a\n", "#!\n", "#!lua name=a-b\n", "#!lua name=\"a b\"\n", "#!lua 'x\n",
    "#!lua name=\xff\n", "#!lua na\x00me=a\n", "#!lua name=a\x00\n", "#!luajit name=a\n", "#!lua name=a\\ b\n", "\n#!lua name=a\n",
]

NAMES = ["a", "b", "lib_1", "Lib2", "c3"]


def library(name, code):
    return f"#!lua name={name}\n{code}"


def function(g, name, body):
    """Its registration, in one of the two forms."""
    callback = f"function(keys, args) {body} end"
    if g.chance(0.5):
        return f"redis.register_function('{name}', {callback})"
    parts = [f"function_name='{name}'", f"callback={callback}"]
    if g.chance(0.6):
        flags = g.rng.sample(FLAGS, g.rng.randint(0, 4))
        parts.append("flags={%s}" % ", ".join(f"'{flag}'" for flag in flags))
    if g.chance(0.4):
        parts.append(g.choice(("description='what it does'", "description=''", "Description=12")))
    g.rng.shuffle(parts)
    return "redis.register_function{%s}" % ", ".join(parts)


HELPER = "local function helper(keys, args) return {'helped', keys[1], #args} end\n"


def some_library(g, bodies=None):
    """A library that loads, with the names of its functions: those of no other, mostly."""
    name = g.choice(NAMES)
    names = [f"{name}_{i}" if g.chance(0.97) else "shared" for i in range(g.rng.randint(1, 4))]
    names = list(dict.fromkeys(names))
    code = HELPER + "\n".join(function(g, each, g.choice(bodies or (WRITING if g.chance(0.25) else PURE)))
                              for each in names)
    if g.chance(0.1):
        code += "\n-- " + g.text(g.rng.choice((10, 100, 3000))).decode()
    return library(name, code), name, names


def wrong_library(g):
    if g.chance(0.5):
        return g.choice(FIRST_LINES) + function(g, "first", "return 1")
    return library(g.choice(NAMES), g.choice(FAILING))


def keys_and_args(g, most=4):
    keys = [g.any_key() for _ in range(g.rng.randint(2, 3))]
    return [len(keys), *keys, g.value(), g.ttl_ms()][:most + 2]


def load(g):
    if g.chance(0.15):
        return [Command("FUNCTION", g.word("LOAD"), *([g.word("REPLACE")] if g.chance(0.5) else []), wrong_library(g))]
    source, _, _ = some_library(g)
    options = [g.word("REPLACE")] if g.chance(0.75) else []
    if g.chance(0.03):
        options += [g.choice((b"REPLACE", b"NX", b""))]
    return [Command("FUNCTION", g.word("LOAD"), *options, source)]


def call(command):
    def build(g):
        source, _, names = some_library(g)
        if command == "FCALL_RO" and g.chance(0.8):
            name = g.choice(NAMES)
            names = [f"{name}_ro"]
            source = library(name, "redis.register_function{function_name='%s', flags={'no-writes'}, "
                                   "callback=function(keys, args) %s end}" % (names[0], g.choice(PURE)))
        unit = [Command("FUNCTION", "LOAD", "REPLACE", source, mutable=False)]
        for _ in range(g.rng.randint(1, 4)):
            name = g.choice(names)
            if g.chance(0.1):
                name = name.swapcase()
            if g.chance(0.03):
                name = g.choice(("nosuch", "", "shared", "a_0", "lib_1_1"))
            if g.chance(0.04):
                unit.append(Command(command, name, g.choice((b"-1", b"50", b"x", b"", b"1.5")), "a"))
            else:
                unit.append(Command(command, name, *keys_and_args(g)))
        if "SELECT" in source:  # its own affair; prove it
            unit.append(Command("DBSIZE"))
        return unit
    return build


def same_libraries(expected, got):
    """FUNCTION LIST: libraries, their functions and the functions' flags in any order."""
    def canonical(reply):
        if reply[0] != "*":
            return reply
        return sorted(repr(sorted_library(each)) for each in reply[1])

    def sorted_library(each):
        kind, items = each
        items = list(items)
        functions = [sorted_flags(one) for one in items[5][1]]
        items[5] = (items[5][0], sorted(functions, key=repr))
        return kind, items

    def sorted_flags(one):
        kind, items = one
        return kind, [*items[:5], (items[5][0], sorted(items[5][1]))]

    return canonical(expected) == canonical(got)


def list_(g):
    options = []
    if g.chance(0.6):
        pattern = g.choice(("*", "a", "A", "lib*", "LIB_?", "[ab]", "nosuch", "", "*[0-9]"))
        options.append([g.word("LIBRARYNAME"), pattern])
    if g.chance(0.5):
        options.append([g.word("WITHCODE")])
    g.rng.shuffle(options)
    if g.chance(0.05):
        options.append(g.choice(([b"LIBRARYNAME"], [b"WITHCODE"], [b"x"], [b""])))
    return [Command("FUNCTION", g.word("LIST"), *sum(options, []), comparer=same_libraries)]


def delete(g):
    source, name, names = some_library(g)
    unit = [Command("FUNCTION", "LOAD", "REPLACE", source, mutable=False)] if g.chance(0.8) else []
    return unit + [Command("FUNCTION", g.word("DELETE"), name if g.chance(0.95) else g.choice((name.swapcase(), "", "x"))),
                   Command("FCALL", names[0], 0, mutable=False),
                   Command("FUNCTION", "STATS", mutable=False)]


def flush(g):
    mode = g.choice(([], [g.word("SYNC")], [g.word("ASYNC")], [b"bogus"] if g.chance(0.1) else []))
    return [Command("FUNCTION", g.word("FLUSH"), *mode), Command("FUNCTION", "LIST", comparer=same_libraries)]


def stats(g):
    return [Command("FUNCTION", g.word("STATS"))]


def help_(g):
    return [Command("FUNCTION", g.word("HELP"))]


def kill(g):
    return [Command("FUNCTION", g.choice(("KILL", "kill")), mutable=False), Command("FUNCTION", "nosuch", mutable=False)]


def dump(g):
    """Of one library exactly; several come in any order."""
    if g.chance(0.3):
        return [Command("FUNCTION", g.word("DUMP"), comparer=compare.same_type)]
    source, _, _ = some_library(g)
    return [Command("FUNCTION", "FLUSH", mutable=False), Command("FUNCTION", "LOAD", source, mutable=False),
            Command("FUNCTION", g.word("DUMP"))]


def string(text):
    """An RDB string as it is."""
    length = len(text)
    head = bytes([length]) if length < 64 else bytes([0x40 | length >> 8, length & 255])
    return (head if length < 1 << 14 else b"\x80" + length.to_bytes(4, "big")) + text


# What redis-server 7.0.15 dumped of a library that it compressed.
COMPRESSED = bytes.fromhex(
    "f5c340ab41921f23216c7561206e616d653d7061636b65640a2d2d2041206c69627261727920741f6861742069747320"
    "64756d7020686f6c647320636f6d707265737365642e0a7217656469732e72656769737465725f66756e6374696f6e28"
    "27804c045f30272c20e00014136b6579732c2061726773292072657475726e207be00113082c20307d20656e6429e018"
    "540031e023540031e01e540032e023540032e01e540033e02354003340540164290a0078bebc81b714f214")

BAD_DUMPS = [
    b"", b"short", footed(b"\xf5", 10), footed(b"\xf5\x3fabc", 10), footed(b"\xf5\x00", 10), footed(b"\xf5\x05nolib", 10),
    footed(b"\xf5\xc0\x05", 10), footed(b"\x00\x05hello", 10), footed(b"\xf5\xc3\x05\x10abc", 10),
    footed(b"\xf5\x81" + b"\xff" * 8 + b"abc", 10), footed(b"\xf5\x05nolib", 99), COMPRESSED[:-1] + b"?",
    footed(b"\xf5" + string(b"#!lua name=a\nnosuch()"), 10),
    footed(b"\xf5" + string(b"#!js name=a\n"), 10),
]


def restore(g):
    libraries = [some_library(g)[0] for _ in range(g.rng.choice((0, 1, 1, 1, 2, 2)))]
    body = b"".join(b"\xf5" + string(each.encode("latin-1")) for each in libraries)
    payload = footed(body, g.choice((10, 10, 9)))
    if g.chance(0.15):
        payload = COMPRESSED
    if g.chance(0.08):
        payload = g.choice(BAD_DUMPS)
    policy = g.choice(([], [g.word("FLUSH")], [g.word("FLUSH")], [g.word("REPLACE")], [g.word("REPLACE")], [g.word("APPEND")]))
    if g.chance(0.02):
        policy = g.choice(([b"x"], [b"FLUSH", b"x"], [b""]))
    # Of several that are in the way, which one the error names hangs on a hash table.
    ambiguous = len(libraries) > 1 and (not policy or policy[0].upper() == "APPEND")
    unit = [Command("FUNCTION", "FLUSH", mutable=False)] if ambiguous or g.chance(0.4) else []
    return unit + [Command("FUNCTION", g.word("RESTORE"), payload, *policy, mutable=False),
                   Command("FUNCTION", "LIST", "WITHCODE", comparer=same_libraries, mutable=False)]


def in_transaction(g):
    source, name, names = some_library(g)
    return [Command("MULTI", mutable=False),
            Command("FUNCTION", "LOAD", "REPLACE", source, mutable=False, counted=False),
            Command("FCALL", names[0], *keys_and_args(g), mutable=False, counted=False),
            Command("FCALL_RO", names[-1], *keys_and_args(g), mutable=False, counted=False),
            Command("FUNCTION", "DELETE", name, mutable=False, counted=False),
            Command("FCALL", names[0], 0, mutable=False, counted=False),
            Command("EXEC", mutable=False)]


COMMANDS = {
    "fcall": (2.5, call("FCALL")),
    "fcall_ro": (1.2, call("FCALL_RO")),
    "function|load": (1, load),
    "function|list": (0.6, list_),
    "function|delete": (0.84, delete),
    "function|flush": (0.5, flush),
    "function|stats": (0.3, stats),
    "function|help": (0.7, help_),
    "function|kill": (0.1, kill),
    "function|dump": (0.84, dump),
    "function|restore": (1, restore),
    "functions in multi": (0.4, in_transaction),
}

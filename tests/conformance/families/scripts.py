"""EVAL and its kin: conversions, libraries, errors, limits, undeclared keys."""
import hashlib

from families.base import Command

OPTIONS = {
    "script|flush": ["SYNC", "ASYNC"],
}

# Scripts without side effects; each is also what EVAL_RO and EVALSHA run.
PURE = [
    "return 1", "return 3.99", "return -3.99", "return 'text'", "return true", "return false",
    "return nil", "return {1,2,3.7,'four',false,nil,5}", "return {ok='FINE'}", "return {err='MY bad'}",
    "return {err='no code'}", "return {ok='two\\r\\nlines'}", "return {1,{2,{3,{'deep'}}}}",
    "return {}", "return {a=1}", "return 1e15", "return 2^53", "return tostring(1e15)",
    "return tostring(3.0)", "return 1/3 .. ''", "return 10 .. ''", "return 0/0", "return -0",
    "return KEYS", "return ARGV", "return {KEYS[1],ARGV[1],#KEYS,#ARGV}", "return KEYS[1]",
    "return redis.call('GET',KEYS[1])", "return redis.call('get',KEYS[1]) == false",
    "return redis.call('TYPE',KEYS[1]).ok", "return redis.call('EXISTS',KEYS[1])",
    "return redis.pcall('GET',KEYS[1])", "return redis.call('SMEMBERS','nokey')",
    "return redis.call('STRLEN',KEYS[1])", "return type(redis.call('SCARD','t:0'))",
    "return redis.call('nosuch')", "return redis.pcall('nosuch')['err']", "return redis.call()",
    "return redis.pcall('GET').err", "return redis.call('GET', {})", "return redis.pcall('GET', nil)",
    "return redis.call('SISMEMBER','s:0','x')", "return redis.call('GETRANGE',KEYS[1],0,3)",
    "local ok,e = pcall(redis.call,'SISMEMBER','s:0','x') return {tostring(ok),type(e)}",
    "local ok,e = pcall(redis.call,'GET') return e.err",
    "return redis.error_reply('MY error')", "return redis.error_reply('plain')",
    "return redis.error_reply('-MY error')", "return redis.status_reply('FINE')",
    "return redis.sha1hex('abc')", "return redis.sha1hex('')", "return redis.sha1hex()",
    "return redis.REDIS_VERSION ~= nil", "return redis.LOG_WARNING", "return redis.replicate_commands()",
    "redis.log(redis.LOG_DEBUG,'x') return 1", "return redis.log('x')", "return redis.setresp(4)",
    "redis.setresp(3) return redis.call('SMEMBERS','nokey')", "redis.setresp(2) return 7",
    "redis.setresp(3) return {double=3.25}", "redis.setresp(3) return {map={a=1}}",
    "redis.setresp(3) return {set={x=true}}", "redis.setresp(3) return true",
    "return {double=3.25}", "return {map={a=1}}", "return {set={x=true}}",
    "return {big_number='12345678901234567890'}",
    "return cjson.encode({1,2,{a='b'}})", "return cjson.decode('[1,2.5,\"x\",null,true]')",
    "return cjson.encode(cjson.decode('{\"id\":101}'))", "return cjson.decode('{\"id\":101}').id..''",
    "return cjson.decode('nope')", "return cjson.encode({})", "return cjson.encode('\\0\\n\"')",
    "return cjson.encode(1e20)", "return cjson.encode(0.1)", "return tostring(cjson.null)",
    "return cjson.decode('{\"a\":{\"b\":[1,2]}}').a.b", "return cjson.encode({[1]=1,[2]=2,[5]=5})",
    "return cmsgpack.pack({1,'a',2.5,true})", "return cmsgpack.unpack(cmsgpack.pack({1,'a',{2}}))",
    "return cmsgpack.pack(1,2,'x')", "return {cmsgpack.unpack('\\1\\2\\3')}", "return cmsgpack.unpack('')",
    "return cmsgpack.pack({a=1})", "return cmsgpack.pack(-1e10)", "return cmsgpack.unpack('\\217')",
    "return struct.pack('>I2h','258',-2)", "return struct.unpack('>I2','\\1\\2')",
    "return struct.pack('Bc0','7','hey')", "return {struct.unpack('<Lh','\\1\\0\\0\\0\\0\\0\\0\\0\\2\\0')}",
    "return struct.size('dLhIB')", "return struct.pack('q',1)", "return struct.unpack('I4','x')",
    "return bit.band(0xff,0x0f)", "return bit.bxor(1,2,4)", "return bit.tohex(255,4)",
    "return bit.lshift(1,31)", "return bit.bnot(0)", "return bit.rol(0x12345678,12)",
    "return bit.tobit(2^40+5)",
    "return table.getn({1,2,3})", "return table.maxn({1,2,[10]=3})", "return unpack({1,2,3})",
    "return {unpack({1,2,3})}", "return select('#',unpack({1,2,3}))", "return #'binary\\0safe'",
    "return string.gsub('a\\0b','%z','-')", "return string.rep('ab',3,'x')", "return ('x'):rep(5)",
    "return string.format('%d %s %5.2f',3,'x',2.5)", "return string.format('%d',3.99)",
    "return {string.find('hello','l+')}", "return string.match('k:42','%d+')",
    "math.randomseed(1.5) return 1", "return math.floor(2.7)", "return math.max(1,5,3)",
    "return tonumber('0x10')", "return tonumber('z',36)", "return '10'+5", "return '3'*'4'",
    "return 5 % -3", "return type(os.clock())", "return os.time and 1 or 0", "return type(os)",
    "return type(io)", "return type(debug)", "return type(package)", "return type(require)",
    "return type(dofile)", "return type(loadstring)", "return loadstring('return 5')()",
    "return type(newproxy)", "return type(getmetatable)", "return type(setmetatable)",
    "return type(coroutine)", "local c = coroutine.wrap(function() coroutine.yield(1) end) return c()",
    "x = 1 return x", "return y", "print = nil", "redis = nil", "redis.call = nil",
    "string.rep = nil return 1", "setmetatable(_G, {}) return 1", "rawset(_G,'z',1) return z",
    "local t = setmetatable({},{__index=function() return 9 end}) return t.anything",
    "error('boom')", "error({err='MY boom'})", "error()", "return error('x', 0)", "local a = nil; return a.b",
    "return nosuch()", "syntax error here", "return (", "", "--[[ comment ]]", "return 1 + nil",
    "if true then return redis.call('PING') end", "return redis.call('ECHO','hi')",
    "return redis.call('SUBSCRIBE','c')", "return redis.call('MULTI')", "return redis.call('EVAL','return 1',0)",
    "return redis.call('WATCH','k')", "return redis.call('SELECT','1')", "return redis.call('DBSIZE') >= 0",
    "return redis.call('TIME')[1] ~= '0'", "local t = redis.call('TIME') return #t",
    "return redis.call('SCAN','0','COUNT','100000')[1]", "return #ARGV == 0 and 'none' or ARGV[#ARGV]",
    "KEYS[1] = 'changed' return KEYS[1]", "ARGV[1] = 5 return ARGV[1]", "return tostring(KEYS[99])",
    "local s = 0 for i = 1, 100 do s = s + i end return s", "return {1,2,nil,4}",
    "return string.byte('A')", "return string.char(0,255)", "return ('%s'):format('z')",
    "return tostring(redis.call('GET','missing'))", "return type(redis.call('GET','missing'))",
    "return redis.call('GET',1.0)", "return redis.call('ECHO',3.5)", "return redis.call('ECHO',1e9)",
    "return redis.call('ECHO',2^53)", "return redis.call('ECHO',-7)", "return redis.call('ECHO',0.1)",
    "return redis.call('ECHO',true)", "return #redis.call('ECHO','a\\0b')",
    "#!lua\nreturn 5", "#!lua flags=no-writes\nreturn 6", "#!lua flags=bogus\nreturn 1",
    "#!lua name=x\nreturn 1", "#!perl\nreturn 1", "#!lua flags=no-writes\nreturn redis.call('SET','a','1')",
    "#!lua flags=allow-oom,no-writes\nreturn 1",
    "return redis.acl_check_cmd('GET','x')", "return redis.acl_check_cmd('nosuch')",
    "return redis.breakpoint()", "return redis.set_repl(redis.REPL_ALL)", "return redis.set_repl(99)",
]

# Scripts that write; the last keys are not always declared.
WRITING = [
    "return redis.call('SET',KEYS[1],ARGV[1])", "return redis.call('SET',KEYS[1],ARGV[1],'PX','99999999999')",
    "return redis.call('INCRBY',KEYS[1],ARGV[1])", "return redis.call('DEL',KEYS[1],KEYS[2])",
    "if redis.call('GET',KEYS[1]) == ARGV[1] then return redis.call('DEL',KEYS[1]) else return 0 end",
    "redis.call('SADD',KEYS[2],ARGV[1]) return redis.call('SCARD',KEYS[2])",
    "redis.call('SET','s:undeclared',ARGV[1]) return redis.call('GET','s:undeclared')",
    "for i = 1, 5 do redis.call('SADD','t:undeclared',i) end return redis.call('SCARD','t:undeclared')",
    "local v = redis.call('INCR',KEYS[1]) if v == 1 then redis.call('EXPIRE',KEYS[1],99999999) end return v",
    "redis.call('SET',KEYS[1],'first') redis.call('nosuch')", "redis.call('SET',KEYS[1],1) error('after')",
    "redis.pcall('SADD',KEYS[1],'x') return redis.call('TYPE',KEYS[1]).ok",
    "return redis.call('APPEND',KEYS[1],string.rep('x',10))", "return redis.call('MSET',KEYS[1],1,KEYS[2],2)",
    "local n = 0 for _,k in ipairs(redis.call('KEYS','i:*')) do n = n + 1 end return n",
    "return redis.call('RENAME',KEYS[1],KEYS[1])", "return {redis.call('UNLINK',KEYS[1]),redis.call('EXISTS',KEYS[1])}",
    "redis.call('PEXPIRE',KEYS[1],ARGV[2]) return redis.call('PTTL',KEYS[1]) > 0",
    "redis.call('SELECT','2') redis.call('SET','x',ARGV[1]) return redis.call('GET','x')",
    "return redis.call('SINTERSTORE',KEYS[2],'t:0','t:1')",
]


def arguments(g):
    keys = [g.any_key() for _ in range(g.rng.randint(2, 3))]
    return [len(keys), *keys, g.value(), g.ttl_ms()]


def eval_(name, scripts):
    def build(g):
        script = g.choice(scripts)
        if g.chance(0.04):
            return [Command(name, script, g.choice((b"-1", b"5", b"x", b"", b"1.5")), "a")]
        unit = [Command(name, script, *arguments(g))]
        if "SELECT" in script:  # a script's SELECT is its own affair; prove it
            unit.append(Command("CLIENT", "NO-EVICT", "OFF"))
            unit.append(Command("DBSIZE"))
        return unit
    return build


def writing(g):
    return eval_(g.choice(("EVAL", "EVAL", "EVAL", "EVAL_RO")), WRITING)(g)


def sha(script):
    return hashlib.sha1(script.encode()).hexdigest()


def evalsha(name):
    def build(g):
        script = g.choice(PURE + WRITING if name == "EVALSHA" else PURE)
        digest = sha(script)
        if g.chance(0.3):
            digest = digest.upper()
        unit = [Command("SCRIPT", g.word("LOAD"), script)] if g.chance(0.9) else []
        if g.chance(0.03):
            digest = g.choice((b"0" * 40, b"short", b"", b"z" * 40))
        return unit + [Command(name, digest, *arguments(g))]
    return build


def script_exists(g):
    return [Command("SCRIPT", "EXISTS", *[g.choice((sha(g.choice(PURE)), "nosuch", "f" * 40))
                                          for _ in range(g.rng.randint(1, 4))])]


def script_flush(g):
    mode = g.choice(([], [g.word("SYNC")], [g.word("ASYNC")], [b"bogus"] if g.chance(0.1) else []))
    script = g.choice(PURE)
    return [Command("SCRIPT", "FLUSH", *mode), Command("SCRIPT", "EXISTS", sha(script)),
            Command("EVALSHA", sha(script), *arguments(g))]


def script_kill(g):
    return [Command("SCRIPT", g.choice(("KILL", "kill")), mutable=False),
            Command("SCRIPT", g.choice(("nosuch", "EXISTS")), mutable=False)]


def in_transaction(g):
    script = g.choice(PURE[:30] + WRITING[:6])
    return [Command("MULTI", mutable=False),
            Command("EVAL", script, *arguments(g), mutable=False, counted=False),
            Command("SCRIPT", "LOAD", script, mutable=False, counted=False),
            Command("EVALSHA", sha(script), *arguments(g), mutable=False, counted=False),
            Command("EXEC", mutable=False)]


COMMANDS = {
    "eval": (5, eval_("EVAL", PURE)),
    "eval writing": (4, writing),
    "eval_ro": (2, eval_("EVAL_RO", PURE)),
    "evalsha": (2, evalsha("EVALSHA")),
    "evalsha_ro": (2, evalsha("EVALSHA_RO")),
    "script|exists": (0.5, script_exists),
    "script|flush": (0.9, script_flush),
    "script|kill": (0.1, script_kill),
    "eval in multi": (0.6, in_transaction),
}

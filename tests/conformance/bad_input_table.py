"""The bad-input table of HARDENING.md, as data: all rows but 23 (TLS), 69 (cluster) and what needs
persistence.

A row sends raw bytes on a connection of its own and says which bytes come back, as a regular
expression over all of them, and whether the server closes. `{fence}` in an expectation is what a PING
sent last answers: the connection lives and its parser is in step. Fields of a row:

  number    the table's number; `*` after it marks an agreed difference from redis-server 7.0
  title     the behaviour as a sentence
  config    options set before and put back after
  setup     requests on a control connection before
  send      the bytes, whole or in pieces
  expect    regular expression for every byte that comes back
  closes    whether the server closes (then no PING is sent)
  redis     False where redis-server 7.0 is not asked; `why` says the reason
"""
import dataclasses

from dump_forms import footed


@dataclasses.dataclass(frozen=True)
class Row:
    number: str
    title: str
    send: object
    expect: bytes
    closes: bool = False
    config: tuple = ()
    setup: tuple = ()
    redis: bool = True
    why: str = ""


FENCE = rb"\$5\r\nfence\r\n"
PASSWORD = (("requirepass", "secret"),)


def request(*args):
    return b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%b\r\n" % (len(a), a) for a in args)


def error(text):
    return rb"-" + text + rb"\r\n"


def protocol_error(text):
    return error(rb"ERR Protocol error: " + text)


def refused(*args, text, number, title, **fields):
    """A request whose error leaves the connection as it was."""
    return Row(number, title, request(*args), error(text) + FENCE, **fields)


PIPELINE = (request(b"SET", b"split", b"va\r\nlue") + request(b"GET", b"split") + b"PING\r\n"
            + b"\r\n*0\r\n" + request(b"INCR", b"split") + b'ECHO "a \\x41 b"\r\n'
            + request(b"DEL", b"split"))
PIPELINE_REPLIES = (rb"\+OK\r\n\$7\r\nva\r\nlue\r\n\+PONG\r\n-ERR value is not an integer or out of "
                    rb"range\r\n\$5\r\na A b\r\n:1\r\n")

ROWS = [
    Row("1", "too many arguments", b"*3000000000\r\n", protocol_error(rb"invalid multibulk length"),
        closes=True),
    Row("1", "a count that is no number", b"*x\r\n", protocol_error(rb"invalid multibulk length"),
        closes=True),
    Row("1", "a count past 64 bits", b"*99999999999999999999\r\n",
        protocol_error(rb"invalid multibulk length"), closes=True),
    Row("2", "negative, zero and blank are ignored", b"*-10\r\n*0\r\n\r\n\r\n*-1\r\n", FENCE),
    Row("2", "after an ignored count the next request stands alone",
        b"*0\r\n" + request(b"ECHO", b"a"), rb"\$1\r\na\r\n" + FENCE),
    Row("3", "another byte where $ is due", b"*2\r\nfoo\r\n",
        protocol_error(rb"expected '\$', got 'f'"), closes=True),
    Row("3", "an array inside a request", b"*1\r\n*1\r\n",
        protocol_error(rb"expected '\$', got '\*'"), closes=True),
    Row("4", "a negative bulk length", b"*2\r\n$3\r\nGET\r\n$-10\r\n",
        protocol_error(rb"invalid bulk length"), closes=True),
    Row("4", "a bulk of 2 GB", b"*2\r\n$3\r\nGET\r\n$2000000000\r\n",
        protocol_error(rb"invalid bulk length"), closes=True),
    Row("4", "a bulk length that is a word", b"*2\r\n$3\r\nGET\r\n$blabla\r\n",
        protocol_error(rb"invalid bulk length"), closes=True),
    Row("4", "a bulk over proto-max-bulk-len", b"*1\r\n$1048577\r\n",
        protocol_error(rb"invalid bulk length"), closes=True, config=(("proto-max-bulk-len", "1048576"),)),
    Row("5", "an endless count", b"*" + b"1" * 70_000,
        protocol_error(rb"too big mbulk count string"), closes=True),
    Row("6", "an endless bulk length", b"*1\r\n$" + b"1" * 70_000,
        protocol_error(rb"too big bulk count string"), closes=True),
    Row("7", "an endless inline request", b"a" * 70_000,
        protocol_error(rb"too big inline request"), closes=True),
    Row("8", "unbalanced quotes", b'SET a "b\r\n',
        protocol_error(rb"unbalanced quotes in request"), closes=True),
    Row("8", "text after a closing quote", b'SET a "b"c\r\n',
        protocol_error(rb"unbalanced quotes in request"), closes=True),
    Row("9*", "a bulk without its line end", b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
        rb"-ERR Protocol error[^\r]*\r\n", closes=True, redis=False,
        why="7.0 skips the two bytes unread, whatever they are"),
    Row("10", "before login: many arguments", b"*11\r\n",
        protocol_error(rb"unauthenticated multibulk length"), closes=True, config=PASSWORD),
    Row("11", "before login: a long argument", b"*1\r\n$16385\r\n",
        protocol_error(rb"unauthenticated bulk length"), closes=True, config=PASSWORD),
    Row("13", "an HTTP POST", b"POST / HTTP/1.1\r\n", rb"", closes=True),
    Row("13", "a Host header", b"Host: localhost\r\n", rb"", closes=True),
    Row("14", "whole", PIPELINE, PIPELINE_REPLIES + FENCE),
    Row("14", "byte by byte", [PIPELINE[i:i + 1] for i in range(len(PIPELINE))],
        PIPELINE_REPLIES + FENCE),
    Row("14", "in sevens", [PIPELINE[i:i + 7] for i in range(0, len(PIPELINE), 7)],
        PIPELINE_REPLIES + FENCE),
    Row("15", "a query buffer over its limit",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000\r\n" + b"x" * 3_000_000, rb"", closes=True,
        config=(("client-query-buffer-limit", "1048576"),)),
    refused(b"foo", b"bar", number="17", title="an unknown command",
            text=rb"ERR unknown command 'foo', with args beginning with: 'bar' "),
    refused(b"foo", number="17", title="an unknown command alone",
            text=rb"ERR unknown command 'foo', with args beginning with: "),
    refused(b"foo", *[b"x" * 100] * 5, number="17", title="an unknown command's arguments are cut",
            text=rb"ERR unknown command 'foo', with args beginning with: 'x{100}' 'x{25}' "),
    refused(b"f\x00o\r\n", b"\r\n", number="17", title="an unknown command with line ends inside",
            text=rb"ERR unknown command '[^\r]*"),
    refused(b"x" * 300, number="17", title="a long unknown command is cut",
            text=rb"ERR unknown command 'x{128}', with args beginning with: "),
    refused(b"client", b"foo", number="17", title="an unknown subcommand",
            text=rb"ERR unknown subcommand 'foo'\. Try CLIENT HELP\."),
    refused(b"get", number="18", title="too few arguments",
            text=rb"ERR wrong number of arguments for 'get' command"),
    refused(b"CONFIG", b"GET", number="18", title="too few arguments of a subcommand",
            text=rb"ERR wrong number of arguments for 'config\|get' command"),
    refused(b"HELLO", b"9", number="19", title="an unknown protocol version",
            text=rb"NOPROTO unsupported protocol version"),
    Row("20", "GET while subscribed", request(b"SUBSCRIBE", b"c") + request(b"GET", b"k")
        + request(b"UNSUBSCRIBE", b"c"),
        rb"\*3\r\n\$9\r\nsubscribe\r\n\$1\r\nc\r\n:1\r\n-ERR Can't execute 'get': only \(P\|S\)SUBSCRIBE / "
        rb"\(P\|S\)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n"
        rb"\*3\r\n\$11\r\nunsubscribe\r\n\$1\r\nc\r\n:0\r\n" + FENCE),
    Row("21", "one client more than maxclients", b"", error(rb"ERR max number of clients reached"),
        closes=True, config=(("maxclients", "1"),)),
    Row("26", "no login", request(b"GET", b"k") + request(b"AUTH", b"secret"),
        error(rb"NOAUTH Authentication required\.") + rb"\+OK\r\n" + FENCE, config=PASSWORD),
    Row("27", "a bad login", request(b"AUTH", b"wrong") + request(b"AUTH", b"nobody", b"secret")
        + request(b"AUTH", b"secret"),
        error(rb"WRONGPASS invalid username-password pair or user is disabled\.") * 2
        + rb"\+OK\r\n" + FENCE, config=PASSWORD),
    Row("28", "a denied command", request(b"AUTH", b"row28", b"x") + request(b"GET", b"k"),
        rb"\+OK\r\n" + error(rb"NOPERM User row28 has no permissions to run the 'get' command") + FENCE,
        setup=((b"ACL", b"SETUSER", b"row28", b"on", b"nopass", b"+ping", b"~*"),),
        redis=False, why="7.0 words it otherwise"),
    Row("29", "a denied key", request(b"AUTH", b"row29", b"x") + request(b"GET", b"b"),
        rb"\+OK\r\n" + error(rb"NOPERM No permissions to access a key") + FENCE,
        setup=((b"ACL", b"SETUSER", b"row29", b"on", b"nopass", b"+ping", b"+get", b"~a"),),
        redis=False, why="7.0 words it otherwise"),
    Row("30", "rights revoked between queue and EXEC", request(b"AUTH", b"row30", b"x")
        + request(b"MULTI") + request(b"ACL", b"SETUSER", b"row30", b"-get") + request(b"GET", b"k")
        + request(b"EXEC"),
        rb"\+OK\r\n\+OK\r\n(\+QUEUED\r\n){2}\*2\r\n\+OK\r\n" + error(
            rb"NOPERM ACLs rules changed between the moment the transaction was accumulated and the "
            rb"EXEC call\. This command is no longer allowed for the following reason: no permission "
            rb"to execute the command or subcommand") + FENCE,
        setup=((b"ACL", b"SETUSER", b"row30", b"on", b"nopass", b"+@all", b"~*"),)),
    refused(b"ACL", b"SETUSER", b"row31", b"(+get", b"~a", number="31",
            title="a selector without its end",
            text=rb"ERR Unmatched parenthesis in acl selector starting at '\(\+get'\."),
    refused(b"ACL", b"SETUSER", b"row31", b"(%~)", number="31", title="a selector with half a pattern",
            text=rb"ERR Error in ACL SETUSER modifier '\(%~\)': Syntax error"),
    refused(b"ACL", b"SETUSER", b"row31", b"(()", number="31", title="a selector in a selector",
            text=rb"ERR Error in ACL SETUSER modifier '\(\(\)': Syntax error"),
    refused(b"DEBUG", b"SLEEP", b"0", number="35", title="DEBUG not enabled",
            text=rb"ERR DEBUG command not allowed\..*"),
    refused(b"SETRANGE", b"k", b"9223372036854775807", b"x", number="38", title="SETRANGE far out",
            text=rb"ERR string exceeds maximum allowed size \(proto-max-bulk-len\)"),
    refused(b"SETRANGE", b"k", b"536870912", b"x", number="38", title="SETRANGE one byte too far",
            text=rb"ERR string exceeds maximum allowed size \(proto-max-bulk-len\)"),
    refused(b"SETRANGE", b"k", b"-1", b"x", number="38", title="SETRANGE before the start",
            text=rb"ERR offset is out of range"),
    refused(b"SETBIT", b"k", b"4294967296", b"1", number="39", title="SETBIT far out",
            text=rb"ERR bit offset is not an integer or out of range"),
    refused(b"SETBIT", b"k", b"-1", b"1", number="39", title="SETBIT before the start",
            text=rb"ERR bit offset is not an integer or out of range"),
    refused(b"BITFIELD", b"k", b"SET", b"u8", b"#536870912", b"1", number="39",
            title="BITFIELD far out", text=rb"ERR bit offset is not an integer or out of range"),
    refused(b"INCR", b"k", number="40", title="INCR past the end",
            setup=((b"SET", b"k", b"9223372036854775807"),),
            text=rb"ERR increment or decrement would overflow"),
    refused(b"DECRBY", b"k", b"-9223372036854775808", number="40", title="DECRBY of the lowest",
            setup=((b"SET", b"k", b"0"),), text=rb"ERR decrement would overflow"),
    refused(b"INCRBYFLOAT", b"k", b"1.7e4932", number="40", title="INCRBYFLOAT past the end",
            setup=((b"SET", b"k", b"1.7e4932"),), text=rb"ERR .*"),
    refused(b"SRANDMEMBER", b"s", b"-9223372036854775808", number="41",
            title="SRANDMEMBER of the lowest count", setup=((b"SADD", b"s", b"a"),),
            text=rb"ERR value is out of range.*"),
    refused(b"HRANDFIELD", b"h", b"-9223372036854775808", number="41",
            title="HRANDFIELD of the lowest count", setup=((b"HSET", b"h", b"f", b"v"),),
            text=rb"ERR value is out of range.*"),
    refused(b"HRANDFIELD", b"h", b"-4611686018427387904", b"WITHVALUES", number="41",
            title="HRANDFIELD of half the lowest count, in pairs", setup=((b"HSET", b"h", b"f", b"v"),),
            text=rb"ERR value is out of range"),
    refused(b"ZRANDMEMBER", b"z", b"-4611686018427387904", b"WITHSCORES", number="42",
            title="ZRANDMEMBER of half the lowest count, in pairs",
            setup=((b"ZADD", b"z", b"1", b"m"),), text=rb"ERR value is out of range"),
    refused(b"ZRANDMEMBER", b"z", b"-9223372036854775808", number="42",
            title="ZRANDMEMBER of the lowest count", setup=((b"ZADD", b"z", b"1", b"m"),),
            text=rb"ERR value is out of range.*"),
    Row("43", "a reply of a billion fields stops at the output limit",
        request(b"HRANDFIELD", b"h", b"-1000000000"), rb".*", closes=True,
        setup=((b"HSET", b"h", b"x" * 50, b"v"),),
        config=(("client-output-buffer-limit", "normal 16777216 0 0"),), redis=False,
        why="7.0 builds the whole reply in memory first"),
    Row("43", "a reply of a billion pairs stops at the output limit",
        request(b"ZRANDMEMBER", b"z", b"-1000000000", b"WITHSCORES"), rb".*", closes=True,
        setup=((b"ZADD", b"z", b"1", b"x" * 50),),
        config=(("client-output-buffer-limit", "normal 16777216 0 0"),), redis=False,
        why="7.0 builds the whole reply in memory first"),
    Row("43", "a reply of a billion members stops at the output limit",
        request(b"SRANDMEMBER", b"s", b"-1000000000"), rb".*", closes=True,
        setup=((b"SADD", b"s", b"x" * 50),),
        config=(("client-output-buffer-limit", "normal 16777216 0 0"),), redis=False,
        why="7.0 builds the whole reply in memory first"),
    refused(b"SET", b"k", b"v", b"EX", b"0", number="44", title="SET EX 0",
            text=rb"ERR invalid expire time in 'set' command"),
    refused(b"SET", b"k", b"v", b"EX", b"9223372036854775807", number="44", title="SET EX of the highest",
            text=rb"ERR invalid expire time in 'set' command"),
    refused(b"SET", b"k", b"v", b"PX", b"9223372036854775807", number="44", title="SET PX of the highest",
            text=rb"ERR invalid expire time in 'set' command"),
    refused(b"GETEX", b"k", b"PX", b"-1", number="44", title="GETEX PX -1",
            setup=((b"SET", b"k", b"v"),), text=rb"ERR invalid expire time in 'getex' command"),
    refused(b"EXPIRE", b"k", b"9223372036854775807", number="44", title="EXPIRE of the highest",
            text=rb"ERR invalid expire time in 'expire' command"),
    refused(b"BLPOP", b"k", b"-1", number="50", title="BLPOP for less than no time",
            text=rb"ERR timeout is negative"),
    refused(b"BLPOP", b"k", b"nan", number="50", title="BLPOP for a time that is no number",
            text=rb"ERR timeout is not a float or out of range"),
    refused(b"BLPOP", b"k", b"1e308", number="50", title="BLPOP for longer than time lasts",
            text=rb"ERR timeout is out of range", redis=False, why="7.0 overflows into a negative time"),
    refused(b"BZPOPMIN", b"k", b"-1", number="50", title="BZPOPMIN for less than no time",
            text=rb"ERR timeout is negative"),
    refused(b"XREAD", b"BLOCK", b"-1", b"STREAMS", b"k", b"$", number="50",
            title="XREAD for less than no time", text=rb"ERR timeout is negative"),
    Row("45", "a pattern that backtracks", request(b"KEYS", b"a*" * 50 + b"b"), rb"\*0\r\n" + FENCE,
        setup=((b"SET", b"a" * 5000, b"v"),), redis=False, why="7.0 takes its time over it"),
    Row("45", "a pattern of 100 KB", request(b"KEYS", b"*a" * 50_000), rb"\*0\r\n" + FENCE,
        setup=((b"SET", b"a" * 1000, b"v"),), redis=False, why="7.0 gives up at its nesting limit"),
    Row("51", "nested MULTI, WATCH inside", request(b"MULTI") + request(b"MULTI")
        + request(b"WATCH", b"k") + request(b"EXEC"),
        rb"\+OK\r\n-ERR MULTI calls can not be nested\r\n-ERR WATCH inside MULTI is not allowed\r\n.*"
        + FENCE),
    Row("52", "a queued error, then EXEC", request(b"MULTI") + request(b"SET", b"k") + request(b"EXEC")
        + request(b"EXEC"),
        rb"\+OK\r\n-ERR wrong number of arguments for 'set' command\r\n"
        rb"-EXECABORT Transaction discarded because of previous errors\.\r\n-ERR EXEC without MULTI\r\n"
        + FENCE),
    Row("53", "full under noeviction", request(b"SET", b"k", b"v" * 100) + request(b"GET", b"nokey")
        + request(b"EVAL", b"return redis.call('SET','a','1')", b"0") + request(b"DEL", b"big"),
        rb"-OOM command not allowed when used memory > 'maxmemory'\.\r\n\$-1\r\n"
        rb"-OOM command not allowed when used memory > 'maxmemory'\.[^\r]*\r\n:1\r\n" + FENCE,
        setup=((b"SET", b"big", b"x" * 30_000_000),), config=(("maxmemory", "20000000"),)),
    refused(b"PFCOUNT", b"k", number="46", title="a HyperLogLog with bytes behind its end",
            setup=((b"PFADD", b"k", b"a", b"b", b"c"), (b"APPEND", b"k", b"hello")),
            text=rb"INVALIDOBJ Corrupted HLL object detected"),
    refused(b"PFADD", b"k", b"a", number="46", title="a HyperLogLog of an unknown encoding",
            setup=((b"PFADD", b"k", b"a"), (b"SETRANGE", b"k", b"4", b"\x07")),
            text=rb"WRONGTYPE Key is not a valid HyperLogLog string value\."),
    refused(b"PFMERGE", b"k", b"broken", number="46", title="a dense HyperLogLog that is too short",
            setup=((b"SET", b"broken", b"HYLL\x00" + b"\x00" * 100),),
            text=rb"WRONGTYPE Key is not a valid HyperLogLog string value\."),
    refused(b"PFCOUNT", b"k", number="46", title="a text that is no HyperLogLog",
            setup=((b"SET", b"k", b"text"),),
            text=rb"WRONGTYPE Key is not a valid HyperLogLog string value\."),
    refused(b"RESTORE", b"k", b"0", b"\x00\x05hello" + b"\x0a\x00" + b"12345678", number="47",
            title="RESTORE with a bad checksum", text=rb"ERR DUMP payload version or checksum are wrong"),
    refused(b"RESTORE", b"k", b"0", footed(b"\x00\x05hello", 65535), number="47",
            title="RESTORE of a version to come", text=rb"ERR DUMP payload version or checksum are wrong"),
    refused(b"RESTORE", b"k", b"0", footed(b"\x00\x3fhel", 10), number="48",
            title="RESTORE with a good checksum and a bad body", text=rb"ERR Bad data format"),
    refused(b"RESTORE", b"k", b"0", footed(b"\x01\x81" + b"\xff" * 8 + b"\x01a", 10), number="48",
            title="RESTORE of a list of 2^64 elements", text=rb"ERR Bad data format"),
    refused(b"RESTORE", b"k", b"0", footed(b"\x00\xc3\x03\x81\x00\x00\x00\x7f\xff\xff\xff\xffabc", 10),
            number="48", title="RESTORE of three bytes that claim to be 500 GB",
            text=rb"ERR Bad data format"),
    refused(b"SCRIPT", b"KILL", number="63", title="KILL when idle",
            text=rb"NOTBUSY No scripts in execution right now\."),
    refused(b"EVAL", b"return redis.error_reply('a\\r\\nb')", b"0", number="64",
            title="error_reply with a line end is one line", text=rb"ERR a  b"),
    refused(b"EVAL", b"return {err='MY a\\nb'}", b"0", number="64",
            title="an error table with a line end is one line", text=rb"MY a b"),
    refused(b"EVAL", b"return {err='MY a\\0b'}", b"0", number="64",
            title="an error table with a zero byte is one line", text=rb"MY a[^\r\n]*", redis=False,
            why="7.0 ends the text at the zero byte"),
    refused(b"EVAL", b"x = 1", b"0", number="65", title="a global written",
            text=rb"ERR user_script:1: Attempt to modify a readonly table[^\r]*"),
    refused(b"EVAL", b"return x", b"0", number="65", title="a global read",
            text=rb"ERR user_script:1: Script attempted to access nonexistent global variable 'x'[^\r]*"),
    refused(b"EVAL", b"redis.call = nil", b"0", number="65", title="a library function replaced",
            text=rb"ERR user_script:1: Attempt to modify a readonly table[^\r]*"),
    refused(b"EVAL", b"return redis.call('SUBSCRIBE','c')", b"0", number="66",
            title="a command that scripts may not call",
            text=rb"ERR This Redis command is not allowed from script[^\r]*"),
    refused(b"EVAL", b"return redis.call('BLPOP','l',0)", b"0", number="66",
            title="a command that waits", redis=False,
            text=rb"ERR This Redis command is not allowed from script[^\r]*",
            why="its error says so in other words"),
    refused(b"EVAL", b"local t = {} for i = 1, 2000 do t = {t} end return cjson.encode(t)", b"0",
            number="67", title="cjson too deep", text=rb"[^\r]*excessive(ly)? nest[^\r]*"),
    refused(b"EVAL", b"return cjson.decode(string.rep('[',2000)..string.rep(']',2000))", b"0",
            number="67", title="cjson text too deep", text=rb"[^\r]*nest[^\r]*"),
    refused(b"EVALSHA", b"f" * 40, b"0", number="68", title="EVALSHA miss",
            text=rb"NOSCRIPT No matching script\. Please use EVAL\."),
    refused(b"EVAL", b"return 1", b"-1", number="68", title="a negative number of keys",
            text=rb"ERR Number of keys can't be negative"),
    refused(b"EVAL", b"return 1", b"2", b"k", number="68", title="more keys than arguments",
            text=rb"ERR Number of keys can't be greater than number of args"),
    refused(b"FUNCTION", b"LOAD", b"return 1", number="65", title="a library without its first line",
            text=rb"ERR Missing library metadata"),
    refused(b"FUNCTION", b"LOAD", b"#!lua name=a-b\nx()", number="65", title="a library of a bad name",
            text=rb"ERR Library names can only contain letters, numbers, or underscores\(_\) and must "
            rb"be at least one character long"),
    refused(b"FUNCTION", b"LOAD", b"#!lua name=lib\nredis.call('SET','k','v')", number="65",
            title="a library that calls while it is loaded",
            text=rb"ERR Error registering functions: ERR user_function:2: Script attempted to access "
            rb"nonexistent global variable 'call'"),
    refused(b"FUNCTION", b"LOAD", b"#!lua name=lib\nwhile true do end", number="62",
            title="a library that is never loaded",
            text=rb"ERR Error registering functions: ERR FUNCTION LOAD timeout"),
    refused(b"FUNCTION", b"LOAD", b"#!lua name=lib\nlocal function f() return f() + 1 end f()",
            number="62", title="a library without end to its recursion",
            text=rb"ERR Error registering functions: ERR user_function:2: stack overflow"),
    refused(b"FUNCTION", b"RESTORE", b"\xf5\x05hello" + b"\x0a\x00" + b"12345678", number="47",
            title="FUNCTION RESTORE with a bad checksum",
            text=rb"ERR DUMP payload version or checksum are wrong"),
    refused(b"FUNCTION", b"RESTORE", footed(b"\xf5\x3fhel", 10), number="48",
            title="FUNCTION RESTORE with a good checksum and a bad body",
            text=rb"ERR Failed loading library payload"),
    refused(b"FUNCTION", b"RESTORE",
            footed(b"\xf5\xc3\x03\x81\x00\x00\x00\x7f\xff\xff\xff\xffabc", 10), number="48",
            title="FUNCTION RESTORE of three bytes that claim to be 500 GB",
            text=rb"ERR Failed loading library payload"),
    refused(b"FUNCTION", b"KILL", number="63", title="FUNCTION KILL when idle",
            text=rb"NOTBUSY No scripts in execution right now\."),
    refused(b"FCALL", b"nosuch", b"0", number="68", title="a function that is not there",
            text=rb"ERR Function not found"),
    Row("Lua", "a library that fills memory while it is loaded",
        request(b"FUNCTION", b"LOAD", b"#!lua name=lib\nlocal s = 'x' while true do s = s .. s end"),
        rb"-ERR [^\r]*not enough memory[^\r]*\r\n" + FENCE, redis=False,
        why="7.0 has no cap on Lua's memory"),
    Row("Lua", "bytecode is refused",
        request(b"EVAL", b"return loadstring(string.dump(function() return 1 end))()", b"0"),
        rb"-ERR [^\r]*\r\n" + FENCE, redis=False, why="7.0 has string.dump"),
    Row("Lua", "a deep pattern", request(b"EVAL", b"return string.find(string.rep('a',300000),"
                                         b"string.rep('a?',300000)..'b')", b"0"),
        rb"[-$:*+_][^\r]*\r\n.*" + FENCE, redis=False, why="stock Lua 5.1 dies of it"),
    Row("Lua", "unpack of eight million", request(
        b"EVAL", b"return #{unpack({1,2,3}, 1, 8000000)}", b"0"), rb"-ERR [^\r]*\r\n" + FENCE,
        redis=False, why="stock Lua 5.1 is not safe with it"),
    Row("Lua", "endless recursion", request(b"EVAL", b"local function f() return f() + 1 end return f()",
                                            b"0"), rb"-ERR [^\r]*stack overflow[^\r]*\r\n" + FENCE),
    Row("Lua", "a string that grows for ever",
        request(b"EVAL", b"local s = 'x' while true do s = s .. s end", b"0"),
        rb"-[^\r]*\r\n" + FENCE, redis=False, why="7.0 has no cap on Lua's memory"),
]

"""What commands newer than redis-server 7.0 answer, by their documentation.

A case is a title and steps; a step is (request, expected). The request is split at spaces (`~` is an
empty argument, \\x escapes hold). Expected: `nil`, or a reply in one line (`+OK`, `$text`, `:1`,
`-ERR ...`), or `/regular expression/` over that form.

Sources: redis.io SET, DELEX, DIGEST, MSETEX (8.4), INCREX (8.8), CLIENT SETINFO and NO-TOUCH (7.2),
CLIENT KILL MAXAGE (7.4), XDELEX and XACKDEL (8.2), XREADGROUP CLAIM (8.4), XADD
IDMP and XCFGSET, HOTKEYS (8.6), XNACK and AGGREGATE COUNT (8.8), INFO keysizes (8.0),
SUNIONCARD, SDIFFCARD, LMOVEM, BLMOVEM, XREAD MAXCOUNT and MAXSIZE, HIMPORT (8.10); valkey.io DELIFEQ (9.0),
SCRIPT SHOW and CLIENT CAPA (8.0), COMMANDLOG and CLIENT IMPORT-SOURCE (8.1). Larder's own: CACHE.…, by the
specification of this project.
"""
import re

HELLO = "9555e8555c62dcfd"  # XXH3-64 of "hello"
EMPTY = "2d06800538d394c2"

WRONGTYPE = "-WRONGTYPE Operation against a key holding the wrong kind of value"
SYNTAX = "-ERR syntax error"


def arity(name):
    return f"-ERR wrong number of arguments for '{name}' command"


def streams(**entries):
    """XREAD's reply in either protocol: the entries of each key, as id and pair."""
    texts = {key: ", ".join(f"*[${entry}, *[${field}, $1]]" for entry, field in of_key)
             for key, of_key in entries.items()}
    resp2 = "*[" + ", ".join(f"*[${key}, *[{text}]]" for key, text in texts.items()) + "]"
    resp3 = "%[" + ", ".join(f"${key}, *[{text}]" for key, text in texts.items()) + "]"
    return f"/{re.escape(resp2)}|{re.escape(resp3)}/"


CASES = [
    ("SET IFEQ sets only over the same value", [
        ("SET k hello", "+OK"), ("SET k world IFEQ hello", "+OK"), ("GET k", "$world"),
        ("SET k again IFEQ hello", "nil"), ("GET k", "$world"),
        ("SET missing v IFEQ v", "nil"), ("EXISTS missing", ":0"),
        ("SET k v ifeq world", "+OK"), ("SET k v2 IfEq ~", "nil")]),
    ("SET IFEQ compares numbers and bytes as text", [
        ("SET k 12345", "+OK"), ("SET k \\x00\\xff IFEQ 12345", "+OK"),
        ("SET k ~ IFEQ \\x00\\xff", "+OK"), ("SET k done IFEQ ~", "+OK"), ("GET k", "$done")]),
    ("SET IFNE sets over another value and where there is none", [
        ("SET k hello", "+OK"), ("SET k world IFNE different", "+OK"), ("SET k x IFNE world", "nil"),
        ("GET k", "$world"), ("SET missing v IFNE v", "+OK"), ("GET missing", "$v")]),
    ("SET IFDEQ and IFDNE compare the digest", [
        ("SET k hello", "+OK"), (f"SET k a IFDEQ {HELLO}", "+OK"), (f"SET k b IFDEQ {HELLO}", "nil"),
        ("GET k", "$a"), (f"SET k hello IFDNE {HELLO}", "+OK"), (f"SET k c IFDNE {HELLO}", "nil"),
        (f"SET k c IFDEQ {HELLO.upper()}", "+OK"), (f"SET missing v IFDEQ {HELLO}", "nil"),
        (f"SET missing v IFDNE {HELLO}", "+OK")]),
    ("a digest of another length is refused", [
        ("SET k hello", "+OK"), ("SET k v IFDEQ 12", "-ERR must be exactly 16 hexadecimal characters"),
        ("SET k v IFDNE ~", "-ERR must be exactly 16 hexadecimal characters"), ("GET k", "$hello")]),
    ("SET with a condition and GET answers the old value whether it set or not", [
        ("SET k hello", "+OK"), ("SET k world IFEQ hello GET", "$hello"), ("GET k", "$world"),
        ("SET k x GET IFEQ nope", "$world"), ("GET k", "$world"), ("SET m v IFEQ x GET", "nil"),
        ("EXISTS m", ":0"), ("SET m v IFNE x GET", "nil"), ("GET m", "$v")]),
    ("SET with a condition takes an expiry and KEEPTTL", [
        ("SET k hello", "+OK"), ("SET k a IFEQ hello EX 1000", "+OK"), ("TTL k", "/:(9[0-9][0-9]|1000)/"),
        ("SET k b IFEQ a KEEPTTL", "+OK"), ("TTL k", "/:(9[0-9][0-9]|1000)/"),
        ("SET k c IFEQ b", "+OK"), ("TTL k", ":-1"), ("SET k d IFEQ zzz EX 5", "nil"), ("TTL k", ":-1")]),
    ("conditions exclude each other", [
        ("SET k v NX IFEQ v", SYNTAX), ("SET k v IFEQ v XX", SYNTAX), ("SET k v IFEQ a IFNE b", SYNTAX),
        (f"SET k v IFDEQ {HELLO} IFDNE {HELLO}", SYNTAX), ("SET k v IFEQ", SYNTAX),
        ("SET k v IFDNE", SYNTAX), ("EXISTS k", ":0")]),
    ("conditions on another type are refused", [
        ("SADD k m", ":1"), ("SET k v IFEQ m", WRONGTYPE), ("SET k v IFNE m", WRONGTYPE),
        (f"SET k v IFDEQ {HELLO}", WRONGTYPE), (f"SET k v IFDNE {HELLO}", WRONGTYPE),
        ("SCARD k", ":1")]),

    ("DIGEST answers XXH3 in 16 lowercase digits", [
        ("SET k hello", "+OK"), ("DIGEST k", f"${HELLO}"), ("SET k ~", "+OK"), ("DIGEST k", f"${EMPTY}"),
        ("SET k 12345", "+OK"), ("DIGEST k", "/\\$[0-9a-f]{16}/"), ("DIGEST missing", "nil"),
        ("SADD s m", ":1"), ("DIGEST s", WRONGTYPE), ("DIGEST", arity("digest")),
        ("DIGEST a b", arity("digest"))]),

    ("DELEX without a condition deletes any type", [
        ("SET k v", "+OK"), ("DELEX k", ":1"), ("DELEX k", ":0"), ("SADD s m", ":1"),
        ("DELEX s", ":1"), ("EXISTS s", ":0"), ("DELEX", arity("delex"))]),
    ("DELEX deletes where its condition holds", [
        ("SET k hello", "+OK"), ("DELEX k IFEQ world", ":0"), ("DELEX k IFEQ hello", ":1"),
        ("SET k hello", "+OK"), ("DELEX k IFNE hello", ":0"), ("DELEX k ifne world", ":1"),
        ("SET k hello", "+OK"), ("DELEX k IFDEQ 0000000000000000", ":0"),
        (f"DELEX k IFDEQ {HELLO.upper()}", ":1"), ("SET k hello", "+OK"),
        (f"DELEX k IFDNE {HELLO}", ":0"), ("DELEX k IFDNE 0000000000000000", ":1"),
        ("EXISTS k", ":0"), ("DELEX k IFEQ hello", ":0"), ("DELEX k IFNE hello", ":0")]),
    ("DELEX refuses what makes no sense", [
        ("SET k hello", "+OK"), ("DELEX k IFEQ", arity("delex")), ("DELEX k IFEQ a b", arity("delex")),
        ("DELEX k INVALID x", "/-ERR Invalid condition.*/"),
        ("DELEX k IFDEQ 12", "-ERR must be exactly 16 hexadecimal characters"),
        ("SADD s m", ":1"), ("DELEX s IFEQ m", "/-(ERR|WRONGTYPE) .*/"), ("EXISTS k s", ":2")]),

    ("DELIFEQ deletes where the value is the same", [
        ("SET k hello", "+OK"), ("DELIFEQ k world", ":0"), ("EXISTS k", ":1"), ("DELIFEQ k hello", ":1"),
        ("EXISTS k", ":0"), ("DELIFEQ k hello", ":0"), ("SET k 10", "+OK"), ("DELIFEQ k 10", ":1"),
        ("SADD s m", ":1"), ("DELIFEQ s m", WRONGTYPE), ("DELIFEQ k", arity("delifeq"))]),

    ("MSETEX sets all with one expiry", [
        ("MSETEX 2 a 1 b 2 EX 1000", ":1"), ("MGET a b", "/\\*\\[\\$1, \\$2\\]/"),
        ("TTL a", "/:(9[0-9][0-9]|1000)/"), ("TTL b", "/:(9[0-9][0-9]|1000)/"),
        ("MSETEX 1 a 3 KEEPTTL", ":1"), ("TTL a", "/:(9[0-9][0-9]|1000)/"),
        ("MSETEX 1 a 4", ":1"), ("TTL a", ":-1"), ("MSETEX 1 a 4 PXAT 9999999999999", ":1"),
        ("PEXPIRETIME a", ":9999999999999"), ("MSETEX 1 a 4 EXAT 9999999999", ":1"),
        ("EXPIRETIME a", ":9999999999"), ("MSETEX 1 a 4 px 1000000", ":1"), ("TTL a", "/:(9[0-9][0-9]|1000)/")]),
    ("MSETEX NX and XX hold for all keys", [
        ("MSETEX 2 a 1 b 2 NX", ":1"), ("MSETEX 2 a 9 c 9 NX", ":0"), ("EXISTS c", ":0"),
        ("GET a", "$1"), ("MSETEX 2 a 9 c 9 XX", ":0"), ("GET a", "$1"), ("MSETEX 2 a 7 b 8 xx EX 1000", ":1"),
        ("GET b", "$8"), ("MSETEX 2 a x a y", ":1"), ("GET a", "$y")]),
    ("MSETEX refuses what makes no sense", [
        ("MSETEX", arity("msetex")), ("MSETEX 1 a", arity("msetex")),
        ("MSETEX 0 a 1", "-ERR invalid numkeys value"), ("MSETEX x a 1", "-ERR invalid numkeys value"),
        ("MSETEX -1 a 1", "-ERR invalid numkeys value"),
        ("MSETEX 2 a 1 b", "-ERR wrong number of key-value pairs"),
        ("MSETEX 2147483647 a 1", "-ERR wrong number of key-value pairs"),
        ("MSETEX 1 a 1 bogus", SYNTAX), ("MSETEX 1 a 1 NX XX", SYNTAX),
        ("MSETEX 1 a 1 EX 1 PX 1", SYNTAX), ("MSETEX 1 a 1 KEEPTTL EX 1", SYNTAX), ("MSETEX 1 a 1 EX", SYNTAX),
        ("MSETEX 1 a 1 EX 0", "-ERR invalid expire time in 'msetex' command"),
        ("MSETEX 1 a 1 PX -5", "-ERR invalid expire time in 'msetex' command"),
        ("MSETEX 1 a 1 EX x", "-ERR value is not an integer or out of range"), ("EXISTS a", ":0")]),

    ("INCREX counts within bounds", [
        ("INCREX k", "*[:1, :1]"), ("INCREX k BYINT 5", "*[:6, :5]"), ("INCREX k BYINT -10", "*[:-4, :-10]"),
        ("SET k 99", "+OK"), ("INCREX k BYINT 5 UBOUND 100", "*[:99, :0]"),
        ("INCREX k BYINT 5 UBOUND 100 SATURATE", "*[:100, :1]"), ("GET k", "$100"),
        ("SET f 1.5", "+OK"), ("INCREX f BYFLOAT 0.25", "/\\*\\[[$,]1\\.75, [$,]0\\.25\\]/"),
        ("INCREX f", "-ERR value is not an integer or out of range"),
        ("INCREX k LBOUND 10 UBOUND 5", "-ERR LBOUND can't be greater than UBOUND"),
        ("INCREX k BYINT 1 BYFLOAT 1", SYNTAX), ("INCREX", arity("increx"))]),
    ("INCREX sets, keeps and removes the expiry", [
        ("INCREX k EX 100", "*[:1, :1]"), ("TTL k", "/:(9[0-9]|100)/"), ("INCREX k EX 10 ENX", "*[:2, :1]"),
        ("TTL k", "/:(9[0-9]|100)/"), ("INCREX k PERSIST", "*[:3, :1]"), ("TTL k", ":-1"),
        ("INCREX k ENX", "-ERR ENX flag requires an expiration"), ("INCREX k PERSIST ENX", SYNTAX),
        ("INCREX k EX 0", "-ERR invalid expire time in 'increx' command")]),
    ("DUMP of fields that expire has the form of Redis 7.4", [
        ("HSET h a 1 b 2", ":2"), ("HPEXPIREAT h 4102444800000 FIELDS 1 a", "*[:1]"),
        ("DUMP h", "/\\$\x19.*/"), ("OBJECT ENCODING h", "$listpackex")]),
    ("CLIENT SETINFO", [
        ("CLIENT SETINFO LIB-NAME redis-py", "+OK"), ("CLIENT SETINFO lib-ver 5.0.1", "+OK"),
        ("CLIENT INFO", "/[$=].*lib-name=redis-py lib-ver=5\\.0\\.1.*/"),
        ("CLIENT SETINFO LIB-NAME with\\x20space", "/-ERR lib-name cannot contain spaces.*/"),
        ("CLIENT SETINFO BOGUS x", "-ERR Unrecognized option 'BOGUS'"),
        ("CLIENT SETINFO LIB-NAME ~", "+OK"), ("CLIENT SETINFO", arity("client|setinfo"))]),
    ("CLIENT CAPA takes any capability", [
        ("CLIENT CAPA redirect", "+OK"), ("CLIENT CAPA this that", "+OK"),
        ("CLIENT CAPA", arity("client|capa"))]),
    ("CLIENT IMPORT-SOURCE needs import mode", [
        ("CLIENT IMPORT-SOURCE ON", "-ERR Server is not in import mode"),
        ("CLIENT IMPORT-SOURCE OFF", "+OK"),
        ("CLIENT IMPORT-SOURCE", arity("client|import-source"))]),
    ("CLIENT LIST has the fields of Redis 8", [
        ("CLIENT INFO", "/[$=].*id=.* watch=0 .* resp=[23] lib-name= lib-ver= io-thread=[0-9]+ "
                        "tot-net-in=[0-9]+ tot-net-out=[0-9]+ tot-cmds=[1-9][0-9]*\n/")]),
    ("COMMANDLOG keeps large requests and large replies", [
        ("CONFIG SET commandlog-request-larger-than 80 commandlog-reply-larger-than 80", "+OK"),
        ("COMMANDLOG RESET large-request", "+OK"), ("COMMANDLOG RESET large-reply", "+OK"),
        ("SET k " + "v" * 100, "+OK"), ("COMMANDLOG LEN large-request", ":1"),
        ("COMMANDLOG LEN large-reply", ":0"), ("GET k", "$" + "v" * 100),
        ("COMMANDLOG GET 1 LARGE-REPLY",
         "/\\*\\[\\*\\[:[0-9]+, :[0-9]+, :108, \\*\\[\\$GET, \\$k\\], \\$.*, \\$\\]\\]/"),
        ("CONFIG SET commandlog-request-larger-than -1 commandlog-reply-larger-than -1", "+OK"),
        ("SET k " + "v" * 100, "+OK"), ("COMMANDLOG RESET large-reply", "+OK"),
        ("COMMANDLOG LEN large-reply", ":0"),
        ("CONFIG SET commandlog-request-larger-than 1048576 commandlog-reply-larger-than 1048576",
         "+OK")]),
    ("COMMANDLOG's types, counts and aliases", [
        ("COMMANDLOG LEN foo",
         "-ERR type should be one of the following: slow, large-request, large-reply"),
        ("COMMANDLOG GET x slow", "-ERR count should be greater than or equal to -1"),
        ("COMMANDLOG GET 1", arity("commandlog|get")),
        ("COMMANDLOG FOO", "-ERR unknown subcommand 'FOO'. Try COMMANDLOG HELP."),
        ("CONFIG SET commandlog-slow-execution-max-len 77", "+OK"),
        ("CONFIG GET slowlog-max-len", "/[*%]\\[\\$slowlog-max-len, \\$77\\]/"),
        ("CONFIG SET slowlog-max-len 128", "+OK"),
        ("CONFIG GET commandlog-execution-slower-than",
         "/[*%]\\[\\$commandlog-execution-slower-than, \\$10000\\]/")]),
    ("HOTKEYS begins, reports, ends and forgets", [
        ("HOTKEYS GET", "nil"), ("HOTKEYS STOP", "nil"),
        ("HOTKEYS START METRICS 2 CPU NET COUNT 2 DURATION 1000 SAMPLE 1", "+OK"),
        ("HOTKEYS START METRICS 1 CPU", "-ERR hotkey tracking session already in progress"),
        ("HOTKEYS RESET", "-ERR hotkey tracking session in progress, stop tracking first"),
        ("SET hot " + "v" * 100, "+OK"), ("SET cold v", "+OK"), ("SET third v", "+OK"),
        ("HOTKEYS STOP", "+OK"),
        ("HOTKEYS GET",
         "/\\*\\[[*%]\\[\\$tracking-active, :0, \\$sample-ratio, :1, \\$selected-slots, "
         "\\*\\[\\*\\[:0, :16383\\]\\], \\$all-commands-all-slots-us, :[0-9]+, "
         "\\$net-bytes-all-commands-all-slots, :[0-9]+, \\$collection-start-time-unix-ms, :[0-9]+, "
         "\\$collection-duration-ms, :[0-9]+, \\$total-cpu-time-user-ms, :[0-9]+, "
         "\\$total-cpu-time-sys-ms, :[0-9]+, \\$total-net-bytes, :[0-9]+, \\$by-cpu-time-us, "
         "\\*\\[\\$[a-z]+, :[0-9]+, \\$[a-z]+, :[0-9]+\\], \\$by-net-bytes, "
         "\\*\\[\\$hot, :135, \\$(cold|third), :[0-9]+\\]\\]\\]/"),
        ("HOTKEYS RESET", "+OK"), ("HOTKEYS GET", "nil")]),
    ("HOTKEYS START's forms", [
        ("HOTKEYS START", "-ERR METRICS parameter is required"),
        ("HOTKEYS START METRICS 2 CPU",
         "-ERR METRICS count does not match number of metric types provided"),
        ("HOTKEYS START METRICS 1 GPU", "-ERR METRICS no valid metrics passed. Supported: CPU|NET"),
        ("HOTKEYS START METRICS 1 CPU NET", SYNTAX),
        ("HOTKEYS START METRICS 1 CPU COUNT 100", "-ERR COUNT must be between 1 and 64"),
        ("HOTKEYS START METRICS 1 CPU SAMPLE 0", "-ERR SAMPLE ratio must be positive"),
        ("HOTKEYS START METRICS 1 CPU SLOTS 2 0 5",
         "-ERR SLOTS parameter cannot be used in non-cluster mode")]),
    ("INFO keysizes counts keys by powers of two", [
        ("SET a 12345", "+OK"), ("RPUSH l 1 2 3", ":3"),
        ("INFO keysizes", "/[$=].*# Keysizes\r\ndb0_distrib_strings_sizes:4=1\r\n"
                          "db0_distrib_lists_items:2=1\r\n/")]),
    ("SET TAGS and the verbs on tags", [
        ("SET k v TAGS 2 a b", "+OK"), ("CACHE.TAGS k", "/[*~]\\[\\$a, \\$b\\]/"),
        ("CACHE.TAG k 2 b c", ":1"), ("CACHE.UNTAG k 1 a", ":1"), ("CACHE.TAG missing 1 a", ":0"),
        ("SET k w KEEPTTL", "+OK"), ("CACHE.TAGS k", "/[*~]\\[\\]/")]),
    ("tags' forms", [
        ("SET k v TAGS", SYNTAX),
        ("SET k v TAGS 0", "-ERR the number of tags must be between 1 and 64"),
        ("SET k v TAGS 2 a", "-ERR Number of tags can't be greater than number of args"),
        ("SET k v TAGS 1 a b", SYNTAX), ("SET k v TAGS 1 a TAGS 1 b", SYNTAX), ("EXISTS k", ":0"),
        ("SET k v TAGS 1 " + "t" * 1025, "-ERR a tag may have 1024 bytes at the most"),
        ("CACHE.TAG k 65 a", "-ERR the number of tags must be between 1 and 64"),
        ("CACHE.TAG k 1", arity("cache.tag")), ("CACHE.PURGETAG", arity("cache.purgetag")),
        ("CACHE.PURGEMATCH a b", "-ERR syntax error"),
        ("CACHE.PURGE a SOFT x", "-ERR SOFT must be between 1 and 4294967295 s"),
        ("CACHE.PURGETAG a SOFT 0", "-ERR SOFT must be between 1 and 4294967295 s")]),
    ("stale copies and leases", [
        ("SET a 1 EX 60 SWR 30 SIE 90 COST 5 NEG 404 LEASE 5", "nil"),
        ("SET a 1 EX 60 SWR 30", "+OK"), ("CACHE.GET a", "/.*HIT.*30000.*/"),
        ("CACHE.PURGE a SOFT 20", ":1"), ("GET a", "nil"), ("EXISTS a", ":0"),
        ("CACHE.GET a", "/.*STALE.*/"), ("CACHE.PURGE a", ":0"), ("CACHE.GET a", "/.*MISS.*/"),
        ("CACHE.GET a LEASE 0", "-ERR LEASE must be between 1 and 60000 ms"),
        ("CACHE.GET a WAIT 5", "-ERR syntax error"), ("CACHE.RELEASE a 1", ":0"),
        ("CACHE.PASS a EX 10", "+OK"), ("TYPE a", "+pass"), ("GET a", "nil"),
        ("CACHE.GET a", "/.*PASS.*/"), ("CACHE.GET", arity("cache.get"))]),
    ("purges", [
        ("SET a 1 TAGS 1 t", "+OK"), ("SET b 1 TAGS 2 t u", "+OK"), ("SET user:1 1", "+OK"),
        ("CACHE.PURGETAG t", ":2"), ("EXISTS a b", ":0"), ("CACHE.PURGETAG t u", ":0"),
        ("CACHE.PURGEMATCH user:*", ":1"), ("SET c 1", "+OK"), ("CACHE.PURGE c c", ":1")]),
    ("namespaces", [
        ("CACHE.NS SET shop PREFIX shop: DEFAULTTTL 100 MAXTTL 1000", "+OK"),
        ("SET shop:1 v", "+OK"), ("TTL shop:1", ":100"), ("SET shop:1 v EX 5000", "+OK"),
        ("TTL shop:1", ":1000"), ("HSET shop:h f v", ":1"), ("TTL shop:h", ":100"),
        ("CACHE.NS STATS shop", "/[*%]\\[\\$name, \\$shop, \\$items, :2, \\$bytes, :.*/"),
        ("CACHE.NS FLUSH shop", ":2"), ("CACHE.NS DEL shop", ":1"), ("CACHE.NS DEL shop", ":0")]),
    ("namespaces' forms", [
        ("CACHE.NS SET shop PREFIX", arity("cache.ns|set")), ("CACHE.NS SET a b c", SYNTAX),
        ("CACHE.NS SET a PREFIX b MAXMEMORY 0",
         "-ERR MAXMEMORY must be a number of bytes above 0, as 1000000 or 64mb"),
        ("CACHE.NS SET a PREFIX b MAXTTL 0",
         "-ERR DEFAULTTTL and MAXTTL must be between 1 and 3153600000 seconds"),
        ("CACHE.NS SET a PREFIX b JITTER 91", "-ERR JITTER must be between 1 and 90 percent"),
        ("CACHE.NS FLUSH nosuch", "-ERR No such namespace"),
        ("CACHE.HOT COUNT 65", "-ERR COUNT must be between 1 and 64")]),
    ("CLIENT NO-TOUCH", [
        ("CLIENT NO-TOUCH ON", "+OK"), ("CLIENT NO-TOUCH off", "+OK"), ("CLIENT NO-TOUCH maybe", SYNTAX)]),
    ("CLIENT KILL MAXAGE", [
        ("CLIENT KILL MAXAGE 1000000", ":0"), ("CLIENT KILL MAXAGE x", "/-ERR .*/")]),
    ("SCRIPT SHOW", [
        ("SCRIPT LOAD return\\x201", "$e0e1f9fabfc9d4800c877a703b823ac0578ff8db"),
        ("SCRIPT SHOW e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "$return 1"),
        ("SCRIPT SHOW ffffffffffffffffffffffffffffffffffffffff", "/-NOSCRIPT .*/")]),
    ("OBJECT ENCODING of small sets, as since 7.2", [
        ("SADD s a b", ":2"), ("OBJECT ENCODING s", "$listpack"), ("SADD i 1 2", ":2"),
        ("OBJECT ENCODING i", "$intset"), ("SADD i x", ":1"), ("OBJECT ENCODING i", "$listpack")]),
    ("the version that clients look at", [
        ("INFO server", "/[$=].*redis_version:8\\.4\\.0.*larder_version:.*/"),
        ("HELLO", "/.*\\$version, \\$8\\.4\\.0.*/"), ("COMMAND INFO delex",
                                                      "/\\*\\[\\*\\[\\$delex, :-2, .*/"),
        ("COMMAND GETKEYS MSETEX 2 a 1 b 2 EX 5", "/\\*\\[\\$a, \\$b\\]/")]),
    ("HEXPIRE and its kin set a time per field", [
        ("HSET h a 1 b 2 c 3", ":3"), ("HEXPIRE h 1000 FIELDS 3 a x b", "*[:1, :-2, :1]"),
        ("HTTL h FIELDS 4 a b c x", "/\\*\\[:(9[0-9][0-9]|1000), :(9[0-9][0-9]|1000), :-1, :-2\\]/"),
        ("HPEXPIRE h 1000000 FIELDS 1 c", "*[:1]"),
        ("HPTTL h FIELDS 1 c", "/\\*\\[:(9[0-9]{5}|1000000)\\]/"),
        ("HEXPIREAT h 9999999999 FIELDS 1 a", "*[:1]"), ("HEXPIRETIME h FIELDS 1 a", "*[:9999999999]"),
        ("HPEXPIRETIME h FIELDS 1 a", "*[:9999999999000]"),
        ("HPEXPIREAT h 9999999999999 FIELDS 1 a", "*[:1]"),
        ("HPEXPIRETIME h FIELDS 1 a", "*[:9999999999999]"),
        ("HEXPIRE missing 10 FIELDS 2 a b", "*[:-2, :-2]"), ("EXISTS missing", ":0"),
        ("HPERSIST h FIELDS 3 a a x", "*[:1, :-1, :-2]"), ("HTTL h FIELDS 1 a", "*[:-1]"),
        ("HPERSIST missing FIELDS 1 a", "*[:-2]"), ("HTTL missing FIELDS 1 a", "*[:-2]")]),
    ("HEXPIRE with a past time deletes", [
        ("HSET h a 1 b 2", ":2"), ("HEXPIRE h 0 FIELDS 1 a", "*[:2]"), ("HGETALL h", "/[*%]\\[\\$b, \\$2\\]/"),
        ("HPEXPIREAT h 1 FIELDS 1 b", "*[:2]"), ("EXISTS h", ":0")]),
    ("HEXPIRE conditions", [
        ("HSET h a 1", ":1"), ("HEXPIRE h 100 XX FIELDS 1 a", "*[:0]"),
        ("HEXPIRE h 100 GT FIELDS 1 a", "*[:0]"), ("HEXPIRE h 100 LT FIELDS 1 a", "*[:1]"),
        ("HEXPIRE h 200 NX FIELDS 1 a", "*[:0]"), ("HEXPIRE h 200 GT FIELDS 1 a", "*[:1]"),
        ("HEXPIRE h 300 lt FIELDS 1 a", "*[:0]"), ("HEXPIRE h 50 xx fields 1 a", "*[:1]")]),
    ("the FIELDS clause", [
        ("HSET h a 1", ":1"),
        ("HEXPIRE h 10 FIELD 1 a", "-ERR Mandatory argument FIELDS is missing or not at the right position"),
        ("HEXPIRE h 10 FIELDS 0 a", "-ERR Parameter `numFields` should be greater than 0"),
        ("HEXPIRE h 10 FIELDS 2 a", "-ERR The `numfields` parameter must match the number of arguments"),
        ("HTTL h FIELDS 0 a", "-ERR Number of fields must be a positive integer"),
        ("HEXPIRE h x FIELDS 1 a", "-ERR value is not an integer or out of range"),
        ("HEXPIRE h -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0"),
        ("HEXPIRE h 99999999999999 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command"),
        ("SET k v", "+OK"), ("HEXPIRE k 10 FIELDS 1 a", WRONGTYPE), ("HTTL k FIELDS 1 a", WRONGTYPE),
        ("HPERSIST k FIELDS 1 a", WRONGTYPE), ("HGETEX k FIELDS 1 a", WRONGTYPE),
        ("HGETDEL k FIELDS 1 a", WRONGTYPE), ("HSETEX k FIELDS 1 a 1", WRONGTYPE),
        ("HEXPIRE h 10 FIELDS 1", arity("hexpire")), ("HTTL h FIELDS 1", arity("httl"))]),
    ("HGETEX reads and changes the time", [
        ("HSET h a 1", ":1"), ("HGETEX h EX 100 FIELDS 2 a x", "*[$1, nil]"),
        ("HTTL h FIELDS 1 a", "/\\*\\[:(9[0-9]|100)\\]/"), ("HGETEX h FIELDS 1 a", "*[$1]"),
        ("HGETEX h PERSIST FIELDS 1 a", "*[$1]"), ("HTTL h FIELDS 1 a", "*[:-1]"),
        ("HGETEX h PXAT 1 FIELDS 1 a", "*[$1]"), ("EXISTS h", ":0"), ("HGETEX h FIELDS 1 a", "*[nil]")]),
    ("HGETDEL takes fields out", [
        ("HSET h a 1 b 2", ":2"), ("HGETDEL h FIELDS 2 a x", "*[$1, nil]"), ("HLEN h", ":1"),
        ("HGETDEL h FIELDS 1 b", "*[$2]"), ("EXISTS h", ":0"), ("HGETDEL h FIELDS 1 a", "*[nil]")]),
    ("HSETEX sets with a time", [
        ("HSETEX h EX 100 FIELDS 2 a 1 b 2", ":1"), ("HTTL h FIELDS 1 b", "/\\*\\[:(9[0-9]|100)\\]/"),
        ("HSETEX h KEEPTTL FIELDS 1 b 3", ":1"), ("HTTL h FIELDS 1 b", "/\\*\\[:(9[0-9]|100)\\]/"),
        ("HSETEX h FIELDS 1 b 4", ":1"), ("HTTL h FIELDS 1 b", "*[:-1]"),
        ("HSETEX h FNX FIELDS 1 b 5", ":0"), ("HSETEX h FXX FIELDS 2 b 5 c 5", ":0"),
        ("HSETEX h FXX PX 100000 FIELDS 1 b 5", ":1"), ("HGET h b", "$5"),
        ("HSETEX h FNX FXX FIELDS 1 a 1", "-ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h EX 1 PX 1 FIELDS 1 a 1",
         "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"),
        ("HSETEX h BOGUS FIELDS 1 a 1", "-ERR unknown argument: BOGUS"),
        ("HSETEX h FIELDS 2 a 1 b", arity("hsetex")), ("HSETEX h FIELDS x a 1", "-ERR invalid number of fields"),
        ("HSETEX h EXAT 1 FIELDS 3 a 1 b 2 c 3", ":1"), ("EXISTS h", ":0")]),
    ("OBJECT ENCODING of hashes with times, and HSCAN NOVALUES", [
        ("HSET h a 1", ":1"), ("OBJECT ENCODING h", "$listpack"), ("HEXPIRE h 100 FIELDS 1 a", "*[:1]"),
        ("OBJECT ENCODING h", "$listpackex"), ("HSCAN h 0 NOVALUES", "*[$0, *[$a]]"),
        ("HSCAN h 0", "*[$0, *[$a, $1]]"), ("SADD s m", ":1"),
        ("SSCAN s 0 NOVALUES", "-ERR NOVALUES option can only be used in HSCAN")]),
    ("new commands in MULTI and scripts", [
        ("MULTI", "+OK"), ("SET k v", "+QUEUED"), ("DELEX k IFEQ v", "+QUEUED"), ("EXEC", "/\\*\\[\\+OK, :1\\]/"),
        ("EVAL return\\x20redis.call('MSETEX',1,KEYS[1],ARGV[1]) 1 k v", ":1"), ("GET k", "$v")]),

    ("ZRANK and ZREVRANK WITHSCORE answer rank and score", [
        ("ZADD z 1 a 2.5 b", ":2"), ("ZRANK z b WITHSCORE", "/.*:1.*2.5.*/"),
        ("ZREVRANK z a withscore", "/.*:1.*1.*/"), ("ZRANK z x WITHSCORE", "nil"),
        ("ZRANK missing x WITHSCORE", "nil"), ("ZRANK z a WITHSCORES", SYNTAX),
        ("ZRANK z a WITHSCORE x", arity("zrank")), ("ZRANK z a", ":0")]),
    ("BITOP DIFF, DIFF1, ANDOR and ONE combine the first string with the others", [
        ("SET x \\x0f", "+OK"), ("SET y \\x3c", "+OK"), ("SET w \\x01", "+OK"),
        ("BITOP DIFF d x y w", ":1"), ("BITCOUNT d", ":1"), ("GETBIT d 6", ":1"),
        ("BITOP DIFF1 d x y w", ":1"), ("BITCOUNT d", ":2"), ("GETBIT d 2", ":1"),
        ("BITOP ANDOR d x y w", ":1"), ("BITCOUNT d", ":3"), ("GETBIT d 7", ":1"),
        ("BITOP ONE d x y w", ":1"), ("BITCOUNT d", ":3"), ("GETBIT d 6", ":1"),
        ("BITOP DIFF d x", "-ERR BITOP DIFF must be called with at least two source keys."),
        ("BITOP ANDOR d x", "-ERR BITOP ANDOR must be called with at least two source keys.")]),

    ("XDELEX deletes with, without or only without references", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 1", "$2-0"), ("XADD s 3-0 a 1", "$3-0"),
        ("XGROUP CREATE s g 0", "+OK"), ("XREADGROUP GROUP g c COUNT 2 STREAMS s >", "/.*2-0.*/"),
        ("XDELEX s ACKED IDS 3 1-0 3-0 9-9", "*[:2, :2, :2]"), ("XDELEX s IDS 1 1-0", "*[:1]"),
        ("XPENDING s g - + 9", "/.*1-0.*2-0.*/"), ("XDELEX s DELREF IDS 2 1-0 2-0", "*[:-1, :1]"),
        ("XPENDING s g - + 9", "*[]"), ("XDELEX missing IDS 2 1-1 2-2", "*[:-1, :-1]"),
        ("XDELEX s IDS 0 1-1", "-ERR Number of IDs must be a positive integer"),
        ("XDELEX s IDS 3 1-1 2-2", "-ERR The `numids` parameter must match the number of arguments"),
        ("XDELEX s KEEPREF DELREF IDS 1 1-1", SYNTAX), ("XDELEX s IDS 1", arity("xdelex"))]),
    ("XACKDEL acknowledges and deletes", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 1", "$2-0"), ("XGROUP CREATE s g 0", "+OK"),
        ("XGROUP CREATE s h 0", "+OK"), ("XREADGROUP GROUP g c STREAMS s >", "/.*2-0.*/"),
        ("XREADGROUP GROUP h c STREAMS s >", "/.*2-0.*/"), ("XACKDEL s g ACKED IDS 2 1-0 2-0", "*[:2, :2]"),
        ("XACKDEL s h ACKED IDS 2 1-0 2-0", "*[:1, :1]"), ("XLEN s", ":0"),
        ("XACKDEL s h IDS 1 1-0", "*[:-1]"), ("XACKDEL s none IDS 1 1-0", "*[:-1]"),
        ("XACKDEL s g", arity("xackdel"))]),
    ("XADD and XTRIM heed the references of groups", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 1", "$2-0"), ("XGROUP CREATE s g 0", "+OK"),
        ("XREADGROUP GROUP g c COUNT 1 STREAMS s >", "/.*1-0.*/"), ("XTRIM s MAXLEN 0 ACKED", ":0"),
        ("XADD s DELREF MAXLEN 1 3-0 a 1", "$3-0"), ("XPENDING s g", "*[:0, nil, nil, nil]"),
        ("XTRIM s MAXLEN 0 KEEPREF", ":1"), ("XTRIM s ACKED DELREF MAXLEN 0", SYNTAX)]),
    ("XREADGROUP CLAIM takes over what is idle, then reads on", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 2", "$2-0"), ("XGROUP CREATE s g 0", "+OK"),
        ("XREADGROUP GROUP g c COUNT 1 STREAMS s >", "/.*1-0.*/"),
        ("XREADGROUP GROUP g d CLAIM 0 STREAMS s >",
         "/.*1-0, \\*\\[\\$a, \\$1\\], :[0-9]+, :1\\], .*2-0, \\*\\[\\$a, \\$2\\], :0, :0.*/"),
        ("XPENDING s g 1 1 1", "/.*1-0, \\$d, :[0-9]+, :2.*/"),
        ("XREADGROUP GROUP g e CLAIM 1000000 STREAMS s >", "nil"),
        ("XREADGROUP GROUP g e CLAIM x STREAMS s >", "-ERR min-idle-time is not an integer"),
        ("XREADGROUP GROUP g e CLAIM -1 STREAMS s >", "-ERR min-idle-time must be a positive integer")]),
    ("XREAD + answers the last entry", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 1", "$2-0"), ("XREAD STREAMS s +", "/.*2-0.*/"),
        ("XDEL s 2-0", ":1"), ("XREAD STREAMS s +", "/.*1-0.*/"), ("XREAD STREAMS missing +", "nil")]),
    ("XINFO tells when a consumer last got something", [
        ("XGROUP CREATE s g 0 MKSTREAM", "+OK"), ("XGROUP CREATECONSUMER s g c", ":1"),
        ("XINFO CONSUMERS s g", "/.*\\$idle, :[0-9]+, \\$inactive, :-1.*/"),
        ("XINFO STREAM s FULL", "/.*\\$seen-time, :[0-9]+, \\$active-time, :-1.*/")]),
    ("the lag of a group counts what is left where that is known", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 1", "$2-0"), ("XADD s 3-0 a 1", "$3-0"),
        ("XGROUP CREATE s g 1 ENTRIESREAD 99", "+OK"), ("XINFO GROUPS s", "/.*\\$entries-read, :3.*/"),
        ("XTRIM s MAXLEN 1", ":2"), ("XINFO GROUPS s", "/.*\\$lag, :1.*/"), ("XDEL s 3-0", ":1"),
        ("XINFO GROUPS s", "/.*\\$lag, :0.*/")]),
    ("XNACK gives pending entries back to their group", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 2", "$2-0"), ("XADD s 3-0 a 3", "$3-0"),
        ("XGROUP CREATE s g 0", "+OK"), ("XREADGROUP GROUP g c COUNT 2 STREAMS s >", "/.*2-0.*/"),
        ("XNACK s g FAIL IDS 2 2-0 3-0", ":1"), ("XPENDING s g 2 2 9", "*[*[$2-0, $, :-1, :1]]"),
        ("XNACK s g SILENT IDS 1 1-0", ":1"), ("XPENDING s g 1 1 9", "*[*[$1-0, $, :-1, :0]]"),
        ("XNACK s g FATAL IDS 1 3-0 FORCE", ":1"),
        ("XPENDING s g 3 3 9", "*[*[$3-0, $, :-1, :9223372036854775807]]"),
        ("XNACK s g FAIL IDS 1 3-0 RETRYCOUNT 4", ":1"), ("XPENDING s g", "*[:3, $1-0, $3-0, *[]]"),
        ("XINFO STREAM s FULL", "/.*\\$pel-count, :3, \\$nacked-count, :3, .*/"),
        ("XREADGROUP GROUP g d COUNT 1 CLAIM 900000 STREAMS s >", "/.*\\$2-0, .*, :1\\].*/"),
        ("XAUTOCLAIM s g d 900000 0 JUSTID", "*[$0-0, *[$1-0, $3-0], *[]]"),
        ("XPENDING s g", "*[:3, $1-0, $3-0, *[*[$d, $3]]]")]),
    ("XNACK refuses what makes no sense", [
        ("XADD s 1-0 a 1", "$1-0"), ("XGROUP CREATE s g 0", "+OK"),
        ("XNACK s x FAIL IDS 1 1-0", "-NOGROUP No such key 's' or consumer group 'x'"),
        ("XNACK s g MAYBE IDS 1 1-0", "-ERR mode must be SILENT, FAIL, or FATAL"),
        ("XNACK s g FAIL IDS 0 1-0", "-ERR numids must be a positive integer"),
        ("XNACK s g FAIL IDS 2 1-0", "-ERR number of IDs doesn't match numids"),
        ("XNACK s g FAIL IDS 1 1-0 x", "-ERR Unrecognized XNACK option 'x'"),
        ("XNACK s g FAIL IDS 1 1-0 RETRYCOUNT -1", "-ERR Invalid RETRYCOUNT value, must be >= 0"),
        ("XNACK s g FAIL IDS 1", arity("xnack"))]),
    ("XADD IDMP adds an entry once", [
        ("XADD s IDMP p 1 * f v", "/\\$[0-9]+-0/"), ("XADD s IDMP p 1 * f other", "/\\$[0-9]+-0/"),
        ("XADD s IDMP q 1 * f v", "/\\$[0-9]+-[0-9]+/"), ("XLEN s", ":2"),
        ("XINFO STREAM s", "/.*\\$idmp-duration, :100, \\$idmp-maxsize, :100, \\$pids-tracked, :2, "
         "\\$iids-tracked, :2, \\$iids-added, :2, \\$iids-duplicates, :1, .*/"),
        ("XADD s IDMPAUTO p * a 1 b 2", "/\\$[0-9]+-[0-9]+/"),
        ("XADD s IDMPAUTO p * b 2 a 1", "/\\$[0-9]+-[0-9]+/"), ("XLEN s", ":3"),
        ("XADD s IDMP p 1 MAXLEN 1 * f v", "/\\$[0-9]+-0/"), ("XLEN s", ":3"),
        ("XADD s IDMP p 1 5-5 f v",
         "-ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs"),
        ("XADD s IDMPAUTO p IDMP p 1 * f v", "-ERR syntax error, IDMP/IDMPAUTO specified multiple times"),
        ("XADD s IDMP ~ 1 * f v", "-ERR syntax error, IDMP requires a non-empty producer ID"),
        ("XADD s IDMP p ~ * f v", "-ERR syntax error, IDMP requires a non-empty idempotent ID"),
        ("XADD s IDMPAUTO ~ * f v", "-ERR syntax error, IDMPAUTO requires a non-empty producer ID")]),
    ("XCFGSET says what a stream remembers", [
        ("XCFGSET s IDMP-DURATION 5", "-ERR no such key"), ("XADD s IDMP p 1 * f v", "/.*/"),
        ("XCFGSET s IDMP-DURATION 100 IDMP-MAXSIZE 100", "+OK"), ("XADD s IDMP p 1 * f v", "/.*/"),
        ("XLEN s", ":1"), ("XCFGSET s idmp-maxsize 1", "+OK"), ("XADD s IDMP p 1 * f v", "/.*/"),
        ("XADD s IDMP p 2 * f v", "/.*/"), ("XADD s IDMP p 1 * f v", "/.*/"), ("XLEN s", ":4"),
        ("XCFGSET s", "-ERR At least one parameter must be specified"), ("XCFGSET s IDMP-MAXSIZE", SYNTAX),
        ("XCFGSET s IDMP-DURATION 86401", "-ERR IDMP-DURATION must be between 1 and 86400 seconds"),
        ("XCFGSET s IDMP-MAXSIZE 0", "-ERR IDMP-MAXSIZE must be between 1 and 10000 entries")]),
    ("AGGREGATE COUNT adds up weights, whatever the scores", [
        ("ZADD a 5 x 7 y", ":2"), ("ZADD b 9 y 1 z", ":2"),
        ("ZUNIONSTORE d 2 a b AGGREGATE COUNT", ":3"),
        ("ZRANGE d 0 -1 WITHSCORES", "/.*x, .1.*z, .1.*y, .2.*/"),
        ("ZINTER 2 a b WEIGHTS 2 0.5 AGGREGATE COUNT WITHSCORES", "/.*y, .2\\.5.*/"),
        ("ZUNION 2 a b WEIGHTS 10 1 AGGREGATE count WITHSCORES", "/.*z, .1.*x, .10.*y, .11.*/"),
        ("ZINTERSTORE d 2 a b AGGREGATE COUNT", ":1"), ("ZSCORE d y", "/.2/"),
        ("ZUNION 2 a b AGGREGATE AVG", SYNTAX), ("ZDIFF 2 a b AGGREGATE COUNT", SYNTAX)]),

    ("SUNIONCARD counts a union", [
        ("SADD a 1 2 x", ":3"), ("SADD b x y", ":2"), ("SUNIONCARD 2 a b", ":4"),
        ("SUNIONCARD 2 a b LIMIT 3", ":3"), ("SUNIONCARD 3 a missing b LIMIT 0", ":4"),
        ("SUNIONCARD 2 a b APPROX", ":4"), ("SUNIONCARD 2 a b LIMIT 2 APPROX", ":2"),
        ("SUNIONCARD 1 missing", ":0"), ("SUNIONCARD 0 a", "-ERR numkeys should be greater than 0"),
        ("SUNIONCARD 3 a b", "-ERR Number of keys can't be greater than number of args"),
        ("SUNIONCARD 1 a LIMIT -1", "-ERR LIMIT can't be negative"), ("SUNIONCARD 1 a LIMIT", SYNTAX),
        ("SET k v", "+OK"), ("SUNIONCARD 2 a k", WRONGTYPE), ("SUNIONCARD 1", arity("sunioncard"))]),
    ("SDIFFCARD counts a difference", [
        ("SADD a 1 2 x", ":3"), ("SADD b x y", ":2"), ("SDIFFCARD 2 a b", ":2"),
        ("SDIFFCARD 2 a b LIMIT 1", ":1"), ("SDIFFCARD 2 a b LIMIT 0", ":2"), ("SDIFFCARD 1 a", ":3"),
        ("SDIFFCARD 2 missing a", ":0"), ("SDIFFCARD 1 a APPROX", SYNTAX),
        ("SET k v", "+OK"), ("SDIFFCARD 2 a k", WRONGTYPE), ("SDIFFCARD 1", arity("sdiffcard"))]),
    ("LMOVEM moves several elements in the order that it is told", [
        ("RPUSH l 1 2 3 4", ":4"), ("LMOVEM l m LEFT LEFT COUNT 2 OBO", "*[$2, $1]"),
        ("LRANGE m 0 -1", "*[$2, $1]"), ("LRANGE l 0 -1", "*[$3, $4]"),
        ("LMOVEM l m LEFT LEFT EXACTLY 5 BULK", "nil"), ("LLEN l", ":2"),
        ("LMOVEM l m LEFT LEFT COUNT 5 BULK", "*[$3, $4]"), ("LRANGE m 0 -1", "*[$3, $4, $2, $1]"),
        ("EXISTS l", ":0"), ("LMOVEM m l RIGHT LEFT", "*[$1]"), ("LMOVEM missing l LEFT LEFT", "nil"),
        ("RPUSH s a b c", ":3"), ("LMOVEM s s LEFT LEFT EXACTLY 2 OBO", "*[$b, $a]"),
        ("LRANGE s 0 -1", "*[$b, $a, $c]"), ("LMOVEM s s LEFT LEFT EXACTLY 2 BULK", "*[$b, $a]"),
        ("LRANGE s 0 -1", "*[$b, $a, $c]"), ("LMOVEM s l LEFT LEFT COUNT 2", SYNTAX),
        ("LMOVEM s l LEFT LEFT 2 OBO", SYNTAX), ("LMOVEM s l UP LEFT", SYNTAX),
        ("LMOVEM s l LEFT LEFT COUNT 0 OBO", "-ERR count should be greater than 0"),
        ("SET k v", "+OK"), ("LMOVEM s k LEFT LEFT COUNT 2 OBO", WRONGTYPE),
        ("LMOVEM k s LEFT LEFT COUNT 2 OBO", WRONGTYPE), ("LMOVEM s l LEFT", arity("lmovem"))]),
    ("BLMOVEM moves at once what is there", [
        ("RPUSH l 1 2 3 4", ":4"), ("BLMOVEM l m LEFT RIGHT 0", "*[$1]"),
        ("BLMOVEM l m RIGHT RIGHT 0 COUNT 2 BULK", "*[$3, $4]"), ("LRANGE m 0 -1", "*[$1, $3, $4]"),
        ("BLMOVEM l m LEFT LEFT 0.01 EXACTLY 2 BULK", "nil"), ("LLEN l", ":1"),
        ("BLMOVEM missing m LEFT LEFT 0.01", "nil"),
        ("BLMOVEM l m LEFT LEFT -1", "-ERR timeout is negative"),
        ("BLMOVEM l m LEFT LEFT", arity("blmovem"))]),
    ("XREAD MAXCOUNT and MAXSIZE limit all streams together", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 1", "$2-0"), ("XADD t 1-0 b 1", "$1-0"),
        ("XADD t 2-0 b 1", "$2-0"),
        ("XREAD COUNT 1 MAXCOUNT 2 STREAMS s t 0 0",
         streams(s=[("1-0", "a")], t=[("1-0", "b")])),
        ("XREAD MAXCOUNT 1 STREAMS s t 0 0", streams(s=[("1-0", "a")])),
        ("XREAD MAXSIZE 1 STREAMS s t 0 0", streams(s=[("1-0", "a")])),
        ("XREAD MAXCOUNT 3 MAXSIZE 100000 STREAMS s t 1 0",
         streams(s=[("2-0", "a")], t=[("1-0", "b"), ("2-0", "b")])),
        ("XREAD MAXSIZE 1 STREAMS s 2", "nil"), ("XREAD MAXCOUNT 0 STREAMS s 0", "/-ERR .*/"),
        ("XREAD MAXSIZE 0 STREAMS s 0", "/-ERR .*/"), ("XREAD MAXSIZE x STREAMS s 0", "/-ERR .*/"),
        ("XREAD COUNT 3 MAXCOUNT 2 STREAMS s 0", "/-ERR .*/")]),
    ("XREADGROUP MAXCOUNT and MAXSIZE leave the rest to be delivered", [
        ("XADD s 1-0 a 1", "$1-0"), ("XADD s 2-0 a 1", "$2-0"), ("XADD s 3-0 a 1", "$3-0"),
        ("XGROUP CREATE s g 0", "+OK"),
        ("XREADGROUP GROUP g c MAXCOUNT 1 STREAMS s >", streams(s=[("1-0", "a")])),
        ("XREADGROUP GROUP g c MAXSIZE 1 STREAMS s >", streams(s=[("2-0", "a")])),
        ("XPENDING s g", "*[:2, $1-0, $2-0, *[*[$c, $2]]]"),
        ("XREADGROUP GROUP g c MAXCOUNT 1 STREAMS s 0", streams(s=[("1-0", "a")])),
        ("XREADGROUP GROUP g c MAXSIZE 1 STREAMS s 0", streams(s=[("1-0", "a")]))]),
    ("HIMPORT makes hashes of the values alone", [
        ("HIMPORT PREPARE u name email age", "+OK"), ("HIMPORT SET user:1 u alice a@x 30", "+OK"),
        ("HMGET user:1 name email age", "*[$alice, $a@x, $30]"),
        ("HGETALL user:1", "/[*%]\\[\\$age, \\$30, \\$name, \\$alice, \\$email, \\$a@x\\]/"), ("EXPIRE user:1 100", ":1"),
        ("HIMPORT SET user:1 u bob b@x 25", "+OK"), ("HGET user:1 name", "$bob"), ("TTL user:1", ":-1"),
        ("HIMPORT SET k no 1", "-ERR no such fieldset"),
        ("HIMPORT SET k u 1", "-ERR value count does not match fieldset field count"),
        ("HIMPORT PREPARE u a a", "-ERR duplicate field name in fieldset"),
        ("HIMPORT SET k u 1 2 3", "+OK"), ("SET s v", "+OK"), ("HIMPORT SET s u 1 2 3", WRONGTYPE),
        ("HIMPORT SET s no 1", WRONGTYPE), ("HIMPORT DISCARD u", ":1"), ("HIMPORT DISCARD u", ":0"),
        ("HIMPORT PREPARE u a", "+OK"), ("HIMPORT PREPARE o b c", "+OK"), ("HIMPORT DISCARDALL", ":2"),
        ("HIMPORT DISCARDALL", ":0"), ("HIMPORT", arity("himport")),
        ("HIMPORT PREPARE u", arity("himport|prepare")), ("HIMPORT SET k u", arity("himport|set")),
        ("HIMPORT DISCARD", arity("himport|discard")),
        ("HIMPORT DISCARDALL x", arity("himport|discardall"))]),
    ("COMMAND INFO says what runs scripts", [
        ("COMMAND INFO eval", "/.*script_runner.*/"), ("COMMAND INFO fcall_ro", "/.*script_runner.*/"),
        ("COMMAND INFO get", "/((?!script_runner).)*/")]),
]

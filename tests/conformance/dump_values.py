"""Values of every type and encoding, as the commands that make them under `key`: for dumps.py and for
the seeds of the fuzzer. Deterministic."""
import random

_random = random.Random(1)
NOISE = bytes(_random.randrange(256) for _ in range(3000))
FAR_MS = b"4102444800000"  # 2100


def chunks(name, words, per=200):
    """One command for each so many words."""
    return [(name, "key", *words[at:at + per]) for at in range(0, len(words), per)]


def pairs(first, second):
    return [word for pair in zip(first, second) for word in pair]


def members(count, size=0):
    return [b"member:%d" % i + b"x" * size for i in range(count)]


def entries(first, last):
    return [("XADD", "key", "%d-0" % i, "field", "%d" % i, "name", "value %d" % (i % 7))
            for i in range(first, last + 1)]


# Of a stream with the entries 1-0 to 30-0.
READERS = [("XGROUP", "CREATE", "key", "g", "0"), ("XGROUP", "CREATE", "key", "late", "20-0"),
           ("XGROUP", "CREATECONSUMER", "key", "late", "idle"),
           ("XREADGROUP", "GROUP", "g", "c", "COUNT", "12", "STREAMS", "key", ">"),
           ("XREADGROUP", "GROUP", "g", "d", "COUNT", "5", "STREAMS", "key", ">"),
           ("XREADGROUP", "GROUP", "late", "c", "NOACK", "STREAMS", "key", ">"),
           ("XACK", "key", "g", "3-0"), ("XDEL", "key", "5-0"),
           ("XCLAIM", "key", "g", "e", "0", "4-0", "RETRYCOUNT", "7"),
           ("XCLAIM", "key", "g", "e", "0", "6-0", "IDLE", "100000")]

VALUES = [
    ("string_empty", [("SET", "key", "")]),
    ("string_short", [("SET", "key", "hello")]),
    ("string_int8", [("SET", "key", "-100")]),
    ("string_int16", [("SET", "key", "30000")]),
    ("string_int32", [("SET", "key", "-2000000000")]),
    ("string_int64", [("SET", "key", "9223372036854775807")]),
    ("string_almost_number", [("SET", "key", "0123")]),
    ("string_binary", [("SET", "key", NOISE)]),
    ("string_compressed", [("SET", "key", b"abcabcabd" * 500)]),
    ("string_long_run", [("SET", "key", b"a" * 1_000_000)]),
    ("string_appended", [("SET", "key", "12"), ("APPEND", "key", "34")]),
    ("bitmap", [("SETBIT", "key", "70000", "1")]),
    ("hyperloglog", chunks("PFADD", members(2000))),
    ("list_listpack", [("RPUSH", "key", "a", "1", "-70000", "", "x" * 70, "5000000000", "-4097",
                        "127", "128", "4095", "-8388608", "2147483647", "-32768")]),
    ("list_of_one_long", [("RPUSH", "key", b"y" * 20000)]),
    ("list_quicklist", chunks("RPUSH", members(3000))),
    ("list_with_long_elements", [("RPUSH", "key", "a", b"b" * 9000, "c", NOISE * 4, "1")]),
    ("set_intset16", [("SADD", "key", "1", "-5", "300")]),
    ("set_intset32", [("SADD", "key", "1", "-70000", "300")]),
    ("set_intset64", [("SADD", "key", "1", "-5000000000", "300")]),
    ("set_listpack", [("SADD", "key", "a", "7", "b" * 60)]),
    ("set_hashtable", chunks("SADD", members(1000))),
    ("set_of_long_members", [("SADD", "key", b"c" * 5000, NOISE)]),
    ("set_of_many_numbers", chunks("SADD", [b"%d" % (i * 7919) for i in range(1000)])),
    ("zset_listpack", [("ZADD", "key", "1", "a", "1.5", "b", "-inf", "c", "inf", "d", "1e300", "e",
                        "0.1", "12", "-3", "f", "100000000000000000000", "g", "-0", "h",
                        "4503599627370497", "i", "5e-324", "j")]),
    ("zset_skiplist", chunks("ZADD", pairs([b"%d.%d" % (i * 37 % 1000, i) for i in range(1000)],
                                           members(1000)))),
    ("zset_of_long_members", [("ZADD", "key", "2", b"c" * 5000, "-inf", NOISE, "inf", "z")]),
    ("geo", [("GEOADD", "key", "13.4", "52.5", "berlin", "2.35", "48.85", "paris")]),
    ("hash_listpack", [("HSET", "key", "name", "value", "n", "17", "17", "n", "long", "x" * 64)]),
    ("hash_hashtable", chunks("HSET", pairs(members(1000), members(1000, 10)))),
    ("hash_of_long_values", [("HSET", "key", "a", b"c" * 5000, NOISE, "1")]),
    ("stream", [*entries(1, 4), ("XADD", "key", "5-7", "other", "1", "", "x" * 70)]),
    ("stream_emptied", [*entries(1, 2), ("XDEL", "key", "1-0", "2-0")]),
    ("stream_of_a_group", [("XGROUP", "CREATE", "key", "g", "$", "MKSTREAM")]),
    ("stream_with_deleted", [*entries(1, 30), ("XDEL", "key", "1-0", "7-0", "30-0")]),
    ("stream_with_groups", [*entries(1, 30), *READERS]),
    ("stream_of_nodes", [*entries(1, 450), ("XDEL", "key", "101-0", "350-0"), *READERS,
                         ("XTRIM", "key", "MAXLEN", "~", "320")]),
    ("stream_of_long_entries", [("XADD", "key", "1-0", b"f" * 300, NOISE),
                                ("XADD", "key", "18446744073709551615-1", "f", b"y" * 20000)]),
]

# What redis-server 7.0 does not know.
NEWER = [
    ("hash_listpack_expiring", [("HSET", "key", "a", "1", "b", "2", "c", "3"),
                                ("HPEXPIREAT", "key", FAR_MS, "FIELDS", "2", "a", "b")]),
    ("hash_hashtable_expiring", [*chunks("HSET", pairs(members(600), members(600))),
                                 ("HPEXPIREAT", "key", FAR_MS, "FIELDS", "2", "member:1",
                                  "member:599"),
                                 ("HPEXPIREAT", "key", b"4102444900000", "FIELDS", "1",
                                  "member:7")]),
    ("hash_long_expiring", [("HSET", "key", "a", b"c" * 70),
                            ("HPEXPIREAT", "key", FAR_MS, "FIELDS", "1", "a")]),
    ("stream_given_back", [*entries(1, 30), *READERS,
                           ("XNACK", "key", "g", "FAIL", "IDS", "3", "9-0", "2-0", "4-0")]),
    ("stream_with_producers", [("XADD", "key", "IDMP", "p", "1", "*", "f", "v"),
                               ("XADD", "key", "IDMPAUTO", "q", "*", "f", "v"),
                               ("XADD", "key", "IDMP", "p", "1", "*", "f", "v")]),
    ("stream_that_remembers", [*entries(1, 2), ("XCFGSET", "key", "IDMP-DURATION", "7")]),
]

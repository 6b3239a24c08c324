#!/usr/bin/env python3
"""What other servers that claim to be Redis got wrong: each failure is a test, by its number.

The list was read from the issue trackers of clients and libraries whose users had met it. Every test
runs against Larder, and against redis-server where there is one, so that the tests are right, too.

usage: clone_failures.py [arguments of unittest]
"""
import sys
import threading
import time
import unittest

from resp import Closed, Connection, encode
from servers import Server, find_servers

DEADLINE_SECONDS = 60
UNDECLARED = """
redis.call('SET', 'undeclared:' .. ARGV[1], ARGV[1])
return redis.call('GET', 'undeclared:' .. ARGV[1])
"""
# Reads a counter, works a while, and writes it back: wrong as soon as anything comes between.
READ_AND_WRITE_BACK = """
local seen = tonumber(redis.call('GET', ARGV[1]) or '0')
for i = 1, 2000 do local waste = i * i end
redis.call('SET', ARGV[1], seen + 1)
return seen
"""


class Failures:
    """The tests; a subclass for each server. Replies are (type, payload), see resp.py."""

    server = None
    is_redis = False

    def setUp(self):
        self.open = []
        self.main = self.connect()
        self.main.call("FLUSHALL")

    def tearDown(self):
        for connection in self.open:
            connection.close()
        self.assertTrue(self.server.alive(), self.server.log_tail())

    def connect(self, protocol=2):
        connection = Connection(self.server.port)
        self.open.append(connection)
        if protocol == 3:
            connection.call("HELLO", "3")
        return connection

    def call(self, *args):
        return self.main.call(*args)

    def eval(self, script, *arguments):
        return self.main.call("EVAL", script, *(arguments or ("0",)))

    def info(self, section):
        lines = self.main.call("INFO", section)[1].decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    # ---- scripts

    def test_01_undeclared_keys_may_be_used(self):
        self.assertEqual(self.eval(UNDECLARED, "0", "a"), ("$", b"a"))
        self.assertEqual(self.eval(UNDECLARED, "1", "declared", "b"), ("$", b"b"))
        self.assertEqual(self.call("GET", "undeclared:a"), ("$", b"a"))

    def test_02_scripts_are_atomic_with_and_without_flags(self):
        for number, head in enumerate(("", "#!lua\n", "#!lua flags=allow-cross-slot-keys\n",
                                        "--!df flags=disable-atomicity\n")):
            counter = f"counter:{number}"
            per_client = 100

            def increment(head=head, counter=counter):
                connection = Connection(self.server.port)
                for _ in range(per_client):
                    connection.call("EVAL", head + READ_AND_WRITE_BACK, "0", counter)
                connection.close()
            clients = [threading.Thread(target=increment) for _ in range(4)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            self.assertEqual(self.call("GET", counter), ("$", b"%d" % (4 * per_client)))

    def test_03_a_returned_fraction_is_an_integer(self):
        self.assertEqual(self.eval("return 3.99"), (":", b"3"))
        self.assertEqual(self.eval("return -3.99"), (":", b"-3"))
        self.assertEqual(self.eval("return {1.5, 10/4}"), ("*", [(":", b"1"), (":", b"2")]))

    def test_04_an_integer_of_json_concatenates_as_one(self):
        self.assertEqual(self.eval("return 'user:' .. cjson.decode('{\"id\":101}').id"),
                         ("$", b"user:101"))
        self.assertEqual(self.eval("return cjson.encode({id = 101})"), ("$", b'{"id":101}'))
        self.assertEqual(self.eval("return redis.call('ECHO', 1000000000)"), ("$", b"1000000000"))

    def test_05_table_getn_is_there(self):
        self.assertEqual(self.eval("return table.getn({1, 2, 3})"), (":", b"3"))
        self.assertEqual(self.eval("return table.maxn({1, 2, [10] = 3})"), (":", b"10"))
        self.assertEqual(self.eval("return {unpack({1, 2})}"), ("*", [(":", b"1"), (":", b"2")]))

    def test_06_random_seeds_may_be_fractions(self):
        self.assertEqual(self.eval("math.randomseed(1.5) return 1"), (":", b"1"))
        self.assertEqual(self.eval("math.randomseed(os.clock() + 0.25) return 1")[0]
                         if not self.is_redis else ":", ":")

    def test_07_scripts_have_the_time(self):
        seconds = int(self.eval("return redis.call('TIME')[1]")[1])
        self.assertLess(abs(seconds - time.time()), 60)
        self.assertEqual(self.eval("local t = redis.call('TIME') "
                                   "redis.call('SET', KEYS[1], t[1]) return #t", "1", "k"), (":", b"2"))

    def test_08_call_raises_and_pcall_answers_and_errors_keep_their_first_word(self):
        self.call("SET", "text", "x")
        raised = self.eval("redis.call('INCR', KEYS[1]) return 'not reached'", "1", "text")
        self.assertEqual(raised[0], "-")
        self.assertTrue(raised[1].startswith(b"ERR value is not an integer"), raised)
        self.assertEqual(self.eval("return redis.pcall('INCR', KEYS[1]).err", "1", "text")[0], "$")
        self.assertEqual(self.eval("redis.pcall('INCR', KEYS[1]) return 'reached'", "1", "text"),
                         ("$", b"reached"))
        self.assertTrue(self.eval("return redis.call('LPUSH', KEYS[1], 'x')", "1", "text")[1]
                        .startswith(b"WRONGTYPE "))
        self.assertEqual(self.eval("return redis.error_reply('MYCODE text')"), ("-", b"MYCODE text"))
        self.assertEqual(self.eval("return redis.error_reply('text')"), ("-", b"ERR text"))
        self.assertEqual(self.eval("return {err = 'MYCODE text'}"), ("-", b"MYCODE text"))

    def test_09_scripts_run_and_are_loaded_inside_transactions(self):
        self.call("MULTI")
        self.call("EVAL", "return redis.call('INCR', KEYS[1])", "1", "k")
        self.call("SCRIPT", "LOAD", "return 7")
        self.call("EVAL", UNDECLARED, "0", "a")
        reply = self.call("EXEC")
        self.assertEqual(reply[0], "*")
        self.assertEqual(reply[1][0], (":", b"1"))
        self.assertEqual(reply[1][2], ("$", b"a"))
        self.assertEqual(self.call("EVALSHA", reply[1][1][1], "0"), (":", b"7"))

    def test_20_an_unknown_script_is_told_by_the_first_word(self):
        for digest in ("f" * 40, "F" * 40):
            self.assertEqual(self.call("EVALSHA", digest, "0"),
                             ("-", b"NOSCRIPT No matching script. Please use EVAL."))
        self.call("MULTI")
        self.call("EVALSHA", "f" * 40, "0")
        self.assertTrue(self.call("EXEC")[1][0][1].startswith(b"NOSCRIPT "))

    def test_24_cmsgpack_struct_bit_and_replicate_commands_are_there(self):
        self.assertEqual(self.eval("return cmsgpack.unpack(cmsgpack.pack({1, 'a'}))[2]"), ("$", b"a"))
        self.assertEqual(self.eval("return struct.unpack('>I2', struct.pack('>I2', 258))"),
                         (":", b"258"))
        self.assertEqual(self.eval("return bit.band(255, 15)"), (":", b"15"))
        self.assertEqual(self.eval("redis.replicate_commands() return redis.call('SET', KEYS[1], 'v')",
                                   "1", "k"), ("+", b"OK"))
        self.assertEqual(self.eval("return redis.sha1hex('')"),
                         ("$", b"da39a3ee5e6b4b0d3255bfef95601890afd80709"))

    def test_25_nil_is_false_to_a_script_and_null_to_its_client_and_keys_runs_inside(self):
        self.assertEqual(self.eval("return redis.call('GET', 'missing') == false and 1 or 0"),
                         (":", b"1"))
        self.assertEqual(self.eval("return redis.call('GET', 'missing')"), ("$", None))
        self.assertEqual(self.eval("return false"), ("$", None))
        self.assertEqual(self.eval("return true"), (":", b"1"))
        self.assertEqual(self.eval("return {1, false, 3}"),
                         ("*", [(":", b"1"), ("$", None), (":", b"3")]))
        self.call("MSET", "a:1", "x", "a:2", "y", "b:1", "z")
        self.assertEqual(self.eval("return #redis.call('KEYS', 'a:*')"), (":", b"2"))
        self.assertEqual(self.eval("return {KEYS[1], KEYS[2]}", "2", "a", "b"),
                         ("*", [("$", b"a"), ("$", b"b")]))

    # ---- transactions

    def test_10_a_bad_queued_command_aborts_the_transaction(self):
        for bad in (("NOSUCH", "x"), ("GET",), ("CLIENT", "NOSUCH")):
            self.call("MULTI")
            self.assertEqual(self.call("SET", "k", "v"), ("+", b"QUEUED"))
            self.assertEqual(self.call(*bad)[0], "-")
            self.assertEqual(self.call("EXEC"),
                             ("-", b"EXECABORT Transaction discarded because of previous errors."))
            self.assertEqual(self.call("EXISTS", "k"), (":", b"0"))

    # ---- INFO and HELLO

    def test_11_info_tells_the_eviction_policy(self):
        memory = self.info("memory")
        self.assertRegex(memory["maxmemory_policy"], "^(noeviction|(allkeys|volatile)-[a-z]+)$")
        for field in ("used_memory", "maxmemory", "used_memory_human"):
            self.assertIn(field, memory)

    def test_21_hello_tells_server_version_and_role(self):
        for protocol in ("2", "3"):
            reply = self.connect().call("HELLO", protocol)
            fields = [each[1] for each in reply[1][::2]]
            for field in (b"server", b"version", b"proto", b"id", b"mode", b"role", b"modules"):
                self.assertIn(field, fields)
            told = dict(zip(fields, reply[1][1::2]))
            self.assertEqual(told[b"server"], ("$", b"redis"))
            self.assertEqual(told[b"role"], ("$", b"master"))
            self.assertEqual(told[b"id"][0], ":")
            self.assertRegex(told[b"version"][1].decode(), r"^\d+\.\d+\.\d+$")
            self.assertEqual(reply[0], "*" if protocol == "2" else "%")

    # ---- expiry

    def test_12_expiries_may_be_centuries_long(self):
        for seconds in (100_000_000, 2**31, 2**32 + 1, 10**11):
            self.assertEqual(self.call("SET", "k", "v", "EX", str(seconds)), ("+", b"OK"))
            self.assertLess(abs(int(self.call("TTL", "k")[1]) - seconds), 60)
            self.assertEqual(self.call("EXPIRE", "k", str(seconds)), (":", b"1"))
            self.assertEqual(self.call("PEXPIRE", "k", str(seconds * 1000)), (":", b"1"))

    def test_13_expireat_takes_the_far_future(self):
        for moment in (2**31 + 5, 33_177_117_420, 10**12):
            self.call("SET", "k", "v")
            self.assertEqual(self.call("EXPIREAT", "k", str(moment)), (":", b"1"))
            self.assertEqual(self.call("EXPIRETIME", "k"), (":", b"%d" % moment))
            self.assertEqual(self.call("PEXPIREAT", "k", str(moment * 1000)), (":", b"1"))
            self.assertEqual(self.call("SET", "k", "v", "EXAT", str(moment)), ("+", b"OK"))
        self.call("SET", "k", "v")
        self.assertEqual(self.call("EXPIREAT", "k", "33177117420", "NX"), (":", b"1"))
        self.assertEqual(self.call("EXPIREAT", "k", "33177117421", "GT"), (":", b"1"))

    # ---- pushes

    def test_14_messages_are_pushes_in_resp3(self):
        subscriber = self.connect(protocol=3)
        self.assertEqual(subscriber.call("SUBSCRIBE", "c"),
                         (">", [("$", b"subscribe"), ("$", b"c"), (":", b"1")]))
        self.call("PUBLISH", "c", "text")
        self.assertEqual(subscriber.read(), (">", [("$", b"message"), ("$", b"c"), ("$", b"text")]))
        # A subscriber of RESP3 may run anything.
        self.assertEqual(subscriber.call("GET", "missing"), ("_", b""))

    def test_15_client_side_caching_is_there(self):
        helped = b" ".join(line[1] for line in self.call("CLIENT", "HELP")[1])
        if b"TRACKING" not in helped.upper():
            self.skipTest("CLIENT TRACKING is not there yet")
        reader = self.connect(protocol=3)
        self.assertEqual(reader.call("CLIENT", "TRACKING", "ON"), ("+", b"OK"))
        self.call("SET", "k", "v")
        self.assertEqual(reader.call("GET", "k"), ("$", b"v"))
        self.call("SET", "k", "w")
        self.assertEqual(reader.read(), (">", [("$", b"invalidate"), ("*", [("$", b"k")])]))

    def test_18_keyspace_events_are_of_every_class(self):
        listener = self.connect(protocol=3)
        self.call("CONFIG", "SET", "notify-keyspace-events", "EA")
        try:
            listener.call("PSUBSCRIBE", "__keyevent@0__:*")
            for args in (("SET", "k", "1"), ("EXPIRE", "k", "100"), ("INCR", "k"), ("RENAME", "k", "l"),
                         ("DEL", "l"), ("LPUSH", "list", "x"), ("HSET", "hash", "f", "v"),
                         ("SADD", "set", "m"), ("ZADD", "sorted", "1", "m")):
                self.call(*args)
            seen = []
            while len(seen) < 10:
                push = listener.read()[1]
                seen.append(push[2][1].rsplit(b":", 1)[1].decode())
            self.assertEqual(seen, ["set", "expire", "incrby", "rename_from", "rename_to", "del",
                                    "lpush", "hset", "sadd", "zadd"])
            self.call("SET", "short", "v", "PX", "1")
            while (event := listener.read()[1])[2][1] != b"__keyevent@0__:expired":
                self.assertIn(event[2][1], (b"__keyevent@0__:set", b"__keyevent@0__:expire"))
        finally:
            self.call("CONFIG", "SET", "notify-keyspace-events", "")

    # ---- scans

    def test_16_a_scans_cursor_is_a_bulk_string_of_digits(self):
        for number in range(500):
            self.call("SET", f"k:{number}", "v")
            self.call("HSET", "hash", f"f{number}", "v")
        for command in (("SCAN",), ("HSCAN", "hash")):
            cursor, found = b"0", []
            while True:
                reply = self.call(*command, cursor)
                self.assertEqual(reply[1][0][0], "$")
                cursor = reply[1][0][1]
                self.assertTrue(cursor.isdigit() and int(cursor) < 1 << 53, cursor)
                found += [each[1] for each in reply[1][1][1]]
                if cursor == b"0":
                    break
            least = 501 if command == ("SCAN",) else 500
            self.assertGreaterEqual(len(set(found)), least)

    def test_17_a_scan_of_a_missing_key_ends_at_once(self):
        for command in ("HSCAN", "SSCAN", "ZSCAN"):
            for cursor in ("0", "5", "123456"):
                self.assertEqual(self.call(command, "missing", cursor),
                                 ("*", [("$", b"0"), ("*", [])]))

    # ---- blocking

    def await_blocked(self, count):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while int(self.info("clients")["blocked_clients"]) != count:
            self.assertLess(time.monotonic(), deadline, "nobody waits")
            time.sleep(0.001)

    def test_19_brpoplpush_wakes_up_and_loses_no_reply(self):
        for number in range(50):
            waiting = self.connect()
            waiting.send(encode([b"BRPOPLPUSH", b"from", b"to", b"0"]) + encode([b"ECHO", b"behind"]))
            self.await_blocked(1)
            self.call("LPUSH", "from", str(number))
            self.assertEqual(waiting.read(), ("$", b"%d" % number))
            self.assertEqual(waiting.read(), ("$", b"behind"))
        self.assertEqual(self.call("LLEN", "to"), (":", b"50"))
        self.assertEqual(self.call("LLEN", "from"), (":", b"0"))

    # ---- connections

    def test_22_databases_are_apart(self):
        other = self.connect()
        self.assertEqual(other.call("SELECT", "1"), ("+", b"OK"))
        other.call("SET", "k", "of one")
        self.assertEqual(self.call("GET", "k"), ("$", None))
        self.call("SET", "k", "of zero")
        self.assertEqual(other.call("GET", "k"), ("$", b"of one"))
        self.assertEqual(other.call("FLUSHDB"), ("+", b"OK"))
        self.assertEqual(self.call("GET", "k"), ("$", b"of zero"))
        self.assertEqual(self.call("SELECT", "16")[0], "-")

    def test_23_names_are_taken_in_any_case_and_a_subscriber_is_ponged(self):
        for name in ("ping", "Ping", "pInG"):
            self.assertEqual(self.call(name), ("+", b"PONG"))
        self.assertEqual(self.call("client", "getname")[0], "$")
        self.assertEqual(self.call("set", "k", "v", "ex", "100", "nx"), ("+", b"OK"))
        subscriber = self.connect()
        subscriber.call("subscribe", "c")
        self.assertEqual(subscriber.call("PING"), ("*", [("$", b"pong"), ("$", b"")]))
        self.assertEqual(subscriber.call("PING", "x"), ("*", [("$", b"pong"), ("$", b"x")]))

    def test_a_failing_auth_in_a_pipeline_keeps_its_reply(self):
        """Redis's own open fault is not to be copied."""
        if self.is_redis:
            self.skipTest("a fault of redis-server's own")
        self.main.send(encode([b"AUTH", b"wrong"]) + encode([b"AUTH", b"nobody", b"x"])
                       + encode([b"PING"]))
        self.assertEqual([self.main.read()[0] for _ in range(3)], ["-", "-", "+"])


def tests_of(path, label):
    """A TestCase of Failures with a server of its own."""
    def start(cls):
        cls.server = Server(path, label)
        cls.is_redis = cls.server.is_redis

    return type(label.capitalize(), (Failures, unittest.TestCase), {
        "setUpClass": classmethod(start),
        "tearDownClass": classmethod(lambda cls: cls.server.stop()),
    })


if __name__ == "__main__":
    LARDER, REDIS = find_servers()
    Larder = tests_of(LARDER, "larder")
    RedisServer = tests_of(REDIS, "redis")
    try:
        unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
    except Closed as closed:
        sys.exit(f"a connection ended: {closed}")

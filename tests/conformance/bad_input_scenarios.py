"""Rows of HARDENING.md's table that take several connections, clients that wait, or a signal.

A scenario takes a server and answers what is wrong, or None. Its docstring names the row. Those of
the wire and of memory are in bad_inputs.py.
"""
import contextlib
import signal
import socket
import threading
import time

from resp import Closed, Connection, encode
from servers import Server

DEADLINE_SECONDS = 60
SHUTDOWN_SECONDS_MAX = 10


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def blocked_clients(control):
    return int(control.call("INFO", "clients")[1].split(b"blocked_clients:")[1].split(b"\r")[0])


@contextlib.contextmanager
def connections(server, count):
    opened = [Connection(server.port) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


def attacks_are_logged(server):
    """Rows 13, 15: what looks like an attack from a browser, or for the memory, is logged."""
    with connections(server, 1) as (control,):
        old = control.call("CONFIG", "GET", "client-query-buffer-limit")[1][1][1]
        control.call("CONFIG", "SET", "client-query-buffer-limit", "1048576")
        for sent in (b"POST / HTTP/1.1\r\n\r\n", b"*2\r\n$4\r\nECHO\r\n$4000000\r\n" + b"x" * 3_000_000):
            with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as sock:
                with contextlib.suppress(OSError):
                    sock.sendall(sent)
                with contextlib.suppress(ConnectionError):
                    while sock.recv(1 << 16):
                        pass
        control.call("CONFIG", "SET", "client-query-buffer-limit", old)
        for words in ("SECURITY ATTACK", "query buffer"):
            if not wait_for(lambda words=words: words in server.log_tail(100_000)):
                return f"its log says nothing of: {words}"
    return None


def soft_limit(server):
    """Row 25: a reader that stays over the soft limit for its seconds is closed."""
    with connections(server, 2) as (control, reader):
        control.call("SET", "big", b"x" * (1 << 20))
        control.call("CONFIG", "SET", "client-output-buffer-limit", "normal 0 1048576 1")
        number = reader.call("CLIENT", "ID")[1]
        reader.send(encode([b"GET", b"big"]) * 30)
        gone = wait_for(lambda: b"id=" not in control.call("CLIENT", "LIST", "ID", number)[1])
        control.call("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
    return None if gone else "a reader that does not read is still connected"


def closed_while_unblocked(server):
    """Row 37: clients that go in the moment in which they are served."""
    with connections(server, 1) as (control,):
        for number in range(100):
            waiting = [Connection(server.port) for _ in range(4)]
            for each in waiting[:3]:
                each.send(encode([b"BLPOP", b"a", b"b", b"0"]))
            waiting[3].send(encode([b"BLMOVE", b"a", b"moved", b"LEFT", b"RIGHT", b"0"]))
            if not wait_for(lambda: blocked_clients(control) == 4):
                return f"{blocked_clients(control)} of 4 wait"
            control.send(encode([b"RPUSH", b"a", b"1", b"2", b"3", b"4"]))
            for each in waiting[number % 2::2]:
                each.close()
            control.read()
            for each in waiting:
                each.close()
            if not wait_for(lambda: blocked_clients(control) == 0):
                return "a client that has gone still waits"
            control.call("DEL", "a", "moved")
    return None


def hash_is_seeded(server):
    """Row 54: nobody can tell beforehand which keys collide."""
    def order(port):
        with contextlib.closing(Connection(port)) as connection:
            for number in range(200):
                connection.call("SET", f"collide:{number}", "v")
            keys = connection.call("SCAN", "0", "MATCH", "collide:*", "COUNT", "1000")[1][1][1]
            connection.call("FLUSHALL")
            return [key[1] for key in keys]
    other = Server(server.path, server.label)
    try:
        return None if order(server.port) != order(other.port) else "two processes hash alike"
    finally:
        other.stop()


def pushes_of_all_kinds_wake(server):
    """Row 72: a push from a script, a transaction or another list wakes who waits."""
    dump = None
    ways = {
        "a script": [("EVAL", "return redis.call('RPUSH', KEYS[1], 'v')", "1", "l")],
        "a script with an undeclared key": [("EVAL", "return redis.call('RPUSH', 'l', 'v')", "0")],
        "a transaction": [("MULTI",), ("RPUSH", "l", "v"), ("EXEC",)],
        "RPOPLPUSH": [("RPUSH", "from", "v"), ("RPOPLPUSH", "from", "l")],
        "LMOVE": [("RPUSH", "from", "v"), ("LMOVE", "from", "l", "LEFT", "LEFT")],
        "RENAME": [("RPUSH", "from", "v"), ("RENAME", "from", "l")],
        "COPY": [("RPUSH", "from", "v"), ("COPY", "from", "l")],
        "SORT": [("RPUSH", "from", "v"), ("SORT", "from", "ALPHA", "STORE", "l")],
        "RESTORE": None,
        "MOVE": [("SELECT", "1"), ("RPUSH", "l", "v"), ("MOVE", "l", "0"), ("SELECT", "0")],
        "SWAPDB": [("SELECT", "1"), ("RPUSH", "l", "v"), ("SWAPDB", "0", "1"), ("SELECT", "0")],
    }
    with connections(server, 2) as (control, waiting):
        control.call("RPUSH", "l", "v")
        dump = control.call("DUMP", "l")[1]
        ways["RESTORE"] = [("RESTORE", "l", "0", dump)]
        for way, commands in ways.items():
            control.call("FLUSHALL")
            waiting.send(encode([b"BLPOP", b"l", b"0"]))
            if not wait_for(lambda: blocked_clients(control) == 1):
                return f"{way}: nobody waits"
            for command in commands:
                reply = control.call(*command)
                if reply[0] == "-":
                    return f"{way}: {command} answered {reply}"
            waiting.sock.settimeout(DEADLINE_SECONDS)
            try:
                reply = waiting.read()
            except Closed:
                return f"{way} wakes nobody"
            if reply != ("*", [("$", b"l"), ("$", b"v")]):
                return f"{way}: {reply}"
            if control.call("EXISTS", "l") != (":", b"0"):
                return f"{way}: what was popped is still there"
        control.call("FLUSHALL")
    return None


def wake_into_another_type(server):
    """Row 73: who is woken to move into a key of another type gets the error, and waits no more."""
    with connections(server, 2) as (control, waiting):
        for command in ((b"BLMOVE", b"from", b"to", b"LEFT", b"LEFT", b"0"),
                        (b"BRPOPLPUSH", b"from", b"to", b"0")):
            control.call("FLUSHALL")
            control.call("SET", "to", "text")
            waiting.send(encode(command))
            if not wait_for(lambda: blocked_clients(control) == 1):
                return "nobody waits"
            control.call("RPUSH", "from", "v")
            reply = waiting.read()
            if not reply[1].startswith(b"WRONGTYPE "):
                return f"{reply}"
            if blocked_clients(control) != 0:
                return "it still waits"
            control.call("RPUSH", "from", "w")
            if control.call("LRANGE", "from", "0", "-1") != ("*", [("$", b"v"), ("$", b"w")]):
                return "an element was lost"
            if waiting.call("PING") != ("+", b"PONG"):
                return "its connection is out of step"
        control.call("FLUSHALL")
    return None


def deep_write_pipelines(server):
    """Row 74: 640 connections with 100 writes each at once: every reply, in order."""
    depth = 100
    with connections(server, 640) as writers:
        for number, writer in enumerate(writers):
            writer.send(encode([b"INCR", b"own:%d" % number]) * (depth // 2)
                        + encode([b"INCR", b"shared"]) * (depth // 2))
        highest = []
        for writer in writers:
            replies = [int(writer.read()[1]) for _ in range(depth)]
            if replies[:depth // 2] != list(range(1, depth // 2 + 1)):
                return f"out of order: {replies[:depth // 2]}"
            if sorted(set(replies[depth // 2:])) != replies[depth // 2:]:
                return f"out of order: {replies[depth // 2:]}"
            highest.append(replies[-1])
        if max(highest) != len(writers) * depth // 2:
            return f"{max(highest)} of {len(writers) * depth // 2} increments"
        writers[0].call("FLUSHALL")
    return None


def busy_for_others(server):
    """Row 62: while a script is busy, who needs its keys is told so, and PING is answered."""
    with connections(server, 2) as (control, runner):
        old = control.call("CONFIG", "GET", "busy-reply-threshold")[1][1][1]
        control.call("CONFIG", "SET", "busy-reply-threshold", "50")
        runner.send(encode([b"EVAL", b"while true do end", b"1", b"k"]))
        busy = wait_for(lambda: control.call("GET", "k")[1] is not None)
        reply = control.call("GET", "k")
        pong = control.call("PING")
        killed = wait_for(lambda: control.call("SCRIPT", "KILL")[0] == "+")
        ended = runner.read()
        control.call("CONFIG", "SET", "busy-reply-threshold", old)
    if not busy or not reply[1].startswith(b"BUSY Redis is busy running a script."):
        return f"others are answered {reply}"
    if pong[1] != b"PONG" and not pong[1].startswith(b"BUSY "):
        return f"PING is answered {pong}"
    return None if killed and b"Script killed by user" in ended[1] else f"{ended}"


def terminate_under_load(server):
    """Row 61: SIGTERM under load: every complete command is answered, and it ends well in time."""
    ending = Server(server.path, server.label)
    count = 500
    wrong = []

    def go_on(connection):
        with contextlib.suppress(Closed):
            while True:
                connection.send(encode([b"INCR", b"load"]) * 50)
                for _ in range(50):
                    connection.read()
    with connections(ending, 16) as loading, connections(ending, 16) as complete:
        threads = [threading.Thread(target=go_on, args=(each,)) for each in loading]
        for thread in threads:
            thread.start()
        for number, each in enumerate(complete):
            each.call("PING")
            each.send(encode([b"INCR", b"complete:%d" % number]) * count)
        started = time.monotonic()
        ending.process.send_signal(signal.SIGTERM)
        for each in complete:
            replies = []
            with contextlib.suppress(Closed):
                while True:
                    replies.append(int(each.read()[1]))
            if replies != list(range(1, count + 1)):
                wrong.append(f"{len(replies)} of {count} commands were answered")
        for thread in threads:
            thread.join()
        status = ending.process.wait(DEADLINE_SECONDS)
        took = time.monotonic() - started
    log = ending.log_tail()
    ending.stop()
    if status != 0 or took > SHUTDOWN_SECONDS_MAX:
        wrong.append(f"it ended with {status} after {took:.1f} s\n{log}")
    return "\n".join(wrong) or None


SCENARIOS = [attacks_are_logged, soft_limit, closed_while_unblocked, hash_is_seeded,
             pushes_of_all_kinds_wake, wake_into_another_type, deep_write_pipelines, busy_for_others,
             terminate_under_load]
# 7.0.15 closes at SIGTERM whatever its clients have sent.
NOT_ON_REDIS = {terminate_under_load}

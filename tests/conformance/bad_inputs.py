#!/usr/bin/env python3
"""Runs bad_input_table.py on Larder and on redis-server in one run.

Larder must answer as the table says, byte for byte as redis-server does (unless the row marks an
agreed difference, or exceptions.json has one), and be alive after every row. Rows that need several
connections at once are functions below and in bad_input_scenarios.py.
"""
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import sys
import tempfile
import time

import bad_input_scenarios
from bad_input_table import FENCE, ROWS, request
from resp import Closed, Connection, encode
from servers import Server, find_servers, free_port

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "clients/support"))

from certificates import Authority, openssl_is_here  # noqa: E402

# Without --enable-debug-command: row 35 is about that.
COMMON = ["--maxmemory", "1gb", "--maxmemory-policy", "noeviction"]
DEADLINE_SECONDS = 60
BYTES_MAX = 256 << 20
SILENT = b"<silent until the deadline> "


def converse(port, pieces, closes):
    """Sends the pieces; returns what came back, and whether the server closed the connection."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received, closed = bytearray(), False
    try:
        for piece in pieces:
            sock.sendall(piece)
        if not closes:
            sock.sendall(request(b"PING", b"fence"))
    except OSError:
        pass  # closed while we sent; what it answered is still there to read
    try:
        while closes or not received.endswith(b"fence\r\n"):
            data = sock.recv(1 << 16)
            if not data:
                closed = True
                break
            received += data
            if len(received) > BYTES_MAX:
                break
    except socket.timeout:
        received += SILENT
    except OSError:
        closed = True
    sock.close()
    return bytes(received), closed


def ask(control, *args):
    control.send(encode([arg if isinstance(arg, bytes) else arg.encode() for arg in args]))
    return control.read()


def run_row(server, control, row):
    """What one server answers to a row."""
    ask(control, "FLUSHALL")
    for args in row.setup:
        ask(control, *args)
    old = []
    for name, value in row.config:
        old.append((name, ask(control, "CONFIG", "GET", name)[1][1][1]))
        reply = ask(control, "CONFIG", "SET", name, value)
        if reply[0] == "-":
            return f"CONFIG SET {name} {value}: {reply[1]!r}".encode(), False
    pieces = row.send if isinstance(row.send, list) else [row.send]
    answer = converse(server.port, pieces, row.closes)
    for name, value in old:
        ask(control, "CONFIG", "SET", name, value)
    return answer


def shown(answer):
    received, closed = answer
    text = repr(received[:300]) + (f"... ({len(received)} bytes)" if len(received) > 300 else "")
    return text + (" then closed" if closed else "")


def run_table(larder, redis, exceptions):
    """Failures of the table's rows, as texts."""
    controls = {server: Connection(server.port) for server in (larder, redis)}
    for row in ROWS:
        if larder.is_redis and not row.redis:
            continue
        name = f"row {row.number}: {row.title}"
        try:
            got = run_row(larder, controls[larder], row)
        except (Closed, OSError) as error:
            got = SILENT + repr(error).encode(), True
        if not larder.alive() or SILENT in got[0]:
            yield f"{name}\n  the server {'hangs' if larder.alive() else 'died'}\n{larder.log_tail()}"
            larder.restart()
            controls[larder] = Connection(larder.port)
            continue
        if not re.fullmatch(row.expect, got[0], re.S) or got[1] != row.closes:
            yield (f"{name}\n  expected  {row.expect.decode('latin-1')}"
                   f"{' then closed' if row.closes else ''}\n  got       {shown(got)}")
        if row.redis:
            wanted = run_row(redis, controls[redis], row)
            if wanted != got and name not in exceptions:
                yield f"{name}\n  redis     {shown(wanted)}\n  larder    {shown(got)}"
    for control in controls.values():
        control.close()


def huge_request_built_slowly(server):
    """Row 16: a huge request built slowly counts as its client's memory, and is given back."""
    control, slow = Connection(server.port), Connection(server.port)
    number = slow.call("CLIENT", "ID")[1]
    sent = 8 << 20
    slow.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % (2 * sent))
    for _ in range(sent >> 16):
        slow.send(b"x" * (1 << 16))
    counted = wait_for(lambda: memory_of(control, number) >= sent)
    slow.send(b"x" * sent + b"\r\n" + request(b"GETRANGE", b"k", b"0", b"2"))
    replies = [slow.read(), slow.read()]
    slow.close()
    control.close()
    if not counted:
        return "megabytes of a request in progress are not counted"
    return None if [reply[1] for reply in replies] == [b"OK", b"xxx"] else f"{replies}"


def memory_of(control, number):
    line = ask(control, "CLIENT", "LIST", "ID", number)[1]
    return int(re.search(rb"tot-mem=(\d+)", line)[1])


def out_of_descriptors(server):
    """Row 22: without descriptors the clients that are there are served, and others when some are."""
    control = Connection(server.port)
    control.call("PING")
    limit = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    in_use = len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()))
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (in_use, limit[1]))
    late = [socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_SECONDS)
            for _ in range(5)]
    pongs = [control.call("PING")[1] for _ in range(100)]
    before = cpu_seconds(server)
    time.sleep(1)
    spent = cpu_seconds(server) - before
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limit)
    for sock in late:
        sock.sendall(request(b"PING"))
        if sock.recv(100) != b"+PONG\r\n":
            return "a client that came without descriptors is never served"
        sock.close()
    control.close()
    if spent > 0.5:
        return f"it spins: {spent} s of CPU in a second"
    return None if pongs == [b"PONG"] * 100 else "the others are not served"


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stranger_without_password(server):
    """Row 24: a peer that is not this machine's loopback is turned away while there is no password."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which address would be used
            address = probe.getsockname()[0]
        except OSError:
            address = "127.0.0.1"
    if address.startswith("127."):
        print("left out: row 24: this machine has no address but loopback")
        return None
    open_to_all = Server(server.path, server.label, common=["--bind", "0.0.0.0"])
    try:
        with socket.create_connection((address, open_to_all.port), timeout=DEADLINE_SECONDS) as sock:
            received = b""
            while data := sock.recv(1 << 16):
                received += data
    finally:
        open_to_all.stop()
    good = received.startswith(b"-DENIED Redis is running in protected mode") and received.endswith(b"\r\n")
    return None if good else f"{received!r}"


def stalled_tls_handshake(server):
    """Row 23: a TLS handshake that stalls is closed at 10 seconds, and others are served meanwhile."""
    if not openssl_is_here():
        print("left out: row 23: openssl is not installed")
        return None
    folder = tempfile.mkdtemp(prefix="larder-certificates-")
    port = free_port()
    secured = Server(server.path, server.label, Authority(folder).server_options(port), COMMON)
    try:
        began = time.monotonic()
        stalled = [socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)
                   for _ in range(30)]
        for number, sock in enumerate(stalled):
            # Nothing, the beginning of a record, or one whose end never comes.
            sock.sendall((b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")[number % 3])
        control = Connection(secured.port)
        pongs = [control.call("PING")[1] for _ in range(100)]
        control.close()
        ends = []
        for sock in stalled:
            received = sock.recv(1 << 16)
            ends.append((received, time.monotonic() - began))
            sock.close()
        told = secured.log_tail().count("handshake timed out (addr=127.0.0.1:")
    finally:
        secured.stop()
        shutil.rmtree(folder)
    if pongs != [b"PONG"] * 100:
        return "the others are not served"
    if any(received or seconds < 9 for received, seconds in ends):
        return f"closed early, or with an answer: {ends}"
    return None if told > 0 else "the log does not say so"


def end_with_the_request(server):
    """An end that comes together with the last request is seen: the reply, then the close."""
    clients = [Connection(server.port) for _ in range(200)]
    for client in clients:
        client.call("PING")
    for client in clients:
        client.send(request(b"ECHO", b"a"))
        client.sock.shutdown(socket.SHUT_WR)
    for client in clients:
        received = b""
        while data := client.sock.recv(1 << 16):
            received += data
        client.close()
        if received != b"$1\r\na\r\n":
            return f"{received!r}"
    return None


def flood_before_login(server):
    """Row 12: before login, replies that are never read must end in a close, not in memory."""
    control = Connection(server.port)
    ask(control, "CONFIG", "SET", "requirepass", "secret")
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_SECONDS)
    sock.settimeout(5)  # a send that blocks for so long: the server has stopped reading, which is fine
    sent, ended = 0, False
    flood = b"PING\r\n" * 10_000
    try:
        while sent < 64 << 20:
            sent += sock.send(flood)
    except OSError:
        ended = True
    sock.close()
    ask(control, "CONFIG", "SET", "requirepass", "")
    control.close()
    return None if ended else f"took {sent} bytes from a client that is not logged in"


def slow_reader(server):
    """Row 25: a reader that never reads is closed at the hard limit."""
    control = Connection(server.port)
    ask(control, "SET", "big", b"x" * (1 << 20))
    ask(control, "CONFIG", "SET", "client-output-buffer-limit", "normal 4194304 0 0")
    reader = Connection(server.port)
    reader.call("PING")  # it must be in the list before its absence says anything
    reader.send(request(b"GET", b"big") * 200)
    closed = wait_for_clients(control, 1)
    received = 0
    try:
        while closed and (data := reader.sock.recv(1 << 20)):
            received += len(data)
    except ConnectionError:
        pass
    reader.close()
    ask(control, "CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
    control.close()
    if not closed:
        return "a reader that does not read is still connected"
    return None if received < 200 << 20 else "all 200 MB were buffered for a reader that did not read"


def wait_for_clients(control, count):
    """Until only `count` clients are left, or the deadline."""
    return wait_for(lambda: ask(control, "CLIENT", "LIST")[1].count(b"addr=") // 2 <= count)


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def kill_with_data_pending(server):
    """Row 36: CLIENT KILL while replies wait; the server lives and the client is gone."""
    control = Connection(server.port)
    ask(control, "SET", "big", b"x" * (1 << 20))
    for _ in range(20):
        victim = Connection(server.port)
        number = ask(victim, "CLIENT", "ID")[1]
        victim.send(request(b"GET", b"big") * 50)
        ask(control, "CLIENT", "KILL", "ID", number)
        victim.close()
    gone = wait_for_clients(control, 1)
    control.close()
    return None if gone else "a killed client is still listed"


def busy_script(server):
    """Row 62: an endless script ends by SCRIPT KILL and says so."""
    control, runner = Connection(server.port), Connection(server.port)
    ask(control, "CONFIG", "SET", "busy-reply-threshold", "100")
    loops = ("while true do end", "pcall(function() while true do end end) while true do end",
             "while true do pcall(error) end",
             "local co = coroutine.wrap(function() while true do end end) co()",
             "xpcall(function() error('x') end, function() while true do end end)",
             "while true do string.find(string.rep('a', 1000), string.rep('a*', 20) .. 'b') end",
             "string.gsub(string.rep('a', 100), 'a', function() while true do end end)",
             "table.sort({1, 2, 3}, function() while true do end end)")
    for loop in loops if not server.is_redis else loops[:1]:
        runner.send(request(b"EVAL", loop.encode(), b"0"))
        deadline = time.monotonic() + DEADLINE_SECONDS
        while ask(control, "SCRIPT", "KILL")[0] == "-":
            if time.monotonic() > deadline:
                return f"SCRIPT KILL never took hold of: {loop}"
            time.sleep(0.02)
        reply = runner.read()
        if reply[0] != "-" or b"Script killed by user with SCRIPT KILL" not in reply[1]:
            return f"{loop}: {reply}"
    control.close()
    runner.close()
    return None


def busy_function(server):
    """Row 62: an endless function ends by FUNCTION KILL, not by SCRIPT KILL, and says so."""
    control, runner = Connection(server.port), Connection(server.port)
    ask(control, "CONFIG", "SET", "busy-reply-threshold", "100")
    ask(control, "FUNCTION", "LOAD", "REPLACE", "#!lua name=busy\nredis.register_function('spin', "
        "function() pcall(function() while true do end end) while true do end end)")
    runner.send(request(b"FCALL", b"spin", b"0"))
    wanted = (b"BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN "
              b"NOSAVE.")
    if not wait_for(lambda: ask(control, "SCRIPT", "KILL") == ("-", wanted)):
        return f"SCRIPT KILL never answered BUSY: {ask(control, 'SCRIPT', 'KILL')}"
    if b"spin" not in repr(ask(control, "FUNCTION", "STATS")).encode():
        return "FUNCTION STATS does not show it"
    if not wait_for(lambda: ask(control, "FUNCTION", "KILL")[0] == "+"):
        return "FUNCTION KILL never took hold"
    reply = runner.read()
    if reply[0] != "-" or b"Script killed by user with SCRIPT KILL... script: spin" not in reply[1]:
        return f"{reply}"
    ask(control, "FUNCTION", "FLUSH")
    control.close()
    runner.close()
    return None


def unkillable_script(server):
    """Row 63: a script that has written answers UNKILLABLE, and nothing stops the server but KILL."""
    control, runner = Connection(server.port), Connection(server.port)
    ask(control, "CONFIG", "SET", "busy-reply-threshold", "100")
    runner.send(request(b"EVAL", b"redis.call('SET',KEYS[1],'v') while true do end", b"1", b"k"))
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        reply = ask(control, "SCRIPT", "KILL")
        if reply[1].startswith(b"UNKILLABLE "):
            break
        if reply[0] == "+" or time.monotonic() > deadline:
            return f"{reply}"
        time.sleep(0.02)
    server.process.kill()
    server.process.wait()
    return None if reply[1] == (
        b"UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
        b"either wait the script termination or kill the server in a hard way using the SHUTDOWN "
        b"NOSAVE command.") else f"{reply}"


# The last one leaves no server behind.
SCENARIOS = [end_with_the_request, flood_before_login, huge_request_built_slowly, out_of_descriptors,
             stranger_without_password, stalled_tls_handshake, slow_reader, kill_with_data_pending,
             busy_script, busy_function, *bad_input_scenarios.SCENARIOS, unkillable_script]
# 7.0.15 buffers without end before login, spins while there are no descriptors, and waits for a
# handshake as long as it takes.
NOT_ON_REDIS = {flood_before_login, out_of_descriptors, stalled_tls_handshake,
                *bad_input_scenarios.NOT_ON_REDIS}


def run_scenarios(larder, redis):
    for scenario in SCENARIOS:
        for server in (larder, redis):
            if server.is_redis and scenario in NOT_ON_REDIS:
                continue
            try:
                wrong = scenario(server)
            except (Closed, OSError) as error:
                wrong = f"{error!r}"
            if wrong is None and scenario is not unkillable_script and not server.alive():
                wrong = "the server died\n" + server.log_tail()
            if wrong:
                yield f"{scenario.__doc__.splitlines()[0]}\n  {server.label}: {wrong}"
                server.restart()


def main():
    larder_path, redis_path = find_servers()
    agreed = json.loads((HERE / "exceptions.json").read_text())["bad_inputs"]
    servers = [Server(larder_path, "larder", common=COMMON), Server(redis_path, "redis", common=COMMON)]
    failures = []
    try:
        for step in (run_table(*servers, {entry["row"] for entry in agreed}), run_scenarios(*servers)):
            for failure in step:
                failures.append(failure)
                print(f"FAILED {failure}", flush=True)
    finally:
        for server in servers:
            server.stop()
    for row in ROWS:
        if not row.redis:
            print(f"agreed: row {row.number} {row.title}: {row.why}")
    for entry in agreed:
        print(f"agreed: {entry['row']}: {entry['reason']}")
    print(f"bad inputs: {len(ROWS)} rows and {len(SCENARIOS)} scenarios, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

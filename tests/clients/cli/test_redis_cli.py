"""Every mode of redis-cli that operators use, against one server per test."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from larder_server import DEADLINE_S, Server, wait_until  # noqa: E402

PIPE_COMMANDS = 1_000_000


class RedisCli(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server("--maxmemory-policy", "allkeys-lfu"))

    def command(self, *arguments):
        return ["redis-cli", "-p", str(self.server.port), *arguments]

    def cli(self, *arguments, stdin=None):
        """Runs redis-cli to its end and returns its output."""
        done = subprocess.run(self.command(*arguments), input=stdin, capture_output=True,
                              stdin=subprocess.DEVNULL if stdin is None else None,
                              timeout=4 * DEADLINE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode()

    def fill(self, count, prefix="key"):
        lines = "".join(f"SET {prefix}:{n} {'x' * (1 + n % 50)}\n" for n in range(count))
        self.cli("--pipe", stdin=lines.encode())

    def output_until(self, arguments, pattern):
        """Runs an endless mode until its output matches, then ends it as Ctrl-C does."""
        process = subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            return read_until(process.stdout.fileno(), pattern)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()

    # Commands on the command line and on standard input.

    def test_one_command_on_the_command_line(self):
        self.assertEqual(self.cli("SET", "a", "1"), "OK\n")
        self.assertEqual(self.cli("GET", "a"), "1\n")
        self.assertEqual(self.cli("--no-raw", "GET", "missing"), "(nil)\n")
        self.assertEqual(self.cli("--no-raw", "INCRBY", "a", "41"), "(integer) 42\n")
        self.assertEqual(self.cli("-n", "3", "GET", "a"), "\n")
        self.assertEqual(self.cli("-r", "3", "INCR", "a"), "43\n44\n45\n")

    def test_commands_on_standard_input(self):
        output = self.cli(stdin=b'SET a "one two"\nGET a\nAPPEND a \\x00\nNOSUCH b\nPING\n')
        lines = output.splitlines()
        self.assertEqual(lines[:3], ["OK", "one two", "11"])
        self.assertIn("ERR unknown command 'NOSUCH', with args beginning with: 'b'", output)
        self.assertEqual(lines[-1], "PONG")

    def test_value_from_standard_input(self):
        self.assertEqual(self.cli("-x", "SET", "a", stdin=b"line\r\n\x00end"), "OK\n")
        self.assertEqual(self.cli("STRLEN", "a"), "10\n")

    def test_transaction_and_errors_on_standard_input(self):
        output = self.cli(stdin=b"MULTI\nSET a 1\nINCR a\nEXEC\nMULTI\nNOSUCH\nEXEC\n")
        self.assertEqual(output.splitlines()[:5], ["OK", "QUEUED", "QUEUED", "OK", "2"])
        self.assertIn("EXECABORT Transaction discarded because of previous errors.", output)

    def test_resp3_and_csv_and_json(self):
        self.cli("SADD", "s", "x")
        self.assertEqual(self.cli("-3", "--no-raw", "SMEMBERS", "s"), '1~ "x"\n')
        self.assertEqual(self.cli("--csv", "MGET", "missing", "gone"), "NULL,NULL\n")
        hello = self.cli("-3", "--json", "HELLO", "3")
        self.assertIn('"server":"redis"', hello)
        self.assertIn('"proto":3', hello)

    def test_script_from_a_file(self):
        script = pathlib.Path(self.server._folder, "script.lua")
        script.write_text("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
        self.assertEqual(self.cli("--eval", str(script), "counter", ",", "x"), "counter\nx\n1\n")

    def test_quiet_failure_has_an_exit_code(self):
        done = subprocess.run(self.command("-e", "GET"), capture_output=True, timeout=DEADLINE_S,
                              check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"ERR wrong number of arguments for 'get' command", done.stdout + done.stderr)

    def test_password(self):
        with Server("--requirepass", "s3cret") as server:
            def ask(*arguments):
                return subprocess.run(["redis-cli", "-p", str(server.port), *arguments, "PING"],
                                      capture_output=True, timeout=DEADLINE_S, check=False)

            self.assertIn(b"NOAUTH", ask().stdout)
            self.assertEqual(ask("-a", "s3cret", "--no-auth-warning").stdout, b"PONG\n")
            self.assertIn(b"WRONGPASS", ask("-a", "wrong", "--no-auth-warning").stderr)

    # On a terminal.

    def test_interactive_session_on_a_terminal(self):
        prompt = f"127.0.0.1:{self.server.port}"
        dialogue = [
            ("> ", "SET greeting hello", "\nOK\r"),
            ("> ", "GET greeting", '\n"hello"\r'),
            ("> ", "SELECT 2", "\nOK\r"),
            ("[2]> ", "MULTI", "\nOK\r"),
            ("[2](TX)> ", "SET a 1", "\nQUEUED\r"),
            ("[2](TX)> ", "EXEC", r"\n1\) OK\r"),
            ("[2]> ", "INCR a b", r"\n\(error\) ERR wrong number of arguments for 'incr' command"),
            ("[2]> ", "help @string", "GETRANGE key start end"),
            ("[2]> ", "quit", None),
        ]
        with Terminal(self.command()) as terminal:
            for suffix, line, answer in dialogue:
                # Typed before the prompt is there, a line would be thrown away.
                terminal.expect(re.escape(prompt + suffix))
                terminal.say(line)
                if answer:
                    terminal.expect(answer)
            terminal.expect_end()

    def test_interactive_hints_come_from_command_docs(self):
        with Terminal(self.command()) as terminal:
            terminal.expect("> ")
            terminal.type("GETRANGE ")
            terminal.expect("key start end")

    def test_subscriber_on_a_terminal(self):
        with Terminal(self.command()) as terminal:
            terminal.expect("> ")
            terminal.say("SUBSCRIBE news")
            terminal.expect('"news"')
            wait_until(lambda: self.cli("PUBLISH", "news", "first").strip() == "1", "a subscriber")
            terminal.expect('"first"')

    def test_monitor(self):
        process = subprocess.Popen(self.command("MONITOR"), stdout=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL)
        try:
            read_until(process.stdout.fileno(), b"OK")
            self.cli("SET", "watched", "a\r\nb")
            text = read_until(process.stdout.fileno(), rb'"SET" "watched" "a\\r\\nb"')
            self.assertRegex(text, rb"\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] ")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    # Modes that look at the key space.

    def test_scan_with_pattern(self):
        self.fill(5000)
        self.cli("MSET", "other:1", "a", "other:2", "b")
        self.assertEqual(len(set(self.cli("--scan").split())), 5002)
        self.assertEqual(sorted(self.cli("--scan", "--pattern", "other:*").split()),
                         ["other:1", "other:2"])
        found = self.cli("--scan", "--pattern", "key:4?").split()
        self.assertEqual(sorted(found), [f"key:4{n}" for n in range(10)])

    def test_bigkeys(self):
        self.fill(2000)
        self.cli("SET", "biggest", "x" * 5000)
        self.cli("SADD", "members", *map(str, range(300)))
        output = self.cli("--bigkeys")
        self.assertIn("Sampled 2002 keys in the keyspace!", output)
        self.assertRegex(output, r'Biggest\s+string found \'?"biggest"\'? has 5000 bytes')
        self.assertRegex(output, r'Biggest\s+set found \'?"members"\'? has 300 members')

    def test_memkeys(self):
        self.fill(2000)
        self.cli("SET", "biggest", "x" * 50_000)
        output = self.cli("--memkeys")
        self.assertIn("Sampled 2001 keys in the keyspace!", output)
        self.assertRegex(output, r'Biggest\s+string found \'?"biggest"\'? has 5\d{4} bytes')

    def test_hotkeys(self):
        self.fill(200)
        self.cli("-r", "3000", "GET", "key:7")
        output = self.cli("--hotkeys")
        self.assertIn("Sampled 200 keys in the keyspace!", output)
        self.assertRegex(output, r'hot key found with counter: \d+\s+keyname: "?key:7"?')

    # Modes that watch the server.

    def test_stat(self):
        self.fill(100)
        text = self.output_until(["--stat", "-i", "0.1"], rb"(\n100 +\S+ +\d+ .*){3}").decode()
        self.assertRegex(text, "keys +mem +clients +blocked +requests +connections")

    def test_latency(self):
        fields = self.cli("--latency", "--raw", "-i", "1").split()
        self.assertEqual(len(fields), 4)
        self.assertGreater(int(fields[3]), 0)
        history = self.output_until(["--latency-history", "-i", "1", "--raw"], rb"(\d.*\n){2}")
        self.assertTrue(history)

    # Bulk loading.

    def test_pipe_with_a_million_commands(self):
        def generate(sink):
            for first in range(0, PIPE_COMMANDS, 10_000):
                sink.write(b"".join(
                    b"*3\r\n$3\r\nSET\r\n$%d\r\nkey:%d\r\n$5\r\nvalue\r\n" % (4 + len(str(n)), n)
                    for n in range(first, first + 10_000)))

        process = subprocess.Popen(self.command("--pipe"), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        generate(process.stdin)
        output, _ = process.communicate(timeout=4 * DEADLINE_S)
        self.assertEqual(process.returncode, 0, output)
        self.assertIn(b"errors: 0, replies: 1000000", output)
        self.assertEqual(self.cli("DBSIZE"), "1000000\n")
        self.assertEqual(self.cli("GET", "key:999999"), "value\n")

    def test_pipe_reports_errors(self):
        done = subprocess.run(self.command("--pipe"), input=b"SET a 1\nINCR\nSADD a x\nSET b 2\n",
                              capture_output=True, timeout=DEADLINE_S, check=False)
        self.assertIn(b"errors: 2, replies: 4", done.stdout)
        self.assertEqual(self.cli("GET", "b"), "2\n")


def read_until(descriptor, pattern):
    """Reads until the pattern is found in all that was read; returns that."""
    end, text = time.monotonic() + DEADLINE_S, b""
    while not re.search(pattern, text):
        ready, _, _ = select.select([descriptor], [], [], max(0, end - time.monotonic()))
        piece = os.read(descriptor, 65536) if ready else b""
        if not piece:
            raise AssertionError(f"no {pattern!r} in {text!r}")
        text += piece
    return text


class Terminal:
    """A program on a terminal of its own. A context manager."""

    def __init__(self, command):
        self._command = command

    def __enter__(self):
        self._pid, self._descriptor = pty.fork()
        if self._pid == 0:
            # Without a size the line editor asks the terminal where its cursor is, and waits.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            environment = {**os.environ, "TERM": "xterm", "REDISCLI_HISTFILE": "/dev/null"}
            os.execvpe(self._command[0], self._command, environment)
        self._text = ""
        return self

    def __exit__(self, kind, error, trace):
        os.close(self._descriptor)
        try:
            os.kill(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self._pid, 0)

    def type(self, text):
        os.write(self._descriptor, text.encode())

    def say(self, line):
        self.type(line + "\r")

    def expect(self, pattern):
        """Reads until the pattern appears after what was expected before."""
        end = time.monotonic() + DEADLINE_S
        while True:
            # The line editor moves the cursor and colours its hints.
            plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self._text)
            found = re.search(pattern, plain)
            if found:
                self._text = plain[found.end():]
                return
            if not self._read(end):
                raise AssertionError(f"no {pattern!r} in {plain!r}")

    def expect_end(self):
        end = time.monotonic() + DEADLINE_S
        while self._read(end):
            pass

    def _read(self, end):
        ready, _, _ = select.select([self._descriptor], [], [], max(0, end - time.monotonic()))
        try:
            piece = os.read(self._descriptor, 65536) if ready else b""
        except OSError:  # the program is gone
            piece = b""
        self._text += piece.decode(errors="replace")
        return bool(piece)


if __name__ == "__main__":
    unittest.main()

"""redis-cli and redis-benchmark over TLS."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from certificates import Authority, openssl_is_here  # noqa: E402
from larder_server import DEADLINE_S, HOST, Server, free_port  # noqa: E402


@unittest.skipUnless(openssl_is_here(), "openssl is not installed")
class RedisCliOverTls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="larder-certificates-")
        self.addCleanup(shutil.rmtree, folder)
        self.authority = Authority(folder)
        self.client = self.authority.sign("client")
        self.port = free_port()
        self.server = self.enterContext(Server(*self.authority.server_options(self.port)))

    def run_tool(self, tool, *arguments, stdin=b"", shows_certificate=True):
        command = [tool, "--tls", "-h", HOST, "-p", str(self.port), "--cacert",
                   self.authority.certificate]
        if shows_certificate:
            command += ["--cert", self.client[0], "--key", self.client[1]]
        return subprocess.run([*command, *arguments], input=stdin, capture_output=True,
                              timeout=4 * DEADLINE_S, check=False)

    def cli(self, *arguments, stdin=b""):
        done = self.run_tool("redis-cli", *arguments, stdin=stdin)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout)
        return done.stdout.decode()

    def test_commands(self):
        self.assertEqual(self.cli("SET", "k", "v"), "OK\n")
        self.assertEqual(self.cli("GET", "k"), "v\n")
        self.assertIn(f"laddr={HOST}:{self.port} ", self.cli("CLIENT", "INFO"))

    def test_a_certificate_is_demanded(self):
        done = self.run_tool("redis-cli", "PING", shows_certificate=False)
        self.assertNotIn(b"PONG", done.stdout)
        self.assertIn("peer did not return a certificate", self.server.log_tail())

    def test_plain_on_the_tls_port_is_refused(self):
        done = subprocess.run(["redis-cli", "-p", str(self.port), "PING"], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=DEADLINE_S, check=False)
        self.assertNotIn(b"PONG", done.stdout)
        self.assertEqual(self.cli("PING"), "PONG\n")

    def test_pipe_of_100_000_commands(self):
        lines = "".join(f"SET key:{n} {'x' * (1 + n % 300)}\n" for n in range(100_000))
        self.assertIn("errors: 0, replies: 100000", self.cli("--pipe", stdin=lines.encode()))
        self.assertEqual(self.cli("DBSIZE"), "100000\n")

    def test_a_value_of_a_megabyte_both_ways(self):
        value = bytes(65 + n % 26 for n in range(1 << 20))
        self.assertEqual(self.cli("-x", "SET", "k", stdin=value), "OK\n")
        self.assertEqual(self.cli("GET", "k").encode(), value + b"\n")

    def test_benchmark(self):
        done = self.run_tool("redis-benchmark", "-t", "set,get,lpush,lrange_100", "-n", "20000",
                             "-c", "20", "-P", "16", "-q")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(b"requests per second", done.stdout)

    def test_a_renewed_certificate_is_taken_without_a_restart(self):
        self.authority.sign("server")
        names = ["CONFIG", "SET"]
        for option in ("tls-cert-file", "tls-key-file"):
            names += [option, self.cli("CONFIG", "GET", option).splitlines()[1]]
        self.assertEqual(self.cli(*names), "OK\n")
        self.assertEqual(self.cli("PING"), "PONG\n")


if __name__ == "__main__":
    unittest.main()

"""redis-benchmark's default tests, of the families that exist."""

import csv
import io
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from larder_server import DEADLINE_S, Server  # noqa: E402

# Lists, hashes and sorted sets join when their families do.
TESTS = {"ping": ["PING_INLINE", "PING_MBULK"], "set": ["SET"], "get": ["GET"], "incr": ["INCR"],
         "sadd": ["SADD"], "spop": ["SPOP"], "mset": ["MSET (10 keys)"]}


class RedisBenchmark(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())

    def benchmark(self, *arguments):
        done = subprocess.run(["redis-benchmark", "-p", str(self.server.port), *arguments],
                              capture_output=True, timeout=4 * DEADLINE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotRegex(done.stdout + done.stderr, b"Error|WARNING")
        return done.stdout.decode()

    def assert_all_ran(self, output):
        rows = list(csv.DictReader(io.StringIO(output)))
        self.assertEqual([row["test"] for row in rows], sum(TESTS.values(), []))
        for row in rows:
            self.assertGreater(float(row["rps"]), 0, row)

    def test_one_request_at_a_time(self):
        self.assert_all_ran(self.benchmark("--csv", "-n", "10000", "-t", ",".join(TESTS)))

    def test_pipelines_of_sixteen(self):
        self.assert_all_ran(self.benchmark("--csv", "-n", "50000", "-P", "16", "-r", "10000",
                                           "-t", ",".join(TESTS)))

    def test_many_clients_threads_and_larger_values(self):
        self.assert_all_ran(self.benchmark("--csv", "-n", "10000", "-c", "200", "--threads", "2",
                                           "-d", "1024", "-r", "1000", "-t", ",".join(TESTS)))

    def test_resp3(self):
        self.assert_all_ran(self.benchmark("--csv", "-n", "5000", "-3", "-t", ",".join(TESTS)))

    def test_own_command_with_a_script(self):
        output = self.benchmark("--csv", "-n", "5000", "-r", "100", "EVAL",
                                "return redis.call('INCR', KEYS[1])", "1", "counter:__rand_int__")
        self.assertEqual(len(list(csv.DictReader(io.StringIO(output)))), 1)

    def test_quiet_output_names_each_test(self):
        output = self.benchmark("-q", "-n", "1000", "-t", ",".join(TESTS)).replace("\r", "\n")
        for name in sum(TESTS.values(), []):
            self.assertRegex(output, f"(?m)^{name.replace('(', '.').replace(')', '.')}: [0-9.]+ requests per second")


if __name__ == "__main__":
    unittest.main()

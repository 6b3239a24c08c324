"""hiredis, the C client under nginx modules, gateways and other clients: each test of the C program
(HIREDIS_TESTS) against a server of its own. Standard library only."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from larder_server import DEADLINE_S, Server  # noqa: E402

PROGRAM = os.environ["HIREDIS_TESTS"]


class Hiredis(unittest.TestCase):
    pass


def test_of(name):
    def run(self):
        with Server() as server:
            ended = subprocess.run([PROGRAM, name, str(server.port)], capture_output=True,
                                   text=True, timeout=2 * DEADLINE_S)
            self.assertEqual(ended.returncode, 0, ended.stderr)
    return run


for test in subprocess.run([PROGRAM, "--list"], check=True, capture_output=True,
                           text=True).stdout.split():
    setattr(Hiredis, f"test_{test}", test_of(test))


if __name__ == "__main__":
    unittest.main()

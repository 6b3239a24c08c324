"""Starts the two servers of a comparison on private ports and stops them again."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from resp import Connection

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77  # ctest's SKIP_RETURN_CODE
START_SECONDS_MAX = 60

# Both servers start alike; whatever else differs is the servers' own doing.
COMMON = ["--maxmemory", "1gb", "--maxmemory-policy", "noeviction", "--enable-debug-command", "yes"]


def larder_path():
    return os.environ.get("LARDER_SERVER") or str(ROOT / "build/release/larder")


def redis_path():
    return os.environ.get("REDIS_SERVER") or shutil.which("redis-server")


def find_servers():
    """The paths of Larder and redis-server; leaves with a visible skip where one is absent."""
    larder, redis = larder_path(), redis_path()
    if not redis:
        print("SKIPPED: no redis-server here to compare with (apt install redis-server)")
        sys.exit(SKIP)
    if not (os.path.exists(larder) or shutil.which(larder)):
        print(f"SKIPPED: no server at {larder}")
        sys.exit(SKIP)
    return larder, redis


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """A server process of this run, in a directory of its own."""

    def __init__(self, path, label, options=(), common=COMMON):
        self.path = path
        self.label = label
        self.is_redis = "redis" in os.path.basename(path)
        self.options = [*common, *options]
        if self.is_redis:
            self.options += ["--save", "", "--appendonly", "no"]
        self.process = None
        self.directory = tempfile.mkdtemp(prefix=f"larder-{label}-")
        self.start()

    def start(self):
        self.port = free_port()
        self.log = open(os.path.join(self.directory, "log"), "ab")
        # It must not outlive a run that is killed.
        dying = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        self.process = subprocess.Popen(
            [*dying, self.path, "--port", str(self.port), *self.options],
            cwd=self.directory, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                connection = Connection(self.port)
                connection.call("PING")
                connection.close()
                return
            except Exception:  # not listening yet
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self.label} did not start:\n{self.log_tail()}")
                time.sleep(0.02)

    def alive(self):
        return self.process.poll() is None

    def restart(self):
        """A new process, whatever state the old one is in."""
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.start()

    def log_tail(self, bytes_max=3000):
        with open(os.path.join(self.directory, "log"), "rb") as log:
            return log.read()[-bytes_max:].decode(errors="replace")

    def stop(self):
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

"""Starts the servers that are compared, and reads what they have used."""
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS_MAX = 60


CONNECTIONS_MAX = 12_000

# Further servers that take redis-server's options: paths by name.
PEERS = {}


def command_of(name, port, value_bytes=32, threads=1, larder=None, more=()):
    """The words that start a server; `larder` is another build of it, `more` are further words."""
    redis_options = ["--port", str(port), "--save", "", "--maxclients", str(CONNECTIONS_MAX)]
    if name in PEERS:
        return [PEERS[name], *redis_options, *more]
    larder = larder or os.environ.get("LARDER_SERVER", str(ROOT / "build/release/larder"))
    return {
        "larder": [larder, "--port", str(port), "--threads", str(threads), "--maxmemory", "16gb",
                   "--maxclients", str(CONNECTIONS_MAX)],
        "redis": [shutil.which("redis-server") or "redis-server", *redis_options],
        "echo": [str(ROOT / "build/release/bench/echo_server_tool"), str(port), str(value_bytes)],
    }[name] + list(more)


def raise_file_limit():
    """As far as may be: every connection is a file, here and in the servers started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def pinned(cpu):
    """Words that run a program on one CPU. With no priority over others: a busy server would keep the
    kernel's own thread for the network (ksoftirqd) from that CPU, and all clients wait for it."""
    return ["taskset", "-c", str(cpu)]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """A server process, pinned to one CPU unless `prefix` says otherwise; a context manager.

    `options` are those of command_of.
    """

    def __init__(self, name, prefix=None, **options):
        self.name = name
        prefix = pinned(0) if prefix is None else prefix
        self.port = free_port()
        self.directory = tempfile.mkdtemp(prefix=f"bench-{name}-")
        prefix = [word.replace("{directory}", self.directory) for word in prefix]
        self.process = subprocess.Popen([*prefix, *command_of(name, self.port, **options)], cwd=self.directory,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                self.connect().close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{name} did not start")
                time.sleep(0.05)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def cpu_ns_of_threads(self):
        """Nanoseconds on a CPU, by thread: finer than the ticks of /proc/PID/stat."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*")
        return {int(task.name): int((task / "schedstat").read_text().split()[0]) for task in tasks}

    def cpu_ns(self):
        return sum(self.cpu_ns_of_threads().values())

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

"""Starts one server per test and ends it by pid. Standard library only.

The binary is named by LARDER_SERVER (default: build/release/larder of this repository), so that the
same tests run against Debian's redis-server too.
"""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("LARDER_SERVER") or str(REPOSITORY / "build/release/larder")
HOST = "127.0.0.1"
DEADLINE_S = 60
STARTS_MAX = 8

# Below the range from which the kernel draws the ports of outgoing connections: a client that keeps
# dialling a dead server there can never be connected to itself, and no client's port can take the
# server's while it is down.
FIRST_PORT = 20000
LAST_PORT = 31999


class ServerError(Exception):
    """The server did not start, died, or did not stop cleanly. Carries the end of its log."""


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Polls until condition() is true and returns its value; fails after a generous deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        time.sleep(0.01)


def free_port():
    """Returns a port that nobody listens on at this moment."""
    while True:
        port = random.randint(FIRST_PORT, LAST_PORT)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


class Server:
    """One server process on a private port. Use as a context manager."""

    def __init__(self, *options):
        self.options = list(options)
        self.port = 0
        self._process = None
        self._folder = None

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="larder-client-test-")
        try:
            self._start_somewhere()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if self._process is not None:
                self.stop(strict=kind is None)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self):
        return self._process.pid

    def log_tail(self):
        path = pathlib.Path(self._folder, "log")
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def start_again(self):
        """Starts the server on the port that it had before it was killed or stopped."""
        for attempt in range(STARTS_MAX):
            if self._spawn_and_wait(self.port):
                return
            time.sleep(0.2 * (attempt + 1))
        raise ServerError(f"did not start again on port {self.port}: {self.log_tail()}")

    def kill(self):
        """Ends the process as a crash would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(DEADLINE_S)
        self._process = None

    def stop(self, strict=True):
        """Ends the process by SIGTERM. A crash before or an exit code other than 0 is an error."""
        process, self._process = self._process, None
        crashed = process.poll() is not None
        if not crashed:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ServerError(f"ignored SIGTERM for {DEADLINE_S} s: {self.log_tail()}") from None
        if strict and (crashed or code != 0):
            how = "died during the test" if crashed else "stopped uncleanly"
            raise ServerError(f"server {how}, exit code {code}: {self.log_tail()}")

    def _start_somewhere(self):
        for _ in range(STARTS_MAX):
            self.port = free_port()
            if self._spawn_and_wait(self.port):
                return
        raise ServerError(f"{BINARY} did not start: {self.log_tail()}")

    def _spawn_and_wait(self, port):
        """Returns False if the process ended before it answered (its port was taken, say)."""
        command = [BINARY, "--port", str(port), *self.options]
        if pathlib.Path(BINARY).name == "redis-server":
            command += ["--save", ""]
        # The server must not outlive a test runner that is killed.
        if shutil.which("setpriv"):
            command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
        with open(pathlib.Path(self._folder, "log"), "ab") as log:
            process = subprocess.Popen(command, cwd=self._folder, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            if process.poll() is not None:
                return False
            if answers_as(port, process.pid):
                self._process = process
                return True
            time.sleep(0.01)
        process.kill()
        process.wait()
        return False


def answers_as(port, pid):
    """True once the server on the port answers PING and INFO, and is the process meant."""
    try:
        with socket.create_connection((HOST, port), timeout=DEADLINE_S) as connection:
            connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
            reply = b""
            while not reply.endswith(b"+OK\r\n"):
                piece = connection.recv(65536)
                if not piece:
                    break
                reply += piece
    except OSError:
        return False
    if not reply.startswith((b"+PONG\r\n", b"-NOAUTH ")):
        return False
    # Two tests may have drawn the same port: trust only the process started here.
    for line in reply.split(b"\r\n"):
        if line.startswith(b"process_id:"):
            return int(line.partition(b":")[2]) == pid
    return True

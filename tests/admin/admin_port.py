"""A server with an admin port, for the tests in Python."""
import base64
import json
import os
import pathlib
import shutil
import sys
import threading
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
from resp import Closed, Connection, encode  # noqa: E402
from servers import SKIP, Server, free_port, larder_path  # noqa: E402


def need(*programs):
    """Leaves with a visible skip where a program is absent; fails where it may not be."""
    if not os.path.exists(larder_path()):
        skip(f"no server at {larder_path()}")
    for program in programs:
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/packages test)")


def skip(reason):
    if os.environ.get("CI"):
        print(f"FAILED: {reason}, and CI must run this")
        sys.exit(1)
    print(f"SKIPPED: {reason}")
    sys.exit(SKIP)


class AdminServer(Server):
    """Larder with an admin port. Options are pairs, as on the command line."""

    def __init__(self, *options):
        self.admin_port = free_port()
        super().__init__(larder_path(), "admin",
                         ["--admin-port", str(self.admin_port), *options], common=())
        self.url = f"http://127.0.0.1:{self.admin_port}"

    def run(self, *commands):
        """The replies to commands, each a tuple of words."""
        connection = Connection(self.port)
        try:
            return [connection.call(*command) for command in commands]
        finally:
            connection.close()

    def get(self, path, user=None, password=None):
        """The status and the text of a page."""
        request = urllib.request.Request(self.url + path)
        if user is not None:
            login = base64.b64encode(f"{user}:{password}".encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def get_json(self, path, *login):
        return json.loads(self.get(path, *login)[1])


class Load:
    """GETs and SETs on one connection, some thousand a second, until it is stopped."""

    def __init__(self, server, login=()):
        self.stopped = threading.Event()
        self.connection = Connection(server.port)
        for command in login:
            self.connection.call(*command)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        number = 0
        try:
            while not self.stopped.wait(0.005):
                batch = []
                for _ in range(50):
                    number += 1
                    batch.append(("SET", f"shop:{number % 5000}", "x" * 200, "EX", "100"))
                    batch.append(("GET", f"shop:{number * 7 % 7000}"))
                self.connection.send(b"".join(
                    encode([word.encode() for word in command]) for command in batch))
                for _ in batch:
                    self.connection.read()
        except Closed:
            pass

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.connection.close()

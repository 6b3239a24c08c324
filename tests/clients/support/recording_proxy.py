"""A TCP proxy that records the commands which a client sends. Standard library only."""

import socket
import threading


class RecordingProxy:
    """Forwards connections to a port and keeps each connection's requests. A context manager."""

    def __init__(self, target_port):
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sent = []
        self._lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind, error, trace):
        # Only a shutdown wakes a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def commands(self):
        """Returns all requests so far, by connection and in order, as lists of text."""
        with self._lock:
            return [command for sent in self._sent for command in parse_requests(bytes(sent))]

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target_port))
            sent = bytearray()
            with self._lock:
                self._sent.append(sent)
            threading.Thread(target=self._copy, args=[client, server, sent], daemon=True).start()
            threading.Thread(target=self._copy, args=[server, client, None], daemon=True).start()

    def _copy(self, source, sink, record):
        try:
            while piece := source.recv(65536):
                if record is not None:
                    with self._lock:
                        record += piece
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def parse_requests(data):
    """Parses complete RESP requests; an incomplete one at the end is left out."""
    requests, lines_at = [], 0

    def line():
        nonlocal lines_at
        end = data.index(b"\r\n", lines_at)
        text, lines_at = data[lines_at:end], end + 2
        return text

    try:
        while lines_at < len(data):
            request = []
            for _ in range(int(line()[1:])):
                size = int(line()[1:])
                request.append(data[lines_at:lines_at + size].decode("utf-8", "replace"))
                lines_at += size + 2
            requests.append(request)
    except ValueError:
        pass
    return requests

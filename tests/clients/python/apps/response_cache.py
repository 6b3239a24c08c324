"""A gateway's response cache.

Every operation has a named cache with its own TTL (0 keeps responses for ever). A response's key is
made of the cache's name, the URL's path, the chosen query parameters in a fixed order and the chosen
request headers. A cache can be invalidated by its name, everything by a full flush.
"""

import dataclasses
import hashlib
import json
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Operation:
    name: str
    path: str
    ttl_s: int
    headers: tuple = ()
    parameters: tuple = ()


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    headers: dict
    body: bytes

    def pack(self):
        head = json.dumps({"status": self.status, "headers": self.headers}).encode()
        return len(head).to_bytes(4, "big") + head + self.body

    @staticmethod
    def unpack(data):
        size = int.from_bytes(data[:4], "big")
        head = json.loads(data[4:4 + size])
        return Response(head["status"], head["headers"], data[4 + size:])


def key_of(operation, url, headers):
    parts = urllib.parse.urlsplit(url)
    given = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    query = sorted(pair for pair in given if pair[0] in operation.parameters)
    lowered = {name.lower(): value for name, value in headers.items()}
    varying = [(name, lowered.get(name.lower(), "")) for name in sorted(operation.headers)]
    digest = hashlib.sha256(json.dumps([parts.path, query, varying]).encode()).hexdigest()
    return f"response:{operation.name}:{digest}"


class Gateway:
    """Serves GET requests from the cache or from the backend."""

    def __init__(self, client, operations, backend):
        self.client = client
        self.operations = {operation.path: operation for operation in operations}
        self.backend = backend

    def handle(self, url, headers=None):
        """Returns the response and whether it came from the cache."""
        headers = headers or {}
        operation = self.operations.get(urllib.parse.urlsplit(url).path)
        if operation is None:
            return self.backend(url, headers), False
        key = key_of(operation, url, headers)
        held = self.client.get(key)
        if held is not None:
            return Response.unpack(held), True
        response = self.backend(url, headers)
        if response.status == 200:
            self.client.set(key, response.pack(), ex=operation.ttl_s or None)
        return response, False

    def invalidate(self, name):
        """Drops all responses of one named cache; returns how many."""
        count, chunk = 0, []
        for key in self.client.scan_iter(match=f"response:{name}:*", count=1000):
            chunk.append(key)
            if len(chunk) == 500:
                count += self.client.unlink(*chunk)
                chunk = []
        return count + (self.client.unlink(*chunk) if chunk else 0)

    def flush(self):
        self.client.flushdb(asynchronous=True)


class AsyncGateway(Gateway):
    async def handle(self, url, headers=None):
        headers = headers or {}
        operation = self.operations.get(urllib.parse.urlsplit(url).path)
        if operation is None:
            return await self.backend(url, headers), False
        key = key_of(operation, url, headers)
        held = await self.client.get(key)
        if held is not None:
            return Response.unpack(held), True
        response = await self.backend(url, headers)
        if response.status == 200:
            await self.client.set(key, response.pack(), ex=operation.ttl_s or None)
        return response, False

    async def invalidate(self, name):
        keys = [key async for key in self.client.scan_iter(match=f"response:{name}:*", count=1000)]
        return await self.client.unlink(*keys) if keys else 0

    async def flush(self):
        await self.client.flushdb()

"""Fleets of short-lived connections, as workers of PHP and serverless functions make them."""

import asyncio
import socket
import threading

import redis
import redis.asyncio

from connecting import connect, connect_async
from larder_server import wait_until

IN_A_ROW = 10_000
AT_ONCE = 1_000


def received(client):
    return client.info("stats")["total_connections_received"]


def test_ten_thousand_connections_in_a_row(server, client):
    """A raw client: connect, GET, close. Each gets its reply."""
    client.set("key", "value")
    before = received(client)
    for number in range(IN_A_ROW):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")
            reply = b""
            while len(reply) < 11:
                piece = connection.recv(64)
                assert piece, f"connection {number} closed by the server"
                reply += piece
            assert reply == b"$5\r\nvalue\r\n"
    assert received(client) - before == IN_A_ROW
    wait_until(lambda: client.info("clients")["connected_clients"] == 1, "all are gone")


def test_a_thousand_redis_py_clients_in_a_row(server, client):
    client.set("key", "value")
    for _ in range(AT_ONCE):
        with connect(server) as short_lived:
            assert short_lived.get("key") == b"value"
    wait_until(lambda: client.info("clients")["connected_clients"] == 1, "all are gone")


def test_a_thousand_connections_at_once(server, client):
    async def scenario():
        clients = [connect_async(server, max_connections=1) for _ in range(AT_ONCE)]
        try:
            assert await asyncio.gather(*(c.get("key") for c in clients)) == [b"value"] * AT_ONCE
            # All are open now; each is still served, and counted.
            assert client.info("clients")["connected_clients"] == AT_ONCE + 1
            assert len(client.client_list()) == AT_ONCE + 1
            counts = await asyncio.gather(*(c.incr("count") for c in clients))
            assert sorted(counts) == list(range(1, AT_ONCE + 1))
        finally:
            await asyncio.gather(*(c.aclose() for c in clients))

    client.set("key", "value")
    asyncio.run(scenario())
    wait_until(lambda: client.info("clients")["connected_clients"] == 1, "all are gone")


def test_connections_from_many_threads(server, client):
    client.set("key", "value")
    errors = []

    def work():
        try:
            for _ in range(25):
                with connect(server) as short_lived:
                    assert short_lived.get("key") == b"value"
        except BaseException as error:  # noqa: BLE001 - reported by the main thread
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    wait_until(lambda: client.info("clients")["connected_clients"] == 1, "all are gone")

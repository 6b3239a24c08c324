"""What redis-py sends on connecting, and that the server takes it."""

import asyncio

import pytest
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, ResponseError
from redis.retry import Retry

from connecting import PATIENT, connect
from larder_server import Server
from recording_proxy import RecordingProxy


def version(client):
    return tuple(int(part) for part in client.info("server")["redis_version"].split("."))


def names(commands):
    return [" ".join(command).upper() for command in commands]


def test_default_handshake_speaks_resp3(server):
    with RecordingProxy(server.port) as proxy, connect(proxy, client_name="gateway", db=4) as client:
        assert client.ping() is True
        sent = names(proxy.commands())
        assert sent[0] == "HELLO 3"
        assert "CLIENT SETNAME GATEWAY" in sent
        assert any(command.startswith("CLIENT SETINFO LIB-NAME REDIS-PY") for command in sent)
        assert "CLIENT SETINFO LIB-VER 8.1.0" in sent
        assert "SELECT 4" in sent
        info = client.client_info()
        assert info["name"] == "gateway"
        assert info["db"] == 4
        assert int(info["resp"]) == 3
        if version(client) >= (7, 2):
            assert info["lib-name"].startswith("redis-py")
            assert info["lib-ver"] == "8.1.0"


def test_asyncio_handshake(server):
    async def scenario(port):
        async with redis.asyncio.Redis(host="127.0.0.1", port=port, client_name="tasks", db=3,
                                       **PATIENT) as client:
            assert await client.ping() is True
            info = await client.client_info()
            assert (info["name"], info["db"], int(info["resp"])) == ("tasks", 3, 3)

    with RecordingProxy(server.port) as proxy:
        asyncio.run(scenario(proxy.port))
        sent = names(proxy.commands())
        assert sent[0] == "HELLO 3"
        assert "CLIENT SETNAME TASKS" in sent
        assert "SELECT 3" in sent


def test_resp2_sends_no_hello(server):
    with RecordingProxy(server.port) as proxy, connect(proxy, protocol=2) as client:
        assert client.ping() is True
        assert not any(command.startswith("HELLO") for command in names(proxy.commands()))
        assert int(client.client_info()["resp"]) == 2


def test_hello_answers_what_clients_read(client):
    hello = client.execute_command("HELLO", 3)
    assert hello[b"server"] == b"redis"
    assert hello[b"proto"] == 3
    assert isinstance(hello[b"id"], int)
    assert hello[b"mode"] == b"standalone"
    assert hello[b"role"] == b"master"
    assert hello[b"modules"] == []
    assert hello[b"version"].decode() == client.info("server")["redis_version"]


def test_unknown_client_subcommand_leaves_the_connection_open(client):
    before = client.client_id()
    with pytest.raises(ResponseError, match="unknown subcommand"):
        client.execute_command("CLIENT", "NO-SUCH-THING", "on")
    assert client.ping() is True
    assert client.client_id() == before


def test_password_goes_with_hello():
    with Server("--requirepass", "s3cret") as server, RecordingProxy(server.port) as proxy:
        with connect(proxy, password="s3cret") as client:
            assert client.set("a", 1) is True
            assert names(proxy.commands())[0].startswith("HELLO 3 AUTH DEFAULT S3CRET")
        with connect(server, password="s3cret", protocol=2) as client:
            assert client.get("a") == b"1"
        no_retries = Retry(NoBackoff(), 0)
        with connect(server, password="wrong", retry=no_retries) as client:
            with pytest.raises(AuthenticationError):
                client.ping()
        with connect(server, retry=no_retries) as client:
            with pytest.raises(AuthenticationError):
                client.ping()


def test_databases_are_isolated(server):
    with connect(server, db=0) as first, connect(server, db=15) as last:
        first.set("a", "0")
        last.set("a", "15")
        assert (first.get("a"), last.get("a")) == (b"0", b"15")
        assert first.flushdb() is True
        assert last.get("a") == b"15"
        with pytest.raises(ResponseError, match="DB index is out of range"):
            first.select(16)


def test_values_of_resp3_and_resp2_agree(server):
    def replies(client):
        client.flushall()
        client.set("text", "a")
        client.sadd("set", "x")
        return [client.get("text"), client.get("missing"), client.smembers("set"),
                client.mget("text", "missing"), client.exists("text"), client.ttl("text"),
                client.sismember("set", "x"), client.incrbyfloat("float", 0.5),
                client.config_get("maxmemory-policy").keys(), client.type("set"),
                client.eval("return {1, 'two', false, 3.9}", 0)]

    with connect(server, protocol=2) as old, connect(server, protocol=3) as new:
        assert replies(old) == replies(new)

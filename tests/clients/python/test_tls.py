"""redis-py over TLS, sync and asyncio, with and without the certificates that the server demands."""

import asyncio

import pytest
import redis
import redis.asyncio

from certificates import Authority, openssl_is_here
from connecting import PATIENT
from larder_server import HOST, Server, free_port

pytestmark = pytest.mark.skipif(not openssl_is_here(), reason="openssl is not installed")


class Secured:
    """A server on a TLS port that trusts one authority, and how its clients connect."""

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.client = self.authority.sign("client")
        self.port = free_port()
        self.server = Server(*self.authority.server_options(self.port))

    def options(self, **more):
        return {"host": HOST, "port": self.port, "ssl": True,
                "ssl_ca_certs": self.authority.certificate, "ssl_certfile": self.client[0],
                "ssl_keyfile": self.client[1], **PATIENT, **more}


@pytest.fixture
def secured(tmp_path):
    made = Secured(tmp_path)
    with made.server:
        yield made


@pytest.mark.parametrize("protocol", [2, 3])
def test_values_of_all_sizes(secured, protocol):
    with redis.Redis(**secured.options(protocol=protocol)) as client:
        for size in (0, 1, 16_383, 16_384, 16_385, 1 << 20, 5 << 20):
            value = bytes(n % 251 for n in range(251)) * (size // 251 + 1)
            assert client.set("k", value[:size])
            assert client.get("k") == value[:size]


def test_pipelines_of_ten_thousand(secured):
    with redis.Redis(**secured.options()) as client, client.pipeline(transaction=False) as pipeline:
        for number in range(10_000):
            pipeline.set(f"k:{number}", number)
            pipeline.get(f"k:{number}")
        replies = pipeline.execute()
        assert replies[1::2] == [str(number).encode() for number in range(10_000)]


def test_subscribers(secured):
    with redis.Redis(**secured.options()) as client, client.pubsub() as subscriber:
        subscriber.subscribe("news")
        assert subscriber.get_message(timeout=60)["type"] == "subscribe"
        for number in range(100):
            assert client.publish("news", number) == 1
        for number in range(100):
            message = subscriber.get_message(timeout=60)
            assert message["data"] == str(number).encode()


def test_asyncio_clients_beside_one_another(secured):
    async def scenario():
        async with redis.asyncio.Redis(**secured.options()) as client:
            async def count(name):
                return [await client.incr(name) for _ in range(50)][-1]

            assert await asyncio.gather(*(count(f"c:{n}") for n in range(20))) == [50] * 20

    asyncio.run(scenario())


def test_a_client_without_a_certificate_is_refused(secured):
    with redis.Redis(**secured.options(ssl_certfile=None, ssl_keyfile=None)) as client:
        with pytest.raises(redis.ConnectionError):
            client.ping()


def test_a_certificate_of_another_authority_is_refused(secured, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    certificate, key = Authority(folder, "other").sign("client")
    with redis.Redis(**secured.options(ssl_certfile=certificate, ssl_keyfile=key)) as client:
        with pytest.raises(redis.ConnectionError):
            client.ping()


def test_a_server_of_another_authority_is_not_trusted(secured, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    other = Authority(folder, "other")
    with redis.Redis(**secured.options(ssl_ca_certs=other.certificate)) as client:
        with pytest.raises(redis.ConnectionError):
            client.ping()


def test_certificates_are_renewed_while_clients_stay(secured):
    with redis.Redis(**secured.options()) as client, redis.Redis(**secured.options()) as later:
        client.set("k", "v")
        secured.authority.sign("server")
        names = client.config_get("tls-*-file")
        assert client.config_set("tls-cert-file", names["tls-cert-file"],
                                 "tls-key-file", names["tls-key-file"])
        assert client.get("k") == b"v"
        assert later.get("k") == b"v"

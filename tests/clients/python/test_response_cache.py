import asyncio

import pytest

from apps.response_cache import AsyncGateway, Gateway, Operation, Response
from connecting import connect, connect_async
from larder_server import wait_until

OPERATIONS = [
    Operation("products", "/products", ttl_s=300, headers=("Accept", "Accept-Language"),
              parameters=("page", "size")),
    Operation("prices", "/prices", ttl_s=1),
    Operation("countries", "/countries", ttl_s=0),
]


class Backend:
    def __init__(self):
        self.calls = []

    def __call__(self, url, headers):
        self.calls.append(url)
        if "missing" in url:
            return Response(404, {}, b"not found")
        body = f"{url} {sorted(headers.items())} #{len(self.calls)}".encode() + bytes(range(256))
        return Response(200, {"content-type": "text/plain"}, body)

    async def asynchronously(self, url, headers):
        await asyncio.sleep(0)
        return self(url, headers)


@pytest.fixture
def gateway(client):
    return Gateway(client, OPERATIONS, Backend())


def test_second_request_is_served_from_the_cache(gateway):
    first, hit = gateway.handle("/products?page=1")
    assert not hit
    second, hit = gateway.handle("/products?page=1")
    assert hit
    assert second == first


def test_order_of_parameters_and_unlisted_ones_do_not_matter(gateway):
    first, _ = gateway.handle("/products?page=1&size=20&utm_source=mail")
    second, hit = gateway.handle("/products?size=20&utm_source=ad&page=1")
    assert hit and second == first
    assert not gateway.handle("/products?page=2&size=20")[1]
    assert not gateway.handle("/products?page=")[1]
    assert not gateway.handle("/products")[1]


def test_chosen_headers_make_variants_and_others_do_not(gateway):
    english = {"accept-language": "en", "User-Agent": "one"}
    german = {"Accept-Language": "de", "User-Agent": "one"}
    first, _ = gateway.handle("/products", english)
    assert gateway.handle("/products", {"ACCEPT-LANGUAGE": "en", "User-Agent": "two"}) == (first, True)
    assert not gateway.handle("/products", german)[1]
    assert gateway.handle("/products", german)[1]


def test_ttl_per_operation_and_zero_is_for_ever(gateway, client):
    gateway.handle("/products")
    gateway.handle("/prices")
    gateway.handle("/countries")
    ttl_of = {name: client.ttl(next(client.scan_iter(match=f"response:{name}:*")))
              for name in ("products", "countries")}
    assert 0 < ttl_of["products"] <= 300
    assert ttl_of["countries"] == -1
    wait_until(lambda: not list(client.scan_iter(match="response:prices:*")), "prices expire")
    assert not gateway.handle("/prices")[1]
    assert gateway.handle("/products")[1]
    assert gateway.handle("/countries")[1]


def test_errors_and_unknown_operations_are_not_cached(gateway, client):
    assert gateway.handle("/missing")[0].status == 404
    assert gateway.handle("/other")[0].status == 200
    assert not gateway.handle("/other")[1]
    assert client.dbsize() == 0


def test_invalidation_by_name_leaves_the_other_caches(gateway, client):
    for page in range(1200):
        gateway.handle(f"/products?page={page}")
    gateway.handle("/countries")
    assert gateway.invalidate("products") == 1200
    assert gateway.invalidate("products") == 0
    assert not gateway.handle("/products?page=7")[1]
    assert gateway.handle("/countries")[1]
    assert client.dbsize() == 2


def test_full_flush_empties_this_database_only(gateway, server, client):
    with connect(server, db=5) as neighbour:
        neighbour.set("session", "kept")
        for url in ("/products", "/countries", "/products?page=3"):
            gateway.handle(url)
        gateway.flush()
        assert client.dbsize() == 0
        assert not gateway.handle("/countries")[1]
        assert neighbour.get("session") == b"kept"


def test_asyncio_gateway(server):
    async def scenario():
        async with connect_async(server) as client:
            backend = Backend()
            gateway = AsyncGateway(client, OPERATIONS, backend.asynchronously)
            urls = [f"/products?page={page}" for page in range(100)] + ["/countries"]
            fresh = await asyncio.gather(*(gateway.handle(url) for url in urls))
            assert not any(hit for _, hit in fresh)
            again = await asyncio.gather(*(gateway.handle(url) for url in urls))
            assert all(hit for _, hit in again)
            assert [r for r, _ in again] == [r for r, _ in fresh]
            assert await gateway.invalidate("products") == 100
            assert (await gateway.handle("/countries"))[1]
            await gateway.flush()
            assert await client.dbsize() == 0

    asyncio.run(scenario())

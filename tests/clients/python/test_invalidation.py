import asyncio
import contextlib

import pytest

from apps.invalidation import (AsyncTaggedCache, EventInvalidatedCache, TaggedCache,
                               invalidate_by_pattern, invalidate_by_pattern_async)
from connecting import connect, connect_async
from larder_server import wait_until

KEYS = 100_000


@pytest.mark.parametrize("protocol", [2, 3])
def test_event_reaches_every_instance(server, protocol):
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(connect(server, protocol=protocol))
        instances = []
        for _ in range(3):
            instance = EventInvalidatedCache(client)
            stack.callback(instance.close)
            instances.append(instance)
        assert client.pubsub_numsub(EventInvalidatedCache.CHANNEL) == [(b"invalidate", 3)]
        assert instances[0].put("price", b"1") == 3
        for instance in instances:
            wait_until(lambda: instance.get("price") == b"1" or instance.local.clear(), "first value")
        assert instances[1].put("price", b"2") == 3
        for instance in instances:
            wait_until(lambda: instance.get("price") == b"2", "the event drops the local copy")


def test_pattern_subscription_receives_events_of_all_names(client):
    with client.pubsub() as subscriber:
        subscriber.psubscribe("invalidate:*")
        wait_until(lambda: subscriber.get_message(timeout=1), "confirmation")
        for number in range(100):
            assert client.publish(f"invalidate:{number}", b"\x00\xff%d" % number) == 1
        received = []
        wait_until(lambda: received.append(subscriber.get_message(timeout=1)) or
                   len([m for m in received if m]) == 100, "100 messages")
        received = [m for m in received if m]
        assert [m["channel"] for m in received] == [b"invalidate:%d" % n for n in range(100)]
        assert [m["data"] for m in received] == [b"\x00\xff%d" % n for n in range(100)]
        assert {m["type"] for m in received} == {"pmessage"}


def test_event_with_asyncio(server):
    async def scenario():
        async with connect_async(server) as client, client.pubsub() as subscriber:
            await subscriber.subscribe("invalidate")
            local = {"a": 1, "b": 2}

            async def listen():
                async for message in subscriber.listen():
                    if message["type"] == "message":
                        local.pop(message["data"].decode(), None)
                        if not local:
                            return

            listener = asyncio.create_task(listen())
            while not (await client.pubsub_numsub("invalidate"))[0][1]:
                await asyncio.sleep(0.01)
            assert await client.publish("invalidate", "a") == 1
            assert await client.publish("invalidate", "b") == 1
            await asyncio.wait_for(listener, 60)
            assert local == {}

    asyncio.run(scenario())


def fill(client, prefix, count):
    with client.pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.set(f"{prefix}:{number}", number, ex=3600)
            if number % 10_000 == 9_999:
                pipeline.execute()
        pipeline.execute()


def test_by_key(client):
    client.mset({f"k{n}": n for n in range(10)})
    assert client.delete("k1", "k2", "missing") == 2
    assert client.unlink("k3", "k3") == 1
    assert client.exists(*(f"k{n}" for n in range(10))) == 7


def test_by_pattern_over_a_hundred_thousand_keys(client):
    fill(client, "page", KEYS)
    fill(client, "kept", 500)
    assert client.dbsize() == KEYS + 500
    assert invalidate_by_pattern(client, "page:*") == KEYS
    assert client.dbsize() == 500
    assert {k for k in client.scan_iter(match="*")} == {b"kept:%d" % n for n in range(500)}


def test_by_pattern_with_asyncio(server):
    async def scenario():
        async with connect_async(server) as client:
            pairs = {f"page:{n}": n for n in range(20_000)}
            await client.mset(pairs)
            await client.mset({"kept:[a]*": 1, "kept:b": 2})
            assert await invalidate_by_pattern_async(client, "page:1*") == 11_111 - 0
            assert await invalidate_by_pattern_async(client, "kept:\\[a\\]\\*") == 1
            assert await invalidate_by_pattern_async(client, "page:*") == 20_000 - 11_111
            assert await client.dbsize() == 1

    asyncio.run(scenario())


def test_scan_by_type(client):
    fill(client, "text", 1000)
    with client.pipeline(transaction=False) as pipeline:
        for number in range(300):
            pipeline.sadd(f"set:{number}", "member")
        pipeline.execute()
    assert len(set(client.scan_iter(_type="set", count=100))) == 300
    assert len(set(client.scan_iter(_type="string", match="text:*", count=100))) == 1000


def test_by_tag(client):
    cache = TaggedCache(client, ttl_s=600)
    for number in range(1000):
        tags = ["products", f"shop{number % 4}"]
        cache.put(f"product:{number}", number, tags)
    assert 600 < client.ttl("tag:products") <= 660
    assert client.scard("tag:shop1") == 250
    assert cache.invalidate("shop1") == 250
    assert client.exists("product:1", "product:5", "tag:shop1") == 0
    assert client.get("product:2") == b"2"
    assert cache.invalidate("shop2", "shop3") == 500
    assert cache.invalidate("products") == 250
    assert client.dbsize() == 1  # what is left of the tags: shop0's set


def test_by_tag_with_asyncio(server):
    async def scenario():
        async with connect_async(server) as client:
            cache = AsyncTaggedCache(client, ttl_s=600)
            await asyncio.gather(*(cache.put(f"p{n}", n, ["all", f"t{n % 2}"]) for n in range(500)))
            assert await cache.invalidate("t0") == 250
            assert await client.get("p1") == b"1"
            assert await client.get("p2") is None
            assert await cache.invalidate("t0") == 0

    asyncio.run(scenario())

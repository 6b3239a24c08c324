"""Compressed values of 1 MB: large, binary, unpredictable."""

import asyncio
import random
import zlib

from connecting import connect, connect_async

SIZE = 1024 * 1024


def compressed(seed, size=SIZE):
    """Returns a document and its compressed form of at least the size given."""
    source = random.Random(seed)
    document = source.randbytes(size) + b"{\"name\": \"text\"}" * 5000
    packed = zlib.compress(document, level=1)
    assert len(packed) >= size
    return document, packed


def test_one_value_comes_back_whole(client):
    document, packed = compressed(1)
    assert client.set("document", packed, ex=600)
    assert client.strlen("document") == len(packed)
    assert zlib.decompress(client.get("document")) == document
    assert client.getrange("document", -10, -1) == packed[-10:]


def test_twenty_values_in_one_pipeline_and_one_mget(client):
    values = {f"document:{n}": compressed(n)[1] for n in range(20)}
    with client.pipeline(transaction=False) as pipeline:
        for key, value in values.items():
            pipeline.set(key, value, ex=600)
        assert pipeline.execute() == [True] * 20
    assert client.mget(list(values)) == list(values.values())


def test_values_inside_a_transaction_and_a_script(client):
    packed = compressed(3)[1]
    with client.pipeline(transaction=True) as transaction:
        transaction.set("a", packed)
        transaction.get("a")
        transaction.append("a", packed)
        assert transaction.execute() == [True, packed, 2 * len(packed)]
    assert client.eval("return redis.call('GET', KEYS[1]) .. ARGV[1]", 1, "a", packed) == packed * 3


def test_concurrent_tasks_with_asyncio(server):
    async def scenario():
        async with connect_async(server) as client:
            async def round_trip(number):
                document, packed = compressed(number)
                await client.set(f"document:{number}", packed)
                assert zlib.decompress(await client.get(f"document:{number}")) == document

            await asyncio.gather(*(round_trip(number) for number in range(16)))

    asyncio.run(scenario())


def test_published_value_reaches_the_subscriber_whole(server):
    packed = compressed(4)[1]
    for protocol in (2, 3):
        with connect(server, protocol=protocol) as client, client.pubsub() as subscriber:
            subscriber.subscribe("documents")
            while subscriber.get_message(timeout=60)["type"] != "subscribe":
                pass
            assert client.publish("documents", packed) == 1
            assert subscriber.get_message(timeout=60)["data"] == packed

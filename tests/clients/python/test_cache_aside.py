import asyncio
import threading

from apps.cache_aside import AsyncCacheAside, CacheAside
from connecting import connect, connect_async
from larder_server import wait_until

CALLERS = 200


class Source:
    """The slow system behind the cache; counts how often it is asked."""

    def __init__(self):
        self.loads = 0
        self._lock = threading.Lock()

    def load(self):
        with self._lock:
            self.loads += 1
        return {"name": "Grüße", "price": 12.5}

    async def load_async(self):
        self.loads += 1
        await asyncio.sleep(0.05)
        return {"name": "Grüße", "price": 12.5}


def test_second_read_is_a_hit_and_carries_the_ttl(client):
    source, cache = Source(), CacheAside(client, ttl_s=100)
    first = cache.get("product:1", source.load)
    assert cache.get("product:1", source.load) == first
    assert source.loads == 1
    assert 0 < client.ttl("product:1") <= 100


def test_expired_entry_is_loaded_again(client):
    source, cache = Source(), CacheAside(client, ttl_s=1)
    cache.get("product:1", source.load)
    wait_until(lambda: client.get("product:1") is None, "the entry expires")
    assert client.ttl("product:1") == -2
    cache.get("product:1", source.load)
    assert source.loads == 2


def test_deleted_entry_is_loaded_again(client):
    source, cache = Source(), CacheAside(client, ttl_s=100)
    cache.get("product:1", source.load)
    assert client.delete("product:1") == 1
    cache.get("product:1", source.load)
    assert source.loads == 2


def test_two_hundred_threads_load_once(server):
    with connect(server) as client:
        source, cache = Source(), CacheAside(client, ttl_s=1000)
        results, start = [], threading.Barrier(CALLERS)

        def call():
            start.wait()
            results.append(cache.get_or_set("product:1", source.load))

        threads = [threading.Thread(target=call) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert source.loads == 1
        assert results == [{"name": "Grüße", "price": 12.5}] * CALLERS
        assert client.exists("lock:product:1") == 0


def test_two_hundred_tasks_load_once(server):
    async def scenario():
        async with connect_async(server) as client:
            source, cache = Source(), AsyncCacheAside(client, ttl_s=1000)
            results = await asyncio.gather(
                *(cache.get_or_set("product:1", source.load_async) for _ in range(CALLERS)))
            assert source.loads == 1
            assert results == [{"name": "Grüße", "price": 12.5}] * CALLERS
            assert 0 < await client.ttl("product:1") <= 1000
            assert await client.exists("lock:product:1") == 0

    asyncio.run(scenario())


def test_loader_that_fails_releases_its_lock(client):
    cache = CacheAside(client, ttl_s=100)

    def fail():
        raise ValueError("source is down")

    try:
        cache.get_or_set("product:1", fail)
        raise AssertionError("the error was swallowed")
    except ValueError:
        pass
    assert client.exists("lock:product:1", "product:1") == 0
    assert cache.get_or_set("product:1", lambda: 7) == 7

"""redis-py's client-side cache: reads that never leave the process, and that are never stale for
long. redis-py asks for a server that calls itself 7.4 or later."""

import threading

import pytest
from redis.cache import CacheConfig

from connecting import connect
from larder_server import wait_until


@pytest.fixture
def cached(server, client):
    version = tuple(int(part) for part in client.info("server")["redis_version"].split("."))
    if version < (7, 4):
        pytest.skip("redis-py wants 7.4 or later for its cache")
    with connect(server, protocol=3, cache_config=CacheConfig(max_size=1000),
                 decode_responses=True) as caching:
        yield caching


def calls(client, command):
    """How often the server ran a command."""
    return client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"]


def test_a_second_read_asks_nobody(client, cached):
    client.set("product:1", "shoe")
    assert cached.get("product:1") == "shoe"
    before = calls(client, "get")
    for _ in range(100):
        assert cached.get("product:1") == "shoe"
    assert calls(client, "get") == before
    assert cached.get_cache().size == 1


def test_another_clients_write_is_seen(client, cached):
    client.set("product:1", "shoe")
    assert cached.get("product:1") == "shoe"
    client.set("product:1", "boot")
    assert wait_until(lambda: cached.get("product:1") == "boot", "the new value is read")
    client.delete("product:1")
    wait_until(lambda: cached.get("product:1") is None, "the key is seen to be gone")


def test_own_writes_are_seen_at_once(cached):
    cached.set("k", "1")
    assert cached.get("k") == "1"
    cached.set("k", "2")
    assert cached.get("k") == "2"
    cached.incr("k")
    assert cached.get("k") == "3"


def test_every_type_is_cached_and_dropped(client, cached):
    client.hset("h", mapping={"a": "1", "b": "2"})
    client.sadd("s", "x")
    client.zadd("z", {"m": 1})
    client.rpush("l", "v")
    reads = {
        "h": lambda: cached.hgetall("h"), "s": lambda: cached.smembers("s"),
        "z": lambda: cached.zrange("z", 0, -1), "l": lambda: cached.lrange("l", 0, -1)}
    first = {name: read() for name, read in reads.items()}
    assert cached.get_cache().size == len(reads)
    client.hset("h", "a", "9")
    client.sadd("s", "y")
    client.zadd("z", {"n": 2})
    client.rpush("l", "w")
    for name, read in reads.items():
        wait_until(lambda: read() != first[name], f"the change of {name} is seen")


def test_an_expired_value_is_dropped(client, cached):
    client.set("k", "v", px=50)
    if cached.get("k") == "v":
        wait_until(lambda: cached.get("k") is None, "the expiry is seen")


def test_a_flush_empties_the_cache(client, cached):
    client.mset({f"k{i}": i for i in range(20)})
    for i in range(20):
        assert cached.get(f"k{i}") == str(i)
    client.flushall()
    wait_until(lambda: cached.get("k0") is None, "the flush is seen")
    assert all(cached.get(f"k{i}") is None for i in range(20))


def test_many_readers_end_up_with_the_last_value(server, client, cached):
    def reader():
        while not done.is_set():
            for i in range(10):
                cached.get(f"k{i}")

    done = threading.Event()
    readers = [threading.Thread(target=reader) for _ in range(4)]
    for thread in readers:
        thread.start()
    for number in range(300):
        client.set(f"k{number % 10}", number)
    done.set()
    for thread in readers:
        thread.join()
    for i in range(10):
        wait_until(lambda: cached.get(f"k{i}") == str(290 + i), f"the last value of k{i}")

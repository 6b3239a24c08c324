"""Cache layers of frameworks: django-redis, cashews, aiocache."""

import asyncio
import datetime

import aiocache
import aiocache.lock
import cashews
import django
import pytest
from aiocache.serializers import PickleSerializer
from django.conf import settings

from larder_server import wait_until

LONG_S = 600


@pytest.fixture
def django_cache(server):
    """Django's cache with this test's server behind it."""
    if not settings.configured:
        memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        settings.configure(SECRET_KEY="not a secret", CACHES={"default": memory},
                           SESSION_ENGINE="django.contrib.sessions.backends.cache",
                           INSTALLED_APPS=["django.contrib.sessions"])
        django.setup()
    from django_redis.cache import RedisCache

    opened = RedisCache(f"redis://127.0.0.1:{server.port}/1", {
        "KEY_PREFIX": "site", "TIMEOUT": LONG_S,
        "OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient",
                    "CONNECTION_POOL_KWARGS": {"max_connections": 50}}})
    yield opened
    opened.client.get_client().connection_pool.disconnect()


def test_django_redis_keeps_values_counters_and_times_to_live(django_cache):
    cache = django_cache
    value = {"when": datetime.date(2026, 11, 29), "tags": ["a", "ü"]}
    cache.set("page", value)
    assert cache.get("page") == value
    assert LONG_S - 60 < cache.ttl("page") <= LONG_S
    assert cache.add("page", 1) is False
    assert cache.add("new", 1, timeout=None) is True
    assert cache.ttl("new") is None
    assert cache.incr("new", 41) == 42
    assert cache.touch("new", LONG_S) is True
    assert cache.persist("new") is True
    cache.set_many({f"k{number}": number for number in range(100)})
    assert cache.get_many(["k1", "k99", "none"]) == {"k1": 1, "k99": 99}
    assert cache.get_or_set("made", lambda: "once", LONG_S) == "once"
    assert cache.has_key("made") and "none" not in cache
    assert cache.get("brief", default="gone") == "gone"
    cache.set("brief", 1, timeout=0)
    assert cache.get("brief") is None
    cache.set("nx", 1, nx=True)
    assert not cache.set("nx", 2, nx=True)


def test_django_redis_deletes_by_pattern_version_and_all(django_cache, client):
    cache = django_cache
    cache.set_many({f"product:{number}": number for number in range(300)})
    cache.set("shop", "kept")
    assert len(cache.keys("product:*")) == 300
    assert sorted(cache.iter_keys("product:29*")) == sorted(
        ["product:29"] + [f"product:29{number}" for number in range(10)])
    assert cache.delete_pattern("product:*", itersize=50) == 300
    assert cache.get("shop") == "kept"
    cache.set("versioned", "one")
    cache.incr_version("versioned")
    assert cache.get("versioned") is None
    assert cache.get("versioned", version=2) == "one"
    cache.clear()
    assert cache.get("shop") is None
    with cache.lock("lock", timeout=LONG_S):
        assert not cache.lock("lock", timeout=LONG_S).acquire(blocking=False)
    assert cache.lock("lock", timeout=LONG_S).acquire(blocking=False)


def test_django_sessions_live_in_the_cache(django_cache):
    from django.contrib.sessions.backends.cache import SessionStore

    def store(key=None):
        opened = SessionStore(key)
        opened._cache = django_cache
        return opened

    session = store()
    session["user"] = "anna"
    session.save()
    again = store(session.session_key)
    assert again["user"] == "anna"
    again.cycle_key()
    assert store(session.session_key).get("user") is None
    assert store(again.session_key)["user"] == "anna"
    again.flush()
    assert again.session_key is None


def test_cashews_decorators_tags_locks_and_limits(server):
    async def scenario():
        cache = cashews.Cache()
        cache.setup(f"redis://127.0.0.1:{server.port}/2", socket_timeout=60,
                    wait_for_connection_timeout=60)
        await cache.init()
        calls = []

        @cache(ttl="10m", key="user:{user_id}", tags=["users", "user:{user_id}"])
        async def user(user_id):
            calls.append(user_id)
            return {"id": user_id}

        assert await user(7) == await user(7) == {"id": 7}
        assert await user(8) == {"id": 8}
        assert calls == [7, 8]
        await cache.delete_tags("user:7")
        assert await user(7) == {"id": 7} and await user(8) == {"id": 8}
        assert calls == [7, 8, 7]

        loads = []

        @cache.locked(key="slow:{number}", ttl="10m")
        @cache(ttl="10m", key="slow:{number}:value")
        async def slow(number):
            loads.append(number)
            await asyncio.sleep(0.02)
            return number

        assert await asyncio.gather(*(slow(1) for _ in range(20))) == [1] * 20
        assert loads == [1]

        @cache.slice_rate_limit(limit=5, period="10m", key="limit:{name}")
        async def limited(name):
            return name

        for _ in range(5):
            await limited("anna")
        with pytest.raises(cashews.RateLimitError):
            await limited("anna")
        assert await limited("bert") == "bert"

        async with cache.transaction():
            await cache.set("a", 1)
            await cache.incr("b")
        assert await cache.get_many("a", "b", "c", default=None) == (1, 1, None)
        with pytest.raises(RuntimeError):
            async with cache.transaction():
                await cache.set("a", 2)
                raise RuntimeError("undone")
        assert await cache.get("a") == 1

        await cache.set_many({f"page:{number}": number for number in range(250)}, expire="10m")
        assert len([key async for key in cache.scan("page:*")]) == 250
        await cache.delete_match("page:*")
        assert [key async for key in cache.scan("page:*")] == []
        await cache.set_add("set", "x", "y")
        await cache.set_remove("set", "x")
        assert set(await cache.set_pop("set", count=5)) == {"y"}
        assert await cache.get_bits("bits", 0, 3, size=4) == (0, 0)
        await cache.incr_bits("bits", 0, 3, size=4, by=5)
        assert await cache.get_bits("bits", 0, 3, size=4) == (5, 5)
        assert await cache.ping() == b"PONG"
        await cache.clear()
        assert await cache.get("a") is None
        await cache.close()

    asyncio.run(scenario())


def test_aiocache_decorator_locks_and_many(server, client):
    async def scenario():
        async with aiocache.RedisCache(endpoint="127.0.0.1", port=server.port, namespace="app",
                                       timeout=60, serializer=PickleSerializer()) as cache:
            await cache.set("page", {"when": datetime.date(2026, 11, 29)}, ttl=LONG_S)
            assert await cache.get("page") == {"when": datetime.date(2026, 11, 29)}
            assert client.ttl("app:page") > LONG_S - 60
            await cache.multi_set([("a", 1), ("b", 2)], ttl=LONG_S)
            assert await cache.multi_get(["a", "none", "b"]) == [1, None, 2]
            with pytest.raises(ValueError):
                await cache.add("a", 3)
            assert await cache.exists("a")
            assert await cache.delete("a") == 1
            assert await cache.expire("b", 0) is True
            assert await cache.increment("count", 5) == 5
            assert await cache.raw("get", "app:count") == b"5"

            loads = []

            async def load():
                async with aiocache.lock.RedLock(cache, "report", lease=LONG_S):
                    held = await cache.get("report")
                    if held is not None:
                        return held
                    loads.append(1)
                    await asyncio.sleep(0.02)
                    await cache.set("report", "made", ttl=LONG_S)
                    return "made"

            assert await asyncio.gather(*(load() for _ in range(20))) == ["made"] * 20
            assert loads == [1]

            await cache.clear(namespace="app")
            assert client.keys("app:*") == []

        # It reads a value as text to see whether it is still the same.
        async with aiocache.RedisCache(endpoint="127.0.0.1", port=server.port,
                                       timeout=60) as cache:
            await cache.set("stock", "7")
            async with aiocache.lock.OptimisticLock(cache, "stock") as lock:
                await lock.cas("6")
            assert await cache.get("stock") == "6"
            with pytest.raises(aiocache.lock.OptimisticLockError):
                async with aiocache.lock.OptimisticLock(cache, "stock") as lock:
                    await cache.set("stock", "5")
                    await lock.cas("too late")

    asyncio.run(scenario())
    wait_until(lambda: client.info("clients")["connected_clients"] == 1, "it closed them all")

"""The server is killed and started under clients that retry and fall back."""

import asyncio
import threading

import pytest
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError
from redis.retry import Retry

from apps.resilient_cache import AsyncResilientCache, ResilientCache
from connecting import connect
from larder_server import wait_until


def load(key):
    return f"value of {key}".encode()


def test_falls_back_while_the_server_is_down_and_returns(server):
    cache = ResilientCache(server.port, load)
    assert cache.get("a") == load("a")
    assert cache.client.get("a") == load("a")
    server.kill()
    assert cache.get("a") == load("a")
    assert cache.get("b") == load("b")
    assert cache.fallbacks == 2
    server.start_again()
    assert cache.get("a") == load("a")
    assert cache.client.exists("a") == 1
    assert cache.fallbacks == 2
    cache.client.close()


def test_connection_from_before_a_restart_is_replaced_by_a_retry(server):
    cache = ResilientCache(server.port, load)
    for _ in range(5):
        assert cache.get("a") == load("a")
        server.kill()
        server.start_again()
    assert cache.get("a") == load("a")
    assert cache.fallbacks == 0
    cache.client.close()


def test_clean_stop_and_start(server):
    cache = ResilientCache(server.port, load)
    cache.get("a")
    server.stop()
    assert cache.get("a") == load("a")
    server.start_again()
    assert cache.get("b") == load("b")
    assert cache.fallbacks == 1
    cache.client.close()


def test_threads_get_every_answer_while_the_server_comes_and_goes(server):
    cache = ResilientCache(server.port, load)
    done, errors, answers = threading.Event(), [], [0] * 8

    def work(worker):
        try:
            while not done.is_set():
                key = f"{worker}:{answers[worker] % 50}"
                assert cache.get(key) == load(key)
                answers[worker] += 1
        except BaseException as error:  # noqa: BLE001 - reported by the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=[worker]) for worker in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            seen = list(answers)
            wait_until(lambda: errors or all(a > s + 20 for a, s in zip(answers, seen)), "answers")
            server.kill()
            fallbacks = cache.fallbacks
            wait_until(lambda: errors or cache.fallbacks > fallbacks + 20, "fallbacks")
            server.start_again()
        wait_until(lambda: errors or cache.client.dbsize() >= 300, "the cache fills again")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    cache.client.close()


def test_asyncio_falls_back_and_returns(server):
    async def scenario():
        cache = AsyncResilientCache(server.port, load)
        assert await cache.get("a") == load("a")
        server.kill()
        answers = await asyncio.gather(*(cache.get(f"k{n}") for n in range(20)))
        assert answers == [load(f"k{n}") for n in range(20)]
        assert cache.fallbacks == 20
        server.start_again()
        assert await cache.get("a") == load("a")
        assert await cache.client.get("a") == load("a")
        assert cache.fallbacks == 20
        await cache.client.aclose()

    asyncio.run(scenario())


def test_subscriber_subscribes_again_after_a_restart(server):
    with connect(server) as client, client.pubsub() as subscriber:
        subscriber.subscribe("news")
        wait_until(lambda: subscriber.get_message(timeout=1), "confirmation")
        server.kill()
        server.start_again()

        def receives():
            try:
                client.publish("news", "again")
                message = subscriber.get_message(timeout=1)
            except ConnectionError:
                return False
            return message is not None and message["type"] == "message"

        wait_until(receives, "a message after the restart")


def test_client_without_retries_sees_a_connection_error(server):
    with connect(server, retry=Retry(NoBackoff(), 0)) as client:
        client.set("a", 1)
        server.kill()
        with pytest.raises(ConnectionError):
            client.get("a")
        server.start_again()
        assert client.get("a") is None

"""The lock by SET NX EX with Lua, and redis-py's own Lock as it is."""

import asyncio
import threading

import pytest
import redis.exceptions

from apps.lease_lock import AsyncLeaseLock, LeaseLock
from connecting import connect, connect_async
from larder_server import wait_until

WORKERS = 64
ROUNDS = 5
# Longer than any pause of a busy machine: a contended lock must not be lost by its timeout.
LONG_S = 600


class Guarded:
    """Notices two workers inside at once, and counts without any atomic step of its own."""

    def __init__(self):
        self.inside = 0
        self.violations = 0
        self.count = 0

    def enter(self):
        self.inside += 1
        if self.inside != 1:
            self.violations += 1

    def leave(self):
        if self.inside != 1:
            self.violations += 1
        self.inside -= 1
        self.count += 1


def test_only_one_holds_it(client):
    first, second = LeaseLock(client, "lock", LONG_S), LeaseLock(client, "lock", LONG_S)
    assert first.try_acquire()
    assert not second.try_acquire()
    assert not first.try_acquire()
    assert 0 < client.ttl("lock") <= LONG_S
    assert first.release()
    assert second.try_acquire()


def test_only_the_owner_releases(client):
    owner, other = LeaseLock(client, "lock", LONG_S), LeaseLock(client, "lock", LONG_S)
    owner.acquire()
    assert not other.release()
    assert client.get("lock") == owner.token.encode()
    assert owner.release()
    assert not owner.release()


def test_only_the_owner_extends(client):
    owner, other = LeaseLock(client, "lock", 100), LeaseLock(client, "lock", 100)
    owner.acquire()
    assert not other.extend(900_000)
    assert client.ttl("lock") <= 100
    assert owner.extend(900_000)
    assert client.pttl("lock") > 100_000


def test_lost_by_timeout(client):
    slow, next_owner = LeaseLock(client, "lock", 1), LeaseLock(client, "lock", LONG_S)
    assert slow.try_acquire()
    wait_until(next_owner.try_acquire, "the first owner's time runs out")
    assert not slow.extend(1000)
    assert not slow.release()
    assert client.get("lock") == next_owner.token.encode()


def test_sixty_four_threads_exclude_each_other(server):
    with connect(server) as client:
        guarded = Guarded()

        def work():
            lock = LeaseLock(client, "lock", LONG_S)
            for _ in range(ROUNDS):
                lock.acquire()
                guarded.enter()
                # A read-modify-write that two holders at once would tear.
                client.set("count", int(client.get("count") or 0) + 1)
                guarded.leave()
                assert lock.release()

        run_threads(work)
        assert guarded.violations == 0
        assert guarded.count == WORKERS * ROUNDS
        assert client.get("count") == b"%d" % (WORKERS * ROUNDS)


def test_sixty_four_tasks_exclude_each_other(server):
    async def scenario():
        async with connect_async(server) as client:
            guarded = Guarded()

            async def work():
                lock = AsyncLeaseLock(client, "lock", LONG_S)
                for _ in range(ROUNDS):
                    await lock.acquire()
                    guarded.enter()
                    await client.set("count", int(await client.get("count") or 0) + 1)
                    guarded.leave()
                    assert await lock.release()

            await asyncio.gather(*(work() for _ in range(WORKERS)))
            assert guarded.violations == 0
            assert await client.get("count") == b"%d" % (WORKERS * ROUNDS)

    asyncio.run(scenario())


def run_threads(work):
    errors = []

    def guard():
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - reported by the main thread
            errors.append(error)

    threads = [threading.Thread(target=guard) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_redis_py_lock_as_context_manager(client):
    with client.lock("lock", timeout=LONG_S) as lock:
        assert lock.owned() and lock.locked()
        assert not client.lock("lock", timeout=LONG_S).acquire(blocking=False)
        assert 0 < client.pttl("lock") <= LONG_S * 1000
    assert client.exists("lock") == 0


def test_redis_py_lock_extends_and_reacquires(client):
    lock = client.lock("lock", timeout=100)
    assert lock.acquire()
    assert lock.extend(1000)
    assert client.ttl("lock") > 900
    assert lock.extend(50, replace_ttl=True)
    assert client.ttl("lock") <= 50
    assert lock.reacquire()
    assert 50 < client.ttl("lock") <= 100
    lock.release()
    with pytest.raises(redis.exceptions.LockError):
        lock.release()


def test_redis_py_lock_is_lost_by_timeout(client):
    lock = client.lock("lock", timeout=0.05)
    assert lock.acquire()
    wait_until(lambda: client.exists("lock") == 0, "the lock's time runs out")
    with pytest.raises(redis.exceptions.LockNotOwnedError):
        lock.extend(1)
    with pytest.raises(redis.exceptions.LockNotOwnedError):
        lock.reacquire()
    with pytest.raises(redis.exceptions.LockNotOwnedError):
        lock.release()


def test_redis_py_lock_gives_up_after_its_blocking_timeout(client):
    with client.lock("lock", timeout=LONG_S):
        with pytest.raises(redis.exceptions.LockError):
            with client.lock("lock", timeout=LONG_S, blocking_timeout=0.1):
                raise AssertionError("two owners")


def test_redis_py_lock_contended_by_threads(server):
    with connect(server) as client:
        guarded = Guarded()

        def work():
            for _ in range(2):
                with client.lock("lock", timeout=LONG_S, sleep=0.002, thread_local=False):
                    guarded.enter()
                    client.set("count", int(client.get("count") or 0) + 1)
                    guarded.leave()

        run_threads(work)
        assert guarded.violations == 0
        assert client.get("count") == b"%d" % (WORKERS * 2)


def test_redis_py_lock_contended_by_tasks(server):
    async def scenario():
        async with connect_async(server) as client:
            guarded = Guarded()

            async def work():
                for _ in range(2):
                    async with client.lock("lock", timeout=LONG_S, sleep=0.002):
                        guarded.enter()
                        await asyncio.sleep(0)
                        guarded.leave()

            await asyncio.gather(*(work() for _ in range(WORKERS)))
            assert guarded.violations == 0
            assert guarded.count == WORKERS * 2

    asyncio.run(scenario())

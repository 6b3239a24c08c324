"""A lock on one server: SET NX EX takes it, and only its owner can release or extend it."""

import asyncio
import time
import uuid

RELEASE = """
if redis.call("get", KEYS[1]) == ARGV[1] then
  return redis.call("del", KEYS[1])
else
  return 0
end
"""

EXTEND = """
if redis.call("get", KEYS[1]) == ARGV[1] then
  return redis.call("pexpire", KEYS[1], ARGV[2])
else
  return 0
end
"""


class LeaseLock:
    def __init__(self, client, name, ttl_s):
        self.client = client
        self.name = name
        self.ttl_s = ttl_s
        self.token = uuid.uuid4().hex
        self._release = client.register_script(RELEASE)
        self._extend = client.register_script(EXTEND)

    def try_acquire(self):
        return self.client.set(self.name, self.token, nx=True, ex=self.ttl_s) is True

    def acquire(self):
        while not self.try_acquire():
            time.sleep(0.002)

    def release(self):
        return self._release(keys=[self.name], args=[self.token]) == 1

    def extend(self, ttl_ms):
        return self._extend(keys=[self.name], args=[self.token, ttl_ms]) == 1


class AsyncLeaseLock:
    def __init__(self, client, name, ttl_s):
        self.client = client
        self.name = name
        self.ttl_s = ttl_s
        self.token = uuid.uuid4().hex
        self._release = client.register_script(RELEASE)

    async def acquire(self):
        while not await self.client.set(self.name, self.token, nx=True, ex=self.ttl_s):
            await asyncio.sleep(0.002)

    async def release(self):
        return await self._release(keys=[self.name], args=[self.token]) == 1

"""Cache-aside: read the cache, on a miss load from the source and keep the value for a TTL.

get_or_set additionally lets one caller per key do the loading while the others wait for its value:
a lock by SET NX EX that only its owner can release.
"""

import asyncio
import json
import time
import uuid

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
"""


class CacheAside:
    def __init__(self, client, ttl_s, lock_s=120):
        self.client = client
        self.ttl_s = ttl_s
        self.lock_s = lock_s
        self._release = client.register_script(RELEASE)

    def get(self, key, load):
        held = self.client.get(key)
        if held is not None:
            return json.loads(held)
        value = load()
        self.client.set(key, json.dumps(value), ex=self.ttl_s)
        return value

    def get_or_set(self, key, load):
        token = uuid.uuid4().hex
        while True:
            held = self.client.get(key)
            if held is not None:
                return json.loads(held)
            if self.client.set(f"lock:{key}", token, nx=True, ex=self.lock_s):
                try:
                    # Another owner may have stored the value between our GET and our SET.
                    return self.get(key, load)
                finally:
                    self._release(keys=[f"lock:{key}"], args=[token])
            time.sleep(0.02)


class AsyncCacheAside:
    def __init__(self, client, ttl_s, lock_s=120):
        self.client = client
        self.ttl_s = ttl_s
        self.lock_s = lock_s
        self._release = client.register_script(RELEASE)

    async def get(self, key, load):
        held = await self.client.get(key)
        if held is not None:
            return json.loads(held)
        value = await load()
        await self.client.set(key, json.dumps(value), ex=self.ttl_s)
        return value

    async def get_or_set(self, key, load):
        token = uuid.uuid4().hex
        while True:
            held = await self.client.get(key)
            if held is not None:
                return json.loads(held)
            if await self.client.set(f"lock:{key}", token, nx=True, ex=self.lock_s):
                try:
                    return await self.get(key, load)
                finally:
                    await self._release(keys=[f"lock:{key}"], args=[token])
            await asyncio.sleep(0.02)

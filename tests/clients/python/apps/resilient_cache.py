"""A cache whose loss costs speed, never an answer: retries, then falls back to the source."""

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError, TimeoutError
from redis.retry import Retry

ERRORS = (ConnectionError, TimeoutError)


class ResilientCache:
    def __init__(self, port, load):
        self.client = redis.Redis(host="127.0.0.1", port=port, socket_timeout=60,
                                  socket_connect_timeout=60,
                                  retry=Retry(ExponentialBackoff(cap=0.05, base=0.001), 3),
                                  retry_on_error=list(ERRORS))
        self.load = load
        self.fallbacks = 0

    def get(self, key):
        try:
            held = self.client.get(key)
            if held is not None:
                return held
            value = self.load(key)
            self.client.set(key, value, ex=600)
            return value
        except ERRORS:
            self.fallbacks += 1
            return self.load(key)


class AsyncResilientCache:
    def __init__(self, port, load):
        self.client = redis.asyncio.Redis(host="127.0.0.1", port=port, socket_timeout=60,
                                          socket_connect_timeout=60,
                                          retry=AsyncRetry(
                                              ExponentialBackoff(cap=0.05, base=0.001), 3),
                                          retry_on_error=list(ERRORS))
        self.load = load
        self.fallbacks = 0

    async def get(self, key):
        try:
            held = await self.client.get(key)
            if held is not None:
                return held
            value = self.load(key)
            await self.client.set(key, value, ex=600)
            return value
        except ERRORS:
            self.fallbacks += 1
            return self.load(key)

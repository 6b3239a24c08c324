"""Four ways to drop entries: by event over pub/sub, by key, by pattern, by tag."""

import json
import threading


class EventInvalidatedCache:
    """A local dictionary in front of the shared cache, kept right by messages between instances."""

    CHANNEL = "invalidate"

    def __init__(self, client):
        self.client = client
        self.local = {}
        self._pubsub = client.pubsub(ignore_subscribe_messages=False)
        self._subscribed = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self._subscribed.wait(60)

    def get(self, key):
        value = self.local.get(key)
        if value is None:
            value = self.local[key] = self.client.get(key)
        return value

    def put(self, key, value):
        """Stores and tells every instance; returns how many were told."""
        self.client.set(key, value)
        return self.client.publish(self.CHANNEL, json.dumps({"key": key}))

    def close(self):
        self.client.publish(f"{self.CHANNEL}:close:{id(self)}", "")
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _listen(self):
        self._pubsub.subscribe(self.CHANNEL, f"{self.CHANNEL}:close:{id(self)}")
        subscribed = 0
        while True:
            # Unbounded: the socket of a subscriber is quiet for as long as nothing happens.
            message = self._pubsub.get_message(timeout=None)
            if message is None:
                continue
            if message["type"] == "subscribe":
                subscribed += 1
                if subscribed == 2:
                    self._subscribed.set()
            elif message["channel"] != self.CHANNEL.encode():
                break
            else:
                self.local.pop(json.loads(message["data"])["key"], None)
        self._pubsub.close()


def invalidate_by_pattern(client, pattern, chunk=1000):
    """Deletes what matches the pattern in chunks; returns how many keys went."""
    deleted, keys = 0, []
    for key in client.scan_iter(match=pattern, count=chunk):
        keys.append(key)
        if len(keys) >= chunk:
            deleted += client.delete(*keys)
            keys = []
    return deleted + (client.delete(*keys) if keys else 0)


async def invalidate_by_pattern_async(client, pattern, chunk=1000):
    deleted, keys = 0, []
    async for key in client.scan_iter(match=pattern, count=chunk):
        keys.append(key)
        if len(keys) >= chunk:
            deleted += await client.delete(*keys)
            keys = []
    return deleted + (await client.delete(*keys) if keys else 0)


class TaggedCache:
    """Each tag is a set of the keys that carry it; the set lives a little longer than they do."""

    def __init__(self, client, ttl_s):
        self.client = client
        self.ttl_s = ttl_s

    def put(self, key, value, tags):
        with self.client.pipeline(transaction=False) as pipeline:
            pipeline.set(key, value, ex=self.ttl_s)
            for tag in tags:
                pipeline.sadd(f"tag:{tag}", key)
                pipeline.expire(f"tag:{tag}", self.ttl_s + 60)
            pipeline.execute()

    def invalidate(self, *tags):
        """Drops all entries that carry one of the tags; returns how many there were."""
        names = [f"tag:{tag}" for tag in tags]
        keys = set().union(*(self.client.smembers(name) for name in names))
        with self.client.pipeline(transaction=True) as transaction:
            if keys:
                transaction.delete(*keys)
            transaction.delete(*names)
            return transaction.execute()[0] if keys else 0


class AsyncTaggedCache:
    def __init__(self, client, ttl_s):
        self.client = client
        self.ttl_s = ttl_s

    async def put(self, key, value, tags):
        async with self.client.pipeline(transaction=True) as pipeline:
            pipeline.set(key, value, ex=self.ttl_s)
            for tag in tags:
                pipeline.sadd(f"tag:{tag}", key)
                pipeline.expire(f"tag:{tag}", self.ttl_s + 60)
            await pipeline.execute()

    async def invalidate(self, tag):
        keys = await self.client.smembers(f"tag:{tag}")
        return await self.client.delete(f"tag:{tag}", *keys) - 1 if keys else 0

"""Write-through and write-behind over a SQL table.

Write-through stores in the table and the cache in one call. Write-behind acknowledges once the
cache holds the value and its name is in the set of dirty keys; a flusher moves dirty values to the
table later, in batches.
"""

import sqlite3
import threading

# Takes a batch of dirty names together with their values, in one step: a write that comes later
# makes its key dirty again.
TAKE_BATCH = """
local names = redis.call('SPOP', KEYS[1], ARGV[1])
local values = {}
for i, name in ipairs(names) do
  values[i] = redis.call('GET', ARGV[2] .. name)
end
return {names, values}
"""


class Table:
    def __init__(self):
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute("CREATE TABLE items (name TEXT PRIMARY KEY, value BLOB)")
        self._lock = threading.Lock()

    def put(self, rows):
        with self._lock, self._database:
            self._database.executemany("INSERT OR REPLACE INTO items VALUES (?, ?)", rows)

    def get(self, name):
        with self._lock:
            row = self._database.execute("SELECT value FROM items WHERE name = ?", [name]).fetchone()
        return row and row[0]

    def count(self):
        with self._lock:
            return self._database.execute("SELECT COUNT(*) FROM items").fetchone()[0]


class WriteThrough:
    def __init__(self, client, table, ttl_s):
        self.client = client
        self.table = table
        self.ttl_s = ttl_s

    def put(self, name, value):
        self.table.put([(name, value)])
        self.client.set(f"item:{name}", value, ex=self.ttl_s)

    def get(self, name):
        held = self.client.getex(f"item:{name}", ex=self.ttl_s)
        if held is None:
            held = self.table.get(name)
            if held is not None:
                self.client.set(f"item:{name}", held, ex=self.ttl_s)
        return held


class WriteBehind:
    DIRTY = "dirty"

    def __init__(self, client, table):
        self.client = client
        self.table = table
        self._take_batch = client.register_script(TAKE_BATCH)

    def put(self, name, value):
        with self.client.pipeline(transaction=True) as transaction:
            transaction.set(f"item:{name}", value)
            transaction.sadd(self.DIRTY, name)
            transaction.execute()

    def add(self, name, amount):
        """Counts by optimistic locking: WATCH, read, MULTI, EXEC, again if somebody wrote."""
        def change(transaction):
            held = int(transaction.get(f"item:{name}") or 0)
            transaction.multi()
            transaction.set(f"item:{name}", held + amount)
            transaction.sadd(self.DIRTY, name)

        self.client.transaction(change, f"item:{name}")

    def flush(self, batch=100):
        """Moves one batch to the table; returns its size, 0 when nothing is dirty."""
        names, values = self._take_batch(keys=[self.DIRTY], args=[batch, "item:"])
        self.table.put([(name.decode(), value) for name, value in zip(names, values)])
        return len(names)


class AsyncWriteBehind:
    """The same with redis.asyncio."""

    DIRTY = "dirty"

    def __init__(self, client, table):
        self.client = client
        self.table = table
        self._take_batch = client.register_script(TAKE_BATCH)

    async def put(self, name, value):
        async with self.client.pipeline(transaction=True) as transaction:
            transaction.set(f"item:{name}", value)
            transaction.sadd(self.DIRTY, name)
            await transaction.execute()

    async def flush(self, batch=100):
        names, values = await self._take_batch(keys=[self.DIRTY], args=[batch, "item:"])
        self.table.put([(name.decode(), value) for name, value in zip(names, values)])
        return len(names)

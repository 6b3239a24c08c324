"""A cache of query results: each filter, order and page of a query is a variant of its own, and a
write to the table drops all variants of all queries that read the table."""

import hashlib
import json
import uuid

# Stores a result only if the table has not changed since the query began: a result computed before
# an invalidation can never be stored after it.
STORE_IF_UNCHANGED = """
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.status_reply('STALE')
end
redis.call('SET', KEYS[2], ARGV[2], 'EX', tonumber(ARGV[3]))
redis.call('SADD', KEYS[3], KEYS[2])
redis.call('EXPIRE', KEYS[3], tonumber(ARGV[3]) + 60)
return redis.status_reply('OK')
"""

INVALIDATE = """
redis.call('INCR', KEYS[1])
local variants = redis.call('SMEMBERS', KEYS[2])
local dropped = 0
for first = 1, #variants, 1000 do
  dropped = dropped + redis.call('DEL', unpack(variants, first, math.min(first + 999, #variants)))
end
redis.call('DEL', KEYS[2])
return dropped
"""


class QueryCache:
    def __init__(self, client, ttl_s):
        self.client = client
        self.ttl_s = ttl_s
        self._store = client.register_script(STORE_IF_UNCHANGED)
        self._invalidate = client.register_script(INVALIDATE)

    @staticmethod
    def key_of(table, query):
        text = json.dumps(query, sort_keys=True).encode()
        return f"query:{table}:{hashlib.sha1(text).hexdigest()}"

    def fetch(self, table, query, run):
        key = self.key_of(table, query)
        held, version = self.client.mget(key, f"version:{table}")
        if held is not None:
            return json.loads(held)
        rows = run(query)
        self._store(keys=[f"version:{table}", key, f"variants:{table}"],
                    args=[version or "0", json.dumps(rows), self.ttl_s])
        return rows

    def invalidate(self, table):
        return self._invalidate(keys=[f"version:{table}", f"variants:{table}"])

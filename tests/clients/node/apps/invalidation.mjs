// Four ways to drop entries: by event over pub/sub, by key, by pattern, by tag.

// A local Map in front of the shared cache, kept right by messages between instances.
export class EventInvalidatedCache {
  static async open(store) {
    const cache = new EventInvalidatedCache();
    cache.store = store;
    cache.local = new Map();
    await store.subscribe('invalidate', (message) => cache.local.delete(JSON.parse(message).key));
    return cache;
  }

  async get(key) {
    if (!this.local.has(key)) this.local.set(key, await this.store.get(key));
    return this.local.get(key);
  }

  // Stores and tells every instance; returns how many were told.
  async put(key, value) {
    await this.store.set(key, value);
    return this.store.publish('invalidate', JSON.stringify({ key }));
  }
}

export async function invalidateByPattern(store, pattern) {
  let deleted = 0;
  for await (const keys of store.scan(pattern)) deleted += await store.del(keys);
  return deleted;
}

// Each tag is a set of the keys that carry it; the set lives a little longer than they do.
export class TaggedCache {
  constructor(store, ttlS) {
    Object.assign(this, { store, ttlS });
  }

  put(key, value, tags) {
    const commands = [['SET', key, value, 'EX', this.ttlS]];
    for (const tag of tags) {
      commands.push(['SADD', `tag:${tag}`, key], ['EXPIRE', `tag:${tag}`, this.ttlS + 60]);
    }
    return this.store.pipeline(commands);
  }

  async invalidate(tag) {
    const keys = await this.store.members(`tag:${tag}`);
    return (await this.store.del([`tag:${tag}`, ...keys])) - (keys.length > 0 ? 1 : 0);
  }
}

// Query results; a write to the table drops all variants of its queries, and a result computed
// before the write cannot be stored after it.
const STORE = `
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
redis.call('SADD', KEYS[3], KEYS[2])
return 1`;
const INVALIDATE = `
redis.call('INCR', KEYS[1])
local dropped = 0
for _, key in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  dropped = dropped + redis.call('DEL', key)
end
redis.call('DEL', KEYS[2])
return dropped`;

export class QueryCache {
  constructor(store, ttlS) {
    Object.assign(this, { store, ttlS });
    this.keep = store.script(STORE, 3);
    this.drop = store.script(INVALIDATE, 2);
  }

  async fetch(table, query, run) {
    const key = `query:${table}:${JSON.stringify(Object.entries(query).sort())}`;
    const [held, version] = await this.store.mget([key, `version:${table}`]);
    if (held !== null) return JSON.parse(held);
    const rows = await run(query);
    await this.keep([`version:${table}`, key, `variants:${table}`],
                    [version ?? '0', JSON.stringify(rows), this.ttlS]);
    return rows;
  }

  invalidate(table) {
    return this.drop([`version:${table}`, `variants:${table}`], []);
  }
}

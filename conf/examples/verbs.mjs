// Every verb of the cache with ioredis: its generic call is all that it takes.
//
//     node verbs.mjs redis://127.0.0.1:6379
import assert from 'node:assert/strict';

const FIELDS = ['state', 'value', 'etag', 'fresh_ms', 'stale_ms', 'token'];

// CACHE.GET as an object: RESP3 answers names and values, RESP2 the values alone, in this order.
async function cacheGet(redis, key, ...options) {
  const reply = await redis.call('CACHE.GET', key, ...options);
  const named = reply.length === 2 * FIELDS.length;
  return Object.fromEntries(FIELDS.map((name, i) => [name, named ? reply[2 * i + 1] : reply[i]]));
}

async function writeAndRead(redis) {
  // Fresh for 60 s, then stale for 30 s while somebody refreshes; 120 ms to make; two tags.
  await redis.call('SET', 'page:7', '<h1>Boots</h1>', 'EX', 60, 'SWR', 30, 'SIE', 600, 'COST', 120,
                   'TAGS', 2, 'shop', 'product:7');
  const got = await cacheGet(redis, 'page:7');
  assert.deepEqual([got.state, got.value, got.token], ['HIT', '<h1>Boots</h1>', null]);
  assert.ok(got.fresh_ms <= 60_000 && got.stale_ms === 30_000);
  assert.equal((await cacheGet(redis, 'page:7', 'IFNE', got.etag)).state, 'NOTMODIFIED');
}

// What a caller does who wants a value: at most one of all callers makes it.
export async function fillWithALease(redis, key, make) {
  const { value, token } = await cacheGet(redis, key, 'LEASE', 5000, 'WAIT', 1000, 'EARLY', 1);
  if (token === null) return value; // HIT, STALE, NEGATIVE, PASS; or a MISS not filled in time
  try {
    const made = await make();
    // null where the key was purged or written meanwhile: then this value is too old to be kept.
    await redis.call('SET', key, made, 'EX', 60, 'SWR', 30, 'LEASE', token);
    return made;
  } catch (error) {
    await redis.call('CACHE.RELEASE', key, token); // whoever waits longest tries next
    throw error;
  }
}

async function noValue(redis) {
  await redis.call('CACHE.PASS', 'page:9', 'EX', 10); // an answer that must not be cached
  assert.equal((await cacheGet(redis, 'page:9', 'LEASE', 5000, 'WAIT', 1000)).state, 'PASS');
  await redis.call('SET', 'page:404', '', 'EX', 10, 'NEG', 404);
  const missing = await cacheGet(redis, 'page:404');
  assert.deepEqual([missing.state, missing.value], ['NEGATIVE', '404']);
}

async function tagsAndPurges(redis) {
  await redis.hset('user:1', 'name', 'Ada');
  assert.equal(await redis.call('CACHE.TAG', 'user:1', 2, 'team:blue', 'shop'), 2);
  assert.equal(await redis.call('CACHE.UNTAG', 'user:1', 1, 'shop'), 1);
  assert.deepEqual(await redis.call('CACHE.TAGS', 'user:1'), ['team:blue']);
  assert.equal(await redis.call('CACHE.PURGETAG', 'product:7', 'SOFT', 30), 1);
  assert.equal(await redis.get('page:7'), null);
  assert.equal((await cacheGet(redis, 'page:7')).state, 'STALE');
  assert.equal(await redis.call('CACHE.PURGE', 'page:404', 'user:1'), 2);
  assert.ok((await redis.call('CACHE.PURGEMATCH', 'page:*')) >= 1);
}

async function cachesOfTheirOwn(redis) {
  // Pages have 64 MB and five minutes, give or take 30 s; limiters are never evicted.
  await redis.call('CACHE.NS', 'SET', 'pages', 'PREFIX', 'page:', 'MAXMEMORY', '64mb',
                   'DEFAULTTTL', 300, 'JITTER', 10);
  await redis.call('CACHE.NS', 'SET', 'limits', 'PREFIX', 'limit:', 'NOEVICT');
  await redis.set('page:1', 'Welcome');
  const ttl = await redis.ttl('page:1');
  assert.ok(ttl >= 270 && ttl <= 330);
  const stats = await redis.call('CACHE.NS', 'STATS', 'pages'); // names and values by turns
  assert.equal(stats[stats.indexOf('name') + 1], 'pages');
  assert.ok(stats[stats.indexOf('writes') + 1] >= 1);
  assert.ok((await redis.call('CACHE.NS', 'FLUSH', 'pages')) >= 1);
  const hot = await redis.call('CACHE.HOT', 'COUNT', 5); // keys, each with its commands a second
  assert.ok(hot.length <= 10);
  assert.equal(await redis.call('CACHE.NS', 'DEL', 'pages'), 1); // its keys would stay
}

export async function everyVerb(redis) {
  await writeAndRead(redis);
  const make = async () => '<h1>Hats</h1>';
  assert.equal(await fillWithALease(redis, 'page:8', make), '<h1>Hats</h1>');
  assert.equal(await fillWithALease(redis, 'page:8', make), '<h1>Hats</h1>');
  await noValue(redis);
  await tagsAndPurges(redis);
  await cachesOfTheirOwn(redis);
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const { default: Redis } = await import('ioredis');
  const redis = new Redis(process.argv[2] ?? 'redis://127.0.0.1:6379');
  await everyVerb(redis);
  redis.disconnect();
}

// Cache libraries that keep their entries on a server: Keyv, cacheable, cache-manager.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createKeyv, createKeyvNonBlocking } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Cacheable } from 'cacheable';

import { HOST, Scope, waitUntil } from './server.mjs';
import { NodeRedisStore } from './stores.mjs';

const LONG_MS = 600_000;

async function open(test) {
  const scope = new Scope(test);
  const server = await scope.server();
  const { client } = await NodeRedisStore.open(scope, server);
  const url = `redis://${HOST}:${server.port}`;
  const keyv = (namespace) => {
    const opened = createKeyv(url, { namespace, throwOnErrors: true });
    scope.defer(() => opened.disconnect());
    return opened;
  };
  return { scope, client, url, keyv };
}

test('Keyv: values, times to live, many at once, namespaces', async (t) => {
  const { client, keyv } = await open(t);
  const [users, pages] = [keyv('users'), keyv('pages')];
  await users.set('anna', { age: 41, tags: ['a', 'ü'] }, LONG_MS);
  assert.deepEqual(await users.get('anna'), { age: 41, tags: ['a', 'ü'] });
  assert.equal(await pages.get('anna'), undefined);
  assert.ok((await client.pTTL('users::anna')) > LONG_MS - 60_000);
  await users.set('brief', 1, 1);
  await waitUntil(async () => (await users.get('brief')) === undefined, 'it expires');
  await pages.setMany(Array.from({ length: 1500 }, (_, number) => (
    { key: `p${number}`, value: number, ttl: LONG_MS })));
  assert.deepEqual(await pages.getMany(['p3', 'none', 'p1499']), [3, undefined, 1499]);
  assert.deepEqual(await pages.has('p7'), true);
  assert.equal(await pages.delete('p7'), true);
  assert.equal(await pages.delete('p7'), false);
  let seen = 0;
  for await (const [, value] of pages.iterator()) seen += value === undefined ? 0 : 1;
  assert.equal(seen, 1499);
  await pages.clear();
  assert.equal(await pages.get('p3'), undefined);
  assert.deepEqual(await users.get('anna'), { age: 41, tags: ['a', 'ü'] });
  assert.equal(await client.dbSize(), 1);
});

test('cacheable: a first level in memory, the second on the server', async (t) => {
  const { scope, client, keyv } = await open(t);
  const caches = [1, 2].map(() => {
    const cache = new Cacheable({ secondary: keyv('shared'), ttl: LONG_MS });
    scope.defer(() => cache.disconnect());
    return cache;
  });
  await caches[0].set('product', { price: 7 });
  assert.deepEqual(await caches[1].get('product'), { price: 7 });
  // From its own memory even when the server has lost it.
  await client.flushDb();
  assert.deepEqual(await caches[1].get('product'), { price: 7 });
  let loads = 0;
  const load = caches[0].wrap(async (number) => {
    ++loads;
    return number * 2;
  }, { ttl: LONG_MS, keyPrefix: 'double' });
  assert.deepEqual(await Promise.all([load(21), load(21), load(21)]), [42, 42, 42]);
  assert.equal(loads, 1);
  let made = 0;
  const make = async () => ++made;
  const values = await Promise.all(Array.from({ length: 20 }, () => (
    caches[0].getOrSet('report', make, { ttl: LONG_MS }))));
  assert.deepEqual(new Set(values), new Set([1]));
  assert.equal(await caches[1].getOrSet('report', make), 1);
  await caches[1].deleteMany(['report', 'product']);
  assert.equal(await caches[1].get('report'), undefined);
});

test('cache-manager: wrap, refresh ahead, many at once', async (t) => {
  const { client, keyv } = await open(t);
  const cache = createCache({ stores: [keyv('cm')], ttl: LONG_MS, refreshThreshold: LONG_MS / 2 });
  let loads = 0;
  const load = () => cache.wrap('report', async () => ++loads);
  const values = await Promise.all(Array.from({ length: 20 }, load));
  assert.deepEqual(new Set(values), new Set([1]));
  assert.equal(await load(), 1);
  // Less time is left than the threshold: the old value now, a new one behind it.
  await cache.set('report', 1, LONG_MS / 4);
  assert.equal(await load(), 1);
  await waitUntil(async () => (await cache.get('report')) === 2, 'it was refreshed');
  await cache.mset([{ key: 'a', value: 1 }, { key: 'b', value: [2] }]);
  assert.deepEqual(await cache.mget(['a', 'b', 'c']), [1, [2], undefined]);
  await cache.mdel(['a', 'b']);
  assert.deepEqual(await cache.mget(['a', 'b']), [undefined, undefined]);
  assert.equal(await cache.clear(), true);
  assert.equal(await client.dbSize(), 0);
});

test('Keyv that does not block answers from nothing while its server is away', async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  const keyv = createKeyvNonBlocking(`redis://${HOST}:${server.port}`);
  scope.defer(() => keyv.disconnect(true));
  keyv.on('error', () => {});
  await waitUntil(async () => {
    await keyv.set('key', 'value');
    return (await keyv.get('key')) === 'value';
  }, 'it is connected');
  await server.kill();
  await waitUntil(async () => (await keyv.get('key')) === undefined, 'the server is gone');
  await server.startAgain();
  await waitUntil(async () => {
    await keyv.set('key', 'again');
    return (await keyv.get('key')) === 'again';
  }, 'it is back');
});

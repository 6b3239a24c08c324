import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EventInvalidatedCache, invalidateByPattern, QueryCache, TaggedCache }
  from './apps/invalidation.mjs';
import { Scope, waitUntil } from './server.mjs';
import { STORES } from './stores.mjs';

const KEYS = 100_000;

for (const Store of STORES) {
  test(`${Store.name}: an event reaches every instance`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const instances = [];
    for (let i = 0; i < 3; ++i) instances.push(await EventInvalidatedCache.open(store));
    assert.equal(await instances[0].put('price', '1'), 3);
    await waitUntil(() => instances.every((each) => each.local.size === 0), 'no copies');
    for (const each of instances) assert.equal(await each.get('price'), '1');
    assert.equal(await instances[1].put('price', '2'), 3);
    for (const each of instances) {
      await waitUntil(async () => (await each.get('price')) === '2', 'the event drops the copy');
    }
  });

  test(`${Store.name}: by key`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    for (let i = 0; i < 10; ++i) await store.set(`k${i}`, String(i));
    assert.equal(await store.del(['k1', 'k2', 'missing']), 2);
    assert.equal(await store.unlink(['k3', 'k3']), 1);
    assert.equal(await store.exists(['k0', 'k1', 'k2', 'k3', 'k4']), 2);
  });

  test(`${Store.name}: by pattern over ${KEYS} keys`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    for (let from = 0; from < KEYS; from += 10_000) {
      const commands = [];
      for (let i = from; i < from + 10_000; ++i) commands.push(['SET', `page:${i}`, i, 'EX', 3600]);
      await store.pipeline(commands);
    }
    await store.set('kept', '1');
    assert.equal(await invalidateByPattern(store, 'page:?'), 10);
    assert.equal(await invalidateByPattern(store, 'page:*'), KEYS - 10);
    assert.equal(await store.dbSize(), 1);
  });

  test(`${Store.name}: by tag`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const cache = new TaggedCache(store, 600);
    await Promise.all(Array.from({ length: 500 },
      (_, i) => cache.put(`product:${i}`, `v${i}`, ['products', `shop${i % 4}`])));
    assert.ok((await store.ttl('tag:products')) > 600);
    assert.equal(await cache.invalidate('shop1'), 125);
    assert.equal(await cache.invalidate('shop1'), 0);
    assert.equal(await store.get('product:1'), null);
    assert.equal(await store.get('product:2'), 'v2');
    assert.equal(await cache.invalidate('products'), 375);
    assert.equal(await store.dbSize(), 3);
  });

  test(`${Store.name}: all variants of a query`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const cache = new QueryCache(store, 300);
    let runs = 0;
    const run = async (query) => (++runs, [query.page, query.order ?? 'asc']);
    for (const round of [1, 2]) {
      for (let page = 0; page < 20; ++page) {
        const query = round === 1 ? { page, order: 'desc' } : { order: 'desc', page };
        assert.deepEqual(await cache.fetch('items', query, run), [page, 'desc']);
      }
    }
    assert.equal(runs, 20);
    await cache.fetch('users', { page: 1 }, run);
    assert.equal(await cache.invalidate('items'), 20);
    assert.equal(await cache.invalidate('items'), 0);
    await cache.fetch('users', { page: 1 }, run);
    assert.equal(runs, 21);
    const stale = await cache.fetch('items', { page: 0 }, async () => {
      await cache.invalidate('items');
      return ['old'];
    });
    assert.deepEqual(stale, ['old']);
    assert.deepEqual(await cache.fetch('items', { page: 0 }, run), [0, 'asc']);
  });
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { cached, CacheAside } from './apps/cache_aside.mjs';
import { Scope, waitUntil } from './server.mjs';
import { STORES } from './stores.mjs';

const CALLERS = 200;
const product = { name: 'Grüße', price: 12.5 };

for (const Store of STORES) {
  test(`${Store.name}: second read is a hit and carries the TTL`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const cache = new CacheAside(store, 100);
    let loads = 0;
    const load = async () => (loads++, product);
    assert.deepEqual(await cache.get('product:1', load), product);
    assert.deepEqual(await cache.get('product:1', load), product);
    assert.equal(loads, 1);
    const ttl = await store.ttl('product:1');
    assert.ok(ttl > 0 && ttl <= 100);
  });

  test(`${Store.name}: expired entry is loaded again`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const cache = new CacheAside(store, 1);
    let loads = 0;
    const load = async () => (loads++, product);
    await cache.get('product:1', load);
    await waitUntil(async () => (await store.get('product:1')) === null, 'the entry expires');
    assert.equal(await store.ttl('product:1'), -2);
    await cache.get('product:1', load);
    assert.equal(loads, 2);
  });

  test(`${Store.name}: two hundred callers on twenty connections load once`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const caches = [];
    for (let i = 0; i < 20; ++i) caches.push(new CacheAside(await Store.open(scope, server), 600));
    let loads = 0;
    const load = async () => {
      loads++;
      await sleep(50);
      return product;
    };
    const results = await Promise.all(Array.from({ length: CALLERS },
      (_, caller) => caches[caller % 20].getOrSet('product:1', load)));
    assert.equal(loads, 1);
    for (const result of results) assert.deepEqual(result, product);
    assert.equal(await caches[0].store.exists(['lock:product:1']), 0);
  });

  test(`${Store.name}: loader that fails releases its lock`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const cache = new CacheAside(store, 100);
    await assert.rejects(cache.getOrSet('k', async () => { throw new Error('source is down'); }),
                         /source is down/);
    assert.equal(await store.exists(['lock:k', 'k']), 0);
    assert.equal(await cache.getOrSet('k', async () => 7), 7);
  });

  test(`${Store.name}: calls are kept under a hash of their arguments`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const calls = [];
    const hash = (text) => createHash('sha256').update(text).digest('hex');
    const area = cached(store, 60, 'area', async (size, unit = 'm') => {
      calls.push([size, unit]);
      return size.width ? { area: size.width * size.height, unit } : undefined;
    }, hash);
    assert.deepEqual(await area({ width: 2, height: 3 }), { area: 6, unit: 'm' });
    assert.deepEqual(await area({ width: 2, height: 3 }), { area: 6, unit: 'm' });
    assert.deepEqual(await area({ width: 2, height: 3 }, 'cm'), { area: 6, unit: 'cm' });
    assert.equal(await area({}), undefined);
    assert.equal(await area({}), undefined);
    assert.equal(calls.length, 3);
    assert.equal(await store.dbSize(), 3);
    assert.equal(await area.forget({}), 1);
    assert.equal(await area.forget({}), 0);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LeaseLock } from './apps/lease_lock.mjs';
import { Scope, waitUntil } from './server.mjs';
import { STORES } from './stores.mjs';

const WORKERS = 64;
const ROUNDS = 5;
const LONG_S = 600;

for (const Store of STORES) {
  test(`${Store.name}: only the owner releases and extends`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const owner = new LeaseLock(store, 'lock', LONG_S);
    const other = new LeaseLock(store, 'lock', LONG_S);
    assert.equal(await owner.tryAcquire(), true);
    assert.equal(await other.tryAcquire(), false);
    assert.equal(await other.release(), false);
    assert.equal(await other.extend(5_000_000), false);
    assert.equal(await owner.extend(5_000_000), true);
    assert.ok((await store.ttl('lock')) > LONG_S);
    assert.equal(await owner.release(), true);
    assert.equal(await owner.release(), false);
    assert.equal(await other.tryAcquire(), true);
  });

  test(`${Store.name}: lost by timeout`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const slow = new LeaseLock(store, 'lock', 1);
    const next = new LeaseLock(store, 'lock', LONG_S);
    assert.equal(await slow.tryAcquire(), true);
    await waitUntil(() => next.tryAcquire(), 'the first owner runs out of time');
    assert.equal(await slow.extend(1000), false);
    assert.equal(await slow.release(), false);
    assert.equal(await store.get('lock'), next.token);
  });

  test(`${Store.name}: ${WORKERS} workers exclude each other`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    let inside = 0;
    let violations = 0;
    await Promise.all(Array.from({ length: WORKERS }, async () => {
      const store = await Store.open(scope, server);
      const lock = new LeaseLock(store, 'lock', LONG_S);
      for (let round = 0; round < ROUNDS; ++round) {
        await lock.acquire();
        if (++inside !== 1) ++violations;
        // A read-modify-write that two holders at once would tear.
        await store.set('count', String(Number(await store.get('count')) + 1));
        if (inside-- !== 1) ++violations;
        assert.equal(await lock.release(), true);
      }
    }));
    const store = await Store.open(scope, server);
    assert.equal(violations, 0);
    assert.equal(await store.get('count'), String(WORKERS * ROUNDS));
  });
}

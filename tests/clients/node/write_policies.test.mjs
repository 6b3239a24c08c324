import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WriteBehind, WriteThrough } from './apps/write_policies.mjs';
import { Scope } from './server.mjs';
import { IoRedisStore, NodeRedisStore, STORES } from './stores.mjs';

for (const Store of STORES) {
  test(`${Store.name}: write-through reaches table and cache`, async (t) => {
    const scope = new Scope(t);
    const cache = new WriteThrough(await Store.open(scope, await scope.server()), new Map(), 100);
    await cache.put('a', '1');
    assert.equal(cache.table.get('a'), '1');
    assert.equal(await cache.store.get('item:a'), '1');
    await cache.store.flushDb();
    assert.equal(await cache.get('a'), '1');
    assert.equal(await cache.store.get('item:a'), '1');
    assert.equal(await cache.get('missing'), undefined);
  });

  test(`${Store.name}: write-behind loses no update while flushing`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const cache = new WriteBehind(await Store.open(scope, server), new Map());
    const flusher = new WriteBehind(await Store.open(scope, server), cache.table);
    let writing = true;
    const flushing = (async () => {
      for (;;) {
        const last = !writing;
        if ((await flusher.flush(7)) === 0 && last) return;
      }
    })();
    await Promise.all(Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; i < 200; ++i) await cache.put(`w${writer}:${i % 20}`, String(i));
    }));
    writing = false;
    await flushing;
    for (let writer = 0; writer < 4; ++writer) {
      for (let slot = 0; slot < 20; ++slot) {
        assert.equal(cache.table.get(`w${writer}:${slot}`), String(180 + slot));
      }
    }
    assert.equal(await cache.store.exists(['dirty']), 0);
  });
}

// WATCH differs too much between the clients for one interface.
test('ioredis: optimistic counters under WATCH lose nothing', async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  await Promise.all(Array.from({ length: 8 }, async () => {
    const { client } = await IoRedisStore.open(scope, server);
    for (let done = 0; done < 25;) {
      await client.watch('total');
      const held = Number(await client.get('total'));
      if (await client.multi().set('total', held + 1).exec()) ++done;
    }
  }));
  const { client } = await IoRedisStore.open(scope, server);
  assert.equal(await client.get('total'), '200');
});

test('node-redis: optimistic counters under WATCH lose nothing', async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  await Promise.all(Array.from({ length: 8 }, async () => {
    const { client } = await NodeRedisStore.open(scope, server);
    for (let done = 0; done < 25;) {
      await client.watch('total');
      const held = Number(await client.get('total'));
      try {
        await client.multi().set('total', String(held + 1)).exec();
        ++done;
      } catch (error) {
        assert.equal(error.constructor.name, 'WatchError');
      }
    }
  }));
  const { client } = await NodeRedisStore.open(scope, server);
  assert.equal(await client.get('total'), '200');
});

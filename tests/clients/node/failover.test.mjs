// The server is killed and started under clients that retry and fall back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Scope, waitUntil } from './server.mjs';
import { IoRedisStore, NodeRedisStore } from './stores.mjs';

// A cache whose loss costs speed, never an answer.
class ResilientCache {
  constructor(store, load) {
    Object.assign(this, { store, load, fallbacks: 0 });
  }

  async get(key) {
    try {
      const held = await this.store.get(key);
      if (held !== null) return held;
      const value = this.load(key);
      await this.store.set(key, value, { ttlS: 600 });
      return value;
    } catch {
      this.fallbacks++;
      return this.load(key);
    }
  }
}

const load = (key) => `value of ${key}`;

const FLAVOURS = [
  ['ioredis', IoRedisStore,
   { maxRetriesPerRequest: 0, enableOfflineQueue: false, retryStrategy: () => 20 },
   (store) => store.client.status === 'ready'],
  ['node-redis', NodeRedisStore, { disableOfflineQueue: true }, (store) => store.client.isReady],
];

for (const [name, Store, options, ready] of FLAVOURS) {
  test(`${name}: falls back while the server is down, returns when it is back`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const store = await Store.open(scope, server, options);
    const cache = new ResilientCache(store, load);
    assert.equal(await cache.get('a'), load('a'));
    assert.equal(await store.get('a'), load('a'));
    await server.kill();
    await waitUntil(() => !ready(store), 'the client notices');
    assert.equal(await cache.get('a'), load('a'));
    assert.equal(await cache.get('b'), load('b'));
    assert.equal(cache.fallbacks, 2);
    await server.startAgain();
    await waitUntil(() => ready(store), 'the client is back');
    assert.equal(await cache.get('a'), load('a'));
    assert.equal(await store.get('a'), load('a'));
    assert.equal(cache.fallbacks, 2);
  });

  test(`${name}: every answer is right while the server comes and goes`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const store = await Store.open(scope, server, options);
    const cache = new ResilientCache(store, load);
    let done = false;
    let answers = 0;
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = 0; !done; ++i) {
        const key = `${worker}:${i % 50}`;
        assert.equal(await cache.get(key), load(key));
        ++answers;
        // A fallback does no input or output: let the event loop turn.
        await turn();
      }
    });
    for (let round = 0; round < 3; ++round) {
      const seen = answers;
      await waitUntil(() => answers > seen + 200, 'answers');
      await server.kill();
      const { fallbacks } = cache;
      await waitUntil(() => cache.fallbacks > fallbacks + 20, 'fallbacks');
      await server.startAgain();
      await waitUntil(() => ready(store), 'the client is back');
    }
    await waitUntil(() => store.dbSize().then((size) => size >= 300, () => false), 'it fills again');
    done = true;
    await Promise.all(workers);
  });
}

test('ioredis: the offline queue keeps commands until the server is back', async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  const store = await IoRedisStore.open(scope, server,
                                        { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  await server.kill();
  const writes = Array.from({ length: 100 }, (_, i) => store.set(`k${i}`, `v${i}`));
  await server.startAgain();
  assert.ok((await Promise.all(writes)).every(Boolean));
  assert.equal(await store.dbSize(), 100);
});

for (const [name, Store] of [['ioredis', IoRedisStore], ['node-redis', NodeRedisStore]]) {
  test(`${name}: a subscriber subscribes again after a restart`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const store = await Store.open(scope, server);
    const received = [];
    await store.subscribe('news', (message) => received.push(message));
    await server.kill();
    await server.startAgain();
    await waitUntil(async () => {
      await store.publish('news', 'again').catch(() => {});
      return received.includes('again');
    }, 'a message after the restart');
  });
}

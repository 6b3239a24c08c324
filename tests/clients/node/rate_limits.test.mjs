// rate-limit-redis (behind express-rate-limit) and rate-limiter-flexible as they are.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRedis, RLWrapperBlackAndWhite }
  from 'rate-limiter-flexible';

import { HOST, Scope, waitUntil } from './server.mjs';
import { IoRedisStore, STORES } from './stores.mjs';

// A window that no pause of a busy machine outlasts.
const LONG_S = 600;

async function limitedApp(scope, store, options = {}) {
  const app = express();
  app.use(rateLimit({
    windowMs: LONG_S * 1000,
    limit: 10,
    standardHeaders: 'draft-8',
    legacyHeaders: true,
    keyGenerator: (request) => request.get('x-user') ?? 'nobody',
    store: new RedisStore({ sendCommand: (...command) => store.raw(...command) }),
    ...options,
  }));
  app.get('/', (_, response) => response.send('ok'));
  const http = app.listen(0, HOST);
  await once(http, 'listening');
  scope.defer(() => {
    http.closeAllConnections();
    return new Promise((resolve) => http.close(resolve));
  });
  return async (user) => {
    const response = await fetch(`http://${HOST}:${http.address().port}/`,
                                 { headers: { 'x-user': user } });
    await response.text();
    return response;
  };
}

for (const Store of STORES) {
  test(`rate-limit-redis on ${Store.name}: lets the limit pass, then answers 429`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const get = await limitedApp(scope, store);
    const replies = await Promise.all(Array.from({ length: 40 }, () => get('anna')));
    const counts = { 200: 0, 429: 0 };
    for (const reply of replies) counts[reply.status]++;
    assert.deepEqual(counts, { 200: 10, 429: 30 });
    assert.equal((await get('bert')).status, 200);
    assert.equal(await store.get('rl:anna'), '40');
    const ttl = await store.ttl('rl:anna');
    assert.ok(ttl > 0 && ttl <= LONG_S);
    assert.equal((await get('bert')).headers.get('x-ratelimit-remaining'), '8');
  });

  test(`rate-limit-redis on ${Store.name}: survives SCRIPT FLUSH, window ends`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const get = await limitedApp(scope, store, { limit: 1 });
    assert.equal((await get('anna')).status, 200);
    await store.raw('SCRIPT', 'FLUSH');
    assert.equal((await get('anna')).status, 429);
    await store.raw('PEXPIRE', 'rl:anna', '1');
    await waitUntil(async () => (await store.exists(['rl:anna'])) === 0, 'the window ends');
    assert.equal((await get('anna')).status, 200);
  });

  test(`rate-limit-redis on ${Store.name}: get, decrement and resetKey`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const limits = new RedisStore({ prefix: 'p:', sendCommand: (...c) => store.raw(...c) });
    await limits.init({ windowMs: LONG_S * 1000 });
    for (const hits of [1, 2, 3]) assert.equal((await limits.increment('k')).totalHits, hits);
    await limits.decrement('k');
    const found = await limits.get('k');
    assert.equal(found.totalHits, 2);
    assert.ok(found.resetTime.getTime() > Date.now());
    await limits.resetKey('k');
    assert.equal(await store.exists(['p:k']), 0);
    assert.equal((await limits.increment('k')).totalHits, 1);
  });

  test(`rate-limiter-flexible on ${Store.name}: consumes, rejects, rewards`, async (t) => {
    const scope = new Scope(t);
    const { client } = await Store.open(scope, await scope.server());
    const limiter = limiterOn(Store, client, { points: 20, duration: LONG_S });
    const outcomes = await Promise.allSettled(Array.from({ length: 50 },
                                                         () => limiter.consume('anna')));
    assert.equal(outcomes.filter((each) => each.status === 'fulfilled').length, 20);
    const rejected = outcomes.filter((each) => each.status === 'rejected');
    assert.equal(rejected.length, 30);
    assert.equal(rejected[0].reason.remainingPoints, 0);
    assert.ok(rejected[0].reason.msBeforeNext > 0);
    assert.equal((await limiter.get('anna')).consumedPoints, 50);
    assert.equal((await limiter.reward('anna', 31)).consumedPoints, 19);
    assert.equal((await limiter.consume('anna')).remainingPoints, 0);
    assert.equal((await limiter.penalty('bert', 5)).consumedPoints, 5);
    assert.equal((await limiter.consume('bert', 15)).remainingPoints, 0);
    await assert.rejects(limiter.consume('bert'), (reason) => reason.consumedPoints === 21);
    assert.equal(await limiter.delete('bert'), true);
    assert.equal(await limiter.get('bert'), null);
    await limiter.set('carl', 3, LONG_S);
    assert.equal((await limiter.get('carl')).remainingPoints, 17);
  });

  test(`rate-limiter-flexible on ${Store.name}: blocks, for ever without duration`, async (t) => {
    const scope = new Scope(t);
    const { client } = await Store.open(scope, await scope.server());
    const limiter = limiterOn(Store, client,
                              { points: 2, duration: LONG_S, blockDuration: 3 * LONG_S });
    const blocked = (reason) => reason.msBeforeNext > 2 * LONG_S * 1000;
    await limiter.consume('anna', 2);
    await assert.rejects(limiter.consume('anna'), blocked);
    assert.ok(blocked(await limiter.get('anna')));
    await limiter.block('bert', LONG_S);
    await assert.rejects(limiter.consume('bert'), (reason) => reason.msBeforeNext > 1000);
    const forEver = limiterOn(Store, client, { points: 2, duration: 0, keyPrefix: 'ever' });
    await forEver.consume('anna');
    assert.equal((await forEver.consume('anna')).remainingPoints, 0);
    await assert.rejects(forEver.consume('anna'), (reason) => reason.msBeforeNext === -1);
  });

  test(`rate-limiter-flexible on ${Store.name}: the window ends`, async (t) => {
    const scope = new Scope(t);
    const { client } = await Store.open(scope, await scope.server());
    const limiter = limiterOn(Store, client, { points: 1, duration: 1 });
    await limiter.consume('anna');
    await waitUntil(() => limiter.consume('anna').catch(() => null), 'points again');
  });
}

function limiterOn(Store, client, options) {
  return new RateLimiterRedis({ storeClient: client, useRedisPackage: Store !== IoRedisStore,
                                ...options });
}

test('rate-limiter-flexible: falls back to memory while the server is down', async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  const { client } = await IoRedisStore.open(scope, server,
                                             { maxRetriesPerRequest: 0, enableOfflineQueue: false });
  const insuranceLimiter = new RateLimiterMemory({ points: 1, duration: LONG_S });
  const limiter = limiterOn(IoRedisStore, client, { points: 5, duration: LONG_S, insuranceLimiter });
  assert.equal((await limiter.consume('anna')).remainingPoints, 4);
  await server.kill();
  await waitUntil(() => client.status !== 'ready', 'the client notices');
  assert.equal((await limiter.consume('anna')).remainingPoints, 0);
  await assert.rejects(limiter.consume('anna'), (reason) => reason.consumedPoints === 2);
  await server.startAgain();
  await waitUntil(() => client.status === 'ready', 'the client is back');
  assert.equal((await limiter.consume('anna')).remainingPoints, 4);
});

test('rate-limiter-flexible: bursts and white lists', async (t) => {
  const scope = new Scope(t);
  const { client } = await IoRedisStore.open(scope, await scope.server());
  const bursty = new BurstyRateLimiter(
    limiterOn(IoRedisStore, client, { points: 2, duration: LONG_S }),
    limiterOn(IoRedisStore, client, { points: 3, duration: LONG_S, keyPrefix: 'burst' }));
  for (let i = 0; i < 5; ++i) await bursty.consume('anna');
  await assert.rejects(bursty.consume('anna'));
  const listed = new RLWrapperBlackAndWhite({
    limiter: limiterOn(IoRedisStore, client, { points: 1, duration: LONG_S, keyPrefix: 'list' }),
    whiteList: ['anna'], blackList: ['bert'],
  });
  for (let i = 0; i < 5; ++i) await listed.consume('anna');
  await assert.rejects(listed.consume('bert'));
});

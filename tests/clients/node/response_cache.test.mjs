import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import express from 'express';

import { ResponseCache } from './apps/response_cache.mjs';
import { HOST, Scope, waitUntil } from './server.mjs';
import { STORES } from './stores.mjs';

async function gateway(scope, store) {
  const cache = new ResponseCache(store);
  const app = express();
  const calls = { count: 0 };
  const product = { name: 'products', ttlS: 600, parameters: ['page', 'size'],
                    headers: ['accept-language'] };
  app.get('/products', cache.middleware(product), (request, response) => {
    calls.count++;
    response.json({ page: request.query.page, language: request.get('accept-language') });
  });
  app.get('/prices', cache.middleware({ name: 'prices', ttlS: 1 }), (_, response) => {
    calls.count++;
    response.send(Buffer.from([0, 255, 13, 10]));
  });
  app.get('/countries', cache.middleware({ name: 'countries', ttlS: 0 }), (_, response) => {
    calls.count++;
    response.send('<b>Österreich</b>');
  });
  app.get('/missing', cache.middleware({ name: 'missing', ttlS: 0 }), (_, response) => {
    calls.count++;
    response.status(404).send('no');
  });
  const http = app.listen(0, HOST);
  await once(http, 'listening');
  scope.defer(() => {
    http.closeAllConnections();
    return new Promise((resolve) => http.close(resolve));
  });
  const get = async (path, headers = {}) => {
    const response = await fetch(`http://${HOST}:${http.address().port}${path}`, { headers });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, type: response.headers.get('content-type'),
             hit: response.headers.get('x-cache') === 'HIT', body };
  };
  return { cache, calls, get };
}

for (const Store of STORES) {
  test(`${Store.name}: keys are made of path, chosen parameters and headers`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const { calls, get } = await gateway(scope, store);
    const english = { 'accept-language': 'en' };
    const first = await get('/products?page=1&size=5&utm=a', english);
    const second = await get('/products?size=5&page=1&utm=b', { ...english, 'x-other': '1' });
    assert.deepEqual([first.hit, second.hit], [false, true]);
    assert.deepEqual(second.body, first.body);
    assert.equal(second.type, first.type);
    assert.equal((await get('/products?page=2&size=5', english)).hit, false);
    assert.equal((await get('/products?page=1&size=5', { 'accept-language': 'de' })).hit, false);
    assert.equal((await get('/products?page=1&size=5', { 'accept-language': 'de' })).hit, true);
    assert.equal(calls.count, 3);
  });

  test(`${Store.name}: TTL per operation, zero is for ever, errors are not kept`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const { get } = await gateway(scope, store);
    for (const path of ['/prices', '/countries', '/products', '/missing', '/missing']) {
      assert.equal((await get(path)).hit, false);
    }
    const keyOf = async (name) => {
      const found = [];
      for await (const keys of store.scan(`response:${name}:*`)) found.push(...keys);
      return found[0];
    };
    assert.equal(await store.ttl(await keyOf('countries')), -1);
    const ttl = await store.ttl(await keyOf('products'));
    assert.ok(ttl > 0 && ttl <= 600);
    assert.equal(await keyOf('missing'), undefined);
    await waitUntil(async () => (await keyOf('prices')) === undefined, 'prices expire');
    const prices = await get('/prices');
    assert.equal(prices.hit, false);
    assert.deepEqual(prices.body, Buffer.from([0, 255, 13, 10]));
    assert.equal((await get('/countries')).body.toString(), '<b>Österreich</b>');
    assert.equal((await get('/countries')).hit, true);
  });

  test(`${Store.name}: invalidation by name and full flush`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const { cache, get } = await gateway(scope, store);
    for (let page = 0; page < 150; ++page) await get(`/products?page=${page}`);
    await get('/countries');
    assert.equal(await cache.invalidate('products'), 150);
    assert.equal((await get('/products?page=3')).hit, false);
    assert.equal((await get('/countries')).hit, true);
    await cache.flush();
    assert.equal(await store.dbSize(), 0);
    assert.equal((await get('/countries')).hit, false);
  });
}

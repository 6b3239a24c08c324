// Sessions of a web application on express-session and connect-redis, on two instances of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';

import { HOST, Scope, waitUntil } from './server.mjs';
import { NodeRedisStore } from './stores.mjs';

async function instance(scope, server, options = {}) {
  const { client } = await NodeRedisStore.open(scope, server);
  const store = new RedisStore({ client, prefix: 'session:', ttl: 600, ...options });
  const app = express();
  app.use(session({ store, secret: 'not a secret', resave: false, saveUninitialized: false }));
  app.get('/', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json({ visits: request.session.visits, user: request.session.user ?? null });
  });
  app.get('/login/:user', (request, response, next) => {
    // A new id on login, as every guide to sessions asks.
    request.session.regenerate((error) => {
      if (error) return next(error);
      request.session.user = request.params.user;
      response.json({});
    });
  });
  app.get('/logout', (request, response) => request.session.destroy(() => response.json({})));
  const listening = app.listen(0, HOST);
  await once(listening, 'listening');
  scope.defer(() => listening.close());
  return { url: `http://${HOST}:${listening.address().port}`, store, client };
}

// A browser that keeps its cookie.
class Browser {
  async get(app, path = '/') {
    const headers = { connection: 'close', ...(this.cookie ? { cookie: this.cookie } : {}) };
    const response = await fetch(app.url + path, { headers });
    const set = response.headers.getSetCookie();
    if (set.length > 0) this.cookie = set[0].split(';')[0];
    return response.json();
  }
}

test('connect-redis: instances share sessions; users do not', async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  const apps = [await instance(scope, server), await instance(scope, server)];
  const [anna, bert] = [new Browser(), new Browser()];
  for (let visit = 1; visit <= 6; ++visit) {
    assert.equal((await anna.get(apps[visit % 2])).visits, visit);
  }
  assert.equal((await bert.get(apps[0])).visits, 1);
  const before = anna.cookie;
  await anna.get(apps[0], '/login/anna');
  assert.notEqual(anna.cookie, before);
  assert.equal((await anna.get(apps[1])).user, 'anna');
  assert.equal((await bert.get(apps[1])).user, null);
  await anna.get(apps[1], '/logout');
  assert.deepEqual(await anna.get(apps[0]), { visits: 1, user: null });
});

test('connect-redis: sessions expire, are listed, touched and cleared', async (t) => {
  const scope = new Scope(t);
  const { store, client } = await instance(scope, await scope.server());
  const cookie = { originalMaxAge: null };
  for (let number = 0; number < 250; ++number) {
    await store.set(`id${number}`, { cookie, number });
  }
  assert.equal(await store.length(), 250);
  assert.equal((await store.ids()).length, 250);
  assert.equal((await store.all()).length, 250);
  assert.ok((await client.ttl('session:id7')) > 590);
  await client.expire('session:id7', 100);
  await store.touch('id7', { cookie });
  assert.ok((await client.ttl('session:id7')) > 590);
  await client.pExpire('session:id8', 1);
  await waitUntil(async () => (await store.get('id8')) == null, 'the session expires');
  await store.destroy('id9');
  assert.equal(await store.length(), 248);
  await client.set('other', 'kept');
  await store.clear();
  assert.equal(await store.length(), 0);
  assert.equal(await client.get('other'), 'kept');
});

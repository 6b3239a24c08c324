// redlock as it is: version 4 (npm's latest) and version 5, over one server and over three.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import Redlock4 from 'redlock';
import Redlock5 from 'redlock5';

import { DEADLINE_MS, Scope, waitUntil } from './server.mjs';
import { IoRedisStore } from './stores.mjs';

// Longer than any pause of a busy machine: no lock is lost by its time except where that is the test.
const LONG_MS = 600_000;

async function clientsOf(scope, servers) {
  const clients = [];
  for (const server of servers) clients.push((await IoRedisStore.open(scope, server)).client);
  return clients;
}

async function startServers(scope, count) {
  const servers = [];
  for (let i = 0; i < count; ++i) servers.push(await scope.server());
  return servers;
}

// Version 5 answers as soon as a quorum has voted. Until the last server has voted too, its late
// vote would count against the next owner: wait for all.
async function settled(operation) {
  const result = await operation;
  await Promise.all(result.attempts);
  return result;
}

for (const count of [1, 3]) {
  const servers = `${count} server${count > 1 ? 's' : ''}`;

  test(`redlock 4, ${servers}: only one owner, extended, released`, async (t) => {
    const scope = new Scope(t);
    const clients = await clientsOf(scope, await startServers(scope, count));
    const redlock = new Redlock4(clients, { retryCount: 0 });
    redlock.on('clientError', () => {});
    const lock = await redlock.lock(['stock:1', 'stock:2'], LONG_MS);
    for (const client of clients) assert.equal(await client.get('stock:1'), lock.value);
    await assert.rejects(redlock.lock('stock:2', LONG_MS), { name: 'LockError' });
    await lock.extend(2 * LONG_MS);
    for (const client of clients) assert.ok((await client.pttl('stock:2')) > LONG_MS);
    await lock.unlock();
    for (const client of clients) assert.equal(await client.exists('stock:1', 'stock:2'), 0);
    await assert.rejects(lock.unlock(), { name: 'LockError' });
    await (await redlock.lock('stock:2', LONG_MS)).unlock();
  });

  test(`redlock 5, ${servers}: only one owner, extended, released`, async (t) => {
    const scope = new Scope(t);
    const clients = await clientsOf(scope, await startServers(scope, count));
    const redlock = new Redlock5(clients, { retryCount: 0 });
    redlock.on('error', () => {});
    const lock = await settled(redlock.acquire(['stock:1', 'stock:2'], LONG_MS));
    for (const client of clients) assert.equal(await client.get('stock:1'), lock.value);
    await assert.rejects(redlock.acquire(['stock:2'], LONG_MS), { name: 'ExecutionError' });
    const longer = await settled(lock.extend(2 * LONG_MS));
    for (const client of clients) assert.ok((await client.pttl('stock:2')) > LONG_MS);
    await settled(longer.release());
    for (const client of clients) assert.equal(await client.exists('stock:1', 'stock:2'), 0);
    await settled((await settled(redlock.acquire(['stock:2'], LONG_MS))).release());
  });

  test(`redlock 4, ${servers}: workers exclude each other`, async (t) => {
    await contend(t, count, async (clients) => {
      const redlock = new Redlock4(clients, { retryCount: -1, retryDelay: 20, retryJitter: 15 });
      redlock.on('clientError', () => {});
      return {
        acquire: () => redlock.lock('lock', LONG_MS),
        release: (lock) => lock.unlock(),
      };
    });
  });

  test(`redlock 5, ${servers}: workers exclude each other`, async (t) => {
    await contend(t, count, async (clients) => {
      // Its own retries keep the votes of a lost round, so that with three servers three workers
      // could hold one each for ever: a failed acquire gives them back, then the worker tries again.
      const redlock = new Redlock5(clients, { retryCount: 0 });
      redlock.on('error', () => {});
      return {
        acquire: async () => {
          const end = Date.now() + 2 * DEADLINE_MS;
          for (;;) {
            try {
              return await settled(redlock.acquire(['lock'], LONG_MS));
            } catch (error) {
              if (Date.now() > end) throw error;
              await Promise.all(error.attempts ?? []);
              await sleep(5 + Math.random() * 30);
            }
          }
        },
        release: (lock) => settled(lock.release()),
      };
    });
  });
}

async function contend(t, count, open) {
  const scope = new Scope(t);
  const servers = await startServers(scope, count);
  const [client] = await clientsOf(scope, servers);
  const workers = count === 1 ? 64 : 8;
  const rounds = count === 1 ? 2 : 4;
  const locks = [];
  for (let worker = 0; worker < workers; ++worker) {
    locks.push(await open(await clientsOf(scope, servers)));
  }
  let inside = 0;
  let violations = 0;
  await Promise.all(locks.map(async (lock) => {
    for (let round = 0; round < rounds; ++round) {
      const held = await lock.acquire();
      if (++inside !== 1) ++violations;
      await client.set('count', String(Number(await client.get('count')) + 1));
      if (inside-- !== 1) ++violations;
      await lock.release(held);
    }
  }));
  assert.equal(violations, 0);
  assert.equal(await client.get('count'), String(workers * rounds));
}

test('redlock 4: a lock is lost by its timeout', async (t) => {
  const scope = new Scope(t);
  const [client] = await clientsOf(scope, await startServers(scope, 1));
  const redlock = new Redlock4([client], { retryCount: 0 });
  redlock.on('clientError', () => {});
  await client.set('lock', 'somebody', 'PX', 300);
  const lock = await waitUntil(() => redlock.lock('lock', LONG_MS).catch(() => null), 'it expires');
  assert.equal(await client.get('lock'), lock.value);
  await client.set('lock', 'taken over');
  await assert.rejects(lock.unlock(), { name: 'LockError' });
  assert.equal(await client.get('lock'), 'taken over');
});

test('redlock 5: using() extends the lock for as long as the routine runs', async (t) => {
  const scope = new Scope(t);
  const [client] = await clientsOf(scope, await startServers(scope, 1));
  // The first extension is due one second after the lock was taken.
  const redlock = new Redlock5([client], { retryCount: 0, driftFactor: 0,
                                           automaticExtensionThreshold: LONG_MS - 1000 });
  redlock.on('error', () => {});
  await redlock.using(['lock'], LONG_MS, async (signal) => {
    const token = await client.get('lock');
    assert.ok(token);
    await client.pexpire('lock', LONG_MS / 2);
    await waitUntil(async () => (await client.pttl('lock')) > LONG_MS / 2, 'an extension');
    assert.equal(await client.get('lock'), token);
    assert.equal(signal.aborted, false);
  });
  assert.equal(await client.exists('lock'), 0);
});

test('redlock 5: two of three servers are enough, one is not', async (t) => {
  const scope = new Scope(t);
  const servers = await startServers(scope, 3);
  const clients = [];
  for (const server of servers) {
    const impatient = { maxRetriesPerRequest: 0, enableOfflineQueue: false };
    clients.push((await IoRedisStore.open(scope, server, impatient)).client);
  }
  const redlock = new Redlock5(clients, { retryCount: 0 });
  redlock.on('error', () => {});
  await servers[2].kill();
  await waitUntil(() => clients[2].status !== 'ready', 'the client notices');
  const lock = await settled(redlock.acquire(['lock'], LONG_MS));
  await assert.rejects(redlock.acquire(['lock'], LONG_MS), { name: 'ExecutionError' });
  await settled(lock.release());
  await servers[1].kill();
  await waitUntil(() => clients[1].status !== 'ready', 'the client notices');
  await assert.rejects(redlock.acquire(['lock'], LONG_MS), { name: 'ExecutionError' });
});

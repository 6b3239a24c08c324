// Fleets of short-lived connections.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';

import { HOST, Scope, waitUntil } from './server.mjs';
import { STORES } from './stores.mjs';

const IN_A_ROW = 2_000;
const AT_ONCE = 1_000;

async function info(store, field) {
  const text = await store.raw('INFO');
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(String(text))[1]);
}

// Connects, gets, closes; returns the reply.
async function visit(port) {
  const socket = net.connect(port, HOST);
  let reply = '';
  socket.on('data', (piece) => {
    reply += piece;
    if (reply.length >= 11) socket.end();
  });
  socket.write('*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n');
  await once(socket, 'close');
  return reply;
}

test(`${IN_A_ROW} connections in a row`, async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  const store = await STORES[0].open(scope, server);
  await store.set('key', 'value');
  const before = await info(store, 'total_connections_received');
  for (let i = 0; i < IN_A_ROW; ++i) assert.equal(await visit(server.port), '$5\r\nvalue\r\n');
  assert.equal(await info(store, 'total_connections_received'), before + IN_A_ROW);
  await waitUntil(async () => (await info(store, 'connected_clients')) === 1, 'all are gone');
});

for (const Store of STORES) {
  test(`${Store.name}: ${AT_ONCE} clients at once`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server('--maxclients', '4000');
    const first = await Store.open(scope, server);
    await first.set('key', 'value');
    const clients = await Promise.all(Array.from({ length: AT_ONCE },
                                                 () => Store.open(scope, server)));
    const values = await Promise.all(clients.map((each) => each.get('key')));
    assert.ok(values.every((value) => value === 'value'));
    assert.equal(await info(first, 'connected_clients'), AT_ONCE + 1);
    const counts = await Promise.all(clients.map((each) => each.incr('count')));
    assert.deepEqual(counts.sort((a, b) => a - b), Array.from({ length: AT_ONCE }, (_, i) => i + 1));
    for (const { client } of clients) (client.disconnect ?? client.destroy).call(client);
    await waitUntil(async () => (await info(first, 'connected_clients')) === 1, 'all are gone');
  });

  test(`${Store.name}: 500 clients in a row`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const first = await Store.open(scope, server);
    await first.set('key', 'value');
    for (let i = 0; i < 500; ++i) {
      const store = await Store.open(scope, server);
      assert.equal(await store.get('key'), 'value');
      scope.closers.pop()();
    }
    await waitUntil(async () => (await info(first, 'connected_clients')) === 1, 'all are gone');
  });
}

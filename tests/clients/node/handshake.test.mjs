// What the clients send on connecting, and that the server takes it.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { HOST, Scope } from './server.mjs';
import { IoRedisStore, NodeRedisStore } from './stores.mjs';

// A TCP proxy that records the commands which clients send. `commands()` returns them as text.
async function recordingProxy(scope, target) {
  const sent = [];
  const sockets = new Set();
  const proxy = net.createServer((client) => {
    const server = net.connect(target, HOST);
    const record = [];
    sent.push(record);
    client.on('data', (piece) => record.push(piece));
    for (const [from, to] of [[client, server], [server, client]]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise((resolve) => proxy.listen(0, HOST, resolve));
  scope.defer(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => proxy.close(resolve));
  });
  const commands = () => sent.flatMap((record) => parse(Buffer.concat(record).toString('latin1')));
  return { port: proxy.address().port, commands };
}

function parse(text) {
  const requests = [];
  for (let at = 0; at < text.length;) {
    const line = () => {
      const end = text.indexOf('\r\n', at);
      const found = text.slice(at + 1, end);
      at = end + 2;
      return Number(found);
    };
    const words = [];
    for (let left = line(); left > 0; --left) {
      const size = line();
      words.push(text.slice(at, at + size));
      at += size + 2;
    }
    requests.push(words.join(' ').toUpperCase());
  }
  return requests;
}

function fieldsOf(clientInfo) {
  return Object.fromEntries(clientInfo.trim().split(' ').map((pair) => pair.split('=')));
}

async function takesSetInfo(store) {
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(String(await store.raw('INFO', 'server')));
  return Number(version[1]) * 100 + Number(version[2]) >= 702;
}

const FLAVOURS = [
  ['ioredis', IoRedisStore, { db: 3, connectionName: 'gateway' }],
  ['node-redis', NodeRedisStore, { db: 3, name: 'gateway' }],
];

for (const [name, Store, options] of FLAVOURS) {
  test(`${name}: default handshake speaks RESP3`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const proxy = await recordingProxy(scope, server.port);
    const store = await Store.open(scope, proxy, options);
    assert.equal(await store.set('a', '1'), true);
    const sent = proxy.commands();
    assert.match(sent[0], /^HELLO 3/);
    assert.ok(sent.includes('SELECT 3'));
    assert.ok(sent.some((command) => /SETNAME GATEWAY/.test(command)));
    assert.ok(sent.some((command) => /^CLIENT SETINFO LIB-NAME/.test(command)));
    assert.ok(sent.some((command) => /^CLIENT SETINFO LIB-VER/.test(command)));
    const fields = fieldsOf(String(await store.raw('CLIENT', 'INFO')));
    assert.deepEqual([fields.name, fields.db, fields.resp], ['gateway', '3', '3']);
    if (await takesSetInfo(store)) {
      assert.equal(fields['lib-name'], name);
      assert.match(fields['lib-ver'], /^6\./);
    }
  });

  test(`${name}: RESP2 on request`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const proxy = await recordingProxy(scope, server.port);
    const protocol = name === 'ioredis' ? { protocol: 2 } : { RESP: 2 };
    const store = await Store.open(scope, proxy, protocol);
    assert.equal(await store.set('a', '1'), true);
    assert.ok(!proxy.commands().some((command) => command.startsWith('HELLO 3')));
    assert.equal(fieldsOf(String(await store.raw('CLIENT', 'INFO'))).resp, '2');
  });

  test(`${name}: password`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server('--requirepass', 's3cret');
    const store = await Store.open(scope, server, { password: 's3cret' });
    assert.equal(await store.set('a', '1'), true);
  });

  test(`${name}: unknown CLIENT subcommand leaves the connection open`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const id = await store.raw('CLIENT', 'ID');
    await assert.rejects(store.raw('CLIENT', 'NO-SUCH-THING', 'on'), /unknown subcommand/);
    assert.equal(await store.raw('CLIENT', 'ID'), id);
  });
}

test('ioredis: asks INFO for loading:0 before it is ready', async (t) => {
  const scope = new Scope(t);
  const server = await scope.server();
  const proxy = await recordingProxy(scope, server.port);
  const store = await IoRedisStore.open(scope, proxy);
  assert.ok(proxy.commands().includes('INFO'));
  const info = await store.raw('INFO');
  assert.match(info, /^loading:0\r$/m);
  assert.match(info, /^redis_mode:standalone\r$/m);
});

test('ioredis: autopipelining sends one batch a turn', async (t) => {
  const scope = new Scope(t);
  const store = await IoRedisStore.open(scope, await scope.server(), { enableAutoPipelining: true });
  const writes = Array.from({ length: 1000 }, (_, i) => store.client.set(`k${i}`, i));
  assert.ok((await Promise.all(writes)).every((reply) => reply === 'OK'));
  const reads = await Promise.all(Array.from({ length: 1000 }, (_, i) => store.get(`k${i}`)));
  assert.deepEqual(reads, Array.from({ length: 1000 }, (_, i) => String(i)));
});

// Real-time messages between several Socket.IO servers, over publish/subscribe and over streams.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { createAdapter as pubSubAdapter } from '@socket.io/redis-adapter';
import { createAdapter as streamsAdapter } from '@socket.io/redis-streams-adapter';
import Redis from 'ioredis';
import { createClient } from 'redis';
import { Server as SocketServer } from 'socket.io';
import { io as connect } from 'socket.io-client';

import { DEADLINE_MS, HOST, Scope, waitUntil } from './server.mjs';
import { IoRedisStore } from './stores.mjs';

// Clients that end when their last commands are answered: an adapter sends some while it closes.
async function ioRedis(scope, server) {
  const client = new Redis({ host: HOST, port: server.port, connectTimeout: DEADLINE_MS });
  client.on('error', () => {});
  await once(client, 'ready');
  scope.defer(() => client.quit());
  return client;
}

async function nodeRedis(scope, server) {
  const client = createClient({ socket: { host: HOST, port: server.port,
                                          connectTimeout: DEADLINE_MS } });
  client.on('error', () => {});
  await client.connect();
  scope.defer(() => client.close());
  return client;
}

const STREAMS = { heartbeatInterval: 500, blockTimeInMs: 100 };
const ADAPTERS = {
  'publish/subscribe on ioredis': async (scope, server) => (
    pubSubAdapter(await ioRedis(scope, server), await ioRedis(scope, server))),
  'publish/subscribe on node-redis': async (scope, server) => (
    pubSubAdapter(await nodeRedis(scope, server), await nodeRedis(scope, server))),
  // On node-redis 6 it works too, but never ends the connections that it opens for itself.
  'streams on ioredis': async (scope, server) => (
    streamsAdapter(await ioRedis(scope, server), STREAMS)),
};

async function node(scope, adapter) {
  const web = http.createServer();
  const sockets = new SocketServer(web, { adapter });
  web.listen(0, HOST);
  await once(web, 'listening');
  scope.defer(() => new Promise((done) => sockets.close(done)));
  sockets.on('connection', (socket) => {
    socket.on('join', async (room, done) => {
      await socket.join(room);
      done();
    });
  });
  return { sockets, url: `http://${HOST}:${web.address().port}` };
}

async function visitor(scope, { url }, room) {
  const socket = connect(url, { transports: ['websocket'], reconnection: false });
  scope.defer(() => socket.disconnect());
  await once(socket, 'connect');
  await socket.emitWithAck('join', room);
  socket.heard = [];
  socket.on('message', (text) => socket.heard.push(text));
  return socket;
}

for (const [name, adapter] of Object.entries(ADAPTERS)) {
  test(`Socket.IO, ${name}: servers reach each other's visitors`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    // Adapters have connections of their own, which end a while after them.
    const watcher = await IoRedisStore.open(scope, server);
    scope.defer(() => waitUntil(
      async () => /connected_clients:1\r/.test(await watcher.raw('INFO', 'clients')), 'all left'));
    const nodes = [];
    for (let number = 0; number < 3; ++number) {
      nodes.push(await node(scope, await adapter(scope, server)));
    }
    const visitors = [];
    for (const each of nodes) {
      visitors.push(await visitor(scope, each, 'even'), await visitor(scope, each, 'odd'));
    }
    // Each server knows all six: it has seen the others.
    for (const { sockets } of nodes) {
      await waitUntil(async () => {
        try {
          return (await sockets.fetchSockets()).length === 6;
        } catch {
          return false; // Asked before the others had subscribed.
        }
      }, 'all visitors are known');
    }
    for (let number = 0; number < 50; ++number) {
      nodes[number % 3].sockets.to('even').emit('message', `even ${number}`);
      nodes[number % 3].sockets.except('even').emit('message', `odd ${number}`);
    }
    nodes[0].sockets.emit('message', 'to all');
    await waitUntil(() => visitors.every(({ heard }) => heard.length === 51), 'all is heard');
    visitors.forEach(({ heard }, number) => {
      const own = number % 2 === 0 ? 'even' : 'odd';
      assert.ok(heard.every((text) => text === 'to all' || text.startsWith(own)));
    });
    for (const { sockets } of nodes) {
      sockets.on('question', (number, answer) => answer(number * 2));
    }
    assert.deepEqual(await nodes[0].sockets.serverSideEmitWithAck('question', 21), [42, 42]);
    nodes[2].sockets.in('odd').disconnectSockets();
    await waitUntil(() => visitors.filter(({ connected }) => connected).length === 3,
                    'half of them are sent away');
  });
}

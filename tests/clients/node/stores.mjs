// One small interface over ioredis and node-redis, so that every application runs on both.
import Redis from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';

import { HOST, DEADLINE_MS } from './server.mjs';

export class IoRedisStore {
  static async open(scope, server, options = {}) {
    const client = new Redis({ host: HOST, port: server.port, connectTimeout: DEADLINE_MS,
                               lazyConnect: true, ...options });
    client.on('error', () => {});
    scope.defer(() => client.disconnect());
    await client.connect();
    return new IoRedisStore(client, scope);
  }

  constructor(client, scope) {
    this.client = client;
    this.scope = scope;
  }

  get(key) { return this.client.get(key); }
  getBuffer(key) { return this.client.getBuffer(key); }
  mget(keys) { return this.client.mget(keys); }

  async set(key, value, { ttlS, nx } = {}) {
    const options = [...(ttlS ? ['EX', ttlS] : []), ...(nx ? ['NX'] : [])];
    return (await this.client.set(key, value, ...options)) === 'OK';
  }

  del(keys) { return this.client.del(keys); }
  unlink(keys) { return this.client.unlink(keys); }
  exists(keys) { return this.client.exists(keys); }
  incr(key) { return this.client.incr(key); }
  ttl(key) { return this.client.ttl(key); }
  dbSize() { return this.client.dbsize(); }
  flushDb() { return this.client.flushdb(); }
  members(key) { return this.client.smembers(key); }
  publish(channel, message) { return this.client.publish(channel, message); }
  raw(...command) { return this.client.call(...command); }

  // Runs a script by its hash, and by its text where the server does not know it.
  script(text, keyCount) {
    const name = `script${IoRedisStore.scripts++}`;
    this.client.defineCommand(name, { lua: text, numberOfKeys: keyCount });
    return (keys, args) => this.client[name](...keys, ...args);
  }

  // Sends the commands in one pipeline, in a transaction if wanted.
  async pipeline(commands, { transaction = false } = {}) {
    const batch = transaction ? this.client.multi() : this.client.pipeline();
    for (const command of commands) batch.call(...command);
    return (await batch.exec()).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
  }

  // Yields the keys that match, in chunks.
  async *scan(pattern, count = 1000) {
    for await (const keys of this.client.scanStream({ match: pattern, count })) {
      if (keys.length > 0) yield keys;
    }
  }

  // Calls back for each message; resolves once subscribed.
  async subscribe(channel, onMessage) {
    const subscriber = this.client.duplicate({ lazyConnect: false });
    subscriber.on('error', () => {});
    this.scope.defer(() => subscriber.disconnect());
    subscriber.on('message', (from, message) => onMessage(message, from));
    await subscriber.subscribe(channel);
  }
}
IoRedisStore.scripts = 0;

export class NodeRedisStore {
  static async open(scope, server, { db, ...options } = {}) {
    const client = createClient({ socket: { host: HOST, port: server.port,
                                            connectTimeout: DEADLINE_MS },
                                  database: db, ...options });
    client.on('error', () => {});
    scope.defer(() => client.destroy());
    await client.connect();
    return new NodeRedisStore(client, scope);
  }

  constructor(client, scope) {
    this.client = client;
    this.scope = scope;
    this.buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  }

  get(key) { return this.client.get(key); }
  getBuffer(key) { return this.buffers.get(key); }
  mget(keys) { return this.client.mGet(keys); }

  async set(key, value, { ttlS, nx } = {}) {
    const options = {};
    if (ttlS) options.expiration = { type: 'EX', value: ttlS };
    if (nx) options.condition = 'NX';
    return (await this.client.set(key, value, options)) === 'OK';
  }

  del(keys) { return this.client.del(keys); }
  unlink(keys) { return this.client.unlink(keys); }
  exists(keys) { return this.client.exists(keys); }
  incr(key) { return this.client.incr(key); }
  ttl(key) { return this.client.ttl(key); }
  dbSize() { return this.client.dbSize(); }
  flushDb() { return this.client.flushDb(); }
  members(key) { return this.client.sMembers(key); }
  publish(channel, message) { return this.client.publish(channel, message); }
  raw(...command) { return this.client.sendCommand(command.map(String)); }

  script(text) {
    let hash;
    return async (keys, args) => {
      const options = { keys, arguments: args.map(String) };
      hash ??= await this.client.scriptLoad(text);
      try {
        return await this.client.evalSha(hash, options);
      } catch (error) {
        if (!error.message.startsWith('NOSCRIPT')) throw error;
        return this.client.eval(text, options);
      }
    };
  }

  async pipeline(commands, { transaction = false } = {}) {
    const batch = this.client.multi();
    for (const command of commands) batch.addCommand(command.map(String));
    return transaction ? batch.exec() : batch.execAsPipeline();
  }

  async *scan(pattern, count = 1000) {
    for await (const keys of this.client.scanIterator({ MATCH: pattern, COUNT: count })) {
      if (keys.length > 0) yield keys;
    }
  }

  async subscribe(channel, onMessage) {
    const subscriber = this.client.duplicate();
    subscriber.on('error', () => {});
    await subscriber.connect();
    this.scope.defer(() => subscriber.destroy());
    await subscriber.subscribe(channel, onMessage);
  }
}

export const STORES = [IoRedisStore, NodeRedisStore];

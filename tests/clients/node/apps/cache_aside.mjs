// Cache-aside, and get-or-set in which one caller per key loads while the others wait for its value.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export class CacheAside {
  constructor(store, ttlS, lockS = 600) {
    this.store = store;
    this.ttlS = ttlS;
    this.lockS = lockS;
    this.release = store.script(RELEASE, 1);
  }

  async get(key, load) {
    const held = await this.store.get(key);
    if (held !== null) return JSON.parse(held);
    const value = await load();
    await this.store.set(key, JSON.stringify(value), { ttlS: this.ttlS });
    return value;
  }

  async getOrSet(key, load) {
    const token = randomUUID();
    for (;;) {
      const held = await this.store.get(key);
      if (held !== null) return JSON.parse(held);
      if (await this.store.set(`lock:${key}`, token, { ttlS: this.lockS, nx: true })) {
        try {
          // Another owner may have stored the value between our GET and our SET.
          return await this.get(key, load);
        } finally {
          await this.release([`lock:${key}`], [token]);
        }
      }
      await sleep(20);
    }
  }
}

// Wraps a function: its results are kept under a hash of the arguments.
export function cached(store, ttlS, name, call, hash) {
  const wrapped = async (...args) => {
    const key = wrapped.key(...args);
    const held = await store.get(key);
    if (held !== null) return JSON.parse(held).value;
    const value = await call(...args);
    await store.set(key, JSON.stringify({ value }), { ttlS });
    return value;
  };
  wrapped.key = (...args) => `calls:${name}:${hash(JSON.stringify(args))}`;
  wrapped.forget = (...args) => store.del([wrapped.key(...args)]);
  return wrapped;
}

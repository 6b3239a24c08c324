// A lock on one server: SET NX EX takes it, and only its owner can release or extend it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const RELEASE = `
if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end`;
const EXTEND = `
if redis.call("get",KEYS[1]) == ARGV[1] then
  return redis.call("pexpire",KEYS[1],ARGV[2])
else
  return 0
end`;

export class LeaseLock {
  constructor(store, name, ttlS) {
    Object.assign(this, { store, name, ttlS, token: randomUUID() });
    this.releaseScript = store.script(RELEASE, 1);
    this.extendScript = store.script(EXTEND, 1);
  }

  tryAcquire() {
    return this.store.set(this.name, this.token, { ttlS: this.ttlS, nx: true });
  }

  async acquire() {
    while (!(await this.tryAcquire())) await sleep(2);
  }

  async release() {
    return (await this.releaseScript([this.name], [this.token])) === 1;
  }

  async extend(ttlMs) {
    return (await this.extendScript([this.name], [this.token, ttlMs])) === 1;
  }
}

// Hit and miss counters and latency histograms, exported for Prometheus by prom-client.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { Scope } from './server.mjs';
import { STORES } from './stores.mjs';

class MeteredCache {
  constructor(store) {
    this.store = store;
    this.registry = new Registry();
    const registers = [this.registry];
    this.reads = new Counter({ name: 'cache_reads_total', help: 'Reads.', labelNames: ['result'],
                               registers });
    this.latency = new Histogram({ name: 'cache_latency_seconds', help: 'Time of a call.',
                                   labelNames: ['call'], buckets: [0.001, 0.01, 0.1, 1], registers });
    new Gauge({ name: 'cache_server_keys', help: 'Keys.', registers,
                async collect() { this.set(await store.dbSize()); } });
  }

  async getOrLoad(key, load) {
    const held = await this.timed('get', () => this.store.get(key));
    this.reads.inc({ result: held === null ? 'miss' : 'hit' });
    if (held !== null) return held;
    const value = load(key);
    await this.timed('set', () => this.store.set(key, value, { ttlS: 600 }));
    return value;
  }

  async timed(call, action) {
    const end = this.latency.startTimer({ call });
    try {
      return await action();
    } finally {
      end();
    }
  }
}

for (const Store of STORES) {
  test(`${Store.name}: hits, misses and latencies agree with the server's counts`, async (t) => {
    const scope = new Scope(t);
    const store = await Store.open(scope, await scope.server());
    const cache = new MeteredCache(store);
    await store.raw('CONFIG', 'RESETSTAT');
    for (let round = 0; round < 4; ++round) {
      for (let i = 0; i < 25; ++i) {
        assert.equal(await cache.getOrLoad(`k${i}`, (key) => `value of ${key}`), `value of k${i}`);
      }
    }
    const text = await cache.registry.metrics();
    for (const line of ['cache_reads_total{result="hit"} 75', 'cache_reads_total{result="miss"} 25',
                        'cache_latency_seconds_count{call="get"} 100',
                        'cache_latency_seconds_bucket{le="+Inf",call="set"} 25',
                        'cache_server_keys 25']) {
      assert.ok(text.includes(line), `${line} in ${text}`);
    }
    const stats = String(await store.raw('INFO', 'stats'));
    assert.match(stats, /^keyspace_hits:75\r$/m);
    assert.match(stats, /^keyspace_misses:25\r$/m);
  });
}

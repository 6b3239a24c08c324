import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DONE, Producer, putBack, QUEUE, Worker } from './apps/work_queue.mjs';
import { Scope, waitUntil } from './server.mjs';
import { STORES } from './stores.mjs';

const WORKERS = 8;
const JOBS = 400;

async function blocked(store) {
  return Number(/blocked_clients:(\d+)/.exec(await store.raw('INFO', 'clients'))[1]);
}

for (const Store of STORES) {
  test(`${Store.name}: every job is done once`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const store = await Store.open(scope, server);
    const handled = [];
    const running = [];
    for (let number = 0; number < WORKERS; ++number) {
      const worker = new Worker(await Store.open(scope, server), number);
      running.push(worker.run((job) => handled.push(job)));
    }
    await waitUntil(async () => (await blocked(store)) === WORKERS, 'all workers wait');
    const producer = new Producer(store);
    const jobs = Array.from({ length: JOBS }, (_, number) => `job:${number}`);
    for (let first = 0; first < JOBS; first += 100) {
      await producer.addAtomically(jobs.slice(first, first + 50));
      await producer.add(...jobs.slice(first + 50, first + 100));
    }
    await producer.add(...Array(WORKERS).fill('stop'));
    await Promise.all(running);
    assert.deepEqual(handled.toSorted(), jobs.toSorted());
    assert.equal(await store.raw('LLEN', DONE), JOBS + WORKERS);
    assert.equal(await store.exists([QUEUE]), 0);
  });

  test(`${Store.name}: jobs come in order, and those of a dead worker come back`, async (t) => {
    const scope = new Scope(t);
    const server = await scope.server();
    const store = await Store.open(scope, server);
    assert.equal(await new Producer(store).add('1', '2', '3'), 3);
    const dying = new Worker(store, 'dying');
    assert.equal(await dying.take(), '1');
    assert.equal(await dying.take(), '2');
    assert.equal(await putBack(store, 'dying'), 2);
    const other = new Worker(store, 'other');
    for (const job of ['1', '2', '3']) assert.equal(await other.take(), job);
    assert.equal(await other.take(0.05), null);
  });
}

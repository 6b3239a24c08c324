// Job queues on BullMQ: lists, sorted sets, streams, blocking commands and long scripts.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';

import { DEADLINE_MS, HOST, Scope, waitUntil } from './server.mjs';

// Opens queues, workers and listeners on one server, and closes them before it.
class Jobs {
  static async open(test) {
    const scope = new Scope(test);
    const server = await scope.server('--maxmemory-policy', 'noeviction');
    return new Jobs(scope, { host: HOST, port: server.port, connectTimeout: DEADLINE_MS });
  }

  constructor(scope, connection) {
    this.scope = scope;
    this.connection = connection;
  }

  keep(opened) {
    opened.on('error', () => {});
    this.scope.defer(() => opened.close());
    return opened;
  }

  queue(name = 'jobs') {
    const queue = this.keep(new Queue(name, { connection: this.connection }));
    queue.setMaxListeners(0); // Each flow and each bulk of jobs listens for its end.
    return queue;
  }

  worker(handler, options = {}, name = 'jobs') {
    return this.keep(new Worker(name, handler, { connection: this.connection, ...options }));
  }

  async events(name = 'jobs') {
    const events = this.keep(new QueueEvents(name, { connection: this.connection }));
    await events.waitUntilReady();
    return events;
  }
}

test('BullMQ: several workers do every job once and hand back its result', async (t) => {
  const jobs = await Jobs.open(t);
  const queue = jobs.queue();
  const events = await jobs.events();
  const handled = [];
  for (let number = 0; number < 4; ++number) {
    jobs.worker(async (job) => {
      handled.push(job.data.number);
      await job.updateProgress(50);
      return job.data.number * 2;
    }, { concurrency: 5 });
  }
  const added = await queue.addBulk(Array.from({ length: 200 }, (_, number) => (
    { name: 'double', data: { number } })));
  const results = await Promise.all(
    added.map((job) => job.waitUntilFinished(events, DEADLINE_MS)));
  assert.deepEqual(results, added.map((_, number) => number * 2));
  assert.deepEqual(handled.toSorted((a, b) => a - b), added.map((_, number) => number));
  // A worker stores a result before it counts itself idle.
  await waitUntil(async () => (await queue.getActiveCount()) === 0, 'no job is active');
  assert.equal(await queue.getCompletedCount(), 200);
  assert.equal((await queue.getJob(added[7].id)).progress, 50);
});

test('BullMQ: a job that fails is tried again with backoff, then kept as failed', async (t) => {
  const jobs = await Jobs.open(t);
  const queue = jobs.queue();
  let tries = 0;
  jobs.worker(async (job) => {
    ++tries;
    if (job.name === 'never' || job.attemptsMade < 2) throw new Error('not yet');
    return 'at last';
  });
  const backoff = { type: 'exponential', delay: 5 };
  const third = await queue.add('third', {}, { attempts: 3, backoff });
  await waitUntil(() => third.isCompleted(), 'the third try succeeds');
  assert.equal(tries, 3);
  const never = await queue.add('never', {}, { attempts: 2, backoff });
  await waitUntil(() => never.isFailed(), 'both tries fail');
  const [failed] = await queue.getFailed();
  assert.equal(failed.id, never.id);
  assert.equal(failed.failedReason, 'not yet');
  assert.equal(failed.attemptsMade, 2);
  await failed.retry();
  await waitUntil(async () => tries === 6 && never.isFailed(), 'it was tried again');
});

test('BullMQ: priorities, delays, and pausing', async (t) => {
  const jobs = await Jobs.open(t);
  const queue = jobs.queue();
  await queue.pause();
  const order = [];
  jobs.worker(async (job) => order.push(job.name), { concurrency: 1 });
  await queue.add('low', {}, { priority: 10 });
  await queue.add('middle', {}, { priority: 5 });
  await queue.add('high', {}, { priority: 1 });
  await queue.add('first', {});
  assert.equal(await queue.isPaused(), true);
  assert.deepEqual(order, []);
  await queue.resume();
  await waitUntil(() => order.length === 4, 'all are done');
  assert.deepEqual(order, ['first', 'high', 'middle', 'low']);
  const far = await queue.add('far', {}, { delay: 600_000 });
  await queue.add('soon', {}, { delay: 50 });
  await waitUntil(() => order.includes('soon'), 'its delay is over');
  assert.equal(await queue.getDelayedCount(), 1);
  await far.promote();
  await waitUntil(() => order.includes('far'), 'it was promoted');
});

test('BullMQ: a parent waits for its children and reads their results', async (t) => {
  const jobs = await Jobs.open(t);
  const queue = jobs.queue();
  const events = await jobs.events();
  jobs.worker(async (job) => {
    if (job.name === 'part') return job.data.value;
    const values = Object.values(await job.getChildrenValues());
    return values.reduce((sum, value) => sum + value, 0);
  }, { concurrency: 3 });
  const flows = jobs.keep(new FlowProducer({ connection: jobs.connection }));
  const flow = await flows.add({
    name: 'sum',
    queueName: queue.name,
    children: [1, 2, 3, 4].map((value) => (
      { name: 'part', queueName: queue.name, data: { value } })),
  });
  assert.equal(await flow.job.waitUntilFinished(events, DEADLINE_MS), 10);
});

test('BullMQ: repeated, deduplicated and limited jobs; a queue is emptied', async (t) => {
  const jobs = await Jobs.open(t);
  const queue = jobs.queue();
  const done = [];
  const worker = jobs.worker(async (job) => done.push(job.name), {
    limiter: { max: 5, duration: 20 },
  });
  await queue.upsertJobScheduler('every', { every: 20, limit: 3 }, { name: 'tick' });
  await waitUntil(() => done.length === 3, 'it ticks three times');
  await worker.close();
  const deduplication = { id: 'once', ttl: 600_000 };
  const first = await queue.add('one', {}, { deduplication });
  assert.equal((await queue.add('two', {}, { deduplication })).id, first.id);
  assert.equal(await queue.getWaitingCount(), 1);
  await queue.obliterate({ force: true });
  assert.equal(await queue.getWaitingCount(), 0);
});

test('BullMQ: the job of a worker that died is taken up by another', async (t) => {
  const jobs = await Jobs.open(t);
  const queue = jobs.queue();
  let started = 0;
  const dying = new Worker('jobs', async () => {
    ++started;
    await new Promise(() => {}); // It never ends, and its lock is not renewed.
  }, { connection: jobs.connection, lockDuration: 200, skipLockRenewal: true,
       skipStalledCheck: true });
  dying.on('error', () => {});
  jobs.scope.defer(() => dying.close(true));
  const job = await queue.add('lost', {});
  await waitUntil(() => started === 1, 'the first worker has it');
  jobs.worker(async () => 'found', { stalledInterval: 50, lockDuration: 60_000 });
  await waitUntil(() => job.isCompleted(), 'another worker did it');
  assert.equal((await queue.getJob(job.id)).returnvalue, 'found');
});

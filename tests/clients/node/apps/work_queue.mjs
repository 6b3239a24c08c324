// A work queue that loses no job: a worker moves a job to a list of its own, and takes it from there
// when it is done. Each worker needs a connection of its own: it waits there.
export const QUEUE = 'jobs';
export const DONE = 'jobs:done';

export class Producer {
  constructor(store) {
    this.store = store;
  }

  // The length of the queue, as it was before any waiting worker took its job.
  add(...jobs) { return this.store.raw('LPUSH', QUEUE, ...jobs); }

  addAtomically(jobs) {
    return this.store.pipeline(jobs.map((job) => ['LPUSH', QUEUE, job]), { transaction: true });
  }
}

export class Worker {
  constructor(store, name) {
    this.store = store;
    this.own = `jobs:of:${name}`;
  }

  // The oldest job, waited for; null when the timeout came first.
  take(timeoutS = 0) {
    return this.store.raw('BLMOVE', QUEUE, this.own, 'RIGHT', 'LEFT', String(timeoutS));
  }

  finish(job) {
    return this.store.pipeline([['LREM', this.own, '1', job], ['RPUSH', DONE, job]],
                               { transaction: true });
  }

  // Works until it takes the job `stop`.
  async run(handle) {
    for (let job = null; job !== 'stop';) {
      job = await this.take();
      if (job !== 'stop') await handle(job);
      await this.finish(job);
    }
  }
}

// Puts the jobs of a dead worker back, oldest first again.
export async function putBack(store, name) {
  let count = 0;
  while ((await store.raw('LMOVE', `jobs:of:${name}`, QUEUE, 'LEFT', 'RIGHT')) !== null) ++count;
  return count;
}

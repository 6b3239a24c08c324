// Write-through and write-behind over a slow table (here a Map).

// Takes a batch of dirty names together with their values, in one step.
const TAKE_BATCH = `
local names = redis.call('SPOP', KEYS[1], ARGV[1])
local rows = {}
for i, name in ipairs(names) do
  rows[i] = {name, redis.call('GET', ARGV[2] .. name)}
end
return rows`;

export class WriteThrough {
  constructor(store, table, ttlS) {
    Object.assign(this, { store, table, ttlS });
  }

  async put(name, value) {
    this.table.set(name, value);
    await this.store.set(`item:${name}`, value, { ttlS: this.ttlS });
  }

  async get(name) {
    const held = await this.store.get(`item:${name}`);
    if (held !== null) return held;
    const value = this.table.get(name);
    if (value !== undefined) await this.store.set(`item:${name}`, value, { ttlS: this.ttlS });
    return value;
  }
}

export class WriteBehind {
  constructor(store, table) {
    Object.assign(this, { store, table });
    this.takeBatch = store.script(TAKE_BATCH, 1);
  }

  put(name, value) {
    return this.store.pipeline([['SET', `item:${name}`, value], ['SADD', 'dirty', name]],
                               { transaction: true });
  }

  // Moves one batch to the table; returns its size, 0 when nothing is dirty.
  async flush(batch = 100) {
    const rows = await this.takeBatch(['dirty'], [batch, 'item:']);
    for (const [name, value] of rows) this.table.set(name, value);
    return rows.length;
  }
}

// Express middleware that caches responses. Each route has a named cache with a TTL of its own
// (0 keeps for ever); the key is made of the path, the chosen query parameters and headers.
import { createHash } from 'node:crypto';

export class ResponseCache {
  constructor(store) {
    this.store = store;
  }

  key(request, { name, parameters = [], headers = [] }) {
    const query = parameters.filter((each) => each in request.query).sort()
      .map((each) => [each, request.query[each]]);
    const varying = [...headers].sort().map((each) => [each, request.get(each) ?? '']);
    const text = JSON.stringify([request.path, query, varying]);
    return `response:${name}:${createHash('sha256').update(text).digest('hex')}`;
  }

  middleware(operation) {
    return async (request, response, next) => {
      const key = this.key(request, operation);
      const held = await this.store.getBuffer(key);
      if (held) {
        const size = held.readUInt32BE(0);
        response.type(held.toString('utf8', 4, 4 + size));
        response.set('X-Cache', 'HIT').send(held.subarray(4 + size));
        return;
      }
      response.set('X-Cache', 'MISS');
      const send = response.send.bind(response);
      response.send = (body) => {
        response.send = send;
        const data = Buffer.isBuffer(body) ? body : Buffer.from(body);
        const type = Buffer.from(response.get('Content-Type') ?? 'application/octet-stream');
        const size = Buffer.alloc(4);
        size.writeUInt32BE(type.length);
        const stored = response.statusCode === 200
          ? this.store.set(key, Buffer.concat([size, type, data]), { ttlS: operation.ttlS })
          : Promise.resolve();
        stored.then(() => send(body), next);
        return response;
      };
      next();
    };
  }

  async invalidate(name) {
    let count = 0;
    for await (const keys of this.store.scan(`response:${name}:*`)) {
      count += await this.store.unlink(keys);
    }
    return count;
  }

  flush() {
    return this.store.flushDb();
  }
}

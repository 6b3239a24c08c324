// Compressed values of 1 MB: large, binary, unpredictable.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';

import { Scope } from './server.mjs';
import { STORES } from './stores.mjs';

const SIZE = 1024 * 1024;
const CODECS = [
  ['gzip', (data) => gzipSync(data, { level: 1 }), gunzipSync],
  ['brotli',
   (data) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
   brotliDecompressSync],
];

for (const Store of STORES) {
  for (const [name, compress, expand] of CODECS) {
    test(`${Store.name}: ten documents with ${name} come back whole`, async (t) => {
      const scope = new Scope(t);
      const store = await Store.open(scope, await scope.server());
      await Promise.all(Array.from({ length: 10 }, async (_, i) => {
        const document = Buffer.concat([randomBytes(SIZE), Buffer.from('{"name": "x"}'.repeat(5000))]);
        const packed = compress(document);
        assert.ok(packed.length >= SIZE);
        await store.set(`document:${i}`, packed, { ttlS: 600 });
        const held = await store.getBuffer(`document:${i}`);
        assert.ok(held.equals(packed));
        assert.ok(expand(held).equals(document));
      }));
      assert.equal(await store.dbSize(), 10);
    });
  }
}

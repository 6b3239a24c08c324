// ioredis and node-redis over TLS, with certificates made here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import Redis from 'ioredis';
import { createClient } from 'redis';

import { freePort, HOST, Scope } from './server.mjs';

// An authority and what it signs, as PEM files in a folder that goes with the scope.
class Authority {
  constructor(scope) {
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'larder-certificates-'));
    scope.defer(() => rmSync(this.folder, { recursive: true, force: true }));
    this.files = this.paths('authority');
    this.openssl('req', '-x509', ...this.newKey(this.files.key), '-subj', '/CN=authority',
                 '-days', '1', '-out', this.files.certificate);
  }

  sign(name) {
    const { certificate, key } = this.paths(name);
    writeFileSync(`${certificate}.ext`, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    this.openssl('req', ...this.newKey(key), '-subj', `/CN=${name}`, '-out', `${certificate}.csr`);
    this.openssl('x509', '-req', '-in', `${certificate}.csr`, '-CA', this.files.certificate,
                 '-CAkey', this.files.key, '-CAcreateserial', '-days', '1', '-extfile',
                 `${certificate}.ext`, '-out', certificate);
    return { certificate, key };
  }

  openssl(...words) {
    execFileSync('openssl', words, { stdio: 'pipe' });
  }

  paths(name) {
    return {
      certificate: path.join(this.folder, `${name}.crt`),
      key: path.join(this.folder, `${name}.key`),
    };
  }

  newKey(file) {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
  }
}

// A server that demands certificates on a TLS port, and what a client needs to connect.
async function secured(test) {
  const scope = new Scope(test);
  const authority = new Authority(scope);
  const server = authority.sign('server');
  const client = authority.sign('client');
  const port = await freePort();
  await scope.server('--tls-port', String(port), '--tls-cert-file', server.certificate,
                     '--tls-key-file', server.key, '--tls-ca-cert-file', authority.files.certificate);
  const tls = {
    ca: readFileSync(authority.files.certificate),
    cert: readFileSync(client.certificate),
    key: readFileSync(client.key),
  };
  return { scope, port, tls };
}

test('ioredis: values, pipelines and messages over TLS', async (t) => {
  const { scope, port, tls } = await secured(t);
  const client = new Redis({ host: HOST, port, tls });
  scope.defer(() => client.disconnect());
  const value = Buffer.alloc(1 << 20, 'abcdefg');
  await client.set('large', value);
  assert.ok((await client.getBuffer('large')).equals(value));

  const pipeline = client.pipeline();
  for (let i = 0; i < 10_000; ++i) pipeline.set(`k:${i}`, i).get(`k:${i}`);
  const replies = await pipeline.exec();
  assert.equal(replies.length, 20_000);
  for (let i = 0; i < 10_000; ++i) assert.deepEqual(replies[2 * i + 1], [null, String(i)]);

  const subscriber = client.duplicate();
  scope.defer(() => subscriber.disconnect());
  const messages = [];
  const all = new Promise((resolve) => {
    subscriber.on('message', (_, text) => {
      messages.push(Number(text));
      if (messages.length === 100) resolve();
    });
  });
  await subscriber.subscribe('news');
  for (let i = 0; i < 100; ++i) assert.equal(await client.publish('news', String(i)), 1);
  await all;
  assert.deepEqual(messages, [...Array(100).keys()]);
});

test('ioredis: a client without a certificate is refused', async (t) => {
  const { scope, port, tls } = await secured(t);
  const client = new Redis({
    host: HOST, port, tls: { ca: tls.ca }, lazyConnect: true, retryStrategy: null,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => {});
  scope.defer(() => client.disconnect());
  await assert.rejects(client.connect().then(() => client.ping()));
});

test('node-redis: values over TLS', async (t) => {
  const { scope, port, tls } = await secured(t);
  const client = createClient({ socket: { host: HOST, port, tls: true, ...tls } });
  client.on('error', () => {});
  await client.connect();
  scope.defer(() => client.destroy());
  const value = 'x'.repeat(1 << 20);
  await client.set('large', value);
  assert.equal(await client.get('large'), value);
  assert.deepEqual(await Promise.all([...Array(1000).keys()].map((i) => client.incr('n'))),
                   [...Array(1000).keys()].map((i) => i + 1));
});

// Starts one server per test and ends it by pid. The binary is named by LARDER_SERVER.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const HOST = '127.0.0.1';
export const DEADLINE_MS = 60_000;
const STARTS_MAX = 8;
// Below the range from which the kernel draws the ports of outgoing connections; see README.md.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

// Polls until condition() gives a true value and returns it; fails after a generous deadline.
export async function waitUntil(condition, what) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await sleep(10);
  }
}

function binds(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
}

export async function freePort() {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    if (await binds(port)) return port;
  }
}

// True once the server on the port answers PING and is the process meant: two tests may have drawn
// the same port.
function answersAs(port, pid) {
  return new Promise((resolve) => {
    let reply = '';
    const socket = net.connect(port, HOST);
    socket.setTimeout(DEADLINE_MS, () => socket.destroy());
    socket.on('connect', () => socket.write('PING\r\nINFO server\r\nQUIT\r\n'));
    socket.on('data', (piece) => (reply += piece));
    socket.on('error', () => {});
    socket.on('close', () => {
      const found = /^process_id:(\d+)/m.exec(reply);
      const alive = reply.startsWith('+PONG') || reply.startsWith('-NOAUTH');
      resolve(alive && (!found || Number(found[1]) === pid));
    });
  });
}

export class Server {
  constructor(options) {
    this.options = options;
    this.port = 0;
    this.process = null;
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'larder-client-test-'));
  }

  static async start(...options) {
    const server = new Server(options);
    for (let attempt = 0; attempt < STARTS_MAX; ++attempt) {
      server.port = await freePort();
      if (await server.spawnAndWait()) return server;
    }
    throw new Error(`server did not start: ${server.logTail()}`);
  }

  // Starts the server on the port that it had before it was killed or stopped.
  async startAgain() {
    for (let attempt = 0; attempt < STARTS_MAX; ++attempt) {
      if (await this.spawnAndWait()) return;
      await sleep(200 * (attempt + 1));
    }
    throw new Error(`server did not start again: ${this.logTail()}`);
  }

  // Ends the process as a crash would.
  async kill() {
    const child = this.process;
    this.process = null;
    child.kill('SIGKILL');
    await child.ended;
  }

  // Ends the process by SIGTERM; a crash before, or an exit code other than 0, is an error.
  async stop() {
    const child = this.process;
    this.process = null;
    if (child) {
      const crashed = child.exitCode !== null || child.signalCode !== null;
      child.kill('SIGTERM');
      const patience = globalThis.setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
      const [code, signal] = await child.ended;
      clearTimeout(patience);
      if (crashed || code !== 0) {
        throw new Error(`server ended badly (${code ?? signal}): ${this.logTail()}`);
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  logTail() {
    const file = path.join(this.folder, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-4000) : '';
  }

  // False if the process ended before it answered (its port was taken, say).
  async spawnAndWait() {
    const binary = process.env.LARDER_SERVER;
    let command = [binary, '--port', String(this.port), ...this.options];
    if (path.basename(binary) === 'redis-server') command.push('--save', '');
    // The server must not outlive a test runner that is killed.
    if (existsSync('/usr/bin/setpriv')) {
      command = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--', ...command];
    }
    const log = openSync(path.join(this.folder, 'log'), 'a');
    const child = spawn(command[0], command.slice(1), {
      cwd: this.folder,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.ended = once(child, 'exit');
    const end = Date.now() + DEADLINE_MS;
    while (Date.now() < end) {
      if (child.exitCode !== null || child.signalCode !== null) return false;
      if (await answersAs(this.port, child.pid)) {
        this.process = child;
        return true;
      }
      await sleep(10);
    }
    child.kill('SIGKILL');
    await child.ended;
    return false;
  }
}

// Collects what a test opened and closes it in the opposite order, the server last.
export class Scope {
  constructor(test) {
    this.closers = [];
    test.after(() => this.close());
  }

  defer(closer) {
    this.closers.push(closer);
  }

  async server(...options) {
    const server = await Server.start(...options);
    this.defer(() => server.stop());
    return server;
  }

  async close() {
    const errors = [];
    while (this.closers.length > 0) {
      try {
        await this.closers.pop()();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

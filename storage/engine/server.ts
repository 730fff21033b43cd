/**
 * The engine's process: ClickHouse (chdb) behind its HTTP interface. Started by start.ts, confined
 * before this file is read; takes its configuration on standard input and ends with it.
 */
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadHashes } from '../../native/index.ts';
import { loadChdb, serverConfig } from './chdb.ts';
import { Engine } from './engine.ts';
import { HttpFace } from './http.ts';
import { type ChildConfig, type ChildMessage, mark, scratchPrefix } from './protocol.ts';

function say(message: ChildMessage): void {
  process.stdout.write(`${mark}${JSON.stringify(message)}\n`);
}

function listen(server: Server, where: string | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const done = () => {
      server.off('error', reject);
      resolve();
    };
    if (typeof where === 'string') server.listen(where, done);
    else server.listen(where.port, where.host, done);
  });
}

function makeServer(face: HttpFace, local: boolean): Server {
  const server = createServer(
    { maxHeaderSize: 1 << 20, requestTimeout: 600_000, headersTimeout: 30_000 },
    (request, response) => void face.handle(request, response, local),
  );
  server.maxConnections = 500;
  server.keepAliveTimeout = 60_000;
  return server;
}

/** The data folder is locked by now, so nobody uses the others. */
function removeOldScratch(own: string): void {
  const parent = dirname(own);
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(scratchPrefix) || name === basename(own)) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}

async function start(config: ChildConfig): Promise<void> {
  const bounds = { memoryBytes: config.memoryBytes, threads: config.threads };
  writeFileSync(config.configFile, serverConfig(bounds), { mode: 0o600 });
  const engine = new Engine(
    {
      path: config.data,
      configFile: config.configFile,
      bounds,
      scratch: config.scratch,
      pipes: config.pipes,
      writers: config.writers,
    },
    loadChdb(),
  );
  await engine.start();
  removeOldScratch(config.scratch);
  const face = new HttpFace(engine, {
    credentials: { user: config.user, password: config.password },
    bodyLimit: config.bodyLimit,
    queryLimit: Math.min(config.bodyLimit, 64 << 20),
    listenHost: config.host,
    allowedHosts: config.allowedHosts,
    stallMs: config.stallMs,
    hashInto: loadHashes().cityHash128Into,
  });
  const servers: Server[] = [];
  let port = -1;
  if (config.port >= 0) {
    const server = makeServer(face, false);
    await listen(server, { host: config.host, port: config.port });
    port = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  if (config.socketPath !== '') {
    const server = makeServer(face, true);
    rmSync(config.socketPath, { force: true });
    const before = process.umask(0o177);
    await listen(server, config.socketPath);
    process.umask(before);
    chmodSync(config.socketPath, 0o600);
    servers.push(server);
  }
  stopWith(engine, servers);
  const confined = process.env.WIRESTITCH_CONFINED ?? '';
  say({ type: 'ready', port, version: engine.version, confined });
}

/** Ends when standard input does: takes nothing more, waits up to 10 s for the rest. */
function stopWith(engine: Engine, servers: readonly Server[]): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    for (const server of servers) {
      server.close();
      server.closeIdleConnections();
    }
    const until = Date.now() + 10_000;
    const check = () => {
      if (engine.attempts.size > 0 && Date.now() < until) setTimeout(check, 20);
      else process.exit(0);
    };
    check();
  };
  process.stdin.on('end', stop);
  process.stdin.on('close', stop);
}

/**
 * A terminal and a service manager send these to every process of the program; the owner still
 * stores what it holds then, and ends this process by the end of its standard input.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  start(JSON.parse(line) as ChildConfig).catch((error: Error) => {
    say({ type: 'failed', message: error.message });
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 50);
  });
});

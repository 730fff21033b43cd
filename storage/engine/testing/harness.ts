import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineProcess, type EngineStart } from '../start.ts';

/** A folder that other users can reach, removed by `remove`. */
export function tempFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'wirestitch-engine-'));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function testEngine(path: string, more: Partial<EngineStart> = {}) {
  const engine = new EngineProcess({
    path,
    listen: '127.0.0.1:0',
    password: 'test-password',
    memoryBytes: 768 << 20,
    log: () => {},
    ...more,
  });
  await engine.start();
  return engine;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

export interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
  readonly socketPath?: string;
}

/** One HTTP request with the engine's credentials. */
export function ask(engine: EngineProcess, options: Ask): Promise<Reply> {
  const where =
    options.socketPath === undefined
      ? { host: '127.0.0.1', port: Number(new URL(engine.url).port) }
      : { socketPath: options.socketPath };
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...where,
        agent: false,
        path: options.path ?? '/',
        method: options.method ?? 'POST',
        headers: {
          'X-ClickHouse-User': engine.username,
          'X-ClickHouse-Key': engine.password,
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          const { statusCode, headers } = response;
          resolve({ status: statusCode ?? 0, headers, body, text: body.toString() });
        });
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** The text of an answer to `sql`; throws when the status is not 200. */
export async function sql(engine: EngineProcess, text: string): Promise<string> {
  const reply = await ask(engine, { body: text });
  if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
  return reply.text;
}

export const secretText = 'the-secret-of-the-file';

/** What attacks aim at: a folder open to all and a server that notes who asks. */
export async function makeTarget(inside: string) {
  const outside = tempFolder();
  const folder = join(outside.path, 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, 'secret.csv'), `${secretText}\n`, { mode: 0o644 });
  let hits = 0;
  const server = createServer((_request, response) => {
    hits++;
    response.end(`${secretText}\n`);
  });
  server.on('connection', () => {
    hits++;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  return {
    folder,
    inside,
    url: `http://127.0.0.1:${port}`,
    hits: () => hits,
    close() {
      server.closeAllConnections();
      server.close();
      outside.remove();
    },
  };
}

/** The embedded engine on its own, and a proxy before it that breaks what a test wants broken. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as http from 'node:http';
import { join } from 'node:path';
import { stopProcess } from '../../testing/process.ts';

const root = join(import.meta.dirname, '../..');
export const enginePassword = 'integration';

export interface Engine {
  readonly url: string;
  readonly process: ChildProcess;
  /** One answer as text. @throws Error with ClickHouse's text */
  query(sql: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts `wirestitch clickhouse` on a port of its own choice. */
export async function startEngine(folder: string): Promise<Engine> {
  const child = spawn(
    process.execPath,
    [join(root, 'gateway/main.ts'), 'clickhouse', '--path', folder, '--listen', '127.0.0.1:0'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, WIRESTITCH_ENGINE_PASSWORD: enginePassword },
    },
  );
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const match = /is ready at (\S+),/.exec(said);
      if (match !== null) resolve(match[1]!);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`the engine ended: ${said}`)));
  });
  return {
    url,
    process: child,
    query: (sql) => queryEngine(url, sql),
    stop: () => stopProcess(child, 60_000),
  };
}

/** Runs a statement. @throws Error with ClickHouse's text */
export async function queryEngine(url: string, sql: string): Promise<string> {
  const headers = { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': enginePassword };
  const response = await fetch(url, { method: 'POST', body: sql, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`cannot run ${sql}: ${text}`);
  return text.trim();
}

/** What happens to one statement. */
export type Fate =
  | 'pass'
  /** Taken and never answered; nothing reaches ClickHouse. */
  | 'hang'
  /** It runs, and the connection stays without an answer. */
  | 'no answer'
  /** It runs, and the connection breaks in place of an answer. */
  | 'break'
  /** Refused by ClickHouse's code; nothing reaches ClickHouse. */
  | { readonly code: number; readonly text: string };

export interface Insert {
  readonly table: string;
  readonly queryId: string;
  readonly body: Buffer;
}

/** Between an exporter and a ClickHouse. */
export class ClickHouseProxy {
  /** INSERTs with data, in the order in which they came; kept when `keep` is set. */
  readonly inserts: Insert[] = [];
  keep = false;
  /** Decides about each statement; `table` is that of an INSERT with data, else ''. */
  fate: (table: string, sql: string) => Fate = () => 'pass';
  /** Statements by their fate, for tests that want to know that a fault was met. */
  readonly met = new Map<string, number>();
  readonly #target: URL;
  readonly #agent = new http.Agent({ keepAlive: false });
  #server: http.Server | undefined;
  #port = 0;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port each time. */
  async open(): Promise<void> {
    this.#server = http.createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    // A request that comes as an idle connection is closed would fail: none is closed.
    this.#server.keepAliveTimeout = 0;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.#port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  /** Breaks all connections; new ones are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const search = new URL(request.url ?? '/', this.#target).searchParams;
    const sql = search.get('query') ?? body.toString();
    const table = search.has('query') ? (/INSERT INTO `\w+`\.`(\w+)`/.exec(sql)?.[1] ?? '') : '';
    if (this.keep && table !== '') {
      this.inserts.push({ table, queryId: search.get('query_id') ?? '', body });
    }
    const fate = this.fate(table, sql);
    const name = typeof fate === 'object' ? String(fate.code) : fate;
    this.met.set(name, (this.met.get(name) ?? 0) + 1);
    if (fate === 'hang') return;
    if (typeof fate === 'object') {
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': name });
      response.end(`Code: ${name}. DB::Exception: ${fate.text}. (version 26.7.1.1)`);
      return;
    }
    const answer = await this.#forward(request, body);
    const text: Buffer[] = [];
    for await (const chunk of answer) text.push(chunk as Buffer);
    if (fate === 'no answer') return;
    if (fate === 'break') {
      response.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders.filter(notHopByHop));
    response.end(Buffer.concat(text));
  }

  #forward(from: http.IncomingMessage, body: Buffer): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          ...{ hostname: this.#target.hostname, port: this.#target.port, agent: this.#agent },
          ...{ method: from.method ?? 'POST', path: from.url ?? '/' },
          headers: { ...from.headers, host: this.#target.host, 'content-length': body.length },
        },
        resolve,
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** Keeps a list of names and values but for the headers of one connection. */
function notHopByHop(_: string, index: number, list: readonly string[]): boolean {
  const name = list[index - (index % 2)]!.toLowerCase();
  return !['connection', 'keep-alive', 'transfer-encoding', 'content-length'].includes(name);
}

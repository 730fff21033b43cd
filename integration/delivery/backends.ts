/** Servers that exporters send to: they keep what they took and fail as they are told. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { FakeClickHouse } from '../../exporters/clickhouse/testing/fake-clickhouse.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { type NumberedSignal, numbersOf } from '../../testing/contract/numbered.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import { startServer } from '../../wire/grpc/testing.ts';
import { Code } from '../../wire/status/code.ts';

/** What a server does with a request. */
export type Fate =
  | 'taken'
  | 'retryable'
  | 'permanent'
  /** Taken, and no answer comes. */
  | 'taken, no answer'
  | 'lost, no answer'
  /** Taken but for one item, as the answer says. */
  | 'taken in part';

export interface Backend {
  /** Numbers of what it took, as often as it did. */
  readonly stored: number[];
  /** Requests with data. */
  requests: number;
  fate: () => Fate;
  /** Requests are not answered before `release`. */
  hold(): void;
  release(): void;
  stop(): Promise<void>;
}

abstract class HoldingBackend implements Backend {
  readonly stored: number[] = [];
  requests = 0;
  fate: () => Fate = () => 'taken';
  #held = false;
  readonly #waiting = new Set<() => void>();

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  protected whenFree(run: () => void): void {
    if (this.#held) this.#waiting.add(run);
    else run();
  }

  abstract stop(): Promise<void>;
}

/** OTLP over gRPC. */
export class GrpcBackend extends HoldingBackend {
  port = 0;
  #close: () => unknown = () => {};

  static async start(signal: NumberedSignal): Promise<GrpcBackend> {
    const backend = new GrpcBackend();
    const handle = (call: ServerCall, message: Buffer): void => {
      backend.requests += 1;
      const numbers = numbersOf(signal, parseRequest(signal, message));
      backend.whenFree(() => backend.#answer(call, numbers));
    };
    const methods = new Map([[otlpPaths[signal], handle]]);
    const { server, port } = await startServer(handle, { methods });
    backend.port = port;
    backend.#close = () => server.close(0);
    return backend;
  }

  #answer(call: ServerCall, numbers: readonly number[]): void {
    const fate = this.fate();
    if (fate.startsWith('taken'))
      this.stored.push(...numbers.slice(fate === 'taken in part' ? 1 : 0));
    if (fate === 'taken') call.ok();
    else if (fate === 'taken in part') call.ok(partialSuccess);
    else if (fate === 'retryable') call.fail(Code.UNAVAILABLE, 'try later');
    else if (fate === 'permanent') call.fail(Code.INVALID_ARGUMENT, 'bad data');
    else setTimeout(() => call.fail(Code.CANCELLED, 'too late'), 1000).unref();
  }

  async stop(): Promise<void> {
    this.release();
    await this.#close();
  }
}

/** ExportTraceServiceResponse: partial_success {rejected 1, message "no"}. */
const partialSuccess = Buffer.from('0a06080112026e6f', 'hex');

/** Bodies over HTTP. */
export class HttpBackend extends HoldingBackend {
  url = '';
  readonly #server = http.createServer();

  /** @param read finds the numbers of the items in a body */
  static async start(read: (body: Buffer) => number[]): Promise<HttpBackend> {
    const backend = new HttpBackend();
    const server = backend.#server;
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        backend.requests += 1;
        const packed = Buffer.concat(chunks);
        const gzip = request.headers['content-encoding'] === 'gzip';
        const body = gzip ? zlib.gunzipSync(packed) : packed;
        const numbers = read(body);
        backend.whenFree(() => backend.#answer(response, numbers));
      });
    });
    // A request that comes as an idle connection is closed would fail: none is closed.
    server.keepAliveTimeout = 0;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    backend.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return backend;
  }

  #answer(response: http.ServerResponse, numbers: readonly number[]): void {
    const fate = this.fate();
    if (fate.startsWith('taken'))
      this.stored.push(...numbers.slice(fate === 'taken in part' ? 1 : 0));
    const type = { 'content-type': 'application/x-protobuf' };
    if (fate === 'taken') response.writeHead(200, type).end();
    else if (fate === 'taken in part') response.writeHead(200, type).end(partialSuccess);
    else if (fate === 'retryable') response.writeHead(503).end();
    else if (fate === 'permanent') response.writeHead(400).end();
    else response.destroy();
  }

  async stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** Columns of the tables of schema otel from which items are known again. */
const columns: Readonly<Record<NumberedSignal, Readonly<Record<string, string>>>> = {
  profiles: {},
  traces: { Timestamp: 'DateTime64(9)', SpanId: 'String' },
  logs: { Timestamp: 'DateTime64(9)', Body: 'String' },
  metrics: { TimeUnix: 'DateTime64(9)', MetricName: 'String', Value: 'Float64' },
};

/** Texts of 16 hexadecimal digits, with their length before them. */
const spanIds = new RegExp(`${String.fromCharCode(16)}([0-9a-f]{16})`, 'g');

/** Numbers of the rows in a Native block of these columns. */
function rowsIn(signal: NumberedSignal, body: Buffer): number[] {
  const text = body.toString('latin1');
  if (signal === 'traces') {
    return [...text.matchAll(spanIds)].map(([, id]) => Number.parseInt(id!, 16) - 1);
  }
  if (signal === 'logs') return [...text.matchAll(/line (\d+)/g)].map(([, n]) => Number(n));
  const rows = body[1]! < 128 ? body[1]! : (body[1]! & 127) | (body[2]! << 7);
  const view = new DataView(body.buffer, body.byteOffset + body.length - 8 * rows, 8 * rows);
  return Array.from({ length: rows }, (_, i) => view.getFloat64(8 * i, true));
}

/** ClickHouse over HTTP, tables of schema otel. */
export class ClickHouseBackend extends HoldingBackend {
  url = '';
  readonly #server = new FakeClickHouse();

  static async start(signal: NumberedSignal): Promise<ClickHouseBackend> {
    const backend = new ClickHouseBackend();
    const server = backend.#server;
    server.columns = columns[signal];
    server.judge = () => {
      const fate = backend.fate();
      if (fate === 'retryable') return { code: 241, text: 'Memory limit exceeded' };
      if (fate === 'permanent') return { code: 53, text: 'Type mismatch' };
      if (fate === 'taken, no answer') return 'stored, no answer';
      return fate === 'lost, no answer' ? 'lost, no answer' : 'stored';
    };
    server.stored = (_table, body) => void backend.stored.push(...rowsIn(signal, body));
    server.gate = (run) => {
      backend.requests += 1;
      backend.whenFree(run);
    };
    backend.url = await server.start();
    return backend;
  }

  async stop(): Promise<void> {
    this.release();
    await this.#server.stop();
  }
}

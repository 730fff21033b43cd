/** What the tests of fast paths share: inputs, sinks, and what differs between runs by design. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import type { Signal } from '../component/signals.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { parseRequest } from '../pdata/parse.ts';
import { mutate, randomRequest } from '../pdata/testing/random-request.ts';
import { shopLogs, shopMetrics, shopTraces } from './lib/otlp-samples.ts';

export const flatSignals = ['traces', 'logs', 'metrics'] as const;

/** Why the addons cannot be compared with their twins, '' when they can. */
export function missingAddons(names: readonly string[]): string {
  const absent = names.filter(
    (name) => !existsSync(join(import.meta.dirname, '../native/build', name)),
  );
  return absent.length === 0 ? '' : `native/build lacks ${absent.join(', ')}`;
}

/** Length, hash and beginning: enough to tell two bodies apart, and to look for the difference. */
export function describe(body: Uint8Array): string {
  const hash = createHash('sha256').update(body).digest('hex');
  return `${body.length} ${hash} ${Buffer.from(body.subarray(0, 64)).toString('hex')}`;
}

/** A sink that answers 200 and keeps what came, by path. */
export class Sink {
  readonly bodies: string[] = [];
  readonly #server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      this.bodies.push(`${request.url} ${request.headers['content-type']} ${describe(body)}`);
      response.writeHead(200, { 'content-type': request.headers['content-type'] }).end();
    });
  });

  async start(): Promise<string> {
    // A request that comes as an idle connection is closed would fail: none is closed.
    this.#server.keepAliveTimeout = 0;
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const unpack: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: zlib.gunzipSync,
  zstd: zlib.zstdDecompressSync,
};

const pack: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
};

/** A gRPC server that accepts every request and keeps what came, decompressed. */
export class GrpcSink {
  readonly bodies: string[] = [];
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #server = http2.createServer();

  constructor() {
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const whole = Buffer.concat(chunks);
        const encoding = String(headers['grpc-encoding'] ?? 'none');
        const message = whole.subarray(5, 5 + whole.readUInt32BE(1));
        const body = whole[0] === 1 ? unpack[encoding]!(message) : message;
        this.bodies.push(`${headers[':path']} ${encoding} ${whole[0]} ${describe(body)}`);
        const ok = { ':status': 200, 'content-type': 'application/grpc' };
        stream.respond(ok, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5));
      });
    });
  }

  /** @returns host:port */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
  }
}

const services: Readonly<Record<(typeof flatSignals)[number], string>> = {
  traces: 'trace.v1.TraceService',
  logs: 'logs.v1.LogsService',
  metrics: 'metrics.v1.MetricsService',
};

/** One Export call. @returns status, message and answer as text */
export async function unaryExport(
  session: http2.ClientHttp2Session,
  signal: (typeof flatSignals)[number],
  message: Uint8Array,
  encoding: string,
): Promise<string> {
  const body = pack[encoding]?.(message) ?? message;
  const head = Buffer.alloc(5);
  head[0] = body === message ? 0 : 1;
  head.writeUInt32BE(body.length, 1);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/opentelemetry.proto.collector.${services[signal]}/Export`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(body === message ? {} : { 'grpc-encoding': encoding }),
  });
  let status = '';
  const take = (headers: http2.IncomingHttpHeaders): void => {
    if (headers['grpc-status'] === undefined) return;
    status = `${headers['grpc-status']} ${headers['grpc-message'] ?? ''}`;
  };
  stream.on('response', take);
  stream.on('trailers', take);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.end(Buffer.concat([head, body]));
  await once(stream, 'close');
  return `${status} ${Buffer.concat(chunks).toString('hex')}`;
}

export interface Input {
  readonly signal: (typeof flatSignals)[number];
  readonly type: string;
  readonly body: Uint8Array;
}

export const protobuf = 'application/x-protobuf';
export const json = 'application/json';

/** One request that says everything and few that people send. */
export function realistic(nowNs: bigint): Input[] {
  const inputs: Input[] = [];
  const samples = { traces: shopTraces, logs: shopLogs, metrics: shopMetrics };
  for (const signal of flatSignals) {
    for (const [seed, count] of [1, 3, 40].entries()) {
      const text = Buffer.from(JSON.stringify(samples[signal](count, nowNs, seed + 1)));
      const batch = parseJson(signal as Signal, text);
      inputs.push({ signal, type: json, body: text });
      inputs.push({ signal, type: protobuf, body: Buffer.concat([...batch.ranges()]) });
    }
  }
  return inputs;
}

/** Requests of every field, some with what no encoder writes, some damaged. */
export function random(count: number): Input[] {
  const inputs: Input[] = [];
  for (let seed = 1; seed <= count; seed++) {
    for (const signal of flatSignals) {
      const shape = { unknown: seed % 3 === 1, wild: seed % 3 === 2 };
      const whole = randomRequest(signal, seed * 31, shape);
      inputs.push({ signal, type: protobuf, body: whole });
      if (seed % 4 === 0) {
        inputs.push({ signal, type: protobuf, body: mutate(whole, seed) });
      }
      if (seed % 5 === 0) {
        const text = toJson(parseRequest(signal, whole));
        inputs.push({ signal, type: json, body: Buffer.from(text) });
      }
    }
  }
  return inputs;
}

/** Posts one request. @returns status and answer as text */
export async function post(base: string, input: Input): Promise<string> {
  const response = await fetch(`${base}/v1/${input.signal}`, {
    method: 'POST',
    headers: { 'content-type': input.type },
    body: Buffer.from(input.body),
  });
  return `${response.status} ${await response.text()}`;
}

/** A varint of Native. */
function varint(body: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = body[at++]!;
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

/**
 * The block without what differs by design: the random id of the batch, which the query id names,
 * and column `bucket` of spans whose time lies far from now, which is the minute of receipt.
 */
export function withoutChance(table: string, queryId: string, block: Buffer, far: boolean): Buffer {
  const body = Buffer.from(block);
  const batch = BigInt(`0x${/^wirestitch-([0-9a-f]{16})-/.exec(queryId)![1]}`);
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(batch);
  for (let at = body.indexOf(id); at >= 0; at = body.indexOf(id, at)) body.fill(0, at, at + 8);
  if (!far || table !== 'spans') return body;
  const [, afterColumns] = varint(body, 0);
  const [rows] = varint(body, afterColumns);
  const name = body.indexOf('\x06bucket');
  if (name < 0 || name > 15) throw new Error('bucket is not the first column');
  const [length, type] = varint(body, name + 7);
  body.fill(0, type + length, type + length + 4 * rows);
  return body;
}

/** An OTLP/HTTP backend that keeps what comes, protobuf or JSON, plain or gzip. */
import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Signal } from '../../../component/signals.ts';
import { parseJson, toJson } from '../../../pdata/json.ts';
import { parseRequest } from '../../../pdata/parse.ts';

const json = 'application/json';

export const sent = ['traces', 'metrics', 'logs'] as const;
export type Sent = (typeof sent)[number];

export type Json = { readonly [key: string]: unknown };

/** What came, by signal, each request as OTLP/JSON. */
export type Received = { readonly [S in Sent]: Json[] };

export class OtlpSink {
  readonly received: Received = { traces: [], metrics: [], logs: [] };
  /** performance.now() of the last request. */
  last = 0;
  readonly #server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const signal = sent.find((s) => request.url === `/v1/${s}`);
      const type = request.headers['content-type'] ?? '';
      const isPacked = request.headers['content-encoding'] === 'gzip';
      const body = Buffer.concat(chunks);
      if (signal !== undefined) this.#keep(signal, isPacked ? gunzipSync(body) : body, type);
      response.writeHead(signal === undefined ? 404 : 200, { 'content-type': type });
      response.end(type === json ? '{}' : '');
    });
  });

  #keep(signal: Sent, body: Buffer, type: string): void {
    this.last = performance.now();
    if (body.length === 0) return;
    const parse = type === json ? parseJson : parseRequest;
    const batch = parse(signal as Signal, body);
    this.received[signal].push(JSON.parse(toJson(batch)) as Json);
  }

  /** @returns its base URL */
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

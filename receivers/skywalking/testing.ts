import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import type { Signal } from '../../pdata/signal.ts';
import { realTimeSettings, type TestSettingsOptions } from '../../testing/settings.ts';
import { type CollectingSink, collectingSink } from '../../testing/sinks.ts';
import { realTime } from '../../wire/grpc/testing.ts';
import { config } from './config.ts';
import { SkywalkingReceiver } from './receiver.ts';

/** A message that an agent sent, or the end of its stream. */
export interface Recorded {
  readonly path: string;
  readonly data: Buffer | undefined;
}

/** What an unmodified agent sent. */
export function recording(name: 'java-agent' | 'node-agent' | 'python-agent'): Recorded[] {
  const file = new URL(`../../wire/skywalking/testdata/${name}.jsonl`, import.meta.url);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { path: string; data?: string })
    .map(({ path, data }) => {
      return { path, data: data === undefined ? undefined : Buffer.from(data, 'base64') };
    });
}

/** A receiver that listens, and what it handed on. */
export interface Running {
  readonly receiver: SkywalkingReceiver;
  readonly settings: ReturnType<typeof realTimeSettings>;
  readonly traces: CollectingSink<'traces'>;
  readonly metrics: CollectingSink<'metrics'>;
  readonly logs: CollectingSink<'logs'>;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly client: grpc.Client;
  close(): Promise<void>;
}

/** A receiver with both protocols on free ports. */
export async function startReceiver(
  options: Omit<TestSettingsOptions, 'clock'> = {},
  signals: readonly Signal[] = ['traces', 'metrics', 'logs'],
): Promise<Running> {
  const clock = { ...realTime, unixMs: () => Date.now() };
  const settings = realTimeSettings(clock, { id: 'skywalking', ...options });
  const traces = collectingSink<'traces'>();
  const metrics = collectingSink<'metrics'>();
  const logs = collectingSink<'logs'>();
  const { protocols } = config.parse({ protocols: { grpc: {}, http: {} } });
  const endpoint = '127.0.0.1:0';
  const given = {
    protocols: {
      grpc: { ...protocols.grpc!, endpoint },
      http: { ...protocols.http!, endpoint },
    },
  };
  const all = { traces, metrics, logs };
  const wanted = Object.entries(all).filter(([signal]) => signals.includes(signal as Signal));
  const receiver = new SkywalkingReceiver(settings, given, Object.fromEntries(wanted));
  await receiver.start();
  const port = (address: AddressInfo | string | undefined): number =>
    typeof address === 'object' ? address.port : 0;
  const grpcPort = port(receiver.addresses.grpc);
  const client = new grpc.Client(`127.0.0.1:${grpcPort}`, grpc.credentials.createInsecure());
  return {
    receiver,
    settings,
    ...all,
    grpcPort,
    httpPort: port(receiver.addresses.http),
    client,
    close: async () => {
      client.close();
      await receiver.shutdown();
    },
  };
}

const bytes = (value: Buffer): Buffer => value;

/** Calls a method with one message. */
export function unary(client: grpc.Client, path: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, bytes, bytes, message, (error, value) => {
      if (error !== null) reject(error);
      else resolve(value!);
    });
  });
}

/** Opens a stream. */
export function openStream(client: grpc.Client, path: string) {
  let stream!: grpc.ClientWritableStream<Buffer>;
  const answer = new Promise<Buffer>((resolve, reject) => {
    stream = client.makeClientStreamRequest(path, bytes, bytes, (error, value) => {
      if (error !== null) reject(error);
      else resolve(value!);
    });
  });
  answer.catch(() => undefined);
  return { stream, answer };
}

/** Sends messages over a stream of their own. */
export function streamed(client: grpc.Client, path: string, messages: readonly Buffer[]) {
  const { stream, answer } = openStream(client, path);
  for (const message of messages) stream.write(message);
  stream.end();
  return answer;
}

/** Posts JSON. */
export function post(
  port: number,
  path: string,
  body: unknown,
  method = 'POST',
): Promise<{ status: number; body: string; headers: http.IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const call = http.request({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    });
    call.on('response', (response) => {
      let answer = '';
      response.on('data', (chunk: Buffer) => {
        answer += chunk.toString();
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: answer, headers: response.headers });
      });
    });
    call.on('error', reject);
    call.end(text);
  });
}

export { itemsOf, plain } from '../../wire/skywalking/testing.ts';

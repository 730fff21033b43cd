import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../component/settings.ts';
import { realTimeSettings, type TestSettingsOptions } from '../../testing/settings.ts';
import { type CollectingSink, collectingSink } from '../../testing/sinks.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { config } from './config.ts';
import { OtlpReceiver } from './receiver.ts';

/** The clock of the machine. */
export const realClock: Clock = {
  unixMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A receiver with both protocols on free ports, and what it receives. */
export interface Running {
  readonly receiver: OtlpReceiver;
  readonly settings: ReturnType<typeof realTimeSettings>;
  readonly traces: CollectingSink<'traces'>;
  readonly logs: CollectingSink<'logs'>;
  readonly metrics: CollectingSink<'metrics'>;
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** Starts one; `grpc` and `http` are added to its configuration. */
export async function startReceiver(
  given: { grpc?: object; http?: object } = {},
  options: Omit<TestSettingsOptions, 'clock'> = {},
): Promise<Running> {
  const settings = realTimeSettings(realClock, { id: 'otlp', ...options });
  const traces = collectingSink<'traces'>();
  const logs = collectingSink<'logs'>();
  const metrics = collectingSink<'metrics'>();
  const decoded = config.parse({
    protocols: {
      grpc: { endpoint: '127.0.0.1:0', ...given.grpc },
      http: { endpoint: '127.0.0.1:0', ...given.http },
    },
  });
  const receiver = new OtlpReceiver(settings, decoded, { traces, logs, metrics });
  await receiver.start();
  const port = (address: AddressInfo | string | undefined): number =>
    typeof address === 'object' ? address.port : 0;
  return {
    receiver,
    settings,
    traces,
    logs,
    metrics,
    grpcPort: port(receiver.addresses.grpc),
    httpPort: port(receiver.addresses.http),
  };
}

interface HttpReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Posts a body; chunked when `chunked`. */
export function post(
  port: number,
  path: string,
  body: Uint8Array | string,
  headers: http.OutgoingHttpHeaders = {},
  method = 'POST',
  chunked = false,
): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const length = chunked ? {} : { 'content-length': bytes.length };
    const sent = { 'content-type': 'application/x-protobuf', ...length, ...headers };
    const call = http.request({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: sent,
      agent: false,
    });
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        resolve({ status, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    call.on('error', reject);
    if (chunked) call.write(bytes.subarray(0, bytes.length >> 1));
    call.end(chunked ? bytes.subarray(bytes.length >> 1) : bytes);
  });
}

/** A request body with `items` spans. */
export function spans(items: number): Buffer {
  return Buffer.concat(sampleBatch('traces', items).ranges());
}

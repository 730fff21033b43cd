/** How each receiver is put to the test: who sends to it, and what senders are told. */
import { once } from 'node:events';
import http from 'node:http';
import { compressSync } from 'snappy';
import type { Factory } from '../../component/factory.ts';
import { signals } from '../../component/signals.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { factory as deepflow } from '../../receivers/deepflow/index.ts';
import { factory as influxdb } from '../../receivers/influxdb/index.ts';
import { factory as jaeger } from '../../receivers/jaeger/index.ts';
import { factory as otlp } from '../../receivers/otlp/index.ts';
import { factory as prometheusRemoteWrite } from '../../receivers/prometheus_remote_write/index.ts';
import { factory as skywalking } from '../../receivers/skywalking/index.ts';
import { factory as zipkin } from '../../receivers/zipkin/index.ts';
import { type NumberedSignal, numbered } from '../../testing/contract/numbered.ts';
import { freePort } from '../../testing/ports.ts';
import type { GrpcClient } from '../../wire/grpc/client.ts';
import type { GrpcError } from '../../wire/grpc/grpc-error.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { makeClient } from '../../wire/grpc/testing.ts';
import { message1 } from '../../wire/prometheus/testing/message.ts';
import { Code } from '../../wire/status/code.ts';

/** What a sender is told of its data. */
export type Answer = 'accepted' | 'again' | 'never';

/** A way to send to a started receiver. */
export interface Senders {
  readonly config: object;
  /** Sends items that carry these numbers; called by several senders at once. */
  send(numbers: readonly number[]): Promise<Answer>;
  stop(): Promise<void>;
}

export interface ReceiverRig {
  readonly name: string;
  readonly factory: Factory<unknown>;
  readonly signals: readonly NumberedSignal[];
  open(signal: NumberedSignal): Promise<Senders>;
}

const allSignals = signals;

const bodyOf = (signal: NumberedSignal, numbers: readonly number[]): Buffer =>
  Buffer.concat(numbered(signal, numbers).ranges());

async function callOnce(client: GrpcClient, body: Buffer): Promise<Answer> {
  try {
    await client.call([body], false, Number.POSITIVE_INFINITY);
    return 'accepted';
  } catch (error) {
    const { code } = error as GrpcError;
    if (code === Code.UNAVAILABLE) return 'again';
    if (code === Code.INTERNAL) return 'never';
    throw error;
  }
}

const otlpGrpc: ReceiverRig = {
  name: 'over gRPC',
  factory: otlp as Factory<unknown>,
  signals: allSignals,
  async open(signal) {
    const port = await freePort();
    const client = makeClient(port, { path: otlpPaths[signal] });
    return {
      config: { protocols: { grpc: { endpoint: `127.0.0.1:${port}` } } },
      send: (numbers) => callOnce(client, bodyOf(signal, numbers)),
      stop: async () => client.close(),
    };
  },
};

/** Posts a body. @returns the status */
async function post(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer | string,
): Promise<number> {
  const request = http.request({
    host: '127.0.0.1',
    port,
    path,
    method: 'POST',
    headers,
    agent: false,
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}

/** Statuses of answers. */
type Meaning = Readonly<Record<Answer, readonly number[]>>;

function answerOf(status: number, meaning: Meaning): Answer {
  for (const answer of ['accepted', 'again', 'never'] as const) {
    if (meaning[answer].includes(status)) return answer;
  }
  throw new Error(`answered with ${status}`);
}

interface HttpRig {
  readonly factory: unknown;
  readonly name?: string;
  readonly signals?: readonly NumberedSignal[];
  readonly config: (endpoint: string) => object;
  readonly path: (signal: NumberedSignal) => string;
  readonly type: string;
  /** Beside the type. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: (signal: NumberedSignal, numbers: readonly number[]) => Buffer | string;
  readonly meaning: Meaning;
}

/** A rig that posts. */
const posting = ({ factory, name = 'over HTTP', ...rig }: HttpRig): ReceiverRig => ({
  name,
  factory: factory as Factory<unknown>,
  signals: rig.signals ?? allSignals,
  async open(signal) {
    const port = await freePort();
    return {
      config: rig.config(`127.0.0.1:${port}`),
      async send(numbers) {
        const body = rig.body(signal, numbers);
        const headers = { 'content-type': rig.type, ...rig.headers };
        return answerOf(await post(port, rig.path(signal), headers, body), rig.meaning);
      },
      stop: async () => {},
    };
  },
});

const otlpHttp = posting({
  factory: otlp,
  config: (endpoint) => ({ protocols: { http: { endpoint } } }),
  path: (signal) => (signal === 'profiles' ? '/v1development/profiles' : `/v1/${signal}`),
  type: 'application/x-protobuf',
  body: bodyOf,
  meaning: { accepted: [200], again: [503], never: [500] },
});

const zipkinJson = posting({
  factory: zipkin,
  signals: ['traces'],
  config: (endpoint) => ({ endpoint }),
  path: () => '/api/v2/spans',
  type: 'application/json',
  body: (_signal, numbers) =>
    JSON.stringify(
      numbers.map((number) => ({
        traceId: 'f'.repeat(32),
        id: (number + 1).toString(16).padStart(16, '0'),
        name: 'work',
        timestamp: 1_700_000_000_000_000,
        duration: 10,
      })),
    ),
  meaning: { accepted: [202], again: [500, 503], never: [400] },
});

const influxdbLines = posting({
  factory: influxdb,
  signals: ['metrics'],
  config: (endpoint) => ({ endpoint }),
  path: () => '/api/v2/write?precision=ms',
  type: 'text/plain',
  body: (_signal, numbers) =>
    numbers.map((number) => `contract points=${number}i ${1_700_000_000_000 + number}\n`).join(''),
  meaning: { accepted: [204], again: [503], never: [400] },
});

const firstMs = 1_700_000_000_000;

const skywalkingJson = posting({
  factory: skywalking,
  signals: ['traces', 'logs'],
  config: (endpoint) => ({ protocols: { http: { endpoint } } }),
  path: (signal) => (signal === 'logs' ? '/v3/logs' : '/v3/segments'),
  type: 'application/json',
  body: (signal, numbers) =>
    JSON.stringify(
      numbers.map((number) => {
        if (signal === 'logs') return { service: 'contract', timestamp: firstMs + number };
        const span = { parentSpanId: -1, startTime: firstMs, endTime: firstMs + 1 };
        return {
          traceId: 'f'.repeat(32),
          traceSegmentId: (number + 1).toString(16).padStart(16, '0'),
          service: 'contract',
          spans: [span],
        };
      }),
    ),
  meaning: { accepted: [200], again: [503], never: [500] },
});

/** A PostSpansRequest of Jaeger's collector. */
function jaegerRequest(numbers: readonly number[]): Buffer {
  const w = new Writer(1024);
  const batch = w.open(1);
  for (const number of numbers) {
    const spanId = Buffer.alloc(8);
    spanId.writeUInt32BE(number + 1, 4);
    const span = w.open(1);
    w.bytesField(1, Buffer.alloc(16, 1));
    w.bytesField(2, spanId);
    w.stringField(3, 'work');
    const start = w.open(6);
    w.intField(1, firstMs / 1000);
    w.close(start);
    w.close(span);
  }
  const process = w.open(2);
  w.stringField(1, 'contract');
  w.close(process);
  w.close(batch);
  return Buffer.from(w.take());
}

const jaegerGrpc: ReceiverRig = {
  name: 'over gRPC',
  factory: jaeger as Factory<unknown>,
  signals: ['traces'],
  async open() {
    const port = await freePort();
    const client = makeClient(port, { path: '/jaeger.api_v2.CollectorService/PostSpans' });
    return {
      config: { protocols: { grpc: { endpoint: `127.0.0.1:${port}` } } },
      send: (numbers) => callOnce(client, jaegerRequest(numbers)),
      stop: async () => client.close(),
    };
  },
};

const remoteWrite = posting({
  factory: prometheusRemoteWrite,
  signals: ['metrics'],
  config: (endpoint) => ({ endpoint }),
  path: () => '/api/v1/write',
  type: 'application/x-protobuf',
  headers: { 'content-encoding': 'snappy' },
  body: (_signal, numbers) => {
    const samples = numbers.map((number) => ({ value: 1, time: firstMs + number }));
    return compressSync(message1([{ labels: { __name__: 'contract' }, samples }]));
  },
  meaning: { accepted: [204], again: [503], never: [400] },
});

const deepflowTraces = posting({
  factory: deepflow,
  name: 'with OTLP',
  signals: ['traces'],
  config: (endpoint) => ({ endpoint }),
  path: () => '/api/v1/otel/trace',
  type: 'application/x-protobuf',
  body: bodyOf,
  meaning: { accepted: [200], again: [503], never: [500] },
});

const deepflowMetrics = posting({
  factory: deepflow,
  name: 'with line protocol',
  signals: ['metrics'],
  config: (endpoint) => ({ endpoint }),
  path: () => '/api/v1/telegraf?precision=ms',
  type: 'text/plain',
  body: (_signal, numbers) =>
    numbers.map((number) => `contract points=${number}i ${firstMs + number}\n`).join(''),
  meaning: { accepted: [204], again: [503], never: [400] },
});

const deepflowLogs = posting({
  factory: deepflow,
  name: "with Vector's events",
  signals: ['logs'],
  config: (endpoint) => ({ endpoint }),
  path: () => '/api/v1/log',
  type: 'application/json',
  body: (_signal, numbers) =>
    JSON.stringify(
      numbers.map((number) => ({
        message: 'work',
        timestamp: new Date(firstMs + number).toISOString(),
      })),
    ),
  meaning: { accepted: [200], again: [503], never: [400] },
});

/** Rigs by type, or the file that tests it; a receiver without one fails the test. */
export const receiverRigs: Readonly<Record<string, readonly ReceiverRig[] | string>> = {
  deepflow: [deepflowTraces, deepflowMetrics, deepflowLogs],
  ebpf: 'receivers-of-events.test.ts',
  file_log: 'file-log.test.ts',
  fluent_forward: 'receivers-of-logs.test.ts',
  host_metrics: 'receivers-of-events.test.ts',
  influxdb: [influxdbLines],
  jaeger: [jaegerGrpc],
  kafka: 'kafka.test.ts',
  otlp: [otlpGrpc, otlpHttp],
  packet: '../../receivers/packet/receiver.test.ts',
  skywalking: [skywalkingJson],
  // Nobody sends: what is refused is dropped and counted.
  prometheus: '../../receivers/prometheus/receiver.test.ts',
  prometheus_remote_write: [remoteWrite],
  // Senders get no answer: what is refused is counted.
  statsd: '../../receivers/statsd/receiver.test.ts',
  syslog: 'receivers-of-logs.test.ts',
  zipkin: [zipkinJson],
};

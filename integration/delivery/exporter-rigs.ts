/** How each exporter is put to the test: the servers behind it, and what it is told of them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uncompressSync } from 'snappy';
import { parseJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { Cursor, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { type NumberedSignal, numbersOf } from '../../testing/contract/numbered.ts';
import { type Backend, ClickHouseBackend, GrpcBackend, HttpBackend } from './backends.ts';

/** What an exporter delivers to. */
export interface Target {
  readonly config: object;
  /** The servers, where there are some that can be told how to fail. */
  readonly backends: readonly Backend[];
  /** Numbers of what arrived, as often as it did; called after the exporter has stopped. */
  stored(): number[];
  stop(): Promise<void>;
}

/** A way to deliver, in the keys of most exporters. */
export interface Delivery {
  readonly sending_queue: object;
  readonly retry_on_failure: object;
}

export interface ExporterRig {
  /** Tells several rigs of an exporter apart. */
  readonly name?: string;
  readonly signals?: readonly NumberedSignal[];
  /** Whether it has `timeout`, `retry_on_failure` and `sending_queue`. */
  readonly hasDelivery: boolean;
  /** The keys of a way to deliver where it has others; undefined: it cannot. */
  readonly adapt?: (delivery: Delivery) => object | undefined;
  /** Whether a batch that is refused may have arrived in part. */
  readonly divides?: boolean;
  /** Whether senders wait for the result where a queue in memory has retries. */
  readonly waits?: boolean;
  /** How batches are made where the rig does not want those of the exporter. */
  readonly batch?: object;
  /** Whether servers can say that they took a part. */
  readonly speaksOtlp?: boolean;
  open(signal: NumberedSignal): Promise<Target>;
}

const ofBackends = (backends: readonly Backend[], config: object): Target => ({
  config,
  backends,
  stored: () => backends.flatMap(({ stored }) => stored),
  stop: async () => {
    await Promise.all(backends.map((backend) => backend.stop()));
  },
});

const insecure = { insecure: true };

const otlpGrpc: ExporterRig = {
  speaksOtlp: true,
  hasDelivery: true,
  async open(signal) {
    const backend = await GrpcBackend.start(signal);
    return ofBackends([backend], { endpoint: `127.0.0.1:${backend.port}`, tls: insecure });
  },
};

const otlpHttp: ExporterRig = {
  speaksOtlp: true,
  hasDelivery: true,
  async open(signal) {
    const read = (body: Buffer) => numbersOf(signal, parseRequest(signal, body));
    const backend = await HttpBackend.start(read);
    return ofBackends([backend], { endpoint: backend.url });
  },
};

const zipkin: ExporterRig = {
  hasDelivery: true,
  async open() {
    const read = (body: Buffer) =>
      (JSON.parse(body.toString()) as { id: string }[]).map(
        ({ id }) => Number.parseInt(id, 16) - 1,
      );
    const backend = await HttpBackend.start(read);
    return ofBackends([backend], { endpoint: backend.url });
  },
};

/** Times of samples in a WriteRequest, as numbers. */
function samplesIn(body: Buffer): number[] {
  const message = uncompressSync(body, { asBuffer: true }) as Buffer;
  const c = new Cursor(message);
  const numbers: number[] = [];
  const fields = (end: number, wanted: number, visit: (end: number) => void): void => {
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag !== wanted) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      visit(c.pos + size);
    }
  };
  fields(message.length, 10, (series) =>
    fields(series, 18, (sample) => {
      while (c.pos < sample) {
        const tag = readVarint(c);
        if (tag === 16) numbers.push(readVarint(c) - firstMs);
        else skipValue(c, tag);
      }
    }),
  );
  return numbers;
}

const firstMs = 1_700_000_000_000;

const remoteWrite: ExporterRig = {
  hasDelivery: true,
  adapt({ sending_queue: queue, retry_on_failure }) {
    if ('batch' in queue || 'wait_for_result' in queue) return undefined;
    return { remote_write_queue: queue, retry_on_failure };
  },
  async open() {
    const backend = await HttpBackend.start(samplesIn);
    return ofBackends([backend], { endpoint: backend.url, target_info: { enabled: false } });
  },
};

const clickhouse: ExporterRig = {
  hasDelivery: true,
  batch: { flush_timeout: '5ms', min_size: 20 },
  async open(signal) {
    const backend = await ClickHouseBackend.start(signal);
    return ofBackends([backend], {
      endpoint: backend.url,
      schema: 'otel',
      create_schema: false,
      service_edges: { enabled: false },
    });
  },
};

const loadBalancing: ExporterRig = {
  speaksOtlp: true,
  hasDelivery: true,
  divides: true,
  waits: true,
  async open(signal) {
    const backends = await Promise.all([1, 2].map(() => GrpcBackend.start(signal)));
    const hostnames = backends.map(({ port }) => `127.0.0.1:${port}`);
    const alone = { sending_queue: { enabled: false }, retry_on_failure: { enabled: false } };
    return ofBackends(backends, {
      routing_key: signal === 'metrics' ? 'resource' : 'traceID',
      protocol: { otlp: { tls: insecure, ...alone } },
      resolver: { static: { hostnames } },
    });
  },
};

const file: ExporterRig = {
  hasDelivery: false,
  async open(signal) {
    const folder = mkdtempSync(join(tmpdir(), 'delivery-'));
    const path = join(folder, 'out.jsonl');
    return {
      config: { path },
      backends: [],
      stored: () =>
        readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .flatMap((line) => numbersOf(signal, parseJson(signal, Buffer.from(line)))),
      stop: async () => rmSync(folder, { recursive: true }),
    };
  },
};

/** Takes everything and keeps nothing. */
const sinkhole = (config: object = {}): ExporterRig => ({
  hasDelivery: false,
  open: async () => ({ config, backends: [], stored: () => [], stop: async () => {} }),
});

/** Rigs by type, or the file that tests it; an exporter without one fails the test. */
export const exporterRigs: Readonly<Record<string, readonly ExporterRig[] | string>> = {
  clickhouse: [clickhouse],
  debug: [sinkhole()],
  file: [file],
  kafka: 'kafka.test.ts',
  load_balancing: [loadBalancing],
  nop: [sinkhole()],
  otlp_grpc: [otlpGrpc],
  otlp_http: [otlpHttp],
  // What it takes is there to be read.
  prometheus: [sinkhole({ endpoint: '127.0.0.1:0' })],
  prometheus_remote_write: [remoteWrite],
  zipkin: [zipkin],
};

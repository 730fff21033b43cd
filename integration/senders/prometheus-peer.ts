/** Prometheus itself as a sender: what it scrapes, and the program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import type { Family } from '../../wire/prometheus/exposition/model.ts';
import { writeProtobuf } from '../../wire/prometheus/exposition/protobuf.ts';
import { peerMissing, peerPath } from '../lib/peer.ts';

const root = join(import.meta.dirname, '../..');

/** A Prometheus, and the messages of remote write that it knows. */
export interface Binary {
  readonly path: string;
  /** Of the third major release or a later one. */
  readonly isCurrent: boolean;
}

/** Prometheus 3, of which registries have the sources. */
export const current: Binary = { path: peerPath('prometheus'), isCurrent: true };

/** Prometheus 2 of Debian, which set-up puts below .cache. */
export const debian: Binary = {
  path: join(root, '.cache/prometheus/usr/bin/prometheus'),
  isCurrent: false,
};

/** Why a Prometheus cannot be run, '' when it can. */
export function obstacle({ path, isCurrent }: Binary): string {
  if (existsSync(path)) return '';
  return isCurrent ? peerMissing('prometheus') : 'Prometheus of Debian is not in .cache';
}

/** Of counter `seen_total`, but for its time. */
export const exemplar = {
  labels: [
    ['span_id', '0102030405060708'],
    ['trace_id', '0102030405060708090a0b0c0d0e0f10'],
  ],
  value: 0.5,
  timeUnixNano: 1_700_000_000_000_000_000n,
} as const;

/** What the scraped target shows: 1,100 series with a value each, and one of each other kind. */
export function families(): Family[] {
  const numbered = (count: number, factor: number) =>
    Array.from({ length: count }, (_, i) => ({
      labels: [['i', String(i)]] as const,
      value: { kind: 'number', value: i * factor } as const,
    }));
  const created = 1_699_999_000_000_000_000n;
  const now = { ...exemplar, timeUnixNano: BigInt(Date.now()) * 1_000_000n };
  return [
    { name: 'item_value', help: 'Values.', type: 'gauge', metrics: numbered(700, 1.5) },
    { name: 'work_total', help: 'Work.', type: 'counter', metrics: numbered(400, 3) },
    {
      name: 'seen_total',
      help: 'Seen.',
      type: 'counter',
      metrics: [
        {
          labels: [],
          createdUnixNano: created,
          value: { kind: 'number', value: 5, exemplar: now },
        },
      ],
    },
    {
      name: 'wait_seconds',
      help: 'Waits.',
      type: 'histogram',
      metrics: ['a', 'b'].map((route) => ({
        labels: [['route', route]] as const,
        value: {
          kind: 'histogram',
          count: 9n,
          sum: 4.5,
          buckets: [
            { bound: 0.1, count: 2n },
            { bound: 1, count: 5n },
          ],
        } as const,
      })),
    },
    {
      name: 'size_bytes',
      help: 'Sizes.',
      type: 'summary',
      metrics: [
        {
          labels: [],
          value: {
            kind: 'summary',
            count: 8n,
            sum: 80,
            quantiles: [
              [0.5, 7],
              [0.99, 31],
            ],
          },
        },
      ],
    },
    {
      name: 'native_seconds',
      help: 'Native.',
      type: 'histogram',
      metrics: [
        {
          labels: [],
          value: {
            kind: 'histogram',
            count: 11n,
            sum: 6.5,
            buckets: [],
            native: {
              schema: 3,
              zeroThreshold: 0.001,
              zeroCount: 1n,
              positive: { offset: 2, counts: [4n, 0n, 3n] },
              negative: { offset: -1, counts: [3n] },
              exemplars: [],
            },
          },
        },
      ],
    },
  ];
}

/** A target that Prometheus scrapes. */
async function target(t: TestContext): Promise<number> {
  const type =
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': type }).end(writeProtobuf(families()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Ends the job in which Prometheus 3 makes histograms of custom buckets of classic ones. */
export const customSuffix = '-custom';

export interface Running {
  /** What it scrapes. */
  readonly instance: string;
  /** Sends what is left and ends. */
  stop(): Promise<void>;
}

/** Where a Prometheus writes to, and how. */
export interface Destination {
  readonly url: string;
  /** A folder of its own. */
  readonly folder: string;
  readonly job: string;
  /** Name of the message of remote write; Prometheus 2 knows one. */
  readonly message: string;
}

/** Starts a Prometheus that scrapes {@link families} each second and writes. */
export async function startPrometheus(
  t: TestContext,
  binary: Binary,
  { url, folder, job, message }: Destination,
): Promise<Running> {
  const port = await freePort();
  const instance = `127.0.0.1:${await target(t)}`;
  const { isCurrent } = binary;
  const now = <Value>(value: Value): Value | undefined => (isCurrent ? value : undefined);
  const scrape = {
    job_name: job,
    scrape_protocols: now(['PrometheusProto']),
    scrape_native_histograms: now(true),
    static_configs: [{ targets: [instance] }],
  };
  const custom = {
    ...{ ...scrape, job_name: `${job}${customSuffix}`, convert_classic_histograms_to_nhcb: true },
    metric_relabel_configs: [
      { source_labels: ['__name__'], regex: 'wait_seconds.*', action: 'keep' },
    ],
  };
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: isCurrent ? [scrape, custom] : [scrape],
    remote_write: [
      {
        url,
        protobuf_message: now(message),
        send_exemplars: true,
        send_native_histograms: true,
        metadata_config: { send: true, send_interval: '1s' },
        queue_config: { batch_send_deadline: '500ms', min_shards: 1, max_shards: 1 },
      },
    ],
  };
  const features = ['exemplar-storage', isCurrent ? 'metadata-wal-records' : 'native-histograms'];
  // Release 3.14 sends no types of its own with version 2.0.
  if (message.includes('v2')) features.push('type-and-unit-labels');
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    binary.path,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--enable-feature=${features.join(',')}`,
    ],
    { stdio: 'ignore' },
  );
  t.after(() => stopProcess(child));
  return { instance, stop: () => stopProcess(child, 10_000) };
}

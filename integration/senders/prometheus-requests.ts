/**
 * Records remote write requests of Prometheus, decompressed, for the reader's tests.
 *
 *   PEERS_DIR=... node integration/senders/prometheus-requests.ts
 *
 * Prometheus scrapes a counter with an exemplar, a classic and a native histogram and sends them by
 * version 1.0 and 2.0; the largest request of each version and metadata of 1.0 are kept.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { uncompressSync } from 'snappy';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import type { Family } from '../../wire/prometheus/exposition/model.ts';
import { writeProtobuf } from '../../wire/prometheus/exposition/protobuf.ts';
import { readWriteRequest } from '../../wire/prometheus/remote-write/read.ts';

const out = join(import.meta.dirname, '../../wire/prometheus/testdata');
const peer = join(process.env.PEERS_DIR ?? '', 'bin/prometheus');

function families(): Family[] {
  const exemplar = {
    labels: [['trace_id', 'abc']] as const,
    value: 1,
    timeUnixNano: BigInt(Date.now()) * 1_000_000n,
  };
  const native = {
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 1n,
    positive: { offset: 0, counts: [2n, 1n] },
    negative: { offset: 0, counts: [] },
    exemplars: [],
  };
  const number = { kind: 'number', value: 7, exemplar } as const;
  return [
    {
      name: 'c_total',
      help: 'Counted.',
      type: 'counter',
      metrics: [{ labels: [], value: number }],
    },
    {
      name: 'h_seconds',
      help: 'Classic.',
      type: 'histogram',
      metrics: [
        {
          labels: [['l', 'ü']],
          value: { kind: 'histogram', count: 3n, sum: 2, buckets: [{ bound: 1, count: 2n }] },
        },
      ],
    },
    {
      name: 'n_seconds',
      help: 'Native.',
      type: 'histogram',
      metrics: [
        { labels: [], value: { kind: 'histogram', count: 4n, sum: 5.5, buckets: [], native } },
      ],
    },
  ];
}

async function record(version: 1 | 2, message: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-requests-'));
  const [target = 0, own = 0] = await freePorts(2);
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      const type =
        'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
      response.writeHead(200, { 'content-type': type }).end(writeProtobuf(families()));
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(uncompressSync(Buffer.concat(chunks)) as Buffer);
      response.writeHead(204).end();
    });
  }).listen(target, '127.0.0.1');
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'shop',
        scrape_protocols: ['PrometheusProto'],
        scrape_native_histograms: true,
        static_configs: [{ targets: [`127.0.0.1:${target}`] }],
      },
    ],
    remote_write: [
      {
        url: `http://127.0.0.1:${target}/write`,
        protobuf_message: message,
        send_exemplars: true,
        send_native_histograms: true,
        metadata_config: { send: true, send_interval: '1s' },
        queue_config: { batch_send_deadline: '2s', min_shards: 1, max_shards: 1 },
      },
    ],
  };
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(config));
  const features = `exemplar-storage${version === 2 ? ',type-and-unit-labels' : ''}`;
  const child = spawn(
    peer,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${own}`,
      `--enable-feature=${features}`,
    ],
    { stdio: 'ignore' },
  );
  await sleep(9000);
  await stopProcess(child);
  server.close();
  rmSync(folder, { recursive: true, force: true });
  const parts = bodies.map((body) => ({ body, ...readWriteRequest(body, version) }));
  parts.sort(
    (a, b) => b.request.exemplarCount - a.request.exemplarCount || a.body.length - b.body.length,
  );
  writeFileSync(join(out, `prometheus-${version}.bin`), parts[0]!.body);
  const metadata = parts.find(({ request }) => request.familyNames.length > 0);
  if (metadata !== undefined) writeFileSync(join(out, 'prometheus-metadata.bin'), metadata.body);
}

await record(1, 'prometheus.WriteRequest');
await record(2, 'io.prometheus.write.v2.Request');

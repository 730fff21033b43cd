/** The started program across kill -9, and the Go collector at the other end of topics. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { background } from '../component/consumer.ts';
import type { Batch } from '../pdata/batch.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { decodeMetrics, decodeTraces } from '../pdata/objects/index.ts';
import { freePorts } from '../testing/ports.ts';
import { stopProcess } from '../testing/process.ts';
import type { CollectingSink } from '../testing/sinks.ts';
import { until } from '../testing/until.ts';
import { findPeer } from './drop-in/lib/peer.ts';
import { OtlpSink } from './drop-in/lib/sink.ts';
import { KafkaBroker, kafkaObstacle } from './lib/kafka.ts';
import { exporting, receiving } from './lib/kafka-parts.ts';
import { shopTraces } from './lib/otlp-samples.ts';
import { Program, scratch } from './lib/program.ts';

const obstacle = kafkaObstacle();
const peer = findPeer();
let broker: KafkaBroker;

before(async () => {
  if (obstacle === '') broker = await KafkaBroker.start(['num.partitions=5']);
});
after(async () => {
  await broker?.remove();
});

function traces(count: number): Batch<'traces'> {
  const request = shopTraces(count, 1_700_000_000_000_000_000n, 3);
  return parseJson('traces', Buffer.from(JSON.stringify(request)));
}

const resources = Array.from({ length: 12 }, (_, i) => ({
  resource: {
    attributes: [
      { key: 'host', value: { stringValue: `host-${i}` } },
      { key: 'n', value: { intValue: String(i) } },
    ],
  },
  scopeMetrics: [
    { metrics: [{ name: 'up', gauge: { dataPoints: [{ asInt: '1', timeUnixNano: '5' }] } }] },
  ],
}));

const metrics = (): Batch<'metrics'> =>
  parseJson('metrics', Buffer.from(JSON.stringify({ resourceMetrics: resources })));

/** The partition that each trace lies in. */
function partitionsOfTraces(sink: CollectingSink<'traces'>): Map<string, string> {
  const found = new Map<string, string>();
  sink.batches.forEach((batch, i) => {
    const partition = sink.contexts[i]!.client.metadata.get('kafka.partition')![0]!;
    for (const { scopes } of decodeTraces(batch)) {
      for (const { items } of scopes) {
        for (const { traceId } of items) found.set(Buffer.from(traceId).toString('hex'), partition);
      }
    }
  });
  return found;
}

function partitionsOfHosts(sink: CollectingSink<'metrics'>): Map<unknown, string> {
  const found = new Map<unknown, string>();
  sink.batches.forEach((batch, i) => {
    const partition = sink.contexts[i]!.client.metadata.get('kafka.partition')![0]!;
    for (const { resource } of decodeMetrics(batch)) {
      found.set(resource.attributes.get('host'), partition);
    }
  });
  return found;
}

/** Starts the Go collector; the test's end stops it. */
async function startPeer(t: TestContext, config: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-peer-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config);
  const child = spawn(peer!, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-20_000);
  });
  t.after(async () => {
    await stopProcess(child);
    rmSync(folder, { recursive: true, force: true });
  });
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the peer ended:\n${log}`);
    return log.includes('Everything is ready');
  }, 'the peer is ready');
}

const service = 'telemetry: { metrics: { level: none } }';

describe('kafka: the program', { skip: obstacle !== '' && obstacle }, () => {
  it('loses no record when it is killed, again and again', async (t) => {
    const topic = 'killed';
    const sink = new OtlpSink();
    const url = await sink.start();
    const folder = scratch();
    t.after(() => {
      sink.stop();
      folder.remove();
    });
    const config = `
receivers:
  kafka:
    brokers: ["${broker.address}"]
    group_id: killed
    initial_offset: earliest
    session_timeout: 6s
    heartbeat_interval: 500ms
    logs: { topics: [${topic}] }
    autocommit: { interval: 100ms }
exporters:
  otlp_http: { endpoint: "${url}", encoding: json, sending_queue: { enabled: false } }
service:
  ${service}
  pipelines:
    logs: { receivers: [kafka], exporters: [otlp_http] }
`;
    const out = await exporting(t, broker.address, 'logs', {
      logs: { topic },
      record_partitioner: { round_robin: {} },
    });
    const sent = new Set<string>();
    let stop = false;
    const sending = (async () => {
      for (let i = 0; !stop; i += 1) {
        const records = [{ body: { stringValue: `id-${i}` } }];
        const request = { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] };
        const batch = parseJson('logs', Buffer.from(JSON.stringify(request)));
        await out.consume(batch, background);
        sent.add(`id-${i}`);
      }
    })();
    const seen = (): Set<string> => new Set(JSON.stringify(sink.received).match(/id-\d+/g) ?? []);
    let before = 0;
    for (let kill = 0; kill < 3; kill += 1) {
      const program = await Program.startWith(config, folder.path);
      await until(() => seen().size > before + 20, 'records of this run');
      program.process.kill('SIGKILL');
      await until(() => !program.running, 'its end');
      before = seen().size;
    }
    stop = true;
    await sending;
    const program = await Program.startWith(config, folder.path);
    t.after(() => stopProcess(program.process));
    await until(() => seen().size === sent.size, 'all records');
    assert.deepEqual(seen(), sent);
  });
});

const noPeer = obstacle || (peer === undefined && 'no otelcol-dropin in PEERS_DIR');

describe('kafka: beside the Go collector', { skip: noPeer }, () => {
  it('reads what it writes, and puts traces and resources where it does', async (t) => {
    const [port] = (await freePorts(1)) as [number];
    await startPeer(
      t,
      `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters:
  kafka:
    brokers: ["${broker.address}"]
    partition_traces_by_id: true
    partition_metrics_by_resource_attributes: true
    traces: { topic: theirs-traces }
    metrics: { topic: theirs-metrics, encoding: otlp_json }
    producer: { compression: snappy }
service:
  ${service}
  pipelines:
    traces: { receivers: [otlp], exporters: [kafka] }
    metrics: { receivers: [otlp], exporters: [kafka] }
`,
    );
    const post = async (signal: 'traces' | 'metrics', body: string): Promise<void> => {
      const headers = { 'content-type': 'application/json' };
      const url = `http://127.0.0.1:${port}/v1/${signal}`;
      assert.equal((await fetch(url, { method: 'POST', headers, body })).status, 200);
    };
    await post('traces', toJson(traces(20)));
    await post('metrics', toJson(metrics()));
    const ours = { partition_traces_by_id: true, partition_metrics_by_resource_attributes: true };
    const outTraces = await exporting(t, broker.address, 'traces', {
      traces: { topic: 'ours-traces' },
      ...ours,
    });
    await outTraces.consume(traces(20), background);
    const outMetrics = await exporting(t, broker.address, 'metrics', {
      metrics: { topic: 'ours-metrics' },
      ...ours,
    });
    await outMetrics.consume(metrics(), background);

    const read = (topic: string) =>
      receiving(t, broker.address, 'traces', { group_id: topic, traces: { topics: [topic] } });
    const [theirs, own] = [await read('theirs-traces'), await read('ours-traces')];
    const { itemCount } = traces(20);
    await until(() => theirs.items === itemCount && own.items === itemCount, 'all spans');
    assert.deepEqual(partitionsOfTraces(own), partitionsOfTraces(theirs));
    assert.equal(own.batches.length, theirs.batches.length);
    const spans = (sink: CollectingSink<'traces'>): string[] =>
      sink.batches.map((batch) => canonical(toJson(batch))).sort();
    assert.deepEqual(spans(theirs), spans(own));

    const readMetrics = (topic: string, encoding: string) =>
      receiving(t, broker.address, 'metrics', {
        group_id: topic,
        metrics: { topics: [topic], encoding },
      });
    const theirMetrics = await readMetrics('theirs-metrics', 'otlp_json');
    const ownMetrics = await readMetrics('ours-metrics', 'otlp_proto');
    await until(() => theirMetrics.items === 12 && ownMetrics.items === 12, 'all points');
    assert.deepEqual(partitionsOfHosts(ownMetrics), partitionsOfHosts(theirMetrics));
  });

  it('writes what it reads, with headers', async (t) => {
    const sink = new OtlpSink();
    const url = await sink.start();
    t.after(() => sink.stop());
    const out = await exporting(t, broker.address, 'traces', {
      traces: { topic: 'to-them' },
      producer: { compression: 'zstd', compression_params: { level: 9 } },
      record_headers: [{ name: 'team', value: 'a' }],
    });
    await out.consume(traces(4), background);
    await startPeer(
      t,
      `
receivers:
  kafka:
    brokers: ["${broker.address}"]
    initial_offset: earliest
    traces: { topics: [to-them] }
    header_extraction: { extract_headers: true, headers: [team] }
exporters: { otlp_http: { endpoint: "${url}", encoding: json } }
service:
  ${service}
  pipelines:
    traces: { receivers: [kafka], exporters: [otlp_http] }
`,
    );
    await until(() => sink.received.traces.length > 0, 'a request');
    const text = JSON.stringify(sink.received.traces[0]);
    assert.match(text, /"kafka\.header\.team","value":\{"stringValue":"a"\}/);
    const got = parseJson('traces', Buffer.from(text));
    assert.equal(got.itemCount, traces(4).itemCount);
    const mark = /,?\{"key":"kafka\.header\.team","value":\{"stringValue":"a"\}\}/g;
    assert.equal(canonical(toJson(got).replace(mark, '')), canonical(toJson(traces(4))));
  });

  it('shares a group with it', async (t) => {
    const sink = new OtlpSink();
    const url = await sink.start();
    t.after(() => sink.stop());
    const out = await exporting(t, broker.address, 'logs', {
      logs: { topic: 'mixed' },
      record_partitioner: { round_robin: {} },
    });
    const send = async (name: string): Promise<void> => {
      const records = [{ body: { stringValue: name } }];
      const request = { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] };
      await out.consume(parseJson('logs', Buffer.from(JSON.stringify(request))), background);
    };
    await send('m-start');
    const own = await receiving(t, broker.address, 'logs', {
      group_id: 'mixed',
      logs: { topics: ['mixed'] },
    });
    await until(() => own.items > 0, 'the first record');
    await startPeer(
      t,
      `
receivers:
  kafka:
    brokers: ["${broker.address}"]
    group_id: mixed
    initial_offset: earliest
    logs: { topics: [mixed] }
exporters: { otlp_http: { endpoint: "${url}", encoding: json } }
service:
  ${service}
  pipelines:
    logs: { receivers: [kafka], exporters: [otlp_http] }
`,
    );
    const sent = new Set(['m-start']);
    const more = async (): Promise<boolean> => {
      const name = `m-${sent.size}`;
      await send(name);
      sent.add(name);
      return sink.received.logs.length > 0;
    };
    await until(more, 'the peer gets a record', undefined, 100);
    for (let i = 0; i < 20; i += 1) {
      await send(`m-late-${i}`);
      sent.add(`m-late-${i}`);
    }
    const seen = (): Set<string> => {
      const text = JSON.stringify(sink.received) + own.batches.map((one) => toJson(one)).join('');
      return new Set(text.match(/m-[a-z0-9-]+/g) ?? []);
    };
    await until(() => seen().size === sent.size, 'all records');
    assert.deepEqual(seen(), sent);
  });
});

/** JSON with keys in order and without what is empty, which one program writes and the other not. */
function canonical(text: string): string {
  const order = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(order);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value)
      .map(([key, inner]) => [key, order(inner)] as const)
      .filter(([, inner]) => inner !== '' && inner !== 0 && !isEmpty(inner))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  };
  return JSON.stringify(order(JSON.parse(text)));
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

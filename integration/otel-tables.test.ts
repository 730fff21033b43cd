/**
 * Spans in the tables of the Go collector's clickhouse exporter, written by that one and by ours:
 * both Jaeger APIs give back what an SDK sent.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePorts } from '../testing/ports.ts';
import { stopProcess } from '../testing/process.ts';
import { eventually } from './lib/all-in-one.ts';
import { follow, output } from './lib/follow.ts';
import { peerMissing, peerPath } from './lib/peer.ts';
import { Program, scratch } from './lib/program.ts';

const app = join(import.meta.dirname, 'apps/app.ts');
const password = 'integration';

interface Store {
  readonly folder: string;
  readonly program: Program;
  readonly clickhouse: string;
  readonly jaeger: string;
  /** OTLP over HTTP, into our exporter. */
  readonly otlp: string;
}

/** The engine, our exporter into tables of schema `otel` of one database, and the APIs over it. */
async function start(t: TestContext, database: string): Promise<Store> {
  const folder = scratch();
  t.after(() => folder.remove());
  const [otlp, engine, jaeger, metricsPort = 0] = await freePorts(4);
  const config = `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}
exporters:
  clickhouse:
    engine: embedded_clickhouse
    schema: otel
    database: ours
    sending_queue: {batch: {flush_timeout: 200ms, min_size: 1000, sizer: items}}
extensions:
  embedded_clickhouse: {path: "${folder.path}/clickhouse", listen: "127.0.0.1:${engine}"}
  jaeger_query:
    endpoint: "127.0.0.1:${jaeger}"
    storage: {engine: embedded_clickhouse, schema: otel, database: ${database}}
service:
  extensions: [embedded_clickhouse, jaeger_query]
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]}
  pipelines:
    traces: {receivers: [otlp], exporters: [clickhouse]}
`;
  const env = { WIRESTITCH_ENGINE_PASSWORD: password };
  const program = await Program.startWith(config, folder.path, { env, metricsPort });
  t.after(() => program.stop());
  const at = (port: number | undefined) => `http://127.0.0.1:${port}`;
  const urls = { clickhouse: at(engine), jaeger: at(jaeger), otlp: at(otlp) };
  return { folder: folder.path, program, ...urls };
}

test('our exporter, schema otel', { timeout: 300_000 }, async (t) => {
  const { program, otlp, jaeger } = await start(t, 'ours');
  await follow(jaeger, await output(process.execPath, [app, 'proto', otlp]), 'otel');
  assert.deepEqual(await program.unbalanced(), []);
});

/** The Go collector with its exporter into the engine. @returns its OTLP address over HTTP */
async function startCollector(t: TestContext, binary: string, store: Store): Promise<string> {
  const [port = 0] = await freePorts(1);
  const file = join(store.folder, 'collector.yaml');
  writeFileSync(
    file,
    `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}
exporters:
  clickhouse:
    endpoint: ${store.clickhouse}
    username: default
    password: ${password}
    database: theirs
    create_schema: true
    sending_queue: {enabled: false}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [clickhouse]}
`,
  );
  const child = spawn(binary, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => stopProcess(child));
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-10_000);
  });
  await eventually('the Go collector is ready', async () => {
    assert.equal(child.exitCode, null, log);
    return log.includes('Everything is ready');
  });
  return `http://127.0.0.1:${port}`;
}

test("the Go collector's exporter", { timeout: 300_000 }, async (t) => {
  const binary = peerPath('otelcol-lite');
  if (binary === '') return t.skip(peerMissing('otelcol-lite'));
  const store = await start(t, 'theirs');
  const otlp = await startCollector(t, binary, store);
  await follow(store.jaeger, await output(process.execPath, [app, 'proto', otlp]), 'otel');
});

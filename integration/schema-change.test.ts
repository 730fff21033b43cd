// Another schema in the configuration while data waits on disk: what waits goes where it was made
// for.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compressSync } from 'snappy';
import { freePorts } from '../testing/ports.ts';
import { message1 } from '../wire/prometheus/testing/message.ts';
import { numberedRequest } from './crash/numbered.ts';
import { eventually } from './lib/all-in-one.ts';
import { ClickHouseProxy, type Engine, enginePassword, startEngine } from './lib/clickhouse.ts';
import { Program, scratch } from './lib/program.ts';

const folder = scratch();
let engine: Engine;
let proxy: ClickHouseProxy;

before(async () => {
  engine = await startEngine(join(folder.path, 'engine'));
  proxy = new ClickHouseProxy(engine.url);
  await proxy.open();
});

after(async () => {
  await proxy?.close();
  await engine?.stop();
  folder.remove();
});

interface Gateway {
  readonly program: Program;
  readonly traces: string;
  readonly metrics: string;
}

/** @param keys of the exporter: database and schema */
async function start(keys: string, queue: string): Promise<Gateway> {
  const [http = 0, write = 0, own = 0] = await freePorts(3);
  const config = `extensions:
  file_storage: {directory: "${folder.path}/${queue}", create_directory: true}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}
  prometheus_remote_write: {endpoint: "127.0.0.1:${write}"}
exporters:
  clickhouse:
    endpoint: "${proxy.url}"
    username: default
    password: ${enginePassword}
${keys}
    service_edges: {enabled: false}
    retry_on_failure: {max_elapsed_time: 0, initial_interval: 50ms, max_interval: 500ms}
    sending_queue: {storage: file_storage, batch: {flush_timeout: 100ms, min_size: 100}}
service:
  extensions: [file_storage]
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${own}}}}}]}
  pipelines:
    traces: {receivers: [otlp], exporters: [clickhouse]}
    metrics: {receivers: [prometheus_remote_write], exporters: [clickhouse]}
`;
  const program = await Program.startWith(config, folder.path, { metricsPort: own });
  return {
    program,
    traces: `http://127.0.0.1:${http}/v1/traces`,
    metrics: `http://127.0.0.1:${write}/api/v1/write`,
  };
}

async function post(url: string, body: Uint8Array, headers = {}): Promise<void> {
  const type = { 'content-type': 'application/x-protobuf', ...headers };
  const response = await fetch(url, { method: 'POST', headers: type, body: Buffer.from(body) });
  assert.ok(response.ok, `${response.status} ${await response.text()}`);
}

/** 200 spans and 60 samples. */
async function send({ traces, metrics }: Gateway, first: number): Promise<void> {
  await post(traces, numberedRequest(first, 200));
  const series = Array.from({ length: 20 }, (_, n) => ({
    labels: { __name__: 'load', job: 'node', n: `${first + n}` },
    samples: [1, 2, 3].map((value) => ({ value, time: Date.now() - value * 1000 })),
  }));
  const body = compressSync(Buffer.from(message1(series)));
  await post(metrics, new Uint8Array(body), { 'content-encoding': 'snappy' });
}

async function count(table: string): Promise<number> {
  return Number(await engine.query(`SELECT count() FROM ${table}`));
}

/** Accepts data that cannot be delivered, in schema smart, and stops. */
async function queued(database: string): Promise<void> {
  const smart = await start(`    database: ${database}`, `queue-${database}`);
  await send(smart, 0);
  await eventually('deliveries that wait', async () => {
    const retries = await smart.program.metric('wirestitch_exporter_retries');
    return retries >= 4 || /Will retry/.test(smart.program.log);
  });
  // Known series wait as rows that are this schema's own.
  await send(smart, 0);
  await smart.program.stop();
}

const otherTables = `
    schema: otel
    traces_table_name: flat_traces
    metrics_tables:
      gauge: {name: flat_gauge}
      sum: {name: flat_sum}
      summary: {name: flat_summary}
      histogram: {name: flat_histogram}
      exponential_histogram: {name: flat_exponential}`;

test('schema otel beside the tables of schema smart: what waited is in those, the rest in its own', async () => {
  proxy.fate = (table) => (table === '' ? 'pass' : { code: 241, text: 'Memory limit' });
  await queued('beside');
  proxy.fate = () => 'pass';
  const otel = await start(`    database: beside${otherTables}`, 'queue-beside');
  try {
    await send(otel, 1000);
    await eventually('all is stored', async () => {
      const sent = await otel.program.metric('otelcol_exporter_sent_spans');
      const points = await otel.program.metric('otelcol_exporter_sent_metric_points');
      return sent >= 600 && points >= 180;
    });
    assert.equal(await count('beside.spans'), 400);
    assert.equal(await count('beside.flat_traces'), 200);
    assert.equal(await count('beside.metric_samples FINAL'), 120);
    assert.equal(await count('beside.flat_gauge'), 60);
    const known = 'SELECT count() FROM beside.metric_samples WHERE series_id NOT IN';
    const orphans = `${known} (SELECT id FROM beside.metric_series)`;
    assert.equal(await engine.query(orphans), '0');
    assert.equal(await otel.program.metric('otelcol_exporter_send_failed_spans'), 0);
    assert.equal(await otel.program.metric('otelcol_exporter_send_failed_metric_points'), 0);
    assert.deepEqual(await otel.program.unbalanced(), []);
  } finally {
    await otel.program.stop();
  }
});

test('schema otel in the database whose views have its names is refused at start', async () => {
  await assert.rejects(
    start('    database: beside\n    schema: otel', 'queue-refused'),
    /cannot write to otel_traces of database "beside": it is a view/,
  );
});

test('another database: blocks go where they were made for, rows stay on disk for it', async () => {
  proxy.fate = (table) => (table === '' ? 'pass' : { code: 241, text: 'Memory limit' });
  await queued('first');
  proxy.fate = () => 'pass';
  const otel = await start('    database: second\n    schema: otel', 'queue-first');
  try {
    await eventually('spans are stored', async () => (await count('first.spans')) === 400);
    await otel.program.logged('has no tables of that schema');
    assert.equal(await otel.program.metric('otelcol_exporter_send_failed_metric_points'), 0);
  } finally {
    await otel.program.stop();
  }
  const back = await start('    database: first', 'queue-first');
  try {
    await eventually('rows are stored', async () => {
      return (await count('first.metric_samples FINAL')) >= 60;
    });
    await eventually('all are sent', async () => {
      return (await back.program.metric('otelcol_exporter_sent_metric_points')) >= 120;
    });
  } finally {
    await back.program.stop();
  }
});

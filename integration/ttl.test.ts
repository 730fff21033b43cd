// How long rows are kept is what the configuration says at every start, not only at the first.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from '../testing/ports.ts';
import { type Engine, enginePassword, startEngine } from './lib/clickhouse.ts';
import { Program, scratch } from './lib/program.ts';

const folder = scratch();
let engine: Engine;

before(async () => {
  engine = await startEngine(join(folder.path, 'engine'));
});

after(async () => {
  await engine?.stop();
  folder.remove();
});

/** Starts and stops a gateway. @param ttls key `ttl` of the exporter of each signal; '' = absent */
async function run(
  database: string,
  schema: 'smart' | 'otel',
  ttls: Readonly<Record<string, string>>,
  more = '',
): Promise<string> {
  const [http] = await freePorts(1);
  const signals = Object.keys(ttls);
  const exporters = signals.map(
    (signal) => `  clickhouse/${signal}:
    endpoint: "${engine.url}"
    username: default
    password: ${enginePassword}
    database: ${database}
    schema: ${schema}
    service_edges: {enabled: false}
    ${more}
    ${ttls[signal] === '' ? '' : `ttl: ${ttls[signal]}`}
`,
  );
  const pipelines = signals.map(
    (signal) => `    ${signal}: {receivers: [otlp], exporters: [clickhouse/${signal}]}\n`,
  );
  const config = `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}
exporters:
${exporters.join('')}service:
  telemetry: {metrics: {level: none}}
  pipelines:
${pipelines.join('')}`;
  const program = await Program.startWith(config, folder.path);
  await program.stop();
  return program.log;
}

async function ttlOf(database: string, table: string): Promise<string> {
  const sql = `SELECT extract(engine_full, ' TTL (.*?) SETTINGS') FROM system.tables
    WHERE database = '${database}' AND name = '${table}' FORMAT TSVRaw`;
  return engine.query(sql);
}

async function ttlsOf(database: string, tables: readonly string[]): Promise<string[]> {
  return Promise.all(tables.map((table) => ttlOf(database, table)));
}

test('schema smart: another ttl at the next start is the one that counts', async () => {
  const tables = ['spans', 'metric_samples', 'resources'];
  await run('smart', 'smart', { traces: '72h', metrics: '720h' });
  assert.deepEqual(await ttlsOf('smart', tables), [
    'bucket + toIntervalDay(3)',
    'day + toIntervalDay(30)',
    'day + toIntervalDay(30)',
  ]);
  const log = await run('smart', 'smart', { traces: '168h', metrics: '24h' });
  assert.match(log, /the time that rows are kept was changed/);
  assert.deepEqual(await ttlsOf('smart', tables), [
    'bucket + toIntervalDay(7)',
    'day + toIntervalDay(1)',
    'day + toIntervalDay(7)',
  ]);
  const same = await run('smart', 'smart', { traces: '168h', metrics: '' });
  assert.doesNotMatch(same, /the time that rows are kept/);
  assert.equal(await ttlOf('smart', 'metric_samples'), 'day + toIntervalDay(1)');
  await run('smart', 'smart', { traces: '0s', metrics: '' });
  assert.deepEqual(await ttlsOf('smart', tables), ['', 'day + toIntervalDay(1)', '']);
});

test('schema otel: another ttl at the next start is the one that counts', async () => {
  const tables = ['otel_traces', 'otel_traces_trace_id_ts', 'otel_logs', 'otel_metrics_sum'];
  await run('otel', 'otel', { traces: '72h', logs: '', metrics: '90m' });
  assert.deepEqual(await ttlsOf('otel', tables), [
    'toDateTime(Timestamp) + toIntervalDay(3)',
    'toDateTime(Start) + toIntervalDay(3)',
    '',
    'toDateTime(TimeUnix) + toIntervalMinute(90)',
  ]);
  await run('otel', 'otel', { traces: '', logs: '36h', metrics: '0s' });
  assert.deepEqual(await ttlsOf('otel', tables), [
    'toDateTime(Timestamp) + toIntervalDay(3)',
    'toDateTime(Start) + toIntervalDay(3)',
    'toDateTime(Timestamp) + toIntervalHour(36)',
    '',
  ]);
});

test('of two exporters of one signal the last that starts counts, and says so', async () => {
  await run('twice', 'otel', { traces: '24h' });
  const log = await run('twice', 'otel', { traces: '48h' });
  assert.match(log, /otel_traces \(1 day\)/);
  assert.equal(await ttlOf('twice', 'otel_traces'), 'toDateTime(Timestamp) + toIntervalDay(2)');
});

test('tables that the exporter does not make keep their TTL, and a key ttl is told to do nothing', async () => {
  await run('others', 'otel', { traces: '24h' });
  const log = await run('others', 'otel', { traces: '48h' }, 'create_schema: false');
  assert.match(log, /key ttl changes nothing/);
  assert.equal(await ttlOf('others', 'otel_traces'), 'toDateTime(Timestamp) + toIntervalDay(1)');
});

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../testing/ports.ts';
import { ask, sql, tempFolder, testEngine } from './testing/harness.ts';

function post(port: number, path: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

const attributes = [{ key: 'service.name', value: { stringValue: 'shop' } }];
const resource = { attributes };
const time = '1767225600123456789';
const spans = Array.from({ length: 50 }, (_, i) => ({
  traceId: '0102030405060708090a0b0c0d0e0f10',
  spanId: (i + 1).toString(16).padStart(16, '0'),
  name: `span ${i}`,
  kind: 2,
  startTimeUnixNano: time,
  endTimeUnixNano: '1767225600223456789',
  attributes: [{ key: 'i', value: { intValue: String(i) } }],
  events: [{ name: 'e', timeUnixNano: time }],
}));
const logRecords = [{ timeUnixNano: time, body: { stringValue: 'hello' }, severityNumber: 9 }];
const points = [{ timeUnixNano: time, asDouble: 1.5 }];
const metrics = [
  { name: 'g', gauge: { dataPoints: points } },
  { name: 's', sum: { dataPoints: points, aggregationTemporality: 2, isMonotonic: true } },
];

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (await check().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('it did not happen in two minutes');
}

function stop(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}

const peers = process.env.PEERS_DIR;
const binary = peers === undefined ? '' : join(peers, 'bin/otelcol-lite');

for (const compress of ['lz4', 'zstd', 'gzip', 'none']) {
  test(`the Go collector's clickhouse exporter, compress ${compress}`, async (t) => {
    if (peers === undefined) return t.skip('PEERS_DIR is not set');
    if (!existsSync(binary)) return t.skip(`${binary} does not exist`);
    const home = tempFolder();
    const engine = await testEngine(join(home.path, 'data'));
    const port = await freePort();
    const config = {
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: {
        clickhouse: {
          endpoint: engine.url,
          username: engine.username,
          password: engine.password,
          database: 'otel',
          compress,
          create_schema: true,
          timeout: '10s',
        },
      },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: Object.fromEntries(
          ['traces', 'logs', 'metrics'].map((signal) => [
            signal,
            { receivers: ['otlp'], exporters: ['clickhouse'] },
          ]),
        ),
      },
    };
    const file = join(home.path, 'collector.json');
    writeFileSync(file, JSON.stringify(config));
    const collector = spawn(binary, ['--config', file], { stdio: 'ignore' });
    try {
      const body = { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
      await until(async () => (await post(port, '/v1/traces', body)) === 200);
      await post(port, '/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
      await post(port, '/v1/metrics', {
        resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }],
      });
      const counts =
        'SELECT (SELECT count() FROM otel.otel_traces), (SELECT count() FROM otel.otel_logs), ' +
        '(SELECT count() FROM otel.otel_metrics_gauge), (SELECT count() FROM otel.otel_metrics_sum)';
      await until(async () => (await sql(engine, counts)) === '50\t1\t1\t1\n');
      const row = await ask(engine, {
        body:
          'SELECT ServiceName, SpanName, SpanKind, Duration, toString(toUnixTimestamp64Nano(Timestamp)) AS T, ' +
          "SpanAttributes, Events.Name FROM otel.otel_traces WHERE SpanName = 'span 7' " +
          'FORMAT JSONCompactEachRow',
      });
      assert.deepEqual(JSON.parse(row.text), [
        'shop',
        'span 7',
        'Server',
        100000000,
        time,
        { i: '7' },
        ['e'],
      ]);
      assert.equal(await sql(engine, 'SELECT Body FROM otel.otel_logs'), 'hello\n');
    } finally {
      await stop(collector);
      await engine.stop();
      home.remove();
    }
  });
}

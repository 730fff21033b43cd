/** StatsD clients for Python send; what they counted is what comes out. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../testing/ports.ts';
import { output } from '../lib/follow.ts';
import { Program, scratch } from '../lib/program.ts';
import { pointKey } from './metric-points.ts';

const root = join(import.meta.dirname, '../..');
const python = join(root, '.cache/python/bin/python');

/** Values by name and tags: deltas added up, of gauges the last. */
function totals(file: string): Map<string, number> {
  const out = new Map<string, number>();
  if (!existsSync(file)) return out;
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    for (const { scopeMetrics } of JSON.parse(line).resourceMetrics) {
      for (const { name, sum, gauge } of scopeMetrics[0].metrics) {
        for (const { attributes = [], asInt, asDouble } of (sum ?? gauge).dataPoints) {
          const tags = Object.fromEntries(
            attributes.map((one: { key: string; value: { stringValue: string } }) => [
              one.key,
              one.value.stringValue,
            ]),
          );
          const key = pointKey(name, tags);
          const value = Number(asInt ?? asDouble);
          out.set(key, sum === undefined ? value : value + (out.get(key) ?? 0));
        }
      }
    }
  }
  return out;
}

for (const [client, transport] of [
  ['udp', 'udp'],
  ['tcp', 'tcp'],
  ['dogstatsd', 'udp'],
  ['dogstatsd-socket', 'unixgram'],
]) {
  test(`a client over ${client}`, { timeout: 120_000 }, async (t) => {
    if (!existsSync(python)) return t.skip('Python clients are not installed (.cache/python)');
    const folder = scratch();
    t.after(() => folder.remove());
    const [port = 0, metricsPort = 0] = await freePorts(2);
    const socket = join(folder.path, 'statsd.sock');
    const endpoint = transport === 'unixgram' ? socket : `127.0.0.1:${port}`;
    const file = join(folder.path, 'out.json');
    const config = `receivers:
  statsd: {endpoint: "${endpoint}", transport: ${transport}, aggregation_interval: 1h}
exporters:
  file: {path: "${file}"}
service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]}
  pipelines: {metrics: {receivers: [statsd], exporters: [file]}}
`;
    const program = await Program.startWith(config, folder.path, { metricsPort });
    t.after(() => program.stop());
    const script = join(root, 'integration/senders/statsd_clients.py');
    const where = transport === 'unixgram' ? socket : String(port);
    const text = await output(python, [script, client!, where]);
    const lines = client!.startsWith('dogstatsd') ? 3001 : 3007;
    const received = 'otelcol_receiver_received_statsd_metrics';
    const good = () => program.metric(received, 'parse_success="true"');
    for (let i = 0; i < 200 && (await good()) < lines; i += 1) await sleep(50);
    assert.equal(await good(), lines);
    const bad = await program.metric(received, 'parse_success="false"');
    assert.equal(bad, client!.startsWith('dogstatsd') ? 2 : 0);
    await program.stop();
    const want = JSON.parse(String(text)) as Record<string, number>;
    const key = (one: string) => one.replace(/\{$/, '{}');
    assert.deepEqual(
      totals(file),
      new Map(Object.entries(want).map(([name, value]) => [key(name), value])),
    );
  });
}

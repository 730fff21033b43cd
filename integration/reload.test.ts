// A configuration of thirty pipelines changes under load: no connection is refused, nothing that
// was accepted is lost, and a bad file changes nothing.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../testing/ports.ts';
import { OtlpSink } from './drop-in/lib/sink.ts';
import { Program, scratch } from './lib/program.ts';
import { configuration, pipelines, Sender } from './lib/thirty.ts';

function arrived(sinks: readonly OtlpSink[]): Map<number, number> {
  const counts = new Map<number, number>();
  const text = JSON.stringify(sinks.map((sink) => sink.received.traces));
  for (const [, hex] of text.matchAll(/"spanId":"([0-9a-f]{16})"/g)) {
    const id = Number.parseInt(hex!, 16);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** How many reloads the log tells of. */
function updates(program: Program): number {
  return program.log.split('Config updated').length - 1;
}

test('thirty pipelines change under load', async (t) => {
  const folder = scratch();
  t.after(() => folder.remove());
  const sinks = [new OtlpSink(), new OtlpSink(), new OtlpSink()];
  const urls = await Promise.all(sinks.map((sink) => sink.start()));
  t.after(() => {
    for (const sink of sinks) sink.stop();
  });
  const ports = await freePorts(pipelines);
  const file = join(folder.path, 'config.yaml');
  writeFileSync(file, configuration(ports, urls, 0));
  const program = await Program.start(['--config', file]);
  t.after(() => program.stop());
  const sender = new Sender();
  const sending = ports.map((port, i) => sender.run(port, 1 + i * 1_000_000));
  for (let version = 1; version <= 6; version += 1) {
    await sleep(150);
    writeFileSync(file, configuration(ports, urls, version));
    program.kill('SIGHUP');
    while (updates(program) < version && program.running) await sleep(10);
  }
  writeFileSync(file, configuration(ports, urls, 7).replace('attributes/3:', 'atributes/3:'));
  program.kill('SIGHUP');
  await program.logged('Config not updated: nothing was changed');
  await program.logged('config.yaml:36:3: processors: unknown type');
  await sleep(150);
  sender.stop();
  await Promise.all(sending);
  sender.close();
  await program.stop();
  assert.deepEqual(sender.faults, []);
  const counts = arrived(sinks);
  const lost = sender.accepted.filter((id) => !counts.has(id));
  assert.deepEqual(lost, []);
  const slowest = Math.max(...sender.latencies.map(({ ms }) => ms));
  t.diagnostic(`${sender.accepted.length} accepted, slowest ${slowest.toFixed(0)} ms`);
});

test('the extension reloads when a file changes and when it is asked', async (t) => {
  const folder = scratch();
  t.after(() => folder.remove());
  const [otlp, reload] = (await freePorts(2)) as [number, number];
  const file = join(folder.path, 'config.yaml');
  const values = join(folder.path, 'value.txt');
  const write = (processors: string): void =>
    writeFileSync(
      file,
      `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}}
processors:
  attributes: {actions: [{key: a, value: "\${file:${values}}", action: upsert}]}
  attributes/2: {actions: [{key: b, action: delete}]}
exporters: {nop: {}}
extensions: {reload: {watch: {interval: 100ms}, http: {endpoint: "127.0.0.1:${reload}"}}}
service:
  telemetry: {metrics: {level: none}}
  extensions: [reload]
  pipelines: {traces: {receivers: [otlp], processors: [${processors}], exporters: [nop]}}
`,
    );
  writeFileSync(values, 'one');
  write('attributes');
  const program = await Program.start(['--config', file]);
  t.after(() => program.stop());
  writeFileSync(values, 'two');
  await program.logged('"reason":"a file has changed"');
  await program.logged('"replaced":["processor/attributes@traces"]');
  const ask = (headers = {}) =>
    fetch(`http://127.0.0.1:${reload}/-/reload`, { method: 'POST', headers });
  assert.equal((await ask({ origin: 'http://evil.example' })).status, 403);
  assert.equal((await fetch(`http://127.0.0.1:${reload}/-/reload`)).status, 405);
  const done = await ask();
  assert.equal(done.status, 200);
  const nothing = { started: [], replaced: [], stopped: [] };
  assert.deepEqual(await done.json(), { changed: true, ...nothing, kept: 4 });
  write('attributes, attributes/3');
  const refused = await ask();
  assert.equal(refused.status, 400);
  const { changed, faults } = (await refused.json()) as { changed: boolean; faults: string[] };
  assert.equal(changed, false);
  assert.match(faults.join('\n'), /config.yaml:\d+:\d+: .*"attributes\/3" which is not configured/);
  write('attributes, attributes/2');
  assert.equal((await ask()).status, 200);
});

test('own telemetry changes with the rest', async (t) => {
  const folder = scratch();
  t.after(() => folder.remove());
  const [otlp, metrics, other] = (await freePorts(3)) as [number, number, number];
  const file = join(folder.path, 'config.yaml');
  const write = (telemetry: string): void =>
    writeFileSync(
      file,
      `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlp}"}}}}
exporters: {nop: {}}
service:
  telemetry: {${telemetry}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
`,
    );
  const pull = (port: number): string =>
    `{readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}}]}`;
  write(`metrics: ${pull(metrics)}`);
  const program = await Program.start(['--config', file]);
  t.after(() => program.stop());
  const reads = async (port: number): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined))?.ok ?? false;
  assert.equal(await reads(metrics), true);
  write(`metrics: ${pull(other)}, logs: {level: debug}`);
  program.kill('SIGHUP');
  while (updates(program) < 1 && program.running) await sleep(10);
  assert.deepEqual([await reads(metrics), await reads(other)], [false, true]);
  write(`metrics: ${pull(other)}, logs: {encoding: json}`);
  program.kill('SIGHUP');
  await program.logged('cannot change service::telemetry::logs (other than level and sampling)');
  assert.equal(await reads(other), true);
});

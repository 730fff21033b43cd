// node bench/reload/run.ts
// Requests to thirty pipelines whose configuration changes ten times: how long they take while
// nothing changes, and while something does. The Go collector has no such change: it stops and
// starts, and refuses connections meanwhile.
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OtlpSink } from '../../integration/drop-in/lib/sink.ts';
import { Program, scratch } from '../../integration/lib/program.ts';
import { configuration, pipelines, Sender } from '../../integration/lib/thirty.ts';
import { freePorts } from '../../testing/ports.ts';

const changes = 10;
const quietMs = 1500;

const folder = scratch();
const sinks = [new OtlpSink(), new OtlpSink(), new OtlpSink()];
const urls = await Promise.all(sinks.map((sink) => sink.start()));
const ports = await freePorts(pipelines);
const file = join(folder.path, 'config.yaml');
writeFileSync(file, configuration(ports, urls, 0));
const program = await Program.start(['--config', file]);
const sender = new Sender();
const sending = ports.map((port, i) => sender.run(port, 1 + i * 1_000_000));
await sleep(quietMs);
const windows: { readonly from: number; to: number }[] = [];
for (let version = 1; version <= changes; version += 1) {
  writeFileSync(file, configuration(ports, urls, version));
  const window = { from: performance.now(), to: 0 };
  windows.push(window);
  program.kill('SIGHUP');
  while (program.log.split('Config updated').length <= version) await sleep(2);
  window.to = performance.now();
  await sleep(quietMs);
}
sender.stop();
await Promise.all(sending);
sender.close();
await program.stop();
for (const sink of sinks) sink.stop();
folder.remove();

const during = ({ at, ms }: { at: number; ms: number }): boolean =>
  windows.some(({ from, to }) => at + ms >= from && at <= to);
const slow = sender.latencies.filter(during).map(({ ms }) => ms);
const plain = sender.latencies.filter((one) => !during(one)).map(({ ms }) => ms);

function row(name: string, times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(1);
  return `${name.padEnd(22)} ${String(times.length).padStart(7)} requests, p50 ${at(0.5)} p99 ${at(0.99)} slowest ${at(1)} ms`;
}

console.log(row('while nothing changes', plain));
console.log(row('while it changes', slow));
const took = windows.map(({ from, to }) => to - from);
console.log(
  `${changes} changes of ${pipelines} pipelines, ${Math.min(...took).toFixed(0)} to ${Math.max(...took).toFixed(0)} ms each`,
);
console.log(`refused or broken: ${sender.faults.length}; load ${loadavg()[0]!.toFixed(1)}`);
process.exit(sender.faults.length === 0 ? 0 : 1);

/**
 * node scripts/launch.mjs bench/kafka/run.ts [--requests 6000] [--spans 500] [--repeats 3]
 *   [--compression none]
 *
 * CPU seconds per million spans of the receiver `kafka` against the Go collector
 * (`$PEERS_DIR/bin/otelcol-dropin`): a topic is filled once, both read it from its beginning to the
 * exporter `nop` in turn, until their own counters have all spans. What the first quarter of them
 * took is left off, as start-up would not count in a program that runs for days. The launcher gives
 * this program V8's flags that it always runs with. (What sending costs is a row of
 * `npm run bench`.)
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KafkaBroker, kafkaObstacle } from '../../integration/lib/kafka.ts';
import { freePort } from '../../testing/ports.ts';
import { request } from '../lib/payload.ts';
import { cpuSeconds, peakRssMb, sleep, start } from '../lib/process.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '6000' },
    spans: { type: 'string', default: '500' },
    repeats: { type: 'string', default: '3' },
    compression: { type: 'string', default: 'none' },
  },
});
const spansPerRequest = Number(values.spans);
/** Requests that are sent at once, and so stored in one batch. */
const together = Math.max(10, Math.floor(5000 / spansPerRequest));
const total = Number(values.requests) * spansPerRequest;
const obstacle = kafkaObstacle();
if (obstacle !== '') throw new Error(`cannot measure: ${obstacle}`);
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-kafka-bench-'));
const broker = await KafkaBroker.start(['message.max.bytes=16000000']);
const main = join(import.meta.dirname, '../../gateway/main.ts');
const ours = [process.execPath, ...process.execArgv, main];
const peer = join(process.env.PEERS_DIR ?? '', 'bin/otelcol-dropin');

async function fill(): Promise<void> {
  const { Producer } = await import('@platformatic/kafka');
  const producer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: [broker.address],
    autocreateTopics: true,
    compression: values.compression as 'none',
  });
  const bodies = Array.from({ length: 8 }, () => request('traces', spansPerRequest));
  for (let i = 0; i < Number(values.requests); i += together) {
    const messages = Array.from(
      { length: Math.min(together, Number(values.requests) - i) },
      (_, k) => ({
        topic: 'otlp_spans',
        value: bodies[(i + k) % bodies.length]!,
      }),
    );
    await producer.send({ messages });
  }
  await producer.close();
}

let groups = 0;

interface Run {
  /** CPU seconds per million spans. */
  readonly cpu: number;
  readonly rssMb: number;
}

async function measure(command: readonly string[]): Promise<Run> {
  const port = await freePort();
  const config = join(scratch, 'config.yaml');
  groups += 1;
  writeFileSync(
    config,
    `receivers:
  kafka: {brokers: ["${broker.address}"], group_id: g${groups}, initial_offset: earliest}
exporters: {nop: }
service:
  telemetry:
    logs: {level: error}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}}]}
  pipelines: {traces: {receivers: [kafka], exporters: [nop]}}
`,
  );
  const [program = '', ...args] = command;
  const env = { GOMAXPROCS: '1' };
  const child = start(program, [...args, '--config', config], { core: 0, env });
  let [warmCpu, warm] = [0, 0];
  let done = 0;
  for (; done < total; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    const text = (await answer?.text()) ?? '';
    done = Number(/^otelcol_receiver_accepted_spans\S* (\S+)$/m.exec(text)?.[1] ?? 0);
    if (warm === 0 && done >= total / 4) [warmCpu, warm] = [cpuSeconds(child.pid), done];
  }
  const seconds = cpuSeconds(child.pid) - warmCpu;
  const result = { cpu: (seconds / (done - warm)) * 1e6, rssMb: peakRssMb(child.pid) };
  await child.stop();
  return result;
}

try {
  await fill();
  const programs: [name: string, command: readonly string[]][] = [['wirestitch', ours]];
  if (existsSync(peer)) programs.push(['otelcol', [peer]]);
  const runs = new Map(programs.map(([name]) => [name, [] as Run[]]));
  for (let i = 0; i < Number(values.repeats); i += 1) {
    for (const [name, command] of programs) runs.get(name)!.push(await measure(command));
  }
  for (const [name, list] of runs) {
    const cpu = list.map((run) => run.cpu).sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
    const rss = Math.max(...list.map((run) => run.rssMb));
    console.log(`${name}: ${cpu.toFixed(2)} CPU-s per million spans, ${rss.toFixed(0)} MB`);
  }
} finally {
  await broker.stop();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`load average ${loadavg()[0]!.toFixed(1)}`);

/**
 * node bench/kafka/run.ts [--requests 2000] [--repeats 3]
 *
 * CPU seconds per million spans of the receiver `kafka` against the Go collector
 * (`$PEERS_DIR/bin/otelcol-dropin`): a topic is filled once, both read it from its beginning to the
 * exporter `nop` in turn, until their own counters have all spans. (What sending costs is a row of
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
    requests: { type: 'string', default: '2000' },
    repeats: { type: 'string', default: '3' },
  },
});
const spansPerRequest = 500;
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
  });
  const bodies = Array.from({ length: 8 }, () => request('traces', spansPerRequest));
  for (let i = 0; i < Number(values.requests); i += 10) {
    const messages = Array.from({ length: 10 }, (_, k) => ({
      topic: 'otlp_spans',
      value: bodies[(i + k) % bodies.length]!,
    }));
    await producer.send({ messages });
  }
  await producer.close();
}

let groups = 0;

async function measure(command: readonly string[]): Promise<{ cpu: number; rssMb: number }> {
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
  for (let done = 0; done < total; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    const text = (await answer?.text()) ?? '';
    done = Number(/^otelcol_receiver_accepted_spans\S* (\S+)$/m.exec(text)?.[1] ?? 0);
  }
  const result = { cpu: cpuSeconds(child.pid), rssMb: peakRssMb(child.pid) };
  await child.stop();
  return result;
}

try {
  await fill();
  const programs: [name: string, command: readonly string[]][] = [['wirestitch', ours]];
  if (existsSync(peer)) programs.push(['otelcol', [peer]]);
  const runs = new Map(programs.map(([name]) => [name, [] as { cpu: number; rssMb: number }[]]));
  for (let i = 0; i < Number(values.repeats); i += 1) {
    for (const [name, command] of programs) runs.get(name)!.push(await measure(command));
  }
  for (const [name, list] of runs) {
    const cpu = list.map((run) => run.cpu).sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
    const rss = Math.max(...list.map((run) => run.rssMb));
    console.log(
      `${name}: ${((cpu / total) * 1e6).toFixed(2)} CPU-s per million spans, ${rss.toFixed(0)} MB`,
    );
  }
} finally {
  await broker.stop();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`load average ${loadavg()[0]!.toFixed(1)}`);

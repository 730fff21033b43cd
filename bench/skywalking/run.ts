/**
 * SkyWalking segments: CPU of the translation alone, and of a gateway that receives them.
 * usage: node scripts/launch.mjs bench/skywalking/run.ts [SECONDS]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../testing/ports.ts';
import { Instances } from '../../wire/skywalking/instances.ts';
import { SegmentTranslator } from '../../wire/skywalking/segment.ts';
import { cpuSeconds, peakRssMb, sleep, start } from '../lib/process.ts';
import { header, measure, print } from '../pdata/measure.ts';
import { javaSegment, spansPerSegment } from './segments.ts';

const seconds = Number(process.argv[2] ?? 4);
const root = join(import.meta.dirname, '../..');
const flags = process.execArgv;

function translation(): void {
  const segments = Array.from({ length: 500 }, (_, i) => javaSegment(i));
  const bytes = segments.reduce((sum, segment) => sum + segment.length, 0);
  const translator = new SegmentTranslator(new Instances());
  const run = () => {
    for (const segment of segments) translator.add(segment, 0, segment.length);
    return translator.finish();
  };
  header(`segments of ${Math.round(bytes / segments.length)} bytes, ${spansPerSegment} spans each`);
  print('to OTLP', measure({ translation: run }, segments.length * spansPerSegment, 20));
}

/** Spans a CPU second of a gateway that receives and drops them. */
async function gateway(perStream: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-bench-'));
  const port = await freePort();
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    `receivers: {skywalking: {protocols: {grpc: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [skywalking], exporters: [nop]}}
`,
  );
  const program = start(process.execPath, [
    ...flags,
    join(root, 'gateway/main.ts'),
    '--config',
    config,
  ]);
  try {
    for (let i = 0; i < 100; i += 1) {
      const open = await fetch(`http://127.0.0.1:${port}`).catch((error: Error) =>
        String(error.cause),
      );
      if (!String(open).includes('ECONNREFUSED')) break;
      await sleep(50);
    }
    const load = start(process.execPath, [
      join(import.meta.dirname, 'load.ts'),
      `${port}`,
      `${perStream}`,
    ]);
    const accepted = async (): Promise<number> => {
      const line = load.line(/accepted/);
      load.process.kill('SIGUSR2');
      return (JSON.parse(await line) as { accepted: number }).accepted;
    };
    await sleep(3000);
    const [before, cpuBefore] = [await accepted(), cpuSeconds(program.pid)];
    await sleep(seconds * 1000);
    const [after, cpuAfter] = [await accepted(), cpuSeconds(program.pid)];
    await load.stop();
    const each = (after - before) / (cpuAfter - cpuBefore);
    const rate = (after - before) / seconds;
    return `  streams of ${String(perStream).padStart(3)} segments: ${Math.round(each / 1000)} k spans per CPU-s (${Math.round(rate / 1000)} k/s), peak RSS ${Math.round(peakRssMb(program.pid))} MB`;
  } finally {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

translation();
console.log('\ngateway: gRPC in, nothing out');
for (const perStream of [1, 20, 200]) console.log(await gateway(perStream));
console.log(`load ${loadavg()[0]!.toFixed(2)}`);

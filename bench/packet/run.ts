// Packets and HTTP sessions per CPU second, from capture bytes to flows and to OTLP batches.
//   node scripts/launch.mjs bench/packet/run.ts
import { CaptureEngine, defaultEngineLimits } from '../../agent/engine.ts';
import { protocols } from '../../agent/l7/registry.ts';
import { CaptureReader } from '../../agent/pcap/reader.ts';
import { SpanWriter } from '../../agent/spans/writer.ts';
import { httpSessions, smallPackets } from './frames.ts';

const CHUNK = 256 << 10;
const REPEATS = 5;

interface Outcome {
  readonly items: number;
  readonly bytes: number;
}

function replay(file: Uint8Array, l7: boolean): Outcome {
  const spans = new SpanWriter({
    captureName: '',
    source: 'packet',
    observationPoint: 'rest',
    endpointSegments: 2,
  });
  const engine = new CaptureEngine(
    { protocols: l7 ? [protocols.http(), protocols.dns()] : [], limits: defaultEngineLimits },
    (session, base) => spans.add(session, base),
  );
  const reader = new CaptureReader((p) => engine.packet(p));
  let items = 0;
  let bytes = 0;
  const flush = (least: number): void => {
    if (spans.count < least) return;
    const batch = spans.flush();
    if (batch === undefined) return;
    items += batch.itemCount;
    bytes += batch.byteLength;
  };
  for (let at = 0; at < file.length; at += CHUNK) {
    reader.push(file.subarray(at, at + CHUNK));
    flush(1000);
  }
  reader.end();
  engine.finish();
  flush(1);
  return { items: l7 ? items : engine.stats().packets, bytes };
}

function measure(name: string, file: Uint8Array, l7: boolean): void {
  const rates: number[] = [];
  let outcome: Outcome = { items: 0, bytes: 0 };
  for (let i = 0; i <= REPEATS; i++) {
    const before = process.cpuUsage();
    outcome = replay(file, l7);
    const used = process.cpuUsage(before);
    // The first round warms up.
    if (i > 0) rates.push(outcome.items / ((used.user + used.system) / 1e6));
  }
  rates.sort((a, b) => a - b);
  const k = (n: number): string => `${(n / 1000).toFixed(0)} k`;
  const size = outcome.bytes > 0 ? `, ${(outcome.bytes / outcome.items).toFixed(0)} B a span` : '';
  const middle = rates[REPEATS >> 1]!;
  const spread = `${k(rates[0]!)} - ${k(rates.at(-1)!)}`;
  console.log(`${name}: ${k(middle)} per CPU-s (${spread})${size}`);
}

function memory(): void {
  const flows = 20_000;
  const file = httpSessions(flows, flows);
  // What the file itself took is freed late: twice, and what counts is the difference.
  globalThis.gc?.();
  globalThis.gc?.();
  const before = process.memoryUsage();
  const engine = new CaptureEngine({ protocols: [protocols.http()] }, () => {});
  const reader = new CaptureReader((p) => engine.packet(p));
  reader.push(file);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const heap = after.heapUsed - before.heapUsed;
  const arrays = after.arrayBuffers - before.arrayBuffers;
  const active = engine.stats().flowsActive;
  const each = (n: number): string => (n / active).toFixed(0);
  const parts = `heap ${each(heap)}, arrays ${each(arrays)}`;
  console.log(`${active} HTTP connections: ${each(heap + arrays)} B each (${parts})`);
}

if (process.argv.includes('--memory')) memory();
else {
  measure('small packets, 1,000 flows, no L7', smallPackets(1_000_000, 1000), false);
  measure('small packets, 50,000 flows, no L7', smallPackets(1_000_000, 50_000), false);
  measure(
    'HTTP/1.1 keep-alive sessions to OTLP, 100 connections',
    httpSessions(100_000, 100),
    true,
  );
}

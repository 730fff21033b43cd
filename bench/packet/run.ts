// Packets and HTTP sessions per CPU second, from capture bytes to flows and to OTLP batches.
//   node scripts/launch.mjs bench/packet/run.ts            capture bytes in memory
//   node scripts/launch.mjs bench/packet/run.ts --memory   bytes a flow (with --expose-gc)
//   node scripts/launch.mjs bench/packet/run.ts --live     a live interface (root, cc)
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CaptureEngine, defaultEngineLimits } from '../../agent/engine.ts';
import { CaptureReader } from '../../agent/pcap/reader.ts';
import { Capture } from '../../receivers/packet/capture.ts';
import { config } from '../../receivers/packet/config.ts';
import { testSettings } from '../../testing/settings.ts';
import { httpSessions, smallPackets } from './frames.ts';
import { live } from './live.ts';
import { nullSink } from './sink.ts';

const CHUNK = 256 << 10;
const REPEATS = 5;

/** What is made of the packets: flows only, flow records and metrics, spans, all of it. */
type Work = 'flows' | 'records' | 'spans' | 'all';

interface Outcome {
  packets: number;
  spans: number;
  spanBytes: number;
}

function consumers(work: Work) {
  const traces = work === 'spans' || work === 'all' ? { traces: nullSink<'traces'>() } : {};
  const records = work === 'records' || work === 'all';
  const rest = records ? { logs: nullSink<'logs'>(), metrics: nullSink<'metrics'>() } : {};
  return { ...traces, ...rest };
}

function replay(file: Uint8Array, work: Work): Outcome {
  const keys = config.parse({ files: ['x'], protocols: ['http', 'dns'] });
  const capture = new Capture(testSettings(), keys, consumers(work), undefined);
  const reader = new CaptureReader((p) => capture.engine.packet(p));
  const outcome: Outcome = { packets: 0, spans: 0, spanBytes: 0 };
  const flush = (least: number): void => {
    for (const { signal, batch } of capture.take(least)) {
      if (signal !== 'traces') continue;
      outcome.spans += batch.itemCount;
      outcome.spanBytes += batch.byteLength;
    }
  };
  for (let at = 0; at < file.length; at += CHUNK) {
    reader.push(file.subarray(at, at + CHUNK));
    flush(1000);
  }
  reader.end();
  capture.finish();
  flush(1);
  outcome.packets = capture.engine.stats().packets;
  return outcome;
}

function measure(name: string, file: Uint8Array, work: Work): void {
  const rates: number[] = [];
  let outcome: Outcome = { packets: 0, spans: 0, spanBytes: 0 };
  for (let i = 0; i <= REPEATS; i++) {
    const before = process.cpuUsage();
    outcome = replay(file, work);
    const used = process.cpuUsage(before);
    const items = outcome.spans > 0 ? outcome.spans : outcome.packets;
    // The first round warms up.
    if (i > 0) rates.push(items / ((used.user + used.system) / 1e6));
  }
  rates.sort((a, b) => a - b);
  const k = (n: number): string => `${(n / 1000).toFixed(0)} k`;
  const bytes = outcome.spanBytes / outcome.spans;
  const size = outcome.spans > 0 ? `, ${bytes.toFixed(0)} B a span` : '';
  const middle = rates[REPEATS >> 1]!;
  const spread = `${k(rates[0]!)} - ${k(rates.at(-1)!)}`;
  const unit = outcome.spans > 0 ? 'sessions' : 'packets';
  console.log(`${name}: ${k(middle)} ${unit} per CPU-s (${spread})${size}`);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
}

/** Bytes that flows take, those of the table's unused places among them. */
function memory(name: string, file: Uint8Array, protocols: string[]): void {
  collectGarbage();
  const before = process.memoryUsage();
  const keys = config.parse({ files: ['x'], protocols });
  const capture = new Capture(testSettings(), keys, consumers('all'), undefined);
  const reader = new CaptureReader((p) => capture.engine.packet(p));
  for (let at = 0; at < file.length; at += CHUNK) {
    reader.push(file.subarray(at, at + CHUNK));
    capture.take(1);
  }
  collectGarbage();
  const after = process.memoryUsage();
  const heap = after.heapUsed - before.heapUsed;
  const arrays = after.arrayBuffers - before.arrayBuffers;
  const active = capture.engine.stats().flowsActive;
  const each = (n: number): string => (n / active).toFixed(0);
  const parts = `heap ${each(heap)}, arrays ${each(arrays)}; ${file.length > 0 ? active : 0} flows`;
  console.log(`${name}: ${each(heap + arrays)} B a flow (${parts})`);
}

function engineOnly(file: Uint8Array): void {
  const engine = new CaptureEngine({ protocols: [], limits: defaultEngineLimits }, () => {});
  const reader = new CaptureReader((p) => engine.packet(p));
  reader.push(file);
}

if (process.argv.includes('--memory')) {
  engineOnly(smallPackets(1000, 10));
  memory('UDP flows', smallPackets(60_000, 60_000), ['dns']);
  memory('HTTP connections', httpSessions(60_000, 60_000), ['http', 'dns']);
} else if (process.argv.includes('--live')) await live();
else {
  const few = smallPackets(1_000_000, 1000);
  const many = smallPackets(1_000_000, 50_000);
  const http = httpSessions(100_000, 100);
  measure('small packets, 1,000 flows, flow table only', few, 'flows');
  measure('small packets, 1,000 flows, records and metrics', few, 'records');
  measure('small packets, 50,000 flows, records and metrics', many, 'records');
  measure('HTTP/1.1 keep-alive to OTLP, 100 connections, spans', http, 'spans');
  measure('HTTP/1.1 keep-alive to OTLP, 100 connections, all', http, 'all');
}

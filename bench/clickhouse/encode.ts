// Cost of turning OTLP bytes into Native blocks, alone: CPU microseconds and bytes an item.
//   node scripts/launch.mjs bench/clickhouse/encode.ts

import {
  loadColumns,
  NativeMetricsEncoder,
  NativeOtelEncoder,
  NativeSmartEncoder,
} from '../../native/columns.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { OtelLogsEncoder } from '../../wire/clickhouse/otel/logs.ts';
import {
  metricKinds,
  OtelMetricsEncoder,
  type PointTimes,
} from '../../wire/clickhouse/otel/metrics.ts';
import { OtelTracesEncoder } from '../../wire/clickhouse/otel/traces.ts';
import { SmartSpansEncoder } from '../../wire/clickhouse/smart/spans.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { type LoadSignal, request } from '../lib/payload.ts';

const ROWS = 50_000;
const ROWS_A_REQUEST = 1_000;
const REPEATS = 7;

interface Subject {
  readonly name: string;
  readonly signal: LoadSignal;
  append(body: Uint8Array): void;
  seal(): readonly Block[];
}

const times: PointTimes = {
  gauge: 'DateTime',
  sum: 'DateTime',
  histogram: 'DateTime',
  exponential_histogram: 'DateTime',
  summary: 'DateTime',
};

function subjects(): Subject[] {
  const traces = new OtelTracesEncoder();
  const logs = new OtelLogsEncoder();
  const metrics = new OtelMetricsEncoder(times);
  const smart = new SmartSpansEncoder(new Uint8Array(16), new WrittenRows());
  const now = Date.now() / 1000;
  return [
    ...nativeSubjects(now),
    {
      name: 'smart traces',
      signal: 'traces',
      append: (body) => smart.append(body, now),
      seal: () => smart.seal(1n).blocks,
    },
    {
      name: 'otel traces',
      signal: 'traces',
      append: (body) => traces.append(body),
      seal: () => traces.seal({ table: 't', batchId: 1n }),
    },
    {
      name: 'otel logs',
      signal: 'logs',
      append: (body) => logs.append(body),
      seal: () => logs.seal({ table: 't', batchId: 1n }),
    },
    {
      name: 'otel metrics',
      signal: 'metrics',
      append: (body) => metrics.append(body),
      seal: () => metricKinds.flatMap((kind) => metrics.seal(kind, { table: 't', batchId: 1n })),
    },
  ];
}

/** The same in C, where it is built. */
function nativeSubjects(now: number): Subject[] {
  const addon = loadColumns();
  if (addon === undefined) return [];
  const smart = new NativeSmartEncoder(addon, new Uint8Array(16), new WrittenRows());
  const otel = (['traces', 'logs'] as const).map((signal): Subject => {
    const encoder = new NativeOtelEncoder(addon, signal);
    return {
      name: `C otel ${signal}`,
      signal,
      append: (body) => encoder.append(body),
      seal: () => encoder.seal({ table: 't', batchId: 1n }),
    };
  });
  const one: Subject = {
    name: 'C smart traces',
    signal: 'traces',
    append: (body) => smart.append(body, now),
    seal: () => smart.seal(1n).blocks,
  };
  const metrics = new NativeMetricsEncoder(addon, times);
  const points: Subject = {
    name: 'C otel metrics',
    signal: 'metrics',
    append: (body) => metrics.append(body),
    seal: () => metricKinds.flatMap((kind) => metrics.seal(kind, { table: 't', batchId: 1n })),
  };
  return [one, ...otel, points];
}

function measure(subject: Subject): void {
  const body = new Uint8Array(request(subject.signal, ROWS_A_REQUEST));
  const append: number[] = [];
  const all: number[] = [];
  let bytes = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const before = process.cpuUsage();
    for (let rows = 0; rows < ROWS; rows += ROWS_A_REQUEST) subject.append(body);
    append.push(micros(process.cpuUsage(before)));
    const blocks = subject.seal();
    all.push(micros(process.cpuUsage(before)));
    bytes = blocks.reduce((sum, block) => sum + block.body.length, 0);
  }
  const line = [
    subject.name.padEnd(14),
    `append ${median(append)} us`,
    `in all ${median(all)} us`,
    `${Math.round(bytes / ROWS)} B a row of ${body.length / ROWS_A_REQUEST} B`,
  ];
  console.log(line.join('  '));
}

function micros(usage: NodeJS.CpuUsage): number {
  return (usage.user + usage.system) / ROWS;
}

function median(values: number[]): string {
  return values.sort((a, b) => a - b)[values.length >> 1]!.toFixed(2);
}

for (const subject of subjects()) measure(subject);

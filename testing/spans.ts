import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';
import { LogsBuilder, MetricsBuilder, TracesBuilder } from '../pdata/builder.ts';
import { toJson } from '../pdata/json.ts';

/**
 * A batch of spans that carry the given numbers as span ids, so that a test can tell which of them
 * arrived; see {@link spanNumbers}.
 */
export function numberedSpans(
  numbers: Iterable<number>,
  options: { readonly service?: string; readonly payloadBytes?: number } = {},
): Batch<'traces'> {
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': options.service ?? 'test' });
  builder.scope('testing', '1');
  const attributes = { payload: 'x'.repeat(options.payloadBytes ?? 0) };
  for (const number of numbers) {
    const spanId = Buffer.alloc(8);
    spanId.writeBigUInt64BE(BigInt(number) + 1n);
    builder.span({
      traceId: Buffer.alloc(16, 1),
      spanId,
      name: `span ${number}`,
      startTimeUnixNano: 1_700_000_000_000_000_000n,
      endTimeUnixNano: 1_700_000_000_001_000_000n,
      ...(options.payloadBytes ? { attributes } : {}),
    });
  }
  return builder.finish();
}

/** The numbers in a batch that {@link numberedSpans} made, in order. */
export function spanNumbers(batch: Batch<'traces'>): number[] {
  const text = toJson(batch);
  const numbers: number[] = [];
  for (const match of text.matchAll(/"spanId":\s*"([0-9a-f]{16})"/g)) {
    numbers.push(Number(BigInt(`0x${match[1]}`) - 1n));
  }
  return numbers;
}

/** Numbers from `from`, `count` of them. */
export function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

/** A small batch of any signal but profiles, for tests that only count. */
export function sampleBatch<S extends Signal>(signal: S, items: number): Batch<S> {
  const timeUnixNano = 1_700_000_000_000_000_000n;
  if (signal === 'traces') return numberedSpans(range(0, items)) as unknown as Batch<S>;
  if (signal === 'logs') {
    const logs = new LogsBuilder();
    logs.resource({ 'service.name': 'test' });
    logs.scope('testing');
    for (let i = 0; i < items; i++) logs.record({ timeUnixNano, body: `line ${i}` });
    return logs.finish() as unknown as Batch<S>;
  }
  if (signal === 'metrics') {
    const metrics = new MetricsBuilder();
    metrics.resource({ 'service.name': 'test' });
    metrics.scope('testing');
    metrics.metric('test.gauge', '1');
    metrics.gauge();
    for (let i = 0; i < items; i++) metrics.numberPoint({ timeUnixNano, value: i });
    return metrics.finish() as unknown as Batch<S>;
  }
  throw new Error(`BUG: no sample batch of ${signal}`);
}

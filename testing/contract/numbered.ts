import { type Signal, signals } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { LogsBuilder, MetricsBuilder, TracesBuilder } from '../../pdata/builder.ts';
import { parseJson, toJson } from '../../pdata/json.ts';

/** Signals that there are numbered batches of. */
export type NumberedSignal = Signal;

export const numberedSignals: readonly NumberedSignal[] = signals;

const firstNs = 1_700_000_000_000_000_000n;
const stepNs = 1_000_000n;
/** Spans of one trace. */
const spansOfTrace = 4;
const services = 3;

/** What points of numbered metrics are of. */
export type Points = 'gauge' | 'cumulative' | 'delta';

/**
 * A batch whose items carry numbers that no component changes: span ids, and times of log records,
 * points and samples of profiles. Four spans in a row are a trace; every third item has the same
 * service.
 */
export function numbered<S extends NumberedSignal>(
  signal: S,
  numbers: readonly number[],
  points: Points = 'gauge',
): Batch<S> {
  const metrics = () => pointsOf(numbers, points);
  const makers = { traces: spans, logs: records, metrics, profiles: samples };
  return makers[signal](numbers) as unknown as Batch<S>;
}

const service = (number: number) => ({ 'service.name': `service-${number % services}` });

/** The numbers that have the same service, by service. */
function* byService(numbers: readonly number[]): Generator<number[]> {
  for (let i = 0; i < services; i += 1) {
    const own = numbers.filter((number) => number % services === i);
    if (own.length > 0) yield own;
  }
}

function spans(numbers: readonly number[]): Batch<'traces'> {
  const builder = new TracesBuilder();
  for (const own of byService(numbers)) {
    builder.resource(service(own[0]!));
    builder.scope('contract', '1');
    for (const number of own) {
      const traceId = Buffer.alloc(16, 7);
      const spanId = Buffer.alloc(8);
      traceId.writeUInt32BE(Math.floor(number / spansOfTrace) + 1, 12);
      spanId.writeUInt32BE(number + 1, 4);
      const startTimeUnixNano = firstNs + BigInt(number) * stepNs;
      const endTimeUnixNano = startTimeUnixNano + 1n;
      const times = { startTimeUnixNano, endTimeUnixNano };
      builder.span({ traceId, spanId, name: 'work', kind: 2, ...times });
    }
  }
  return builder.finish();
}

function records(numbers: readonly number[]): Batch<'logs'> {
  const builder = new LogsBuilder();
  for (const own of byService(numbers)) {
    builder.resource(service(own[0]!));
    builder.scope('contract', '1');
    for (const number of own) {
      builder.record({ timeUnixNano: firstNs + BigInt(number) * stepNs, body: `line ${number}` });
    }
  }
  return builder.finish();
}

function pointsOf(numbers: readonly number[], points: Points): Batch<'metrics'> {
  const builder = new MetricsBuilder();
  for (const own of byService(numbers)) {
    builder.resource(service(own[0]!));
    builder.scope('contract', '1');
    builder.metric('contract.points', '1');
    if (points === 'gauge') builder.gauge();
    else builder.sum(points === 'cumulative' ? 2 : 1, true);
    for (const number of own) {
      const timeUnixNano = firstNs + BigInt(number) * stepNs;
      const startTimeUnixNano = points === 'cumulative' ? firstNs - stepNs : timeUnixNano - stepNs;
      builder.numberPoint({ startTimeUnixNano, timeUnixNano, value: number });
    }
  }
  return builder.finish();
}

/** Profiles of three samples. */
function samples(numbers: readonly number[]): Batch<'profiles'> {
  const groups = [...byService(numbers)].map((own) => {
    const [name, value] = Object.entries(service(own[0]!))[0]!;
    const attributes = [{ key: name, value: { stringValue: value } }];
    const profiles: object[] = [];
    for (let i = 0; i < own.length; i += 3) {
      const times = own.slice(i, i + 3).map((number) => firstNs + BigInt(number) * stepNs);
      profiles.push({ samples: times.map((time) => ({ timestampsUnixNano: [String(time)] })) });
    }
    return { resource: { attributes }, scopeProfiles: [{ scope: { name: 'contract' }, profiles }] };
  });
  const request = { resourceProfiles: groups, dictionary: { stringTable: [''] } };
  return parseJson('profiles', Buffer.from(JSON.stringify(request)));
}

/** The numbers of the items in a batch, in order. */
export function numbersOf(signal: Signal, batch: Batch<Signal>): number[] {
  const text = toJson(batch as Batch<'traces'>);
  if (signal === 'traces') {
    return [...text.matchAll(/"spanId":\s*"([0-9a-f]{16})"/g)].map(
      ([, id]) => Number.parseInt(id!, 16) - 1,
    );
  }
  const time =
    signal === 'profiles' ? /"timestampsUnixNano":\["(\d+)"/g : /"timeUnixNano":"(\d+)"/g;
  return [...text.matchAll(time)].map(([, ns]) => Number((BigInt(ns!) - firstNs) / stepNs));
}

/** Numbers from `from`, `count` of them. */
export function numbersFrom(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

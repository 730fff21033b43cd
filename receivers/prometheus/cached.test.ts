import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { readClassic } from '../../wire/prometheus/scrape/classic.ts';
import { Exposition } from '../../wire/prometheus/scrape/exposition.ts';
import { ScrapeFault } from '../../wire/prometheus/scrape/fault.ts';
import { readOpenMetrics } from '../../wire/prometheus/scrape/open-metrics.ts';
import { readProtobuf } from '../../wire/prometheus/scrape/protobuf.ts';
import { entriesOf } from '../../wire/prometheus/scrape/testing.ts';
import { config } from './config/index.ts';
import type { Format } from './format.ts';
import { Ingest } from './ingest.ts';
import { jobsOf } from './job.ts';
import { targetOf } from './target.ts';
import { pointsOf } from './testing/golden.ts';

/** Families of few names and labels, so that they come again, changed, from scrape to scrape. */
interface Metric {
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
  readonly bounds: readonly number[];
  /** Whether another field stands between its labels, and how long that is. */
  readonly gap: number;
  readonly exemplar: boolean;
  readonly timeMs: number;
  readonly native: boolean;
}

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'summary' | 'untyped' | 'histogram';
  readonly help: string;
  readonly late: boolean;
  readonly metrics: readonly Metric[];
}

const typeNumbers = { counter: 0, gauge: 1, summary: 2, untyped: 3, histogram: 4 } as const;

const label = fc.tuple(
  fc.constantFrom('a', 'b', 'c', 'job'),
  fc.constantFrom('', '1', '2', 'ÿ', '}', 'x"y'),
);
const metric: fc.Arbitrary<Metric> = fc.record({
  labels: fc.oneof(
    { weight: 5, arbitrary: fc.uniqueArray(label, { selector: ([name]) => name, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(label, { maxLength: 3 }) },
  ),
  value: fc.constantFrom(0, 1, 2.5, -3, 1e21, Number.NaN, Number.POSITIVE_INFINITY),
  bounds: fc.constantFrom([], [1], [0, 1], [-0, 1], [1, 2, Number.POSITIVE_INFINITY], [2, 1]),
  gap: fc.constantFrom(0, 0, 0, 1, 2),
  exemplar: fc.constantFrom(false, false, true),
  timeMs: fc.constantFrom(0, 0, 0, 1_700_000_000_123),
  native: fc.constantFrom(false, false, true),
});
const family: fc.Arbitrary<Family> = fc.record({
  name: fc.constantFrom('m', 'm_total', 'n', 'h_bucket'),
  type: fc.constantFrom('counter', 'gauge', 'summary', 'untyped', 'histogram'),
  help: fc.constantFrom('', 'one', 'other'),
  late: fc.boolean(),
  metrics: fc.array(metric, { maxLength: 4 }),
});

function putLabels(w: Writer, field: number, labels: Metric['labels'], gap = 0): void {
  for (const [name, value] of labels) {
    const at = w.open(field);
    w.stringField(1, name);
    w.stringField(2, value);
    w.close(at);
    if (gap > 0) w.uintField(99, gap);
  }
}

function putExemplar(w: Writer, field: number): void {
  const at = w.open(field);
  putLabels(w, 1, [['trace_id', 'ab']]);
  w.doubleField(2, 1);
  const time = w.open(3);
  w.uintField(1, 1_700_000_000);
  w.close(time);
  w.close(at);
}

function putMetric(w: Writer, type: Family['type'], one: Metric): void {
  putLabels(w, 1, one.labels, one.gap);
  if (one.timeMs !== 0) w.uintField(6, one.timeMs);
  const at = w.open({ counter: 3, gauge: 2, summary: 4, untyped: 5, histogram: 7 }[type], 2);
  if (type === 'summary' || type === 'histogram') {
    w.uintField(1, 7);
    w.doubleField(2, one.value);
    for (const bound of one.bounds) {
      const inner = w.open(3);
      if (type === 'summary') {
        w.doubleField(1, bound);
        w.doubleField(2, one.value);
      } else {
        w.uintField(1, 3);
        w.doubleField(2, bound);
        if (one.exemplar) putExemplar(w, 3);
      }
      w.close(inner);
    }
    if (type === 'histogram' && one.native) {
      w.doubleField(6, 0.5);
      w.uintField(7, 1);
    }
  } else {
    w.doubleField(1, one.value);
    if (type === 'counter' && one.exemplar) putExemplar(w, 2);
  }
  w.close(at);
}

function protobufOf(families: readonly Family[]): Buffer {
  const w = new Writer();
  for (const { name, type, help, late, metrics } of families) {
    const inner = new Writer();
    const head = () => {
      inner.stringField(1, name);
      inner.stringField(2, help);
      inner.uintField(3, typeNumbers[type]);
    };
    if (!late) head();
    for (const one of metrics) {
      const at = inner.open(4, 2);
      putMetric(inner, type, one);
      inner.close(at);
    }
    if (late) head();
    const bytes = inner.take();
    w.varint(bytes.length);
    w.raw(bytes);
  }
  return Buffer.from(w.take());
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

function textOf(families: readonly Family[], open: boolean): Buffer {
  const lines: string[] = [];
  for (const { name, type, help, metrics } of families) {
    lines.push(`# HELP ${name} ${help}`);
    if (type !== 'untyped') lines.push(`# TYPE ${name} ${type}`);
    for (const { labels, value, timeMs, gap, bounds, exemplar } of metrics) {
      const number = String(value).replace('Infinity', '+Inf');
      const list = bounds.map((bound) => (bound === Number.POSITIVE_INFINITY ? '+Inf' : bound));
      const ends =
        type === 'histogram' ? list.map((bound) => [['le', String(bound)]] as const) : [];
      for (const more of ends.length > 0 ? ends : [[]]) {
        const all = [...labels, ...more].map(([key, text]) => `${key}="${escaped(text)}"`);
        const time = timeMs === 0 ? '' : ` ${open ? timeMs / 1000 : timeMs}`;
        const block = all.length === 0 && gap > 0 ? '' : `{${all.join(',')}}`;
        const blank = !open && gap > 1 ? ' ' : '';
        const told = open && exemplar ? ' # {trace_id="ab"} 1' : '';
        lines.push(`${name}${blank}${block} ${number}${time}${told}`);
      }
    }
  }
  return Buffer.from(`${lines.map((line) => `${line}\n`).join('')}${open ? '# EOF\n' : ''}`);
}

const formats: readonly Format[] = ['protobuf', 'classic', 'openmetrics'];

function bodyOf(format: Format, families: readonly Family[], cut: number): Buffer {
  const body =
    format === 'protobuf' ? protobufOf(families) : textOf(families, format === 'openmetrics');
  return cut === 0 ? body : body.subarray(0, Math.max(0, body.length - cut));
}

/** Scrapes of one target: mostly the families of the scrape before, in another order, or others. */
const scrapes = fc
  .record({
    first: fc.array(family, { minLength: 1, maxLength: 4 }),
    steps: fc.array(
      fc.record({
        edit: fc.constantFrom('same', 'reverse', 'relabel', 'drop', 'twice', 'other'),
        other: fc.array(family, { maxLength: 3 }),
        cut: fc.constantFrom(0, 0, 0, 0, 1, 7),
      }),
      { minLength: 2, maxLength: 6 },
    ),
  })
  .map(({ first, steps }) => {
    let now: readonly Family[] = first;
    return steps.map(({ edit, other, cut }) => {
      now = edited(now, edit, other);
      return { families: now, cut };
    });
  });

function edited(now: readonly Family[], edit: string, other: readonly Family[]): readonly Family[] {
  const each = (change: (one: Metric) => Metric) =>
    now.map((one) => ({ ...one, metrics: one.metrics.map(change) }));
  switch (edit) {
    case 'reverse':
      return now.toReversed().map((one) => ({ ...one, metrics: one.metrics.toReversed() }));
    case 'relabel':
      return each((one) => ({ ...one, labels: one.labels.toReversed() }));
    case 'drop':
      return now.map((one) => ({ ...one, metrics: one.metrics.slice(1) }));
    case 'twice':
      return now.map((one) => ({ ...one, metrics: [...one.metrics, ...one.metrics] }));
    case 'other':
      return [...now.slice(1), ...other];
    default:
      return each((one) => ({ ...one, value: one.value + 1 }));
  }
}

function read(out: Exposition, format: Format, body: Buffer): string | unknown[][] {
  out.clear();
  try {
    if (format === 'classic') readClassic(body, out);
    else if (format === 'openmetrics') readOpenMetrics(body, out);
    else readProtobuf(body, out, { natives: true, classics: true });
  } catch (error) {
    if (!(error instanceof ScrapeFault)) throw error;
    return `${error.message} after ${out.count}`;
  }
  return [...entriesOf(out), ...[...out.natives].map(([i, point]) => [i, point])];
}

for (const format of formats) {
  test(`${format}: a reader that knows series reads what a fresh one reads`, () => {
    fc.assert(
      fc.property(scrapes, (steps) => {
        const known = new Exposition(11);
        for (const { families, cut } of steps) {
          // bounds of text are written by the type that was known when a text came first
          const told = format === 'protobuf' ? families : families.map(asOneType);
          const body = bodyOf(format, told, cut);
          assert.deepEqual(read(known, format, body), read(new Exposition(12), format, body));
        }
      }),
      { numRuns: 300 },
    );
  });
}

/** A family whose type follows from its name. */
function asOneType(one: Family): Family {
  const type = one.name === 'h_bucket' ? 'histogram' : one.name === 'n' ? 'gauge' : 'counter';
  return { ...one, type };
}

function ingestOf(): Ingest {
  const { config: decoded } = config.parse({
    config: { scrape_configs: [{ job_name: 'j', scrape_native_histograms: true }] },
  });
  const [job] = jobsOf(decoded!, {});
  const target = targetOf(job!, new Map([['__address__', 'h:1']]), new Map())!;
  return new Ingest(job!, target, 5, {
    job: 'j',
    instance: 'h:1',
    trimSuffixes: false,
    ignoreScopeInfo: false,
    builder: new MetricsBuilder(),
    scope: { name: 's', version: '1' },
    resource: () => new Map(),
  });
}

const points = (ingest: Ingest) => pointsOf(JSON.parse(String(toJson(ingest.finish()))));

for (const format of formats) {
  test(`${format}: points and ends are those of a target whose texts are forgotten each time`, () => {
    fc.assert(
      fc.property(scrapes, (steps) => {
        const known = ingestOf();
        const forgetful = ingestOf();
        for (const [i, { families, cut }] of steps.entries()) {
          const told = format === 'protobuf' ? families : families.map(asOneType);
          const body = bodyOf(format, told, cut);
          const nowMs = 1_700_000_000_000 + i * 1000;
          const one = known.take(body, format, nowMs);
          const two = forgetful.take(body, format, nowMs);
          assert.deepEqual([one.total, one.kept], [two.total, two.kept]);
          assert.equal(one.failure?.message, two.failure?.message);
          assert.deepEqual(points(known), points(forgetful));
          forgetful.forget();
        }
      }),
      { numRuns: 200 },
    );
  });
}

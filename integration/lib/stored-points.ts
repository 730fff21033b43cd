/** Numbers out of the store: by the views of SQL, and each once more by remote read. */
import assert from 'node:assert/strict';
import { compressSync, uncompressSync } from 'snappy';
import { Writer } from '../../pdata/proto/writer.ts';
import {
  type DecodedSeries,
  decodeSamples,
} from '../../wire/prometheus/remote-read/testing/decode.ts';
import type { Stored } from './stored.ts';

export type Texts = Readonly<Record<string, string>>;

/** Everything that senders in tests send lies between these. */
export const range = { startMs: Date.UTC(2023, 0, 1), endMs: Date.now() + 3_600_000 };

/** A point of a gauge or a sum. */
export interface StoredPoint {
  readonly kind: 'gauge' | 'sum';
  readonly name: string;
  /** Of the point. */
  readonly attributes: Texts;
  /** What series of remote read are told apart by: attributes and what stands for the resource. */
  readonly labels: Texts;
  readonly resource: Texts;
  /** Nanoseconds since 1970. */
  readonly time: string;
  readonly value: number;
  /** OTLP's; 0 of gauges. */
  readonly temporality: number;
  readonly monotonic: boolean;
}

/** `name{tag=value,...} time` with the tags sorted. */
export function pointKey(name: string, tags: Texts, time: string | bigint = ''): string {
  const pairs = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = pairs.map(([key, value]) => `${key}=${value}`).join(',');
  return `${name}{${text}} ${time}`.trim();
}

interface Row extends Omit<StoredPoint, 'labels'> {
  readonly scope: string;
  readonly scopeVersion: string;
}

const columns = `MetricName AS name, Attributes AS attributes, ResourceAttributes AS resource,
  ScopeName AS scope, ScopeVersion AS scopeVersion, Value AS value,
  toString(toUnixTimestamp64Nano(TimeUnix)) AS time`;

/** Points with a value. @param pattern RE2 of names @param job of this target alone, '' = of all */
export function pointsSql(pattern: string, job: string): string {
  const [namespace, service] = job.includes('/') ? job.split('/') : ['', job];
  const target = `ServiceName = '${service}'
    AND ResourceAttributes['service.namespace'] = '${namespace}'`;
  const named = `match(MetricName, '^(?:${pattern.replaceAll('\\', '\\\\')})$')`;
  const where = `WHERE Flags = 0 AND ${named}${job === '' ? '' : ` AND ${target}`}`;
  return `SELECT 'gauge' AS kind, ${columns}, toInt32(0) AS temporality, false AS monotonic
 FROM otel_metrics_gauge ${where} UNION ALL
 SELECT 'sum' AS kind, ${columns}, AggregationTemporality, IsMonotonic
 FROM otel_metrics_sum ${where}`;
}

/**
 * Waits until `count` points of metrics whose names match are stored, those with a value; each is
 * compared between SQL and remote read. No series may have two in one millisecond.
 * @param pattern RE2
 * @param job only points of this target
 */
export async function storedPoints(
  stored: Stored,
  pattern: string,
  count: number,
  job = '',
): Promise<StoredPoint[]> {
  const rows = await stored.whole<Row>(`points of ${pattern}`, pointsSql(pattern, job), count);
  const points = rows.map(({ scope, scopeVersion, ...row }) => ({
    ...row,
    labels: { ...row.attributes, ...scopeLabels(scope, scopeVersion), ...targetOf(row.resource) },
  }));
  const ofJob: ReadMatcher[] = job === '' ? [] : [[0, 'job', job]];
  const read = await remoteRead(stored.prometheus, [[2, '__name__', pattern], ...ofJob]);
  const samples = new Map<string, bigint>();
  for (const { labels, times, bits } of read) {
    const { __name__: name, ...others } = Object.fromEntries(labels);
    for (const [i, time] of times.entries()) {
      if (bits[i] !== staleBits) samples.set(pointKey(name!, others, String(time)), bits[i]!);
    }
  }
  for (const { name, labels, time, value } of points) {
    const key = pointKey(name, labels, String(BigInt(time) / 1_000_000n));
    assert.equal(samples.get(key), bitsOf(value), key);
  }
  assert.equal(samples.size, points.length, 'remote read gives as many');
  return points;
}

/** Prometheus' stale marker. */
export const staleBits = 0x7ff0_0000_0000_0002n;
const bitsOf = (value: number): bigint => new BigUint64Array(Float64Array.of(value).buffer)[0]!;

function scopeLabels(name: string, version: string): Texts {
  return {
    ...(name === '' ? {} : { otel_scope_name: name }),
    ...(version === '' ? {} : { otel_scope_version: version }),
  };
}

/** What stands for a resource in Prometheus. */
function targetOf(resource: Texts): Texts {
  const { 'service.name': name, 'service.namespace': space, 'service.instance.id': id } = resource;
  return {
    ...(name === undefined ? {} : { job: space === undefined ? name : `${space}/${name}` }),
    ...(id === undefined ? {} : { instance: id }),
  };
}

/** A label, compared by 0: =, 1: !=, 2: =~, 3: !~. */
export type ReadMatcher = readonly [operator: number, name: string, value: string];

/** Series by remote read, form SAMPLES. @param base of Prometheus' API */
export async function remoteRead(
  base: string,
  matchers: readonly ReadMatcher[],
): Promise<DecodedSeries[]> {
  const w = new Writer();
  const at = w.open(1);
  w.intField(1, range.startMs);
  w.intField(2, range.endMs);
  for (const [operator, name, value] of matchers) {
    const inner = w.open(3);
    w.uintField(1, operator);
    w.stringField(2, name);
    w.stringField(3, value);
    w.close(inner);
  }
  w.close(at);
  const body = compressSync(w.take());
  const response = await fetch(`${base}/api/v1/read`, { method: 'POST', body });
  const answer = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, answer.toString());
  return decodeSamples(uncompressSync(answer, { asBuffer: true }) as Buffer)[0] ?? [];
}

/** Values by {@link pointKey}; a point that comes twice is an error. */
export function valuesOf(points: readonly StoredPoint[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const { name, attributes, time, value } of points) {
    const key = pointKey(name, attributes, time);
    assert.ok(!out.has(key), `${key} came twice`);
    out.set(key, value);
  }
  return out;
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Logs, Metrics, Traces } from '../batch.ts';
import { LogsBuilder, MetricsBuilder, TracesBuilder } from '../builder.ts';
import { parseJson, toJson } from '../json.ts';
import { parseRequest } from '../parse.ts';
import type { Signal } from '../signal.ts';
import { randomRequest } from '../testing/random-request.ts';
import {
  decodeLogRecord,
  decodeLogs,
  decodeMetric,
  decodeMetrics,
  decodeSpan,
  decodeTraces,
  decodeValue,
  encodeLogRecord,
  encodeLogs,
  encodeMetric,
  encodeMetrics,
  encodeSpan,
  encodeTraces,
  encodeValue,
  type Value,
} from './index.ts';

type AnyBatch = Traces | Logs | Metrics;
type Json = null | boolean | string | number | Json[] | { [key: string]: Json };

function again(signal: Signal, bytes: Uint8Array): AnyBatch {
  if (signal === 'traces') return encodeTraces(decodeTraces(parseRequest('traces', bytes)));
  if (signal === 'logs') return encodeLogs(decodeLogs(parseRequest('logs', bytes)));
  return encodeMetrics(decodeMetrics(parseRequest('metrics', bytes)));
}

/** Fields whose presence means something even when they are zero or empty. */
const optional = new Set([
  'stringValue',
  'boolValue',
  'intValue',
  'doubleValue',
  'arrayValue',
  'kvlistValue',
  'bytesValue',
  'asInt',
  'asDouble',
  'sum',
  'min',
  'max',
  'gauge',
  'histogram',
  'exponentialHistogram',
  'summary',
]);

function firstOfKey(list: Json[]): Json[] {
  const seen = new Set<Json | undefined>();
  const isFirst = (entry: Json): boolean => {
    const key = (entry as { key?: string }).key ?? '';
    return !seen.has(key) && seen.add(key) !== undefined;
  };
  return list.filter(isFirst);
}

/** What the same data looks like whichever of its two spellings it has. */
function plain(value: Json, name = '', owner = ''): Json {
  if (Array.isArray(value)) {
    let list = value;
    // of equal keys the first counts; in attributes of items the others follow at the end
    if (owner === 'kvlistValue') list = firstOfKey(list);
    else if (name.toLowerCase().endsWith('attributes') || name === 'metadata') {
      const firsts = firstOfKey(list);
      list = [...firsts, ...list.filter((entry) => !firsts.includes(entry))];
    }
    return list.map((element) => plain(element, name));
  }
  if (value === null || typeof value !== 'object') return value;
  const result: { [key: string]: Json } = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'stringValueStrindex' || key === 'keyStrindex') continue;
    const shorter = plain(inner, key, name);
    const isSummary = key === 'sum' && 'quantileValues' in value;
    const empty =
      shorter === '' ||
      shorter === 0 ||
      shorter === '0' ||
      shorter === false ||
      (typeof shorter === 'object' && shorter !== null && Object.keys(shorter).length === 0);
    if (!empty || (optional.has(key) && !isSummary)) result[key] = shorter;
  }
  return result;
}

function jsonOf(batch: AnyBatch): Json {
  // a summary's sum of 0 is the same as none: every summary point gets a list to be known by
  const parsed = JSON.parse(toJson<Signal>(batch), (key, value) => {
    if (key === 'summary') {
      for (const point of value.dataPoints ?? []) point.quantileValues ??= [];
    }
    return value;
  });
  return plain(parsed);
}

describe('objects', () => {
  it('give back what they were read from', () => {
    const signal = fc.constantFrom<'traces' | 'logs' | 'metrics'>('traces', 'logs', 'metrics');
    fc.assert(
      fc.property(signal, fc.nat(), fc.boolean(), (name, seed, wild) => {
        const bytes = randomRequest(name, seed, { unknown: wild, wild });
        const before = parseRequest(name, bytes);
        const after = again(name, bytes);
        assert.equal(after.itemCount, before.itemCount);
        assert.deepEqual(jsonOf(after), jsonOf(before as AnyBatch));
        const [range] = after.ranges();
        const checked = parseRequest(name, range!);
        assert.equal(checked.itemCount, before.itemCount, 'the bytes are a valid request');
        assert.deepEqual(again(name, range!).ranges(), [range], 'a second time changes nothing');
      }),
      { numRuns: 400 },
    );
  });

  it('are byte-exact for fields in order with what is zero left out', () => {
    const spans = new TracesBuilder();
    spans.resource({ 'service.name': 'a', n: 5, list: [1, 'x', null], map: { d: 0.5 } });
    spans.scope('lib', '1', { a: true });
    spans.span({
      traceId: new Uint8Array(16).fill(1),
      spanId: new Uint8Array(8).fill(2),
      name: 'größe',
      kind: 2,
      startTimeUnixNano: 1_544_712_660_300_000_001n,
      endTimeUnixNano: 2n ** 64n - 1n,
      attributes: { big: -(2n ** 63n), bytes: Uint8Array.of(0, 255) },
      statusCode: 2,
      statusMessage: 'no',
    });
    const traces = spans.finish();
    assert.deepEqual(
      Buffer.concat([...encodeTraces(decodeTraces(traces)).ranges()]).toString('hex'),
      Buffer.concat([...traces.ranges()]).toString('hex'),
    );
    const records = new LogsBuilder();
    records.resource({ a: 1 });
    records.scope();
    records.record({ timeUnixNano: 5n, severityNumber: 9, body: { x: [1.5] } });
    const logs = records.finish();
    assert.deepEqual(
      Buffer.concat([...encodeLogs(decodeLogs(logs)).ranges()]).toString('hex'),
      Buffer.concat([...logs.ranges()]).toString('hex'),
    );
    const points = new MetricsBuilder();
    points.metric('m', 's', 'text');
    points.gauge();
    points.numberPoint({ timeUnixNano: 1n, value: 3n, attributes: { a: 'b' } });
    points.metric('n');
    points.gauge();
    points.numberPoint({ timeUnixNano: 1n, value: -0, flags: 1 });
    const metrics = points.finish();
    assert.deepEqual(
      Buffer.concat([...encodeMetrics(decodeMetrics(metrics)).ranges()]).toString('hex'),
      Buffer.concat([...metrics.ranges()]).toString('hex'),
    );
  });

  it('hold each field under its name', () => {
    const text = {
      resourceMetrics: [
        {
          resource: {
            attributes: [{ key: 'a', value: { intValue: '7' } }],
            droppedAttributesCount: 1,
          },
          schemaUrl: 'r',
          scopeMetrics: [
            {
              scope: { name: 's', version: 'v' },
              metrics: [
                {
                  name: 'h',
                  unit: 'ms',
                  metadata: [{ key: 'k', value: { boolValue: true } }],
                  histogram: {
                    aggregationTemporality: 2,
                    dataPoints: [
                      {
                        startTimeUnixNano: '1',
                        timeUnixNano: '2',
                        count: '18446744073709551615',
                        sum: 0,
                        bucketCounts: ['1', '18446744073709551615'],
                        explicitBounds: [0.5],
                        exemplars: [{ asInt: '-4', traceId: '0102030405060708090a0b0c0d0e0f10' }],
                      },
                    ],
                  },
                },
                {
                  name: 'e',
                  exponentialHistogram: {
                    aggregationTemporality: 1,
                    dataPoints: [
                      {
                        scale: -3,
                        positive: { offset: -2, bucketCounts: ['300'] },
                        zeroThreshold: 2,
                      },
                    ],
                  },
                },
                {
                  name: 'n',
                  sum: { isMonotonic: true, dataPoints: [{ asDouble: 1 }, { asInt: 1 }] },
                },
                { name: 'none' },
              ],
            },
          ],
        },
      ],
    };
    const [group] = decodeMetrics(parseJson('metrics', Buffer.from(JSON.stringify(text))));
    assert.deepEqual(group!.resource, {
      attributes: new Map([['a', 7n]]),
      droppedAttributesCount: 1,
    });
    assert.equal(group!.schemaUrl, 'r');
    const [h, e, n, none] = group!.scopes[0]!.items;
    assert.equal(group!.scopes[0]!.scope.version, 'v');
    assert.deepEqual(h!.metadata, new Map([['k', true]]));
    assert.ok(h!.data.kind === 'histogram');
    const [point] = h!.data.points;
    assert.equal(h!.data.aggregationTemporality, 2);
    assert.equal(point!.count, 2n ** 64n - 1n);
    assert.equal(point!.sum, 0);
    assert.equal(point!.min, undefined);
    assert.deepEqual(point!.bucketCounts, [1n, 2n ** 64n - 1n]);
    assert.equal(point!.exemplars[0]!.value, -4n);
    assert.ok(e!.data.kind === 'exponential');
    assert.equal(e!.data.points[0]!.scale, -3);
    assert.deepEqual(e!.data.points[0]!.positive, { offset: -2, bucketCounts: [300n] });
    assert.ok(n!.data.kind === 'sum' && n!.data.isMonotonic);
    assert.deepEqual([n!.data.points[0]!.value, n!.data.points[1]!.value], [1, 1n]);
    assert.deepEqual(none!.data, { kind: 'none', points: [] });
  });

  it('can be changed', () => {
    const before = parseJson(
      'traces',
      Buffer.from('{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"name":"b"}]}]}]}'),
    );
    const groups = decodeTraces(before);
    const { items } = groups[0]!.scopes[0]!;
    items.shift();
    items[0]!.attributes.set('k', new Map<string, Value>([['x', [1n, 1]]]));
    items[0]!.status.code = 2;
    const after = encodeTraces(groups);
    assert.equal(after.itemCount, 1);
    assert.deepEqual(plain(JSON.parse(toJson(after))), {
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  name: 'b',
                  attributes: [
                    {
                      key: 'k',
                      value: {
                        kvlistValue: {
                          values: [
                            {
                              key: 'x',
                              value: {
                                arrayValue: { values: [{ intValue: '1' }, { doubleValue: 1 }] },
                              },
                            },
                          ],
                        },
                      },
                    },
                  ],
                  status: { code: 2 },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('share no bytes with the request', () => {
    const w = new TracesBuilder();
    w.resource();
    w.scope();
    w.span({
      traceId: new Uint8Array(16).fill(3),
      spanId: new Uint8Array(8).fill(4),
      name: 'x',
      startTimeUnixNano: 1n,
      endTimeUnixNano: 2n,
    });
    const bytes = Buffer.from(w.finish().ranges()[0]!);
    const [group] = decodeTraces(parseRequest('traces', bytes));
    bytes.fill(0);
    assert.deepEqual(group!.scopes[0]!.items[0]!.traceId, new Uint8Array(16).fill(3));
  });

  it('of single items and values go both ways', () => {
    const span = decodeSpan(Uint8Array.of(42, 1, 120));
    assert.equal(span.name, 'x');
    assert.deepEqual(decodeSpan(encodeSpan(span)), span);
    const record = decodeLogRecord(Uint8Array.of(98, 1, 120, 0xa0, 6, 1));
    assert.equal(record.eventName, 'x');
    assert.deepEqual(record.rest, Uint8Array.of(0xa0, 6, 1));
    assert.deepEqual(decodeLogRecord(encodeLogRecord(record)), record);
    const metric = decodeMetric(Uint8Array.of(10, 1, 120));
    assert.deepEqual(decodeMetric(encodeMetric(metric)), metric);
    const values: Value[] = [null, true, 'é', 5n, -1n, 5, NaN, new Uint8Array(2), [[]], new Map()];
    for (const value of values) assert.deepEqual(decodeValue(encodeValue(value)), value);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Double, encodeValue, LogsBuilder, MetricsBuilder, TracesBuilder } from './builder.ts';
import { mergeBatches } from './merge.ts';
import {
  AttributeKey,
  DataKind,
  InternTable,
  LogReader,
  MetricReader,
  plainValue,
  SpanReader,
  ValueType,
  ValueView,
} from './readers.ts';
import type { AttributeValue } from './values.ts';

const id = (size: number): Uint8Array => new Uint8Array(size).fill(7);
const times = { startTimeUnixNano: 5_000_000_001n, endTimeUnixNano: 2n ** 63n };

describe('value view', () => {
  const text = (value: AttributeValue): string => {
    const view = new ValueView();
    const bytes = encodeValue(value);
    view.locate(bytes, 0, bytes.length);
    return view.toText();
  };

  it('gives any value as text', () => {
    assert.equal(text('größe'), 'größe');
    assert.equal(text(-5), '-5');
    assert.equal(text(-(2n ** 63n)), '-9223372036854775808');
    assert.equal(text(true), 'true');
    assert.equal(text(null), '');
    assert.equal(text(new Double(1)), '1');
    assert.equal(text(1e-7), '1e-7');
    assert.equal(text(new Double(1e21)), '1e+21');
    assert.equal(text(new Double(-0)), '-0');
    assert.equal(text(Number.NaN), 'NaN');
    assert.equal(text(Number.POSITIVE_INFINITY), '+Inf');
    assert.equal(text(Uint8Array.of(1, 2)), 'AQI=');
    assert.equal(text([1, 'a', [true, null]]), '[1,"a",[true,null]]');
    assert.equal(
      text({ b: 2n ** 63n - 1n, a: '<&>', c: Uint8Array.of(1), d: 0.5 }),
      '{"a":"\\u003c\\u0026\\u003e","b":9223372036854775807,"c":"AQ==","d":0.5}',
    );
  });

  it('gives plain values and types', () => {
    const bytes = encodeValue({ a: [1, null, 2n ** 60n], b: 'x', c: false, d: Number.NaN });
    assert.deepEqual(plainValue(bytes, 0, bytes.length), {
      a: [1, null, '1152921504606846976'],
      b: 'x',
      c: false,
      d: 'NaN',
    });
    const view = new ValueView();
    const string = encodeValue('abc');
    view.locate(string, 0, string.length);
    assert.equal(view.type, ValueType.string);
    assert.equal(view.equalsString(new TextEncoder().encode('abc')), true);
    assert.equal(view.equalsString(new TextEncoder().encode('abd')), false);
    assert.equal(view.bigint(), 0n);
  });
});

describe('readers', () => {
  it('walk spans with events and links', () => {
    const b = new TracesBuilder();
    for (const name of ['a', 'b']) {
      b.resource({ 'service.name': `svc-${name}` });
      b.scope(`lib-${name}`, '1');
      for (let i = 0; i < 2; i += 1) {
        b.span({
          traceId: id(16),
          spanId: id(8),
          name: `${name}${i}`,
          kind: 3,
          ...times,
          attributes: { i },
          events: [
            { timeUnixNano: 1n, name: 'e1', attributes: { k: 'v' } },
            { timeUnixNano: 2n, name: 'e2' },
          ],
          links: [{ traceId: id(16), spanId: id(8), attributes: { l: true } }],
          statusCode: 2,
          statusMessage: 'bad',
        });
      }
    }
    const batch = b.finish();
    const r = new SpanReader(mergeBatches([batch, batch]));
    const service = new AttributeKey('service.name');
    const seen: string[] = [];
    while (r.nextResource()) {
      assert.ok(r.resource.find(service));
      const name = r.resource.value.string();
      while (r.nextScope()) {
        while (r.nextItem()) {
          assert.ok(r.item.find(new AttributeKey('i')));
          assert.ok(r.item.fixed64(7));
          assert.equal(r.item.lo + r.item.hi * 2 ** 32, 5_000_000_001);
          assert.ok(r.item.fixed64(8));
          assert.equal(r.item.hi, 2 ** 31);
          assert.ok(r.item.findField(1));
          assert.deepEqual(r.item.value.copy(), id(16));
          assert.equal(r.item.findField(4), false);
          const events: string[] = [];
          while (r.nextEvent()) {
            const known = r.event.find(new AttributeKey('k')) ? r.event.value.string() : '';
            events.push(`${r.event.string(2)}${known}`);
          }
          let links = 0;
          while (r.nextLink()) links += r.link.find(new AttributeKey('l')) ? 1 : 0;
          const status = `${r.statusCode}${r.statusMessage}`;
          seen.push([name, r.scope.string(1), r.name, r.kind, events, links, status].join(' '));
        }
      }
    }
    const once = ['a0', 'a1', 'b0', 'b1'].map(
      (name) => `svc-${name[0]} lib-${name[0]} ${name} 3 e1v,e2 1 2bad`,
    );
    assert.deepEqual(seen, [...once, ...once]);
  });

  it('skip what is left of a group', () => {
    const b = new LogsBuilder();
    for (let i = 0; i < 3; i += 1) {
      b.resource({ i });
      for (const scope of ['x', 'y']) {
        b.scope(scope);
        b.record({
          timeUnixNano: 1n,
          body: `${i}${scope}`,
          severityText: 'INFO',
          severityNumber: 9,
        });
        b.record({ timeUnixNano: 1n });
      }
    }
    const r = new LogReader(b.finish());
    const seen: string[] = [];
    assert.equal(r.nextScope(), false);
    while (r.nextResource()) {
      while (r.nextScope()) {
        assert.ok(r.nextItem());
        assert.ok(r.findBody());
        seen.push(`${r.item.value.string()}${r.severityText}${r.severityNumber}`);
      }
    }
    assert.deepEqual(
      seen,
      ['0x', '0y', '1x', '1y', '2x', '2y'].map((at) => `${at}INFO9`),
    );
  });

  it('walk metrics and points', () => {
    const b = new MetricsBuilder();
    b.metric('empty');
    b.metric('gauge', 'By', 'text');
    b.gauge();
    b.numberPoint({ timeUnixNano: 1n, value: 1.5, attributes: { k: 1 } });
    b.metric('sum');
    b.sum(2, true);
    b.numberPoint({ timeUnixNano: 1n, value: 3n, attributes: { k: 2 } });
    b.numberPoint({ timeUnixNano: 1n, value: 4n, attributes: { k: 3 } });
    b.metric('exponential');
    b.exponentialHistogram(1);
    b.exponentialPoint({ timeUnixNano: 1n, count: 1n, scale: 0, attributes: { k: 4 } });
    b.metric('histogram');
    b.histogram(1);
    b.histogramPoint({ timeUnixNano: 1n, count: 1n, attributes: { k: 5 } });
    const batch = b.finish();
    const key = new AttributeKey('k');
    const wanted = [
      'gauge By 5 0 false 1',
      'sum  7 2 true 2',
      'sum  7 2 true 3',
      'exponential  10 1 false 4',
      'histogram  9 1 false 5',
    ];
    const describePoint = (r: MetricReader): string => {
      assert.ok(r.item.find(key));
      const k = r.item.value.number();
      return [r.name, r.unit, r.dataKind, r.temporality, r.monotonic, k].join(' ');
    };
    const r = new MetricReader(batch);
    const points: string[] = [];
    while (r.nextAnyItem()) points.push(describePoint(r));
    assert.deepEqual(points, wanted);
    const m = new MetricReader(batch);
    const nested: string[] = [];
    while (m.nextResource()) {
      while (m.nextScope()) {
        while (m.nextMetric()) {
          if (m.dataKind === DataKind.none) nested.push(`none ${m.name}`);
          while (m.nextPoint()) nested.push(describePoint(m));
        }
      }
    }
    assert.deepEqual(nested, ['none empty', ...wanted]);
  });
});

describe('intern table', () => {
  it('gives the text of bytes, however places are shared', () => {
    const table = new InternTable(4);
    for (let round = 0; round < 3; round += 1) {
      for (const text of ['', 'a', 'b', 'größe', 'x'.repeat(300), 'c', 'd', 'e', 'f', 'g']) {
        const bytes = new TextEncoder().encode(`..${text}..`);
        assert.equal(table.get(bytes, 2, bytes.length - 2), text);
      }
    }
    assert.throws(() => new InternTable(3), /BUG/);
  });
});

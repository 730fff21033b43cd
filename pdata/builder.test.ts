import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Double, LogsBuilder, MetricsBuilder, TracesBuilder } from './builder.ts';
import { toJson } from './json.ts';
import { parseRequest } from './parse.ts';
import { CheckedReader } from './proto/checked-reader.ts';
import { Cursor, readHalves, readVarint, unsigned64 } from './proto/cursor.ts';
import { putVarint, varintSize, Writer } from './proto/writer.ts';

const traceId = Uint8Array.from({ length: 16 }, (_, i) => i);
const spanId = Uint8Array.from({ length: 8 }, (_, i) => 255 - i);
const traceHex = '000102030405060708090a0b0c0d0e0f';
const spanHex = 'fffefdfcfbfaf9f8';

describe('builders', () => {
  it('write spans', () => {
    const b = new TracesBuilder();
    b.resource({ 'service.name': 'shop' }, 'https://schema');
    b.scope('lib', '1.0', { a: 1 });
    b.span({
      traceId,
      spanId,
      parentSpanId: spanId,
      name: 'größe',
      kind: 2,
      startTimeUnixNano: 1544712660000000001n,
      endTimeUnixNano: 2n ** 64n - 1n,
      attributes: new Map<string, string | number | bigint | boolean | Double>([
        ['s', 'x'.repeat(200)],
        ['i', -5],
        ['b', 2n ** 63n - 1n],
        ['d', new Double(1)],
        ['f', 0.5],
        ['t', true],
      ]),
      events: [
        {
          timeUnixNano: 5n,
          name: 'e',
          attributes: { list: ['a', [1, null]], map: { k: new Uint8Array([1]) } },
        },
      ],
      links: [{ traceId, spanId, traceState: 'a=b', flags: 1 }],
      statusCode: 2,
      statusMessage: 'bad',
      flags: 0x101,
    });
    b.scope();
    b.span({ traceId, spanId, name: '', startTimeUnixNano: 1n, endTimeUnixNano: 2n });
    b.resource();
    b.span({ traceId, spanId, name: 'late', startTimeUnixNano: 1n, endTimeUnixNano: 2n });
    assert.equal(b.itemCount, 3);
    const batch = b.finish();
    assert.equal(parseRequest('traces', batch.ranges()[0]!).itemCount, 3);
    const ids = `"traceId":"${traceHex}","spanId":"${spanHex}"`;
    const times = '"startTimeUnixNano":"1","endTimeUnixNano":"2"';
    const kv = (key: string, value: string): string => `{"key":"${key}","value":${value}}`;
    assert.equal(
      toJson(batch),
      `{"resourceSpans":[{"resource":{"attributes":[${kv('service.name', '{"stringValue":"shop"}')}]},` +
        `"scopeSpans":[{"scope":{"name":"lib","version":"1.0","attributes":[${kv('a', '{"intValue":"1"}')}]},"spans":[{${ids},` +
        `"parentSpanId":"${spanHex}","name":"größe","kind":2,"startTimeUnixNano":"1544712660000000001","endTimeUnixNano":"18446744073709551615",` +
        `"attributes":[${[
          kv('s', `{"stringValue":"${'x'.repeat(200)}"}`),
          kv('i', '{"intValue":"-5"}'),
          kv('b', '{"intValue":"9223372036854775807"}'),
          kv('d', '{"doubleValue":1}'),
          kv('f', '{"doubleValue":0.5}'),
          kv('t', '{"boolValue":true}'),
        ].join(',')}],` +
        `"events":[{"timeUnixNano":"5","name":"e","attributes":[${kv('list', '{"arrayValue":{"values":[{"stringValue":"a"},{"arrayValue":{"values":[{"intValue":"1"},{}]}}]}}')},` +
        `${kv('map', `{"kvlistValue":{"values":[${kv('k', '{"bytesValue":"AQ=="}')}]}}`)}]}],` +
        `"links":[{${ids},"traceState":"a=b","flags":1}],"status":{"message":"bad","code":2},"flags":257}]},` +
        `{"scope":{},"spans":[{${ids},${times}}]}],"schemaUrl":"https://schema"},` +
        `{"resource":{},"scopeSpans":[{"scope":{},"spans":[{${ids},"name":"late",${times}}]}]}]}`,
    );
  });

  it('write logs and may be used again', () => {
    const b = new LogsBuilder();
    for (const body of ['first', 'second']) {
      b.record({
        timeUnixNano: 1n,
        observedTimeUnixNano: 2n,
        severityNumber: 9,
        severityText: 'INFO',
        body,
        attributes: { k: 'v' },
        eventName: 'flow',
        traceId,
        spanId,
        flags: 1,
      });
      const batch = b.finish();
      assert.equal(batch.itemCount, 1);
      assert.equal(
        toJson(batch),
        '{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1",' +
          `"severityNumber":9,"severityText":"INFO","body":{"stringValue":"${body}"},"attributes":[{"key":"k","value":{"stringValue":"v"}}],` +
          `"flags":1,"traceId":"${traceHex}","spanId":"${spanHex}","observedTimeUnixNano":"2","eventName":"flow"}]}]}]}`,
      );
    }
    assert.equal(toJson(b.finish()), '{"resourceLogs":[]}');
  });

  it('write every kind of metric', () => {
    const b = new MetricsBuilder();
    const at = { timeUnixNano: 7n };
    b.resource({ r: 1 });
    b.scope('s');
    b.metric('g', 'By', 'text');
    b.gauge();
    b.numberPoint({ ...at, value: 1.5, attributes: { a: 'b' } });
    b.numberPoint({ ...at, value: -3n, flags: 1 });
    b.metric('c');
    b.sum(2, true);
    b.numberPoint({ ...at, startTimeUnixNano: 1n, value: 0 });
    b.metric('h');
    b.histogram(1);
    b.histogramPoint({
      ...at,
      count: 3n,
      sum: 4,
      min: 1,
      max: 2,
      bucketCounts: [1n, 2n],
      explicitBounds: [0.5],
    });
    b.metric('e');
    b.exponentialHistogram(2);
    b.exponentialPoint({
      ...at,
      count: 2n,
      scale: -2,
      zeroCount: 1n,
      zeroThreshold: 0.1,
      positive: { offset: -1, counts: [300n] },
    });
    b.metric('s');
    b.summary();
    b.summaryPoint({ ...at, count: 2n, sum: 3, quantiles: [{ quantile: 0.5, value: 1 }] });
    const batch = b.finish();
    assert.equal(batch.itemCount, 6);
    assert.equal(parseRequest('metrics', batch.ranges()[0]!).itemCount, 6);
    assert.equal(
      toJson(batch),
      '{"resourceMetrics":[{"resource":{"attributes":[{"key":"r","value":{"intValue":"1"}}]},"scopeMetrics":[{"scope":{"name":"s"},"metrics":[' +
        '{"name":"g","description":"text","unit":"By","gauge":{"dataPoints":[{"timeUnixNano":"7","asDouble":1.5,"attributes":[{"key":"a","value":{"stringValue":"b"}}]},{"timeUnixNano":"7","asInt":"-3","flags":1}]}},' +
        '{"name":"c","sum":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"7","asDouble":0}],"aggregationTemporality":2,"isMonotonic":true}},' +
        '{"name":"h","histogram":{"dataPoints":[{"timeUnixNano":"7","count":"3","sum":4,"bucketCounts":["1","2"],"explicitBounds":[0.5],"min":1,"max":2}],"aggregationTemporality":1}},' +
        '{"name":"e","exponentialHistogram":{"dataPoints":[{"timeUnixNano":"7","count":"2","scale":-2,"zeroCount":"1","positive":{"offset":-1,"bucketCounts":["300"]},"zeroThreshold":0.1}],"aggregationTemporality":2}},' +
        '{"name":"s","summary":{"dataPoints":[{"timeUnixNano":"7","count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1}]}]}}]}]}]}',
    );
    assert.throws(() => b.gauge(), /BUG/);
  });
});

describe('writer', () => {
  it('writes varints that read back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (small, large) => {
        const b = new Uint8Array(10);
        const end = putVarint(b, 0, small);
        assert.equal(end, varintSize(small));
        const c = new Cursor(b);
        assert.equal(readVarint(c), small);
        assert.equal(c.pos, end);
        const w = new Writer(1);
        w.varintHalves(Number(large & 0xffffffffn), Number(large >> 32n));
        const back = new Cursor(w.take());
        readHalves(back);
        assert.equal(unsigned64(back.lo, back.hi), large);
      }),
      { numRuns: 500 },
    );
  });

  it('writes zigzag numbers that read back, the largest too', () => {
    const reader = new CheckedReader((what) => new Error(what));
    const safe = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constant(-(2 ** 52) - 1));
    fc.assert(
      fc.property(safe, fc.integer(), (long, short) => {
        const w = new Writer(1);
        w.sint64(long);
        w.sint32Field(3, short);
        const bytes = w.take();
        reader.bind(bytes, 0, bytes.length);
        reader.halves();
        const bits = unsigned64(reader.lo, reader.hi);
        assert.equal(BigInt.asIntN(64, (bits >> 1n) ^ -(bits & 1n)), BigInt(long));
        assert.equal(reader.next(), 24);
        assert.equal(reader.sint64(), short);
        assert.equal(reader.next(), 0);
      }),
      { numRuns: 500 },
    );
  });

  it('writes any text as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 150 }), (text) => {
        const w = new Writer(1);
        w.string(text);
        const bytes = w.take();
        const c = new Cursor(bytes);
        assert.equal(readVarint(c), bytes.length - c.pos);
        assert.equal(new TextDecoder().decode(bytes.subarray(c.pos)), text.toWellFormed());
      }),
      { numRuns: 200 },
    );
  });

  it('closes nested messages of any size, however the length was guessed', () => {
    for (const size of [0, 1, 127, 128, 16383, 16384, 70000]) {
      for (const guess of [1, 2, 3, 5]) {
        const w = new Writer(8);
        const outer = w.open(1, guess);
        const at = w.open(2, guess);
        w.raw(new Uint8Array(size).fill(7));
        w.close(at);
        w.uintField(3, 1);
        w.close(outer);
        const c = new Cursor(w.take());
        assert.equal(readVarint(c), 10);
        assert.equal(readVarint(c), c.bytes.length - c.pos);
        assert.equal(readVarint(c), 18);
        assert.equal(readVarint(c), size);
        assert.deepEqual([...c.bytes.subarray(c.pos + size)], [24, 1]);
        assert.ok(c.bytes.subarray(c.pos, c.pos + size).every((byte) => byte === 7));
      }
    }
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { message1, message2, staleBits, type TestSeries } from '../testing/message.ts';
import { modelOf } from '../testing/model.ts';
import { applyFamilies, familiesOf } from './families.ts';
import { MalformedMessage } from './protobuf.ts';
import { readWriteRequest, type Version } from './read.ts';
import { writeFamilies, writeSeries } from './write.ts';

const encode = { 1: message1, 2: message2 } as const;
const versions: readonly Version[] = [1, 2];

function read(version: Version, series: readonly TestSeries[]) {
  return readWriteRequest(encode[version](series), version);
}

const up = { __name__: 'up', instance: 'a:1', job: 'node' };

for (const version of versions) {
  describe(`remote write ${version}.0`, () => {
    it('reads labels, samples, exemplars and histograms', () => {
      const { request, faults } = read(version, [
        { labels: up, samples: [{ value: 1, time: 1000 }] },
        {
          labels: { __name__: 'h', job: 'node' },
          histograms: [
            {
              count: 6,
              sum: 2.5,
              schema: -2,
              zeroCount: 1,
              time: 2000,
              positiveSpans: [
                [-3, 2],
                [4, 1],
              ],
              positive: [1, 1, -1],
              negativeSpans: [[0, 1]],
              negative: [1],
            },
          ],
          exemplars: [{ labels: { trace_id: 'ab' }, value: 0.5, time: 1999 }],
        },
      ]);
      assert.deepEqual(faults, []);
      const [first, second] = modelOf(request);
      assert.deepEqual(first!.labels, up);
      assert.deepEqual(first!.samples, [['3ff0000000000000', 1000, 0]]);
      assert.deepEqual(second!.exemplars, [[{ trace_id: 'ab' }, '3fe0000000000000', 1999]]);
      const [histogram] = second!.histograms as { positive: number[]; positiveSpans: number[] }[];
      assert.deepEqual(histogram!.positive, [1, 2, 1]);
      assert.deepEqual(histogram!.positiveSpans, [-3, 2, 4, 1]);
    });

    it('keeps the bits of a stale marker', () => {
      const { request } = read(version, [{ labels: up, samples: [{ value: staleBits, time: 1 }] }]);
      assert.equal(modelOf(request)[0]!.samples[0]![0], '7ff0000000000002');
      const [written] = writeSeries(request, version, 1e9);
      const again = readWriteRequest(Buffer.concat(written!.parts), version);
      assert.deepEqual(modelOf(again.request), modelOf(request));
    });

    it('sorts labels and drops empty ones', () => {
      const labels: [string, string][] = [
        ['z', '1'],
        ['__name__', 'm'],
        ['empty', ''],
        ['a', '2'],
      ];
      const { request, faults } = read(version, [{ labels, samples: [{ value: 1, time: 1 }] }]);
      assert.deepEqual(faults, []);
      assert.deepEqual(Object.entries(modelOf(request)[0]!.labels), [
        ['__name__', 'm'],
        ['a', '2'],
        ['z', '1'],
      ]);
    });

    const bad: readonly (readonly [string, TestSeries, RegExp])[] = [
      ['a series without name', { labels: { a: 'b' } }, /no label __name__/],
      [
        'an empty label name',
        {
          labels: [
            ['', 'x'],
            ['__name__', 'm'],
          ],
        },
        /label has no name/,
      ],
      [
        'a repeated label',
        {
          labels: [
            ['__name__', 'm'],
            ['a', '1'],
            ['a', '2'],
          ],
        },
        /"m": two labels have the same name/,
      ],
      [
        'a repeated label out of order',
        {
          labels: [
            ['a', '1'],
            ['__name__', 'm'],
            ['a', '2'],
          ],
        },
        /two labels have the same name/,
      ],
      [
        'a time before 1970',
        { labels: up, samples: [{ value: 1, time: -5 }] },
        /series 1 "up": the time of a sample is out of range: -5 ms/,
      ],
      [
        'a time that nanoseconds cannot hold',
        { labels: up, samples: [{ value: 1, time: 9_223_372_036_855 }] },
        /out of range: 9223372036855 ms/,
      ],
      [
        'a histogram whose spans and buckets differ',
        {
          labels: up,
          histograms: [
            { count: 1, sum: 1, schema: 0, positiveSpans: [[0, 2]], positive: [1], time: 1 },
          ],
        },
        /histogram of series 1 "up": spans need 2 buckets, have 1/,
      ],
      [
        'a histogram with a negative bucket',
        {
          labels: up,
          histograms: [
            { count: 0, sum: 1, schema: 0, positiveSpans: [[0, 2]], positive: [1, -2], time: 1 },
          ],
        },
        /negative count/,
      ],
      [
        'a histogram whose count is not that of its buckets',
        {
          labels: up,
          histograms: [
            { count: 9, sum: 1, schema: 0, positiveSpans: [[0, 1]], positive: [1], time: 1 },
          ],
        },
        /1 observations in its buckets, but its count is 9/,
      ],
      [
        'a histogram without end',
        {
          labels: up,
          histograms: [
            {
              count: Number.POSITIVE_INFINITY,
              float: true,
              sum: 1,
              schema: 0,
              positiveSpans: [[0, 1]],
              positive: [Number.POSITIVE_INFINITY],
              time: 1,
            },
          ],
        },
        /infinite count/,
      ],
      [
        'a schema that nobody knows',
        { labels: up, histograms: [{ count: 0, sum: 1, schema: -20, time: 1 }] },
        /schema -20/,
      ],
      [
        'custom bounds out of order',
        { labels: up, histograms: [{ count: 0, sum: 1, schema: -53, custom: [2, 1], time: 1 }] },
        /bounds are not in order/,
      ],
      [
        'more custom buckets than bounds',
        {
          labels: up,
          histograms: [
            {
              count: 3,
              sum: 1,
              schema: -53,
              custom: [1],
              positiveSpans: [[0, 3]],
              positive: [1, 0, 0],
              time: 1,
            },
          ],
        },
        /3 custom buckets for 1 bounds/,
      ],
    ];
    for (const [what, series, message] of bad) {
      it(`leaves out ${what} and keeps the rest`, () => {
        const good = { labels: up, samples: [{ value: 1, time: 1000 }] };
        const given = { samples: [{ value: 1, time: 1 }], ...series };
        const only = (series.samples ?? series.histograms) ? series : given;
        const { request, faults, refused } = read(version, [good, only, good]);
        assert.equal(faults.length, 1);
        assert.match(faults[0]!, message);
        assert.equal(refused, 1);
        assert.equal(request.sampleCount, 2);
        assert.equal(request.histogramCount, 0);
        const kept = modelOf(request).filter(({ samples }) => samples.length > 0);
        assert.deepEqual(
          kept.map(({ labels }) => labels),
          [up, up],
        );
      });
    }

    it('leaves out labels that are not UTF-8', () => {
      const body = encode[version]([
        { labels: { ...up, x: 'QQQQ' }, samples: [{ value: 1, time: 1 }] },
        { labels: up, samples: [{ value: 2, time: 1 }] },
      ]);
      body.fill(0xff, body.indexOf('QQQQ'), body.indexOf('QQQQ') + 4);
      const { request, faults } = readWriteRequest(body, version);
      assert.match(faults[0]!, /not UTF-8/);
      assert.equal(request.sampleCount, 1);
    });

    it('refuses a message that is cut off anywhere inside of a series', () => {
      const body = encode[version]([{ labels: up, samples: [{ value: 1, time: 1000 }] }]);
      for (let length = body.length - 1; length > body.length - 10; length -= 1) {
        assert.throws(() => readWriteRequest(body.subarray(0, length), version), MalformedMessage);
      }
    });

    it('refuses tags that there are not, and takes empty messages', () => {
      const body = encode[version]([{ labels: up, samples: [{ value: 1, time: 1000 }] }]);
      const put = (...bytes: number[]): Buffer => Buffer.concat([body, Buffer.from(bytes)]);
      const refused = (bytes: Buffer, why: RegExp): void => {
        assert.throws(() => readWriteRequest(bytes, version), why);
        assert.throws(() => readWriteRequest(bytes, version), MalformedMessage);
      };
      refused(put(0, 0), /field number 0 at byte/);
      refused(put(0x80, 0), /field number 0 at byte/);
      refused(put(0xfa, 0xff, 0xff, 0xff, 0x1f, 0), /a number is too (large|long) at byte/);
      refused(put(0x7b), /unknown wire type 3 at byte/);
      refused(
        put(0x7a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
        /a number is too long at byte/,
      );
      const series = version === 1 ? 10 : 42;
      const { request, refused: parts } = readWriteRequest(put(series, 0, 0x7a, 0), version);
      assert.equal(request.sampleCount, 1);
      assert.equal(parts, 1, 'a series without labels');
    });

    it('never throws anything but its error, and keeps to the size of the input', () => {
      const start = encode[version]([
        {
          labels: up,
          samples: [{ value: 1, time: 1000 }],
          exemplars: [{ labels: { a: 'b' }, value: 1, time: 3 }],
          histograms: [
            { count: 1, sum: 1, schema: 0, positiveSpans: [[0, 1]], positive: [1], time: 1 },
          ],
        },
        { labels: { __name__: 'x' }, samples: [{ value: 3, time: 5 }] },
      ]);
      const edit = fc.tuple(fc.nat(start.length - 1), fc.integer({ min: 0, max: 255 }));
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
          const body = Buffer.from(start);
          for (const [at, byte] of edits) body[at] = byte;
          try {
            const { request } = readWriteRequest(body, version);
            assert.ok(request.sampleCount + request.seriesCount <= body.length);
            modelOf(request);
          } catch (error) {
            assert.ok(error instanceof MalformedMessage, String(error));
          }
        }),
        { numRuns: 500 },
      );
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          try {
            readWriteRequest(bytes, version);
          } catch (error) {
            assert.ok(error instanceof MalformedMessage, String(error));
          }
        }),
        { numRuns: 300 },
      );
    });

    it('writes what it read', () => {
      fc.assert(
        fc.property(fc.array(arbitrarySeries(), { maxLength: 20 }), (series) => {
          const { request, faults } = read(version, series);
          assert.deepEqual(faults, []);
          for (const maxBytes of [1e9, 300]) {
            const pieces = writeSeries(request, version, maxBytes);
            const again = pieces.flatMap(({ parts, series: count, samples }) => {
              const back = readWriteRequest(Buffer.concat(parts), version);
              assert.deepEqual(back.faults, []);
              assert.equal(back.request.seriesCount, count);
              assert.equal(back.request.sampleCount, samples);
              return modelOf(back.request);
            });
            assert.deepEqual(again, modelOf(request));
          }
        }),
        { numRuns: 150 },
      );
    });
  });
}

function arbitrarySeries(): fc.Arbitrary<TestSeries> {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  const time = fc.integer({ min: 0, max: 2_000_000_000_000 });
  const value = fc.oneof(fc.double(), fc.constant(staleBits));
  return fc.record({
    labels: fc
      .dictionary(text, text, { maxKeys: 5 })
      .map((labels) => ({ ...labels, __name__: 'metric' })),
    samples: fc.array(fc.record({ value, time }), { minLength: 1, maxLength: 4 }),
    exemplars: fc.array(
      fc.record({ labels: fc.dictionary(text, text, { maxKeys: 2 }), value: fc.double(), time }),
      { maxLength: 2 },
    ),
    histograms: fc.array(
      fc.record({
        count: fc.constant(7),
        sum: fc.double(),
        schema: fc.integer({ min: -4, max: 8 }),
        zeroThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
        zeroCount: fc.constant(2),
        positiveSpans: fc.tuple(
          fc.tuple(fc.integer({ min: -9, max: 9 }), fc.constant(1)),
          fc.tuple(fc.nat(50), fc.constant(1)),
        ),
        positive: fc.constant([2, 1]),
        time,
      }),
      { maxLength: 1 },
    ),
    type: fc.nat(7),
    help: fc.string({ maxLength: 5 }),
  });
}

describe('remote write 2.0, references', () => {
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['a reference to no symbol', series2([0, 9]), /refers to symbol 9 of 3/],
    ['an odd number of references', series2([1, 2, 1]), /odd number of label references/],
  ];
  for (const [what, body, message] of cases) {
    it(`leaves out a series with ${what}`, () => {
      const { request, faults } = readWriteRequest(body, 2);
      assert.match(faults[0]!, message);
      assert.equal(request.sampleCount, 0);
    });
  }

  it('refuses symbols that do not begin with the empty one', () => {
    const body = Buffer.from([0x22, 1, 0x61]);
    assert.throws(() => readWriteRequest(body, 2), /symbol 0 is not empty/);
  });

  it('takes references that are not packed', () => {
    const symbols = ['', '__name__', 'm'].map((text) =>
      Buffer.concat([Buffer.from([0x22, text.length]), Buffer.from(text)]),
    );
    const series = Buffer.from([8, 1, 8, 2, 0x12, 2, 16, 7]);
    const body = Buffer.concat([...symbols, Buffer.from([0x2a, series.length]), series]);
    const { request, faults } = readWriteRequest(body, 2);
    assert.deepEqual(faults, []);
    assert.deepEqual(modelOf(request)[0]!.labels, { __name__: 'm' });
    assert.deepEqual(modelOf(request)[0]!.samples, [['0000000000000000', 7, 0]]);
  });

  it('reads metadata, start times and created times', () => {
    const { request } = readWriteRequest(
      message2([
        {
          labels: { __name__: 'c_total' },
          samples: [{ value: 1, time: 20, start: 10 }],
          type: 1,
          help: 'What it counts.',
          unit: 'bytes',
          created: 5,
        },
      ]),
      2,
    );
    const [series] = modelOf(request);
    const { type, help, unit, created, samples } = series!;
    assert.deepEqual([type, help, unit, created], ['counter', 'What it counts.', 'bytes', 5]);
    assert.deepEqual(samples, [['3ff0000000000000', 20, 10]]);
  });
});

function series2(references: readonly number[]): Buffer {
  const symbols = ['', '__name__', 'm'].map((text) =>
    Buffer.concat([Buffer.from([0x22, text.length]), Buffer.from(text)]),
  );
  const series = Buffer.from([10, references.length, ...references, 0x12, 2, 16, 7]);
  return Buffer.concat([...symbols, Buffer.from([0x2a, series.length]), series]);
}

describe('families of version 1', () => {
  const families = [
    { name: 'requests', type: 1, help: 'Requests.', unit: '' },
    { name: 'latency_seconds', type: 3, help: 'Latency.', unit: 'seconds' },
  ];
  it('are read and written', () => {
    const { request } = readWriteRequest(message1([], families), 1);
    assert.deepEqual(
      [...familiesOf(request)],
      families.map(({ name, ...rest }) => [name, rest]),
    );
    const written = writeFamilies(request, 40);
    assert.equal(written.length, 2);
    const again = written.flatMap(({ parts }) => [
      ...familiesOf(readWriteRequest(Buffer.concat(parts), 1).request),
    ]);
    assert.deepEqual(again, [...familiesOf(request)]);
  });

  it('describe the series of a later request', () => {
    const known = new Map([...familiesOf(readWriteRequest(message1([], families), 1).request)]);
    const names = [
      'requests_total',
      'latency_seconds_bucket',
      'other_total',
      'latency_seconds_total',
    ];
    const { request } = readWriteRequest(
      message1(
        names.map((name) => ({ labels: { __name__: name }, samples: [{ value: 1, time: 1 }] })),
      ),
      1,
    );
    applyFamilies(request, (name) => known.get(name));
    assert.deepEqual(
      modelOf(request).map(({ type, help, unit }) => [type, help, unit]),
      [
        ['counter', 'Requests.', ''],
        ['histogram', 'Latency.', 'seconds'],
        ['unknown', '', ''],
        ['unknown', '', ''],
      ],
    );
  });
});

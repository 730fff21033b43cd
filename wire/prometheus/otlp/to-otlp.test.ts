import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toJson } from '../../../pdata/json.ts';
import { decodeMetrics } from '../../../pdata/objects/index.ts';
import { ucumOf, unitWords } from '../names/units.ts';
import { readWriteRequest } from '../remote-write/read.ts';
import { MetricType, startOf } from '../remote-write/request.ts';
import { convert, memory, metricsOf, ms, target } from '../testing/convert.ts';
import { message1, message2, staleBits, type TestSeries } from '../testing/message.ts';
import { Nanoseconds } from './time.ts';
import { toOtlp } from './to-otlp.ts';

describe('remote write to OTLP', () => {
  it('gives each type its kind of metric', () => {
    const sample = { value: 3, time: 1_700_000_000_123 };
    const types = Object.entries(MetricType).map(([name, type]) => ({
      labels: { ...target, __name__: `m_${name}`, code: '200' },
      samples: [sample],
      type,
      help: `Help of ${name}.`,
      unit: 'seconds',
    }));
    const found = metricsOf(convert(types));
    const kinds = found.map(({ name, data, type }) => {
      const monotonic = data.kind === 'sum' ? data.isMonotonic : undefined;
      return [name, data.kind, monotonic, type];
    });
    assert.deepEqual(kinds, [
      ['m_unknown', 'gauge', undefined, 'unknown'],
      ['m_counter', 'sum', true, 'counter'],
      ['m_gauge', 'gauge', undefined, 'gauge'],
      ['m_histogram', 'gauge', undefined, 'histogram'],
      ['m_gaugeHistogram', 'gauge', undefined, 'gaugehistogram'],
      ['m_summary', 'gauge', undefined, 'summary'],
      ['m_info', 'sum', false, 'info'],
      ['m_stateset', 'sum', false, 'stateset'],
    ]);
    const [first] = found;
    assert.equal(first!.unit, 's');
    assert.equal(first!.description, 'Help of unknown.');
    assert.deepEqual(first!.resource, {
      'service.namespace': 'shop',
      'service.name': 'cart',
      'service.instance.id': 'host:1',
    });
    const [point] = first!.data.points;
    assert.deepEqual(Object.fromEntries(point!.attributes), { code: '200' });
    assert.equal(point!.timeUnixNano, ms(1_700_000_000_123));
    assert.equal((point as { value: number }).value, 3);
  });

  it('puts series of one metric, scope and target together', () => {
    const one = (labels: Record<string, string>): TestSeries => ({
      labels,
      samples: [
        { value: 1, time: 1 },
        { value: 2, time: 2 },
      ],
    });
    const found = metricsOf(
      convert([
        one({ __name__: 'a', job: 'x', l: '1' }),
        one({ __name__: 'b', job: 'x' }),
        one({ __name__: 'a', job: 'y' }),
        one({ __name__: 'a', job: 'x', l: '2' }),
        one({ __name__: 'a', job: 'x', otel_scope_name: 's', otel_scope_version: '1' }),
      ]),
    );
    assert.deepEqual(
      found.map(({ resource, scope, name, data }) => [
        resource['service.name'],
        scope,
        name,
        data.points.length,
      ]),
      [
        ['x', '', 'a', 4],
        ['x', '', 'b', 2],
        ['x', 's', 'a', 2],
        ['y', '', 'a', 2],
      ],
    );
  });

  it('takes scope and target from their labels, the target from earlier requests too', () => {
    const targets = memory();
    const info = {
      labels: { ...target, __name__: 'target_info', host_name: 'h', cloud: 'c' },
      samples: [{ value: 1, time: 1 }],
    };
    const series = {
      labels: {
        ...target,
        __name__: 'a',
        otel_scope_name: 'lib',
        otel_scope_version: '2',
        otel_scope_schema_url: 'http://s',
        otel_scope_team: 't',
      },
      samples: [{ value: 1, time: 1 }],
    };
    const first = convert([series, info], targets);
    assert.equal(first.samples, 2);
    const second = convert([series], targets);
    assert.equal(toJson(first.batch!), toJson(second.batch!));
    const [{ resource, scopes }] = decodeMetrics(second.batch!) as [
      ReturnType<typeof decodeMetrics>[0],
    ];
    assert.deepEqual(Object.fromEntries(resource.attributes), {
      'service.namespace': 'shop',
      'service.name': 'cart',
      'service.instance.id': 'host:1',
      cloud: 'c',
      host_name: 'h',
    });
    const { scope } = scopes[0]!;
    assert.deepEqual([scope.name, scope.version], ['lib', '2']);
    assert.deepEqual(Object.fromEntries(scope.attributes), { team: 't' });
    assert.equal(scopes[0]!.schemaUrl, 'http://s');
    assert.equal(scopes[0]!.items[0]!.data.points[0]!.attributes.size, 0);
  });

  it('takes type and unit from labels', () => {
    const labels = { __name__: 'a', __type__: 'counter', __unit__: 'seconds', l: '1' };
    const [metric] = metricsOf(convert([{ labels, samples: [{ value: 1, time: 1 }] }]));
    assert.deepEqual([metric!.data.kind, metric!.type, metric!.unit], ['sum', 'counter', 's']);
    assert.deepEqual([...metric!.data.points[0]!.attributes], [['l', '1']]);
  });

  it('is empty for a request of target_info alone', () => {
    const info = { labels: { __name__: 'target_info' }, samples: [{ value: 1, time: 1 }] };
    assert.equal(convert([info]).batch, undefined);
  });

  it('turns stale markers into points without a value', () => {
    const [metric] = metricsOf(
      convert([{ labels: { __name__: 'a' }, samples: [{ value: staleBits, time: 5 }] }]),
    );
    const [point] = metric!.data.points as { value?: number; flags: number }[];
    assert.equal(point!.value, undefined);
    assert.equal(point!.flags, 1);
  });

  it('keeps a plain NaN a value', () => {
    const [metric] = metricsOf(
      convert([{ labels: { __name__: 'a' }, samples: [{ value: Number.NaN, time: 5 }] }]),
    );
    const [point] = metric!.data.points as { value: number; flags: number }[];
    assert.ok(Number.isNaN(point!.value));
    assert.equal(point!.flags, 0);
  });

  it('takes start times of samples, else of the series', () => {
    const labels = { __name__: 'a' };
    const [metric] = metricsOf(
      convert([
        {
          labels,
          samples: [
            { value: 1, time: 9, start: 4 },
            { value: 1, time: 10 },
          ],
          created: 2,
        },
      ]),
    );
    const starts = metric!.data.points.map(({ startTimeUnixNano }) => startTimeUnixNano);
    assert.deepEqual(starts, [ms(4), ms(2)]);
  });

  it('refuses to grow without bound', () => {
    const labels = { __name__: 'a', long: 'x'.repeat(1000) };
    const samples = Array.from({ length: 100 }, (_, time) => ({ value: 1, time }));
    assert.throws(() => convert([{ labels, samples }], memory(), 50_000), /over 50000 bytes/);
  });
});

describe('exemplars', () => {
  const exemplar = {
    labels: { trace_id: '0123456789abcdef0123456789abcdef', span_id: '0123456789abcdef', a: 'b' },
    value: 0.5,
    time: 7,
  };
  const labels = { __name__: 'c_total', l: '1' };
  const sample = { value: 2, time: 8 };

  it('go to the point of their series', () => {
    const series = { labels, samples: [sample], exemplars: [exemplar], type: 1 };
    const converted = convert([series]);
    assert.equal(converted.exemplars, 1);
    const [metric] = metricsOf(converted);
    const [point] = metric!.data.points as { exemplars: Record<string, unknown>[] }[];
    const [found] = point!.exemplars as [
      { traceId: Buffer; spanId: Buffer; filteredAttributes: Map<string, string>; value: number },
    ];
    assert.equal(Buffer.from(found.traceId).toString('hex'), exemplar.labels.trace_id);
    assert.equal(Buffer.from(found.spanId).toString('hex'), exemplar.labels.span_id);
    assert.deepEqual([...found.filteredAttributes], [['a', 'b']]);
    assert.equal(found.value, 0.5);
  });

  it('find their series when they come as a series of their own', () => {
    const converted = convert([
      { labels, exemplars: [exemplar] },
      { labels: { ...labels, l: '2' }, samples: [sample] },
      { labels, samples: [sample] },
      { labels: { ...labels, l: '3' }, exemplars: [exemplar, exemplar] },
    ]);
    assert.equal(converted.exemplars, 1);
    const points = metricsOf(converted).flatMap(
      ({ data }) => data.points as { exemplars: unknown[] }[],
    );
    assert.deepEqual(
      points.map(({ exemplars }) => exemplars.length),
      [0, 1],
    );
  });
});

describe('native histograms', () => {
  const labels = { __name__: 'h' };
  const integer = {
    count: 9,
    sum: 2.5,
    schema: 3,
    zeroThreshold: 0.001,
    zeroCount: 1,
    positiveSpans: [
      [-3, 2],
      [2, 1],
    ],
    positive: [1, 2, -2],
    negativeSpans: [[5, 1]],
    negative: [3],
    time: 11,
    start: 3,
  } as const;

  function only(series: TestSeries) {
    const [metric] = metricsOf(convert([series]));
    return metric!.data as { kind: string; points: readonly unknown[] };
  }

  it('of integers become exponential ones', () => {
    const data = only({ labels, histograms: [integer], type: 3 });
    assert.equal(data.kind, 'exponential');
    const [point] = data.points as never as Record<string, never>[];
    const { scale, zeroCount, zeroThreshold, count, sum, positive, negative } = point!;
    assert.deepEqual([scale, zeroCount, zeroThreshold, count, sum], [3, 1n, 0.001, 9n, 2.5]);
    assert.deepEqual(positive, { offset: -4, bucketCounts: [1n, 3n, 0n, 0n, 1n] });
    assert.deepEqual(negative, { offset: 4, bucketCounts: [3n] });
    assert.equal(point!.startTimeUnixNano, ms(3));
  });

  it('of floats lose their fractions', () => {
    const float = { ...integer, float: true, positive: [1.5, 3, 1.9], negative: [2.1], count: 9.5 };
    const data = only({ labels, histograms: [float] });
    const [point] = data.points as never as Record<string, never>[];
    assert.deepEqual(point!.positive, { offset: -4, bucketCounts: [1n, 3n, 0n, 0n, 1n] });
    assert.equal(point!.count, 9n);
  });

  it('of floats have counts that fit', () => {
    const huge = { ...integer, float: true, positive: [1e300, 1e300, 1e300], count: 1e301 };
    const data = only({ labels, histograms: [huge] });
    const [point] = data.points as never as {
      count: bigint;
      positive: { bucketCounts: bigint[] };
    }[];
    assert.equal(point!.count, BigInt(Number.MAX_SAFE_INTEGER));
    assert.equal(point!.positive.bucketCounts[0], BigInt(Number.MAX_SAFE_INTEGER));
  });

  it('with listed bounds become explicit ones', () => {
    const custom = {
      count: 6,
      sum: 4,
      schema: -53,
      custom: [0.5, 1, 2],
      positiveSpans: [
        [0, 1],
        [1, 2],
      ] as const,
      positive: [1, 1, 1],
      time: 4,
    };
    const data = only({ labels, histograms: [custom], type: 3 });
    assert.equal(data.kind, 'histogram');
    const [point] = data.points as never as Record<string, never>[];
    assert.deepEqual(point!.explicitBounds, [0.5, 1, 2]);
    assert.deepEqual(point!.bucketCounts, [1n, 0n, 2n, 3n]);
  });

  it('that are stale have no value', () => {
    const data = only({ labels, histograms: [{ count: 0, sum: staleBits, schema: 0, time: 4 }] });
    const [point] = data.points as never as Record<string, never>[];
    assert.deepEqual([point!.flags, point!.sum, point!.count], [1, undefined, 0n]);
  });

  it('of gauges are left out and not counted as written', () => {
    const converted = convert([{ labels, histograms: [{ ...integer, resetHint: 3 }] }]);
    assert.equal(converted.batch, undefined);
    assert.equal(converted.histograms, 0);
  });

  it('with far buckets are made coarser instead of filled with zeros', () => {
    const far = {
      ...integer,
      count: 4,
      zeroCount: 0,
      positiveSpans: [
        [0, 1],
        [1_000_000, 1],
      ] as const,
      positive: [1, 0],
      negativeSpans: [[0, 1]] as const,
      negative: [2],
    };
    const data = only({ labels, histograms: [far] });
    const [point] = data.points as never as {
      scale: number;
      positive: { bucketCounts: bigint[] };
    }[];
    assert.ok(point!.scale < 3);
    assert.ok(point!.positive.bucketCounts.length <= 4096);
    assert.equal(
      point!.positive.bucketCounts.reduce((sum, count) => sum + count, 0n),
      2n,
    );
  });
});

describe('what a conversion holds', () => {
  it('has every sample once, whatever the series', () => {
    const label = fc.constantFrom('a', 'b', 'le', 'quantile', 'job');
    const value = fc.constantFrom('0.5', '1', '+Inf', 'x');
    const name = fc.constantFrom('m', 'm_bucket', 'm_sum', 'm_count');
    const series = fc.record({
      labels: fc
        .tuple(name, fc.dictionary(label, value, { maxKeys: 2 }))
        .map(([metric, labels]) => ({ ...labels, __name__: metric })),
      samples: fc.array(fc.record({ value: fc.nat(3), time: fc.integer({ min: 1, max: 4 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
      type: fc.constantFrom(0, 3, 5),
    });
    fc.assert(
      fc.property(fc.array(series, { maxLength: 12 }), (given) => {
        const body = message2(given);
        const { request } = readWriteRequest(body, 2);
        const converted = toOtlp(request, memory(), 1e9);
        let samples = 0;
        for (const { data } of metricsOf(converted)) {
          for (const point of data.points) {
            if (data.kind === 'histogram') {
              samples += (point as { bucketCounts: unknown[] }).bucketCounts.length + 2;
            } else if (data.kind === 'summary') {
              samples += (point as { quantileValues: unknown[] }).quantileValues.length + 2;
            } else samples += 1;
          }
        }
        assert.equal(samples, request.sampleCount);
        assert.equal(startOf(request.sampleEnds, request.seriesCount), request.sampleCount);
      }),
      { numRuns: 400 },
    );
  });

  it('is the same from both versions where there is no metadata', () => {
    const series = [
      { labels: { __name__: 'a', job: 'x' }, samples: [{ value: 1, time: 5 }] },
      { labels: { __name__: 'b', job: 'x' }, samples: [{ value: 1, time: 5 }] },
    ];
    const from = (body: Buffer, version: 1 | 2): string =>
      toJson(toOtlp(readWriteRequest(body, version).request, memory(), 1e9).batch!);
    assert.equal(from(message1(series), 1), from(message2(series), 2));
  });
});

describe('small parts', () => {
  it('times are exact in nanoseconds', () => {
    const time = new Nanoseconds();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_223_372_036_854 }), (at) => {
        time.set(at);
        assert.equal((BigInt(time.hi) << 32n) | BigInt(time.lo), BigInt(at) * 1_000_000n);
      }),
    );
  });

  const units: readonly (readonly [string, string])[] = [
    ['seconds', 's'],
    ['bytes_per_second', 'By/s'],
    ['widgets', 'widgets'],
    ['', ''],
    ['ratio', '1'],
    ['toString', 'toString'],
  ];
  for (const [word, code] of units) {
    it(`unit ${JSON.stringify(word)} is ${JSON.stringify(code)}`, () => {
      assert.equal(ucumOf(word), code);
      if (code !== '1') assert.equal(unitWords(code).filter(Boolean).join('_'), word);
    });
  }
});

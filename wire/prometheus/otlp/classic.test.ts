import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MetricType } from '../remote-write/request.ts';
import { convert, metricsOf, ms } from '../testing/convert.ts';
import { staleBits, type TestSeries } from '../testing/message.ts';

describe('classic histograms', () => {
  const type = MetricType.histogram;
  const bucket = (le: string, values: readonly number[], more = {}): TestSeries => ({
    labels: { __name__: 'd_seconds_bucket', job: 'j', le, ...more },
    samples: values.map((value, i) => ({ value, time: 1000 + i })),
    type,
  });
  const part = (suffix: string, values: readonly (number | bigint)[], more = {}): TestSeries => ({
    labels: { __name__: `d_seconds_${suffix}`, job: 'j', ...more },
    samples: values.map((value, i) => ({ value, time: 1000 + i })),
    type,
  });
  const whole = [
    bucket('0.1', [1, 2]),
    bucket('1', [3, 3]),
    bucket('+Inf', [4, 6]),
    part('sum', [2.5, 9]),
    part('count', [4, 6]),
  ];

  it('are put together', () => {
    const found = metricsOf(convert([...whole].reverse()));
    assert.equal(found.length, 1);
    assert.equal(found[0]!.name, 'd_seconds');
    const points = found[0]!.data.points as never as Record<string, never>[];
    assert.deepEqual(
      points.map(({ explicitBounds, bucketCounts, sum, count, timeUnixNano }) => [
        explicitBounds,
        bucketCounts,
        sum,
        count,
        timeUnixNano,
      ]),
      [
        [[0.1, 1], [1n, 2n, 1n], 2.5, 4n, ms(1000)],
        [[0.1, 1], [2n, 1n, 3n], 9, 6n, ms(1001)],
      ],
    );
    assert.equal((points[0]!.attributes as unknown as Map<string, string>).size, 0);
  });

  it('take the exemplars of their buckets', () => {
    const exemplar = { labels: { trace_id: 'x' }, value: 0.05, time: 1 };
    const [first, ...rest] = whole;
    const converted = convert([
      { ...first!, exemplars: [exemplar] },
      ...rest,
      { labels: whole[1]!.labels, exemplars: [exemplar] },
    ]);
    assert.equal(converted.exemplars, 2);
    const points = metricsOf(converted)[0]!.data.points as never as { exemplars: unknown[] }[];
    assert.deepEqual(
      points.map(({ exemplars }) => exemplars.length),
      [0, 2],
    );
  });

  const names = (series: readonly TestSeries[]): string[] =>
    metricsOf(convert(series)).map(({ name, data }) => `${name} ${data.points.length}`);
  const apart = ['d_seconds_bucket 6', 'd_seconds_sum 2', 'd_seconds_count 2'];

  it('stay as they are without a part', () => {
    assert.deepEqual(names(whole.slice(0, 4)), apart.slice(0, 2));
    assert.deepEqual(names([...whole.slice(0, 3), whole[4]!]), [apart[0]!, apart[2]!]);
    assert.deepEqual(names([whole[0]!, whole[1]!, ...whole.slice(3)]), [
      'd_seconds_bucket 4',
      ...apart.slice(1),
    ]);
  });

  it('stay as they are where the numbers do not agree', () => {
    const [low, middle, all, sum] = whole as [TestSeries, TestSeries, TestSeries, TestSeries];
    const count = (values: readonly number[]): TestSeries => part('count', values);
    assert.deepEqual(names([low, middle, all, sum, count([5, 7])]), apart);
    assert.deepEqual(names([low, middle, all, sum, count([4, 7])]), [
      'd_seconds_bucket 3',
      'd_seconds_sum 1',
      'd_seconds_count 1',
      'd_seconds 1',
    ]);
    assert.deepEqual(names([bucket('0.1', [4, 4]), ...whole.slice(1)]), apart);
  });

  it('stay as they are where another group of the family has more buckets', () => {
    const other = [
      bucket('1', [3, 3], { l: '2' }),
      bucket('+Inf', [4, 6], { l: '2' }),
      part('sum', [1, 1], { l: '2' }),
      part('count', [4, 6], { l: '2' }),
    ];
    assert.deepEqual(names([...other, ...whole]), [
      'd_seconds_bucket 4',
      'd_seconds_sum 2',
      'd_seconds_count 2',
      'd_seconds 2',
    ]);
  });

  it('stay as they are without a type', () => {
    assert.deepEqual(names(whole.map(({ type: _, ...rest }) => rest)), apart);
  });

  it('stay as they are with two series for one bucket', () => {
    assert.deepEqual(names([...whole, bucket('0.10', [1, 1])]), [
      'd_seconds_bucket 8',
      ...apart.slice(1),
    ]);
  });

  it('end together', () => {
    const ends = whole.map((series) => ({
      ...series,
      samples: [{ value: staleBits, time: 2000 }],
    }));
    const [metric] = metricsOf(convert(ends));
    const [point] = metric!.data.points as never as Record<string, never>[];
    assert.deepEqual([point!.flags, point!.sum, point!.explicitBounds], [1, undefined, [0.1, 1]]);
  });
});

describe('summaries', () => {
  const one = (name: string, value: number, more = {}): TestSeries => ({
    labels: { __name__: name, job: 'j', ...more },
    samples: [{ value, time: 1000 }],
    type: MetricType.summary,
  });
  it('are put together', () => {
    const found = metricsOf(
      convert([
        one('s', 0.1, { quantile: '0.5' }),
        one('s', 0.9, { quantile: '0.99' }),
        one('s_sum', 12),
        one('s_count', 40),
      ]),
    );
    assert.equal(found.length, 1);
    const { name, data } = found[0]!;
    assert.deepEqual([name, data.kind], ['s', 'summary']);
    const [point] = data.points as never as Record<string, never>[];
    assert.deepEqual([point!.count, point!.sum], [40n, 12]);
    assert.deepEqual(point!.quantileValues, [
      { quantile: 0.5, value: 0.1 },
      { quantile: 0.99, value: 0.9 },
    ]);
  });
  it('stay as they are without a count', () => {
    const found = metricsOf(convert([one('s', 0.1, { quantile: '0.5' }), one('s_sum', 12)]));
    assert.deepEqual(
      found.map(({ name, data }) => [name, data.kind]),
      [
        ['s', 'gauge'],
        ['s_sum', 'gauge'],
      ],
    );
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FoundTrace, FoundTracesAnswer } from '../../../../query/web/contract/traces.ts';
import {
  type Filter,
  filterFault,
  formatFilter,
  operators,
  parseFilter,
  takesValue,
} from './filters.ts';
import { inOrder, missing, orderOf } from './order.ts';
import {
  decadeLabel,
  decadesOf,
  dotAt,
  dotsOf,
  partOf,
  radiusOf,
  scaleOf,
  timeAt,
  timeTicks,
  xOf,
  yOf,
} from './scatter-scale.ts';
import {
  apiParams,
  canSend,
  durationFaults,
  emptySearch,
  hasConditions,
  paramsOf,
  searchOf,
  widened,
} from './search.ts';
import { traceIdOf } from './trace-id.ts';

const someFilter = fc
  .record(
    {
      key: fc.string({ unit: 'grapheme', minLength: 1 }),
      op: fc.constantFrom(...operators.map(({ value }) => value)),
      value: fc.string({ unit: 'grapheme' }),
    },
    { noNullPrototype: true },
  )
  .map((one): Filter => (takesValue(one.op) ? one : { ...one, value: '' }));

test('a search comes back from its address', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => s.trim() === s);
  const searches = fc.record(
    {
      services: fc.uniqueArray(name, { maxLength: 3 }),
      operation: fc.oneof(fc.constant(''), name),
      status: fc.constantFrom('', 'error', 'ok', 'unset'),
      minDuration: fc.constantFrom('', '100ms', '1.5 s'),
      maxDuration: fc.constantFrom('', '2m'),
      filters: fc.array(someFilter, { maxLength: 3 }),
      limit: fc.constantFrom(20, 50, 1000),
      range: fc.constantFrom(
        { from: 'now-1h', to: 'now' },
        { from: 'now-15m', to: 'now' },
        { from: '1700000000000', to: '1700000060000' },
      ),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(searches, (search) => {
      const address = paramsOf(search).toString();
      assert.deepEqual(searchOf(new URLSearchParams(address)), search);
    }),
    { numRuns: 300 },
  );
});

test('an address with anything in it is some search', () => {
  const params = new URLSearchParams(
    'service=&service=a&service=a&status=bad&limit=-5&filter=x&filter=a+%3D+b&from=later&to=never',
  );
  assert.deepEqual(searchOf(params), {
    ...emptySearch,
    services: ['a'],
    filters: [{ key: 'a', op: '=', value: 'b' }],
  });
  assert.equal(paramsOf(emptySearch).size, 0);
  assert.equal(hasConditions(emptySearch), false);
  assert.equal(hasConditions({ ...emptySearch, status: 'error' }), true);
});

test('the API is asked in nanoseconds, with units of durations', () => {
  const search = { ...emptySearch, minDuration: '100', maxDuration: '2 s', services: ['a', 'b'] };
  assert.deepEqual(
    [...apiParams(search, 1_700_000_000_000)],
    [
      ['service', 'a'],
      ['service', 'b'],
      ['minDuration', '100ms'],
      ['maxDuration', '2 s'],
      ['start', '1699996400000000000'],
      ['end', '1700000000000000000'],
    ],
  );
  assert.equal(apiParams({ ...emptySearch, limit: 20 }, 0).get('limit'), '20');
});

test('faults of durations', () => {
  const faults = (minDuration: string, maxDuration: string) => {
    const { min, max } = durationFaults({ ...emptySearch, minDuration, maxDuration });
    return [min !== undefined, max !== undefined];
  };
  assert.deepEqual(faults('', ''), [false, false]);
  assert.deepEqual(faults('100ms', '1s'), [false, false]);
  assert.deepEqual(faults('soon', '-1s'), [true, true]);
  assert.deepEqual(faults('2s', '1s'), [false, true]);
});

test('a search that is marked in the form is not sent', () => {
  assert.equal(canSend(emptySearch), true);
  assert.equal(canSend({ ...emptySearch, minDuration: 'soon' }), false);
  assert.equal(canSend({ ...emptySearch, filters: [{ key: 'k', op: '>', value: 'x' }] }), false);
});

test('zooming out', () => {
  const range = (from: number, to: number) => ({ from: String(from), to: String(to) });
  assert.deepEqual(widened(range(5_000, 6_000), 100_000), range(4_000, 7_000));
  assert.deepEqual(widened(range(5_000, 6_000), 6_500), range(4_000, 6_500));
  assert.deepEqual(widened(range(5_000, 6_000), 5_500), range(4_000, 6_000));
  assert.deepEqual(widened(range(500, 2_000), 100_000), range(0, 3_500));
  assert.equal(widened({ from: 'now-1h', to: 'now' }, 100_000), undefined);
});

test('texts of filters', () => {
  const cases: [string, Filter][] = [
    ['http.route = /cart', { key: 'http.route', op: '=', value: '/cart' }],
    ['error exists', { key: 'error', op: 'exists', value: '' }],
    ['"my key" contains  x ', { key: 'my key', op: 'contains', value: ' x ' }],
    ['k =', { key: 'k', op: '=', value: '' }],
  ];
  for (const [text, filter] of cases) assert.deepEqual(parseFilter(text), filter);
  for (const bad of ['', 'key', ' = v', 'k == v', '"k = v', '"\\x" = v']) {
    assert.equal(parseFilter(bad), undefined, bad);
  }
  fc.assert(
    fc.property(someFilter, (filter) => {
      assert.deepEqual(parseFilter(formatFilter(filter)), filter);
    }),
    { numRuns: 300 },
  );
});

test('faults of filters', () => {
  assert.equal(filterFault({ key: '', op: '=', value: '' }), undefined);
  assert.equal(filterFault({ key: 'k', op: '>', value: '1.5e3' }), undefined);
  assert.equal(filterFault({ key: 'k', op: '>', value: 'x' }), 'Give a number.');
  assert.equal(filterFault({ key: '', op: '=', value: 'x' }), 'Name a key.');
});

test('ids of traces as they are pasted', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  assert.equal(traceIdOf(` ${id.toUpperCase()}\n`), id);
  assert.equal(traceIdOf(`00-${id}-b7ad6b7169203331-01`), id);
  assert.equal(traceIdOf('0af76519-16cd-43dd-8448-eb211c80319c'), id);
  assert.equal(traceIdOf('1f'), '1f'.padStart(32, '0'));
  for (const bad of ['', 'xyz', `${id}0`, `${id}-1`]) assert.equal(traceIdOf(bad), undefined, bad);
});

const startMs = 1_700_000_000_000;

function trace(fields: Partial<FoundTrace> = {}): FoundTrace {
  return {
    traceId: 'a'.repeat(32),
    rootService: 'web',
    rootOperation: 'GET',
    startUnixNano: `${startMs}500000`,
    durationNs: 5_000_000,
    spans: 3,
    errors: 0,
    orphans: 0,
    hasRoot: true,
    services: [],
    serviceCount: 1,
    ...fields,
  };
}

function answer(fields: Partial<FoundTracesAnswer>): FoundTracesAnswer {
  return {
    traces: [],
    cut: null,
    searchedFromUnixNano: null,
    startUnixNano: `${startMs - 60_000}000000`,
    endUnixNano: `${startMs + 1_000}000000`,
    limit: 100,
    maxLimit: 1000,
    tookMs: 1,
    ...fields,
  };
}

test('the chart covers what was searched, in whole decades of durations', () => {
  const early = trace({ durationNs: -5, startUnixNano: `${startMs - 30_000}000000` });
  const dots = dotsOf([trace(), early]);
  assert.deepEqual(scaleOf(answer({}), dots), {
    fromMs: startMs - 60_000,
    toMs: startMs + 1_000,
    lowest: 0,
    highest: 7,
  });
  const cut = scaleOf(answer({ cut: 'limit' }), dots);
  assert.ok(cut.fromMs < startMs - 30_000 && cut.fromMs > startMs - 32_000);
  const searchedFromUnixNano = `${startMs - 40_000}000000`;
  const late = scaleOf(answer({ cut: 'time', searchedFromUnixNano }), dots);
  assert.equal(late.fromMs, startMs - 40_000);
  const none = scaleOf(answer({}), []);
  assert.ok(none.highest > none.lowest && none.toMs > none.fromMs);
});

test('traces in one heap are shown without what is around them', () => {
  const dots = dotsOf([trace(), trace({ startUnixNano: `${startMs + 100}000000` })]);
  const { fromMs, toMs } = scaleOf(answer({}), dots);
  assert.ok(fromMs < startMs && fromMs > startMs - 10);
  assert.ok(toMs > startMs + 100 && toMs < startMs + 110);
  const one = scaleOf(answer({}), dots.slice(0, 1));
  assert.equal(one.fromMs, startMs - 60_000);
});

test('decades of durations', () => {
  assert.deepEqual([0, 2, 3, 5, 8, 9, 11, 12].map(decadeLabel), [
    '1 ns',
    '100 ns',
    '1 µs',
    '100 µs',
    '100 ms',
    '1 s',
    '100 s',
    '1000 s',
  ]);
  assert.deepEqual(decadesOf([5e6, 2e9]), { lowest: 6, highest: 10 });
  assert.deepEqual(decadesOf([-4]), { lowest: 0, highest: 1 });
  assert.equal(partOf({ lowest: 6, highest: 8 }, 1e7), 0.5);
});

test('a place and back; the dot that is pointed at', () => {
  const box = { left: 40, top: 10, width: 800, height: 120 };
  const late = trace({ startUnixNano: `${startMs + 500}000000`, durationNs: 90_000_000 });
  const dots = dotsOf([trace(), late]);
  const scale = scaleOf(answer({}), dots);
  for (const dot of dots) {
    const place = { x: xOf(scale, box, dot.atMs), y: yOf(scale, box, dot.durationNs) };
    assert.ok(Math.abs(timeAt(scale, box, place.x) - dot.atMs) < 0.01);
    assert.equal(dotAt(dots, scale, box, place), dot);
    assert.equal(dotAt(dots, scale, box, { x: place.x - 40, y: place.y }), undefined);
  }
  assert.equal(timeAt(scale, box, -100), scale.fromMs);
  assert.ok(radiusOf(0) > 2 && radiusOf(100_000) < 10);
});

test('ticks stand at round times, no more than there is room for', () => {
  const lengths = fc.integer({ min: 5, max: 90 * 86_400_000 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 2, max: 12 }), (length, most) => {
      const scale = { fromMs: startMs, toMs: startMs + length, lowest: 0, highest: 1 };
      const ticks = timeTicks(scale, most, 'en');
      assert.ok(ticks.length <= most + 1);
      for (const { atMs, label } of ticks) {
        assert.ok(atMs >= scale.fromMs && atMs <= scale.toMs);
        assert.notEqual(label, '');
      }
    }),
    { numRuns: 200 },
  );
});

test('orders, and what is missing of a trace', () => {
  const [a, b] = [trace({ spans: 1, errors: 9 }), trace({ spans: 7, durationNs: 9e9 })];
  assert.deepEqual(inOrder([a, b], orderOf(null)), [a, b]);
  assert.deepEqual(inOrder([a, b], orderOf('longest')), [b, a]);
  assert.deepEqual(inOrder([a, b], orderOf('spans')), [b, a]);
  assert.deepEqual(inOrder([a, b], orderOf('errors')), [a, b]);
  assert.equal(orderOf('x'), 'newest');
  assert.equal(missing(trace()), '');
  assert.equal(missing(trace({ hasRoot: false })), 'no root span is stored');
  assert.equal(missing(trace({ orphans: 1 })), '1 span whose parent is not stored');
  assert.match(missing(trace({ orphans: 2, hasRoot: false })), /^no root .* 2 spans .* are not$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type FoundTraces,
  filterOps,
  type TraceFilter,
  type TraceQuery,
  type TraceReader,
  type TraceSummary,
} from '../../../storage/traces/reader.ts';
import type { TagReader, TagScope } from '../../../storage/traces/tag-reader.ts';
import type {
  FoundTracesAnswer,
  OperationsAnswer,
  ServicesAnswer,
  TagKeysAnswer,
  TagValuesAnswer,
} from '../contract/traces.ts';
import { findRoute, WebError } from '../route.ts';
import { parseFilter } from './filter-text.ts';
import { searchRoutes } from './routes.ts';

function summary(fields: Partial<TraceSummary>): TraceSummary {
  return {
    traceId: 'a'.repeat(32),
    rootServiceName: 'web',
    rootOperationName: 'GET /',
    startUnixNano: 1_700_000_000_000_000_001n,
    endUnixNano: 1_700_000_000_000_000_501n,
    spanCount: 3,
    errorSpanCount: 1,
    orphanSpanCount: 0,
    services: [
      { name: 'api', spanCount: 1, errorSpanCount: 0 },
      { name: 'web', spanCount: 2, errorSpanCount: 1 },
    ],
    ...fields,
  };
}

function server(found: FoundTraces = { traces: [summary({})], truncated: false }) {
  const asked: { query?: TraceQuery; scope?: TagScope; text?: string; key?: string } = {};
  const reader: TraceReader = {
    services: async () => ['api', 'web'],
    operations: async () => [
      { name: 'GET /', kind: 2 },
      { name: 'GET /', kind: 3 },
      { name: 'put', kind: 2 },
    ],
    findTraces: async (query) => {
      asked.query = query;
      return found;
    },
    getTraces: async () => [],
    dependencies: async () => [],
  };
  const tags: TagReader = {
    keys: async (scope) => {
      asked.scope = scope;
      const key = (name: string, spans: number) => ({
        key: name,
        places: ['span'] as const,
        spans,
      });
      return { keys: [key('my.http', 9), key('http.route', 7), key('zone', 3)], sampledSpans: 9 };
    },
    values: async (key, scope, text) => {
      Object.assign(asked, { scope, key, text });
      return { values: [{ value: '/a', spans: 2 }], sampledSpans: 4, truncated: false };
    },
  };
  let time = 1_000;
  const now = () => (time += 12.34);
  const routes = searchRoutes({ reader, tags, now, maxTraces: 500 });
  const ask = async <T>(url: string): Promise<T> => {
    const { pathname, searchParams: query } = new URL(url, 'http://x');
    const route = findRoute(routes, 'GET', pathname);
    assert.ok('route' in route);
    const answer = await route.route.handle({ params: {}, query, body: undefined, onClose() {} });
    assert.ok('json' in answer);
    return JSON.parse(JSON.stringify(answer.json)) as T;
  };
  return { ask, asked };
}

const start = '1700000000000000000';
const end = '1700000060000000000';

test('a search takes every parameter', async () => {
  const { ask, asked } = server();
  const query = new URLSearchParams([
    ['start', start],
    ['end', end],
    ['service', 'web'],
    ['service', 'api'],
    ['operation', 'GET /'],
    ['status', 'error'],
    ['minDuration', '1.5ms'],
    ['maxDuration', '2 min'],
    ['filter', 'http.status_code >= 500'],
    ['filter', '"a b" = x  y'],
    ['limit', '7'],
  ]);
  const answer = await ask<FoundTracesAnswer>(`/api/v1/traces?${query}`);
  assert.deepEqual(asked.query, {
    startMinNs: BigInt(start),
    startMaxNs: BigInt(end),
    services: ['web', 'api'],
    operation: 'GET /',
    statusCode: 2,
    minDurationNs: 1_500_000n,
    maxDurationNs: 120_000_000_000n,
    filters: [
      { key: 'http.status_code', op: '>=', value: '500' },
      { key: 'a b', op: '=', value: 'x  y' },
    ],
    limit: 7,
  });
  assert.deepEqual(answer, {
    traces: [
      {
        traceId: 'a'.repeat(32),
        rootService: 'web',
        rootOperation: 'GET /',
        startUnixNano: '1700000000000000001',
        durationNs: 500,
        spans: 3,
        errors: 1,
        orphans: 0,
        hasRoot: true,
        services: [
          { name: 'web', spans: 2, errors: 1 },
          { name: 'api', spans: 1, errors: 0 },
        ],
        serviceCount: 2,
      },
    ],
    cut: null,
    searchedFromUnixNano: null,
    startUnixNano: start,
    endUnixNano: end,
    limit: 7,
    maxLimit: 500,
    tookMs: 12.3,
  });
});

test('without parameters but the range it asks for any span, 50 traces', async () => {
  const { ask, asked } = server();
  await ask(`/api/v1/traces?start=${start}&end=${end}&service=&operation=&status=&filter=`);
  assert.deepEqual(asked.query, {
    startMinNs: BigInt(start),
    startMaxNs: BigInt(end),
    services: [],
    filters: [],
    limit: 50,
  });
});

test('it says why there may be more, and what was not searched', async () => {
  const cut = async (found: FoundTraces) => {
    const url = `/api/v1/traces?start=${start}&end=${end}`;
    const { cut, searchedFromUnixNano } = await server(found).ask<FoundTracesAnswer>(url);
    return [cut, searchedFromUnixNano];
  };
  assert.deepEqual(await cut({ traces: [], truncated: false }), [null, null]);
  assert.deepEqual(await cut({ traces: [], truncated: true }), ['limit', null]);
  const late = { traces: [], truncated: true, searchedFromNs: 5n };
  assert.deepEqual(await cut(late), ['time', '5']);
});

test('a trace without a root, and one of many services', async () => {
  const services = Array.from({ length: 40 }, (_, i) => ({
    name: `s${i}`,
    spanCount: i,
    errorSpanCount: 0,
  }));
  const lost = summary({
    rootServiceName: '',
    rootOperationName: '',
    orphanSpanCount: 2,
    services,
  });
  const { ask } = server({ traces: [lost], truncated: false });
  const { traces } = await ask<FoundTracesAnswer>(`/api/v1/traces?start=${start}&end=${end}`);
  assert.equal(traces[0]!.hasRoot, false);
  assert.equal(traces[0]!.orphans, 2);
  assert.equal(traces[0]!.serviceCount, 40);
  assert.equal(traces[0]!.services.length, 12);
  assert.equal(traces[0]!.services[0]!.name, 's39');
});

test('what is wrong with a parameter is quoted', async () => {
  const { ask } = server();
  const fails = (query: string, message: RegExp) =>
    assert.rejects(ask(`/api/v1/traces?${query}`), (error) => {
      assert.ok(error instanceof WebError);
      assert.equal(error.reason, 'bad_request');
      assert.match(error.message, message);
      return true;
    });
  const good = `start=${start}&end=${end}`;
  await fails('', /^parameter start is missing$/);
  await fails(`start=${start}&end=now`, /^end is "now": it must be decimal nanoseconds/);
  await fails(`start=${end}&end=${start}`, /^end is "17\d+": it must be at least start/);
  await fails(`${good}&status=bad`, /^status is "bad": it must be error, ok or unset$/);
  await fails(`${good}&minDuration=5`, /^minDuration is "5": it must be a duration/);
  await fails(`${good}&maxDuration=-1ms`, /^maxDuration is "-1ms"/);
  await fails(
    `${good}&minDuration=2s&maxDuration=1s`,
    /^maxDuration is "1s": it must be at least min/,
  );
  await fails(`${good}&limit=0`, /^limit is "0": it must be a whole number from 1 to 500$/);
  await fails(`${good}&limit=501`, /^limit is "501"/);
  await fails(`${good}&limit=1e2`, /^limit is "1e2"/);
  await fails(`${good}&filter=abc`, /^cannot use filter "abc": it is not "key op value"$/);
  await fails(`${good}&filter=a+%3D%3D+b`, /cannot use filter "a == b": "==" is none of = !=/);
  await fails(`${good}&filter=a+%3E+x`, /cannot use filter "a > x": "x" is not a number$/);
  await fails(`${good}&filter=a+%3D~+(x`, /cannot use filter "a =~ \(x": error parsing regexp/);
  await fails(`${good}&filter=a+exists+1`, /exists takes no value$/);
  await fails(`${good}&filter=%22a+%3D+b`, /its quoted key does not end/);
  await fails(`${good}&${'filter=a+exists&'.repeat(21)}`, /^there are 21 filters, at most 20$/);
  await fails(`${good}&${'service=a&'.repeat(101)}`, /^there are 101 services/);
  await fails(
    `${good}&operation=${'x'.repeat(1_001)}`,
    /^operation is "x{100}…": it must be at most/,
  );
});

test('a filter comes back from its text, whatever its key and value', () => {
  const format = ({ key, op, value }: TraceFilter) => {
    const plain = key !== '' && !/[ "]/.test(key);
    const end = op === 'exists' || op === '!exists' ? '' : ` ${value}`;
    return `${plain ? key : JSON.stringify(key)} ${op}${end}`;
  };
  const filters = fc.record({
    key: fc.string({ unit: 'binary' }),
    op: fc.constantFrom(...filterOps),
    value: fc.string({ unit: 'binary' }),
  });
  fc.assert(
    fc.property(filters, ({ key, op, value }) => {
      const fixed = /exists/.test(op)
        ? ''
        : /[<>]/.test(op)
          ? '-1.5'
          : /~/.test(op)
            ? 'a|b'
            : value;
      const filter = { key, op, value: fixed };
      assert.deepEqual(parseFilter(format(filter)), filter);
    }),
    { numRuns: 500 },
  );
});

test('any text is a filter or a refusal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      try {
        parseFilter(text);
      } catch (error) {
        assert.ok(error instanceof WebError, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('services and operations, each name once', async () => {
  const { ask } = server();
  assert.deepEqual(await ask<ServicesAnswer>('/api/v1/services'), {
    services: ['api', 'web'],
    truncated: false,
  });
  assert.deepEqual(await ask<OperationsAnswer>('/api/v1/operations?service=web'), {
    operations: ['GET /', 'put'],
    truncated: false,
  });
  await assert.rejects(ask('/api/v1/operations'), { message: 'parameter service is missing' });
});

test('keys and values of tags for what is typed', async () => {
  const { ask, asked } = server();
  const scope = `start=${start}&end=${end}&service=web`;
  const keys = await ask<TagKeysAnswer>(`/api/v1/tag-keys?${scope}&text=HTTP&limit=1`);
  assert.deepEqual(keys, {
    keys: [{ key: 'http.route', places: ['span'], spans: 7 }],
    truncated: true,
    sampledSpans: 9,
  });
  assert.deepEqual(asked.scope, {
    services: ['web'],
    startNs: BigInt(start),
    endNs: BigInt(end),
  });
  const all = await ask<TagKeysAnswer>(`/api/v1/tag-keys?${scope}`);
  assert.deepEqual(
    all.keys.map(({ key }) => key),
    ['my.http', 'http.route', 'zone'],
  );
  const values = await ask<TagValuesAnswer>(`/api/v1/tag-values?${scope}&key=k&text=a`);
  assert.deepEqual(values, {
    values: [{ value: '/a', spans: 2 }],
    truncated: false,
    sampledSpans: 4,
  });
  assert.deepEqual([asked.key, asked.text], ['k', 'a']);
  await assert.rejects(ask(`/api/v1/tag-values?${scope}`), { message: 'parameter key is missing' });
  await assert.rejects(ask('/api/v1/tag-keys'), { message: 'parameter start is missing' });
});

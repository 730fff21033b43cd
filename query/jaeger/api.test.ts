import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredTrace } from '../../storage/traces/model.ts';
import {
  type FoundTraces,
  ReadError,
  type TraceQuery,
  type TraceReader,
} from '../../storage/traces/reader.ts';
import { otlpJsonTraces } from '../shown/stored-from-otlp.ts';
import { manyTraces } from '../testing/many-traces.ts';
import { answer } from './api.ts';
import { isLong, truncatedHeader } from './http.ts';

const traceId = '0102030405060708090a0b0c0d0e0f10';
const request = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [{ spans: [{ traceId, spanId: 'a1a1a1a1a1a1a1a1', name: 'GET /', kind: 2 }] }],
    },
  ],
};
const stored: StoredTrace[] = otlpJsonTraces(Buffer.from(JSON.stringify(request)));

class Reader implements TraceReader {
  readonly queries: TraceQuery[] = [];
  failure: ReadError | undefined;

  async services(): Promise<readonly string[]> {
    if (this.failure !== undefined) throw this.failure;
    return ['', 'shop'];
  }
  async operations(service: string, kind?: number) {
    return service === 'shop' && (kind ?? 2) === 2 ? [{ name: 'GET /', kind: 2 }] : [];
  }
  async findTraces(query: TraceQuery): Promise<FoundTraces> {
    this.queries.push(query);
    if (query.service === 'nope') return { traces: [], truncated: false };
    const counts = { spanCount: 1, errorSpanCount: 0 };
    const summary = {
      traceId,
      rootServiceName: 'shop',
      rootOperationName: 'GET /',
      startUnixNano: 5n,
      endUnixNano: 9n,
      ...counts,
      orphanSpanCount: 0,
      services: [{ name: 'shop', ...counts }],
    };
    return { traces: [summary], truncated: true };
  }
  async getTraces(ids: readonly string[]) {
    return stored.filter((t) => ids.includes(t.traceId));
  }
  async dependencies() {
    return [{ parent: 'shop', child: '', callCount: 3 }];
  }
}

async function get(
  target: string,
  reader: TraceReader = new Reader(),
  method = 'GET',
  maxSpans = 1000,
) {
  const [path = '', query = ''] = target.split('?');
  const options = {
    reader,
    nowNs: () => 10n ** 18n,
    maxTraces: 1000,
    maxSpans,
    maxClockSkewNs: 0n,
  };
  const body = Buffer.from(JSON.stringify(request));
  const answered = await answer(options, { method, path, query: new URLSearchParams(query), body });
  if (answered === undefined) return undefined;
  const { status, body: made, headers = {} } = answered;
  if (!isLong(made)) return { status, body: String(made), cutOff: truncatedHeader in headers };
  let text = '';
  await made.write(async (piece) => {
    text += piece;
  });
  return { status, body: text, cutOff: made.cutOff };
}

async function f(target: string, status: number, body: unknown, method = 'GET'): Promise<void> {
  const answered = await get(target, undefined, method);
  assert.equal(answered?.status, status, target);
  const text = String(answered?.body);
  assert.deepEqual(typeof body === 'string' ? text : JSON.parse(text), body, target);
}

const ok = (data: unknown, more = {}) => ({
  data,
  total: 0,
  limit: 0,
  offset: 0,
  errors: null,
  ...more,
});
const bad = (code: number, msg: string) => ok(null, { errors: [{ code, msg }] });
const bad3 = (httpCode: number, message: string) => ({ error: { httpCode, message } });

test('v1 lists and errors', async () => {
  await f('/api/services', 200, ok(['missing-service-name', 'shop'], { total: 2 }));
  await f('/api/services/shop/operations', 200, ok(['GET /'], { total: 1 }));
  await f(
    '/api/operations?service=shop',
    200,
    ok([{ name: 'GET /', spanKind: 'server' }], { total: 1 }),
  );
  await f('/api/operations?service=shop&spanKind=client', 200, ok([]));
  await f('/api/operations', 400, bad(400, "parameter 'service' is required"));
  await f('/api/traces', 400, bad(400, "parameter 'service' is required"));
  await f('/api/traces/zz', 400, bad(400, 'strconv.ParseUint: parsing "zz": invalid syntax'));
  await f('/api/traces/11', 404, bad(404, 'trace not found'));
  await f(
    '/api/traces?service=a&minDuration=zz',
    400,
    bad(400, 'unable to parse param \'minDuration\': time: invalid duration "zz"'),
  );
  await f(
    '/api/traces?service=a&minDuration=2s&maxDuration=1s',
    400,
    bad(400, "'maxDuration' should be greater than 'minDuration'"),
  );
  await f(
    '/api/traces?service=a&tag=x',
    400,
    bad(400, "malformed 'tag' parameter, expecting key:value, received: x"),
  );
  await f(
    '/api/traces?service=a&start=x',
    400,
    bad(400, 'unable to parse param \'start\': strconv.ParseInt: parsing "x": invalid syntax'),
  );
  await f('/api/metrics/calls?service=a', 501, bad(501, 'metrics querying is currently disabled'));
  await f('/api/metrics/minstep', 200, ok(1000));
  await f(
    '/api/dependencies',
    200,
    ok([{ parent: 'shop', child: 'missing-service-name', callCount: 3 }]),
  );
  await f('/api/nope', 404, '404 page not found\n');
  await f(
    `/api/archive/${traceId}`,
    500,
    bad(500, 'archive span storage was not configured'),
    'POST',
  );
});

test('a v1 search reaches the reader and says that it was cut off', async () => {
  const reader = new Reader();
  const tags = encodeURIComponent('{"b":"2"}');
  const query = `service=shop&operation=x&tag=a:1:2&tags=${tags}&minDuration=1ms&start=1&end=2&limit=20`;
  const answered = await get(`/api/traces?${query}`, reader);
  assert.deepEqual(reader.queries[0], {
    service: 'shop',
    operation: 'x',
    tags: [
      ['a', '1:2'],
      ['b', '2'],
    ],
    minDurationNs: 1_000_000n,
    startMinNs: 1000n,
    startMaxNs: 2000n,
    limit: 20,
  });
  const envelope = JSON.parse(String(answered?.body)) as { limit: number; data: unknown[] };
  assert.equal(envelope.limit, 20);
  assert.equal(envelope.data.length, 1);
  assert.equal(answered?.cutOff, true);
});

test('a multi-get answers what is there and names what is not', async () => {
  const answered = await get(`/api/traces?traceID=${traceId}&traceID=12`);
  const envelope = JSON.parse(String(answered?.body)) as { data: unknown[]; errors: unknown };
  assert.equal(envelope.data.length, 1);
  assert.deepEqual(envelope.errors, [
    { code: 404, msg: 'trace not found', traceID: '12'.padStart(32, '0') },
  ]);
});

const range = 'query.start_time_min=2026-01-01T00:00:00Z&query.start_time_max=2026-01-02T00:00:00Z';

/** Ids of the traces of an answer in order, and the spans of each. */
function spansOf(body: string): Record<string, number> {
  const { data, result } = JSON.parse(body) as {
    data?: { traceID: string; spans: unknown[] }[];
    result?: { resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[] };
  };
  if (data !== undefined) return Object.fromEntries(data.map((t) => [t.traceID, t.spans.length]));
  const all = result?.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)) ?? [];
  const groups = Map.groupBy(all, (span) => span.traceId);
  return Object.fromEntries(Array.from(groups, ([id, spans]) => [id, spans.length]));
}

const searches = [
  `/api/traces?service=shop&start=1&end=2&limit=20`,
  `/api/v3/traces?query.service_name=shop&${range}&query.search_depth=20`,
];

test('a search gives as many joined traces as were asked for', async () => {
  for (const target of searches) {
    const many = manyTraces(new Array<number>(1000).fill(1), { joined: 10 });
    const answered = await get(target, many.reader);
    const wanted = many.ids.filter((_, n) => n % 10 === 0).slice(0, 20);
    assert.deepEqual(Object.keys(spansOf(answered!.body)), wanted, target);
    assert.equal(answered?.cutOff, true);
  }
});

test('the spans of all traces of an answer are bounded, the rest is said', async () => {
  for (const target of searches) {
    const many = manyTraces([400, 500, 300, 10]);
    const answered = await get(target, many.reader);
    assert.deepEqual(Object.values(spansOf(answered!.body)), [400, 500], target);
    assert.equal(answered?.cutOff, true);
    if (target.includes('v3')) continue;
    const { total, limit } = JSON.parse(answered!.body) as { total: number; limit: number };
    assert.deepEqual([total, limit], [2, 20]);
  }
});

test('a trace that has grown since it was found is cut off, and what has no room is said', async () => {
  for (const target of searches) {
    const many = manyTraces([800, 800, 5], { found: 5 });
    const answered = await get(target, many.reader);
    assert.deepEqual(Object.values(spansOf(answered!.body)), [800, 200], target);
    assert.equal(answered?.cutOff, true, target);
  }
});

test('a single trace with too many spans is cut off and said', async () => {
  const many = manyTraces([1500]);
  for (const path of ['/api/traces/1', '/api/v3/traces/1']) {
    const answered = await get(path, many.reader);
    assert.deepEqual(Object.values(spansOf(answered!.body)), [1000], path);
    assert.equal(answered?.cutOff, true, path);
    assert.match(answered!.body, /only 1000 spans of this trace are shown/);
  }
});

test('a multi-get names the traces that had no room', async () => {
  const many = manyTraces([600, 400, 7]);
  const ids = ['9'.padStart(32, '0'), ...many.ids].map((id) => `traceID=${id}`).join('&');
  const answered = await get(`/api/traces?${ids}`, many.reader);
  assert.deepEqual(Object.values(spansOf(answered!.body)), [600, 400]);
  const { errors } = JSON.parse(answered!.body) as { errors: unknown };
  const msg = 'trace left out: the answer has 1000 spans without it';
  assert.deepEqual(errors, [
    { code: 404, msg: 'trace not found', traceID: '9'.padStart(32, '0') },
    { code: 400, msg, traceID: many.ids[2] },
  ]);
  assert.equal(answered?.cutOff, true);
});

test('v3 lists, searches, summaries and errors', async () => {
  await f('/api/v3/services', 200, { services: ['missing-service-name', 'shop'] });
  await f('/api/v3/operations?service=shop', 200, {
    operations: [{ name: 'GET /', spanKind: 'server' }],
  });
  await f('/api/v3/traces/12', 404, bad3(404, 'No traces found'));
  await f(
    '/api/v3/traces/xyz',
    400,
    bad3(400, 'malformed parameter trace_id: strconv.ParseUint: parsing "xyz": invalid syntax'),
  );
  await f(
    '/api/v3/traces?query.service_name=shop',
    400,
    bad3(400, 'query.start_time_min and query.start_time_max are required'),
  );
  await f(`/api/v3/traces?query.service_name=nope&${range}`, 404, bad3(404, 'No traces found'));
  await f(`/api/v3/trace-summaries?query.serviceName=nope&${range}`, 200, { summaries: [] });
  await f(
    `/api/v3/traces?${range}&query.duration_min=zz`,
    400,
    bad3(400, 'malformed parameter query.duration_min: time: invalid duration "zz"'),
  );
  await f(`/api/v3/trace-summaries?query.serviceName=shop&${range}`, 200, {
    summaries: [
      {
        traceId,
        rootServiceName: 'shop',
        rootOperationName: 'GET /',
        minStartTimeUnixNano: '5',
        maxEndTimeUnixNano: '9',
        spanCount: 1,
        errorSpanCount: 0,
        orphanSpanCount: 0,
        services: [{ name: 'shop', spanCount: 1, errorSpanCount: 0 }],
      },
    ],
  });
  await f('/api/v3/nope', 404, '404 page not found\n');
});

test('a store that fails is said in the words of each generation', async () => {
  const reader = new Reader();
  reader.failure = new ReadError('cannot reach the store', 'unavailable');
  const v1 = await get('/api/services', reader);
  assert.equal(v1?.status, 503);
  assert.match(String(v1?.body), /"code":503,"msg":"cannot reach the store"/);
  const v3 = await get('/api/v3/services', reader);
  assert.match(String(v3?.body), /"httpCode":503,"message":"cannot reach the store"/);
});

test('an OTLP file is transformed without being stored', async () => {
  const answered = await get('/api/transform', undefined, 'POST');
  const envelope = JSON.parse(String(answered?.body)) as { data: { traceID: string }[] };
  assert.equal(envelope.data[0]?.traceID, traceId);
});

test('a file that is no OTLP/JSON is refused with the place', async () => {
  const options = {
    reader: new Reader(),
    nowNs: () => 0n,
    maxTraces: 1,
    maxSpans: 1,
    maxClockSkewNs: 0n,
  };
  const query = new URLSearchParams();
  const body = Buffer.from('{"resourceSpans": 3}');
  const request = { method: 'POST', path: '/api/transform', query, body };
  const answered = await answer(options, request);
  assert.equal(answered?.status, 400);
  assert.match(String(answered?.body), /cannot unmarshal OTLP JSON: .*resourceSpans at byte 18/);
});

/** A reader of one trace of many spans that tells when it is asked for it. */
function oneLarge(spans: number, asked: () => void): TraceReader {
  const { reader } = manyTraces([spans]);
  const getTraces: TraceReader['getTraces'] = (ids, options) => {
    asked();
    return reader.getTraces(ids, options);
  };
  return { ...reader, getTraces };
}

const ofOne = ['/api/traces/1', '/api/v3/traces/1'];
const unbounded = { nowNs: () => 0n, maxTraces: 1, maxSpans: 1e6, maxClockSkewNs: 0n };
const asks = (path: string) => ({
  method: 'GET',
  path,
  query: new URLSearchParams(),
  body: new Uint8Array(),
});

test('while a large trace is adjusted, others are answered', async () => {
  for (const path of ofOne) {
    const events: string[] = [];
    const other = async (): Promise<void> => {
      await answer({ ...unbounded, reader }, asks('/api/services'));
      events.push('services');
    };
    const reader = oneLarge(20_000, () => setImmediate(other));
    const { body } = await answer({ ...unbounded, reader }, asks(path));
    assert.ok(isLong(body));
    await body.write(async () => void events.push('piece'));
    assert.equal(events[0], 'services', path);
    assert.ok(events.length > 20);
  }
});

test('a large trace that nobody waits for is not adjusted to its end', async () => {
  for (const path of ofOne) {
    const stop = new AbortController();
    const gone = new ReadError('the client has gone', 'unavailable');
    let given: AbortSignal | undefined;
    const large = oneLarge(20_000, () => setImmediate(() => stop.abort(gone)));
    const getTraces: TraceReader['getTraces'] = (ids, options) => {
      given = options?.signal;
      return large.getTraces(ids, options);
    };
    const options = { ...unbounded, reader: { ...large, getTraces } };
    const { body } = await answer(options, { ...asks(path), signal: stop.signal });
    assert.equal(given, stop.signal);
    assert.ok(isLong(body));
    let pieces = 0;
    await assert.rejects(
      body.write(async () => void pieces++),
      gone,
    );
    assert.equal(pieces, 0);
  }
});

test('while a large file is transformed, others have their turn', async () => {
  const [group] = request.resourceSpans;
  const [scope] = group!.scopeSpans;
  const spans = new Array(20_000).fill(scope!.spans[0]);
  const file = { resourceSpans: [{ ...group, scopeSpans: [{ spans }] }] };
  const body = Buffer.from(JSON.stringify(file));
  const events: string[] = [];
  const transform = { ...asks('/api/transform'), method: 'POST', body };
  const answering = answer({ ...unbounded, reader: new Reader() }, transform);
  setImmediate(() => events.push('other'));
  await answering;
  events.push('file');
  assert.deepEqual(events, ['other', 'file']);
});

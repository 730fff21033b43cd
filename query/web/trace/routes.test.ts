import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadError, type TraceReader } from '../../../storage/traces/reader.ts';
import { otlpJsonTraces } from '../../shown/stored-from-otlp.ts';
import type {
  FindAnswer,
  RowsAnswer,
  SpanDetails,
  TraceGrowth,
  TraceOperations,
  TraceOutline,
  TraceSql,
} from '../contract/trace.ts';
import { findRoute, WebError, webError } from '../route.ts';
import { traceRoutes } from './routes.ts';
import { type Sketch, sketches, traceId } from './testing/spans.ts';

const shop: Sketch[] = [
  { id: 1, from: 0, to: 100e6, name: 'GET /', service: 'web', kind: 2 },
  { id: 2, parent: 1, from: 10e6, to: 60e6, name: 'pay', service: 'pay', kind: 3, status: 2 },
  {
    id: 3,
    parent: 2,
    from: 20e6,
    to: 50e6,
    name: 'INSERT',
    service: 'pay',
    attributes: { 'db.system.name': 'mysql', rows: 3n, 'wirestitch.stitch.rule': 'syscall' },
  },
  { id: 4, parent: 9, from: 70e6, to: 80e6, name: 'lost', service: 'web' },
];

interface Asked {
  spans: readonly Sketch[];
  nowMs: number;
  reads: number;
  failure: Error | undefined;
}

function server(spans: readonly Sketch[] = shop) {
  const state: Asked = { spans, nowMs: 1_700_000_000_000, reads: 0, failure: undefined };
  const none = () => Promise.reject(new ReadError('not made', 'internal'));
  const reader: TraceReader = {
    services: none,
    operations: none,
    findTraces: none,
    dependencies: none,
    async getTraces([id]) {
      state.reads += 1;
      if (state.failure !== undefined) throw state.failure;
      if (id !== traceId) return [];
      return [{ traceId, spans: sketches(state.spans), truncated: false }];
    },
  };
  const table = { schema: 'smart', database: 'wirestitch', table: 'otel_traces' } as const;
  const routes = traceRoutes({ reader, now: () => state.nowMs, table });
  const ask = async (method: 'GET' | 'POST', url: string, body?: unknown) => {
    const { pathname, searchParams: query } = new URL(url, 'http://x');
    const found = findRoute(routes, method, pathname);
    assert.ok('route' in found, `no route ${method} ${url}`);
    return found.route.handle({ params: found.params, query, body, onClose: () => {} });
  };
  const json = async <T>(method: 'GET' | 'POST', url: string, body?: unknown): Promise<T> => {
    const answer = await ask(method, url, body);
    assert.ok('json' in answer);
    return JSON.parse(JSON.stringify(answer.json)) as T;
  };
  return { state, ask, json };
}

const base = `/api/v1/traces/${traceId}`;

test('the outline says what there is', async () => {
  const { json } = server();
  const outline = await json<TraceOutline>('GET', `${base}?span=2`);
  assert.equal(outline.startUnixNano, '1700000000000000000');
  const { spanCount, errorCount, rowCount, depth, durationNs } = outline;
  const counts = { spanCount, errorCount, rowCount, depth, durationNs };
  assert.deepEqual(counts, {
    spanCount: 4,
    errorCount: 1,
    rowCount: 5,
    depth: 3,
    durationNs: 100e6,
  });
  const [web] = outline.services.filter(({ name }) => name === 'web');
  assert.deepEqual(web, { name: 'web', spans: 2, errors: 0, selfNs: 60e6, criticalNs: 50e6 });
  assert.deepEqual(outline.warnings, [{ kind: 'missing_parent', count: 1, first: 3 }]);
  assert.equal(outline.root?.name, 'GET /');
  assert.equal(outline.focus, 1);
  assert.equal(outline.map.startNs.length, 5);
  assert.deepEqual(outline.critical, { index: 0, durationNs: 100e6, spans: 3 });
});

test('rows: a window, matches, what is shut', async () => {
  const { json } = server();
  const { version, services } = await json<TraceOutline>('GET', base);
  const rows = (more: object) =>
    json<RowsAnswer>('POST', `${base}/rows`, { version, offset: 0, limit: 500, ...more });
  const all = await rows({});
  assert.deepEqual(
    all.rows.map((row) => [row.index, row.depth, row.name, row.missing]),
    [
      [0, 0, 'GET /', false],
      [1, 1, 'pay', false],
      [2, 2, 'INSERT', false],
      [3, 0, '', true],
      [4, 1, 'lost', false],
    ],
  );
  assert.equal(all.total, 5);
  assert.equal(all.rows[2]!.rule, 'syscall');
  assert.deepEqual(all.rows[2]!.critical, [20e6, 50e6]);
  const shut = await rows({ collapse: { toggled: [1] }, filter: { text: 'MYSQL' }, locate: 2 });
  assert.equal(shut.total, 4);
  assert.equal(shut.matches, 1);
  assert.deepEqual(shut.located, { position: -1, hiddenBy: [1] });
  const part = await rows({ offset: 3, limit: 1, filter: { service: services.length - 1 } });
  assert.equal(part.rows.length, 1);
  const only = await rows({ filter: { errors: true }, only: true });
  assert.deepEqual(
    only.rows.map((row) => [row.index, row.match]),
    [
      [0, false],
      [1, true],
    ],
  );
  for (const [text, matches] of [
    ['insert', 1],
    ['stringvalue', 0],
    ['db.system', 1],
    ['pay', 2],
    ['', 0],
  ] as const) {
    assert.equal((await rows({ filter: { text } })).matches, matches, text);
  }
});

test('find goes round', async () => {
  const { json } = server();
  const { version } = await json<TraceOutline>('GET', base);
  const find = async (from: number, direction: string, filter: object = { text: 'pay' }) => {
    const body = { version, from, direction, filter };
    const { index, ordinal, total } = await json<FindAnswer>('POST', `${base}/find`, body);
    return [index, ordinal, total];
  };
  assert.deepEqual(await find(-1, 'next'), [1, 1, 2]);
  assert.deepEqual(await find(1, 'next'), [2, 2, 2]);
  assert.deepEqual(await find(2, 'next'), [1, 1, 2]);
  assert.deepEqual(await find(1, 'previous'), [2, 2, 2]);
  assert.deepEqual(await find(-1, 'previous'), [2, 2, 2]);
  assert.deepEqual(await find(-1, 'next', { text: 'nowhere' }), [null, 0, 0]);
});

test('a span with all that it says', async () => {
  const { json } = server();
  const { version } = await json<TraceOutline>('GET', base);
  const span = await json<SpanDetails>('GET', `${base}/spans/2?version=${version}`);
  assert.deepEqual(
    span.attributes.map(({ meaning, attributes }) => [meaning, attributes.map((a) => a.key)]),
    [
      ['database', ['db.system.name']],
      ['stitching', ['wirestitch.stitch.rule']],
      ['other', ['rows']],
    ],
  );
  assert.deepEqual(span.attributes[2]!.attributes[0]!.value, { type: 'int', text: '3', cut: 0 });
  assert.equal(span.stitching?.rule, 'syscall');
  assert.equal(span.parentIndex, 1);
  assert.equal(span.startUnixNano, '1700000000020000000');
  const lost = await json<SpanDetails>('GET', `${base}/spans/3?version=${version}`);
  assert.equal(lost.row.missing, true);
  await assert.rejects(json('GET', `${base}/spans/5?version=${version}`), /no row 5/);
});

test('what is downloaded is the trace', async () => {
  const { ask } = server();
  const whole = await ask('GET', `${base}/json`);
  assert.ok('chunks' in whole);
  const [trace] = otlpJsonTraces(Buffer.from([...whole.chunks].join('')));
  const plain = (value: unknown) =>
    JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v));
  const sorted = [...trace!.spans].sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
  assert.equal(plain(sorted), plain(sketches(shop)));
  const one = await ask('GET', `${base}/json?span=3`);
  assert.ok('text' in one);
  assert.equal(otlpJsonTraces(Buffer.from(one.text))[0]!.spans[0]!.name, 'INSERT');
});

test('operations, and SQL', async () => {
  const { json } = server();
  const { operations } = await json<TraceOperations>('GET', `${base}/operations`);
  assert.deepEqual(
    operations.map(({ name, count, selfNs }) => [name, count, selfNs]),
    [
      ['GET /', 1, 50e6],
      ['INSERT', 1, 30e6],
      ['pay', 1, 20e6],
      ['lost', 1, 10e6],
    ],
  );
  const { sql } = await json<TraceSql>('GET', `${base}/sql?span=1`);
  assert.match(sql, /FROM `wirestitch`\.spans\nWHERE trace_id IN \(unhex\('a{32}'\)\)/);
  assert.match(sql, /span_id = unhex\('0000000000000001'\)/);
});

test('a trace that grows: who looks at it is told, and sees the old one until then', async () => {
  const { state, json } = server();
  const { version } = await json<TraceOutline>('GET', base);
  const again = await json<TraceOutline>('GET', base);
  assert.equal(again.version, version);
  assert.equal(state.reads, 1);
  state.spans = [...shop, { id: 7, parent: 1, from: 5, to: 6 }];
  state.nowMs += 10_000;
  const growth = await json<TraceGrowth>('GET', `${base}/growth?version=${version}`);
  assert.deepEqual([growth.more, growth.spanCount], [1, 5]);
  const rows = (of: string) =>
    json<RowsAnswer>('POST', `${base}/rows`, { version: of, offset: 0, limit: 10 });
  assert.equal((await rows(version)).total, 5);
  assert.equal((await rows(growth.version)).total, 6);
  const forgotten = await rows('gone');
  assert.deepEqual([forgotten.version, forgotten.rows.length], [growth.version, 0]);
  assert.equal(state.reads, 2);
});

test('bad requests are quoted, and change nothing', async () => {
  const { json, state } = server();
  const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
  const bad: [string, 'GET' | 'POST', string, unknown, RegExp][] = [
    ['id', 'GET', '/api/v1/traces/xyz', undefined, /"xyz": it must be up to 32 hex digits/],
    ['span', 'GET', `${base}?span=zz`, undefined, /span is "zz"/],
    ['flag', 'GET', `${base}?adjust=maybe`, undefined, /adjust is "maybe"/],
    ['index', 'GET', `${base}/spans/-1`, undefined, /"-1"/],
    ['body', 'POST', `${base}/rows`, [], /the body is a list of 0:/],
    ['depth', 'POST', `${base}/rows`, { version: deep, offset: 0, limit: 1 }, /version is a list/],
    ['offset', 'POST', `${base}/rows`, { version: '', offset: 1.5, limit: 1 }, /offset is 1.5/],
    [
      'limit',
      'POST',
      `${base}/rows`,
      { version: '', offset: 0, limit: 1e9 },
      /limit is 1000000000/,
    ],
    ['field', 'POST', `${base}/rows`, { version: '', offset: 0, limit: 1, x: 1 }, /"x"/],
    [
      'direction',
      'POST',
      `${base}/find`,
      { version: '', from: 0, filter: {} },
      /direction is nothing/,
    ],
  ];
  for (const [what, method, url, body, expected] of bad) {
    await assert.rejects(json(method, url, body), (error) => {
      assert.ok(error instanceof WebError, what);
      assert.equal(error.reason, 'bad_request', what);
      assert.match(error.message, expected, what);
      return true;
    });
  }
  assert.equal(state.reads, 0);
  const notStored = json('GET', `/api/v1/traces/${'b'.repeat(32)}`);
  await assert.rejects(notStored, (e) => webError(e)?.reason === 'not_found');
  state.failure = new ReadError('down', 'unavailable');
  await assert.rejects(json('GET', base), (e) => webError(e)?.reason === 'unavailable');
  state.failure = undefined;
  assert.equal((await json<TraceOutline>('GET', base)).spanCount, 4);
});

test('an id as people paste it', async () => {
  const { json } = server();
  const pasted = `/api/v1/traces/%20AAAAAAAA-AAAA-AAAA-AAAA-AAAAAAAAAAAA`;
  assert.equal((await json<TraceOutline>('GET', pasted)).traceId, traceId);
});

test('the oldest traces are forgotten when there are many, and read again', async () => {
  const { state, json } = server();
  const { version } = await json<TraceOutline>('GET', base);
  for (let n = 0; n < 40; n++) {
    state.nowMs += 10_000;
    state.spans = [...shop, { id: 20 + n, from: n, to: 100 }];
    await json<TraceOutline>('GET', base);
  }
  const rows = { version, offset: 0, limit: 10 };
  assert.notEqual((await json<RowsAnswer>('POST', `${base}/rows`, rows)).version, version);
  state.spans = shop;
  state.nowMs += 10_000;
  assert.equal((await json<RowsAnswer>('POST', `${base}/rows`, rows)).version, version);
});

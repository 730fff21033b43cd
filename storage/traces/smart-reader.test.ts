import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { edgesStatement } from '../schema/edges.ts';
import { migrate } from '../schema/migrate.ts';
import { tagShard } from '../schema/spans.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import { type SqlClient, SqlError } from '../sql.ts';
import { literals, Params } from './bind.ts';
import type { AttributeValue, StoredSpan } from './model.ts';
import { serviceName } from './model.ts';
import { ReadError, type TraceQuery, type TraceReader } from './reader.ts';
import { createSmartReader } from './smart-reader.ts';
import { tagForms, withString, withTyped } from './tags.ts';
import { insertSpans } from './testing/insert-spans.ts';
import {
  api,
  baseNs,
  int,
  noScope,
  pairs,
  second,
  span,
  spanId,
  text,
  traceId,
  web,
} from './testing/spans.ts';

const now = () => Date.UTC(2026, 0, 5, 12, 0, 0);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

async function readerWith(name: string, spans: readonly StoredSpan[]): Promise<TraceReader> {
  const { client } = database;
  await migrate(client, { database: name, ttlDays: 0 });
  if (spans.length > 0) await insertSpans(client, name, spans);
  return createSmartReader({ client, database: name, now });
}

const all: TraceQuery = {
  startMinNs: baseNs - 3_600n * second,
  startMaxNs: baseNs + 3_600n * second,
  limit: 100,
};

test('a span comes back with every field', async () => {
  const kvlist: AttributeValue = { type: 'kvlist', value: pairs({ a: int(1n), '@b': text('') }) };
  const values = pairs({
    s: text("it's \\ \n\t\0 √ 𝄞"),
    empty: text(''),
    i: int(-(2n ** 63n)),
    d: { type: 'double', value: 0.1 },
    nan: { type: 'double', value: Number.NaN },
    b: { type: 'bool', value: false },
    bytes: { type: 'bytes', value: new Uint8Array([0, 255]) },
    none: { type: 'empty' },
    array: { type: 'array', value: [text('x'), { type: 'double', value: 1 }, kvlist] },
    map: kvlist,
  });
  const nested = values
    .filter((v) => v.value.type === 'string')
    .concat(values.filter((v) => v.value.type !== 'string'));
  const whole = span(1, 1, {
    parentSpanId: spanId(9),
    traceState: 'a=1,b=2',
    flags: 0x301,
    name: 'GET /',
    kind: 3,
    startUnixNano: baseNs + 123_456_789n,
    endUnixNano: baseNs + 23_456_789n,
    attributes: values,
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 4_294_967_295,
    events: [
      { timeUnixNano: baseNs, name: 'e', attributes: nested, droppedAttributesCount: 3 },
      { timeUnixNano: 0n, name: '', attributes: [], droppedAttributesCount: 0 },
    ],
    links: [
      {
        traceId: traceId(77),
        spanId: spanId(78),
        traceState: 'x=y',
        attributes: nested,
        droppedAttributesCount: 5,
        flags: 1,
      },
    ],
    statusCode: 2,
    statusMessage: 'no',
    resource: { ...api, attributes: nested, droppedAttributesCount: 6, schemaUrl: 'https://r' },
    scope: {
      name: 'lib',
      version: '1',
      attributes: nested,
      droppedAttributesCount: 7,
      schemaUrl: 'https://s',
    },
  });
  const reader = await readerWith('fields', [whole]);
  const [trace] = await reader.getTraces([traceId(1)]);
  assert.deepStrictEqual(trace, { traceId: traceId(1), spans: [whole], truncated: false });
});

test('entities come back as attributes and are found as tags', async () => {
  const attributes = pairs({
    n: int(1n),
    'wirestitch.client.entity': int(-5n),
    'wirestitch.server.entity': int(2n ** 63n - 1n),
  });
  const reader = await readerWith('entities', [span(1, 1, { attributes }), span(2, 2)]);
  const traces = await reader.getTraces([traceId(1), traceId(2)]);
  assert.deepEqual(traces[0]!.spans[0]!.attributes, attributes);
  assert.deepEqual(traces[1]!.spans[0]!.attributes, []);
  const found = async (key: string, value: string) => {
    const { traces } = await reader.findTraces({ ...all, tags: [[key, value]] });
    return traces.map((trace) => trace.traceId);
  };
  assert.deepEqual(await found('wirestitch.client.entity', '-5'), [traceId(1)]);
  assert.deepEqual(await found('wirestitch.server.entity', String(2n ** 63n - 1n)), [traceId(1)]);
  for (const value of ['0', 'x', '5', '18446744073709551611']) {
    assert.deepEqual(await found('wirestitch.client.entity', value), []);
  }
});

test('times outside the range of dates come back unchanged', async () => {
  const odd = [0n, 2n ** 63n, 2n ** 64n - 1n].map((startUnixNano, i) =>
    span(i + 1, 1, { startUnixNano, endUnixNano: 5n }),
  );
  const reader = await readerWith('times', odd);
  for (const one of odd) {
    const [trace] = await reader.getTraces([one.traceId]);
    assert.deepStrictEqual(trace?.spans, [one]);
  }
});

test('traces in the order asked for, missing ones left out', async () => {
  const reader = await readerWith('order', [span(1, 1), span(2, 1), span(3, 1)]);
  const traces = await reader.getTraces([traceId(3), traceId(9), traceId(1)]);
  assert.deepEqual(
    traces.map((t) => t.traceId),
    [traceId(3), traceId(1)],
  );
  assert.deepEqual(await reader.getTraces([]), []);
});

test('thousands of ids are asked for at once', async () => {
  const reader = await readerWith('many', [span(1, 1), span(2, 2)]);
  await database.client.command(`INSERT INTO many.trace_alias VALUES
    ('2026-01-05', unhex('${traceId(1)}'), unhex('${traceId(2)}'), 'x_request_id')`);
  const absent = Array.from({ length: 6000 }, (_, i) => traceId(100 + i));
  const traces = await reader.getTraces([...absent, traceId(1)]);
  assert.deepEqual(
    traces.map((t) => [t.traceId, t.spans.length]),
    [[traceId(1), 2]],
  );
});

test('a trace over hours and more minutes than are named one by one is whole', async () => {
  const spans = [0, 1, 40, 90].map((minutes, i) =>
    span(1, i + 1, { startUnixNano: baseNs + BigInt(minutes * 60) * second }),
  );
  const reader = await readerWith('long', [...spans, span(2, 1)]);
  const [trace] = await reader.getTraces([traceId(1)]);
  assert.deepEqual(
    trace?.spans.map((s) => s.spanId),
    [1, 2, 3, 4].map(spanId),
  );
});

test('a joined trace opens under any of its ids and is found once', async () => {
  const spans = [span(1, 1), span(2, 2), span(3, 3), span(4, 4)];
  const reader = await readerWith('alias', spans);
  await database.client.command(`INSERT INTO alias.trace_alias VALUES
    ('2026-01-05', unhex('${traceId(1)}'), unhex('${traceId(2)}'), 'x_request_id'),
    ('2026-01-05', unhex('${traceId(3)}'), unhex('${traceId(2)}'), 'tcp_seq')`);
  for (const n of [1, 2, 3]) {
    const [trace] = await reader.getTraces([traceId(n)]);
    assert.equal(trace?.traceId, traceId(n));
    assert.deepEqual(trace?.spans.map((s) => s.spanId).sort(), [1, 2, 3].map(spanId));
  }
  const found = await reader.findTraces(all);
  assert.deepEqual(
    found.traces.map((t) => t.spanCount),
    [1, 3],
  );
});

test('before anybody has made the schema there is nothing', async () => {
  const reader = createSmartReader({ client: database.client, database: 'nowhere', now });
  assert.deepEqual(await reader.services(), []);
  assert.deepEqual(await reader.operations('a'), []);
  assert.deepEqual(await reader.findTraces(all), { traces: [], truncated: false });
  assert.deepEqual(await reader.getTraces([traceId(1)]), []);
  assert.deepEqual(await reader.dependencies(0n, 1n), []);
});

test('what goes wrong is a ReadError with its reason', async () => {
  const failing = (code: number, retryable: boolean): SqlClient => ({
    ...database.client,
    query: () =>
      Promise.reject(new SqlError('no', { code, retryable, outcome: 'failed', queryId: '' })),
  });
  const reason = async (code: number, retryable: boolean) => {
    const client = failing(code, retryable);
    const reader = createSmartReader({ client, database: 'nowhere', now });
    return reader.services().then(
      () => 'none',
      (error) => (error instanceof ReadError ? error.reason : 'other'),
    );
  };
  assert.equal(await reason(159, true), 'timeout');
  assert.equal(await reason(241, true), 'too_broad');
  assert.equal(await reason(0, true), 'unavailable');
  assert.equal(await reason(62, false), 'internal');
});

test('services, operations by kind, dependencies', async () => {
  const spans = [
    span(1, 1, { name: 'GET /', kind: 3 }),
    span(1, 2, { resource: api, parentSpanId: spanId(1), name: 'GET /', kind: 2 }),
    span(1, 3, { resource: api, parentSpanId: spanId(2), name: 'query', kind: 3 }),
  ];
  const reader = await readerWith('names', spans);
  assert.deepEqual(await reader.services(), ['api', 'web']);
  assert.deepEqual(await reader.operations('api'), [
    { name: 'GET /', kind: 2 },
    { name: 'query', kind: 3 },
  ]);
  assert.deepEqual(await reader.operations('api', 3), [{ name: 'query', kind: 3 }]);
  assert.deepEqual(await reader.operations("a'b"), []);
  const s = Number(baseNs / second);
  await database.client.command(edgesStatement({ database: 'names' }, s - 60, s + 60));
  assert.deepEqual(await reader.dependencies(baseNs - 60n * second, baseNs + 60n * second), [
    { parent: 'web', child: 'api', callCount: 1 },
  ]);
  assert.deepEqual(await reader.dependencies(0n, 1n), []);
});

test('a summary counts spans, errors, orphans and services of the whole trace', async () => {
  const spans = [
    span(1, 1, { name: 'root', endUnixNano: baseNs + 9n * second }),
    span(1, 2, { resource: api, parentSpanId: spanId(1), statusCode: 2 }),
    span(1, 3, { resource: api, parentSpanId: spanId(99) }),
  ];
  const reader = await readerWith('summary', spans);
  const { traces } = await reader.findTraces({ ...all, service: 'api' });
  assert.deepEqual(traces, [
    {
      traceId: traceId(1),
      rootServiceName: 'web',
      rootOperationName: 'root',
      startUnixNano: baseNs + second,
      endUnixNano: baseNs + 9n * second,
      spanCount: 3,
      errorSpanCount: 1,
      orphanSpanCount: 1,
      services: [
        { name: 'api', spanCount: 2, errorSpanCount: 1 },
        { name: 'web', spanCount: 1, errorSpanCount: 0 },
      ],
    },
  ]);
});

test('newest first, and it says when there are more', async () => {
  const minutes = [0, 1, 1, 7, 30, 55];
  const spans = minutes.map((m, i) =>
    span(i + 1, 1, { startUnixNano: baseNs + BigInt(m * 60 + i) * second }),
  );
  const reader = await readerWith('newest', spans);
  const ids = async (limit: number) => {
    const { traces, truncated } = await reader.findTraces({ ...all, limit });
    return [traces.map((t) => Number.parseInt(t.traceId, 16)), truncated];
  };
  assert.deepEqual(await ids(2), [[6, 5], true]);
  assert.deepEqual(await ids(5), [[6, 5, 4, 3, 2], true]);
  assert.deepEqual(await ids(6), [[6, 5, 4, 3, 2, 1], false]);
  const early = { ...all, startMaxNs: baseNs + 100n * second };
  assert.equal((await reader.findTraces(early)).traces.length, 3);
});

test('more traces than are summarized at once, some of them joined across', async () => {
  const spans = Array.from({ length: 120 }, (_, i) =>
    span(i + 1, 1, { startUnixNano: baseNs + BigInt(i) * second }),
  );
  const reader = await readerWith('pieces', spans);
  await database.client.command(`INSERT INTO pieces.trace_alias (from_trace, to_trace)
    VALUES (unhex('${traceId(1)}'), unhex('${traceId(119)}'))`);
  const { traces, truncated } = await reader.findTraces({ ...all, limit: 1_000 });
  assert.equal(truncated, false);
  assert.equal(traces.length, 119);
  const joined = traces.filter((trace) => trace.joined);
  assert.deepEqual(
    joined.map((trace) => [trace.traceId, trace.spanCount]),
    [[traceId(119), 2]],
  );
});

test('a tag is found on the span, its resource, scope, events and links, in its string form', async () => {
  const attributes = pairs({
    str: text('x'),
    zero: int(0n),
    n: int(123n),
    f: { type: 'double', value: 72.5 },
    whole: { type: 'double', value: 5 },
    b: { type: 'bool', value: true },
    no: { type: 'bool', value: false },
    empty: text(''),
    list: { type: 'array', value: [text('a')] },
    "quote'": text("it's"),
  });
  const tagged = span(1, 1, {
    attributes,
    statusCode: 2,
    resource: api,
    scope: { ...noScope, name: 'lib', version: '2', attributes: pairs({ sc: text('y') }) },
    events: [
      {
        timeUnixNano: baseNs,
        name: 'boom',
        attributes: pairs({ ev: text('z'), evn: int(7n) }),
        droppedAttributesCount: 0,
      },
    ],
    links: [
      {
        traceId: traceId(5),
        spanId: spanId(5),
        traceState: '',
        attributes: pairs({ li: text('w') }),
        droppedAttributesCount: 0,
        flags: 0,
      },
    ],
  });
  const reader = await readerWith('tags', [tagged, span(2, 1)]);
  const check = async (want: number, ...tags: [string, string][]) => {
    const { traces } = await reader.findTraces({ ...all, tags });
    const found = traces.map((t) => t.traceId);
    assert.deepEqual(found, want === 1 ? [traceId(1)] : [], JSON.stringify(tags));
  };
  const hits: [string, string][] = [
    ['str', 'x'],
    ['zero', '0'],
    ['n', '123'],
    ['f', '72.5'],
    ['whole', '5'],
    ['b', 'true'],
    ['no', 'false'],
    ['empty', ''],
    ['list', '["a"]'],
    ["quote'", "it's"],
    ['k8s.pod.name', 'api-1'],
    ['cpus', '4'],
    ['sc', 'y'],
    ['ev', 'z'],
    ['evn', '7'],
    ['li', 'w'],
    ['event', 'boom'],
    ['error', 'true'],
    ['otel.status_code', 'ERROR'],
    ['otel.scope.name', 'lib'],
    ['otel.scope.version', '2'],
  ];
  for (const tag of hits) await check(1, tag);
  await check(1, ...hits.slice(0, 3), ['k8s.pod.name', 'api-1'], ['sc', 'y'], ['ev', 'z']);
  const misses: [string, string][] = [
    ['str', 'X'],
    ['absent', ''],
    ['absent', '0'],
    ['absent', 'false'],
    ['n', '124'],
    ['f', '72'],
    ['str', "x' OR 1 --"],
  ];
  for (const tag of misses) await check(0, tag);
  await check(0, ['str', 'x'], ['k8s.pod.name', 'web-1']);
});

test('the index on tags leaves out what cannot match', async () => {
  await readerWith('hint', [span(1, 1, { attributes: pairs({ k: text('v'), n: int(5n) }) })]);
  const granules = (typed: boolean, key: string, value: string) => {
    const forms = tagForms(key, value);
    const index = typed ? 'typed_tags' : `tags_${tagShard(key)}`;
    const plans = [literals, new Params()].map(async (bind) => {
      const condition = typed ? withTyped(forms, bind) : withString(forms, bind);
      const sql = `EXPLAIN indexes = 1 SELECT trace_id FROM hint.spans WHERE ${condition}`;
      const params = bind instanceof Params ? bind.values : {};
      const bytes = await database.client.query(sql, { format: 'TSVRaw', params });
      const plan = new TextDecoder().decode(bytes);
      return new RegExp(`Name: ${index}\\n[\\s\\S]*?Granules: (\\d+)/1`).exec(plan)?.[1];
    });
    return Promise.all(plans);
  };
  assert.deepEqual(await granules(false, 'k', 'v'), ['1', '1']);
  assert.deepEqual(await granules(true, 'n', '5'), ['1', '1']);
  assert.deepEqual(await granules(false, 'k', 'w'), ['0', '0']);
  assert.deepEqual(await granules(false, 'n', '5'), ['0', '0']);
  assert.deepEqual(await granules(true, 'n', '6'), ['0', '0']);
  assert.deepEqual(await granules(true, 'k', 'v'), ['0', '0']);
});

const services = [web, api];
const spanFields = fc.record(
  {
    trace: fc.integer({ min: 1, max: 6 }),
    at: fc.integer({ min: 0, max: 400 }),
    ms: fc.integer({ min: 0, max: 3 }),
    service: fc.integer({ min: 0, max: 1 }),
    name: fc.constantFrom('a', 'b'),
    tag: fc.constantFrom('p', 'q', ''),
    number: fc.integer({ min: 0, max: 2 }),
    error: fc.boolean(),
  },
  { noNullPrototype: true },
);
const queries = fc.record(
  {
    service: fc.constantFrom('web', 'api'),
    operation: fc.constantFrom('a', 'b', 'c'),
    tags: fc.subarray<[string, string]>([
      ['t', 'p'],
      ['n', '1'],
      ['error', 'true'],
      ['k8s.pod.name', 'web-1'],
    ]),
    minDurationNs: fc.integer({ min: 0, max: 3 }).map((ms) => BigInt(ms) * 1_000_000n),
    maxDurationNs: fc.integer({ min: 0, max: 3 }).map((ms) => BigInt(ms) * 1_000_000n),
    from: fc.integer({ min: 0, max: 400 }),
    to: fc.integer({ min: 0, max: 400 }),
  },
  { requiredKeys: ['from', 'to'], noNullPrototype: true },
);

test('a search finds what a plain filter over all spans finds', async () => {
  const [records] = fc.sample(fc.array(spanFields, { minLength: 40, maxLength: 40 }), {
    numRuns: 1,
    seed: 7,
  });
  const spans = records!.map((f, i) => {
    const startUnixNano = baseNs + BigInt(f.at) * second;
    const attributes = pairs({ t: text(f.tag), n: int(BigInt(f.number)) });
    return span(f.trace, i + 1, {
      startUnixNano,
      endUnixNano: startUnixNano + BigInt(f.ms) * 1_000_000n,
      resource: services[f.service]!,
      name: f.name,
      attributes,
      statusCode: f.error ? 2 : 0,
    });
  });
  const reader = await readerWith('model', spans);
  await fc.assert(
    fc.asyncProperty(queries, async ({ from, to, ...rest }) => {
      const startMinNs = baseNs + BigInt(from) * second;
      const startMaxNs = baseNs + BigInt(to) * second;
      const query: TraceQuery = { ...rest, startMinNs, startMaxNs, limit: 100 };
      const want = new Set(spans.filter((s) => matches(s, query)).map((s) => s.traceId));
      const { traces, truncated } = await reader.findTraces(query);
      assert.deepEqual(new Set(traces.map((t) => t.traceId)), want);
      assert.equal(traces.length, want.size);
      assert.equal(truncated, false);
    }),
    { numRuns: 60, seed: 7 },
  );
});

function matches(s: StoredSpan, query: TraceQuery): boolean {
  const duration = s.endUnixNano - s.startUnixNano;
  const has = (key: string, value: string) =>
    key === 'error'
      ? s.statusCode === 2
      : [...s.attributes, ...s.resource.attributes].some(
          (a) => a.key === key && 'value' in a.value && String(a.value.value) === value,
        );
  return (
    s.startUnixNano >= query.startMinNs &&
    s.startUnixNano <= query.startMaxNs &&
    (query.service === undefined || serviceName(s.resource) === query.service) &&
    (query.operation === undefined || s.name === query.operation) &&
    (query.minDurationNs === undefined || duration >= query.minDurationNs) &&
    (query.maxDurationNs === undefined || duration <= query.maxDurationNs) &&
    (query.tags ?? []).every(([key, value]) => has(key, value))
  );
}

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { migrate } from '../schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import { literals } from './bind.ts';
import { filterCondition, isNumber, noSets } from './filters.ts';
import type { AttributeValue, KeyValue, StoredSpan } from './model.ts';
import { serviceName } from './model.ts';
import { createOtelReader } from './otel-reader.ts';
import { filterOps, type TraceFilter, type TraceQuery, type TraceReader } from './reader.ts';
import { createSmartReader } from './smart-reader.ts';
import { insertSpans } from './testing/insert-spans.ts';

const baseNs = BigInt(Date.UTC(2026, 0, 5, 10, 0, 0)) * 1_000_000n;
const second = 1_000_000_000n;
const now = () => Date.UTC(2026, 0, 5, 12, 0, 0);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const text = (value: string): AttributeValue => ({ type: 'string', value });
const int = (value: number): AttributeValue => ({ type: 'int', value: BigInt(value) });
const double = (value: number): AttributeValue => ({ type: 'double', value });
const bool = (value: boolean): AttributeValue => ({ type: 'bool', value });

const values = [
  text('x'),
  text('xy'),
  text(''),
  text('5'),
  text("it's\n"),
  int(5),
  int(0),
  int(-12),
  double(72.5),
  bool(true),
  bool(false),
];
const somePairs = fc
  .dictionary(fc.constantFrom('a', 'b', "k'"), fc.constantFrom(...values), {
    maxKeys: 2,
    noNullPrototype: true,
  })
  .map((entries): KeyValue[] => Object.entries(entries).map(([key, value]) => ({ key, value })));
/** What a place of few spans has. */
const rarePairs = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, somePairs);

const spanFields = fc.record({
  own: somePairs,
  resource: rarePairs,
  scope: rarePairs,
  event: rarePairs,
  link: rarePairs,
  service: fc.constantFrom('web', 'api', ''),
  name: fc.constantFrom('GET /', 'x'),
  kind: fc.integer({ min: 0, max: 5 }),
  status: fc.integer({ min: 0, max: 2 }),
  eventName: fc.option(fc.constantFrom('boom', 'x'), { nil: undefined }),
});
type Fields = typeof spanFields extends fc.Arbitrary<infer T> ? T : never;

function spanOf(f: Fields, i: number): StoredSpan {
  const startUnixNano = baseNs + BigInt(i * 7) * second;
  const service: KeyValue = { key: 'service.name', value: text(f.service) };
  const own = f.service === '' ? [] : [service];
  const counts = { droppedAttributesCount: 0, schemaUrl: '' };
  const event = {
    timeUnixNano: startUnixNano,
    name: f.eventName ?? '',
    attributes: f.event,
    droppedAttributesCount: 0,
  };
  const link = {
    traceId: 'f'.repeat(32),
    spanId: 'f'.repeat(16),
    traceState: '',
    attributes: f.link,
    droppedAttributesCount: 0,
    flags: 0,
  };
  return {
    traceId: (i + 1).toString(16).padStart(32, '0'),
    spanId: (i + 1).toString(16).padStart(16, '0'),
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: f.name,
    kind: f.kind,
    startUnixNano,
    endUnixNano: startUnixNano + 5n,
    attributes: f.own,
    droppedAttributesCount: 0,
    events: f.eventName === undefined ? [] : [event],
    droppedEventsCount: 0,
    links: f.link.length === 0 ? [] : [link],
    droppedLinksCount: 0,
    statusCode: f.status,
    statusMessage: f.status === 2 ? 'no x' : '',
    resource: { attributes: [...own, ...f.resource], ...counts },
    scope: { name: f.service, version: '', attributes: f.scope, ...counts },
  };
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** String forms of all that a span has under a key. */
function formsOf(span: StoredSpan, key: string, withScopes: boolean): string[] {
  const some = (value: string) => (value === '' ? [] : [value]);
  switch (key) {
    case 'error':
      return [String(span.statusCode === 2)];
    case 'span.kind':
      return [kinds[span.kind]!];
    case 'span.name':
      return [span.name];
    case 'service.name':
      return some(serviceName(span.resource));
    case 'otel.status_code':
      return [['UNSET', 'OK', 'ERROR'][span.statusCode]!];
    case 'otel.status_description':
      return some(span.statusMessage);
    case 'otel.scope.name':
      return some(span.scope.name);
  }
  const all = [
    ...span.attributes,
    ...span.resource.attributes,
    ...(withScopes ? span.scope.attributes : []),
    ...span.events.flatMap((event) => event.attributes),
    ...span.links.flatMap((link) => link.attributes),
  ];
  const forms = all
    .filter((a) => a.key === key)
    .map((a) => ('value' in a.value ? String(a.value.value) : ''));
  return key === 'event' ? [...forms, ...span.events.map((event) => event.name)] : forms;
}

function fits({ op, value }: TraceFilter, forms: readonly string[]): boolean {
  const whole = () => new RegExp(`^(?:${value})$`, 's');
  const numbers = forms.filter((form) => isNumber(form)).map(Number);
  switch (op) {
    case '=':
      return forms.includes(value);
    case '!=':
      return forms.length > 0 && !forms.includes(value);
    case '=~':
      return forms.some((form) => whole().test(form));
    case '!~':
      return forms.length > 0 && !forms.some((form) => whole().test(form));
    case 'contains':
      return forms.some((form) => form.includes(value));
    case 'exists':
      return forms.length > 0;
    case '!exists':
      return forms.length === 0;
    case '>':
      return numbers.some((n) => n > Number(value));
    case '>=':
      return numbers.some((n) => n >= Number(value));
    case '<':
      return numbers.some((n) => n < Number(value));
    case '<=':
      return numbers.some((n) => n <= Number(value));
  }
}

const keys = [
  'a',
  'b',
  "k'",
  'absent',
  'event',
  'error',
  'span.kind',
  'span.name',
  'service.name',
  'otel.status_code',
  'otel.status_description',
  'otel.scope.name',
];
const texts = ['x', '', '5', '0', '72.5', 'true', "it's\n", 'web', 'ERROR', 'server', 'boom'];
const patterns = ['x.*', '.*', '', '\\d+', '(?i:WEB)|api', "it's.", '5|true', 't.*e'];
const numbers = ['0', '5', '-12', '72.5', '1e1', '9223372036854775807', '0.0'];

const someFilter = fc
  .record({ key: fc.constantFrom(...keys), op: fc.constantFrom(...filterOps) })
  .chain(({ key, op }) => {
    const pool = op === '=~' || op === '!~' ? patterns : /^[<>]/.test(op) ? numbers : texts;
    return fc.constantFrom(...pool).map((value): TraceFilter => ({ key, op, value }));
  });

function sampleSpans(): StoredSpan[] {
  const fields = fc.array(spanFields, { minLength: 60, maxLength: 60 });
  return fc.sample(fields, { numRuns: 1, seed: 5 })[0]!.map(spanOf);
}

const all: TraceQuery = { startMinNs: baseNs, startMaxNs: baseNs + 3_600n * second, limit: 1000 };

async function check(reader: TraceReader, spans: readonly StoredSpan[], withScopes: boolean) {
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(someFilter, { minLength: 1, maxLength: 2 }), async (filters) => {
      const want = spans
        .filter((s) => filters.every((one) => fits(one, formsOf(s, one.key, withScopes))))
        .map((s) => s.traceId);
      const { traces } = await reader.findTraces({ ...all, filters });
      assert.deepEqual(traces.map((t) => t.traceId).sort(), want.sort());
      if (want.length > 0 && want.length < spans.length) hits++;
    }),
    { numRuns: 120, seed: 11 },
  );
  assert.ok(hits > 30, `only ${hits} filters tell spans apart`);
}

test('filters find what their definition says, in both schemas', async () => {
  const { client } = database;
  const spans = sampleSpans();
  await migrate(client, { database: 'filters', ttlDays: 0 });
  await insertSpans(client, 'filters', spans);
  await check(createSmartReader({ client, database: 'filters', now }), spans, true);
  // The view has the columns of the contrib exporter's table, which knows no attributes of scopes.
  await check(createOtelReader({ client, database: 'filters', now }), spans, false);
});

test('several services, status', async () => {
  const { client } = database;
  const spans = sampleSpans();
  await migrate(client, { database: 'fields', ttlDays: 0 });
  await insertSpans(client, 'fields', spans);
  const readers = [
    createSmartReader({ client, database: 'fields', now }),
    createOtelReader({ client, database: 'fields', now }),
  ];
  for (const reader of readers) {
    const count = async (query: Partial<TraceQuery>) =>
      (await reader.findTraces({ ...all, ...query })).traces.length;
    const expected = (is: (s: StoredSpan) => boolean) => spans.filter(is).length;
    assert.equal(
      await count({ services: ['web', 'api', 'none'] }),
      expected((s) => serviceName(s.resource) !== ''),
    );
    assert.equal(await count({ services: ['none'] }), 0);
    assert.equal(await count({ services: [] }), 60);
    for (const statusCode of [0, 1, 2]) {
      const want = expected((s) => s.statusCode === statusCode);
      assert.equal(await count({ statusCode }), want);
    }
  }
});

test('more resources than are named in a statement are asked for by it', async () => {
  const { client } = database;
  await migrate(client, { database: 'many', ttlDays: 0 });
  const [span] = sampleSpans();
  const pod = { key: 'pod', value: text('pod-7') };
  const resource = { attributes: [pod], droppedAttributesCount: 0, schemaUrl: '' };
  await insertSpans(client, 'many', [{ ...span!, resource }]);
  await client.command(`INSERT INTO many.resources (day, id, attributes)
    SELECT '2026-01-05', number, map('pod', concat('pod-', toString(number))) FROM numbers(6000)`);
  const reader = createSmartReader({ client, database: 'many', now });
  const found = async (op: TraceFilter['op'], value: string) => {
    const filters = [{ key: 'pod', op, value }];
    return (await reader.findTraces({ ...all, filters })).traces.length;
  };
  assert.equal(await found('=~', 'pod-.*'), 1);
  assert.equal(await found('!=', 'pod-8'), 1);
  assert.equal(await found('!=', 'pod-7'), 0);
  assert.equal(await found('exists', ''), 1);
  assert.equal(await found('!exists', ''), 0);
});

test('values whose type cannot fit are not read', () => {
  const condition = (filter: TraceFilter) => filterCondition(filter, noSets, literals);
  assert.ok(!condition({ key: 'k', op: 'contains', value: 'abc' }).includes('attributes_int['));
  assert.ok(condition({ key: 'k', op: 'contains', value: '404' }).includes('attributes_int['));
  assert.ok(!condition({ key: 'k', op: '>', value: '4' }).includes('attributes_bool['));
});

test('numbers', () => {
  for (const good of ['0', '-1', '+5', '.5', '1.', '1e9', '2.5E-3'])
    assert.ok(isNumber(good), good);
  for (const bad of ['', ' ', '1 ', '0x10', 'NaN', 'Infinity', '1e999', '--1', 'e5']) {
    assert.ok(!isNumber(bad), bad);
  }
});

test('the index over keys leaves out spans without the key, wherever a span can have it', async () => {
  const { client } = database;
  await migrate(client, { database: 'keyed', ttlDays: 0 });
  const fields = {
    service: 'web',
    name: 'x',
    kind: 1,
    status: 0,
    eventName: 'boom',
  } as const;
  const under = (key: string, value: AttributeValue) => [{ key, value }];
  const bytes: AttributeValue = { type: 'bytes', value: new Uint8Array([1]) };
  const span = spanOf(
    {
      ...fields,
      own: [...under('s', text('1')), ...under('i', int(1)), ...under('o', bytes)],
      resource: [],
      scope: [],
      event: [...under('es', text('1')), ...under('ei', int(1))],
      link: [...under('ls', text('1')), ...under('li', int(1))],
    },
    0,
  );
  await insertSpans(client, 'keyed', [span]);
  const granules = async (filter: TraceFilter, sets = noSets) => {
    const condition = filterCondition(filter, sets, literals);
    const sql = `EXPLAIN indexes = 1 SELECT trace_id FROM keyed.spans WHERE ${condition}`;
    const plan = new TextDecoder().decode(await client.query(sql, { format: 'TSVRaw' }));
    return /Name: keys\n[\s\S]*?Granules: (\d+)\/1/.exec(plan)?.[1];
  };
  for (const key of ['s', 'i', 'o', 'es', 'ei', 'ls', 'li']) {
    assert.equal(await granules({ key, op: 'exists', value: '' }), '1', key);
    assert.equal(await granules({ key, op: '=~', value: 'z' }), '1', key);
  }
  assert.equal(await granules({ key: 'none', op: 'exists', value: '' }), '0');
  assert.equal(await granules({ key: 'none', op: '>', value: '1' }), '0');
  assert.equal(await granules({ key: 'none', op: '!exists', value: '' }), undefined);
  const resource = { has: 'resource_id = 1', fits: 'resource_id = 1' };
  assert.equal(await granules({ key: 'none', op: 'exists', value: '' }, resource), undefined);
});

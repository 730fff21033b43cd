import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../schema/migrate.ts';
import { tagShard } from '../schema/spans.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import { createTraceKeys, type KeySearch, keyStatement } from './keys.ts';
import type { AttributeValue, StoredSpan } from './model.ts';
import { createSmartReader } from './smart-reader.ts';
import { insertSpans } from './testing/insert-spans.ts';
import {
  span as anySpan,
  baseNs,
  traceId as id,
  int,
  pairs,
  second,
  text,
} from './testing/spans.ts';

const now = () => Date.UTC(2026, 0, 5, 12, 0, 0);
const nowNs = BigInt(now()) * 1_000_000n;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

function span(trace: number, attributes: Record<string, AttributeValue>, atS = 0n): StoredSpan {
  const startUnixNano = baseNs + atS * second;
  return anySpan(trace, trace, {
    startUnixNano,
    attributes: pairs(attributes),
    resource: { attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
  });
}

const window = { fromNs: baseNs - second, toNs: baseNs + second };

async function store(name: string, spans: readonly StoredSpan[]) {
  const { client } = database;
  await migrate(client, { database: name, ttlDays: 0 });
  await insertSpans(client, name, spans);
  const options = { client, database: name, now, timeoutMs: 20_000 };
  return { keys: createTraceKeys(options), reader: createSmartReader(options) };
}

test('traces are found by strings and integers of their spans, within the window', async () => {
  const { keys } = await store('found', [
    span(1, { a: text('x') }),
    span(2, { b: text('x') }),
    span(3, { n: int(0n) }),
    span(4, { n: int(7n), a: text("it's \\ here") }),
    span(5, { a: text('x') }, 5n),
    span(6, { other: text('') }),
  ]);
  const find = (search: Partial<KeySearch> & Pick<KeySearch, 'keys'>, limit = 100) =>
    keys.traceIds([{ ...window, ...search }], limit);
  const strings = (key: string, ...values: string[]) => ({ key, strings: values, ints: [] });
  const ints = (key: string, ...values: bigint[]) => ({ key, strings: [], ints: values });
  assert.deepEqual(await find({ keys: [strings('a', 'x')] }), [id(1)]);
  assert.deepEqual(await find({ keys: [strings('a', 'x'), strings('b', 'x')] }), [id(1), id(2)]);
  assert.deepEqual(await find({ keys: [ints('n', 0n)] }), [id(3)], 'a missing key is not 0');
  assert.deepEqual(await find({ keys: [ints('n', 0n, 7n), strings('a', 'x')] }), [
    ...[id(1), id(3), id(4)],
  ]);
  assert.deepEqual(await find({ keys: [strings('a', "it's \\ here")] }), [id(4)]);
  assert.deepEqual(await find({ keys: [strings('a', '')] }), []);
  const later = { fromNs: baseNs + 4n * second, toNs: baseNs + 6n * second };
  assert.deepEqual(await find({ ...later, keys: [strings('a', 'x')] }), [id(5)]);
  const both = [
    { ...window, keys: [strings('a', 'x')] },
    { ...later, keys: [strings('a', 'x')] },
  ];
  assert.deepEqual(await keys.traceIds(both, 100), [id(1), id(5)]);
  assert.equal((await keys.traceIds(both, 1)).length, 1);
  const many = Array.from({ length: 40 }, () => both[1]!);
  assert.deepEqual(await keys.traceIds(many, 100), [id(5)]);
  assert.deepEqual(await keys.traceIds([], 100), []);
});

test('the indexes on tags rule out what has none of the keys', async () => {
  await store('indexed', [span(1, { a: text('x'), n: int(1n) })]);
  const granules = async (keys: KeySearch['keys']): Promise<string> => {
    const sql = keyStatement('indexed.spans', [{ ...window, keys }], nowNs, 10);
    const bytes = await database.client.query(`EXPLAIN indexes = 1 ${sql}`, { format: 'TSVRaw' });
    return new TextDecoder().decode(bytes);
  };
  const absent = { key: 'a', strings: ['absent'], ints: [] };
  const index = new RegExp(`Name: tags_${tagShard('a')}\\n[\\s\\S]*?Granules: 0/1`);
  assert.match(await granules([absent]), index);
  const number = { key: 'n', strings: [], ints: [5n] };
  assert.match(await granules([number]), /Name: typed_tags[\s\S]*?Granules: 0\/1/);
});

test('joined traces open under each id, however often that was said', async () => {
  const { keys, reader } = await store('joined', [span(1, {}), span(2, {}), span(3, {})]);
  const alias = { from: id(2), to: id(1), reason: 'syscall', startNs: baseNs };
  await keys.join([]);
  await keys.join([alias, { ...alias, from: id(3) }]);
  await keys.join([alias]);
  for (const n of [1, 2, 3]) {
    const [trace] = await reader.getTraces([id(n)]);
    assert.deepEqual(trace!.spans.map((s) => s.traceId).sort(), [id(1), id(2), id(3)]);
  }
  await database.client.command('OPTIMIZE TABLE joined.trace_alias FINAL');
  const bytes = await database.client.query(
    'SELECT toString(day), reason, count() FROM joined.trace_alias GROUP BY ALL',
    { format: 'TSV' },
  );
  assert.equal(new TextDecoder().decode(bytes), '2026-01-05\tsyscall\t2\n');
});

test('services by an attribute of their resources', async () => {
  const resource = (service: string, key: string) => ({
    attributes: [
      { key: 'service.name', value: text(service) },
      { key, value: text('x') },
    ],
    droppedAttributesCount: 0,
    schemaUrl: '',
  });
  const { keys } = await store('services', [
    { ...span(1, {}), resource: resource('a', 'captured') },
    { ...span(2, {}), resource: resource('b', 'captured') },
    { ...span(3, {}), resource: resource('c', 'other') },
  ]);
  assert.deepEqual([...(await keys.servicesWith('captured', 10))].sort(), ['a', 'b']);
  assert.equal((await keys.servicesWith('captured', 1)).size, 1);
});

test('tables that nobody made hold nothing', async () => {
  const options = { client: database.client, database: 'absent', now, timeoutMs: 20_000 };
  const keys = createTraceKeys(options);
  const search = { ...window, keys: [{ key: 'a', strings: ['x'], ints: [] }] };
  assert.deepEqual(await keys.traceIds([search], 10), []);
});

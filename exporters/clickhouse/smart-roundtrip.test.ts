import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { migrate, readIdKey } from '../../storage/schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/schema/testing/chdb-client.ts';
import { formatTypedJson } from '../../storage/schema/typed-json.ts';
import { quoteName, rowsOf } from '../../storage/sql.ts';
import { SmartSpansEncoder } from '../../wire/clickhouse/smart/spans.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { groups, span } from '../../wire/clickhouse/testing/arbitrary.ts';
import {
  type Attribute,
  type Group,
  request,
  type Span,
  spanBytes,
} from '../../wire/clickhouse/testing/otlp-model.ts';
import { bits, idText, modelValue, type Pairs, pairsOf } from './testing/expected.ts';

let database: TestDatabase;
let key: Uint8Array;
const NOW_S = 1_790_000_000 + 1_800;

before(async () => {
  database = await openTestDatabase();
  await migrate(database.client, { database: 'smart', ttlDays: 0 });
  key = await readIdKey(database.client, { database: 'smart' });
});

after(() => database.close());

function strings(list: readonly Attribute[]): Pairs {
  return pairsOf(list, 'string', (v) => ('string' in v ? v.string : ''));
}

function typed(list: readonly Attribute[], except: readonly string[]): Pairs {
  return list
    .filter(([, v]) => !except.some((kind) => kind in v))
    .map(([k, v]) => [k, formatTypedJson(modelValue(v))] as const);
}

type Scope = Group<Span>['scopes'][number];

function expectedSpan(group: Group<Span>, scope: Scope, item: Span) {
  const service = group.attributes.find(([k]) => k === 'service.name')?.[1];
  const { events, links } = item;
  return {
    trace_id: idText(item.traceId, 16),
    span_id: idText(item.spanId, 8),
    parent_span_id: idText(item.parentId, 8),
    time: String(BigInt.asIntN(64, item.start)),
    duration: String(BigInt.asIntN(64, item.end - item.start)),
    service: service !== undefined && 'string' in service ? service.string : '',
    name: item.name,
    kind: item.kind,
    status_code: item.status.code,
    status_message: item.status.message,
    trace_state: item.state,
    flags: item.flags,
    dropped: item.dropped,
    inline: ['', ''],
    attributes_string: strings(item.attributes),
    attributes_int: pairsOf(item.attributes, 'int', (v) => ('int' in v ? String(v.int) : '')),
    attributes_float: pairsOf(item.attributes, 'double', (v) => bits('double' in v ? v.double : 0)),
    attributes_bool: pairsOf(item.attributes, 'bool', (v) => String('bool' in v && v.bool)),
    attributes_other: typed(item.attributes, ['string', 'int', 'double', 'bool']),
    events: events.map((e) => [
      String(BigInt.asIntN(64, e.time)),
      e.name,
      strings(e.attributes),
      typed(e.attributes, ['string']),
      e.dropped,
    ]),
    links: links.map((l) => [
      idText(l.traceId, 16),
      idText(l.spanId, 8),
      l.state,
      l.flags,
      strings(l.attributes),
      typed(l.attributes, ['string']),
      l.dropped,
    ]),
    resource: [strings(group.attributes), typed(group.attributes, ['string']), 0, group.url],
    scope: [
      scope.name,
      scope.version,
      strings(scope.attributes),
      typed(scope.attributes, ['string']),
      scope.dropped,
      scope.url,
    ],
  };
}

const PAIRS = 'Array(Tuple(String, String))';
const pairs = (map: string): string => `CAST(${map}, '${PAIRS}')`;
const each = (maps: string): string => `arrayMap(m -> ${pairs('m')}, ${maps})`;
const SELECT = `
  SELECT hex(s.trace_id) AS trace_id, hex(s.span_id) AS span_id,
    hex(s.parent_span_id) AS parent_span_id, reinterpretAsInt64(s.time) AS time,
    s.duration AS duration, s.service AS service, s.name AS name, s.kind AS kind,
    s.status_code AS status_code, s.status_message AS status_message,
    s.trace_state AS trace_state, s.flags AS flags,
    [s.dropped_attributes, s.dropped_events, s.dropped_links] AS dropped,
    [s.resource_inline, s.scope_inline] AS inline,
    ${pairs('s.attributes_string')} AS attributes_string,
    arrayMap(p -> (p.1, toString(p.2)), CAST(s.attributes_int, 'Array(Tuple(String, Int64))'))
      AS attributes_int,
    arrayMap(p -> (p.1, hex(p.2)), CAST(s.attributes_float, 'Array(Tuple(String, Float64))'))
      AS attributes_float,
    arrayMap(p -> (p.1, toString(p.2)), CAST(s.attributes_bool, 'Array(Tuple(String, Bool))'))
      AS attributes_bool,
    ${pairs('s.attributes_other')} AS attributes_other,
    arrayZip(arrayMap(t -> toString(reinterpretAsInt64(t)), s.\`events.time\`), s.\`events.name\`,
      ${each('s.`events.attributes`')}, ${each('s.`events.attributes_other`')},
      s.\`events.dropped_attributes\`) AS events,
    arrayZip(arrayMap(i -> hex(i), s.\`links.trace_id\`), arrayMap(i -> hex(i), s.\`links.span_id\`),
      s.\`links.trace_state\`, s.\`links.flags\`, ${each('s.`links.attributes`')},
      ${each('s.`links.attributes_other`')}, s.\`links.dropped_attributes\`) AS links,
    (${pairs('r.attributes')}, ${pairs('r.attributes_other')}, r.dropped_attributes, r.schema_url)
      AS resource,
    (c.name, c.version, ${pairs('c.attributes')}, ${pairs('c.attributes_other')},
      c.dropped_attributes, c.schema_url) AS scope
  FROM smart.ordered AS s
  LEFT JOIN (SELECT * FROM smart.resources FINAL) AS r
    ON r.id = s.resource_id AND r.day = toDate(s.bucket)
  LEFT JOIN (SELECT * FROM smart.scopes FINAL) AS c
    ON c.id = s.scope_id AND c.day = toDate(s.bucket)
  ORDER BY s.status_message
  SETTINGS output_format_json_named_tuples_as_objects = 0`;

/** Rows are put in the order sent by a number in the status message. */
function numbered(samples: readonly Group<Span>[][]): Group<Span>[][] {
  let next = 0;
  const number = (item: Span): Span => ({
    ...item,
    // An end before the start by more than 2^63 ns is not told from a long span.
    status: { code: item.status.code, message: String(next++).padStart(6, '0') },
  });
  return samples.map((sample) =>
    sample.map((group) => ({
      ...group,
      scopes: group.scopes.map((scope) => ({ ...scope, items: scope.items.map(number) })),
    })),
  );
}

test('every field of generated spans is given back by schema smart', async () => {
  const seed = (Date.now() ^ process.pid) >>> 0;
  const { client } = database;
  const written = new WrittenRows();
  const encoder = new SmartSpansEncoder(key, written);
  await client.command('CREATE TABLE smart.ordered AS smart.spans ENGINE = Memory', {
    settings: { allow_suspicious_low_cardinality_types: 1 },
  });
  for (let round = 0; round < 2; round++) {
    await client.command('TRUNCATE TABLE smart.ordered');
    const samples = numbered(fc.sample(groups(span), { numRuns: 100, seed: seed + round }));
    const expected = samples.flatMap((sample) =>
      sample.flatMap((group) =>
        group.scopes.flatMap((scope) => scope.items.map((i) => expectedSpan(group, scope, i))),
      ),
    );
    for (const sample of samples) encoder.append(request(sample, spanBytes), NOW_S);
    const { blocks, dictionaryKeys } = encoder.seal(BigInt(round + 1));
    assert.deepEqual(
      blocks.map((block) => block.table),
      ['resources', 'scopes', 'operations', 'spans'],
    );
    for (const block of blocks) {
      const table = block.table === 'spans' ? 'ordered' : block.table;
      const columns = block.columns.map(quoteName).join(', ');
      await client.insert(`INSERT INTO smart.${table} (${columns}) FORMAT Native`, [block.body]);
    }
    written.add(dictionaryKeys);
    const stored = await rowsOf<Record<string, unknown>>(client, SELECT);
    assert.equal(stored.length, expected.length);
    assert.ok(stored.length > 50);
    for (const [index, row] of stored.entries()) {
      assert.deepEqual(row, JSON.parse(JSON.stringify(expected[index])), `seed ${seed + round}`);
    }
    const operations = await rowsOf<{ n: string }>(
      client,
      `SELECT count() AS n FROM (SELECT DISTINCT service, name, kind FROM smart.ordered)
       WHERE (service, name, kind) NOT IN (SELECT service, name, kind FROM smart.operations)`,
    );
    assert.equal(Number(operations[0]?.n), 0);
  }
});

test('dictionary rows go out again until they are delivered, then no more that day', () => {
  const written = new WrittenRows();
  const encoder = new SmartSpansEncoder(key, written);
  const body = request(fc.sample(groups(span), { numRuns: 30, seed: 7 }).flat(), spanBytes);
  const tables = (): { tables: string[]; keys: readonly string[] } => {
    encoder.append(body, NOW_S);
    const sealed = encoder.seal(1n);
    return { tables: sealed.blocks.map((block) => block.table), keys: sealed.dictionaryKeys };
  };
  const all = ['resources', 'scopes', 'operations', 'spans'];
  assert.deepEqual(tables().tables, all);
  const second = tables();
  assert.deepEqual(second.tables, all);
  written.add(second.keys);
  assert.deepEqual(tables().tables, ['spans']);
});

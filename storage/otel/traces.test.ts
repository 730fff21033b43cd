import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { OtelTracesEncoder } from '../../wire/clickhouse/otel/traces.ts';
import { groups, span } from '../../wire/clickhouse/testing/arbitrary.ts';
import { asText, sortedPairs } from '../../wire/clickhouse/testing/as-text.ts';
import { TestDatabase } from '../../wire/clickhouse/testing/chdb-table.ts';
import {
  type Group,
  request,
  type Span,
  spanBytes,
} from '../../wire/clickhouse/testing/otlp-model.ts';
import { createStatements } from './ddl.ts';
import { defaultTableNames } from './names.ts';

let database: TestDatabase;

before(() => {
  database = new TestDatabase();
  const options = { database: 'otel', tables: defaultTableNames, ttlSeconds: 0, cluster: '' };
  for (const sql of createStatements({ ...options, engine: 'MergeTree()', withBatch: false })) {
    database.run(sql);
  }
  database.run('CREATE TABLE otel.ordered AS otel.otel_traces ENGINE = Memory');
});

after(() => database.close());

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const hex = (id: Uint8Array): string =>
  id.every((byte) => byte === 0) ? '' : Buffer.from(id).toString('hex');
const nanos = (time: bigint): string => String(BigInt.asIntN(64, time));

function expectedRow(group: Group<Span>, scope: Group<Span>['scopes'][number], item: Span) {
  const service = group.attributes.find(([key]) => key === 'service.name');
  return {
    Timestamp: nanos(item.start),
    TraceId: hex(item.traceId),
    SpanId: hex(item.spanId),
    ParentSpanId: hex(item.parentId),
    TraceState: item.state,
    SpanName: item.name,
    SpanKind: KINDS[item.kind] ?? '',
    ServiceName: service === undefined ? '' : asText(service[1]),
    ResourceAttributes: sortedPairs(group.attributes),
    ScopeName: scope.name,
    ScopeVersion: scope.version,
    SpanAttributes: sortedPairs(item.attributes),
    Duration: String(BigInt.asUintN(64, item.end - item.start)),
    StatusCode: ['Unset', 'Ok', 'Error'][item.status.code] ?? '',
    StatusMessage: item.status.message,
    'Events.Timestamp': item.events.map((event) => nanos(event.time)),
    'Events.Name': item.events.map((event) => event.name),
    'Events.Attributes': item.events.map((event) => sortedPairs(event.attributes)),
    'Links.TraceId': item.links.map((link) => hex(link.traceId)),
    'Links.SpanId': item.links.map((link) => hex(link.spanId)),
    'Links.TraceState': item.links.map((link) => link.state),
    'Links.Attributes': item.links.map((link) => sortedPairs(link.attributes)),
  };
}

/** Values that JSON does not carry as they are: times as integers, maps as lists of pairs. */
const PAIRS = 'Array(Tuple(String, String))';
const SELECT = `* REPLACE (
  reinterpretAsInt64(Timestamp) AS Timestamp,
  CAST(ResourceAttributes, '${PAIRS}') AS ResourceAttributes,
  CAST(SpanAttributes, '${PAIRS}') AS SpanAttributes,
  arrayMap(t -> reinterpretAsInt64(t), \`Events.Timestamp\`) AS \`Events.Timestamp\`,
  arrayMap(m -> CAST(m, '${PAIRS}'), \`Events.Attributes\`) AS \`Events.Attributes\`,
  arrayMap(m -> CAST(m, '${PAIRS}'), \`Links.Attributes\`) AS \`Links.Attributes\`)`;

function check(samples: readonly (readonly Group<Span>[])[], encoder: OtelTracesEncoder): void {
  database.run('TRUNCATE TABLE otel.ordered');
  const byDay = new Map<number, unknown[]>();
  for (const sample of samples) {
    encoder.append(request(sample, spanBytes));
    for (const group of sample) {
      for (const scope of group.scopes) {
        for (const item of scope.items) {
          const day = Number(item.start / 86_400_000_000_000n) & 0xffff;
          const rows = byDay.get(day) ?? byDay.set(day, []).get(day)!;
          rows.push(expectedRow(group, scope, item));
        }
      }
    }
  }
  const blocks = encoder.seal({ table: 'ordered', batchId: 0n });
  assert.deepEqual(
    blocks.map((block) => [block.day, block.rows]),
    [...byDay].sort(([a], [b]) => a - b).map(([day, rows]) => [day, rows.length]),
  );
  for (const block of blocks) database.insert('otel', block);
  const stored = database.rows(`SELECT ${SELECT} FROM otel.ordered`);
  const expected = [...byDay].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
  assert.equal(stored.length, expected.length);
  assert.ok(stored.length > 100);
  for (const [index, row] of stored.entries())
    assert.deepEqual(row, expected[index], `row ${index}`);
}

test('every field of generated spans comes back as the contrib exporter would have it', () => {
  const seed = (Date.now() ^ process.pid) >>> 0;
  const encoder = new OtelTracesEncoder();
  for (let round = 0; round < 3; round++) {
    const samples = fc.sample(groups(span), { numRuns: 120, seed: seed + round });
    try {
      check(samples, encoder);
    } catch (error) {
      throw new Error(`seed ${seed + round}`, { cause: error });
    }
  }
});

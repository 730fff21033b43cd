import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { OtelLogsEncoder } from '../../wire/clickhouse/otel/logs.ts';
import { groups, logRecord } from '../../wire/clickhouse/testing/arbitrary.ts';
import { asText, sortedPairs } from '../../wire/clickhouse/testing/as-text.ts';
import { TestDatabase } from '../../wire/clickhouse/testing/chdb-table.ts';
import {
  type Group,
  type LogRecord,
  logBytes,
  request,
} from '../../wire/clickhouse/testing/otlp-model.ts';
import { createStatements } from './ddl.ts';
import { defaultTableNames } from './names.ts';

let database: TestDatabase;

before(() => {
  database = new TestDatabase();
  const options = { database: 'otel', tables: defaultTableNames, ttlSeconds: 0, cluster: '' };
  for (const sql of createStatements({ ...options, engine: 'MergeTree()', withBatch: true })) {
    database.run(sql);
  }
  database.run('CREATE TABLE otel.ordered AS otel.otel_logs ENGINE = Memory');
});

after(() => database.close());

const hex = (id: Uint8Array): string =>
  id.every((byte) => byte === 0) ? '' : Buffer.from(id).toString('hex');

function expectedRow(
  group: Group<LogRecord>,
  scope: Group<LogRecord>['scopes'][number],
  item: LogRecord,
) {
  const service = group.attributes.find(([key]) => key === 'service.name');
  return {
    Timestamp: String(BigInt.asIntN(64, timeOf(item))),
    TraceId: hex(item.traceId),
    SpanId: hex(item.spanId),
    TraceFlags: item.flags & 255,
    SeverityText: item.severityText,
    SeverityNumber: item.severity,
    ServiceName: service === undefined ? '' : asText(service[1]),
    Body: asText(item.body),
    ResourceSchemaUrl: group.url,
    ResourceAttributes: sortedPairs(group.attributes),
    ScopeSchemaUrl: scope.url,
    ScopeName: scope.name,
    ScopeVersion: scope.version,
    ScopeAttributes: sortedPairs(scope.attributes),
    LogAttributes: sortedPairs(item.attributes),
    EventName: item.eventName,
    batch: '77',
  };
}

const timeOf = (item: LogRecord): bigint => (item.time === 0n ? item.observed : item.time);

const MAPS = ['ResourceAttributes', 'ScopeAttributes', 'LogAttributes'];
const SELECT = `* REPLACE (
  reinterpretAsInt64(Timestamp) AS Timestamp,
  ${MAPS.map((map) => `CAST(${map}, 'Array(Tuple(String, String))') AS ${map}`).join(', ')})`;

test('every field of generated log records comes back as the contrib exporter has it', () => {
  const seed = (Date.now() ^ process.pid) >>> 0;
  const samples = fc.sample(groups(logRecord), { numRuns: 150, seed });
  const encoder = new OtelLogsEncoder();
  const byDay = new Map<number, unknown[]>();
  for (const sample of samples) {
    encoder.append(request(sample, logBytes));
    for (const group of sample) {
      for (const scope of group.scopes) {
        for (const item of scope.items) {
          const day = Number(timeOf(item) / 86_400_000_000_000n) & 0xffff;
          const rows = byDay.get(day) ?? byDay.set(day, []).get(day)!;
          rows.push(expectedRow(group, scope, item));
        }
      }
    }
  }
  const blocks = encoder.seal({ table: 'ordered', batchId: 77n, batchColumn: 'batch' });
  for (const block of blocks) database.insert('otel', block);
  const stored = database.rows(`SELECT ${SELECT} FROM otel.ordered`);
  const expected = [...byDay].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
  assert.equal(stored.length, expected.length);
  assert.ok(stored.length > 100);
  for (const [index, row] of stored.entries()) {
    assert.deepEqual(row, expected[index], `seed ${seed}, row ${index}`);
  }
});

test('a block is one part of one partition, whatever the times', () => {
  const samples = fc.sample(groups(logRecord), { numRuns: 50, seed: 3 });
  const encoder = new OtelLogsEncoder();
  for (const sample of samples) encoder.append(request(sample, logBytes));
  const blocks = encoder.seal({ table: 'otel_logs', batchId: 1n, batchColumn: 'batch' });
  assert.ok(blocks.length > 2);
  for (const block of blocks) {
    database.run('TRUNCATE TABLE otel.otel_logs');
    database.insert('otel', block);
    const [parts] = database.rows(
      `SELECT count() AS parts, sum(rows) AS rows, any(partition) AS partition,
         toString(toDate(${block.day})) AS day
       FROM system.parts WHERE database = 'otel' AND table = 'otel_logs' AND active`,
    );
    assert.equal(Number(parts?.parts), 1);
    assert.equal(Number(parts?.rows), block.rows);
    assert.equal(parts?.partition, parts?.day);
  }
});

test('a body of ten megabytes and rows of many days in one batch', () => {
  const encoder = new OtelLogsEncoder();
  const text = 'x'.repeat(10_000_000);
  const [group] = fc.sample(groups(logRecord), { numRuns: 1, seed: 1 })[0]!;
  const record = fc.sample(logRecord, { numRuns: 1, seed: 1 })[0]!;
  const scope = { name: '', version: '', attributes: [], dropped: 0, url: '' };
  const day = 86_400_000_000_000n;
  const items = Array.from({ length: 40 }, (_, i) => ({
    ...record,
    time: 1_790_000_000_000_000_000n + BigInt(i) * day,
    body: { string: i === 0 ? text : 'short' },
  }));
  const one = { attributes: group?.attributes ?? [], url: '', scopes: [{ ...scope, items }] };
  encoder.append(request([one], logBytes));
  const blocks = encoder.seal({ table: 'otel_logs', batchId: 2n, batchColumn: 'batch' });
  assert.deepEqual([blocks.length, blocks[0]!.day, blocks[0]!.rows], [33, -1, 8]);
  database.run('TRUNCATE TABLE otel.otel_logs');
  for (const block of blocks) {
    database.insert('otel', block, 'SETTINGS max_partitions_per_insert_block = 0');
  }
  const [row] = database.rows(
    'SELECT count() AS n, max(length(Body)) AS longest FROM otel.otel_logs',
  );
  assert.deepEqual(row, { n: '40', longest: '10000000' });
});

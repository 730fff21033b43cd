import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metrics, Traces } from '../../pdata/batch.ts';
import { MetricsBuilder, TracesBuilder } from '../../pdata/builder.ts';
import { openTestDatabase } from '../../storage/schema/testing/chdb-client.ts';
import { rowsOf } from '../../storage/sql.ts';
import type { StoredSignal } from './schemas.ts';
import { failure, fakeForEach } from './testing/each.ts';
import { startedBackend } from './testing/started.ts';

const fake = fakeForEach();

const backendOf = <S extends StoredSignal>(signal: S, given: object = {}) =>
  startedBackend(signal, { endpoint: fake.url, ...given });

const foreignTables = { schema: 'otel', create_schema: false };
const DAY_NS = 86_400_000_000_000n;

/** A span of each of the last days. */
function spansOfDays(days: number): Traces {
  const now = BigInt(Date.now()) * 1_000_000n;
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': 'test' });
  builder.scope('testing');
  for (let day = 0; day < days; day++) {
    const startTimeUnixNano = now - BigInt(day) * DAY_NS;
    const ids = { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, day + 1) };
    builder.span({ ...ids, name: 's', startTimeUnixNano, endTimeUnixNano: startTimeUnixNano });
  }
  return builder.finish();
}

/** A point of a gauge and one of a sum. */
function gaugeAndSum(): Metrics {
  const builder = new MetricsBuilder();
  builder.resource({ 'service.name': 'test' });
  builder.scope('testing');
  const timeUnixNano = BigInt(Date.now()) * 1_000_000n;
  builder.metric('test.gauge', '1');
  builder.gauge();
  builder.numberPoint({ timeUnixNano, value: 1 });
  builder.metric('test.sum', '1');
  builder.sum(2, true);
  builder.numberPoint({ timeUnixNano, value: 1 });
  return builder.finish();
}

function progressed() {
  const progress = { arrived: 0, leftOut: 0, leftOutAs: '' };
  const about = { progress, previousUnknown: false, deadlineMs: Number.POSITIVE_INFINITY };
  return { progress, attempt: { ...about, number: 1 }, next: { ...about, number: 2 } };
}

const permanent = { code: 117, text: 'Incorrect data' };

test('what is stored of a batch that is given up counts as arrived', async () => {
  fake.server.columns = { Timestamp: 'DateTime64(9)', TraceId: 'String' };
  const backend = await backendOf('traces', foreignTables);
  const sealed = await backend.seal([spansOfDays(3)], Date.now());
  assert.equal(sealed.blocks.length, 3);
  const { progress, attempt } = progressed();
  fake.server.fates.push('stored', permanent, 'stored');
  const error = await failure(backend.send(sealed, attempt));
  assert.equal(error.retryable, false);
  assert.deepEqual([fake.server.rowsOf('otel_traces'), progress.arrived], [2, 2]);
  await backend.shutdown();
});

test('rows of dictionaries are no items that arrived', async () => {
  const backend = await backendOf('traces');
  const { progress, attempt } = progressed();
  fake.server.fates.push('stored', 'stored', 'stored', permanent);
  await failure(backend.send(await backend.seal([spansOfDays(1)], Date.now()), attempt));
  assert.deepEqual([fake.server.rowsOf('resources'), progress.arrived], [1, 0]);
  await backend.shutdown();
});

test('a refused table keeps those of other kinds of metrics not back', async () => {
  fake.server.columns = { TimeUnix: 'DateTime', MetricName: 'String', batch: 'UInt64' };
  const backend = await backendOf('metrics', foreignTables);
  const sealed = await backend.seal([gaugeAndSum()], Date.now());
  assert.deepEqual(
    sealed.blocks.map((block) => block.table),
    ['otel_metrics_gauge', 'otel_metrics_sum'],
  );
  const { progress, attempt, next } = progressed();
  fake.server.fates.push({ code: 16, text: 'No such column' });
  const error = await failure(backend.send(sealed, attempt));
  assert.deepEqual([error.retryable, progress.arrived], [true, 1]);
  assert.equal(fake.server.rowsOf('otel_metrics_sum'), 1);
  await backend.send(sealed, next);
  assert.deepEqual(
    [
      fake.server.rowsOf('otel_metrics_gauge'),
      fake.server.rowsOf('otel_metrics_sum'),
      progress.arrived,
    ],
    [1, 1, 2],
  );
  await backend.shutdown();
});

test('a server of any time zone finds the rows of a block by its day', async () => {
  fake.server.columns = { Timestamp: 'DateTime64(9)', TraceId: 'String', batch: 'UInt64' };
  const backend = await backendOf('traces', foreignTables);
  const { blocks } = await backend.seal([spansOfDays(1)], Date.now());
  const { day, dayExpression, verify } = blocks[0]!;
  assert.equal(verify, 'count');
  const database = await openTestDatabase();
  try {
    for (const hour of [0, 12, 23]) {
      const second = day * 86_400 + hour * 3_600;
      const sql = `SELECT ${dayExpression} = toDate(${day}) AS found
        FROM (SELECT fromUnixTimestamp64Second(toInt64(${second})) AS Timestamp)
        SETTINGS session_timezone = 'Asia/Tokyo'`;
      assert.deepEqual(await rowsOf(database.client, sql), [{ found: 1 }], `${hour} h`);
    }
  } finally {
    await database.close();
    await backend.shutdown();
  }
});

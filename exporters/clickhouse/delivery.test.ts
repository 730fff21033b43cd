import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Extension } from '../../component/extension.ts';
import type { Traces } from '../../pdata/batch.ts';
import { numberedSpans, range } from '../../testing/spans.ts';
import type { ClickHouseBackend } from './backend.ts';
import type { ClickHouseBatch } from './sealed-batch.ts';
import { failure, fakeForEach, first } from './testing/each.ts';
import { startedBackend } from './testing/started.ts';

const fake = fakeForEach();

function backendOf(given: object = {}, extensions?: ReadonlyMap<string, Extension>) {
  const where = 'engine' in given ? {} : { endpoint: fake.url };
  return startedBackend('traces', { ...where, ...given }, extensions);
}

const again = { ...first, number: 2 };
const afterRestart = { ...first, previousUnknown: true };

function spans(from: number, count: number): Traces {
  return numberedSpans(range(from, count));
}

async function sealedSpans(backend: ClickHouseBackend<'traces'>): Promise<ClickHouseBatch> {
  return backend.seal([spans(1, 5), spans(6, 5)], Date.now());
}

test('dictionary rows come before spans, one INSERT a block', async () => {
  const backend = await backendOf();
  const sealed = await sealedSpans(backend);
  assert.equal(sealed.itemCount, 10);
  await backend.send(sealed, first);
  const tables = fake.server.inserts.map((one) => one.table);
  assert.equal(tables.at(-1), 'spans');
  assert.deepEqual([...new Set(tables)], ['resources', 'scopes', 'operations', 'spans']);
  assert.equal(fake.server.rowsOf('spans'), 10);
  const second = await sealedSpans(backend);
  assert.ok(second.blocks.every((block) => block.table === 'spans'));
  assert.notEqual(second.batchId, sealed.batchId);
  await backend.shutdown();
});

const stored = { schema: 'smart' };

test('an insert that was stored without an answer is not sent again', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored', 'stored', 'stored', 'stored, no answer');
  const error = await failure(backend.send(sealed, first));
  assert.equal(error.retryable, true);
  assert.equal(error.unknownOutcome, true);
  await backend.send(sealed, { ...again, previousUnknown: true });
  assert.equal(fake.server.rowsOf('spans'), 10);
  assert.ok(
    fake.server.statements.some((sql) => sql.startsWith('KILL QUERY') && sql.endsWith('SYNC')),
  );
  await backend.shutdown();
});

test('an insert that was lost without an answer is sent again, byte for byte', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored', 'stored', 'stored', 'lost, no answer');
  await failure(backend.send(sealed, first));
  await backend.send(sealed, { ...again, previousUnknown: true });
  assert.equal(fake.server.rowsOf('spans'), 10);
  assert.equal(fake.server.inserts.filter((one) => one.table === 'resources').length, 1);
  await backend.shutdown();
});

test('rows of a half-done insert are removed before it is sent again', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored', 'stored', 'stored', 'half stored, no answer');
  await failure(backend.send(sealed, first));
  assert.equal(fake.server.rowsOf('spans'), 5);
  await backend.send(sealed, { ...again, previousUnknown: true });
  assert.equal(fake.server.rowsOf('spans'), 10);
  await backend.shutdown();
});

test('a batch whose outcome cannot be found out is kept, not dropped and not sent blindly', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored', 'stored', 'stored', 'stored, no answer');
  await failure(backend.send(sealed, first));
  fake.server.denied = /KILL QUERY/;
  const error = await failure(backend.send(sealed, { ...again, previousUnknown: true }));
  assert.equal(error.retryable, true);
  assert.equal(fake.server.rowsOf('spans'), 10);
  fake.server.denied = undefined;
  await backend.send(sealed, { ...again, previousUnknown: true });
  assert.equal(fake.server.rowsOf('spans'), 10);
  await backend.shutdown();
});

test('after a restart the sealed bytes are looked up first', async () => {
  for (const fate of ['stored, no answer', 'lost, no answer'] as const) {
    fake.server.inserts.length = 0;
    const before = await backendOf(stored);
    const sealed = await sealedSpans(before);
    fake.server.fates.push('stored', 'stored', 'stored', fate);
    await failure(before.send(sealed, first));
    const log = Buffer.concat(before.encode(sealed));
    const after = await backendOf(stored);
    const restored = after.decode(new Uint8Array(log));
    assert.deepEqual(
      restored.blocks,
      sealed.blocks.map((b) => ({ ...b, body: new Uint8Array(b.body) })),
    );
    await after.send(restored, afterRestart);
    assert.equal(fake.server.rowsOf('spans'), 10, fate);
    await before.shutdown();
    await after.shutdown();
  }
});

test('an answered error after the rows were stored does not store them twice', async () => {
  for (const code of [241, 319, 60, 0]) {
    fake.server.inserts.length = 0;
    const backend = await backendOf(stored);
    const sealed = await sealedSpans(backend);
    fake.server.fates.push('stored', 'stored', 'stored', { code, stored: true });
    assert.equal((await failure(backend.send(sealed, first))).retryable, true, `code ${code}`);
    await backend.send(sealed, again);
    assert.equal(fake.server.rowsOf('spans'), 10, `code ${code}`);
    await backend.shutdown();
  }
});

test('an attempt waits for the one before, which was given up but still runs', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored', 'stored', 'stored', { storedAfterMs: 100 });
  const given = backend.send(sealed, first);
  while (fake.server.fates.length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await backend.send(sealed, { ...again, previousUnknown: true });
  await given;
  assert.equal(fake.server.rowsOf('spans'), 10);
  await backend.shutdown();
});

test('nothing is sent after the time of an attempt is over', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  const error = await failure(backend.send(sealed, { ...first, deadlineMs: 0 }));
  assert.deepEqual([error.retryable, fake.server.inserts.length], [true, 0]);
  await backend.send(sealed, again);
  assert.equal(fake.server.rowsOf('spans'), 10);
  await backend.shutdown();
});

test('memory of a batch is not taken back twice when an attempt finds it delivered', async () => {
  const backend = await backendOf(stored);
  const large = () => backend.seal([spans(1, 20_000)], Date.now());
  const sealed = await large();
  await backend.send(sealed, first);
  const next = await large();
  const memory = new Set(next.blocks.map((block) => block.body.buffer));
  await backend.send(sealed, again);
  const third = await large();
  assert.ok(third.blocks.every((block) => !memory.has(block.body.buffer)));
  await backend.shutdown();
});

test('an engine that cannot end a statement costs no batch', async () => {
  const endQuery = () => Promise.reject(new Error('the engine is stopped'));
  const engine = { url: fake.url, username: 'default', password: 'secret', endQuery };
  const extension: Extension = {
    capabilities: { engine },
    start: async () => {},
    shutdown: async () => {},
  };
  const backend = await backendOf({ engine: 'e' }, new Map([['e', extension]]));
  const error = await failure(backend.send(await sealedSpans(backend), afterRestart));
  assert.equal(error.retryable, true);
  await backend.shutdown();
});

test('blocks that are done stay done when a later one is refused', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored', { code: 241 });
  const error = await failure(backend.send(sealed, first));
  assert.deepEqual([error.retryable, error.unknownOutcome], [true, false]);
  await backend.send(sealed, again);
  assert.deepEqual(
    fake.server.inserts.map((one) => one.table),
    ['resources', 'scopes', 'operations', 'spans'],
  );
  await backend.shutdown();
});

test('codes of ClickHouse are retried or not as their cause allows', async () => {
  const backend = await backendOf(stored);
  const cases: [number, string, boolean][] = [
    [241, 'Memory limit exceeded', true],
    [159, 'Timeout exceeded', true],
    [202, 'Too many simultaneous queries', true],
    [252, 'Too many parts (300). Merges are slower than inserts', true],
    [252, 'Too many partitions for single INSERT block (more than 100)', true],
    [60, 'Table does not exist', true],
    [81, 'Database does not exist', true],
    [16, 'No such column', true],
    [20, 'Number of columns does not match', true],
    [47, 'Unknown identifier', true],
    [50, 'Unknown type', true],
    [53, 'Type mismatch', true],
    [62, 'Syntax error', true],
    [70, 'Cannot convert type', true],
    [115, 'Unknown setting', true],
    [349, 'Cannot insert NULL', true],
    [452, 'Setting should not be changed', true],
    [497, 'Not enough privileges', true],
    [6, 'Cannot parse text', false],
    [27, 'Cannot parse input', false],
    [33, 'Cannot read all data', false],
    [117, 'Incorrect data', false],
    [516, 'Authentication failed', true],
    [999, 'Keeper exception', true],
  ];
  for (const [code, text, retryable] of cases) {
    const sealed = await sealedSpans(backend);
    fake.server.fates.push({ code, text });
    const error = await failure(backend.send(sealed, first));
    assert.equal(error.retryable, retryable, `${code} ${text}`);
    assert.match(error.message, new RegExp(`Code: ${code}`));
  }
  await backend.shutdown();
});

test('a server that is away is retried; a refused connection has a known outcome', async () => {
  const backend = await backendOf(stored);
  const sealed = await sealedSpans(backend);
  await fake.server.stop();
  // The first attempt finds a kept connection broken, which tells nothing; the second none at all.
  assert.equal((await failure(backend.send(sealed, first))).retryable, true);
  const error = await failure(backend.send(await sealedSpans(backend), first));
  assert.deepEqual([error.retryable, error.unknownOutcome], [true, false]);
  await backend.shutdown();
});

const otelColumns = {
  Timestamp: 'DateTime64(9)',
  TraceId: 'String',
  SpanName: 'LowCardinality(String)',
};

test('schema otel writes the columns that the table has and says: at least once', async () => {
  fake.server.columns = otelColumns;
  const backend = await backendOf({ schema: 'otel', create_schema: false });
  const sealed = await sealedSpans(backend);
  assert.deepEqual(sealed.blocks[0]!.columns, ['Timestamp', 'TraceId', 'SpanName']);
  assert.equal(sealed.blocks[0]!.verify, 'none');
  fake.server.fates.push('stored, no answer');
  await failure(backend.send(sealed, first));
  await backend.send(sealed, { ...again, previousUnknown: true });
  assert.equal(fake.server.rowsOf('otel_traces'), 20);
  await backend.shutdown();
});

test('a table with a batch column makes schema otel exact', async () => {
  fake.server.columns = { ...otelColumns, batch: 'UInt64' };
  const backend = await backendOf({ schema: 'otel', create_schema: false });
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored, no answer');
  await failure(backend.send(sealed, first));
  await backend.send(sealed, { ...again, previousUnknown: true });
  assert.equal(fake.server.rowsOf('otel_traces'), 10);
  await backend.shutdown();
});

test('tables with JSON columns are refused at start, by name', async () => {
  fake.server.columns = { ...otelColumns, SpanAttributes: 'JSON' };
  await assert.rejects(
    backendOf({ schema: 'otel', create_schema: false }),
    /column SpanAttributes/,
  );
});

test('an engine extension is used through its own endpoint and ends statements itself', async () => {
  const ended: string[] = [];
  const engine = {
    url: fake.url,
    username: 'default',
    password: 'secret',
    endQuery: async (queryId: string) => void ended.push(queryId),
  };
  const extension: Extension = {
    capabilities: { engine },
    start: async () => {},
    shutdown: async () => {},
  };
  const backend = await backendOf({ engine: 'e' }, new Map([['e', extension]]));
  const sealed = await sealedSpans(backend);
  fake.server.fates.push('stored', 'stored', 'stored', 'lost, no answer');
  await failure(backend.send(sealed, first));
  await backend.send(sealed, { ...again, previousUnknown: true });
  assert.equal(ended.length, 1);
  assert.equal(fake.server.rowsOf('spans'), 10);
  await backend.shutdown();
});

test('an engine that is not there is named', async () => {
  await assert.rejects(
    backendOf({ engine: 'embedded_clickhouse' }),
    /engine "embedded_clickhouse"/,
  );
});

test('compressed blocks arrive as their encoding says', async () => {
  for (const compress of ['lz4', 'zstd', 'gzip', 'deflate', 'br'] as const) {
    const backend = await backendOf({ compress });
    const sealed = await sealedSpans(backend);
    assert.ok(sealed.blocks.every((block) => block.compression === compress));
    const plain = await sealedSpans(await backendOf({ compress: 'none' }));
    assert.ok(sealed.byteLength < plain.byteLength * 1.2);
    await backend.shutdown();
  }
});

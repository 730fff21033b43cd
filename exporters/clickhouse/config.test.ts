import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { configSchema } from './config.ts';
import { withBatching } from './defaults.ts';
import { decodeBatch, encodeBatch, newBatch } from './sealed-batch.ts';

function faults(given: unknown): string {
  const result = configSchema.safeParse(given);
  assert.equal(result.success, false);
  return result.error.issues
    .map((issue) => `${issue.path.join('::')}: ${issue.message}`)
    .join('\n');
}

test('defaults are those of the contrib exporter where the keys are', () => {
  const config = configSchema.parse({ endpoint: 'http://localhost:8123' });
  assert.equal(config.database, 'default');
  assert.equal(config.schema, 'smart');
  assert.equal(config.timeout, 5000);
  assert.equal(config.ttl, undefined);
  assert.equal(config.create_schema, true);
  assert.equal(config.traces_table_name, 'otel_traces');
  assert.equal(config.metrics_tables.exponential_histogram.name, 'otel_metrics_exp_histogram');
  assert.deepEqual(config.table_engine, { name: 'MergeTree', params: '' });
  assert.equal(configSchema.parse({ endpoint: 'http://h', compress: true }).compress, 'lz4');
});

test('what cannot work is refused with the reason', () => {
  assert.match(faults({}), /endpoint must be specified/);
  assert.match(faults({ endpoint: 'localhost:8123' }), /endpoint must be url format/);
  assert.match(faults({ endpoint: 'tcp://host:9000' }), /HTTP port instead/);
  assert.match(faults({ endpoint: 'clickhouse://host:9000' }), /HTTP port instead/);
  assert.match(faults({ endpoint: 'http://a:1,http://b:1' }), /one host only/);
  assert.match(faults({ endpoint: 'ftp://host' }), /must be http or https/);
  assert.match(faults({ endpoint: 'http://h', engine: 'e' }), /cannot both be given/);
  assert.match(faults({ endpoint: 'http://h', async_insert: true }), /async_insert/);
  assert.match(faults({ endpoint: 'http://h', ttl: '1500ms' }), /whole seconds/);
});

test('a queue without batching gets that of ClickHouse, one with batching keeps its own', () => {
  const config = configSchema.parse({ endpoint: 'http://h' });
  assert.equal(withBatching(config).sending_queue?.batch?.min_size, 100_000);
  const own = configSchema.parse({
    endpoint: 'http://h',
    sending_queue: { batch: { min_size: 10 } },
  });
  assert.equal(withBatching(own).sending_queue?.batch?.min_size, 10);
});

const plain = { noNullPrototype: true };
const blockShape = {
  table: fc.string(),
  day: fc.integer({ min: -1, max: 65_535 }),
  dayExpression: fc.string(),
  rows: fc.nat(),
  columns: fc.array(fc.string()),
  compression: fc.constantFrom('none', 'lz4'),
  verify: fc.constantFrom('count', 'none'),
  body: fc.uint8Array(),
};
const block = fc.record(blockShape, plain);

test('a sealed batch is read back from its bytes', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.array(block, { maxLength: 4 }),
      fc.array(fc.string()),
      (id, blocks, keys) => {
        const batch = newBatch(id, 3, blocks, keys);
        const bytes = new Uint8Array(Buffer.concat(encodeBatch(batch)));
        assert.deepEqual(decodeBatch(bytes), batch);
      },
    ),
    { numRuns: 100 },
  );
});

test('bytes that are no sealed batch are refused', () => {
  const bytes = new Uint8Array(Buffer.concat(encodeBatch(newBatch(1n, 0, [], []))));
  assert.throws(() => decodeBatch(bytes.subarray(0, bytes.length - 1)), /cut off/);
  assert.throws(() => decodeBatch(new Uint8Array(4)), /does not begin/);
  assert.throws(() => decodeBatch(new Uint8Array([...bytes, 0])), /header says/);
});

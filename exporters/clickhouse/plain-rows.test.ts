/** Remote write requests as rows at once, and by OTLP: the same rows in every table. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { loadRemoteWrite } from '../../native/remote-write.ts';
import { inForm, storedForm } from '../../pdata/form-batch.ts';
import { Source } from '../../pipeline/remote-write/source.ts';
import { migrate, readIdKey } from '../../storage/schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/schema/testing/chdb-client.ts';
import { quoteName } from '../../storage/sql.ts';
import { testSettings } from '../../testing/settings.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartMetricsEncoder } from '../../wire/clickhouse/smart-metrics/encoder.ts';
import { readStoredRows } from '../../wire/clickhouse/smart-metrics/stored-rows.ts';
import { plainForm } from '../../wire/prometheus/remote-write/plain.ts';
import type { Version } from '../../wire/prometheus/remote-write/read.ts';
import {
  message1,
  message2,
  staleBits,
  type TestFamily,
  type TestSeries,
} from '../../wire/prometheus/testing/message.ts';
import { PlainRows } from './plain-rows.ts';

const addon = loadRemoteWrite();
const skip = addon === undefined ? 'the addon is not built' : false;
const NOW_S = 1_790_000_000;
const NOW_MS = NOW_S * 1000;
const names = ['metric_series', 'metric_samples', 'metric_histograms', 'metric_exemplars'] as const;
const columns: Readonly<Record<string, string>> = {
  resources: '* EXCEPT first_seen',
  scopes: '*',
};

let database: TestDatabase;
let key: Uint8Array;

before(async () => {
  database = await openTestDatabase();
  for (const name of ['fast', 'slow'])
    await migrate(database.client, { database: name, ttlDays: 0 });
  key = await readIdKey(database.client, { database: 'fast' });
});

after(() => database.close());

/** Both ways from request to blocks. */
class Way {
  readonly fast: boolean;
  readonly source = new Source(testSettings().random);
  readonly written = new WrittenRows();
  readonly encoder: SmartMetricsEncoder;
  readonly rows: PlainRows;
  /** Requests that were taken as they came. */
  plain = 0;

  constructor(fast: boolean, id: Uint8Array) {
    this.fast = fast;
    this.encoder = new SmartMetricsEncoder(id, this.written);
    this.rows = new PlainRows(addon!, this.encoder);
  }

  take(message: Buffer, version: Version): void {
    const batch = this.fast ? this.source.read(compressSync(message), version, 1 << 24) : undefined;
    if (batch === undefined) {
      const { request } = this.source.readAny(message, version);
      const converted = this.source.toOtlp(request, version, 1e9, { asSent: true });
      for (const range of converted.batch?.ranges() ?? []) this.encoder.append(range, NOW_S);
      return;
    }
    assert.ok(inForm(batch, plainForm) !== undefined);
    this.plain++;
    const stored = inForm<Uint8Array>(this.rows.own(batch, NOW_MS), storedForm)!;
    this.encoder.appendStored(Buffer.from(stored));
  }

  seal(delivered: boolean): readonly Block[] {
    const { blocks, dictionaryKeys } = this.encoder.seal(1n);
    if (delivered) this.written.add(dictionaryKeys);
    return blocks;
  }
}

async function insert(name: string, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    const list = block.columns.map(quoteName).join(', ');
    const into = `${name}.${block.table} (${list})`;
    await database.client.insert(`INSERT INTO ${into} FORMAT Native`, [block.body]);
  }
}

async function tables(name: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of [...names, 'resources', 'scopes']) {
    const what = columns[table] ?? '*';
    const sql = `SELECT ${what} FROM ${name}.${table} FINAL ORDER BY ALL FORMAT JSONCompactEachRow`;
    found[table] = (await database.client.query(sql)).toString().trim().split('\n');
  }
  return found;
}

const value = fc.oneof(
  fc.integer({ min: -5, max: 1_000_000 }),
  fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 100),
  fc.double(),
  fc.constantFrom(staleBits, Number.NaN, 1 / 3),
);
const time = fc.oneof(
  fc.integer({ min: NOW_MS - 3_600_000, max: NOW_MS }),
  // the day before, and times that no partition is made for
  fc.constantFrom(NOW_MS - 80_000_000, NOW_MS - 90_000_000, 5, NOW_MS + 7_200_000),
);
const sample = fc.oneof(
  { weight: 9, arbitrary: fc.record({ value, time }) },
  { weight: 1, arbitrary: fc.record({ value, time, start: fc.constant(NOW_MS - 4_000_000) }) },
);
const label = fc.constantFrom('x', 'y', 'é', '0.5', '+Inf');
/** Few label sets, so that they come again. */
const series: fc.Arbitrary<TestSeries> = fc
  .record({
    name: fc.constantFrom('c_total', 'g', 'h_bucket', 'h_sum', 'h_count', 'q'),
    job: fc.constantFrom(undefined, 'shop', 'shop/cart'),
    instance: fc.constantFrom(undefined, 'a:1', 'b:1'),
    scope: fc.constantFrom(undefined, undefined, 'lib'),
    typed: fc.constantFrom(undefined, undefined, 'counter'),
    more: fc.constantFrom(undefined, 'le', 'zone'),
    label,
    samples: fc.array(sample, { maxLength: 3 }),
    odd: fc.nat(40),
    type: fc.nat(7),
  })
  .map((one): TestSeries => {
    const labels: [string, string][] = [];
    const put = (name: string, given: string | undefined): void => {
      if (given !== undefined) labels.push([name, given]);
    };
    put('__name__', one.odd === 2 ? 'target_info' : one.name);
    put('__type__', one.typed);
    put('instance', one.instance);
    put('job', one.job);
    if (one.more === 'le') put('le', one.label);
    put('otel_scope_name', one.scope);
    if (one.more === 'zone') put('zone', one.label);
    const exemplar = { labels: { trace_id: 'ab'.repeat(16) }, value: 2, time: NOW_MS };
    const native = { count: 1, sum: 1, schema: 0, zeroCount: 1, time: NOW_MS };
    return {
      labels,
      samples: one.samples,
      type: one.type,
      unit: 'seconds',
      ...(one.odd === 0 ? { exemplars: [exemplar] } : {}),
      ...(one.odd === 1 ? { histograms: [native] } : {}),
    };
  });
const family: fc.Arbitrary<TestFamily> = fc.record({
  name: fc.constantFrom('c', 'g', 'h', 'q', 'c_total'),
  type: fc.nat(6),
  help: fc.constantFrom('', 'Says what it is.'),
});
const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      series: fc.array(series, { minLength: 1, maxLength: 6 }),
      version: fc.constantFrom<Version>(1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ families: fc.array(family, { maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ delivered: fc.boolean() }) },
);

test('the same rows as by OTLP', { skip }, async () => {
  const ways = [new Way(true, key), new Way(false, key)] as const;
  const steps = fc.sample(step, { numRuns: 600, seed: 11 });
  for (const way of ways) {
    const name = way.fast ? 'fast' : 'slow';
    for (const one of steps) {
      if ('families' in one) way.take(message1([], one.families), 1);
      else if ('series' in one) {
        way.take(one.version === 1 ? message1(one.series) : message2(one.series), one.version);
      } else await insert(name, way.seal(one.delivered));
    }
    await insert(name, way.seal(true));
  }
  assert.ok(ways[0].plain > 300, `${ways[0].plain} plain requests`);
  const [fast, slow] = [await tables('fast'), await tables('slow')];
  for (const table of Object.keys(slow)) assert.deepEqual(fast[table], slow[table], table);
  assert.ok(slow.metric_samples!.length > 1000 && slow.metric_series!.length > 50);
});

const up = (instance: string, at = NOW_MS): TestSeries => ({
  labels: { __name__: 'up', instance, job: 'shop' },
  samples: [
    { value: 1, time: at },
    { value: 2, time: at + 1 },
  ],
});

/** What waits of a request. */
function stored(way: Way, message: Buffer) {
  const batch = way.source.read(compressSync(message), 1, 1 << 24)!;
  const bytes = inForm<Uint8Array>(way.rows.own(batch, NOW_MS), storedForm)!;
  return { bytes, ...readStoredRows(bytes) };
}

test('a series is told of once, and again when that was lost', { skip }, () => {
  const way = new Way(true, key);
  const first = stored(way, message1([up('a'), up('b')]));
  assert.deepEqual([first.rows, first.declared.length > 0, first.otlp.length], [4, true, 0]);
  const second = stored(way, message1([up('a'), up('c')]));
  assert.ok(second.declared.length > 0 && second.declared.length < first.declared.length);
  assert.equal(stored(way, message1([up('c'), up('b')])).declared.length, 0);

  way.encoder.forgetPromises();
  const third = stored(way, message1([up('a'), up('b')]));
  assert.equal(third.declared.length, first.declared.length);
  way.encoder.appendStored(third.bytes);
  const tablesOf = (blocks: readonly Block[]) => blocks.map(({ table, rows }) => [table, rows]);
  const blocks = way.seal(true);
  assert.deepEqual(
    tablesOf(blocks).filter(([table]) => String(table).startsWith('metric_')),
    [
      ['metric_series', 2],
      ['metric_samples', 4],
    ],
  );
  // what is stored is not written again, though it is told of
  way.encoder.forgetPromises();
  way.encoder.appendStored(stored(way, message1([up('a')])).bytes);
  assert.deepEqual(tablesOf(way.seal(true)), [['metric_samples', 2]]);
});

test('what is remembered of families changes what a series is', { skip }, () => {
  const way = new Way(true, key);
  stored(way, message1([up('a')]));
  way.take(message1([], [{ name: 'up', type: 2 }]), 1);
  assert.ok(stored(way, message1([up('a')])).declared.length > 0);
  way.take(message1([], [{ name: 'up', type: 2 }]), 1);
  assert.equal(stored(way, message1([up('a')])).declared.length, 0);
});

test('a stored series is told of again when its type comes, and once', { skip }, () => {
  const way = new Way(true, key);
  const rowsOf = (): number => {
    way.encoder.appendStored(stored(way, message1([up('a')])).bytes);
    return way.seal(true).find(({ table }) => table === 'metric_series')?.rows ?? 0;
  };
  assert.deepEqual([rowsOf(), rowsOf()], [1, 0]);
  way.take(message1([], [{ name: 'up', type: 2 }]), 1);
  assert.deepEqual([rowsOf(), rowsOf()], [1, 0]);
});

test('samples of another day go by OTLP', { skip }, () => {
  const way = new Way(true, key);
  const both = stored(way, message1([up('a'), up('b', NOW_MS - 80_000_000)]));
  assert.deepEqual([both.rows, both.otlp.length > 0], [2, true]);
});

test('bytes that are no rows are refused', { skip }, () => {
  const way = new Way(true, key);
  const { bytes } = stored(way, message1([up('a')]));
  for (const broken of [bytes.subarray(1), bytes.subarray(0, -1), new Uint8Array(3)]) {
    assert.throws(() => way.encoder.appendStored(broken), /cannot read stored rows/);
  }
});

test('rows with the ids of another key are not taken', { skip }, () => {
  const way = new Way(true, key);
  const { bytes } = stored(way, message1([up('a')]));
  const other = new Way(
    true,
    key.map((byte) => byte ^ 1),
  );
  assert.equal(other.encoder.appendStored(bytes), false);
  assert.deepEqual(other.seal(true), []);
  assert.equal(new Way(true, key).encoder.appendStored(bytes), true);
  const earlier = Buffer.from(bytes);
  earlier.writeUInt32LE(0, 28); // earlier versions did not say whose ids they are
  assert.equal(other.encoder.appendStored(earlier), true);
});

test('requests that Prometheus sent', { skip }, () => {
  for (const version of [1, 2] as const) {
    const path = `../../wire/prometheus/testdata/prometheus-${version}.bin`;
    const message = readFileSync(new URL(path, import.meta.url));
    const ways = [new Way(true, key), new Way(false, key)].map((way) => {
      way.take(message, version);
      return way.seal(true).map(({ table, rows }) => [table, rows]);
    });
    assert.deepEqual(ways[0], ways[1]);
  }
});

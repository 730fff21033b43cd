import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequest } from '../pdata/parse.ts';
import { mutate, randomRequest } from '../pdata/testing/random-request.ts';
import { WireError } from '../pdata/wire-error.ts';
import { OtelLogsEncoder } from '../wire/clickhouse/otel/logs.ts';
import { metricKinds, OtelMetricsEncoder } from '../wire/clickhouse/otel/metrics.ts';
import { OtelTracesEncoder } from '../wire/clickhouse/otel/traces.ts';
import { loadColumns, NativeMetricsEncoder, NativeOtelEncoder } from './columns.ts';

const addon = loadColumns();
const skip = addon === undefined ? 'native/build/columns.node is not there' : false;

/** Requests with broken bytes that the structural pass lets through; the rest is refused. */
function* survivors(signal: 'traces' | 'logs' | 'metrics', runs: number): Generator<Uint8Array> {
  for (let seed = 1; seed <= runs; seed++) {
    const whole = randomRequest(signal, seed, { unknown: seed % 2 === 0, wild: seed % 3 === 0 });
    let ranges: readonly Uint8Array[];
    try {
      ranges = parseRequest(signal, mutate(whole, seed)).ranges();
    } catch (error) {
      assert.ok(error instanceof WireError, String(error));
      continue;
    }
    yield* ranges;
  }
}

const options = { table: 't', batchId: 1n };

function text(blocks: readonly { readonly body: Uint8Array }[]): string[] {
  return blocks.map(({ body }) => Buffer.from(body).toString('latin1'));
}

for (const signal of ['traces', 'logs'] as const) {
  test(`${signal} with broken bytes: refused, or the same blocks as the twin`, { skip }, () => {
    const plain = signal === 'traces' ? new OtelTracesEncoder() : new OtelLogsEncoder();
    const fast = new NativeOtelEncoder(addon!, signal);
    let count = 0;
    for (const range of survivors(signal, 3000)) {
      count++;
      plain.append(range);
      fast.append(range);
      assert.equal(fast.rows, plain.rows);
      assert.deepEqual(text(fast.seal(options)), text(plain.seal(options)));
    }
    assert.ok(count > 100, `${count} of 3000 passed`);
  });
}

test('metrics with broken bytes: refused, or the same blocks as the twin', { skip }, () => {
  const times = Object.fromEntries(metricKinds.map((kind) => [kind, 'DateTime64(9)'])) as Record<
    (typeof metricKinds)[number],
    'DateTime64(9)'
  >;
  const plain = new OtelMetricsEncoder(times);
  const fast = new NativeMetricsEncoder(addon!, times);
  let count = 0;
  for (const range of survivors('metrics', 3000)) {
    count++;
    plain.append(range);
    fast.append(range);
    for (const kind of metricKinds) {
      assert.deepEqual(text(fast.seal(kind, options)), text(plain.seal(kind, options)));
    }
  }
  assert.ok(count > 100, `${count} of 3000 passed`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleBatch } from '../testing/spans.ts';
import type { Batch, Logs, Metrics, Traces } from './batch.ts';
import { parseRequest } from './parse.ts';
import type { MessageView } from './readers.ts';
import { LogReader, MetricReader, SpanReader } from './readers.ts';
import { selectItems } from './select.ts';
import type { Signal } from './signal.ts';
import { randomOf, randomRequest } from './testing/random-request.ts';

const hex = ({ bytes, start, end }: MessageView) =>
  Buffer.from(bytes.subarray(start, end)).toString('hex');

/** Each item with what holds it. */
function items(batch: Batch<Signal>): string[] {
  const reader =
    batch.signal === 'traces'
      ? new SpanReader(batch as Traces)
      : batch.signal === 'logs'
        ? new LogReader(batch as Logs)
        : new MetricReader(batch as Metrics);
  const out: string[] = [];
  while (reader.nextAnyItem()) {
    const metric = reader instanceof MetricReader ? `${reader.name} ${reader.dataKind}` : '';
    out.push([hex(reader.resource), hex(reader.scope), metric, hex(reader.item)].join(' '));
  }
  return out;
}

test('what is kept is what was asked for, as it was', () => {
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    for (let seed = 1; seed < 150; seed += 1) {
      const bytes = randomRequest(signal, seed, { unknown: seed % 2 === 0, wild: seed % 3 === 0 });
      const batch = parseRequest(signal, bytes);
      const random = randomOf(seed);
      const keep = Uint8Array.from({ length: batch.itemCount }, () => random(3) && 1);
      const all = items(batch);
      const selected = selectItems<Signal>(batch, keep);
      const expected = all.filter((_, i) => keep[i] !== 0);
      assert.deepEqual(
        selected === undefined ? [] : items(selected),
        expected,
        `${signal} ${seed}`,
      );
      if (selected === undefined) continue;
      assert.equal(selected.itemCount, expected.length);
      const again = parseRequest(signal, Buffer.concat(selected.ranges()));
      assert.deepEqual(items(again), expected, `${signal} ${seed}: read again`);
    }
  }
});

test('all items are the batch itself, none is nothing', () => {
  const batch = sampleBatch('logs', 4);
  assert.equal(selectItems(batch, new Uint8Array(batch.itemCount).fill(1)), batch);
  assert.equal(selectItems(batch, new Uint8Array(batch.itemCount)), undefined);
});

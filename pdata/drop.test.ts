import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch, Logs, Metrics, Traces } from './batch.ts';
import { Drops, withoutDrops } from './drop.ts';
import { parseRequest } from './parse.ts';
import { LogReader, MessageView, MetricReader, SpanReader } from './readers.ts';
import type { Signal } from './signal.ts';
import { randomOf, randomRequest } from './testing/random-request.ts';

const hex = ({ bytes, start, end }: MessageView) =>
  Buffer.from(bytes.subarray(start, end)).toString('hex');

function readerOf(batch: Batch<Signal>): SpanReader | LogReader | MetricReader {
  if (batch.signal === 'traces') return new SpanReader(batch as Traces);
  if (batch.signal === 'logs') return new LogReader(batch as Logs);
  return new MetricReader(batch as Metrics);
}

function items(batch: Batch<Signal>): string[] {
  const reader = readerOf(batch);
  const out: string[] = [];
  while (reader.nextAnyItem()) {
    out.push([reader.resource, reader.scope, reader.item].map(hex).join(' '));
  }
  return out;
}

function random(signal: 'traces' | 'logs' | 'metrics', seed: number): Batch<Signal> {
  return parseRequest(
    signal,
    randomRequest(signal, seed, { unknown: seed % 2 === 0, wild: seed % 3 === 0 }),
  ) as Batch<Signal>;
}

test('what is dropped is gone, all else is as it was', () => {
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    for (let seed = 1; seed < 150; seed += 1) {
      const batch = random(signal, seed);
      const draw = randomOf(seed);
      const keep = Uint8Array.from({ length: batch.itemCount }, () => draw(3) && 1);
      const drops = new Drops(batch);
      const reader = readerOf(batch);
      for (let i = 0; reader.nextAnyItem(); i += 1) if (keep[i] === 0) drops.drop(reader.item);
      const out = withoutDrops(batch, drops);
      const left = items(batch).filter((_, i) => keep[i] !== 0);
      assert.deepEqual(out === undefined ? [] : items(out), left, `${signal} ${seed}`);
      if (out === undefined) continue;
      assert.equal(out.itemCount, left.length);
      const again = parseRequest(signal, Buffer.concat(out.ranges())) as Batch<Signal>;
      assert.deepEqual(items(again), left, `${signal} ${seed}: read again`);
    }
  }
});

test('nothing dropped is the batch itself; whole groups go with what they hold', () => {
  for (let seed = 1; seed < 60; seed += 1) {
    const batch = random('logs', seed);
    assert.equal(withoutDrops(batch, new Drops(batch)), batch);
    const drops = new Drops(batch);
    const reader = readerOf(batch);
    const group = new MessageView();
    const expected: string[] = [];
    for (let i = 0; reader.nextResource(); i += 1) {
      if (i % 2 === 0) {
        reader.bindResourceGroup(group);
        drops.drop(group);
        continue;
      }
      while (reader.nextScope()) {
        while (reader.nextItem()) {
          expected.push([reader.resource, reader.scope, reader.item].map(hex).join(' '));
        }
      }
    }
    const out = withoutDrops(batch, drops);
    assert.deepEqual(out === undefined ? [] : items(out), expected);
  }
});

test('replaced spans stand where the old ones stood', () => {
  for (let seed = 1; seed < 100; seed += 1) {
    const batch = random('traces', seed);
    const draw = randomOf(seed);
    const drops = new Drops(batch);
    const reader = new SpanReader(batch as Traces);
    const expected: string[] = [];
    while (reader.nextAnyItem()) {
      const { item } = reader;
      const before = [reader.resource, reader.scope].map(hex).join(' ');
      if (draw(2) === 0) {
        expected.push(`${before} ${hex(item)}`);
        continue;
      }
      const name = Buffer.from(`new ${expected.length} ${'x'.repeat(draw(300))}`);
      const start = drops.replacements.length;
      const body = Buffer.concat([Buffer.from([0x2a, ...varint(name.length)]), name]);
      drops.replacements.raw(Buffer.concat([Buffer.from([0x12, ...varint(body.length)]), body]));
      drops.replace(item, start, drops.replacements.length);
      expected.push(`${before} ${body.toString('hex')}`);
    }
    const out = withoutDrops(batch, drops);
    if (expected.length === 0) continue;
    const again = parseRequest('traces', Buffer.concat(out!.ranges())) as Batch<Signal>;
    assert.deepEqual(items(again), expected, `${seed}`);
  }
});

function varint(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)];
}

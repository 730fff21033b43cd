import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tagShard, tagShards } from '../schema/spans.ts';
import { readAhead } from './read-ahead.ts';
import type { TraceQuery, TraceReader } from './reader.ts';

/** Answer of a server about its parts: first and last bucket, rows. */
function partsAnswer(parts: readonly (readonly [number, number, bigint])[]): Uint8Array {
  const bytes = Buffer.alloc(parts.length * 16);
  parts.forEach(([first, last, rows], i) => {
    bytes.writeUInt32LE(first, i * 16);
    bytes.writeUInt32LE(last, i * 16 + 4);
    bytes.writeBigUInt64LE(rows, i * 16 + 8);
  });
  return bytes;
}

function rig(parts: readonly (readonly [number, number, bigint])[], stepMs = 0) {
  let ms = 0;
  const searches: TraceQuery[] = [];
  const read: string[] = [];
  const reader: Partial<TraceReader> = {
    findTraces: async (query) => {
      ms += stepMs;
      searches.push(query);
      const ids = query.tags === undefined ? ['a', 'b'] : [];
      return { traces: ids.map((traceId) => ({ traceId }) as never), truncated: false };
    },
    getTraces: async (ids) => {
      read.push(...ids);
      return [];
    },
  };
  const client = { query: async () => partsAnswer(parts) };
  const options = { client: client as never, database: 'd', now: () => ms };
  return { reader: reader as TraceReader, options, searches, read };
}

test('a search through each filter and the newest traces, over the newest parts', async () => {
  const { reader, options, searches, read } = rig([
    [100, 200, 30_000_000n],
    [201, 300, 30_000_000n],
    [301, 302, 5n],
  ]);
  await readAhead(reader, options);
  assert.deepEqual(read, ['a', 'b']);
  const shards = searches.flatMap(({ tags = [] }) => tags.map(([key]) => tagShard(key)));
  assert.deepEqual(
    shards.toSorted(),
    Array.from({ length: tagShards }, (_, i) => i),
  );
  for (const { startMinNs, startMaxNs } of searches) {
    assert.equal(startMinNs, 201_000_000_000n);
    assert.equal(startMaxNs, 362_000_000_000n);
  }
});

test('an empty store is not asked; a slow one not for long; faults are nobody’s', async () => {
  const empty = rig([]);
  await readAhead(empty.reader, empty.options);
  assert.equal(empty.searches.length, 0);
  const slow = rig([[0, 1, 1n]], 1_000);
  await readAhead(slow.reader, slow.options);
  assert.equal(slow.searches.length, 3);
  const broken = rig([[0, 1, 1n]]);
  const failing = { ...broken.reader, findTraces: () => Promise.reject(new Error('down')) };
  await readAhead(failing, broken.options);
});

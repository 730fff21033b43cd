import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Batch } from './batch.ts';
import { toJson } from './json.ts';
import { mergeBatches } from './merge.ts';
import { parseRequest } from './parse.ts';
import { type Signal, signals } from './signal.ts';
import { randomRequest } from './testing/random-request.ts';
import { resolvedProfiles } from './testing/resolved-profiles.ts';

const usual = { unknown: false, wild: false };
const odd = { unknown: true, wild: true };
const flat = ['traces', 'logs', 'metrics'] as const;

type Json = { [key: string]: Json | Json[] | string | number | boolean };

const scopesKey = /^scope(Spans|Logs|Metrics|Profiles)$/;
const itemsKey = /^(spans|logRecords|metrics|profiles)$/;
const pointsKey = /^(dataPoints|samples)$/;

function groupsOf(batch: Batch<Signal>): Json[] {
  if (batch.signal === 'profiles') return resolvedProfiles(batch as Batch<'profiles'>) as Json[];
  return [Object.values(JSON.parse(toJson(batch)) as Json)[0]].flat() as Json[];
}

/** Every unit of a batch with all that surrounds it, in order: what a split must keep. */
function units(batch: Batch<Signal>): string[] {
  const out: string[] = [];
  const visit = (node: Json, around: string): void => {
    const list = Object.keys(node).find(
      (key) => scopesKey.test(key) || itemsKey.test(key) || pointsKey.test(key),
    );
    const data = Object.keys(node).find((key) =>
      /^(gauge|sum|histogram|exponentialHistogram|summary)$/.test(key),
    );
    const key = list ?? (data !== undefined && typeof node[data] === 'object' ? data : undefined);
    const inside = key === undefined ? [] : ([node[key]].flat() as Json[]);
    const rest = Object.entries(node).filter(([name]) => name !== key);
    const here = `${around}/${JSON.stringify(rest)}${key ?? ''}`;
    if (inside.length === 0) out.push(here);
    for (const child of inside) visit(child, here);
  };
  for (const group of groupsOf(batch)) visit(group, '');
  return out;
}

function itemsOf<S extends Signal>(batch: Batch<S>): number {
  return batch
    .ranges()
    .reduce((sum, range) => sum + parseRequest(batch.signal, range).itemCount, 0);
}

describe('batch', () => {
  it('splits by items and keeps every item with its surroundings', () => {
    let pieces = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...signals),
        fc.array(fc.integer(), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 20 }),
        (signal, seeds, maxItems) => {
          const parts = seeds.map((seed) => parseRequest(signal, randomRequest(signal, seed, odd)));
          const batch: Batch<Signal> = mergeBatches(parts);
          const split = batch.split({ maxItems });
          pieces += split.length;
          for (const piece of split) {
            assert.ok(piece.itemCount <= maxItems);
            assert.equal(itemsOf(piece), piece.itemCount);
          }
          for (const piece of split.slice(0, -1)) assert.ok(piece.itemCount > 0 || maxItems === 1);
          assert.deepEqual(split.flatMap(units), units(batch));
        },
      ),
      { numRuns: 400 },
    );
    assert.ok(pieces > 600, `only ${pieces} pieces`);
  });

  it('splits by bytes: within the limit, unless one unit is larger', () => {
    let larger = 0;
    let pieces = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...flat),
        fc.array(fc.integer(), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 600, max: 6000 }),
        (signal, seeds, maxBytes) => {
          const batch: Batch<Signal> = mergeBatches(
            seeds.map((seed) => parseRequest(signal, randomRequest(signal, seed, odd))),
          );
          const split = batch.split({ maxBytes });
          for (const piece of split) {
            pieces += 1;
            if (piece.byteLength <= maxBytes) continue;
            assert.equal(units(piece).length, 1);
            larger += 1;
          }
          assert.deepEqual(split.flatMap(units), units(batch));
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(larger < pieces / 2 && pieces > 300, `${larger} of ${pieces} are larger`);
  });

  it('is itself when it fits, and gives full pieces of one request', () => {
    const bytes = randomRequest('traces', 6, usual);
    const batch = parseRequest('traces', bytes);
    assert.deepEqual(batch.split({ maxItems: batch.itemCount }), [batch]);
    const merged = mergeBatches(Array.from({ length: 50 }, () => batch));
    const max = batch.itemCount * 7 + 1;
    const split = merged.split({ maxItems: max });
    for (const piece of split.slice(0, -1)) assert.equal(piece.itemCount, max);
    assert.throws(() => batch.split({ maxItems: 0 }), /BUG/);
  });

  it('merges by joining the lists of ranges', () => {
    const [a, b] = [1, 2].map((seed) => parseRequest('logs', randomRequest('logs', seed, usual)));
    const merged = mergeBatches([a!, b!]);
    assert.deepEqual(merged.ranges(), [a!.ranges()[0], b!.ranges()[0]]);
    assert.equal(merged.itemCount, a!.itemCount + b!.itemCount);
    const joined = Buffer.concat(merged.ranges());
    assert.equal(toJson(parseRequest('logs', joined)), toJson(merged));
    assert.equal(mergeBatches([a!]), a);
  });

  it('detaches into a buffer of its own', () => {
    const pool = new Uint8Array(100_000);
    const bytes = randomRequest('metrics', 3, usual);
    pool.set(bytes, 500);
    const batch = parseRequest('metrics', pool.subarray(500, 500 + bytes.length));
    assert.equal(batch.backingBytes, pool.length);
    assert.equal(mergeBatches([batch, batch]).backingBytes, pool.length);
    const detached = mergeBatches([batch, batch]).detach();
    pool.fill(0xff);
    assert.equal(detached.backingBytes, bytes.length * 2);
    assert.equal(detached.itemCount, batch.itemCount * 2);
    assert.deepEqual(Buffer.concat(detached.ranges()), Buffer.concat([bytes, bytes]));
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Entries, Items, Later, writeJson } from './json-text.ts';

async function text(value: unknown, indent: number): Promise<string> {
  const pieces: string[] = [];
  await writeJson(value, indent, async (piece) => {
    pieces.push(piece);
  });
  return pieces.join('');
}

async function* later(items: readonly unknown[]): AsyncGenerator<unknown> {
  yield* items;
}

/** The same value with arrays and objects that are written piece by piece. */
function inParts(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(inParts);
    return new Items(items.length % 2 === 0 ? items : later(items));
  }
  if (typeof value !== 'object' || value === null) return new Later(() => value);
  const parts = Object.entries(value).map(([key, entry]) => [key, inParts(entry)]);
  return new Entries(Object.fromEntries(parts));
}

test('what is written in parts is what JSON.stringify gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.constantFrom(0, 4), async (value, indent) => {
      const wanted = JSON.stringify(value, null, indent);
      assert.equal(await text(value, indent), wanted);
      assert.equal(await text(inParts(value), indent), wanted);
    }),
    { numRuns: 300 },
  );
});

test('the next piece is made when the last one was taken', async () => {
  let made = 0;
  function* endless(): Generator<unknown> {
    for (;;) {
      made += 1;
      yield 'x'.repeat(10_000);
    }
  }
  const lengths: number[] = [];
  const stop = new Error('enough');
  const written = writeJson(new Items(endless()), 0, async (piece) => {
    lengths.push(piece.length);
    if (lengths.length === 3) throw stop;
  });
  await assert.rejects(written, stop);
  assert.ok(made < 30, `${made} items`);
  assert.ok(lengths.every((length) => length < 80_000));
});

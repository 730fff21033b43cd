import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Body, BodyBuffers, TooLong } from './body.ts';

function budgetOf(limit: number) {
  const budget = {
    used: 0,
    limit,
    tryReserve(bytes: number): boolean {
      if (budget.used + bytes > limit) return false;
      budget.used += bytes;
      return true;
    },
    release(bytes: number): void {
      budget.used -= bytes;
    },
  };
  return budget;
}

test('bodies are what has come, one after the other and side by side', () => {
  const chunk = fc.uint8Array({ maxLength: 50_000, size: 'max' });
  const body = fc.record({ chunks: fc.array(chunk, { maxLength: 5 }), said: fc.nat(300_000) });
  fc.assert(
    fc.property(fc.array(body, { maxLength: 6 }), (bodies) => {
      const buffers = new BodyBuffers();
      const budget = budgetOf(1e9);
      const open: { readonly body: Body; readonly want: Buffer }[] = [];
      for (const { chunks, said } of bodies) {
        const one = new Body(buffers, budget, 1e8);
        one.expect(said);
        for (const bytes of chunks) one.add(Buffer.from(bytes));
        open.push({ body: one, want: Buffer.concat(chunks) });
        assert.ok(budget.used >= one.bytes.length);
        for (const { body: other, want } of open) assert.ok(other.bytes.equals(want));
        if (open.length > 2) open.shift()!.body.release();
      }
      for (const { body: other, want } of open) {
        assert.ok(other.bytes.equals(want));
        other.release();
        other.release();
      }
      assert.equal(budget.used, 0);
    }),
    { numRuns: 100 },
  );
});

test('a buffer is used again, a large one is not kept', () => {
  const buffers = new BodyBuffers();
  const first = buffers.take(1000);
  buffers.give(first);
  assert.equal(buffers.take(900), first);
  const large = buffers.take(5 << 20);
  buffers.give(large);
  assert.notEqual(buffers.take(1000), large);
});

test('what is too long or has no memory is refused, and nothing stays reserved', () => {
  const budget = budgetOf(100_000);
  const long = new Body(new BodyBuffers(), budget, 10);
  long.add(Buffer.alloc(9));
  assert.throws(() => long.add(Buffer.alloc(1)), TooLong);
  long.release();
  const wide = new Body(new BodyBuffers(), budget, 1e9);
  assert.throws(() => wide.expect(200_000), /no memory for the answer/);
  wide.add(Buffer.alloc(60_000));
  assert.throws(() => wide.add(Buffer.alloc(60_000)), /no memory for the answer/);
  wide.release();
  assert.equal(budget.used, 0);
});

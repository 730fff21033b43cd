import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bucketS } from '../schema/spans.ts';
import { literals } from './bind.ts';
import { nextWindow, searchBranches, type Window } from './search.ts';
import { tagForms } from './tags.ts';

const bucket = BigInt(bucketS) * 1_000_000_000n;

test('windows cover the range once, newest first, and break at buckets', () => {
  const counts = fc.record({
    from: fc.bigInt({ min: 0n, max: 10n ** 18n }),
    length: fc.bigInt({ min: 0n, max: 10n ** 16n }),
    step: fc.nat(7),
    wanted: fc.integer({ min: 1, max: 100 }),
    newest: fc.option(fc.tuple(fc.nat(2 ** 30), fc.nat(2 ** 20)), { nil: undefined }),
  });
  fc.assert(
    fc.property(counts, ({ from, length, step, wanted, newest }) => {
      const end = BigInt(newest?.[0] ?? 0) * bucket;
      const first = newest && { fromNs: end - BigInt(newest[1]) * bucket, toNs: end + bucket - 1n };
      const range: Window = { fromNs: from, toNs: from + length };
      let done = range.toNs + 1n;
      let pieces = 0;
      for (let found = 0; ; found = Math.min(found + step, wanted - 1)) {
        const window = nextWindow(range, done, found, wanted, { first });
        if (window === undefined) break;
        assert.equal(window.toNs, done - 1n);
        assert.ok(window.fromNs <= window.toNs);
        assert.ok(window.fromNs === from || window.fromNs % bucket === 0n);
        done = window.fromNs;
        pieces++;
      }
      assert.equal(done, from);
      assert.ok(pieces < 45, `${pieces} pieces`);
    }),
    { numRuns: 500 },
  );
});

test('an empty range has no windows', () => {
  assert.equal(nextWindow({ fromNs: 5n, toNs: 4n }, 5n, 0, 1), undefined);
});

test('a search without conditions has one branch; places of a tag are branches of their own', () => {
  const range = { startMinNs: 0n, startMaxNs: 1n, limit: 1 };
  assert.deepEqual(searchBranches(range, [], literals), ['1']);
  const tag = { tag: ['k', 'v'] as const, resources: [1n], scopes: [2n] };
  assert.equal(searchBranches(range, [tag], literals).length, 3);
  assert.equal(searchBranches(range, [tag, tag], literals).length, 9);
  const number = { ...tag, tag: ['k', '5'] as const };
  assert.equal(searchBranches(range, [number], literals).length, 4);
  assert.equal(searchBranches(range, [number, number], literals).length, 4);
});

test('forms of a tag value', () => {
  const forms = (value: string) => {
    const { int, float, bool, other } = tagForms('k', value);
    return [int, float, bool, other];
  };
  assert.deepEqual(forms('5'), ['5', '5.0', undefined, ['5', '5.0']]);
  assert.deepEqual(forms('-0'), [undefined, '-0.0', undefined, ['-0', '-0.0']]);
  assert.deepEqual(forms('72.5'), [undefined, '72.5', undefined, ['72.5']]);
  assert.deepEqual(forms('true'), [undefined, undefined, 'true', ['true']]);
  assert.deepEqual(forms('9223372036854775808')[0], undefined);
  assert.deepEqual(forms('1e999'), [undefined, undefined, undefined, ['1e999']]);
  assert.deepEqual(forms("x'"), [undefined, undefined, undefined, ["x'"]]);
});

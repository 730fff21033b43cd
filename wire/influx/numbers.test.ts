import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFloat, readInteger, readTime, truncatedNow, type Wide } from './numbers.ts';
import { precisionOf } from './precision.ts';

const wide = (): Wide => ({ ok: false, lo: 0, hi: 0 });
const signed = ({ lo, hi }: Wide): bigint =>
  BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo >>> 0));

function float(text: string): number {
  const padded = Buffer.from(`x${text}x`);
  return readFloat(padded, 1, padded.length - 1);
}

test('doubles are read as Number() reads them', () => {
  const decimal = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.stringMatching(/^\d{1,20}(\.\d{0,20})?$/),
      fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(decimal, fc.double({ noNaN: true }).map(String)), (text) => {
      const want = Number(text);
      const got = float(text);
      if (Number.isFinite(want)) assert.ok(Object.is(got, want), `${text}: ${got}`);
      else assert.ok(Number.isNaN(got), `${text}: ${got}`);
    }),
    { numRuns: 500 },
  );
});

test('what is no number is none', () => {
  for (const text of [
    '',
    '-',
    '.',
    '-.',
    '1e',
    '1e+',
    '+1',
    '1..2',
    '1.2.3',
    '0x1',
    '1_0',
    'NaN',
  ]) {
    assert.ok(Number.isNaN(float(text)), text);
  }
  for (const text of ['1.', '.5', '-.5e3', '00012', '1E+2'])
    assert.equal(float(text), Number(text));
});

test('integers of 64 bits', () => {
  const read = (text: string, isSigned: boolean): bigint | undefined => {
    const out = wide();
    readInteger(Buffer.from(text), 0, text.length, isSigned, out);
    if (!out.ok) return undefined;
    return isSigned ? signed(out) : BigInt.asUintN(64, signed(out));
  };
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
      fc.boolean(),
      (value, isSigned) => {
        const fits = isSigned
          ? BigInt.asIntN(64, value) === value
          : value >= 0n && BigInt.asUintN(64, value) === value;
        assert.equal(read(String(value), isSigned), fits ? value : undefined);
      },
    ),
    { numRuns: 500 },
  );
  assert.equal(read('000000000000000000000000000042', true), 42n);
  assert.equal(read('-0', true), 0n);
  for (const text of ['', '-', '1-', '--1', 'a']) assert.equal(read(text, true), undefined);
});

test('times in every precision', () => {
  const units = ['ns', 'us', 'ms', 's', 'm', 'h'].map((name) => precisionOf(name)!.unitNs);
  const times = fc.oneof(
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.bigInt({ min: 0n, max: 10n ** 13n }),
    fc.bigInt({ min: 10n ** 18n, max: 10n ** 19n - 1n }),
  );
  fc.assert(
    fc.property(times, fc.constantFrom(...units), (value, unitNs) => {
      const out = wide();
      const text = String(value);
      readTime(Buffer.from(text), 0, text.length, unitNs, out);
      const ns = value * BigInt(unitNs);
      const fits = BigInt.asIntN(64, value) === value && BigInt.asIntN(64, ns) === ns;
      assert.equal(out.ok ? signed(out) : undefined, fits ? ns : undefined);
    }),
    { numRuns: 1000 },
  );
});

test('the time of lines without one is cut to whole units', () => {
  const out = wide();
  truncatedNow(1_700_000_123_456.75, precisionOf('ms')!.unitNs, out);
  assert.equal(signed(out), 1_700_000_123_456_000_000n);
  truncatedNow(1_700_000_123_456.75, precisionOf('h')!.unitNs, out);
  assert.equal(signed(out) % 3_600_000_000_000n, 0n);
  truncatedNow(1_700_000_123_456.75, 1, out);
  assert.equal(signed(out), 1_700_000_123_456_750_000n);
});

test('every spelling of a precision, and no other', () => {
  const same = [
    ['', 'n', 'ns', 'nanosecond'],
    ['u', 'us', 'µ', 'µs', 'microsecond'],
    ['ms', 'millisecond'],
    ['s', 'second'],
  ];
  const found = same.map((names) => new Set(names.map((name) => precisionOf(name)?.unitNs)));
  assert.deepEqual(
    found.map((set) => [...set]),
    [[1], [1e3], [1e6], [1e9]],
  );
  for (const name of ['d', 'S', 'toString', 'constructor', ' ns']) {
    assert.equal(precisionOf(name), undefined);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatGoDuration } from '../shown/go-duration.ts';
import {
  ParameterError,
  parseGoDuration,
  parseGoInt,
  parseRfc3339,
  parseTraceId,
} from './go-text.ts';

function fails(parse: (text: string) => unknown, text: string, message: string): void {
  assert.throws(
    () => parse(text),
    (error: unknown) => error instanceof ParameterError && error.message === message,
  );
}

test('durations as Go reads them', () => {
  const f = (text: string, ns: bigint): void => assert.equal(parseGoDuration(text), ns);
  f('1.2s', 1_200_000_000n);
  f('100ms', 100_000_000n);
  f('500us', 500_000n);
  f('1h2m3.5s', 3_723_500_000_000n);
  f('-1s', -1_000_000_000n);
  f('0', 0n);
  f('.5s', 500_000_000n);
  fails(parseGoDuration, 'zz', 'time: invalid duration "zz"');
  fails(parseGoDuration, '', 'time: invalid duration ""');
  fails(parseGoDuration, '10', 'time: missing unit in duration "10"');
  fails(parseGoDuration, '1x', 'time: unknown unit "x" in duration "1x"');
});

test('a duration that is written reads back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (ns) => {
      const back = parseGoDuration(formatGoDuration(ns));
      const error = back > ns ? back - ns : ns - back;
      assert.ok(error <= 1n, `${ns} became ${formatGoDuration(ns)} = ${back}`);
    }),
  );
});

test('integers, times and ids', () => {
  assert.equal(parseGoInt('-12'), -12n);
  fails(parseGoInt, 'x', 'strconv.ParseInt: parsing "x": invalid syntax');
  fails(
    parseGoInt,
    '9223372036854775808',
    'strconv.ParseInt: parsing "9223372036854775808": value out of range',
  );
  assert.equal(parseRfc3339('1970-01-01T00:00:01.000000002Z'), 1_000_000_002n);
  assert.equal(parseRfc3339('1970-01-01T01:00:00+01:00'), 0n);
  fails(
    parseRfc3339,
    'x',
    'parsing time "x" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "x" as "2006"',
  );
  assert.equal(parseTraceId('AB'), '000000000000000000000000000000ab');
  assert.equal(parseTraceId('AQIDBAUGBwgJCgsMDQ4PEA=='), '0102030405060708090a0b0c0d0e0f10');
  fails(parseTraceId, 'zz', 'strconv.ParseUint: parsing "zz": invalid syntax');
});

test('no text makes a parser fail otherwise than with its own error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseGoInt, parseGoDuration, parseRfc3339, parseTraceId]) {
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof ParameterError);
        }
      }
    }),
  );
});

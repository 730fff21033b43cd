import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AttributeValue } from '../traces/model.ts';
import { formatTypedJson, parseTypedJson } from './typed-json.ts';

/** Records with an ordinary prototype, as the parser makes them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const values = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant<AttributeValue>({ type: 'empty' }),
    record({ type: fc.constant('string' as const), value: fc.string({ unit: 'grapheme' }) }),
    record({ type: fc.constant('bool' as const), value: fc.boolean() }),
    record({
      type: fc.constant('int' as const),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    record({ type: fc.constant('double' as const), value: fc.double() }),
    record({ type: fc.constant('bytes' as const), value: fc.uint8Array() }),
    record({ type: fc.constant('array' as const), value: fc.array(tie('value')) }),
    record({
      type: fc.constant('kvlist' as const),
      value: fc.array(
        record({
          key: fc.oneof(fc.constantFrom('@bytes', '@double', '@', 'a'), fc.string()),
          value: tie('value'),
        }),
      ),
    }),
  ),
})).value;

test('what is written is read back exactly', () => {
  fc.assert(
    fc.property(values, (value) => {
      assert.deepStrictEqual(parseTypedJson(formatTypedJson(value)), value);
    }),
    { numRuns: 500 },
  );
});

test('golden texts', () => {
  const text = (value: AttributeValue, want: string) => assert.equal(formatTypedJson(value), want);
  text({ type: 'int', value: 5n }, '5');
  text({ type: 'double', value: 5 }, '5.0');
  text({ type: 'double', value: -0 }, '-0.0');
  text({ type: 'double', value: 1e300 }, '1e+300');
  text({ type: 'double', value: Number.NaN }, '{"@double":"NaN"}');
  text({ type: 'double', value: -Infinity }, '{"@double":"-Infinity"}');
  text({ type: 'bytes', value: new Uint8Array([1, 2]) }, '{"@bytes":"AQI="}');
  text({ type: 'empty' }, 'null');
  text({ type: 'array', value: [{ type: 'bool', value: true }] }, '[true]');
  text({ type: 'kvlist', value: [{ key: '@a', value: { type: 'empty' } }] }, '{"@@a":null}');
});

test('what is not typed JSON is refused with its place', () => {
  const bad = (text: string) => assert.throws(() => parseTypedJson(text), SyntaxError);
  for (const text of ['', 'x', '1 2', '[1', '[1,,2]', '{"a"}', '{a:1}', '"a', '01', '1.', 'nul']) {
    bad(text);
  }
  bad('{"@bytes":1}');
  bad('{"@double":"5"}');
  bad('['.repeat(500));
});

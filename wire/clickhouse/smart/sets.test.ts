import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attributes } from '../testing/arbitrary.ts';
import {
  type Attribute,
  attributes as attributeBytes,
  message,
  number,
  string,
} from '../testing/otlp-model.ts';
import { canonicalSet, SetTable } from './sets.ts';
import { sipHash24 } from './siphash.ts';

const key = Uint8Array.from({ length: 16 }, (_, i) => i);

function hash(bytes: Uint8Array): string {
  const out = { low: 0, high: 0 };
  sipHash24(key, bytes, 0, bytes.length, out);
  return out.high.toString(16).padStart(8, '0') + out.low.toString(16).padStart(8, '0');
}

test('SipHash-2-4 gives the vectors of its authors', () => {
  const vectors: Record<number, string> = {
    0: '726fdb47dd0e0e31',
    1: '74f839c593dc67fd',
    7: 'ab0200f58b01d137',
    8: '93f5f5799a932462',
    15: 'a129ca6149be45e5',
    63: '958a324ceb064572',
  };
  for (const [length, expected] of Object.entries(vectors)) {
    const bytes = Uint8Array.from({ length: Number(length) }, (_, i) => i);
    assert.equal(hash(bytes), expected, `length ${length}`);
  }
});

function resourceOf(list: readonly Attribute[]): Uint8Array {
  return new Uint8Array(attributeBytes(1, list));
}

function idOf(list: readonly Attribute[], url = ''): string {
  return hash(canonicalSet('resource', resourceOf(list), Buffer.from(url)));
}

test('ids of known sets: changing them would make names of stored spans unknown', () => {
  assert.equal(idOf([]), GOLDEN.empty);
  assert.equal(idOf([['service.name', { string: 'front' }]]), GOLDEN.service);
  assert.equal(
    idOf(
      [
        ['b', { array: [{ int: 1n }, { double: 1 }] }],
        [
          'a',
          {
            map: [
              ['z', { bool: true }],
              ['y', { bytes: Uint8Array.of(1, 2) }],
            ],
          },
        ],
      ],
      'https://opentelemetry.io/schemas/1.30.0',
    ),
    GOLDEN.nested,
  );
  const scope = message(0, string(1, 'lib'), string(2, '1.0'), number(4, 3)).subarray(2);
  const canonical = canonicalSet('scope', new Uint8Array(scope), new Uint8Array(0));
  assert.equal(hash(canonical), GOLDEN.scope);
});

test('the order of keys and of map entries makes no difference', () => {
  const unique = fc.uniqueArray(fc.tuple(fc.string(), fc.integer()), { selector: ([k]) => k });
  fc.assert(
    fc.property(unique, fc.func(fc.integer()), (pairs, order) => {
      const list = pairs.map(([k, v]): Attribute => [k, { int: BigInt(v) }]);
      const shuffled = [...list].sort((a, b) => order(a[0]) - order(b[0]));
      assert.equal(idOf(shuffled), idOf(list));
      assert.equal(idOf([['m', { map: shuffled }]]), idOf([['m', { map: list }]]));
    }),
  );
});

test('values of different types differ, NaNs are one', () => {
  const one = (value: Attribute[1]): string => idOf([['k', value]]);
  const ids = [
    one({ int: 5n }),
    one({ double: 5 }),
    one({ string: '5' }),
    one({ string: '5.0' }),
    one({ bool: true }),
    one({ string: 'true' }),
    one({ double: 0 }),
    one({ double: -0 }),
    one({ double: Number.NaN }),
    one({ empty: true }),
    one({ array: [] }),
    one({ map: [] }),
    one({ bytes: new Uint8Array(0) }),
    idOf([]),
    idOf([], 'url'),
  ];
  assert.equal(new Set(ids).size, ids.length);
  const quiet = Buffer.from('0a016b120921010000000000f87f', 'hex');
  const other = Buffer.from('0a016b120921020000000000f8ff', 'hex');
  const nan = (pair: Buffer): string =>
    hash(canonicalSet('resource', new Uint8Array(message(1, pair)), new Uint8Array(0)));
  assert.equal(nan(quiet), nan(other));
  assert.equal(nan(quiet), one({ double: Number.NaN }));
});

test('a table of sets finds the same id before and after it forgot', () => {
  const table = new SetTable('resource', key, { remembered: 3, newADay: 1000 });
  fc.assert(
    fc.property(fc.array(attributes, { maxLength: 8 }), (lists) => {
      for (const list of [...lists, ...lists]) {
        const bytes = resourceOf(list);
        const set = table.find(bytes, 0, bytes.length, 0, 0, 1);
        const id = hash(canonicalSet('resource', bytes, new Uint8Array(0)));
        assert.equal(
          set.idHigh.toString(16).padStart(8, '0') + set.idLow.toString(16).padStart(8, '0'),
          id,
        );
        assert.deepEqual(set.message, bytes);
      }
    }),
    { numRuns: 50 },
  );
});

test('beyond the bound of new sets a day the set is kept as text', () => {
  const table = new SetTable('resource', key, { remembered: 100, newADay: 1 });
  const find = (text: string, day: number) => {
    const bytes = resourceOf([
      ['@k', { string: text }],
      ['n', { int: 5n }],
    ]);
    return Buffer.from(table.find(bytes, 0, bytes.length, 0, 0, day).inline).toString();
  };
  assert.equal(find('a', 1), '');
  assert.equal(
    find('b', 1),
    '{"attributes":{"@@k":"b","n":5},"dropped_attributes":0,"schema_url":"","entity_refs":[]}',
  );
  assert.equal(find('c', 2), '');
  assert.equal(table.inlined, 1);
});

const GOLDEN = {
  empty: '1c7910da2a25cf78',
  service: '84cf2b838eba3a85',
  nested: '0b7fcdddb43ddadf',
  scope: '159fa1fe797cda18',
};

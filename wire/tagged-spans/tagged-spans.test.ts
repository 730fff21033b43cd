import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Writer } from '../../pdata/proto/writer.ts';
import { writeAttribute } from '../../pdata/values.ts';
import { ByteTable } from './byte-table.ts';
import { SpanGroups } from './groups.ts';
import { KeyTable } from './keys.ts';
import { TagList } from './tags.ts';
import { spanTexts } from './testing.ts';
import { Nanos } from './time.ts';

const bytes = (text: string) => Buffer.from(text);

test('numbers of byte strings', () => {
  const table = new ByteTable();
  const known = new Map<string, number>();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4 }), (given) => {
      const padded = Buffer.concat([Buffer.of(9), given, Buffer.of(9)]);
      const number = table.intern(padded, 1, 1 + given.length);
      const key = Buffer.from(given).toString('hex');
      assert.equal(number, known.get(key) ?? known.size);
      known.set(key, number);
    }),
    { numRuns: 2000 },
  );
  table.truncate(3);
  assert.equal(table.size, 3);
  assert.equal(table.intern(bytes('something new'), 0, 13), 3);
});

test('keys beyond the known ones are let go of when they are many', () => {
  const keys = new KeyTable(['a', 'b']);
  for (let i = 0; i < 5000; i += 1) keys.number(`key-${i}`);
  assert.equal(keys.encoded.length, 5002);
  keys.trim();
  assert.equal(keys.encoded.length, 2);
  assert.equal(keys.number('b'), 1);
  assert.equal(keys.number('c'), 2);
});

test('keys that are no UTF-8 are written as some', () => {
  const keys = new KeyTable([]);
  const number = keys.intern(Buffer.of(0x61, 0xff), 0, 2);
  assert.deepEqual(Buffer.from(keys.encoded[number]!), bytes('\n\u0004a\ufffd'));
});

const value = fc.oneof(fc.string(), fc.boolean(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));

test('tags are written as attributes are; the last value of a key counts, in the first place', () => {
  const keys = new KeyTable(['known']);
  const tags = new TagList(keys);
  const pairs = fc.array(fc.tuple(fc.string({ maxLength: 3 }), value), { maxLength: 200 });
  fc.assert(
    fc.property(pairs, (given) => {
      tags.clear();
      for (const [key, one] of given) {
        const number = keys.number(key);
        if (typeof one === 'string') tags.string(number, one);
        else if (typeof one === 'boolean') tags.bool(number, one);
        else tags.int(number, Number(BigInt.asIntN(32, one)), Number(one >> 32n));
      }
      const [got, wanted] = [new Writer(16), new Writer(16)];
      tags.write(got, 9);
      for (const [key, one] of new Map(given)) writeAttribute(wanted, 9, key, one);
      assert.deepEqual(Buffer.from(got.take()), Buffer.from(wanted.take()));
    }),
  );
});

test('tags that are taken out or get another key', () => {
  const keys = new KeyTable(['a', 'b', 'c']);
  const tags = new TagList(keys);
  tags.string(0, 'x');
  tags.double(1, 1.5);
  tags.rename(tags.find(1), 2);
  tags.remove(tags.find(0));
  assert.deepEqual([tags.find(0), tags.find(1)], [-1, -1]);
  const w = new Writer(16);
  tags.write(w, 1);
  const wanted = new Writer(16);
  writeAttribute(wanted, 1, 'c', 1.5);
  assert.deepEqual(w.take(), wanted.take());
  tags.string(0, 'back');
  assert.equal(tags.textAt(tags.find(0)), 'back');
});

test('times', () => {
  const nanos = new Nanos();
  const read = () => (BigInt(nanos.hi) << 32n) | BigInt(nanos.lo);
  fc.assert(
    fc.property(fc.maxSafeNat(), (us) => {
      nanos.ofMicros(us);
      assert.equal(read(), BigInt(us) * 1000n);
    }),
  );
  fc.assert(
    fc.property(fc.nat(9_007_199_254), fc.nat(999_999_999), (seconds, rest) => {
      nanos.ofSeconds(seconds, rest);
      assert.equal(read(), BigInt(seconds) * 1_000_000_000n + BigInt(rest));
    }),
  );
});

test('spans in any order of groups', () => {
  const groups = new SpanGroups();
  const spec = fc.array(fc.tuple(fc.nat(4), fc.nat(3), fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(spec, (given) => {
      const wanted: string[] = [];
      const refused: string[] = [];
      for (const [i, [resource, scope, dropped]] of given.entries()) {
        const at = groups.openSpan();
        groups.writer.stringField(5, `span ${i}`);
        if (dropped) {
          if (i % 2 === 0) groups.dropSpan();
          else {
            groups.refuseSpan('bad');
            refused.push(`span ${i}: bad`);
          }
          continue;
        }
        const w = new Writer(16);
        writeAttribute(w, 1, 'r', `r${resource}`);
        const number = groups.resource(w.bytes, 0, w.length);
        w.length = 0;
        w.stringField(1, `s${scope}`);
        groups.closeSpan(at, groups.scope(number, w.bytes, 0, w.length));
        wanted.push(`r${resource} s${scope} span ${i}`);
      }
      const read = groups.finish();
      assert.equal(read.refused, refused.length);
      assert.deepEqual(read.reasons, refused.slice(0, 10));
      assert.equal(read.batch === undefined, wanted.length === 0);
      const got = (read.batch === undefined ? [] : spanTexts(read.batch)).map((text) => {
        const one = JSON.parse(text) as {
          resource: { value: { stringValue: string } }[];
          scope: { name: string };
          span: { name: string };
        };
        return `${one.resource[0]?.value.stringValue} ${one.scope.name} ${one.span.name}`;
      });
      assert.deepEqual(got.toSorted(), wanted.toSorted());
    }),
  );
});

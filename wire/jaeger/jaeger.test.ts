import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../pdata/json.ts';
import { WireError } from '../../pdata/wire-error.ts';
import { spanTexts } from '../tagged-spans/testing.ts';
import { BinaryReader } from '../thrift/binary.ts';
import { CompactReader } from '../thrift/compact.ts';
import { JaegerProto } from './proto.ts';
import { JaegerThrift } from './thrift.ts';

const folder = join(import.meta.dirname, 'testdata');
const data = (name: string) => readFileSync(join(folder, name));

/** What the Go collector's translator made of a recording. */
function expected(name: string): string[] {
  const { traces } = JSON.parse(data(`${name}.expected.json`).toString()) as { traces: object };
  return spanTexts(parseJson('traces', Buffer.from(JSON.stringify(traces))));
}

const proto = new JaegerProto();
const thrift = new JaegerThrift();

for (const name of readdirSync(folder)) {
  if (name.endsWith('.jaeger.pb')) {
    test(`protobuf as the Go collector translates it: ${name}`, () => {
      const { batch, refused, reasons } = proto.request(data(name));
      assert.deepEqual(spanTexts(batch), expected(name));
      assert.deepEqual([refused, reasons], [0, []]);
    });
  }
  if (name.endsWith('.jaeger.thrift')) {
    const base = name.replace('.jaeger.thrift', '');
    test(`Thrift as the Go collector translates it: ${base}`, () => {
      const wanted = expected(name);
      for (const read of [
        thrift.batch(new BinaryReader(data(name))),
        thrift.message(new BinaryReader(data(`${base}.emit-binary`))),
        thrift.message(new CompactReader(data(`${base}.emit-compact`))),
      ]) {
        assert.deepEqual(spanTexts(read.batch), wanted);
        assert.equal(read.refused, 0);
      }
    });
  }
}

const seeds = readdirSync(folder).filter((name) => /\.(pb|thrift)$|emit-/.test(name));

/** Reads a recording as what it is. */
function read(name: string, bytes: Uint8Array) {
  if (name.endsWith('.pb')) return proto.request(bytes);
  if (name.endsWith('.thrift')) return thrift.batch(new BinaryReader(bytes));
  const reader = name.endsWith('compact') ? new CompactReader(bytes) : new BinaryReader(bytes);
  return thrift.message(reader);
}

test('damaged messages are a fault or give valid spans, and nothing stays behind', () => {
  const damage = fc.record({
    name: fc.constantFrom(...seeds),
    changes: fc.array(fc.tuple(fc.nat(8000), fc.nat(255)), { maxLength: 4 }),
    cut: fc.option(fc.nat(8000), { nil: undefined }),
  });
  const whole = new Map(seeds.map((name) => [name, spanTexts(read(name, data(name)).batch)]));
  fc.assert(
    fc.property(damage, ({ name, changes, cut }) => {
      const bytes = data(name);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const given = cut === undefined ? bytes : bytes.subarray(0, cut % bytes.length);
      try {
        const { batch, refused, reasons } = read(name, given);
        spanTexts(batch);
        assert.equal(reasons.length, Math.min(refused, 10));
        // A small multiple of what came: 40 bytes of ids and times a span, resources once.
        assert.ok((batch?.byteLength ?? 0) <= 64 * given.length + 1000);
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
      assert.deepEqual(spanTexts(read(name, data(name)).batch), whole.get(name));
    }),
    { numRuns: 300 },
  );
});

test('spans before their process; a batch without one', () => {
  const bytes = data('counted.jaeger.thrift');
  // 0c 0001 {process} 0f 0002 [spans] ...: the two fields change places.
  const spans = bytes.indexOf(Buffer.from('0f00020c', 'hex'));
  const rest = bytes.indexOf(Buffer.from('0a00030000000000000005', 'hex'));
  const swapped = Buffer.concat([
    bytes.subarray(spans, rest),
    bytes.subarray(0, spans),
    bytes.subarray(rest),
  ]);
  const wanted = expected('counted.jaeger.thrift');
  assert.deepEqual(spanTexts(thrift.batch(new BinaryReader(swapped)).batch), wanted);
  const without = Buffer.concat([bytes.subarray(spans, rest), Buffer.of(0)]);
  assert.throws(() => thrift.batch(new BinaryReader(without)), /Batch has no field 1/);
});

/** A span in the binary protocol with its required fields. */
function span(fields: Readonly<Record<number, bigint | string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [id, value] of Object.entries(fields)) {
    const head = Buffer.alloc(3);
    head[0] = typeof value === 'string' ? 11 : Number(id) === 7 ? 8 : 10;
    head.writeInt16BE(Number(id), 1);
    const body = Buffer.alloc(typeof value === 'bigint' ? (head[0] === 8 ? 4 : 8) : 4);
    if (typeof value === 'string') {
      body.writeInt32BE(value.length);
      parts.push(head, body, Buffer.from(value, 'latin1'));
      continue;
    }
    if (head[0] === 8) body.writeInt32BE(Number(value));
    else body.writeBigInt64BE(value);
    parts.push(head, body);
  }
  return Buffer.concat([...parts, Buffer.of(0)]);
}

const good = { 1: 5n, 2: 0n, 3: 6n, 4: 0n, 5: 'ok', 7: 1n, 8: 1000n, 9: 1n };

function batchOf(...spans: Buffer[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeInt32BE(spans.length);
  const process = Buffer.from('0c00010b00010000000173000f00020c', 'hex');
  return Buffer.concat([process, count, ...spans, Buffer.of(0)]);
}

test('bad spans are refused by themselves', () => {
  const { 8: _, ...timeless } = good;
  const message = batchOf(
    span(good),
    span(timeless),
    span({ ...good, 8: -1n }),
    span({ ...good, 9: -5000n }),
    span({ ...good, 8: 2n ** 60n }),
    span({ ...good, 5: 'not \xff UTF-8' }),
  );
  const { batch, refused, reasons } = thrift.batch(new BinaryReader(message));
  assert.equal(batch?.itemCount, 2);
  assert.equal(refused, 4);
  assert.deepEqual(reasons, [
    'span 1: field 8 is missing',
    'span 2: a start time of -1 us is out of range',
    'span 3: a duration of -5000 us is out of range',
    'span 4: a start time of 1152921504606847000 us is out of range',
  ]);
  assert.match(spanTexts(batch)[0]! + spanTexts(batch)[1]!, /"name":"not \ufffd UTF-8"/);
});

test('what an agent is asked for beside spans', () => {
  const message = Buffer.from('80010004000000086765745374756666000000000000', 'hex');
  assert.throws(
    () => thrift.message(new BinaryReader(message)),
    /cannot serve the method "getStuff/,
  );
});

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

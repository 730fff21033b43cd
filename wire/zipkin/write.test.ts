import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Traces } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { parseJson } from '../../pdata/json.ts';
import { spanTexts } from '../tagged-spans/testing.ts';
import { ZipkinJson2 } from './json-v2.ts';
import { microsOf } from './out-span.ts';
import { ZipkinProto } from './proto-v2.ts';
import { writeZipkinJson, writeZipkinProto } from './write.ts';

const folder = join(import.meta.dirname, 'testdata');
const data = (name: string) => readFileSync(join(folder, name));

interface Recorded {
  readonly json: readonly Record<string, unknown>[];
  readonly proto: string;
}

interface OutJson {
  id: string;
  tags?: Record<string, string>;
}

/** What the Go collector leaves of a scope on the spans of the next one, and what it takes away. */
function corrected(spans: readonly Record<string, unknown>[]): OutJson[] {
  const copy = structuredClone(spans) as unknown as OutJson[];
  const byId = (id: string) => copy.find((span) => span.id === id)!.tags!;
  const second = byId('0000000000000006');
  delete second['otel.library.version'];
  delete second.sa;
  const fifth = byId('0000000000000005');
  fifth['network.peer.address'] = 'not an address';
  fifth['net.peer.port'] = '70000';
  return copy;
}

test('JSON as the Go collector writes it', () => {
  const { json } = JSON.parse(data('all.otlp.json.expected.json').toString()) as Recorded;
  const { body, spans, withoutId } = writeZipkinJson(parseJson('traces', data('all.otlp.json')));
  assert.equal(spans, 11);
  assert.equal(withoutId, 0);
  assert.deepEqual(JSON.parse(Buffer.from(body).toString()), corrected(json));
});

test('protobuf as the Go collector writes it, read back', () => {
  const batch = parseJson('traces', data('all.otlp.json'));
  const { proto } = JSON.parse(data('all.otlp.json.expected.json').toString()) as Recorded;
  const read = (bytes: Uint8Array) => spanTexts(new ZipkinProto(false).read(bytes).batch);
  const ours = read(writeZipkinProto(batch).body);
  const theirs = read(Buffer.from(proto, 'base64'));
  assert.equal(ours.length, 11);
  // Durations are cut off there, as are times of events; the scope's leavings are as in JSON.
  const same = ours.filter((text) => theirs.includes(text)).length;
  assert.ok(same >= 7, String(same));
});

test('names for services without one; spans without ids are left out', () => {
  const builder = new TracesBuilder();
  builder.resource({ a: 'b' });
  const span = { name: 'x', startTimeUnixNano: 5_000_000_000n, endTimeUnixNano: 4_000_000_000n };
  const spanId = Buffer.alloc(8, 1);
  builder.span({ ...span, traceId: Buffer.alloc(16, 1), spanId });
  builder.span({ ...span, traceId: Buffer.alloc(16), spanId });
  builder.span({ ...span, traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8) });
  const { body, spans, withoutId } = writeZipkinJson(builder.finish(), { noName: 'Nameless' });
  assert.deepEqual([spans, withoutId], [1, 2]);
  assert.deepEqual(JSON.parse(Buffer.from(body).toString()), [
    {
      traceId: '01'.repeat(16),
      id: '01'.repeat(8),
      name: 'x',
      timestamp: 5_000_000,
      localEndpoint: { serviceName: 'nameless' },
      tags: { a: 'b' },
    },
  ]);
});

const text = fc.string({ unit: 'binary', maxLength: 12 });
const key = fc.stringMatching(/^[a-z]{1,8}$/).map((name) => `k.${name}`);
const attributes = fc.dictionary(key, text, { maxKeys: 5 }).map((one) => ({ ...one }));
const micros = fc.integer({ min: 1_000_000, max: 2 ** 50 }).map((us) => BigInt(us) * 1000n);
const id = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).filter((bytes) => bytes.some((b) => b > 0));
const span = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: fc.option(id(8), { nil: undefined }),
  name: fc.stringMatching(/^[a-z0-9 /äö]{0,12}$/),
  kind: fc.integer({ min: 0, max: 5 }),
  startTimeUnixNano: micros,
  duration: fc.nat(1e9),
  attributes,
  events: fc.array(
    fc.record({ timeUnixNano: micros, name: fc.stringMatching(/^[a-z]{1,9}$/), attributes }),
    { maxLength: 3 },
  ),
  links: fc.array(fc.record({ traceId: id(16), spanId: id(8), attributes }), { maxLength: 2 }),
  statusCode: fc.integer({ min: 0, max: 2 }),
  traceState: fc.constantFrom('', 'a=b,c=d'),
});

test('what is written is read again as it was, in both formats', () => {
  const build = (
    spans: readonly (typeof span extends fc.Arbitrary<infer T> ? T : never)[],
  ): Traces => {
    const builder = new TracesBuilder();
    builder.resource({ 'service.name': 'shop', 'host.name': 'box' });
    builder.scope('lib', '1.0');
    for (const { duration, ...one } of spans) {
      const endTimeUnixNano = one.startTimeUnixNano + BigInt(duration) * 1000n;
      const itself = one.parentSpanId && Buffer.compare(one.parentSpanId, one.spanId) === 0;
      const parentSpanId = itself ? undefined : one.parentSpanId;
      builder.span({ ...one, parentSpanId, endTimeUnixNano });
    }
    return builder.finish();
  };
  const json = new ZipkinJson2(false);
  const proto = new ZipkinProto(false);
  fc.assert(
    fc.property(fc.array(span, { maxLength: 5 }), (spans) => {
      const batch = build(spans);
      const wanted = spanTexts(batch);
      assert.deepEqual(spanTexts(json.read(writeZipkinJson(batch).body).batch), wanted);
      assert.deepEqual(spanTexts(proto.read(writeZipkinProto(batch).body).batch), wanted);
    }),
    { numRuns: 200 },
  );
});

test('microseconds of 64-bit times', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (nanos) => {
      const lo = Number(nanos & 0xffffffffn);
      assert.equal(microsOf(lo, Number(nanos >> 32n)), Number((nanos + 500n) / 1000n));
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttributeKey } from '../attribute-key.ts';
import { parseRequest } from '../parse.ts';
import { SpanField, SpanReader } from '../readers.ts';
import { randomRequest } from '../testing/random-request.ts';
import { SpanScan } from './span-scan.ts';

const keys = ['', 'a', 'service.name', 'http.method', 'größe', 'x'.repeat(130), 'k1', 'never'];

const hex = (b: Uint8Array, start: number, end: number) =>
  Buffer.from(b.subarray(start, end)).toString('hex');

/** What the general reader says of the span that it stands on. */
function general(reader: SpanReader): unknown {
  const { item } = reader;
  const id = (field: number) => {
    if (!item.findField(field) || item.value.end === item.value.start) return '';
    return hex(item.value.bytes, item.value.start, item.value.end);
  };
  item.fixed64(SpanField.start);
  const start = [item.lo, item.hi];
  item.fixed64(SpanField.end);
  const end = [item.lo, item.hi];
  const events: string[] = [];
  while (reader.nextEvent())
    events.push(hex(reader.event.bytes, reader.event.start, reader.event.end));
  return {
    name: reader.name,
    kind: reader.kind,
    status: reader.statusCode,
    state: item.string(SpanField.traceState),
    ids: [id(SpanField.traceId), id(SpanField.spanId), id(SpanField.parentSpanId)],
    times: [start, end],
    events,
    found: keys.map((key) => {
      if (!item.find(new AttributeKey(key))) return undefined;
      return hex(item.value.bytes, item.value.start, item.value.end);
    }),
  };
}

function scanned(scan: SpanScan): unknown {
  const { bytes: b, attributes, events } = scan;
  const id = (at: number, length: number) => (at < 0 ? '' : hex(b, at, at + length));
  const text = (start: number, end: number) => Buffer.from(b.subarray(start, end)).toString();
  return {
    name: text(scan.nameStart, scan.nameEnd),
    kind: scan.kind,
    status: scan.statusCode,
    state: text(scan.stateStart, scan.stateEnd),
    ids: [id(scan.traceId, 16), id(scan.spanId, 8), id(scan.parentSpanId, 8)],
    times: [
      [scan.startLo, scan.startHi],
      [scan.endLo, scan.endHi],
    ],
    events: Array.from({ length: scan.eventCount }, (_, i) =>
      hex(b, events[i * 2]!, events[i * 2 + 1]!),
    ),
    found: keys.map((_, i) => {
      const start = attributes.found[i * 2]!;
      return start < 0 ? undefined : hex(b, start, attributes.found[i * 2 + 1]!);
    }),
  };
}

test('says what the general reader says, also of spans that no sender would write', () => {
  const scan = new SpanScan(keys, true);
  let spans = 0;
  for (let seed = 1; seed < 400; seed += 1) {
    const bytes = randomRequest('traces', seed, { unknown: seed % 2 === 0, wild: seed % 3 === 0 });
    const reader = new SpanReader(parseRequest('traces', bytes));
    while (reader.nextAnyItem()) {
      const { item } = reader;
      scan.scan(item.bytes, item.start, item.end);
      assert.deepEqual(scanned(scan), general(reader), `seed ${seed}`);
      spans += 1;
    }
  }
  assert.ok(spans > 200, `only ${spans} spans`);
});

test('durations', () => {
  const scan = new SpanScan([]);
  const of = (start: bigint, end: bigint) => {
    const bytes = Buffer.alloc(18);
    bytes[0] = 57;
    bytes.writeBigUInt64LE(start, 1);
    bytes[9] = 65;
    bytes.writeBigUInt64LE(end, 10);
    scan.scan(bytes, 0, bytes.length);
    return scan.durationNs;
  };
  assert.equal(of(1_700_000_000_000_000_000n, 1_700_000_000_000_000_001n), 1);
  assert.equal(of(2n ** 32n - 1n, 2n ** 32n + 5n), 6);
  assert.equal(of(5n, 4n), 0);
  assert.equal(of(0n, 2n ** 63n), 2 ** 63);
  assert.equal(of(1n, 1n), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ExchangesAddon, loadExchanges } from '../../native/exchanges.ts';
import { dns } from '../l7/dns/protocol.ts';
import { http1 } from '../l7/http1/protocol.ts';
import { SpanWriter } from '../spans/writer.ts';
import type { EndNamer, EndTags } from '../tags/types.ts';
import { defaultSyscallLimits, SyscallEngine, type SyscallLimits } from './engine.ts';
import { Served } from './testing/records.ts';
import { batches, traffic } from './testing/traffic.ts';

const addon = loadExchanges();
const skip = addon === undefined ? 'exchanges.node is not built' : false;

interface Field {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Length-delimited fields of a protobuf message. */
function fieldsOf(b: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = b[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < b.length) {
    const tag = varint();
    assert.equal(tag & 7, 2, `field ${tag >>> 3} at ${at} of ${b.length}`);
    const size = varint();
    found.push({ number: tag >>> 3, bytes: b.subarray(at, at + size) });
    at += size;
  }
  assert.equal(at, b.length);
  return found;
}

/** Every span with its resource, as text: sorted, since order means nothing. */
function spansOf(requests: readonly Uint8Array[]): string[] {
  const found: string[] = [];
  for (const request of requests) {
    for (const group of fieldsOf(request)) {
      let resource = '';
      for (const { number, bytes } of fieldsOf(group.bytes)) {
        if (number === 1) resource = Buffer.from(bytes).toString('latin1');
        else {
          for (const inner of fieldsOf(bytes)) {
            if (inner.number !== 2) continue;
            found.push(`${resource}\n${Buffer.from(inner.bytes).toString('latin1')}`);
          }
        }
      }
    }
  }
  return found.sort();
}

interface Result {
  readonly spans: string[];
  readonly stats: unknown;
  readonly inC: number;
}

interface Way {
  readonly limits?: Partial<SyscallLimits>;
  readonly names?: EndNamer;
  readonly segments?: number;
}

function run(input: readonly Buffer[], native: ExchangesAddon | undefined, way: Way): Result {
  const writer = new SpanWriter({
    captureName: 'test',
    source: 'ebpf',
    observationPoint: 'rest',
    endpointSegments: way.segments ?? 2,
    ...(way.names === undefined ? {} : { names: way.names }),
  });
  const engine = new SyscallEngine(
    {
      protocols: [http1(), dns()],
      limits: { ...defaultSyscallLimits, ...way.limits },
      ...(native === undefined ? {} : { plain: { addon: native, writer } }),
    },
    writer.add.bind(writer),
    1_700_000_000_123_456_789n,
    0n,
  );
  const out: Uint8Array[] = [];
  const flush = () => {
    const batch = writer.flush();
    if (batch !== undefined) out.push(...batch.ranges());
  };
  for (const bytes of input) {
    engine.batch(bytes, bytes.length);
    if (writer.count > 20) flush();
  }
  const plainSpans = engine.plainSpans;
  engine.finish();
  flush();
  return { spans: spansOf(out), stats: engine.stats(), inC: plainSpans };
}

function compare(input: readonly Buffer[], way: Way = {}): number {
  const twin = run(input, undefined, way);
  const { spans, stats, inC } = run(input, addon, way);
  assert.deepEqual(spans, twin.spans);
  assert.deepEqual(stats, twin.stats);
  return inC;
}

test('plain exchanges come to the same spans as by the twin, and most are read in C', {
  skip,
}, () => {
  let total = 0;
  const whole = fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), (seed, most) => {
    total += compare(batches(traffic(seed, 4, 30, 0), seed, most));
  });
  fc.assert(whole, { numRuns: 60 });
  assert.ok(total > 60 * 4 * 20, `${total} in C`);
});

test('whatever else comes, spans and counts are those of the twin', { skip }, () => {
  let total = 0;
  const property = fc.property(
    fc.integer(),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 0, max: 3 }),
    (seed, most, odd, segments) => {
      total += compare(batches(traffic(seed, 5, 25, odd), seed, most), { segments });
    },
  );
  fc.assert(property, { numRuns: 300 });
  assert.ok(total > 1000, `${total} in C`);
});

test('names that change, and chains that are taken back, are those of the spans', { skip }, () => {
  const tags = (service: string): EndTags => ({
    service,
    serviceFrom: 'inventory',
    entityId: 7n,
    process: undefined,
  });
  const ends = ['one', `second ${'x'.repeat(150)}`, ''].map(tags);
  // Another name every 300 ms of the capture, sometimes none.
  const named = (unixNanos: bigint) => {
    const end = ends[Number(unixNanos / 300_000_000n) % ends.length];
    return end!.service === '' ? undefined : end;
  };
  const names: EndNamer = {
    name: (_client, _server, unixNanos) => ({ client: undefined, server: named(unixNanos) }),
  };
  let total = 0;
  const property = fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, odd) => {
    total += compare(batches(traffic(seed, 3, 40, odd), seed, 12), { names });
  });
  fc.assert(property, { numRuns: 60 });
  assert.ok(total > 500, `${total} in C`);
});

test('few sockets and few open requests are kept to', { skip }, () => {
  const property = fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (seed, sockets) => {
    const input = batches(traffic(seed, 6, 20, 9), seed, 12);
    const sessions = { maxOpen: 3, maxOpenPerConversation: 2 };
    const { stats } = run(input, addon, { limits: { sockets, sessions } });
    const { socketsActive, sessionsOpen } = stats as {
      socketsActive: number;
      sessionsOpen: number;
    };
    assert.equal(socketsActive, 0);
    assert.equal(sessionsOpen, 0);
  });
  fc.assert(property, { numRuns: 50 });
});

test('a request that waits too long, and a connection that is idle, end as by the twin', {
  skip,
}, () => {
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
  const c = new Served();
  const other = new Served({ socket: 9 });
  const early = [c.ask(get('/a')), c.answer(ok)];
  const late = [c.ask(get('/b')), c.answer(ok), c.ask(get('/c'), { chain: 5n })];
  const hours = [200e9, 210e9, 5000e9].map((time) => other.ask(get('/x'), { time }));
  const input = [early, late, hours.slice(0, 1), [c.answer(ok, { time: 205e9 })], hours.slice(1)];
  const sent = input.map((records) => Buffer.concat(records));
  assert.ok(compare(sent) >= 1);
});

test('a request of any length is that of the twin', { skip }, () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
  for (const unit of ['/1', '/x', 'key=;', 'pin=&', '%20', 'a']) {
    for (const size of [900, 4000, 4080, 9000]) {
      const target = unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
      const path = unit.startsWith('/') ? target : `/?${target}`;
      const c = new Served();
      const first = [c.ask('GET / HTTP/1.1\r\n\r\n'), c.answer(ok)];
      const long = [c.ask(`GET ${path} HTTP/1.1\r\n\r\n`), c.answer(ok)];
      compare([Buffer.concat(first), Buffer.concat(long)], { segments: 9999 });
    }
  }
});

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CaptureEngine, defaultEngineLimits } from './engine.ts';
import { protocols } from './l7/registry.ts';
import { CaptureFileError } from './pcap/error.ts';
import { emptyPacket } from './pcap/packet.ts';
import {
  be16,
  bytes,
  EPOCH,
  ethernet,
  Flag,
  pcapFile,
  type Seen,
  Talk,
  tcp,
  udp,
  v4,
  v6,
} from './testing/frames.ts';
import { runFile, runFrames } from './testing/run.ts';

function http(n: number): Talk {
  const t = new Talk(v4('10.0.0.1', 40000 + n), v4(`10.0.1.${n}`, 80)).handshake();
  t.ask(`GET /${n} HTTP/1.1\r\nHost: h\r\n\r\n`);
  return t.answer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc').close();
}

function dns(id: number): Seen[] {
  const question = bytes([1, 0x61, 4, 0x74, 0x65, 0x73, 0x74, 0], be16(1), be16(1));
  const [c, s] = [v6(1, 50000), v6(2, 53)];
  const query = bytes(be16(id), be16(0x0100), be16(1), be16(0), be16(0), be16(0), question);
  const reply = bytes(be16(id), be16(0x8180), be16(1), be16(0), be16(0), be16(0), question);
  return [
    { frame: ethernet(udp(c, s, query)), time: EPOCH },
    { frame: ethernet(udp(s, c, reply)), time: EPOCH + 1000n },
  ];
}

const mixed = [...http(1).frames, ...dns(7), ...http(2).frames];

test('TCP and UDP, IPv4 and IPv6 in one capture', () => {
  const { results, stats } = runFile(pcapFile(mixed), 1000);
  assert.deepEqual(
    results.map((r) => `${r.protocol} ${r.server} ${r.reason}`),
    ['http 10.0.1.1 80 ', 'dns fd00::2 53 ', 'http 10.0.1.2 80 '],
  );
  assert.deepEqual(stats.sessions, { 'http/': 2, 'dns/': 1 });
  assert.deepEqual(stats.drops, {});
});

test('a damaged capture: good packets, or the one error; nothing stays held', () => {
  const file = pcapFile(mixed);
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(edits, fc.nat(400), fc.integer({ min: 16, max: 900 }), (changes, cut, chunk) => {
      const damaged = Buffer.from(file);
      // The file header stays: without it nothing is read at all.
      for (const [at, value] of changes) damaged[24 + (at % (file.length - 24))] = value;
      try {
        const { stats, results } = runFile(damaged.subarray(0, file.length - cut), chunk);
        assert.ok(results.length <= 12);
        assert.deepEqual([stats.flowsActive, stats.sessionsOpen], [0, 0]);
      } catch (error) {
        assert.ok(error instanceof CaptureFileError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('frames of random content in random order', () => {
  const frames = mixed.map((s) => s.frame);
  const step = fc.record({
    frame: fc.constantFrom(...frames),
    at: fc.nat(200),
    value: fc.nat(255),
    time: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    wire: fc.nat(70_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const seen = steps.map(({ frame, at, value, time, wire }) => {
        const changed = bytes(frame);
        if (at < changed.length) changed[at] = value;
        return { frame: changed, time, wireLength: Math.max(wire, changed.length) };
      });
      const { stats } = runFrames(seen);
      assert.deepEqual([stats.flowsActive, stats.sessionsOpen], [0, 0]);
    }),
    { numRuns: 300 },
  );
});

test('floods stay within the limits', () => {
  const limits = {
    ...defaultEngineLimits,
    flows: { ...defaultEngineLimits.flows, maxFlows: 100 },
    streams: { ...defaultEngineLimits.streams, maxTotalBytes: 10_000 },
  };
  const seen: Seen[] = [];
  for (let i = 0; i < 5000; i++) {
    const from = v4(`10.${i & 255}.${i >> 8}.1`, 1000);
    const to = v4('10.9.9.9', 80);
    const time = EPOCH + BigInt(i) * 1000n;
    seen.push({ frame: ethernet(tcp(from, to, 1, 0, Flag.syn)), time });
    // Data after a hole, which has to be held.
    seen.push({ frame: ethernet(tcp(from, to, 1000, 1, Flag.ack, 'x'.repeat(500))), time });
  }
  const options = { protocols: [protocols.http()], limits };
  let most = 0;
  const engine = new CaptureEngine(options, () => {});
  for (const { frame, time } of seen) {
    const nanos = Number(time % 1_000_000_000n);
    const { length } = frame;
    engine.packet({ ...emptyPacket(), bytes: frame, length, wireLength: length, nanos });
    most = Math.max(most, engine.stats().heldBytes);
  }
  const stats = engine.stats();
  assert.ok(most > 5000 && most <= 10_000, `${most} bytes held`);
  assert.equal(stats.flowsActive, 100);
  assert.equal(stats.flowsCreated, 5000);
  assert.equal(stats.flowsEvicted, 4900);
});

test('a message seen twice on one interface is one session', () => {
  const { results, stats } = runFrames(twice(http(1).frames));
  assert.deepEqual(
    results.map((r) => r.attributes['url.path']),
    ['/1'],
  );
  assert.equal(stats.tcpRetransmitted, 2);
});

test('a message seen on two interfaces is two sessions, or one', () => {
  const of = (separateInterfaces: boolean): number => {
    let sessions = 0;
    const options = { protocols: [protocols.http()], separateInterfaces };
    const engine = new CaptureEngine(options, () => sessions++);
    for (const { frame, time } of http(1).frames) {
      for (const interfaceId of [0, 1]) {
        engine.packet({
          ...emptyPacket(),
          bytes: frame,
          length: frame.length,
          wireLength: frame.length,
          nanos: Number(time % 1_000_000_000n),
          interfaceId,
        });
      }
    }
    engine.finish();
    return sessions;
  };
  assert.equal(of(true), 2);
  assert.equal(of(false), 1);
});

/** Each frame seen twice on one interface, as on a mirror port. */
function twice(frames: readonly Seen[]): Seen[] {
  return frames.flatMap((f) => [f, { ...f, time: f.time + 10n }]);
}

test('captures years apart keep their nanoseconds', () => {
  const years = 300_000_000n * 1_000_000_000n;
  const later = http(2).frames.map((f) => ({ ...f, time: f.time + years + 123n }));
  const starts = [EPOCH + 3_000_000n, EPOCH + 3_000_000n + years + 123n];
  const found = (frames: readonly Seen[]): bigint[] =>
    runFrames(frames)
      .results.map((r) => r.start)
      .sort((a, b) => Number(a - b));
  assert.deepEqual(found([...http(1).frames, ...later]), starts);
  assert.deepEqual(found([...later, ...http(1).frames]), starts);
});

test('an older capture after a newer one ends what is open', () => {
  const years = 300_000_000n * 1_000_000_000n;
  const open = http(2).frames.slice(0, 4);
  const later = open.map((f) => ({ ...f, time: f.time + years }));
  const { results } = runFrames([...later, ...http(1).frames]);
  assert.deepEqual(
    results.map((r) => r.reason),
    ['capture_ended', ''],
  );
});

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EPOCH, pcapFile, type Seen, Talk, v4 } from '../testing/frames.ts';
import { runFile } from '../testing/run.ts';
import { emptyPacket } from './packet.ts';
import { TimeCheck } from './time-check.ts';

const SECOND = 1_000_000_000n;

/** Runs packets of some times, in seconds, through a check; what comes out. */
function through(times: readonly number[]): { out: number[]; dropped: number } {
  const out: number[] = [];
  const check = new TimeCheck((p) => {
    assert.equal(p.bytes[p.start], times.indexOf(p.seconds + p.nanos / 1e9) & 255);
    out.push(p.seconds + p.nanos / 1e9);
  });
  const frame = new Uint8Array(3);
  for (const [i, time] of times.entries()) {
    frame.fill(i & 255);
    const seconds = Math.floor(time);
    const nanos = Math.round((time - seconds) * 1e9);
    check.take({ ...emptyPacket(), bytes: frame, start: 1, length: 1, seconds, nanos });
  }
  check.end();
  return { out, dropped: check.dropped };
}

const far = 9e9;
const good = [0, 0.25, 0.5, 0.75, 1].map((t) => 1e9 + t);

test('times that are in order, or nearly, pass as they are', () => {
  const f = (times: number[]) => assert.deepEqual(through(times), { out: times, dropped: 0 });
  f([]);
  f([7]);
  f([7, 9e9]);
  f(good);
  f([1000, 1003, 1003.25, 999, 1003.5, 998]);
  // A quiet capture, and one that goes on after a night.
  f([0.5, 5, 30, 900, 3000, 6000, 6008]);
  f([1000, 1000.5, 44_000, 44_000.5]);
  // An older capture behind a newer one, dense and sparse.
  f([90_000, 90_000.5, 1000, 1000.5, 1001]);
  f([90_000, 90_000.5, 1000, 1200, 1400, 1400.5]);
});

test('a single time far from all others is dropped: first, middle, last', () => {
  const all = Array.from({ length: good.length + 1 }, (_, at) => at);
  const lies = [far, 0, 1e9 - 5000, 1e9 + 5000, -5e9, 2 ** 52].map((lie) => ({ lie, at: all }));
  const near = [1e9 - 12, 1e9 + 12].map((lie) => ({ lie, at: all.slice(1, -1) }));
  for (const { lie, at: places } of [...lies, ...near]) {
    for (const at of places) {
      const times = [...good];
      times.splice(at, 0, lie);
      assert.deepEqual(through(times), { out: good, dropped: 1 }, `${lie} at ${at}`);
    }
  }
});

test('a lie before a pause does not take the packet after it', () => {
  assert.deepEqual(through([1000, 1000.5, far, 1060, 1060.5]), {
    out: [1000, 1000.5, 1060, 1060.5],
    dropped: 1,
  });
  assert.deepEqual(through([1000, 1000.5, 5, 1060, 1060.5]), {
    out: [1000, 1000.5, 1060, 1060.5],
    dropped: 1,
  });
});

test('two packets that agree are believed', () => {
  const times = [1000, 1000.5, far, far + 0.5];
  assert.deepEqual(through(times), { out: times, dropped: 0 });
});

test('whatever the times: each packet comes out once or is counted, in its order', () => {
  const time = fc.oneof(fc.nat(100), fc.nat(5000), fc.integer({ min: -(2 ** 40), max: 2 ** 40 }));
  fc.assert(
    fc.property(fc.uniqueArray(time, { maxLength: 30 }), (times) => {
      const { out, dropped } = through(times);
      assert.equal(out.length + dropped, times.length);
      const places = out.map((t) => times.indexOf(t));
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
      );
    }),
    { numRuns: 500 },
  );
});

/** Connections side by side, exchanges of each one after the other, requests open meanwhile. */
function traffic(): Seen[] {
  const frames: Seen[] = [];
  for (let n = 0; n < 6; n++) {
    const t = new Talk(v4('10.0.0.1', 40000 + n), v4('10.0.1.1', 80));
    t.wait(BigInt(n) * 300_000n);
    t.handshake();
    for (let i = 0; i < 3; i++) {
      t.ask(`GET /${n}/${i} HTTP/1.1\r\nHost: h\r\n\r\n`).wait(20_000_000n);
      t.answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }
    // Never answered.
    t.ask(`GET /${n}/open HTTP/1.1\r\nHost: h\r\n\r\n`);
    frames.push(...t.frames);
  }
  return frames.sort((a, b) => Number(a.time - b.time));
}

/** Connection of a path of {@link traffic}, and all that is said of the request. */
function told(frames: readonly Seen[]): Map<string, string> {
  const { results } = runFile(pcapFile(frames));
  return new Map(
    results.map((r) => [
      String(r.attributes['url.path']),
      `${r.start} ${r.end} ${r.reason} ${r.error} ${r.name}`,
    ]),
  );
}

test('one random time among good ones changes its own connection at most', () => {
  const frames = traffic();
  const whole = told(frames);
  assert.equal(whole.size, 24);
  // What four bytes of a file can say, near and far.
  const lie = fc.oneof(
    fc.bigInt({ min: 0n, max: (2n ** 32n - 1n) * SECOND }),
    fc.bigInt({ min: -3n * SECOND, max: 3n * SECOND }).map((by) => EPOCH + by),
    fc.bigInt({ min: -90_000n, max: 90_000n }).map((by) => EPOCH + by * SECOND),
  );
  fc.assert(
    fc.property(fc.nat(frames.length - 1), lie, (at, time) => {
      const client = Buffer.from(frames[at]!.frame);
      const ports = [client.readUInt16BE(34), client.readUInt16BE(36)];
      const own = Math.max(...ports) - 40000;
      const found = told(frames.map((f, i) => (i === at ? { ...f, time } : f)));
      for (const [path, line] of whole) {
        if (path.startsWith(`/${own}/`)) continue;
        assert.equal(found.get(path), line, path);
      }
    }),
    { numRuns: 400 },
  );
});

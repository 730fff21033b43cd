import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CaptureEngine, defaultEngineLimits } from '../engine.ts';
import { http1 } from '../l7/http1/protocol.ts';
import { emptyPacket } from '../pcap/packet.ts';
import { EPOCH, ethernet, Flag, type Seen, Talk, tcp, v4 } from '../testing/frames.ts';
import { type Result, runFrames } from '../testing/run.ts';
import type { Session } from './session.ts';

const client = v4('10.0.0.1', 40000);
const server = v4('10.0.0.2', 80);

const get = (n: number | string): string => `GET /${n} HTTP/1.1\r\nHost: h\r\n\r\n`;
/** A response whose body says which request it answers. */
const ok = (n: number | string): string => {
  const body = `body of ${n}`;
  return `HTTP/1.1 200 OK\r\nX-Request-ID: ${n}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

/** `path status reason` */
function line(r: Result): string {
  const status = r.attributes['http.response.status_code'] ?? '-';
  return `${r.attributes['url.path'] ?? '?'} ${status} ${r.reason || r.incomplete}`.trim();
}

/** Some packets of another flow, later: they let capture time pass. */
function later(nanos: bigint): Seen {
  return {
    frame: ethernet(tcp(v4('9.9.9.9', 1), v4('9.9.9.8', 2), 1, 1, 16)),
    time: EPOCH + nanos,
  };
}

function lines(t: Talk, ...more: Seen[]): string[] {
  return runFrames([...t.frames, ...more]).results.map(line);
}

function talk(): Talk {
  return new Talk(client, server).handshake();
}

test('no response: time-out, closed connection, end of the capture', () => {
  assert.deepEqual(lines(talk().ask(get(1)), later(119_000_000_000n)), ['/1 - capture_ended']);
  assert.deepEqual(lines(talk().ask(get(1)), later(121_000_000_000n)), ['/1 - timeout']);
  assert.deepEqual(lines(talk().ask(get(1)).close()), ['/1 - connection_closed']);
  const reset = talk().ask(get(1));
  reset.frames.push({
    frame: ethernet(tcp(server, client, reset.serverNext, 0, Flag.rst)),
    time: reset.time,
  });
  assert.deepEqual(lines(reset), ['/1 - connection_closed']);
});

test('a response that goes on is not overdue', () => {
  const t = talk().ask(get(1)).answer('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
  t.wait(130_000_000_000n).answer('cd');
  assert.deepEqual(lines(t), ['/1 200']);
});

test('a request whose body goes on is not overdue', () => {
  const t = talk().ask('POST /up HTTP/1.1\r\nContent-Length: 4\r\n\r\nab').wait(130_000_000_000n);
  assert.deepEqual(lines(t.ask('cd').answer(ok(1))), ['/up 200']);
});

test('a late response is not given to the next request', () => {
  const t = talk().ask(get(1)).wait(121_000_000_000n).acknowledge();
  t.answer(ok(1)).ask(get(2)).answer(ok(2));
  const { results, stats } = runFrames(t.frames);
  assert.deepEqual(results.map(line), ['/1 - timeout', '/2 200']);
  assert.equal(stats.drops.late_response, 1);
  // Of a client that pipelines nobody knows which response is the late one.
  const p = talk().ask(get(1)).wait(121_000_000_000n).acknowledge();
  p.ask(get(2)).answer(ok(1)).answer(ok(2));
  assert.deepEqual(lines(p), ['/1 - timeout', '/2 - capture_gap']);
});

test('a capture that starts in the middle', () => {
  const t = new Talk(client, server);
  t.answer('of a body we know nothing of').answer(ok(0)).ask(get(1)).answer(ok(1)).close();
  assert.deepEqual(lines(t), ['? 200 request_missing', '/1 200']);
});

test('lost responses leave their requests unanswered, not misanswered', () => {
  const t = talk().ask(get(1)).answer(ok(1), true).ask(get(2)).answer(ok(2));
  t.wait(30_000_000n).acknowledge().close();
  assert.deepEqual(lines(t), ['/1 - capture_gap', '/2 200']);
});

test('lost requests leave their responses alone', () => {
  const t = talk().ask(get(1), true).answer(ok(1)).ask(get(2)).answer(ok(2));
  t.wait(30_000_000n).acknowledge().ask(get(3)).answer(ok(3)).close();
  assert.deepEqual(lines(t), ['? 200 request_missing', '/2 200', '/3 200']);
});

test('a response that the capture saw before its request', () => {
  const t = talk().ask(get(1)).answer(ok(1)).ask(get(2)).answer(ok(2)).close();
  const frames = [...t.frames];
  [frames[3], frames[4]] = [frames[4]!, frames[3]!];
  [frames[5], frames[6]] = [frames[6]!, frames[5]!];
  assert.deepEqual(runFrames(frames).results.map(line), ['/1 200', '/2 200']);
});

test('a connection with the same ports is another one', () => {
  const first = talk().ask(get(1));
  const second = new Talk(client, server, [900_000, 800_000]);
  second.time = first.time;
  second.handshake().ask(get(2)).answer(ok(2)).close();
  assert.deepEqual(lines(first, ...second.frames), ['/1 - connection_closed', '/2 200']);
});

test('bounded: the oldest open request goes', () => {
  const frames: Seen[] = [];
  for (let n = 0; n < 20; n++) {
    const t = new Talk(v4('10.0.0.1', 1000 + n), server).handshake().ask(get(n));
    frames.push(...t.frames.map((f) => ({ ...f, time: f.time + BigInt(n) * 10_000_000n })));
  }
  const limits = {
    ...defaultEngineLimits,
    sessions: { maxOpen: 5, maxOpenPerConversation: 3 },
  };
  const { results } = runFrames(frames, { limits });
  assert.equal(results.filter((r) => r.reason === 'evicted').length, 15);
  assert.deepEqual(results.slice(0, 2).map(line), ['/0 - evicted', '/1 - evicted']);
  const flows = { ...defaultEngineLimits, flows: { ...defaultEngineLimits.flows, maxFlows: 4 } };
  const few = runFrames(frames, { limits: flows });
  assert.equal(few.stats.flowsEvicted, 16);
  assert.equal(few.results.length, 20);
});

// A client that pipelines is known as one from its first batch, which is seen whole here: where
// even that is hidden by losses nobody can tell its requests from those of a client that waits.
test('whatever the capture misses, no response goes to another request', () => {
  const lost = fc.array(fc.boolean(), { minLength: 4, maxLength: 40 });
  fc.assert(
    fc.property(lost, fc.integer({ min: 1, max: 3 }), (missing, depth) => {
      const t = talk();
      let n = 0;
      const miss = (): boolean => {
        n++;
        return (depth === 1 || n > 2 * depth) && missing[n % missing.length]!;
      };
      for (let round = 0; round < 6; round++) {
        const batch = Array.from({ length: depth }, (_, i) => round * depth + i);
        for (const i of batch) t.ask(withId(i), miss());
        for (const i of batch) t.answer(ok(i), miss());
        t.acknowledge().wait(25_000_000n).acknowledge();
      }
      const pairs = matched(t.close().frames);
      for (const [request, response] of pairs) assert.equal(request, response);
    }),
    { numRuns: 300 },
  );
});

const withId = (n: number): string => `GET /${n} HTTP/1.1\r\nX-Request-ID: ${n}\r\n\r\n`;

/** Request ids of the two messages of each session that has both. */
function matched(frames: readonly Seen[]): [string, string][] {
  const pairs: [string, string][] = [];
  const engine = new CaptureEngine({ protocols: [http1()] }, (s: Session) => {
    if (s.request && s.response) pairs.push([s.request.requestId, s.response.requestId]);
  });
  for (const { frame, time } of frames) {
    engine.packet({
      ...emptyPacket(),
      bytes: frame,
      length: frame.length,
      wireLength: frame.length,
      seconds: Number(time / 1_000_000_000n),
      nanos: Number(time % 1_000_000_000n),
    });
  }
  engine.finish();
  return pairs;
}

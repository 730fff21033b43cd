import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Conversation } from '../session/conversation.ts';
import { SessionTable } from '../session/pairing.ts';
import type { Session } from '../session/session.ts';
import { type FlowHost, L7Flow } from './flow.ts';
import { HEAD_BYTES, MessageHeads } from './heads.ts';
import { http1 } from './http1/protocol.ts';

/** The definition, in big integers. */
function expected(message: Uint8Array): string {
  const bytes = message.subarray(0, HEAD_BYTES);
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  let hash = 0xcbf29ce484222325n;
  const step = (word: number) => {
    hash = ((hash ^ BigInt(word)) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
  };
  for (let at = 0; at < padded.length; at += 4) step(view.getUint32(at, true));
  step(bytes.length);
  return hash.toString(16).padStart(16, '0');
}

function hex(high: number, low: number): string {
  return high === 0 && low === 0
    ? ''
    : high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

const FIRST = 0xffff_fff0;

/** Feeds the client's stream in these pieces; undefined = a piece that was not captured. */
function heads(stream: Uint8Array, cuts: readonly number[], lost = -1): string[] {
  const done: Session[] = [];
  const sessions = new SessionTable((s) => done.push(s));
  const host: FlowHost = {
    sessions,
    heads: new MessageHeads(),
    ends: () => {
      throw new Error('BUG: not asked for');
    },
    nextSequence: () => 0,
    acknowledgedInOrder: () => 0,
    clientSide: () => 0,
    settle: () => true,
    dropped: () => {},
  };
  const flow = new L7Flow(host, 0);
  const candidates = [{ protocol: http1(), usual: true }];
  const bounds = [0, ...new Set(cuts.filter((c) => c > 0 && c < stream.length))].sort(
    (a, b) => a - b,
  );
  bounds.push(stream.length);
  for (let i = 0; i + 1 < bounds.length; i++) {
    const [from, to] = [bounds[i]!, bounds[i + 1]!];
    const sequence = (FIRST + from) >>> 0;
    if (i === lost) flow.gap(0, to - from, sequence, i);
    else flow.data(candidates, 'tcp', 0, stream.slice(from, to), 0, to - from, sequence, 0, i);
  }
  flow.close(0, 0);
  sessions.close(flow as Conversation, 'connection_closed');
  return done.map(({ request }) => hex(request!.headHigh, request!.headLow));
}

const text = (s: string) => new Uint8Array(Buffer.from(s, 'latin1'));

const request = fc
  .record({ path: fc.stringMatching(/^[a-z]{0,80}$/), body: fc.nat(200) })
  .map(({ path, body }) =>
    body === 0
      ? `GET /${path} HTTP/1.1\r\n\r\n`
      : `POST /${path} HTTP/1.1\r\nContent-Length: ${body}\r\n\r\n${'b'.repeat(body)}`,
  );

test('the head of a message is the same however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(900), { maxLength: 8 }),
      (messages, cuts) => {
        const stream = text(messages.join(''));
        assert.deepEqual(
          heads(stream, cuts),
          messages.map((m) => expected(text(m))),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('golden: a short message and one longer than 64 bytes', () => {
  const short = 'GET / HTTP/1.1\r\n\r\n';
  assert.deepEqual(heads(text(short), []), [expected(text(short))]);
  const long = `GET /${'x'.repeat(100)} HTTP/1.1\r\n\r\n`;
  assert.deepEqual(heads(text(long), []), [expected(text(long.slice(0, 64)))]);
  assert.notEqual(expected(text(short)), expected(text(`${short}\0`)));
});

test('a head that was not captured whole is absent', () => {
  const body = 'b'.repeat(100);
  const message = `POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n${body}`;
  const cut = message.length - 90;
  assert.deepEqual(heads(text(message), [cut], 1), ['']);
  // Lost after the first 64 bytes: the head is known.
  assert.deepEqual(heads(text(message), [80], 1), [expected(text(message))]);
});

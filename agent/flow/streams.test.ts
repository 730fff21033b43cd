import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PacketDecoder } from '../packet/decode.ts';
import { FlowColumns } from './columns.ts';
import { defaultStreamLimits, TcpStreams } from './streams.ts';

const SYN = 2;
const ACK = 16;
const FIN = 1;
const RST = 4;

class Sides {
  readonly events: string[] = [];
  readonly streams: TcpStreams;
  readonly columns = new FlowColumns(4);

  constructor(limits = defaultStreamLimits) {
    this.streams = new TcpStreams(
      this.columns,
      {
        data: (_f, side, b, start, end, sequence, acknowledgement, time) => {
          const text = Buffer.from(b.subarray(start, end)).toString('latin1');
          this.events.push(`${side} ${text} @${sequence} ack ${acknowledgement} t ${time}`);
        },
        gap: (_f, side, length, sequence) => this.events.push(`${side} gap ${length} @${sequence}`),
        closed: (_f, side) => this.events.push(`${side} closed`),
      },
      limits,
    );
  }

  send(side: number, sequence: number, text: string, flags = ACK, time = 0, wire = text.length) {
    const d = new PacketDecoder();
    d.sequence = sequence >>> 0;
    d.acknowledgement = 7;
    d.flags = flags;
    d.bytes = Buffer.from(`<${text}>`, 'latin1');
    d.payloadStart = 1;
    d.payloadLength = text.length;
    d.payloadWireLength = wire;
    this.streams.segment(d, 0, side, time);
    d.bytes.fill(0);
  }

  /** What was handed on of a side, gaps as dots. */
  text(side: number): string {
    let text = '';
    for (const event of this.events) {
      const [s, what, n] = event.split(' ');
      if (s !== String(side)) continue;
      if (what === 'gap') text += '.'.repeat(Number(n));
      else if (what !== 'closed') text += what;
    }
    return text;
  }
}

test('in order, with positions and times', () => {
  const s = new Sides();
  s.send(0, 99, '', SYN);
  s.send(0, 100, 'abc', ACK, 5);
  s.send(0, 103, 'de', ACK | FIN, 6);
  assert.deepEqual(s.events, ['0 abc @100 ack 7 t 5', '0 de @103 ack 7 t 6', '0 closed']);
});

test('early segments wait for the hole to be filled', () => {
  const s = new Sides();
  s.send(0, 99, '', SYN);
  s.send(0, 103, 'de', ACK, 1);
  s.send(0, 105, 'fg', ACK | FIN, 2);
  assert.equal(s.streams.heldBytes, 2 * (2 + 128));
  s.send(0, 100, 'abc', ACK, 3);
  assert.equal(s.text(0), 'abcdefg');
  assert.deepEqual(s.events.at(-1), '0 closed');
  assert.equal(s.streams.heldBytes, 0);
  assert.equal(s.events[1], '0 de @103 ack 7 t 1');
});

test('retransmitted and overlapping bytes are cut off, what came first stands', () => {
  const s = new Sides();
  s.send(0, 100, 'abc');
  s.send(0, 100, 'abc');
  s.send(0, 101, 'XXdef');
  s.send(0, 105, 'f');
  assert.equal(s.text(0), 'abcdef');
  assert.equal(s.streams.retransmitted, 2);
});

test('a keep-alive probe is no retransmission', () => {
  const s = new Sides();
  s.send(0, 100, 'abc');
  s.send(0, 102, 'c');
  assert.equal(s.streams.retransmitted, 0);
});

test('a hole that the receiver acknowledged is a gap soon', () => {
  const s = new Sides();
  s.send(0, 100, 'abc');
  s.send(0, 110, 'xyz', ACK, 1e6);
  const d = new PacketDecoder();
  d.flags = ACK;
  d.acknowledgement = 113;
  s.streams.segment(d, 0, 1, 2e6);
  assert.equal(s.text(0), 'abc');
  s.streams.segment(d, 0, 1, 22e6);
  assert.equal(s.text(0), 'abc.......xyz');
  assert.equal(s.streams.lostBytes, 7);
});

test('any hole is a gap after a second, or when too much is held', () => {
  const s = new Sides();
  s.send(0, 100, 'abc');
  s.send(0, 104, 'e', ACK, 0);
  s.streams.sweep(0.9e9);
  assert.equal(s.text(0), 'abc');
  s.streams.sweep(1.1e9);
  assert.equal(s.text(0), 'abc.e');
  const small = new Sides({ ...defaultStreamLimits, maxSegments: 2 });
  small.send(0, 100, 'a');
  for (const at of [110, 120, 130]) small.send(0, at, 'x');
  assert.equal(small.streams.heldBytes, 0);
  assert.equal(small.text(0).replaceAll('.', ''), 'axxx');
});

test('frames that the capture cut leave gaps', () => {
  const s = new Sides();
  s.send(0, 100, 'abc', ACK, 0, 10);
  s.send(0, 110, 'def', ACK, 0, 3);
  assert.equal(s.text(0), 'abc.......def');
});

test('RST closes both sides after what is held', () => {
  const s = new Sides();
  s.send(0, 100, 'abc');
  s.send(0, 105, 'f');
  s.send(1, 900, '', RST);
  assert.deepEqual(s.events.slice(1), [
    '0 gap 2 @103',
    '0 f @105 ack 7 t 0',
    '0 closed',
    '1 closed',
  ]);
});

test('any cutting, order and repetition gives what was sent, over the wrap as well', () => {
  const piece = fc.record({ at: fc.nat(99), length: fc.integer({ min: 1, max: 30 }) });
  const plan = fc.array(piece, { minLength: 1, maxLength: 60 });
  const first = fc.constantFrom(0, 1000, 0xffffffff, 0xffffffd0, 0x7fffffff);
  fc.assert(
    fc.property(plan, first, (pieces, isn) => {
      const sent = Array.from({ length: 100 }, (_, i) => String.fromCharCode(33 + (i % 90))).join(
        '',
      );
      const s = new Sides();
      s.send(0, isn, '', SYN);
      const seen = new Set<number>();
      for (const { at, length } of pieces) {
        const text = sent.slice(at, at + length);
        s.send(0, isn + 1 + at, text);
        for (let i = 0; i < text.length; i++) seen.add(at + i);
      }
      s.streams.finish(0, 0);
      const last = Math.max(...seen);
      const want = Array.from(sent.slice(0, last + 1), (c, i) => (seen.has(i) ? c : '.')).join('');
      assert.equal(s.text(0), want);
      assert.equal(s.streams.heldBytes, 0);
    }),
    { numRuns: 500 },
  );
});

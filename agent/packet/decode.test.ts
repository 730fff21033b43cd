import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { emptyPacket, LinkType } from '../pcap/packet.ts';
import { be16, be32, bytes, ethernet, ip, tcp, udp, v4, v6 } from '../testing/frames.ts';
import { PacketDecoder } from './decode.ts';
import { FragmentTable } from './fragments.ts';
import { Verdict, verdicts } from './verdict.ts';

const a = v4('10.0.0.1', 1234);
const b = v4('10.0.0.2', 80);
const segment = tcp(a, b, 0x89abcdef, 0xfedcba98, 0x18, 'payload');

function decode(
  frame: Uint8Array,
  link: number = LinkType.ethernet,
  wireLength = frame.length,
  d = new PacketDecoder(),
) {
  // Frames lie somewhere in a larger buffer.
  const around = bytes('before', frame, 'behind');
  const length = frame.length;
  const verdict = d.decode(
    { ...emptyPacket(), bytes: around, start: 6, length, wireLength, linkType: link },
    0,
  );
  const payload = Buffer.from(
    d.bytes.subarray(d.payloadStart, d.payloadStart + d.payloadLength),
  ).toString('latin1');
  return { verdict: verdicts[verdict], payload, d };
}

test('a TCP segment', () => {
  const { verdict, payload, d } = decode(ethernet(segment));
  assert.equal(verdict, 'tcp');
  assert.equal(payload, 'payload');
  assert.equal(d.sequence, 0x89abcdef);
  assert.equal(d.acknowledgement, 0xfedcba98);
  assert.equal(d.flags, 0x18);
  assert.deepEqual([d.s3, d.d3], [0x0a000001, 0x0a000002]);
  assert.deepEqual([d.sourcePort, d.destinationPort], [1234, 80]);
  assert.deepEqual([d.payloadLength, d.payloadWireLength], [7, 7]);
});

test('every link type leads to the same segment', () => {
  const sll = (type: number[]) => bytes(new Uint8Array(14), type);
  const sll2 = (type: number[]) => bytes(type, [0, 0], be32(7), new Uint8Array(12));
  const f = (link: number, ...parts: (Uint8Array | readonly number[])[]) => {
    const { verdict, payload, d } = decode(bytes(...parts, segment), link);
    assert.deepEqual([verdict, payload], ['tcp', 'payload'], `link ${link}`);
    return d;
  };
  f(LinkType.raw);
  f(LinkType.rawBsd12);
  f(LinkType.rawBsd14);
  f(LinkType.ipv4);
  f(LinkType.null, [2, 0, 0, 0]);
  f(LinkType.null, [0, 0, 0, 2]);
  f(LinkType.loop, [0, 0, 0, 2]);
  f(LinkType.linuxSll, sll([8, 0]));
  f(LinkType.linuxSll, sll([0x81, 0, 0, 5, 8, 0]));
  assert.equal(f(LinkType.linuxSll2, sll2([8, 0])).interfaceId, 7);
  f(LinkType.linuxSll2, sll2([0x81, 0]), [0, 5, 8, 0]);
  f(LinkType.linuxSll2, sll2([0x91, 0]), [0, 5, 0x81, 0, 0, 6, 8, 0]);
  f(LinkType.ethernet, new Uint8Array(12), [0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]);
});

test('padding is not payload, and a cut frame says what is missing', () => {
  const padded = decode(bytes(ethernet(segment), new Uint8Array(9)));
  assert.equal(padded.payload, 'payload');
  const cut = decode(ethernet(segment).subarray(0, -4), LinkType.ethernet, 61);
  assert.equal(cut.payload, 'pay');
  assert.equal(cut.d.payloadWireLength, 7);
});

test('IPv6 with extension headers', () => {
  const plain = udp(v6(1, 5000), v6(2, 53), 'question');
  const headers = [17, 0, 1, 4, 0, 0, 0, 0];
  const hop = [60, 0, 0, 0, 0, 0, 0, 0];
  const atomic = [44, 0, 0, 0, 0, 0, 0, 0];
  const f = (first: number, ...chain: readonly (readonly number[])[]) => {
    const extra = bytes(...chain);
    const packet = bytes(
      plain.subarray(0, 4),
      be16(plain.length - 40 + extra.length),
      [first],
      plain.subarray(7, 40),
      extra,
      plain.subarray(40),
    );
    const { verdict, payload, d } = decode(ethernet(packet));
    assert.deepEqual([verdict, payload], ['udp', 'question']);
    assert.deepEqual([d.s0, d.s3, d.d3], [0xfd000000, 1, 2]);
  };
  f(17);
  f(0, [60, 0, 0, 0, 0, 0, 0, 0], headers);
  f(60, headers);
  f(0, [44, ...hop.slice(1)], [17, ...atomic.slice(1)]);
});

function fragments(id: number, payload: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    const piece = payload.subarray(at, at + size);
    const more = at + size < payload.length ? 0x2000 : 0;
    const flags = be16(more | (at / 8));
    const header = [0x45, 0, ...be16(20 + piece.length), ...be16(id), ...flags, 64, 17, 0, 0];
    parts.push(ethernet(bytes(header, a.address, b.address, piece)));
    at += size;
  }
  return parts;
}

test('IPv4 fragments in any order make one datagram', () => {
  const datagram = udp(a, b, 'x'.repeat(92)).subarray(20);
  const parts = fragments(9, datagram, [24, 32, 44]);
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [1, 1, 0, 2],
  ]) {
    const d = new PacketDecoder();
    const seen = order.map((i) => decode(parts[i]!, 1, parts[i]!.length, d));
    assert.equal(seen.at(-1)!.verdict, 'udp');
    assert.equal(seen.at(-1)!.payload, 'x'.repeat(92));
    for (const before of seen.slice(0, -1)) assert.equal(before.verdict, 'fragment_held');
    assert.equal(d.fragments.bytes, 0);
  }
});

test('IPv6 fragments', () => {
  const packet = udp(v6(1, 5000), v6(2, 53), 'y'.repeat(40));
  const part = (offset: number, more: number, data: Uint8Array) =>
    ethernet(
      bytes(
        packet.subarray(0, 4),
        be16(8 + data.length),
        [44],
        packet.subarray(7, 40),
        [17, 0, ...be16(offset | more), 0, 0, 0, 3],
        data,
      ),
    );
  const d = new PacketDecoder();
  const body = packet.subarray(40);
  const second = part(16, 0, body.subarray(16));
  assert.equal(decode(second, 1, second.length, d).verdict, 'fragment_held');
  const first = part(0, 1, body.subarray(0, 16));
  const { verdict, payload } = decode(first, 1, first.length, d);
  assert.deepEqual([verdict, payload], ['udp', 'y'.repeat(40)]);
});

test('overlapping, cut and too many fragments are given up', () => {
  const datagram = udp(a, b, 'x'.repeat(92)).subarray(20);
  const parts = fragments(9, datagram, [24, 32, 44]);
  const d = new PacketDecoder();
  decode(parts[0]!, 1, parts[0]!.length, d);
  const overlap = bytes(parts[1]!);
  overlap[14 + 7] = 2;
  assert.equal(decode(overlap, 1, overlap.length, d).verdict, 'fragment_malformed');
  assert.equal(d.fragments.bytes, 0);
  const short = parts[0]!.subarray(0, -2);
  assert.equal(decode(short, 1, parts[0]!.length, d).verdict, 'fragment_truncated');
  const bounded = new PacketDecoder({ maxDatagrams: 4, maxBytes: 1 << 20, timeout: 1e9 });
  for (let id = 0; id < 20; id++) {
    const frame = fragments(id, datagram, [24, 76])[0]!;
    assert.equal(decode(frame, 1, frame.length, bounded).verdict, 'fragment_held');
  }
  assert.equal(bounded.fragments.bytes, 4 * 24);
  assert.equal(bounded.fragments.expired, 16);
});

test('fragments of many datagrams stay within their bytes, however they come', () => {
  const limits = { maxDatagrams: 50, maxBytes: 100_000, timeout: 1e9 };
  const table = new FragmentTable(limits);
  const part = new Uint8Array(8000);
  // Small beginnings that all grow.
  const small = Array.from({ length: 40 }, (_, id) => [id, 60_000, 8] as const);
  const step = fc.tuple(fc.nat(40), fc.integer({ min: 0, max: 6 }), fc.constantFrom(8, 8000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const grown = steps.map(([id, at, length]) => [id, at * 8000, length] as const);
      for (const [id, at, length] of [...small, ...grown]) {
        table.add(String(id), at, false, part, 0, length, 0);
        assert.ok(table.bytes >= 0 && table.bytes <= limits.maxBytes, `${table.bytes}`);
      }
    }),
    { numRuns: 100 },
  );
});

test('stacks of tags and chains of extension headers have an end', () => {
  const tagged = (n: number) => decode(ethernet(segment, new Array<number>(n).fill(7))).verdict;
  assert.deepEqual([tagged(1), tagged(2), tagged(4), tagged(5)], ['tcp', 'tcp', 'tcp', 'not_ip']);
  const from = v6(1, 1234);
  const to = v6(2, 80);
  const inner = udp(from, to, 'abc').subarray(40);
  const chained = (n: number) => {
    const headers = Array.from({ length: n }, (_, i) => [
      i === n - 1 ? 17 : 60,
      0,
      1,
      4,
      0,
      0,
      0,
      0,
    ]);
    return decode(ethernet(ip(from, to, n === 0 ? 17 : 60, bytes(...headers, inner)))).verdict;
  };
  assert.deepEqual([chained(0), chained(1), chained(7)], ['udp', 'udp', 'udp']);
  assert.deepEqual([chained(8), chained(100)], ['ip_malformed', 'ip_malformed']);
  // A length that lies leads out of the packet, not around.
  const lying = [17, 255, 1, 4, 0, 0, 0, 0];
  assert.equal(decode(ethernet(ip(from, to, 60, bytes(lying, inner)))).verdict, 'frame_too_short');
});

test('what cannot be decoded has a reason', () => {
  const f = (want: string, frame: Uint8Array, link: number = LinkType.ethernet) => {
    assert.equal(decode(frame, link).verdict, want);
  };
  const edit = (at: number, ...values: number[]) => {
    const frame = bytes(ethernet(segment));
    frame.set(values, 14 + at);
    return frame;
  };
  f('link_type_unsupported', segment, 147);
  f('frame_too_short', new Uint8Array(13));
  f('not_ip', bytes(new Uint8Array(12), [8, 6], new Uint8Array(28)));
  f('frame_too_short', ethernet(segment).subarray(0, 30));
  f('frame_too_short', ethernet(segment).subarray(0, 40));
  f('ip_malformed', edit(0, 0x42));
  f('ip_malformed', edit(0, 0x75));
  f('ip_malformed', edit(2, 0, 19));
  f('ip_protocol_unsupported', edit(9, 1));
  f('transport_malformed', edit(32, 0x40));
  f('transport_malformed', edit(32, 0xf0));
});

test('random bytes never throw and stay within the frame', () => {
  const links = Object.values(LinkType);
  const start = fc.constantFrom(
    ethernet(segment),
    segment,
    ethernet(udp(v6(1, 2), v6(3, 4), 'abc')),
  );
  const edits = fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 8 });
  const d = new PacketDecoder();
  fc.assert(
    fc.property(
      start,
      edits,
      fc.constantFrom(...links),
      fc.nat(100),
      (base, changes, link, cut) => {
        const frame = bytes(base);
        for (const [at, value] of changes) frame[at % frame.length] = value;
        const piece = frame.subarray(0, Math.max(0, frame.length - cut));
        const p = { ...emptyPacket(), bytes: piece, length: piece.length, linkType: link };
        const verdict = d.decode({ ...p, wireLength: frame.length }, 0);
        if (verdict > Verdict.udp) return;
        assert.ok(d.payloadLength <= d.payloadWireLength);
        if (d.payloadLength > 0) assert.ok(d.payloadStart + d.payloadLength <= d.bytes.length);
      },
    ),
    { numRuns: 2000 },
  );
});

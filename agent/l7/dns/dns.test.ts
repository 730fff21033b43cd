import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  be16,
  be32,
  bytes,
  EPOCH,
  ethernet,
  type Seen,
  Talk,
  udp,
  v4,
  v6,
} from '../../testing/frames.ts';
import { type Result, runFrames } from '../../testing/run.ts';
import { DnsParser } from './message.ts';
import { NameReader } from './names.ts';

const client = v4('10.0.0.1', 40000);
const server = v4('10.0.0.2', 53);

function name(text: string): number[] {
  const labels = text === '.' ? [] : text.split('.');
  return [...labels.flatMap((l) => [l.length, ...Buffer.from(l, 'latin1')]), 0];
}

const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  HTTPS: 65,
};

function header(id: number, flags: number, counts: readonly [number, number, number, number]) {
  return [...be16(id), ...be16(flags), ...counts.flatMap(be16)];
}

function query(id: number, question: string, type: number): Uint8Array {
  return bytes(header(id, 0x0100, [1, 0, 0, 0]), name(question), be16(type), be16(1));
}

interface Answer {
  readonly type: number;
  readonly data: readonly number[];
}

/** A response whose answers are all owned by the question's name, by pointer. */
function response(
  id: number,
  question: string,
  type: number,
  answers: readonly Answer[],
  flags = 0x8180,
  extra: readonly number[] = [],
): Uint8Array {
  const records = answers.map((a) =>
    bytes([0xc0, 12], be16(a.type), be16(1), be32(60), be16(a.data.length), a.data),
  );
  const counts = [1, answers.length, 0, extra.length > 0 ? 1 : 0] as const;
  const asked = bytes(name(question), be16(type), be16(1));
  return bytes(header(id, flags, counts), asked, ...records, extra);
}

function frames(...messages: readonly (readonly ['>' | '<', Uint8Array])[]): Seen[] {
  return messages.map(([direction, payload], i) => ({
    frame: ethernet(
      direction === '>' ? udp(client, server, payload) : udp(server, client, payload),
    ),
    time: EPOCH + BigInt(i) * 1_000_000n,
  }));
}

function line(r: Result): string {
  const a = r.attributes;
  const answers = (a['dns.answers'] as readonly string[] | undefined) ?? [];
  const code = a['wirestitch.dns.response_code'] ?? '';
  const what = `${r.name} ${a['dns.question.name'] ?? ''} ${code}`;
  return [what.trim(), ...answers, r.reason].filter((s) => s !== '').join(' | ');
}

test('records as text', () => {
  const f = (type: keyof typeof TYPE, data: readonly number[], want: string): void => {
    const answer = response(7, 'ex.test', TYPE[type], [{ type: TYPE[type], data }]);
    const { results } = runFrames(frames(['>', query(7, 'ex.test', TYPE[type])], ['<', answer]));
    assert.deepEqual(results.map(line), [`DNS ${type} ex.test NOERROR | ${want}`]);
    assert.deepEqual(results[0]?.attributes['wirestitch.dns.answer.types'], [type]);
  };
  f('A', [10, 1, 2, 3], '10.1.2.3');
  f('AAAA', [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1], '2001:db8::1');
  f('CNAME', [3, 0x77, 0x77, 0x77, 0xc0, 12], 'www.ex.test');
  f('PTR', name('host.test'), 'host.test');
  f('NS', [0xc0, 12], 'ex.test');
  f('MX', [0, 10, ...name('mail.test')], '10 mail.test');
  f('TXT', [2, 0x61, 0x22, 1, 0x80], '"a\\"" "\\128"');
  f('SRV', [0, 1, 0, 2, 0, 80, ...name('s.test')], '1 2 80 s.test');
  const numbers = [1, 2, 3, 4, 5].flatMap(be32);
  f('SOA', [...name('ns.test'), ...name('admin.test'), ...numbers], 'ns.test admin.test 1 2 3 4 5');
  f(
    'HTTPS',
    [
      0,
      1,
      0,
      ...be16(1),
      ...be16(6),
      2,
      0x68,
      0x32,
      2,
      0x68,
      0x33,
      ...be16(4),
      ...be16(4),
      1,
      2,
      3,
      4,
    ],
    '1 . alpn="h2,h3" ipv4hint=1.2.3.4',
  );
  f('A', [1, 2, 3], '\\# 3 010203');
});

test('errors, EDNS, truncation', () => {
  const f = (flags: number, extra: readonly number[], want: string, error: string): Result => {
    const answer = response(1, 'x.test', 1, [], flags, extra);
    const { results } = runFrames(frames(['>', query(1, 'x.test', 1)], ['<', answer]));
    assert.deepEqual(results.map(line), [`DNS A x.test ${want}`]);
    assert.equal(results[0]?.error, error);
    return results[0]!;
  };
  f(0x8183, [], 'NXDOMAIN', '');
  f(0x8182, [], 'SERVFAIL', 'SERVFAIL');
  f(0x8185, [], 'REFUSED', 'REFUSED');
  const opt = [0, ...be16(41), ...be16(4096), 1, 0, 0, 0, 0, 0];
  f(0x8180, opt, 'BADVERS', 'BADVERS');
  const cut = f(0x8380, [], 'NOERROR', '');
  assert.equal(cut.attributes['wirestitch.dns.truncated'], true);
});

test('responses find their queries by id and question', () => {
  const a = query(1, 'a.test', 1);
  const b = query(2, 'b.test', 28);
  const sameId = query(1, 'c.test', 1);
  const address: Answer = { type: 1, data: [1, 2, 3, 4] };
  const { results } = runFrames(
    frames(
      ['>', a],
      ['>', b],
      ['>', sameId],
      ['<', response(1, 'C.TEST', 1, [address])],
      ['<', response(2, 'b.test', 28, [])],
      ['<', response(1, 'a.test', 1, [])],
      ['<', response(9, 'z.test', 1, [])],
    ),
  );
  assert.deepEqual(results.map(line), [
    'DNS A c.test NOERROR | 1.2.3.4',
    'DNS AAAA b.test NOERROR',
    'DNS A a.test NOERROR',
    'DNS A z.test NOERROR | request_missing',
  ]);
});

test('packets seen twice are one exchange', () => {
  const q = query(1, 'a.test', 1);
  const r = response(1, 'a.test', 1, []);
  const { results, stats } = runFrames(frames(['>', q], ['>', q], ['<', r], ['<', r]));
  assert.deepEqual(results.map(line), ['DNS A a.test NOERROR']);
  assert.equal(stats.drops['dns/duplicate_response'], 1);
});

test('no answer within 15 seconds of capture time', () => {
  const late: Seen = {
    frame: ethernet(udp(v4('10.0.0.9', 1), v4('10.0.0.8', 2), 'x')),
    time: EPOCH + 15_100_000_000n,
  };
  const { results } = runFrames([...frames(['>', query(1, 'a.test', 1)]), late]);
  assert.deepEqual(results.map(line), ['DNS A a.test | timeout']);
});

function framed(message: Uint8Array): Uint8Array {
  return bytes(be16(message.length), message);
}

test('over TCP, several at once and in pieces', () => {
  const asked = bytes(framed(query(1, 'a.test', 1)), framed(query(2, 'b.test', 1)));
  const told = bytes(framed(response(2, 'b.test', 1, [])), framed(response(1, 'a.test', 1, [])));
  for (let cut = 1; cut < told.length; cut++) {
    const t = new Talk(client, server).handshake();
    t.ask(asked.subarray(0, cut % asked.length)).ask(asked.subarray(cut % asked.length));
    t.answer(told.subarray(0, cut)).answer(told.subarray(cut));
    const { results } = runFrames(t.close().frames);
    assert.deepEqual(
      results.map(line),
      ['DNS A b.test NOERROR', 'DNS A a.test NOERROR'],
      `cut ${cut}`,
    );
    assert.equal(results[0]?.requestSequence, 1001 + 26);
    assert.equal(results[1]?.responseSequence, 5001 + 26);
  }
});

test('over TCP on a port that nobody expects, the length in a piece of its own', () => {
  const other = v4('10.0.0.2', 5300);
  const asked = framed(query(1, 'a.test', 1));
  const told = framed(response(1, 'a.test', 1, []));
  const t = new Talk(client, other).handshake();
  t.ask(asked.subarray(0, 2)).ask(asked.subarray(2));
  t.answer(told.subarray(0, 2)).answer(told.subarray(2));
  const { results } = runFrames(t.close().frames);
  assert.deepEqual(results.map(line), ['DNS A a.test NOERROR']);
  assert.equal(results[0]?.requestSequence, 1001);

  const odd = new Talk(client, other).handshake();
  for (let i = 0; i < 40; i++) odd.ask(bytes([0, 40])).answer(bytes([i, 255 - i]));
  assert.deepEqual(runFrames(odd.close().frames).results, []);
});

test('over TCP, after a gap the next whole message counts', () => {
  const t = new Talk(client, server).handshake();
  t.ask(framed(query(1, 'a.test', 1))).answer(framed(response(1, 'a.test', 1, [])), true);
  t.ask(framed(query(2, 'b.test', 1))).answer(framed(response(2, 'b.test', 1, [])));
  t.acknowledge().wait(50_000_000n).acknowledge();
  const { results } = runFrames(t.close().frames);
  assert.deepEqual(results.map(line).sort(), [
    'DNS A a.test | connection_closed',
    'DNS A b.test NOERROR',
  ]);
});

test('IPv6, and a port that nobody expects', () => {
  const frame = (from: ReturnType<typeof v6>, to: ReturnType<typeof v6>, payload: Uint8Array) => ({
    frame: ethernet(udp(from, to, payload)),
    time: EPOCH,
  });
  const [c, s] = [v6(1, 41000), v6(2, 1053)];
  const { results } = runFrames([
    frame(c, s, query(1, 'a.test', 1)),
    frame(s, c, response(1, 'a.test', 1, [])),
  ]);
  assert.deepEqual(results.map(line), ['DNS A a.test NOERROR']);
  assert.equal(results[0]?.server, 'fd00::2 1053');
});

test('multicast DNS is left alone', () => {
  const q = ethernet(udp(v4('10.0.0.1', 5353), v4('224.0.0.251', 5353), query(0, 'x.local', 12)));
  assert.deepEqual(runFrames([{ frame: q, time: EPOCH }]).results, []);
});

test('names: compression loops, escapes, length', () => {
  const parser = new DnsParser();
  const f = (labels: readonly number[]): string | undefined => {
    const message = bytes(header(1, 0x0100, [1, 0, 0, 0]), labels, be16(1), be16(1));
    return parser.parse(message, 0, message.length, 0, 0, 0, false)?.questionName;
  };
  assert.equal(f([0]), '.');
  assert.equal(f([1, 0x2e, 2, 0x5c, 0x07, 0]), '\\..\\\\\\007');
  assert.equal(f([0xc0, 12]), undefined);
  assert.equal(f([1, 0x61, 0xc0, 12]), undefined);
  assert.equal(f([0xc0, 14, 0xc0, 12]), undefined);
  assert.equal(f([0xff, 0xff]), undefined);
  assert.equal(f([0x40, 0]), undefined);
  const long = Array.from({ length: 32 }, () => [7, 1, 2, 3, 4, 5, 6, 7]).flat();
  assert.equal(f([...long, 0]), undefined);
  assert.equal(f([...long.slice(0, 31 * 8), 0])?.length, 31 * 29 - 1);
});

test('names: a chain of pointers has an end', () => {
  const names = new NameReader();
  const chain = (pointers: number): string | undefined => {
    const hops = Array.from({ length: pointers }, (_, i) => be16(0xc000 + Math.max(0, i * 2 + 1)));
    const b = bytes([1, 0x61, 0], be16(0xc000), ...hops.slice(1));
    return names.read(b, 0, b.length - 2, b.length);
  };
  assert.equal(chain(127), 'a');
  assert.equal(names.next, 3 + 127 * 2);
  assert.equal(chain(128), undefined);
  assert.equal(chain(8000), undefined);
});

test('random messages: parsed or refused, never a throw or a hang', () => {
  const parser = new DnsParser();
  const base = fc.constantFrom(
    query(1, 'a.test', 1),
    response(1, 'ex.test', 15, [
      { type: 15, data: [0, 10, ...name('mail.test')] },
      { type: 65, data: [0, 1, 0, ...be16(1), ...be16(3), 2, 0x68, 0x32] },
      { type: 6, data: [...name('ns.test'), ...name('a.test'), ...new Array<number>(20).fill(1)] },
    ]),
  );
  const edits = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 10 });
  fc.assert(
    fc.property(base, edits, fc.nat(40), (message, changes, cut) => {
      const b = bytes(message);
      for (const [at, value] of changes) b[at % b.length] = value;
      const m = parser.parse(b, 0, Math.max(0, b.length - cut), 0, 0, 0, false);
      if (m === undefined) return;
      assert.ok(m.questionName.length <= 4 * 255);
      assert.ok(m.answers.length <= 64);
    }),
    { numRuns: 2000 },
  );
});

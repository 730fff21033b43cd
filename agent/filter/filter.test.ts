import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { CaptureReader } from '../pcap/reader.ts';
import { ethernet, tcp, udp, v4, v6 } from '../testing/frames.ts';
import { compileFilter } from './compile.ts';
import { type FilterNode, parseFilter } from './parse.ts';

/** The kernel's machine, as far as compiled filters use it; undefined = a load out of bounds. */
function run(program: Uint8Array, frame: Uint8Array, linkBytes: number): number {
  const code = new DataView(program.buffer);
  const data = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const version = frame[linkBytes]! >> 4;
  let a = 0;
  let x = 0;
  for (let i = 0, steps = 0; steps < 10_000; i++, steps++) {
    const op = code.getUint16(i * 8, true);
    const [jt, jf] = [code.getUint8(i * 8 + 2), code.getUint8(i * 8 + 3)];
    const k = code.getUint32(i * 8 + 4, true);
    try {
      if (op === 0x28 && k === 0xfffff000) a = version === 4 ? 0x800 : version === 6 ? 0x86dd : 0;
      else if (op === 0x20) a = data.getUint32(k);
      else if (op === 0x28) a = data.getUint16(k);
      else if (op === 0x30) a = data.getUint8(k);
      else if (op === 0x48) a = data.getUint16(k + x);
      else if (op === 0xb1) x = (data.getUint8(k) & 15) * 4;
      else if (op === 0x54) a = (a & k) >>> 0;
      else if (op === 0x05) i += k;
      else if (op === 0x15) i += a === k ? jt : jf;
      else if (op === 0x35) i += a >= k ? jt : jf;
      else if (op === 0x45) i += (a & k) !== 0 ? jt : jf;
      else if (op === 0x06) return k;
      else assert.fail(`instruction ${op.toString(16)}`);
    } catch (error) {
      if (error instanceof RangeError) return 0;
      throw error;
    }
  }
  return assert.fail('a filter does not end');
}

interface Facts {
  readonly version: 4 | 6;
  readonly protocol: number;
  readonly hosts: readonly [string, string];
  readonly ports: readonly [number, number];
}

function frameOf(f: Facts): Uint8Array {
  const end = (i: 0 | 1) =>
    f.version === 4 ? v4(f.hosts[i], f.ports[i]) : v6(Number(f.hosts[i].slice(-1)), f.ports[i]);
  const packet = f.protocol === 6 ? tcp(end(0), end(1), 1, 1, 16, 'x') : udp(end(0), end(1), 'x');
  return ethernet(packet);
}

/** What a filter's text says of a packet, by the words of the text. */
function holds(node: FilterNode | undefined, f: Facts): boolean {
  if (node === undefined) return true;
  const either = (end: string, one: (i: 0 | 1) => boolean): boolean => {
    if (end === 'source') return one(0);
    return end === 'destination' ? one(1) : one(0) || one(1);
  };
  switch (node.kind) {
    case 'and':
      return node.terms.every((term) => holds(term, f));
    case 'or':
      return node.terms.some((term) => holds(term, f));
    case 'not':
      return !holds(node.term, f);
    case 'version':
      return node.version === f.version;
    case 'protocol':
      return node.protocol === f.protocol;
    case 'ports':
      return either(node.end, (i) => f.ports[i] >= node.from && f.ports[i] <= node.to);
    case 'network': {
      const bits = (words: readonly number[]) =>
        words
          .map((w) => w.toString(2).padStart(32, '0'))
          .join('')
          .slice(0, node.prefix);
      if ((node.words.length === 1) !== (f.version === 4)) return false;
      const words = (host: string): number[] =>
        f.version === 4
          ? [host.split('.').reduce((w, part) => w * 256 + Number(part), 0)]
          : [0xfd000000, 0, 0, Number(host.slice(-1))];
      return either(node.end, (i) => bits(words(f.hosts[i])) === bits(node.words));
    }
  }
}

const address4 = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.1.0.1', '192.168.0.9');
const address6 = fc.constantFrom('fd00::1', 'fd00::2', 'fd00::3');
const port = fc.constantFrom(53, 80, 81, 443, 8080, 40000);

const facts: fc.Arbitrary<Facts> = fc
  .tuple(fc.boolean(), fc.constantFrom(6, 17), address4, address4, address6, address6, port, port)
  .map(([old, protocol, a, b, c, d, p, q]) => ({
    version: old ? 4 : 6,
    protocol,
    hosts: old ? [a, b] : [c, d],
    ports: [p, q],
  }));

const end = fc.constantFrom('', 'src ', 'dst ');
const term = fc.oneof(
  fc.constantFrom('ip', 'ip6', 'tcp', 'udp'),
  fc.tuple(end, port).map(([e, p]) => `${e}port ${p}`),
  fc.tuple(end, port).map(([e, p]) => `${e}portrange ${p}-${p + 400}`),
  fc.tuple(end, fc.oneof(address4, address6)).map(([e, h]) => `${e}host ${h}`),
  fc.tuple(end, address4, fc.nat(32)).map(([e, h, n]) => `${e}net ${h}/${n}`),
  fc.tuple(end, address6, fc.nat(128)).map(([e, h, n]) => `${e}net ${h}/${n}`),
  fc.tuple(fc.constantFrom('tcp', 'udp', 'ip', 'ip6'), port).map(([p, n]) => `${p} port ${n}`),
);
const text = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 5 },
    term,
    tie('filter').map((f) => `not (${f})`),
    fc
      .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
  ),
})).filter;

test('a compiled filter does what its text says, with and without link header', () => {
  fc.assert(
    fc.property(text, fc.array(facts, { minLength: 1, maxLength: 20 }), (filter, packets) => {
      const tree = parseFilter(filter);
      const linked = compileFilter(tree, { linkBytes: 14, snapLength: 96 });
      const bare = compileFilter(tree, { linkBytes: 0, snapLength: 96 });
      for (const packet of packets) {
        const frame = frameOf(packet);
        const want = holds(tree, packet) ? 96 : 0;
        assert.equal(run(linked, frame, 14), want, filter);
        assert.equal(run(bare, frame.subarray(14), 0), want, filter);
      }
    }),
    { numRuns: 400 },
  );
});

test('the empty filter takes IP and nothing else', () => {
  const program = compileFilter(parseFilter(' '), { linkBytes: 14, snapLength: 7 });
  assert.equal(run(program, ethernet(udp(v4('1.2.3.4', 1), v4('1.2.3.5', 2), '')), 14), 7);
  assert.equal(run(program, new Uint8Array(60), 14), 0);
});

test('what cannot be read is refused with its place', () => {
  const f = (filter: string, message: RegExp) => assert.throws(() => parseFilter(filter), message);
  f('tcp prt 80', /"tcp prt 80": at character 5 expected "and" or "or", found "prt"/);
  f('port', /at character 5 expected a port, found its end/);
  f('port 65536', /at character 6 expected a port from 0 to 65535, found "65536"/);
  f('portrange 9-8', /expected the smaller port first/);
  f('host 10.0.0', /expected an IPv4 or IPv6 address, found "10.0.0"/);
  f('host 10.0.0.0/8', /expected an address without "\/"/);
  f('net 10.0.0.0', /expected a network, as in/);
  f('net fd00::/129', /a prefix length from 0 to 128/);
  f('(tcp', /expected "\)", found its end/);
  f('tcp)', /found "\)"/);
  f('not', /found its end/);
  f('icmp', /expected "not", "\(", "tcp"/);
  f(`${'('.repeat(500)}tcp`, /expected less nesting/);
  f('x'.repeat(20_000), /longer than/);
  const many = Array.from({ length: 900 }, (_, i) => `port ${i}`).join(' or ');
  assert.throws(
    () => compileFilter(parseFilter(many), { linkBytes: 14, snapLength: 1 }),
    /takes \d+ of 4096 steps/,
  );
});

test('any text is read or refused', () => {
  const words = fc.constantFrom('tcp', 'port', '80', '(', ')', 'not', 'and', 'or', 'host', 'x');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((w) => w.join(' ')),
      ),
      (filter) => {
        try {
          compileFilter(parseFilter(filter), { linkBytes: 14, snapLength: 1 });
        } catch (error) {
          assert.equal((error as Error).name, 'FilterError');
        }
      },
    ),
    { numRuns: 500 },
  );
});

const pcaps = join(process.env.WIRESTITCH_CONFORMANCE ?? '', 'pcap');

test('tcpdump takes the same packets of captures', (t) => {
  if (!process.env.WIRESTITCH_CONFORMANCE || !existsSync(pcaps)) return t.skip('no captures');
  if (spawnSync('tcpdump', ['--version']).status !== 0) return t.skip('tcpdump is not installed');
  const filters = [
    'tcp port 80 or udp port 53',
    'not port 80 and net 10.0.0.0/8',
    'src net 10.30.0.0/16 and not dst port 12345',
    'tcp and portrange 1000-9999',
  ];
  let compared = 0;
  for (const name of readdirSync(pcaps).filter((n) => n.endsWith('.pcap'))) {
    const path = join(pcaps, name);
    const frames: Uint8Array[] = [];
    const reader = new CaptureReader((p) => {
      if (p.linkType === 1) frames.push(p.bytes.slice(p.start, p.start + p.length));
    });
    reader.push(readFileSync(path));
    reader.end();
    if (frames.length === 0) continue;
    for (const filter of filters) {
      const program = compileFilter(parseFilter(filter), { linkBytes: 14, snapLength: 1 });
      const ours = frames.filter((frame) => run(program, frame, 14) > 0).length;
      const out = spawnSync('tcpdump', ['-nr', path, filter], { encoding: 'utf8' }).stdout;
      // A line a packet; what tcpdump says of the payload is indented.
      const theirs = out.split('\n').filter((line) => /^\d/.test(line)).length;
      assert.equal(ours, theirs, `${name}: ${filter}`);
      compared++;
    }
  }
  t.diagnostic(`${compared} counts compared`);
  assert.ok(compared > 20);
});

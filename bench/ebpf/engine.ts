/**
 * CPU time of the agent's side: records of HTTP exchanges through engine and span writer.
 *   node scripts/launch.mjs bench/ebpf/engine.ts [--sessions 200000]
 */
import { parseArgs } from 'node:util';
import { SyscallEngine } from '../../agent/ebpf/engine.ts';
import { Flag, HEADER_BYTES, Kind, RecordReader } from '../../agent/ebpf/records.ts';
import type { Protocol } from '../../agent/l7/protocol.ts';
import { protocols } from '../../agent/l7/registry.ts';
import { SpanWriter } from '../../agent/spans/writer.ts';
import { loadExchanges } from '../../native/exchanges.ts';

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '200000' } } });
const sessions = Number(values.sessions);
const SOCKETS = 64;

const request = Buffer.from(
  'GET /users/1234/orders?page=2 HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: bench/1.0\r\n' +
    'Accept: */*\r\nAccept-Encoding: gzip\r\n\r\n',
);
const response = Buffer.from(
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n' +
    'x'.repeat(100),
);

/** Records of one round: each socket answers one request. */
function round(at: number, sequences: Uint32Array): Buffer {
  const parts: Buffer[] = [];
  for (let socket = 0; socket < SOCKETS; socket++) {
    for (const incoming of [true, false]) {
      const payload = incoming ? request : response;
      const b = Buffer.alloc((HEADER_BYTES + payload.length + 7) & ~7);
      b.writeUInt32LE(HEADER_BYTES + payload.length, 0);
      b[4] = Kind.data;
      b[5] = 1;
      b[6] = Flag.tcp | Flag.server | (incoming ? Flag.incoming : 0);
      b.writeBigUInt64LE(BigInt(at + socket * 1000 + (incoming ? 0 : 500)), 8);
      b.writeUInt32LE(77, 16);
      b.writeUInt32LE(77, 20);
      b.writeUInt32LE(socket + 1, 24);
      b.writeUInt32LE(1, 28);
      b.writeBigUInt64LE(BigInt(at * 100 + socket + 1), 32);
      const own = socket * 2 + (incoming ? 1 : 0);
      b.writeUInt32LE(sequences[own]!, 40);
      b.writeUInt32LE(sequences[own ^ 1]!, 44);
      sequences[own]! += payload.length;
      b.writeUInt32LE(payload.length, 48);
      b.writeUInt32LE(payload.length, 52);
      b.writeUInt32LE(4026531833, 56);
      b.writeUInt16LE(8080, 60);
      b.writeUInt16LE(40000 + socket, 62);
      b.set([127, 0, 0, 1], 64);
      b.set([127, 0, 0, 1], 80);
      b.write('nginx', 112);
      payload.copy(b, HEADER_BYTES);
      parts.push(b);
    }
  }
  return Buffer.concat(parts);
}

function run(name: string, take: (bytes: Buffer) => void): void {
  const sequences = new Uint32Array(SOCKETS * 2);
  let used = 0;
  let events = 0;
  const rounds = Math.ceil(sessions / SOCKETS);
  for (let i = 0; i < rounds; i++) {
    const bytes = round(1e9 + i * 1e5, sequences);
    const before = process.cpuUsage();
    take(bytes);
    const { user, system } = process.cpuUsage(before);
    // The first quarter warms up.
    if (i < rounds / 4) continue;
    used += user + system;
    events += SOCKETS * 2;
  }
  console.log(`${name}: ${(used / events).toFixed(2)} CPU-s per million events`);
}

const reader = new RecordReader();
let sum = 0;
run('records read', (bytes) => {
  reader.batch(bytes, bytes.length);
  while (reader.next()) sum += reader.length + reader.socket + reader.timeSince(0, 0);
});

function engine(found: readonly Protocol[], writer?: SpanWriter, native = false): SyscallEngine {
  const sink = writer === undefined ? () => {} : writer.add.bind(writer);
  const addon = native ? loadExchanges() : undefined;
  const plain = addon === undefined || writer === undefined ? {} : { plain: { addon, writer } };
  return new SyscallEngine({ protocols: found, ...plain }, sink, 1_700_000_000_000_000_000n, 0n);
}

function toOtlp(name: string, native: boolean): void {
  const writer = new SpanWriter({
    captureName: '',
    source: 'ebpf',
    observationPoint: 'rest',
    endpointSegments: 2,
  });
  const whole = engine([protocols.http()], writer, native);
  run(name, (bytes) => {
    whole.batch(bytes, bytes.length);
    if (writer.count >= 1000) sum += writer.flush()?.itemCount ?? 0;
  });
}

const unknown = engine([protocols.dns()]);
run('sockets of an unknown protocol', (bytes) => unknown.batch(bytes, bytes.length));
const paired = engine([protocols.http()]);
run('HTTP requests paired', (bytes) => paired.batch(bytes, bytes.length));
toOtlp('HTTP requests to OTLP, by the twin in TypeScript', false);
toOtlp('HTTP requests to OTLP', true);
if (sum < 0) console.log(sum);

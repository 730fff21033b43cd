import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dns } from '../l7/dns/protocol.ts';
import type { HttpRequest, HttpResponse } from '../l7/http1/message.ts';
import { http1 } from '../l7/http1/protocol.ts';
import type { Session } from '../session/session.ts';
import { defaultSyscallLimits, type ProcessSink, SyscallEngine } from './engine.ts';
import { Flag, Kind, RecordReader } from './records.ts';
import { record, Served } from './testing/records.ts';

const UNIX = 1_700_000_000_000_000_000n;

interface Run {
  readonly engine: SyscallEngine;
  readonly sessions: Session[];
  readonly bases: number[];
}

function run(
  records: readonly Buffer[],
  more: { sockets?: number; processes?: ProcessSink } = {},
): Run {
  const sessions: Session[] = [];
  const bases: number[] = [];
  const { sockets = 100, processes } = more;
  const engine = new SyscallEngine(
    {
      protocols: [http1(), dns()],
      limits: { ...defaultSyscallLimits, sockets },
      ...(processes === undefined ? {} : { processes }),
    },
    (session, base) => {
      sessions.push(session);
      bases.push(base);
    },
    UNIX,
    0n,
  );
  const bytes = Buffer.concat(records);
  engine.batch(bytes, bytes.length);
  return { engine, sessions, bases };
}

function lineOf({ request, response, reason }: Session): string {
  const asked =
    request === undefined
      ? '-'
      : `${(request as HttpRequest).method} ${(request as HttpRequest).target}`;
  const answered = response === undefined ? '-' : String((response as HttpResponse).status);
  return `${asked} ${answered}${reason === '' ? '' : ` (${reason})`}`;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
const ok = (length: number, body = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`;

test('a request and its response are a session of the process', () => {
  const c = new Served();
  const { sessions, bases } = run([
    c.ask(get('/a'), { chain: 9n }),
    c.answer(ok(2, 'hi'), { chain: 9n }),
  ]);
  assert.deepEqual(sessions.map(lineOf), ['GET /a 200']);
  assert.deepEqual(bases, [1_700_000_000]);
  const [session] = sessions;
  const ends = session!.conversation.ends();
  assert.equal(ends.serverAddress, '127.0.0.1');
  assert.deepEqual([ends.serverPort, ends.clientPort, ends.transport], [8080, 40_000, 'tcp']);
  assert.deepEqual(session!.conversation.vantage?.(), {
    point: 'server_process',
    networkNamespace: 4_026_531_833,
    pid: 77,
    command: 'server',
  });
  assert.equal(session!.request!.start, 1_000_000);
  assert.equal(session!.request!.sequence, 5000);
  assert.equal(session!.response!.sequence, 0xffff_ff00);
  assert.deepEqual(session!.request!.origin, {
    chainHigh: 0,
    chainLow: 9,
    thread: 77,
    number: 1,
    rule: '',
    derived: false,
    first: false,
  });
});

test('the client of a connection is described as client', () => {
  const told = { role: 'client', localPort: 40_000, remotePort: 80 } as const;
  const c = new Served(told);
  // The sides are named as a server sees them.
  const { sessions } = run([
    record({ ...told, kind: Kind.connect, incoming: false }),
    c.answer(get('/x')),
    c.ask(ok(0)),
  ]);
  assert.deepEqual(sessions.map(lineOf), ['GET /x 200']);
  assert.equal(sessions[0]!.conversation.vantage?.()?.point, 'client_process');
  assert.equal(sessions[0]!.conversation.ends().serverPort, 80);
});

test('payload beyond what was captured counts, and the next message is found', () => {
  const c = new Served();
  const { sessions, engine } = run([
    c.ask(get('/big')),
    c.answer(ok(5000, 'x'.repeat(50)), { length: ok(5000).length + 3000 }),
    c.answer('', { length: 2000 }),
    c.ask(get('/next')),
    c.answer(ok(0)),
  ]);
  assert.deepEqual(sessions.map(lineOf), ['GET /big 200', 'GET /next 200']);
  assert.equal((sessions[0]!.response as HttpResponse).bodyLength, 5000);
  assert.equal(sessions[0]!.response!.end, 3_000_000);
  assert.equal(engine.stats().gapBytes, 2950 + 2000);
});

test('records that are missing give no wrong pairs', () => {
  const c = new Served();
  const first = [c.ask(get('/1')), c.answer(ok(0))];
  c.skip('asked', 30);
  c.skip('answered', 40);
  const { sessions } = run([
    ...first,
    c.ask(get('/3')),
    c.answer(ok(0)),
    c.ask(get('/4')),
    c.answer(ok(0)),
  ]);
  for (const s of sessions) {
    assert.ok(!lineOf(s).includes('200') || s.request !== undefined || s.reason !== '');
  }
  assert.ok(sessions.map(lineOf).includes('GET /4 200'));
});

test('a call that is told twice is taken once', () => {
  const c = new Served();
  const asked = c.ask(get('/a'));
  const { sessions, engine } = run([asked, asked, c.answer(ok(0))]);
  assert.deepEqual(sessions.map(lineOf), ['GET /a 200']);
  assert.equal(engine.stats().repeatedBytes, get('/a').length);
});

test('the end of a connection ends its sessions', () => {
  const c = new Served();
  const { sessions } = run([
    c.ask(get('/a')),
    record({ kind: Kind.close, socket: 1 }),
    new Served({ socket: 2 }).ask(get('/b')),
  ]);
  assert.deepEqual(sessions.map(lineOf), ['GET /a - (connection_closed)']);
});

test('a body without a length ends with the connection', () => {
  const c = new Served();
  const { sessions } = run([
    c.ask(get('/a')),
    c.answer('HTTP/1.0 200 OK\r\n\r\nsome'),
    c.answer(' more'),
    record({ kind: Kind.end, incoming: false }),
  ]);
  assert.deepEqual(sessions.map(lineOf), ['GET /a 200']);
  assert.equal((sessions[0]!.response as HttpResponse).bodyLength, 9);
});

test('a reused socket with other ports is another connection', () => {
  const one = new Served();
  const two = new Served({ localPort: 9090 });
  const { sessions, engine } = run([
    one.ask(get('/a')),
    one.answer(ok(0)),
    two.ask(get('/b')),
    two.answer(ok(0)),
  ]);
  assert.deepEqual(sessions.map(lineOf), ['GET /a 200', 'GET /b 200']);
  assert.equal(engine.stats().sockets, 2);
});

test('sockets beyond the limit make room', () => {
  const asks = [1, 2, 3].map((socket) => new Served({ socket }).ask(get(`/${socket}`)));
  const { sessions, engine } = run(asks, { sockets: 2 });
  assert.deepEqual(sessions.map(lineOf), ['GET /1 - (evicted)']);
  assert.equal(engine.stats().socketsEvicted, 1);
  assert.equal(engine.stats().socketsActive, 2);
});

test('chains of requests that were pipelined are taken back', () => {
  const c = new Served();
  const { sessions, engine } = run([
    c.ask(get('/1') + get('/2'), { chain: 5n }),
    c.answer(ok(0) + ok(0), { chain: 5n }),
  ]);
  assert.deepEqual(
    sessions.map((s) => [s.request!.origin!.chainLow, s.response!.origin!.chainLow]),
    [
      [0, 0],
      [0, 0],
    ],
  );
  assert.deepEqual(engine.stats().withheld, { pipelined: 2 });
});

test('an inbound request and its outbound one share a chain', () => {
  const inbound = new Served();
  const out = { socket: 2, role: 'client', localPort: 41_000, remotePort: 80 } as const;
  const outbound = new Served(out);
  const chain = 0x1230_0000_0000_0007n;
  const { sessions } = run([
    inbound.ask(get('/in'), { chain }),
    outbound.answer(get('/out'), { chain, flags: Flag.first, rule: 3 }),
    outbound.ask(ok(0), { chain }),
    inbound.answer(ok(0), { chain }),
  ]);
  const [called, served] = sessions;
  assert.equal(lineOf(called!), 'GET /out 200');
  const { chainHigh, chainLow, rule } = called!.request!.origin!;
  assert.deepEqual([chainHigh, chainLow, rule], [0x1230_0000, 7, 'connect']);
  assert.equal(served!.request!.origin!.chainLow, 7);
});

test('processes and their sockets are told of', () => {
  const told: string[] = [];
  const note =
    (name: string) =>
    (...values: readonly unknown[]) =>
      void told.push(`${name} ${values.slice(0, -1).join(' ')}`);
  const processes = {
    noteExec: note('exec'),
    noteFork: note('fork'),
    noteExit: note('exit'),
    noteConnect: note('connect'),
    noteAccept: note('accept'),
    noteClose: note('close'),
  };
  run(
    [
      record({ kind: Kind.exec }),
      record({ kind: Kind.fork, length: 78 }),
      record({ kind: Kind.accept }),
      record({ kind: Kind.connect, socket: 3, localPort: 41_000, role: 'client' }),
      record({ kind: Kind.close, socket: 3 }),
      record({ kind: Kind.exit }),
    ],
    { processes },
  );
  assert.deepEqual(told, [
    'exec 77',
    'fork 77 78',
    'accept 77 4026531833 127.0.0.1 8080',
    'connect 77 4026531833 127.0.0.1 41000',
    'close 77 4026531833 127.0.0.1 41000',
    'exit 77',
  ]);
});

/** A query for the address of `a.test`, id 7. */
const asked = '\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01';
const told = `${asked.slice(0, 2)}\x81\x80${asked.slice(4)}`;

test('DNS over TCP on any port: the length is read by itself', () => {
  const c = new Served({ localPort: 5300 });
  const { sessions } = run([
    c.ask(`\0${String.fromCharCode(asked.length)}`, { chain: 3n }),
    c.ask(asked, { chain: 3n }),
    c.answer(`\0${String.fromCharCode(told.length)}${told}`, { chain: 3n }),
  ]);
  assert.equal(sessions.length, 1);
  const { request, response, reason, protocol } = sessions[0]!;
  assert.deepEqual([protocol.name, reason, response !== undefined], ['dns', '', true]);
  assert.deepEqual([request!.sequence, request!.start, request!.length], [5000, 1e6, 26]);
  assert.equal(request!.origin!.chainLow, 3);
});

test('a datagram socket that is bound to no address has none, unless the record tells it', () => {
  const none = [0, 0, 0, 0];
  const mapped = [...Array(10).fill(0), 255, 255, 10, 0, 0, 9];
  const datagram = { udp: true, localPort: 53, remote: [10, 0, 0, 9] };
  const seen = (more: object) => {
    const c = new Served({ ...datagram, ...more });
    const { sessions } = run([c.ask(asked), c.answer(told)]);
    const { serverAddress, serverPort, clientAddress, ipVersion } =
      sessions[0]!.conversation.ends();
    return [serverAddress, serverPort, clientAddress, ipVersion];
  };
  assert.deepEqual(seen({ local: none }), ['', 53, '10.0.0.9', 4]);
  assert.deepEqual(seen({ local: [10, 0, 0, 1] }), ['10.0.0.1', 53, '10.0.0.9', 4]);
  const wide = { remote: mapped, flags: Flag.ipv6 };
  assert.deepEqual(seen({ ...wide, local: Array(16).fill(0) }), ['', 53, '10.0.0.9', 4]);
  const six = [0xfd, ...Array(14).fill(0), 2];
  assert.deepEqual(seen({ ...wide, remote: six, local: Array(16).fill(0) }), [
    '',
    53,
    'fd00::2',
    6,
  ]);
});

test('a datagram socket keeps its peers apart, whatever part of their address differs', () => {
  const peers = [0, 5, 9, 15].map((at) => {
    const remote = [0xfd, ...Array(15).fill(0)];
    remote[at]! += 2;
    return new Served({ udp: true, localPort: 53, flags: Flag.ipv6, remote });
  });
  const { sessions } = run([
    ...peers.map((c) => c.ask(asked)),
    ...peers.map((c) => c.answer(told)),
  ]);
  const clients = sessions.map(({ conversation }) => conversation.ends().clientAddress);
  assert.deepEqual(clients, ['ff00::', 'fd00:0:2::', 'fd00::2:0:0:0', 'fd00::2']);
});

test('names of processes are cleaned', () => {
  const named = (command: string) => {
    const { sessions } = run([new Served({ command }).ask(get('/')), record({ kind: Kind.close })]);
    return sessions[0]!.conversation.vantage?.()?.command;
  };
  assert.equal(named('a\n\x1b[31mb'), 'a\ufffd\ufffd[31mb');
  assert.equal(named('grün'), 'grün');
  assert.equal(named('sixteen-bytes-xx'), 'sixteen-bytes-xx');
});

test('the wall clock may be set', () => {
  const { engine, sessions } = run([]);
  engine.clock(UNIX + 3_000_000_000n);
  const c = new Served();
  const bytes = Buffer.concat([c.ask(get('/a')), c.answer(ok(0))]);
  engine.batch(bytes, bytes.length);
  assert.equal(sessions[0]!.start, 3_001_000_000);
});

test('records that are cut or nonsense end the batch, and nothing throws', () => {
  const c = new Served();
  const good = Buffer.concat([c.ask(get('/a')), c.answer(ok(0))]);
  const { engine } = run([good.subarray(0, good.length - 8)]);
  assert.equal(engine.stats().events, 1);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(300), (noise, at) => {
      const bytes = new Uint8Array(Math.max(good.length, at + noise.length));
      bytes.set(good);
      bytes.set(noise, at);
      const { engine: noisy } = run([]);
      noisy.batch(bytes, bytes.length);
      noisy.finish();
    }),
    { numRuns: 300 },
  );
});

test('golden record', () => {
  const r = new RecordReader();
  const b = record({
    payload: 'abc',
    length: 10,
    time: 0x1_0000_0005,
    sequence: 0xffff_ffff,
    chain: 0xabcd_0000_0000_0001n,
    remote: [10, 1, 2, 3],
  });
  assert.equal(b.length, 136);
  r.batch(b, b.length);
  assert.ok(r.next());
  assert.deepEqual(
    [r.kind, r.length, r.captured, r.sequence, r.chainHigh, r.chainLow, r.command],
    [1, 10, 3, 0xffff_ffff, 0xabcd_0000, 1, 'server'],
  );
  assert.equal(r.timeSince(0, 0), 0x1_0000_0005);
  assert.equal(r.remoteWord(0), 0x0a010203);
  assert.equal(Buffer.from(r.bytes).toString('latin1', r.payload, r.payload + r.captured), 'abc');
  assert.ok(!r.next());
});

// Captures that the test makes (tcpdump of nginx and dnsmasq, curl and dig as clients, in a network
// namespace of their own), read by us and by tshark, which is the judge.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { CaptureEngine } from '../agent/engine.ts';
import { DnsMessage } from '../agent/l7/dns/message.ts';
import type { HttpRequest, HttpResponse } from '../agent/l7/http1/message.ts';
import { protocols } from '../agent/l7/registry.ts';
import { CaptureReader } from '../agent/pcap/reader.ts';
import type { Ends } from '../agent/session/conversation.ts';
import type { Session } from '../agent/session/session.ts';
import { captureObstacle, tshark as dissect, makeCapture } from './lib/capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-tshark-'));
let capture = '';
let reason = '';

before(async () => {
  reason = captureObstacle();
  if (reason === '') capture = await makeCapture(folder);
});

after(() => rmSync(folder, { recursive: true, force: true }));

function tshark(filter: string, fields: readonly string[]): string[][] {
  return dissect(capture, filter, fields);
}

interface Seen {
  readonly session: Session;
  readonly base: bigint;
  /** As they are when the session ends: a flow's place is taken by others later. */
  readonly ends: Ends;
}

function ours(protocol: string, file = capture): Seen[] {
  const seen: Seen[] = [];
  const engine = new CaptureEngine(
    { protocols: [protocols.http(), protocols.dns()] },
    (session, base) => {
      if (session.protocol.name === protocol) {
        seen.push({ session, base: BigInt(base), ends: session.conversation.ends() });
      }
    },
  );
  const reader = new CaptureReader((p) => engine.packet(p));
  reader.push(readFileSync(file));
  reader.end();
  engine.finish();
  if (file === capture) assert.deepEqual(engine.stats().drops, {});
  return seen;
}

/** Seconds with nine digits, as tshark prints frame.time_epoch. */
function epoch(seen: Seen, nanos: number): string {
  const t = seen.base * 1_000_000_000n + BigInt(nanos);
  return `${t / 1_000_000_000n}.${String(t % 1_000_000_000n).padStart(9, '0')}`;
}

/** tshark's packets of a stream by sequence number of their first payload byte. */
function timesBySequence(): Map<string, string> {
  const times = new Map<string, string>();
  const fields = ['tcp.srcport', 'tcp.dstport', 'tcp.seq', 'frame.time_epoch'];
  for (const [from, to, sequence, time] of tshark('tcp.len > 0', fields)) {
    const key = `${from} ${to} ${sequence}`;
    if (!times.has(key)) times.set(key, time!);
  }
  return times;
}

test('HTTP as tshark reads it', (t) => {
  if (reason !== '') return t.skip(reason);
  const requests = new Map<string, string[]>();
  // http.response_in ties the two; frame numbers are its keys.
  const requestFields = ['frame.number', 'http.request.method', 'http.request.uri', 'http.host'];
  for (const row of tshark('http.request', [...requestFields, 'tcp.srcport', 'ipv6.src'])) {
    requests.set(row[0]!, row);
  }
  const responses = tshark('http.response', [
    ...['frame.number', 'http.response.code', 'http.request_in', 'tcp.dstport', 'http.file_data'],
    'frame.time_epoch',
  ]);
  const theirs: string[] = [];
  for (const [, methods, uris, hosts, port, wide] of requests.values()) {
    const m = methods!.split(',');
    const u = uris!.split(',');
    const h = hosts!.split(',');
    for (let i = 0; i < m.length; i++) {
      theirs.push(`IPv${wide === '' ? 4 : 6} ${port} ${m[i]} ${u[i]} ${h[i]}`);
    }
  }
  const seen = ours('http');
  const mine = seen.map(({ session, ends }) => {
    const r = session.request as HttpRequest;
    const { clientPort, ipVersion } = ends;
    return `IPv${ipVersion} ${clientPort} ${r.method} ${r.target} ${r.host}`;
  });
  assert.deepEqual([...mine].sort(), [...theirs].sort());
  for (const version of [4, 6]) {
    const of = (what: string) =>
      mine.filter((m) => m.startsWith(`IPv${version}`) && m.includes(what));
    const found = [
      of(' /say/').length - of(' pipe').length,
      of(' pipe').length,
      of('/chunked/').length,
    ];
    assert.ok(found[0]! >= 200 && found[1]! >= 200 && found[2]! >= 100, `IPv${version}: ${found}`);
  }

  // Codes in the order of each connection; 100 is no answer.
  const codes = new Map<string, string>();
  for (const [, code, , port] of responses) {
    const final = code!.split(',').filter((c) => c !== '100');
    codes.set(port!, [codes.get(port!) ?? '', ...final].filter((c) => c !== '').join(','));
  }
  const myCodes = new Map<string, string>();
  for (const { session, ends } of [...seen].sort(
    (a, b) => a.session.start - b.session.start || a.session.ordinal - b.session.ordinal,
  )) {
    assert.equal(session.reason, '');
    const port = String(ends.clientPort);
    const code = String((session.response as HttpResponse).status);
    myCodes.set(port, [myCodes.get(port) ?? '', code].filter((c) => c !== '').join(','));
  }
  assert.deepEqual(Object.fromEntries(myCodes), Object.fromEntries(codes));

  // The packet at a message's sequence number has the message's time; pipelined ones begin inside
  // one.
  const times = timesBySequence();
  let compared = 0;
  for (const s of seen) {
    const { clientPort, serverPort } = s.ends;
    const request = s.session.request!;
    const response = s.session.response!;
    const asked = times.get(`${clientPort} ${serverPort} ${request.sequence}`);
    const told = times.get(`${serverPort} ${clientPort} ${response.sequence}`);
    if (asked !== undefined) assert.equal(epoch(s, request.start), asked);
    if (told !== undefined) assert.equal(epoch(s, response.start), told);
    if (asked !== undefined && told !== undefined) compared++;
  }
  assert.ok(compared >= 160, `${compared} times compared`);
  t.diagnostic(`${mine.length} requests equal, ${compared} pairs of times and sequence numbers`);
});

test('HTTP body lengths as tshark reads them', (t) => {
  if (reason !== '') return t.skip(reason);
  // One response a packet: the pipelined connection is left to the test above.
  const fields = ['tcp.dstport', 'http.response.code', 'http.content_length', 'http.chunk_size'];
  const rows = tshark('http.response && http.response.code != 100', [
    ...fields,
    'frame.time_epoch',
  ]);
  const byEnd = new Map<string, Seen>();
  for (const s of ours('http')) {
    const port = s.ends.clientPort;
    byEnd.set(`${port} ${epoch(s, s.session.response!.end)}`, s);
  }
  let compared = 0;
  for (const [port, code, length, chunks, time] of rows) {
    if (code!.includes(',')) continue;
    const s = byEnd.get(`${port} ${time}`);
    if (s === undefined) continue;
    const head = (s.session.request as HttpRequest).method === 'HEAD';
    const sum =
      chunks === '' ? Number(length || 0) : chunks!.split(',').reduce((a, c) => a + Number(c), 0);
    if (length === '' && chunks === '' && code !== '204' && !head) continue;
    assert.equal(
      (s.session.response as HttpResponse).bodyLength,
      head ? 0 : sum,
      `${port} ${time}`,
    );
    compared++;
  }
  assert.ok(compared >= 150, `${compared} bodies compared`);
  t.diagnostic(`${compared} bodies equal`);
});

/** What of a session must not depend on the form of the file. */
function essence(s: Seen): string {
  const { request, response } = s.session;
  const { ends } = s;
  const what = s.session.protocol.summarize(request, response);
  const lengths = `${request?.length} ${response?.length}`;
  const numbers = `${request?.sequence} ${response?.sequence} ${lengths}`;
  return `${ends.clientPort} ${JSON.stringify(what)} ${numbers} ${epoch(s, s.session.end)}`;
}

test('the same capture in other formats', (t) => {
  if (reason !== '') return t.skip(reason);
  const all = (file: string) => ['http', 'dns'].flatMap((p) => ours(p, file).map(essence));
  const want = all(capture);
  for (const format of ['pcap', 'nsecpcap', 'pcapng']) {
    const other = join(folder, `other.${format}`);
    const done = spawnSync('editcap', ['-F', format, capture, other], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(all(other), want, format);
  }
});

test('a capture that cuts packets gives the same requests', (t) => {
  if (reason !== '') return t.skip(reason);
  const cut = join(folder, 'cut.pcap');
  const done = spawnSync('editcap', ['-F', 'pcap', '-s', '150', capture, cut], {
    encoding: 'utf8',
  });
  assert.equal(done.status, 0, done.stderr);
  // Pipelined requests share packets: what is cut off of those is gone.
  const single = (file: string) =>
    ours('http', file)
      .filter(
        ({ session }) =>
          !/^\/say\/p\d/.test((session.request as HttpRequest | undefined)?.target ?? ''),
      )
      .filter(({ session }) => session.request !== undefined)
      .map(({ session, ends }) => {
        const { request, response } = session;
        const status = (response as HttpResponse | undefined)?.status;
        const r = request as HttpRequest;
        return `${ends.clientPort} ${r.method} ${r.target} ${status} ${r.sequence}`;
      });
  assert.deepEqual(single(cut).sort(), single(capture).sort());
});

test('DNS as tshark reads it', (t) => {
  if (reason !== '') return t.skip(reason);
  const fields = ['dns.id', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode', 'dns.count.answers'];
  const theirs = tshark('dns.flags.response == 1', [
    ...[...fields, 'udp.dstport', 'tcp.dstport', 'frame.time_epoch', 'ipv6.src'],
    ...[
      'dns.a',
      'dns.aaaa',
      'dns.mx.mail_exchange',
      'dns.srv.target',
      'dns.ptr.domain_name',
      'dns.txt',
    ],
  ]).map((r) => {
    const [id, name, type, rcode, count, udp, tcp, time, wide, ...answers] = r;
    const answer = answers.filter((a) => a !== '').join();
    const over = `IPv${wide === '' ? 4 : 6} ${udp === '' ? 'tcp' : 'udp'}`;
    return `${over} ${udp || tcp} ${Number(id)} ${name} ${type} ${rcode} ${count} ${time} ${answer}`;
  });
  const seen = ours('dns');
  const mine = seen.map((s) => {
    const request = s.session.request as DnsMessage;
    const r = s.session.response as DnsMessage;
    assert.equal(s.session.reason, '', request instanceof DnsMessage ? request.questionName : '');
    assert.ok(request instanceof DnsMessage);
    const answer = r.answers
      .filter((_, i) => r.answerTypes[i] !== 'CNAME')
      .map((a) => a.replace(/^"(.*)"$/, '$1').replace(/^(\d+ )+/, ''));
    const what = `${r.key} ${r.questionName} ${r.questionType} ${r.rcode} ${r.answerCount}`;
    const { clientPort, ipVersion, transport } = s.ends;
    const over = `IPv${ipVersion} ${transport} ${clientPort}`;
    return `${over} ${what} ${epoch(s, r.end)} ${answer.join()}`;
  });
  assert.deepEqual([...mine].sort(), [...theirs].sort());
  const queries = tshark('dns.flags.response == 0', [
    'udp.srcport',
    'tcp.srcport',
    'dns.id',
    'frame.time_epoch',
  ]);
  const asked = queries.map(([u, c, id, time]) => `${u || c} ${Number(id)} ${time}`);
  const myAsked = seen.map((s) => {
    const r = s.session.request as DnsMessage;
    return `${s.ends.clientPort} ${r.key} ${epoch(s, r.start)}`;
  });
  assert.deepEqual([...myAsked].sort(), asked.sort());
  for (const over of ['IPv4 udp', 'IPv4 tcp', 'IPv6 udp', 'IPv6 tcp']) {
    const { length } = mine.filter((m) => m.startsWith(over));
    assert.ok(length >= 200, `${length} exchanges over ${over}`);
    t.diagnostic(`${length} exchanges over ${over} equal`);
  }
});

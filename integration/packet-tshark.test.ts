// Captures that the test makes (tcpdump of nginx and dnsmasq, curl and dig as clients, in a network
// namespace of their own), read by us and by tshark, which is the judge.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { CaptureEngine } from '../agent/engine.ts';
import { DnsMessage } from '../agent/l7/dns/message.ts';
import type { HttpRequest, HttpResponse } from '../agent/l7/http1/message.ts';
import { protocols } from '../agent/l7/registry.ts';
import { CaptureReader } from '../agent/pcap/reader.ts';
import type { Session } from '../agent/session/session.ts';

const tools = ['tshark', 'tcpdump', 'nginx', 'dnsmasq', 'dig', 'curl', 'ip'];

function missing(): string {
  if (process.getuid?.() !== 0) return 'root is needed for a network namespace';
  const absent = tools.filter((t) => spawnSync('which', [t]).status !== 0);
  if (absent.length > 0) return `${absent.join(', ')} not installed`;
  const probe = spawnSync('ip', ['netns', 'add', netns]);
  return probe.status === 0 ? '' : `cannot make a network namespace: ${probe.stderr}`;
}

const netns = `wirestitch-test-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'wirestitch-tshark-'));
const capture = join(folder, 'all.pcap');
let reason = '';
const children: ChildProcess[] = [];

function inside(command: string, ...args: string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', netns, command, ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  children.push(child);
  return child;
}

function run(command: string, ...args: string[]): string {
  const done = spawnSync('ip', ['netns', 'exec', netns, command, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

function said(child: ChildProcess, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (what.test(text)) resolve();
    });
    child.once('exit', () => reject(new Error(`ended: ${text}`)));
  });
}

async function until(ready: () => boolean): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (ready()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('a server did not start');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

function nginxConfig(): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  return `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log stderr notice;
user root;
events { worker_connections 64; }
http { access_log off; ${temp} root ${folder}/html; keepalive_requests 10000;
  server { listen 127.0.0.1:80; listen [::1]:80; listen 127.0.0.1:8099;
    location = /missing { return 404 "no\\n"; }
    location = /broken { return 503 "later\\n"; }
    location = /none { return 204; }
    location /say/ { return 200 "said $uri\\n"; }
    location /chunked/ { ssi on; ssi_types *; }
  } }`;
}

before(async () => {
  reason = missing();
  if (reason !== '') return;
  mkdirSync(join(folder, 'html/chunked'), { recursive: true });
  writeFileSync(join(folder, 'html/chunked/page'), 'a<!--# echo var="uri" -->b'.repeat(200));
  writeFileSync(join(folder, 'html/big'), 'x'.repeat(300_000));
  writeFileSync(join(folder, 'nginx.conf'), nginxConfig());
  spawnSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
  const dump = inside(
    'tcpdump',
    '-i',
    'lo',
    '-s',
    '0',
    '-B',
    '8192',
    '-U',
    '--immediate-mode',
    '-w',
    capture,
  );
  await said(dump, /listening on/);
  inside('nginx', '-c', join(folder, 'nginx.conf'), '-p', folder);
  inside(
    'dnsmasq',
    ...['-k', '-C', '/dev/null', '--no-resolv', '--no-hosts', '--port=53', '--user=root'],
    ...['--listen-address=127.0.0.1', '--bind-interfaces', '--local=/test/', '--pid-file='],
    ...[
      '--address=/v4.test/10.9.8.7',
      '--address=/v6.test/fd00::7',
      '--txt-record=t.test,some text',
    ],
    ...['--mx-host=m.test,mail.test,10', '--srv-host=_x._tcp.test,s.test,99,1,2'],
    ...['--ptr-record=7.8.9.10.in-addr.arpa,ex.test', '--cname=alias.test,t.test'],
  );
  await until(
    () =>
      spawnSync('ip', ['netns', 'exec', netns, 'curl', '-s', 'http://127.0.0.1:8099/none'])
        .status === 0,
  );
  talkHttp();
  talkDns();
  // tcpdump drops what it has not yet read when it is stopped: wait for the last exchange.
  run('dig', '@127.0.0.1', '+tries=1', 'thelastone.v4.test', 'A');
  await until(() => readFileSync(capture, 'latin1').split('thelastone').length > 2);
  await stop(dump);
});

after(async () => {
  for (const child of children) await stop(child);
  spawnSync('ip', ['netns', 'del', netns]);
  rmSync(folder, { recursive: true, force: true });
});

function talkHttp(): void {
  const site = 'http://127.0.0.1';
  const keepAlive = Array.from({ length: 120 }, (_, i) => `${site}/say/${i}?n=${i}&page=x`);
  run('curl', '-s', '-o', '/dev/null', ...keepAlive);
  const paths = ['/missing', '/broken', '/none', '/big', '/chunked/page', '/say/a%20b'];
  for (const path of paths) {
    for (let i = 0; i < 4; i++) run('curl', '-s', '-o', '/dev/null', `${site}${path}`);
    run('curl', '-s', '-g', '-o', '/dev/null', `http://[::1]${path}`);
    run('curl', '-s', '-I', '-o', '/dev/null', `${site}${path}`);
    run('curl', '-s', '-0', '-o', '/dev/null', `http://127.0.0.1:8099${path}`);
  }
  const body = 'b'.repeat(5000);
  run('curl', '-s', '-o', '/dev/null', '-d', body, `${site}/say/post`);
  run(
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-H',
    'Transfer-Encoding: chunked',
    '-d',
    body,
    `${site}/say/up`,
  );
  run(
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-H',
    'Expect: 100-continue',
    '-d',
    body,
    `${site}/say/cont`,
  );
  const pipeline = Array.from(
    { length: 60 },
    (_, i) =>
      `GET /say/p${i} HTTP/1.1\r\nHost: pipe\r\n${i === 59 ? 'Connection: close\r\n' : ''}\r\n`,
  );
  const code = `const s = require('node:net').connect(80, '127.0.0.1');
s.end(${JSON.stringify(pipeline.join(''))}); s.resume();`;
  run(process.execPath, '-e', code);
}

function talkDns(): void {
  const names = ['a.v4.test A', 'b.v6.test AAAA', 't.test TXT', 'm.test MX', '_x._tcp.test SRV'];
  names.push('7.8.9.10.in-addr.arpa PTR', 'alias.test TXT', 'nope.test A', 'outside.example A');
  const batch = join(folder, 'questions');
  const lines = Array.from({ length: 28 }, () => names).flat();
  writeFileSync(batch, `${lines.join('\n')}\n`);
  run('dig', '@127.0.0.1', '+tries=1', '-f', batch);
  run('dig', '@127.0.0.1', '+tries=1', '+noedns', '-f', batch);
  writeFileSync(batch, `${names.join('\n')}\n`.repeat(3));
  run('dig', '@127.0.0.1', '+tcp', '-f', batch);
  run('dig', '@127.0.0.1', '+tcp', '+keepopen', '-f', batch);
}

/** Fields of the packets that a filter selects; several values of one field joined by commas. */
function tshark(filter: string, fields: readonly string[]): string[][] {
  const done = spawnSync(
    'tshark',
    [
      ...['-r', capture, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a'],
      ...['-o', 'tcp.relative_sequence_numbers:FALSE', '-o', 'http.desegment_body:TRUE'],
      ...fields.flatMap((f) => ['-e', f]),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  assert.equal(done.status, 0, done.stderr);
  return done.stdout
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => l.split('\t'));
}

interface Seen {
  readonly session: Session;
  readonly base: bigint;
}

function ours(protocol: string, file = capture): Seen[] {
  const seen: Seen[] = [];
  const engine = new CaptureEngine(
    { protocols: [protocols.http(), protocols.dns()] },
    (session, base) => {
      if (session.protocol.name === protocol) seen.push({ session, base: BigInt(base) });
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
  for (const row of tshark('http.request', [...requestFields, 'tcp.srcport', 'http.user_agent'])) {
    requests.set(row[0]!, row);
  }
  const responses = tshark('http.response', [
    ...['frame.number', 'http.response.code', 'http.request_in', 'tcp.dstport', 'http.file_data'],
    'frame.time_epoch',
  ]);
  const theirs: string[] = [];
  for (const [, methods, uris, hosts, port] of requests.values()) {
    const m = methods!.split(',');
    const u = uris!.split(',');
    const h = hosts!.split(',');
    for (let i = 0; i < m.length; i++) theirs.push(`${port} ${m[i]} ${u[i]} ${h[i]}`);
  }
  const seen = ours('http');
  const mine = seen.map(({ session }) => {
    const r = session.request as HttpRequest;
    return `${session.conversation.ends().clientPort} ${r.method} ${r.target} ${r.host}`;
  });
  assert.deepEqual([...mine].sort(), [...theirs].sort());
  assert.ok(mine.length >= 200, `${mine.length} exchanges`);

  // Codes in the order of each connection; 100 is no answer.
  const codes = new Map<string, string>();
  for (const [, code, , port] of responses) {
    const final = code!.split(',').filter((c) => c !== '100');
    codes.set(port!, [codes.get(port!) ?? '', ...final].filter((c) => c !== '').join(','));
  }
  const myCodes = new Map<string, string>();
  for (const { session } of [...seen].sort(
    (a, b) => a.session.start - b.session.start || a.session.ordinal - b.session.ordinal,
  )) {
    assert.equal(session.reason, '');
    const port = String(session.conversation.ends().clientPort);
    const code = String((session.response as HttpResponse).status);
    myCodes.set(port, [myCodes.get(port) ?? '', code].filter((c) => c !== '').join(','));
  }
  assert.deepEqual(Object.fromEntries(myCodes), Object.fromEntries(codes));

  // The packet at a message's sequence number has the message's time; pipelined ones begin inside
  // one.
  const times = timesBySequence();
  let compared = 0;
  for (const s of seen) {
    const { clientPort, serverPort } = s.session.conversation.ends();
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
    const port = s.session.conversation.ends().clientPort;
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
  const { request, response, conversation } = s.session;
  const ends = conversation.ends();
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
      .filter(({ session }) => (session.request as HttpRequest | undefined)?.host !== 'pipe')
      .filter(({ session }) => session.request !== undefined)
      .map(({ session }) => {
        const { request, response, conversation } = session;
        const status = (response as HttpResponse | undefined)?.status;
        const r = request as HttpRequest;
        return `${conversation.ends().clientPort} ${r.method} ${r.target} ${status} ${r.sequence}`;
      });
  assert.deepEqual(single(cut).sort(), single(capture).sort());
});

test('DNS as tshark reads it', (t) => {
  if (reason !== '') return t.skip(reason);
  const fields = ['dns.id', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode', 'dns.count.answers'];
  const theirs = tshark('dns.flags.response == 1', [
    ...[...fields, 'udp.dstport', 'tcp.dstport', 'frame.time_epoch', 'dns.time'],
    ...[
      'dns.a',
      'dns.aaaa',
      'dns.mx.mail_exchange',
      'dns.srv.target',
      'dns.ptr.domain_name',
      'dns.txt',
    ],
  ]).map((r) => {
    const [id, name, type, rcode, count, udp, tcp, time, , ...answers] = r;
    const answer = answers.filter((a) => a !== '').join();
    return `${udp || tcp} ${Number(id)} ${name} ${type} ${rcode} ${count} ${time} ${answer}`;
  });
  const seen = ours('dns');
  const mine = seen.map((s) => {
    const request = s.session.request as DnsMessage;
    const r = s.session.response as DnsMessage;
    assert.ok(request instanceof DnsMessage && s.session.reason === '');
    const answer = r.answers
      .filter((_, i) => r.answerTypes[i] !== 'CNAME')
      .map((a) => a.replace(/^"(.*)"$/, '$1').replace(/^(\d+ )+/, ''));
    const what = `${r.key} ${r.questionName} ${r.questionType} ${r.rcode} ${r.answerCount}`;
    const port = s.session.conversation.ends().clientPort;
    return `${port} ${what} ${epoch(s, r.end)} ${answer.join()}`;
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
    return `${s.session.conversation.ends().clientPort} ${r.key} ${epoch(s, r.start)}`;
  });
  assert.deepEqual([...myAsked].sort(), asked.sort());
  const overTcp = seen.filter((s) => s.session.conversation.ends().transport === 'tcp').length;
  assert.ok(mine.length >= 400 && overTcp >= 50, `${mine.length} exchanges, ${overTcp} over TCP`);
  t.diagnostic(`${mine.length} exchanges equal, ${overTcp} of them over TCP`);
});

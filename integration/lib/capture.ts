/**
 * Captures that a test makes itself: tcpdump of nginx and dnsmasq with curl and dig as clients, in
 * a network namespace of their own; and tshark, which is the judge of what they hold.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const tools = ['tshark', 'tcpdump', 'nginx', 'dnsmasq', 'dig', 'curl', 'ip'];

/** Why no capture can be made on this machine, '' when it can. */
export function captureObstacle(): string {
  if (process.getuid?.() !== 0) return 'root is needed for a network namespace';
  const absent = tools.filter((t) => spawnSync('which', [t]).status !== 0);
  if (absent.length > 0) return `${absent.join(', ')} not installed`;
  const probe = spawnSync('ip', ['netns', 'add', namespaceName]);
  if (probe.status !== 0) return `cannot make a network namespace: ${probe.stderr}`;
  spawnSync('ip', ['netns', 'del', namespaceName]);
  return '';
}

const namespaceName = `wirestitch-test-${process.pid}`;

/** The servers, the clients and tcpdump, all in one network namespace. */
class Stage {
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    const made = spawnSync('ip', ['netns', 'add', namespaceName], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    spawnSync('ip', ['-n', namespaceName, 'link', 'set', 'lo', 'up']);
  }

  spawn(command: string, ...args: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', namespaceName, command, ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }

  run(command: string, ...args: string[]): string {
    const done = spawnSync('ip', ['netns', 'exec', namespaceName, command, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  }

  answers(url: string): boolean {
    return spawnSync('ip', ['netns', 'exec', namespaceName, 'curl', '-s', url]).status === 0;
  }

  file(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return path;
  }

  async close(): Promise<void> {
    for (const child of this.#children) await stop(child);
    spawnSync('ip', ['netns', 'del', namespaceName]);
  }
}

/**
 * Makes a capture of more than 200 HTTP/1 exchanges (keep-alive, pipelined, chunked, IPv4 and IPv6;
 * host `pipe` on the pipelined ones) and more than 400 of DNS over UDP and TCP.
 * @param folder for the servers' files, left as it is
 * @returns the path of the pcap file
 */
export async function makeCapture(folder: string): Promise<string> {
  const capture = join(folder, 'all.pcap');
  const stage = new Stage(folder);
  try {
    const dump = stage.spawn('tcpdump', ...tcpdumpArguments, capture);
    await said(dump, /listening on/);
    await startServers(stage, folder);
    talkHttp(stage);
    talkDns(stage);
    // tcpdump drops what it has not yet read when it is stopped: wait for the last exchange.
    stage.run('dig', '@127.0.0.1', '+tries=1', 'thelastone.v4.test', 'A');
    await until(() => readFileSync(capture, 'latin1').split('thelastone').length > 2);
    const end = said(dump, /\d+ packets dropped by kernel/);
    await stop(dump);
    assert.match(await end, /(^|\s)0 packets dropped by kernel/);
  } finally {
    await stage.close();
  }
  return capture;
}

/** Not in immediate mode: there a packet of any size takes 256 KiB of the buffer. */
const tcpdumpArguments = ['-i', 'lo', '-s', '0', '-B', '65536', '-U', '-w'];

async function startServers(stage: Stage, folder: string): Promise<void> {
  mkdirSync(join(folder, 'html/chunked'), { recursive: true });
  stage.file('html/chunked/page', 'a<!--# echo var="uri" -->b'.repeat(200));
  stage.file('html/big', 'x'.repeat(300_000));
  stage.spawn('nginx', '-c', stage.file('nginx.conf', nginxConfig(folder)), '-p', folder);
  stage.spawn(
    'dnsmasq',
    ...['-k', '-C', '/dev/null', '--no-resolv', '--no-hosts', '--port=53', '--user=root'],
    ...['--listen-address=127.0.0.1', '--bind-interfaces', '--local=/test/', '--pid-file='],
    ...['--address=/v4.test/10.9.8.7', '--address=/v6.test/fd00::7'],
    ...['--txt-record=t.test,some text', '--cname=alias.test,t.test'],
    ...['--mx-host=m.test,mail.test,10', '--srv-host=_x._tcp.test,s.test,99,1,2'],
    '--ptr-record=7.8.9.10.in-addr.arpa,ex.test',
  );
  await until(() => stage.answers('http://127.0.0.1:8099/none'));
}

function nginxConfig(folder: string): string {
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

function said(child: ChildProcess, what: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (what.test(text)) resolve(text);
    });
    child.once('close', () => reject(new Error(`ended: ${text}`)));
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

function talkHttp(stage: Stage): void {
  const site = 'http://127.0.0.1';
  const keepAlive = Array.from({ length: 120 }, (_, i) => `${site}/say/${i}?n=${i}&page=x`);
  stage.run('curl', '-s', '-o', '/dev/null', ...keepAlive);
  const paths = ['/missing', '/broken', '/none', '/big', '/chunked/page', '/say/a%20b'];
  for (const path of paths) {
    for (let i = 0; i < 4; i++) stage.run('curl', '-s', '-o', '/dev/null', `${site}${path}`);
    stage.run('curl', '-s', '-g', '-o', '/dev/null', `http://[::1]${path}`);
    stage.run('curl', '-s', '-I', '-o', '/dev/null', `${site}${path}`);
    stage.run('curl', '-s', '-0', '-o', '/dev/null', `http://127.0.0.1:8099${path}`);
  }
  const body = 'b'.repeat(5000);
  stage.run('curl', '-s', '-o', '/dev/null', '-d', body, `${site}/say/post`);
  const post = ['-s', '-o', '/dev/null', '-d', body, '-H'];
  stage.run('curl', ...post, 'Transfer-Encoding: chunked', `${site}/say/up`);
  stage.run('curl', ...post, 'Expect: 100-continue', `${site}/say/cont`);
  const pipeline = Array.from(
    { length: 60 },
    (_, i) =>
      `GET /say/p${i} HTTP/1.1\r\nHost: pipe\r\n${i === 59 ? 'Connection: close\r\n' : ''}\r\n`,
  );
  const code = `const s = require('node:net').connect(80, '127.0.0.1');
s.end(${JSON.stringify(pipeline.join(''))}); s.resume();`;
  stage.run(process.execPath, '-e', code);
}

function talkDns(stage: Stage): void {
  const names = ['a.v4.test A', 'b.v6.test AAAA', 't.test TXT', 'm.test MX', '_x._tcp.test SRV'];
  names.push('7.8.9.10.in-addr.arpa PTR', 'alias.test TXT', 'nope.test A', 'outside.example A');
  const lines = Array.from({ length: 28 }, () => names).flat();
  const batch = stage.file('questions', `${lines.join('\n')}\n`);
  stage.run('dig', '@127.0.0.1', '+tries=1', '-f', batch);
  stage.run('dig', '@127.0.0.1', '+tries=1', '+noedns', '-f', batch);
  stage.file('questions', `${names.join('\n')}\n`.repeat(3));
  stage.run('dig', '@127.0.0.1', '+tcp', '-f', batch);
  stage.run('dig', '@127.0.0.1', '+tcp', '+keepopen', '-f', batch);
}

/** Fields of the packets that a filter selects; several values of one field joined by commas. */
export function tshark(
  capture: string,
  filter: string,
  fields: readonly string[],
  options: readonly string[] = [],
): string[][] {
  const done = spawnSync(
    'tshark',
    [
      ...['-r', capture, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a'],
      ...['-o', 'tcp.relative_sequence_numbers:FALSE', '-o', 'http.desegment_body:TRUE'],
      ...[...options.flatMap((o) => ['-o', o]), ...fields.flatMap((f) => ['-e', f])],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  assert.equal(done.status, 0, done.stderr);
  return done.stdout
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => l.split('\t'));
}

/**
 * Captures that a test makes itself: tcpdump of nginx and dnsmasq with curl and dig as clients, in
 * a network namespace of their own.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Stage, stageObstacle, tsharkFields } from './stage.ts';

/** Why no capture can be made on this machine, '' when it can. */
export function captureObstacle(): string {
  return stageObstacle(['nginx', 'dnsmasq', 'dig', 'curl']);
}

/**
 * Makes a capture over IPv4 and, as much of each, over IPv6: more than 200 HTTP/1 exchanges one
 * after the other, 200 pipelined ones (host `pipe`), 100 chunked; 500 of DNS over UDP and 200 over
 * TCP.
 * @param folder for the servers' files, left as it is
 * @returns the path of the pcap file
 */
export async function makeCapture(folder: string): Promise<string> {
  const stage = new Stage(folder);
  try {
    return await stage.capture('all.pcap', { text: 'thelastone', times: 2 }, async () => {
      await startServers(stage, folder);
      talkHttp(stage);
      talkDns(stage);
      run(stage, 'dig', '@127.0.0.1', '+tries=1', 'thelastone.v4.test', 'A');
    });
  } finally {
    await stage.close();
  }
}

function run(stage: Stage, command: string, ...args: string[]): void {
  stage.run('', command, ...args);
}

async function startServers(stage: Stage, folder: string): Promise<void> {
  mkdirSync(join(folder, 'html/chunked'), { recursive: true });
  stage.file('html/chunked/page', 'a<!--# echo var="uri" -->b'.repeat(200));
  stage.file('html/big', 'x'.repeat(300_000));
  stage.spawn('nginx', '-c', stage.file('nginx.conf', nginxConfig(folder)), '-p', folder);
  stage.spawn(
    'dnsmasq',
    ...['-k', '-C', '/dev/null', '--no-resolv', '--no-hosts', '--port=53', '--user=root'],
    ...['--listen-address=127.0.0.1,::1', '--bind-interfaces', '--local=/test/', '--pid-file='],
    ...['--address=/v4.test/10.9.8.7', '--address=/v6.test/fd00::7'],
    ...['--txt-record=t.test,some text', '--cname=alias.test,t.test'],
    ...['--mx-host=m.test,mail.test,10', '--srv-host=_x._tcp.test,s.test,99,1,2'],
    '--ptr-record=7.8.9.10.in-addr.arpa,ex.test',
  );
  await stage.until(() => stage.answers('curl', '-s', 'http://127.0.0.1:8099/none'));
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

function talkHttp(stage: Stage): void {
  const site = 'http://127.0.0.1';
  for (const own of [site, 'http://[::1]']) {
    const keepAlive = Array.from({ length: 200 }, (_, i) => `${own}/say/${i}?n=${i}&page=x`);
    const chunked = Array.from({ length: 100 }, (_, i) => `${own}/chunked/page?n=${i}`);
    for (const urls of [keepAlive, chunked]) {
      run(stage, 'curl', '-g', '-s', ...urls.flatMap((url) => ['-o', '/dev/null', url]));
    }
  }
  const paths = ['/missing', '/broken', '/none', '/big', '/chunked/page', '/say/a%20b'];
  for (const path of paths) {
    for (let i = 0; i < 4; i++) run(stage, 'curl', '-s', '-o', '/dev/null', `${site}${path}`);
    run(stage, 'curl', '-s', '-g', '-o', '/dev/null', `http://[::1]${path}`);
    run(stage, 'curl', '-s', '-I', '-o', '/dev/null', `${site}${path}`);
    run(stage, 'curl', '-s', '-0', '-o', '/dev/null', `http://127.0.0.1:8099${path}`);
  }
  const body = 'b'.repeat(5000);
  run(stage, 'curl', '-s', '-o', '/dev/null', '-d', body, `${site}/say/post`);
  const post = ['-s', '-o', '/dev/null', '-d', body, '-H'];
  run(stage, 'curl', ...post, 'Transfer-Encoding: chunked', `${site}/say/up`);
  run(stage, 'curl', ...post, 'Expect: 100-continue', `${site}/say/cont`);
  const pipeline = Array.from(
    { length: 200 },
    (_, i) =>
      `GET /say/p${i} HTTP/1.1\r\nHost: pipe\r\n${i === 199 ? 'Connection: close\r\n' : ''}\r\n`,
  );
  for (const address of ['127.0.0.1', '::1']) {
    const code = `const s = require('node:net').connect(80, '${address}');
s.end(${JSON.stringify(pipeline.join(''))}); s.resume();`;
    run(stage, process.execPath, '-e', code);
  }
}

function talkDns(stage: Stage): void {
  const names = ['a.v4.test A', 'b.v6.test AAAA', 't.test TXT', 'm.test MX', '_x._tcp.test SRV'];
  names.push('7.8.9.10.in-addr.arpa PTR', 'alias.test TXT', 'nope.test A', 'outside.example A');
  const lines = Array.from({ length: 28 }, () => names).flat();
  const batch = stage.file('questions', `${lines.join('\n')}\n`);
  for (const server of ['@127.0.0.1', '@::1']) {
    run(stage, 'dig', server, '+tries=1', '-f', batch);
    run(stage, 'dig', server, '+tries=1', '+noedns', '-f', batch);
  }
  // dnsmasq closes a connection after 100 questions.
  stage.file('questions', `${names.join('\n')}\n`.repeat(11));
  for (const server of ['@127.0.0.1', '@::1']) {
    run(stage, 'dig', server, '+tcp', '-f', batch);
    run(stage, 'dig', server, '+tcp', '+short', names[0]!.split(' ')[0]!);
    run(stage, 'dig', server, '+tcp', '+short', 't.test', 'TXT');
    run(stage, 'dig', server, '+tcp', '+keepopen', '-f', batch);
  }
}

/** Fields of the packets that a filter selects; several values of one field joined by commas. */
export function tshark(
  capture: string,
  filter: string,
  fields: readonly string[],
  options: readonly string[] = [],
): string[][] {
  return tsharkFields(capture, filter, fields, ['http.desegment_body:TRUE', ...options]);
}

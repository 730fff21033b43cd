import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { fakeClock } from '../../testing/clock.ts';
import { openAccess } from './api/access.ts';
import { Throttle } from './api/throttle.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-kubeconfig-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const first = write(
  'first',
  `current-context: main
contexts:
- {name: main, context: {cluster: c, user: u}}
- {name: file, context: {cluster: plain, user: file}}
- {name: basic, context: {cluster: plain, user: basic}}
- {name: exec, context: {cluster: plain, user: exec}}
- {name: lost, context: {cluster: nowhere}}
clusters:
- name: c
  cluster: {server: "https://a:1", certificate-authority-data: ${base64('CA')}, tls-server-name: b}
- {name: plain, cluster: {server: "http://p", insecure-skip-tls-verify: true}}
users:
- name: u
  user: {token: t, client-certificate: cert.pem, client-key-data: ${base64('KEY')}}
- {name: file, user: {tokenFile: token}}
- {name: basic, user: {username: n, password: p}}
- {name: exec, user: {exec: {command: aws}}}
`,
);
const second = write(
  'second',
  'clusters: [{name: c, cluster: {server: "https://other"}}]\ncurrent-context: x\n',
);
write('cert.pem', 'CERT');
write('token', 'one\n');
const env = { KUBECONFIG: [first, join(folder, 'absent'), second].join(delimiter) };
const open = (context: string) => openAccess('kubeConfig', context, env);

test('cluster, user and files of the current context; the first file counts', async () => {
  const access = await open('');
  assert.equal(access.url, 'https://a:1');
  assert.deepEqual(access.tls, { ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'b' });
  assert.equal(await access.authorization(), 'Bearer t');
});

test('tokens of files are read anew, other contexts can be named', async () => {
  const access = await open('file');
  assert.deepEqual(access.tls, { rejectUnauthorized: false });
  assert.equal(await access.authorization(), 'Bearer one');
  write('token', 'two');
  assert.equal(await access.authorization(), 'Bearer two');
  assert.equal(await (await open('basic')).authorization(), `Basic ${base64('n:p')}`);
});

test('what cannot be used is refused by name', async () => {
  await assert.rejects(open('exec'), /cannot use user "exec": exec is not supported/);
  await assert.rejects(open('lost'), /cluster "nowhere" does not exist/);
  await assert.rejects(open('none'), /context "none" does not exist/);
  const bad = { KUBECONFIG: write('bad', 'clusters: 5') };
  await assert.rejects(openAccess('kubeConfig', '', bad), /cannot use kubeconfig .*bad/);
});

test('other ways in need the environment of a pod', async () => {
  const pod = { KUBERNETES_SERVICE_HOST: '::1', KUBERNETES_SERVICE_PORT: '443' };
  const none = await openAccess('none', '', pod);
  assert.equal(none.url, 'https://[::1]:443');
  assert.equal(await none.authorization(), undefined);
  await assert.rejects(openAccess('none', '', {}), /KUBERNETES_SERVICE_HOST/);
  await assert.rejects(openAccess('tls', '', pod), /cannot use auth_type "tls"/);
});

test('requests wait for their turn', async () => {
  const clock = fakeClock();
  const throttle = new Throttle(clock, 5, 2);
  assert.deepEqual([throttle.take(), throttle.take(), throttle.take()], [0, 0, 200]);
  await clock.advance(10_000);
  assert.deepEqual([throttle.take(), throttle.take(), throttle.take()], [0, 0, 200]);
});

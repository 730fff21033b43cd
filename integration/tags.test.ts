import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createNaming, type Naming } from '../agent/tags/create.ts';
import { hasSection } from '../agent/tags/elf.ts';
import { hostFiles } from '../agent/tags/files.ts';

/** Processes of this machine, found out by what the kernel tells of them. */

const root = process.getuid?.() === 0;
const children: ChildProcess[] = [];
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirestitch-tags-'));
});

after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function naming(): Naming {
  return createNaming({
    unixMs: () => performance.timeOrigin + performance.now(),
    monotonicMs: () => performance.now(),
    entityIntervalSeconds: 60,
  });
}

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

function start(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** The first line that a child writes. */
function line(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}

const ended = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once('exit', resolve));

function network(pid: number | 'self'): number {
  return Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))![0]);
}

const nodeServer = `
const server = require('node:net').createServer((s) => s.on('data', (d) => s.write(d)));
server.listen(Number(process.argv[3] ?? 0), process.argv[2] ?? '127.0.0.1', () =>
  console.log(server.address().port));
`;
const pythonServer = `
import socket, sys, threading
s = socket.socket()
s.bind((sys.argv[1], int(sys.argv[2])))
s.listen()
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    echo = lambda c=c: [c.sendall(d) for d in iter(lambda: c.recv(99), b'')]
    threading.Thread(target=echo).start()
`;
const pythonClient = `
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(b'x')
s.recv(1)
print(s.getsockname()[1], flush=True)
time.sleep(600)
`;

import { freePort } from '../testing/ports.ts';

test('node, python and a shell that becomes another program', async () => {
  writeFileSync(join(folder, 'shop.cjs'), nodeServer);
  writeFileSync(join(folder, 'stock.py'), pythonServer);
  const { names } = naming();
  const shop = start(process.execPath, ['shop.cjs', '127.0.0.1', '0', '--api-key=abc123']);
  const stock = start('python3', [join(folder, 'stock.py'), '127.0.0.1', '0']);
  const named = start('sh', ['-c', 'read x < /dev/null; echo ready; exec sleep 600'], {
    OTEL_SERVICE_NAME: 'sleeper',
    OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=prod',
    PRIVATE: 'abc123',
  });
  await Promise.all([line(shop), line(stock), line(named)]);

  const first = names.process(shop.pid!);
  assert.equal(first?.service, 'shop');
  assert.equal(first.serviceFrom, 'executable');
  const { attributes } = first;
  assert.equal(attributes['process.runtime.name'], 'nodejs');
  assert.equal(attributes['process.executable.path'], process.execPath);
  assert.equal(attributes['process.parent_pid'], process.pid);
  assert.match(String(attributes['process.command_line']), /shop\.cjs .*--api-key=REDACTED$/);
  assert.equal(attributes['wirestitch.network_namespace'], network('self'));
  const age = Number(now() - first.startTimeNs) / 1e9;
  assert.ok(age > -1 && age < 60, `started ${age} s ago`);

  const python = names.process(stock.pid!);
  assert.equal(python?.service, 'stock');
  assert.equal(python.attributes['process.runtime.name'], 'cpython');
  assert.notEqual(python.entityId, first.entityId);

  const sleeper = names.process(named.pid!);
  assert.deepEqual([sleeper?.service, sleeper?.serviceFrom], ['sleeper', 'OTEL_SERVICE_NAME']);
  assert.equal(sleeper?.attributes['process.executable.name'], 'sleep');
  assert.equal(sleeper?.attributes['service.namespace'], 'prod');
  assert.doesNotMatch(JSON.stringify(sleeper.attributes), /abc123/);

  // Another agent finds the same ids.
  assert.equal(naming().names.process(shop.pid!)?.entityId, first.entityId);

  // What ended keeps its name for data of its time.
  const seen = now();
  named.kill('SIGKILL');
  await ended(named);
  names.noteExit(named.pid!, now());
  assert.equal(names.process(named.pid!, seen)?.service, 'sleeper');
  assert.equal(names.process(named.pid!, now() + 1_000_000_000n), undefined);
});

test('both ends of a connection on loopback, and who is not there', async () => {
  const { names } = naming();
  writeFileSync(join(folder, 'store.py'), pythonServer);
  const store = start('python3', ['store.py', '127.0.0.1', '0']);
  const port = Number(await line(store));
  const socket = createConnection(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await new Promise((resolve) => socket.once('data', resolve).write('x'));
  const end = (p: number, ns: number | undefined) => ({
    ...{ address: '127.0.0.1', port: p, networkNamespace: ns, pid: undefined },
  });
  const ns = network('self');
  const both = names.name(end(socket.localPort!, ns), end(port, ns), now());
  assert.equal(both.client?.process?.pid, process.pid);
  assert.equal(both.server?.process?.pid, store.pid);
  assert.equal(both.server?.service, 'store');
  assert.equal(names.endpoint(ns, '127.0.0.1', await freePort(), now()), undefined);
  assert.equal(names.endpoint(undefined, '192.0.2.77', port, now()), undefined);
  socket.destroy();
});

test('ends in other network namespaces, equal addresses and ports in two of them', async (t) => {
  if (!root) return t.skip('needs root: network namespaces');
  writeFileSync(join(folder, 'shop.cjs'), nodeServer);
  writeFileSync(join(folder, 'stock.py'), pythonServer);
  writeFileSync(join(folder, 'caller.py'), pythonClient);
  const id = process.pid % 200;
  const made: string[] = [];
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const inside = (pid: number, ...args: string[]) =>
    execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', ...args], { stdio: 'pipe' });
  // A process that holds each namespace, joined by a pair of interfaces.
  const holder = async () => {
    const child = start('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 600']);
    await line(child);
    inside(child.pid!, 'link', 'set', 'lo', 'up');
    return child.pid!;
  };
  try {
    const [a, b] = await Promise.all([holder(), holder()]);
    const [left, right] = [`wt${id}a`, `wt${id}b`];
    ip('link', 'add', left, 'type', 'veth', 'peer', 'name', right);
    made.push(left);
    for (const [pid, link, address] of [
      [a, left, '10.231.7.1'],
      [b, right, '10.231.7.2'],
    ] as const) {
      ip('link', 'set', link, 'netns', String(pid));
      inside(pid, 'addr', 'add', `${address}/24`, 'dev', link);
      inside(pid, 'link', 'set', link, 'up');
    }
    const within = (pid: number, ...command: string[]) =>
      start('nsenter', ['-t', String(pid), '-n', ...command]);
    const shop = within(b, process.execPath, 'shop.cjs', '10.231.7.2', '8080');
    const onlyA = within(a, 'python3', 'stock.py', '127.0.0.1', '9090');
    const onlyB = within(b, process.execPath, 'shop.cjs', '127.0.0.1', '9090');
    await Promise.all([line(shop), line(onlyA), line(onlyB)]);
    const caller = within(a, 'python3', 'caller.py', '10.231.7.2', '8080');
    const port = Number(await line(caller));

    const end = (address: string, p: number, ns: number | undefined) => ({
      ...{ address, port: p, networkNamespace: ns, pid: undefined },
    });
    for (const ns of [undefined, network(a), network(b)]) {
      const { names } = naming();
      const both = names.name(end('10.231.7.1', port, ns), end('10.231.7.2', 8080, ns), now());
      assert.equal(both.client?.service, 'caller');
      assert.equal(both.client?.process?.pid, caller.pid);
      assert.equal(both.server?.service, 'shop');
      assert.equal(both.server?.process?.pid, shop.pid);
      assert.equal(both.server?.process?.networkNamespace, network(b));
    }
    const { names } = naming();
    assert.equal(names.endpoint(network(a), '127.0.0.1', 9090, now())?.service, 'stock');
    assert.equal(names.endpoint(network(b), '127.0.0.1', 9090, now())?.service, 'shop');
    assert.equal(names.endpoint(undefined, '127.0.0.1', 9090, now()), undefined);
    assert.equal(names.endpoint(network('self'), '127.0.0.1', 9090, now()), undefined);
  } finally {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const link of made) {
      try {
        ip('link', 'del', link);
      } catch {
        // It went with its namespace.
      }
    }
  }
});

test('sections of a real executable', () => {
  assert.equal(hasSection(hostFiles, process.execPath, '.text'), true);
  assert.equal(hasSection(hostFiles, process.execPath, '.go.buildinfo'), false);
  assert.equal(hasSection(hostFiles, import.meta.filename, '.text'), false);
  assert.equal(hasSection(hostFiles, '/nonexistent', '.text'), false);
});

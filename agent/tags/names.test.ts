import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../../config/confmap/parse.ts';
import { EntityReporter } from '../entities/reporter.ts';
import { readHost } from './host.ts';
import { readInventory } from './inventory.ts';
import { HostNames, type NamesLimits } from './names.ts';
import { FakeFiles, socketLine } from './testing/fake-files.ts';

const BOOT = 1_790_000_000;
const second = (n: number): bigint => BigInt(BOOT + n) * 1_000_000_000n;

function machine(options: { inventory?: string; limits?: Partial<NamesLimits> } = {}) {
  const files = new FakeFiles();
  const paths = { proc: '/proc', root: '/' };
  const host = readHost(files, paths);
  const reporter = new EntityReporter({ host, intervalSeconds: 60, limit: 100 });
  const clock = { second: 100 };
  const inventory = options.inventory;
  const names = new HostNames({
    files,
    paths,
    host,
    reporter,
    inventory: inventory === undefined ? undefined : readInventory(parseYaml(inventory, 'i.yaml')),
    now: () => (BOOT + clock.second) * 1e9,
    elapsed: () => clock.second * 1e9,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  return { files, names, clock, reporter, host };
}

const end = (address: string, port: number, more: { ns?: number; pid?: number } = {}) => ({
  address,
  port,
  networkNamespace: more.ns,
  pid: more.pid,
});

test('a process has the attributes of the document, and nothing of its environment', () => {
  const { files, names } = machine();
  const container = 'ab'.repeat(32);
  files.start({
    pid: 42,
    parent: 7,
    executable: '/usr/local/bin/node',
    args: ['node', '/app/shop.js', '--token=abc'],
    environment: { API_SECRET: 'no', OTEL_RESOURCE_ATTRIBUTES: 'team=blue,host.name=liar' },
    cgroup: `0::/system.slice/docker-${container}.scope\n`,
    startTicks: 1234,
    networkNamespace: 77,
  });
  const tags = names.process(42);
  assert.deepEqual(tags?.attributes, {
    team: 'blue',
    'host.name': 'h1',
    'host.id': '3d1219c7c4c5404aaa1f6d2a48adfda4',
    'process.pid': 42,
    'process.parent_pid': 7,
    'process.creation.time': new Date((BOOT + 12.34) * 1000).toISOString(),
    'process.executable.name': 'node',
    'process.executable.path': '/usr/local/bin/node',
    'process.command_line': 'node /app/shop.js --token=REDACTED',
    'process.runtime.name': 'nodejs',
    'process.linux.cgroup': `/system.slice/docker-${container}.scope`,
    'container.id': container,
    'wirestitch.network_namespace': 77,
    'service.name': 'shop',
    'wirestitch.service.from': 'executable',
  });
  assert.equal(names.process(42), tags);
  assert.equal(names.process(43), undefined);
});

test('where a service name is from', () => {
  const inventory = "services: [{name: listed, executable: '/opt/*'}]";
  const { files, names } = machine({ inventory });
  const id = 'cd'.repeat(32);
  files.write(`/var/lib/docker/containers/${id}/config.v2.json`, '{"Name":"/web_1"}');
  const base = { executable: '/opt/x', cgroup: `0::/docker/${id}\n` };
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=by-attributes' };
  const steps = [
    [
      { ...base, environment: { OTEL_SERVICE_NAME: 'by-name', ...attributes } },
      ['by-name', 'OTEL_SERVICE_NAME'],
    ],
    [{ ...base, environment: attributes }, ['by-attributes', 'OTEL_RESOURCE_ATTRIBUTES']],
    [base, ['listed', 'inventory']],
    [{ ...base, executable: '/usr/bin/x' }, ['web_1', 'container']],
    [{ executable: '/usr/bin/x', cgroup: '0::/system.slice/shop.service\n' }, ['shop', 'unit']],
    [{ executable: '/usr/bin/x (deleted)' }, ['x', 'executable']],
    [{ executable: '', name: 'kworker/0', args: [] }, ['kworker/0', 'executable']],
  ] as const;
  for (const [index, [process, expected]] of steps.entries()) {
    const pid = 100 + index;
    files.start({ pid, ...process });
    const tags = names.process(pid);
    assert.deepEqual([tags?.service, tags?.serviceFrom], expected);
  }
});

test('a program that was started by a link is called by it', () => {
  const { files, names } = machine();
  const redis = '/usr/bin/redis-check-rdb';
  const busybox = '/bin/busybox';
  const postgres = '/usr/lib/postgresql/15/bin/postgres';
  const long = 'a-name-of-more-than-15-bytes';
  type Step = [name: string, executable: string, kernel: string, ...args: string[]];
  const steps: Step[] = [
    ['redis-server', redis, 'redis-server', '/usr/bin/redis-server', '*:6379'],
    ['redis-server', redis, 'redis-server', '/usr/bin/redis-server 127.0.0.1:6379'],
    ['redis-check-rdb', redis, 'redis-check-rdb', 'redis-server'],
    [long, '/opt/real', long.slice(0, 15), `./${long}`],
    ['real', '/opt/real', long.slice(0, 14), long],
    ['httpd', busybox, 'httpd', 'httpd', '-f'],
    ['serve', busybox, 'sh', '/bin/sh', '/app/serve.sh'],
    ['bash', '/usr/bin/bash', 'bash', '-bash'],
    ['nginx', '/usr/sbin/nginx', 'nginx', 'nginx: master process /usr/sbin/nginx'],
    ['postgres', postgres, 'postgres', 'postgres: writer'],
    ['real', '/opt/real', 'real', ''],
    ['server', '/usr/bin/node', 'shop', 'shop', 'server.js'],
    ['shop', '/usr/bin/node', 'shop', 'shop', '-e', '1'],
  ];
  for (const [index, [name, executable, kernel, ...args]] of steps.entries()) {
    const pid = 100 + index;
    files.start({ pid, executable, name: kernel, args });
    assert.equal(names.process(pid)?.service, name, args.join(' '));
    const file = executable.slice(executable.lastIndexOf('/') + 1);
    assert.equal(names.process(pid)?.attributes['process.executable.name'], file);
  }
});

test('a link is followed where the kernel has another name', () => {
  const { files, names } = machine();
  const inside = (pid: number): string => `/proc/${pid}/root${'/srv/bin/shop'}`;
  files.inodes.set(inside(7), 5).set('/proc/7/exe', 5);
  files.inodes.set(inside(8), 5).set('/proc/8/exe', 6);
  files.inodes.set('/proc/9/exe', 6);
  for (const pid of [7, 8, 9]) {
    const args = ['bin/shop', '--fast'];
    files.start({ pid, executable: '/opt/all-in-one', name: 'main', folder: '/srv', args });
  }
  assert.deepEqual(
    [7, 8, 9].map((pid) => names.process(pid)?.service),
    ['shop', 'all-in-one', 'all-in-one'],
  );
});

test('one that ended stays nameable, late data get the owner of their own time', () => {
  const { files, names, clock } = machine();
  files.start({ pid: 42, executable: '/bin/first', startTicks: 1000 });
  names.noteExec(42, second(10));
  names.noteExit(42, second(50));
  files.start({ pid: 42, executable: '/bin/second', startTicks: 6000 });
  names.noteFork(1, 42, second(60));
  names.noteExec(42, second(61));
  assert.equal(names.process(42, second(20))?.service, 'first');
  assert.equal(names.process(42, second(70))?.service, 'second');
  assert.equal(names.process(42, second(55)), undefined);
  assert.equal(names.process(42)?.service, 'second');
  clock.second = 50 + 301;
  names.tick();
  assert.equal(names.process(42, second(20)), undefined);
});

test('without events: another process with the pid, and another program, are noticed', () => {
  const { files, names, clock } = machine();
  files.start({ pid: 42, executable: '/bin/first', startTicks: 1000 });
  assert.equal(names.process(42, second(100))?.service, 'first');
  files.start({ pid: 42, executable: '/bin/second', startTicks: 1000 });
  clock.second = 110;
  assert.equal(names.process(42, second(110))?.service, 'second');
  files.start({ pid: 42, executable: '/bin/third', startTicks: 11_500 });
  clock.second = 120;
  names.tick();
  assert.equal(names.process(42, second(120))?.service, 'third');
  assert.equal(names.process(42, second(101))?.service, 'first');
  files.stop(42);
  clock.second = 130;
  names.tick();
  assert.equal(names.process(42, second(131)), undefined);
  assert.equal(names.process(42, second(125))?.service, 'third');
});

test('known processes cost no reading; unknown pids are not read over and over', () => {
  const { files, names, clock } = machine();
  files.start({ pid: 42 });
  names.process(42);
  let reads = files.reads;
  for (let i = 0; i < 100; i++) names.process(42);
  assert.equal(files.reads, reads);
  clock.second = 200;
  names.process(42);
  assert.ok(files.reads - reads < 5);
  reads = files.reads;
  files.stop(42);
  names.noteExit(42, second(200));
  clock.second = 210;
  for (let i = 0; i < 100; i++) names.process(42, second(209));
  assert.ok(files.reads - reads < 5);
});

test('programs are read as they begin, but not too many in one second', () => {
  const { files, names } = machine({ limits: { execReads: 2 } });
  for (const pid of [1, 2, 3]) {
    files.start({ pid: 100 + pid, executable: `/bin/p${pid}` });
    names.noteExec(100 + pid, second(99));
    files.stop(100 + pid);
  }
  assert.equal(names.process(101)?.service, 'p1');
  assert.equal(names.process(102)?.service, 'p2');
  assert.equal(names.process(103), undefined);
});

test('the table is bounded: what ended goes first', () => {
  const { files, names } = machine({ limits: { processes: 10 } });
  files.start({ pid: 42, executable: '/bin/stays' });
  names.process(42);
  for (let i = 0; i < 1000; i++) {
    names.noteExec(1000 + i, second(90));
    names.noteExit(1000 + i, second(91));
  }
  assert.equal(names.counts.processes, 10);
  assert.equal(names.counts.evicted, 991);
  assert.equal(names.process(42)?.service, 'stays');
});

const HOST = 4026531833;

/** nginx (two workers) in front of a shop, in two namespaces; a client on the host. */
function network() {
  const made = machine();
  const { files } = made;
  const listening = socketLine(['0.0.0.0', 80], ['0.0.0.0', 0], '0A', 800);
  const accepted = socketLine(['10.0.0.2', 80], ['10.0.0.1', 40_000], '01', 801);
  const onward = socketLine(['10.0.0.2', 50_000], ['10.0.0.3', 8080], '01', 802);
  files.start({ pid: 10, executable: '/sbin/nginx', networkNamespace: 2, sockets: [800] });
  files.start({
    pid: 11,
    executable: '/sbin/nginx',
    networkNamespace: 2,
    sockets: [800, 801, 802],
  });
  files.network(10, { addresses: ['127.0.0.1', '10.0.0.2'], tcp: listening + accepted + onward });
  files.start({ pid: 20, executable: '/bin/shop', networkNamespace: 3, sockets: [900, 901, 902] });
  files.network(20, {
    addresses: ['127.0.0.1', '10.0.0.3'],
    tcp:
      socketLine(['10.0.0.3', 8080], ['0.0.0.0', 0], '0A', 900) +
      socketLine(['10.0.0.3', 8080], ['10.0.0.2', 50_000], '01', 901),
    udp: socketLine(['10.0.0.3', 5353], ['0.0.0.0', 0], '07', 902),
  });
  files.start({ pid: 30, executable: '/bin/curl', networkNamespace: HOST, sockets: [700] });
  files.network(30, {
    addresses: ['127.0.0.1', '10.0.0.1'],
    tcp: socketLine(['10.0.0.1', 40_000], ['10.0.0.2', 80], '01', 700),
  });
  return made;
}

test('both ends of a connection between namespaces are named by their sockets', () => {
  for (const ns of [undefined, HOST, 2, 999]) {
    const { names } = network();
    const client = end('10.0.0.1', 40_000, ns === undefined ? {} : { ns });
    const server = end('::ffff:10.0.0.2', 80, ns === undefined ? {} : { ns });
    const named = names.name(client, server, second(100));
    assert.equal(named.client?.service, 'curl');
    assert.equal(named.client?.process?.pid, 30);
    assert.equal(named.server?.service, 'nginx');
    assert.equal(named.server?.process?.pid, 11);
  }
});

test('a listener names a server whose connection is gone; an address alone names nobody', () => {
  const { names } = network();
  const named = names.name(end('10.0.0.1', 41_000), end('10.0.0.2', 80), second(100));
  assert.equal(named.client, undefined);
  assert.equal(named.server?.process?.pid, 10);
  assert.equal(names.endpoint(undefined, '10.0.0.2', 81, second(100)), undefined);
  assert.equal(names.endpoint(undefined, '10.0.0.3', 5353, second(100)), undefined);
  assert.equal(names.endpoint(3, '10.0.0.3', 5353, second(100), 'udp')?.service, 'shop');
});

test('loopback addresses belong to the namespace in which they were seen', () => {
  const { files, names } = machine();
  const listening = (inode: number) => socketLine(['127.0.0.1', 8080], ['0.0.0.0', 0], '0A', inode);
  for (const ns of [2, 3]) {
    files.start({ pid: ns * 10, executable: `/bin/s${ns}`, networkNamespace: ns, sockets: [ns] });
    files.network(ns * 10, { addresses: ['127.0.0.1'], tcp: listening(ns) });
  }
  files.start({ pid: 40, executable: '/bin/other', networkNamespace: 4 });
  files.network(40, { addresses: ['127.0.0.1'] });
  assert.equal(names.endpoint(2, '127.0.0.1', 8080, second(100))?.service, 's2');
  assert.equal(names.endpoint(3, '127.0.0.1', 8080, second(100))?.service, 's3');
  assert.equal(names.endpoint(4, '127.0.0.1', 8080, second(100)), undefined);
  assert.equal(names.endpoint(undefined, '127.0.0.1', 8080, second(100)), undefined);
});

test('a connection names its process only near the time at which it was seen', () => {
  const { names, clock, files } = network();
  const ask = (at: number) =>
    names.name(end('10.0.0.1', 40_000), end('10.0.0.2', 80), second(at)).client?.service;
  assert.equal(ask(100), 'curl');
  assert.equal(ask(96), 'curl');
  assert.equal(ask(94), undefined);
  // Seen again and again, it is known since then.
  for (clock.second = 103; clock.second < 140; clock.second += 3) {
    assert.equal(ask(clock.second), 'curl');
  }
  assert.equal(ask(97), 'curl');
  // Another process gets the same ends.
  files.stop(30);
  files.start({
    pid: 31,
    executable: '/bin/wget',
    networkNamespace: HOST,
    startTicks: 14_500,
    sockets: [701],
  });
  files.network(31, {
    addresses: ['10.0.0.1'],
    tcp: socketLine(['10.0.0.1', 40_000], ['10.0.0.2', 80], '01', 701),
  });
  clock.second = 160;
  assert.equal(ask(160), 'wget');
  assert.equal(ask(150), undefined);
});

test('looking for sockets is bounded in time', () => {
  const { names, files, clock } = network();
  names.endpoint(undefined, '10.0.0.2', 9999, second(100));
  const reads = files.reads;
  for (let i = 0; i < 1000; i++) names.endpoint(undefined, '10.0.0.2', 9000 + i, second(100));
  assert.equal(files.reads, reads);
  clock.second = 102;
  names.endpoint(undefined, '10.0.0.2', 9999, second(102));
  assert.ok(files.reads > reads);
});

test('events name ends at once, by time and namespace', () => {
  const { files, names } = machine();
  for (const pid of [50, 51, 52])
    files.start({ pid, executable: `/bin/p${pid}`, networkNamespace: 2 });
  names.noteConnect(50, 2, '10.0.0.9', 40_000, second(90));
  names.noteClose(50, 2, '10.0.0.9', 40_000, second(91));
  names.noteConnect(51, 2, '10.0.0.9', 40_000, second(95));
  names.noteAccept(52, 2, '::ffff:10.0.0.9', 80, second(90));
  const ask = (at: number, ns?: number, port = 40_000) =>
    names.endpoint(ns, '10.0.0.9', port, second(at))?.service;
  assert.equal(ask(90), 'p50');
  assert.equal(ask(93), undefined);
  assert.equal(ask(96), 'p51');
  assert.equal(ask(96, 2), 'p51');
  assert.equal(ask(96, 3), 'p51');
  assert.equal(ask(96, 2, 80), 'p52');
  assert.equal(ask(89), undefined);
  names.noteConnect(50, 3, '10.0.0.9', 40_000, second(97));
  assert.equal(ask(98), undefined);
  assert.equal(ask(98, 3), 'p50');
  names.noteExit(51, second(99));
  assert.equal(ask(100, 2), undefined);
});

test('a pid that the capture knows goes before everything else', () => {
  const { files, names } = network();
  files.start({ pid: 60, executable: '/bin/known' });
  const named = names.name(
    end('10.0.0.1', 40_000, { pid: 60 }),
    end('10.0.0.2', 80, { pid: 999_999 }),
    second(100),
  );
  assert.equal(named.client?.service, 'known');
  assert.equal(named.server?.service, 'nginx');
});

test('the inventory names addresses of other machines, and ports that are passed on', () => {
  const inventory = 'hosts: [{name: db1, addresses: [192.0.2.9, 10.0.0.5]}]';
  const { files, names } = machine({ inventory });
  files.start({ pid: 10, executable: '/usr/bin/docker-proxy', sockets: [5] });
  files.network(10, {
    addresses: ['10.0.0.5'],
    tcp: socketLine(['0.0.0.0', 3306], ['0.0.0.0', 0], '0A', 5),
  });
  for (const address of ['192.0.2.9', '10.0.0.5']) {
    const named = names.endpoint(undefined, address, 3306, second(100));
    assert.deepEqual([named?.service, named?.serviceFrom], ['db1', 'inventory']);
    assert.equal(named?.process, undefined);
  }
  assert.equal(names.endpoint(undefined, '192.0.2.10', 3306, second(100)), undefined);
});

test('entities are reported: the host, processes asked for, their ends', () => {
  const { files, names, reporter, clock } = machine();
  files.start({ pid: 42 });
  files.start({ pid: 43 });
  names.noteExec(43, second(99));
  assert.equal(reporter.size, 1, 'what names nothing is not reported');
  const id = names.process(42)?.entityId;
  assert.ok(id !== undefined && id > 0n);
  assert.equal(reporter.size, 3);
  assert.equal(reporter.flush(second(100))?.itemCount, 3);
  assert.equal(reporter.flush(second(101)), undefined);
  files.stop(42);
  clock.second = 110;
  names.tick();
  assert.equal(reporter.flush(second(110))?.itemCount, 1);
  assert.equal(reporter.size, 2);
});

test('a machine without any files names nobody', () => {
  const files = new FakeFiles();
  files.files.clear();
  const names = new HostNames({
    files,
    paths: { proc: '/proc', root: '/' },
    host: readHost(files, { proc: '/proc', root: '/' }),
    inventory: undefined,
    now: () => 1e18,
    elapsed: () => 0,
  });
  assert.equal(names.process(1), undefined);
  assert.equal(names.endpoint(1, '10.0.0.1', 80, 1n), undefined);
});

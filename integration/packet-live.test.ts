// Live capture between two network namespaces, with packets dropped on the way: what ss and nstat
// say of the connections, and what a client and a server counted, is what the flow records say.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { toJson } from '../pdata/json.ts';
import { config } from '../receivers/packet/config.ts';
import { PacketReceiver } from '../receivers/packet/receiver.ts';
import { loadPacketAddon } from '../receivers/packet/ring.ts';
import { realClock } from '../testing/clock.ts';
import { realTimeSettings } from '../testing/settings.ts';
import { collectingSink } from '../testing/sinks.ts';
import { until } from '../testing/until.ts';
import { alone } from './lib/alone.ts';

await alone();

const tools = ['ip', 'nft', 'ss', 'nstat'];

function obstacle(): string {
  if (process.getuid?.() !== 0) return 'root is needed for network namespaces and capture';
  const loaded = loadPacketAddon();
  if (loaded.addon === undefined) return loaded.why;
  const absent = tools.filter((t) => spawnSync('which', [t]).status !== 0);
  if (absent.length > 0) return `${absent.join(', ')} not installed`;
  const probe = spawnSync('ip', ['netns', 'add', `${prefix}p`], { encoding: 'utf8' });
  if (probe.status !== 0) return `cannot make a network namespace: ${probe.stderr}`;
  spawnSync('ip', ['netns', 'del', `${prefix}p`]);
  return '';
}

const prefix = `ws${process.pid}`;
const [client, server] = [`${prefix}c`, `${prefix}s`];
const [clientAddress, serverAddress] = ['10.99.1.1', '10.99.1.2'];
const [clientLink, serverLink] = ['wsc0', 'wss0'];

function run(command: string, ...args: string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

function inside(namespace: string, ...command: string[]): string {
  return run('ip', 'netns', 'exec', namespace, ...command);
}

/** Two namespaces joined by a link on which a frame is a segment. */
function build(): void {
  run('ip', 'netns', 'add', client);
  run('ip', 'netns', 'add', server);
  run(
    ...(['ip', 'link', 'add', clientLink, 'netns', client, 'type', 'veth'] as const),
    ...['peer', 'name', serverLink, 'netns', server],
  );
  for (const [ns, link, address] of [
    [client, clientLink, clientAddress],
    [server, serverLink, serverAddress],
  ] as const) {
    run('ip', '-n', ns, 'addr', 'add', `${address}/24`, 'dev', link);
    run('ip', '-n', ns, 'link', 'set', link, 'gso_max_segs', '1');
    run('ip', '-n', ns, 'link', 'set', link, 'up');
    run('ip', '-n', ns, 'link', 'set', 'lo', 'up');
  }
}

/** Drops some of the packets that come into a namespace; not SYNs, so that connections open. */
function dropSome(namespace: string, percent: number): void {
  const rules = [
    'add table ip drops',
    'add chain ip drops in { type filter hook input priority 0; }',
    'add rule ip drops in tcp flags & syn == syn accept',
    `add rule ip drops in meta l4proto tcp numgen random mod 100 < ${percent} drop`,
  ];
  for (const rule of rules) inside(namespace, 'nft', rule);
}

function destroy(): void {
  spawnSync('ip', ['netns', 'del', client]);
  spawnSync('ip', ['netns', 'del', server]);
}

/** A Node program in a namespace; it prints lines and ends with its standard input. */
class Program {
  readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(namespace: string, source: string) {
    const args = ['netns', 'exec', namespace, process.execPath, '--eval', source];
    this.child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: this.child.stdout! });
    this.lines = lines[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const next = await this.lines.next();
    assert.ok(next.done !== true, 'a program of the test has ended early');
    return next.value;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.stdin!.end();
    await once(this.child, 'exit');
  }
}

/** Reads it all, and answers every 100,000 bytes with 20,000. */
const serverSource = `
  const server = require('net').createServer({ allowHalfOpen: true }, (socket) => {
    let open = 100000;
    socket.on('data', (chunk) => {
      for (open -= chunk.length; open <= 0; open += 100000) socket.write(Buffer.alloc(20000, 66));
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
  });
  server.listen(9000, '${serverAddress}', () => console.log('listening'));
  process.stdin.resume().on('end', () => process.exit());`;

/** Sends 3 MB, waits for every answer, and closes when it is told to. */
const clientSource = `
  const socket = require('net').connect(9000, '${serverAddress}', () => {
    for (let i = 0; i < 30; i++) socket.write(Buffer.alloc(100000, 65));
  });
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    if (received === 600000) console.log('done');
  });
  process.stdin.resume().on('end', () => socket.end(() => setTimeout(() => process.exit(), 300)));`;

/** What `ss -ti` says of the one connection with a port. */
function socketOf(namespace: string, filter: string): Record<string, number> {
  const text = inside(namespace, 'ss', '-tinOH', 'state', 'established', filter);
  const field = (name: string): number =>
    Number(new RegExp(`\\b${name}:(\\d+)`).exec(text)?.[1] ?? 0);
  return {
    sent: field('bytes_sent'),
    received: field('bytes_received'),
    acked: field('bytes_acked'),
    retransmitted: Number(/\bretrans:\d+\/(\d+)/.exec(text)?.[1] ?? 0),
    text: text === '' ? 0 : 1,
  };
}

function retransSegs(namespace: string): number {
  const text = inside(namespace, 'nstat', '-asz', 'TcpRetransSegs');
  return Number(/TcpRetransSegs\s+(\d+)/.exec(text)![1]);
}

type Attributes = Record<string, string | number>;

/** Attributes of each log record or span in a batch. */
function recordsOf(json: string): Attributes[] {
  const found: Attributes[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const object = value as Record<string, unknown>;
    if ('timeUnixNano' in object || 'startTimeUnixNano' in object) {
      const attributes: Attributes = {};
      for (const { key, value: v } of (object.attributes ?? []) as {
        key: string;
        value: { stringValue?: string; intValue?: string };
      }[]) {
        attributes[key] = v.stringValue ?? Number(v.intValue);
      }
      found.push(attributes);
      return;
    }
    for (const one of Object.values(object)) visit(one);
  };
  visit(JSON.parse(json));
  return found;
}

test('flow records agree with ss and nstat where packets are lost', async (t) => {
  const reason = obstacle();
  if (reason !== '') return t.skip(reason);
  t.after(destroy);
  build();
  const settings = realTimeSettings(realClock());
  const logs = collectingSink<'logs'>();
  const metrics = collectingSink<'metrics'>();
  const receiver = new PacketReceiver(
    settings,
    config.parse({
      interfaces: [clientLink],
      network_namespaces: [client],
      filter: 'tcp port 9000',
      metrics: { by: 'service' },
      names: { entity_interval: '0s' },
    }),
    { logs, metrics },
  );
  await receiver.start();
  const serving = new Program(server, serverSource);
  t.after(() => serving.child.kill());
  assert.equal(await serving.line(), 'listening');
  dropSome(client, 3);
  dropSome(server, 3);
  const asking = new Program(client, clientSource);
  t.after(() => asking.child.kill());
  assert.equal(await asking.line(), 'done');
  // The last acknowledgements may be among the dropped packets.
  let [c, s] = [{} as Record<string, number>, {} as Record<string, number>];
  const isAcknowledged = (): boolean => {
    c = socketOf(client, 'dport = 9000');
    s = socketOf(server, 'sport = 9000');
    return c.acked! >= 3_000_000 && s.acked! >= 600_000;
  };
  await until(isAcknowledged, 'both sides have all acknowledgements', undefined, 50);
  assert.equal(c.text! + s.text!, 2, 'both sockets are there');
  const before = [retransSegs(client), retransSegs(server)];
  inside(client, 'nft', 'flush chain ip drops in');
  inside(server, 'nft', 'flush chain ip drops in');
  await asking.end();
  await serving.end();
  const hasEnded = (): boolean => logs.batches.some((b) => toJson(b).includes('"normal"'));
  await until(hasEnded, 'the end of the flow', undefined, 50);
  assert.deepEqual([retransSegs(client), retransSegs(server)], before, 'closing lost nothing');
  await receiver.shutdown();

  const flows = logs.batches.flatMap((batch) => recordsOf(toJson(batch)));
  const sum = (key: string): number =>
    flows.reduce((total, flow) => total + Number(flow[key] ?? 0), 0);
  const ids = new Set(flows.map((flow) => flow['wirestitch.flow.id']));
  assert.equal(ids.size, 1);
  assert.ok(c.retransmitted! > 10 && s.retransmitted! > 0, 'packets were lost on both ways');
  const compared = [
    ['client payload', sum('wirestitch.flow.client.payload'), c.sent],
    ['server payload', sum('wirestitch.flow.server.payload'), s.sent],
    ['client retransmissions', sum('wirestitch.flow.client.retransmissions'), c.retransmitted],
    ['server retransmissions', sum('wirestitch.flow.server.retransmissions'), s.retransmitted],
    ['client, nstat', sum('wirestitch.flow.client.retransmissions'), before[0]],
    ['server, nstat', sum('wirestitch.flow.server.retransmissions'), before[1]],
  ] as const;
  for (const [what, ours, theirs] of compared) t.diagnostic(`${what}: ${ours}, ${theirs}`);
  for (const [what, ours, theirs] of compared) assert.equal(ours, theirs, what);
  const last = flows.at(-1)!;
  assert.equal(last['client.address'], clientAddress);
  assert.equal(last['wirestitch.observation_point'], 'client_nic');
  assert.equal(last['wirestitch.flow.close_type'], 'normal');
  assert.equal(settings.meter.value('wirestitch_packet_ring_drops'), 0);
});

const NGINX = (folder: string): string => `
daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/log;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder};
  fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:9001 backlog=4096; location / { return 200 "ok"; } }
}`;

test('thousands of short connections a second: a span and a flow each, none invented', async (t) => {
  const absent = ['nginx', 'hey'].filter((tool) => spawnSync('which', [tool]).status !== 0);
  const reason = obstacle() || (absent.length > 0 ? `${absent.join(', ')} not installed` : '');
  if (reason !== '') return t.skip(reason);
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-live-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  t.after(destroy);
  build();
  writeFileSync(join(folder, 'nginx.conf'), NGINX(folder));
  const args = ['netns', 'exec', client, 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf')];
  const nginx = spawn('ip', args, { stdio: 'inherit' });
  t.after(() => nginx.kill());
  const ask = ['netns', 'exec', client, 'curl', '-s', '127.0.0.1:9001'];
  await until(() => spawnSync('ip', ask).status === 0, 'nginx answers', undefined, 50);
  const settings = realTimeSettings(realClock());
  const [traces, logs] = [collectingSink<'traces'>(), collectingSink<'logs'>()];
  const receiver = new PacketReceiver(
    settings,
    config.parse({
      interfaces: ['lo'],
      network_namespaces: [client],
      filter: 'tcp port 9001',
      // Has room for all packets of a round.
      buffer_size: '64MiB',
      names: { enabled: false },
    }),
    { traces, logs },
  );
  await receiver.start();
  const [rounds, each] = [5, 4000];
  const requests = rounds * each;
  const load = ['-n', String(each), '-c', '50', '-disable-keepalive'];
  for (let round = 1; round <= rounds; round += 1) {
    const hey = spawn('ip', ['netns', 'exec', client, 'hey', ...load, 'http://127.0.0.1:9001/x'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const report = await text(hey.stdout);
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]);
    t.diagnostic(`${rate.toFixed(0)} connections a second`);
    assert.equal(Number(/\[200\]\s+(\d+) responses/.exec(report)?.[1]), each);
    await until(() => traces.items >= round * each, `spans of round ${round}`);
  }
  const records = (): Attributes[] => logs.batches.flatMap((batch) => recordsOf(toJson(batch)));
  const closedOf = (list: readonly Attributes[]): Attributes[] =>
    list.filter((flow) => flow['wirestitch.flow.close_type'] !== 'open');
  const allClosed = (): boolean => logs.items >= requests && closedOf(records()).length >= requests;
  await until(allClosed, 'flow records', undefined, 200);
  await receiver.shutdown();
  assert.equal(settings.meter.value('wirestitch_packet_ring_drops'), 0);
  assert.equal(traces.items, requests);
  // Ports are used again within the minute: a flow each all the same.
  const flows = records();
  assert.equal(closedOf(flows).length, requests);
  // A flow that is open when the minute ends has a record of each minute.
  for (const name of ['wirestitch.flow.requests', 'wirestitch.flow.syns']) {
    const sums = new Map<unknown, number>();
    for (const flow of flows) {
      const id = flow['wirestitch.flow.id'];
      sums.set(id, (sums.get(id) ?? 0) + Number(flow[name] ?? 0));
    }
    assert.equal(sums.size, requests, name);
    for (const [id, sum] of sums) assert.equal(sum, 1, `${name} of flow ${id}`);
  }
});

// Live capture on the loopback interface: needs root, and the addon.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { compileFilter } from '../../agent/filter/compile.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { pcapFile, Talk, v4 } from '../../agent/testing/frames.ts';
import type { Logs, Traces } from '../../pdata/batch.ts';
import { toJson } from '../../pdata/json.ts';
import { realClock } from '../../testing/clock.ts';
import { realTimeSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { until } from '../../testing/until.ts';
import { config } from './config.ts';
import { PacketReceiver } from './receiver.ts';
import { loadPacketAddon, PacketRing, type RingOptions } from './ring.ts';

const loaded = loadPacketAddon();
const addon = loaded.addon!;
const obstacle =
  process.getuid?.() !== 0
    ? 'root is needed to capture'
    : loaded.addon === undefined
      ? loaded.why
      : '';

function ring(filter: string, more: Partial<RingOptions> = {}): PacketRing {
  return new PacketRing(addon, {
    interfaceName: 'lo',
    namespace: '',
    bufferBytes: 1 << 20,
    ordinal: 3,
    filter: (linkBytes) => compileFilter(parseFilter(filter), { linkBytes, snapLength: 65_535 }),
    ...more,
  });
}

/** Sends datagrams to a port of this host where nobody listens. */
async function sendDatagrams(port: number, texts: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const text of texts) {
    await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

/** Looks at a ring until as many packets came as are wanted, or a minute has passed. */
async function taken(from: PacketRing, wanted: number): Promise<string[]> {
  const texts: string[] = [];
  for (let i = 0; i < 6000 && texts.length < wanted; i++) {
    from.drain((p) => {
      assert.equal(p.interfaceId >> 12, 3);
      texts.push(Buffer.from(p.bytes.slice(p.start + 42, p.start + p.length)).toString());
    }, 64);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return texts;
}

test('a ring hands out what its filter takes, each packet once', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  for (const interfaceName of ['lo', 'any']) {
    const r = ring('udp dst port 40123', { interfaceName });
    await sendDatagrams(40124, ['no']);
    await sendDatagrams(40123, ['a', 'bb', 'ccc']);
    const want = interfaceName === 'lo' ? ['a', 'bb', 'ccc'] : ['', '', ''];
    // Frames of `any` come without link header: other bytes are at that place.
    const got = await taken(r, 3);
    assert.equal(got.length, 3);
    if (interfaceName === 'lo') assert.deepEqual(got, want);
    assert.ok(r.statistics().packets >= 3);
    assert.equal(r.statistics().drops, 0);
    assert.equal(r.fault(), 0);
    r.close();
    r.close();
  }
});

test('the snap length cuts, another filter can follow', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const r = ring('', {
    filter: (linkBytes) =>
      compileFilter(parseFilter('udp port 40125'), { linkBytes, snapLength: 44 }),
  });
  await sendDatagrams(40125, ['abcdef']);
  assert.deepEqual(await taken(r, 1), ['ab']);
  r.setFilter(compileFilter(parseFilter('port 1'), { linkBytes: 14, snapLength: 44 }));
  const { packets } = r.statistics();
  const other = ring('udp port 40125');
  await sendDatagrams(40125, ['abcdef']);
  assert.deepEqual(await taken(other, 1), ['abcdef']);
  assert.equal(r.statistics().packets, packets, 'not filtered');
  other.close();
  r.close();
});

test('a ring that is full counts what it loses, and goes on', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const r = ring('udp dst port 40126');
  const text = 'x'.repeat(30_000);
  await sendDatagrams(40126, new Array<string>(100).fill(text));
  await until(() => r.statistics().packets >= 100, 'all packets are counted');
  const { packets, drops } = r.statistics();
  assert.ok(drops > 0, `${drops} of ${packets} lost`);
  assert.equal((await taken(r, packets - drops)).length, packets - drops);
  await sendDatagrams(40126, ['more']);
  assert.deepEqual(await taken(r, 1), ['more']);
  r.close();
});

test('closing while packets are handed out ends it, and nothing can be read any more', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const r = ring('udp dst port 40127');
  await sendDatagrams(40127, ['a', 'b', 'c']);
  await until(() => r.statistics().packets >= 3, 'all packets are counted');
  let bytes: Uint8Array = new Uint8Array(1);
  let seen = 0;
  await until(() => {
    r.drain((p) => {
      seen++;
      bytes = p.bytes;
      r.close();
    }, 64);
    return seen > 0;
  }, 'a packet');
  assert.equal(seen, 1);
  assert.equal(bytes.length, 0);
});

test('what cannot be opened is said', (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const f = (more: Partial<RingOptions>, message: RegExp) =>
    assert.throws(() => ring('', more), message);
  f({ interfaceName: 'none0' }, /cannot capture on none0: there is no such interface/);
  f({ namespace: '/run/netns/none' }, /cannot capture on lo of .*: there is no such network names/);
  f({ namespace: '/etc/hostname' }, /cannot capture on lo of \/etc\/hostname: setns: Invalid/);
});

test('requests on the loopback interface are one span each; flows and metrics come with them', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const server = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    server.close();
  });
  const ask = (path: string): Promise<void> =>
    new Promise((resolve) => {
      get({ port, path, agent, host: '127.0.0.1' }, (response) => {
        response.resume().on('end', resolve);
      });
    });
  await ask('/before');
  const capture = async (keys: object, requests: number) => {
    const settings = realTimeSettings(realClock());
    const [traces, logs, metrics] = [
      collectingSink<'traces'>(),
      collectingSink<'logs'>(),
      collectingSink<'metrics'>(),
    ];
    const given = config.parse({ interfaces: ['lo'], filter: `tcp port ${port}`, ...keys });
    const receiver = new PacketReceiver(settings, given, { traces, logs, metrics });
    await receiver.start();
    for (let i = 0; i < requests; i++) await ask(`/n/${i}`);
    if ('exclude_own' in keys) await until(() => traces.items >= requests, 'all spans');
    else await new Promise((resolve) => setTimeout(resolve, 100));
    await receiver.shutdown();
    await receiver.shutdown();
    assert.equal(settings.budget.used, 0);
    assert.deepEqual(settings.host.faults, []);
    return { traces, logs, metrics, settings };
  };
  const silent = { names: { entity_interval: '0s' } };
  const all = await capture({ exclude_own: false, ...silent }, 50);
  assert.equal(all.traces.items, 50);
  assert.equal(all.logs.items, 1);
  assert.ok(all.metrics.items > 5);
  assert.ok(all.settings.meter.value('wirestitch_packet_captured') >= 100);
  assert.equal(
    all.settings.meter.value('otelcol_receiver_accepted_spans', { transport: 'ring' }),
    50,
  );
  // The connection is this program's own: it is left out unless asked for.
  const none = await capture(silent, 20);
  assert.equal(none.traces.items + none.logs.items, 0);

  // Both ends are this process, by its sockets; who that is comes as entity events.
  const named = await capture({ exclude_own: false }, 3);
  const text = (batches: readonly (Traces | Logs)[]): string =>
    batches.map((b) => toJson(b as Traces)).join();
  const spans = text(named.traces.batches);
  const ends = spans.match(/"wirestitch\.(client|server)\.(service|entity)"/g);
  assert.equal(ends?.length, 12);
  assert.match(spans, new RegExp(`"process.pid","value":{"intValue":"${process.pid}"}`));
  const records = text(named.logs.batches);
  assert.match(records, /"wirestitch\.server\.entity"/);
  for (const type of ['host', 'process', 'service']) {
    assert.match(records, new RegExp(`"entity.type","value":{"stringValue":"${type}"}`));
  }
  const unnamed = await capture({ exclude_own: false, names: { enabled: false } }, 3);
  assert.doesNotMatch(text(unnamed.traces.batches), /wirestitch\.server\.entity|process\.pid/);
  assert.equal(unnamed.logs.items, 1);
});

test('keys of live capture', () => {
  const f = (keys: object, ok: boolean) =>
    assert.equal(
      config.safeParse({ interfaces: ['eth0'], ...keys }).success,
      ok,
      JSON.stringify(keys),
    );
  f({}, true);
  f({ files: ['a.pcap'], network_namespaces: ['self', 'blue', '/proc/1/ns/net'] }, true);
  f({ snap_length: 128, buffer_size: '64MiB', filter: 'tcp port 80 or host fd00::1' }, true);
  f(
    { metrics: { interval: '10s', temporality: 'cumulative', by: 'service', max_series: 5 } },
    true,
  );
  f({ interfaces: [] }, false);
  f({ snap_length: 10 }, false);
  f({ buffer_size: '1KiB' }, false);
  f({ filter: 'tcp[0] == 1' }, false);
  f({ network_namespaces: [] }, false);
  f({ metrics: { interval: '1500ms' } }, false);
  const { error } = config.safeParse({ interfaces: ['lo'], filter: 'port 80 und port 81' });
  assert.match(error!.message, /at character 9 expected .*, found \\"und\\"/);
});

test('an interface that is not there stops the start', async (t) => {
  if (obstacle !== '') return t.skip(obstacle);
  const receiver = new PacketReceiver(testSettings(), config.parse({ interfaces: ['none0'] }), {});
  await assert.rejects(receiver.start(), /cannot capture on none0: there is no such interface/);
  await receiver.shutdown();
});

test('without rights or addon one line says so, files are read; when required the start fails', (t) => {
  if (process.platform !== 'linux') return t.skip('needs root and Linux');
  const [receiver, keys, settings, sinks, clock] = [
    './receiver.ts',
    './config.ts',
    '../../testing/settings.ts',
    '../../testing/sinks.ts',
    '../../testing/clock.ts',
  ].map((name) => JSON.stringify(import.meta.resolve(name)));
  const script = `
    const { PacketReceiver } = await import(${receiver});
    const { config } = await import(${keys});
    const { realTimeSettings } = await import(${settings});
    const { collectingSink } = await import(${sinks});
    const { realClock } = await import(${clock});
    if (process.getuid() === 0) process.setuid(65534);
    for (const required of [false, true]) {
      const settings = realTimeSettings(realClock());
      const keys = { files: [process.argv[1]], interfaces: ['lo'], required };
      const traces = collectingSink();
      try {
        const receiver = new PacketReceiver(settings, config.parse(keys), { traces });
        await receiver.start();
        await receiver.finished();
        console.log('items', traces.items);
      } catch (error) { console.log('rejects', error.message); }
      for (const { level, message } of settings.logger.lines) {
        if (level !== 'info') console.log(level, message);
      }
    }`;
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-live-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const file = join(folder, 'a.pcap');
  const [client, server] = [v4('10.0.0.1', 40_000), v4('10.0.0.2', 80)];
  const talk = new Talk(client, server).handshake();
  talk.ask(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  talk.answer(Buffer.from('HTTP/1.1 204 No\r\n\r\n')).close();
  writeFileSync(file, pcapFile(talk.frames));
  for (const env of [{}, { WIRESTITCH_NO_NATIVE: '1' }]) {
    const args = ['--input-type=module', '-e', script, file];
    const child = spawnSync(process.execPath, args, { env: { ...process.env, ...env } });
    const why =
      'WIRESTITCH_NO_NATIVE' in env ? 'packets: switched off' : 'on lo: root or CAP_NET_RAW';
    const lines = child.stdout.toString().trim().split('\n');
    assert.equal(lines.length, 3, child.stderr.toString());
    assert.equal(lines[0], 'items 1');
    assert.match(
      lines[1]!,
      new RegExp(`^error cannot capture ${why}.*; nothing is captured live$`),
    );
    assert.match(lines[2]!, new RegExp(`^rejects cannot capture ${why}`));
  }
});

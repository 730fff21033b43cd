import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pcapFile, Talk, v4 } from '../../agent/testing/frames.ts';
import { toJson } from '../../pdata/json.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { type CollectingSink, collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { factory } from './index.ts';
import { PacketReceiver } from './receiver.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-packet-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function talk(n: number, exchanges = 1): Talk {
  const t = new Talk(v4('10.0.0.1', 40000 + n), v4('10.0.0.2', 80)).handshake();
  for (let i = 0; i < exchanges; i++) {
    t.ask(`GET /${n}/${i} HTTP/1.1\r\nHost: h\r\n\r\n`);
    t.answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  }
  return t.close();
}

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Done {
  readonly settings: TestSettings;
  readonly sink: CollectingSink<'traces'>;
  readonly receiver: PacketReceiver;
}

async function replay(
  keys: object,
  prepare: (d: { sink: CollectingSink<'traces'>; settings: TestSettings }) => void = () => {},
  budgetBytes?: number,
): Promise<Done> {
  const settings = testSettings(budgetBytes === undefined ? {} : { budgetBytes });
  const sink = collectingSink<'traces'>();
  prepare({ sink, settings });
  const receiver = new PacketReceiver(settings, config.parse(keys), { traces: sink });
  await receiver.start();
  let ended = false;
  const end = receiver.finished().then(() => {
    ended = true;
  });
  while (!ended) {
    if (settings.clock.pending > 0) await settings.clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await end;
  await receiver.shutdown();
  await receiver.shutdown();
  assert.equal(settings.budget.used, 0);
  assert.equal(settings.clock.pending, 0);
  assert.deepEqual(settings.host.faults, []);
  return { settings, sink, receiver };
}

function paths(sink: CollectingSink<'traces'>): string[] {
  const texts = sink.batches.map((b) => toJson(b)).join('');
  return [...texts.matchAll(/"url\.path","value":\{"stringValue":"([^"]*)"/g)].map((m) => m[1]!);
}

test('files, patterns and gzip, in order', async () => {
  const a = file('a.pcap', pcapFile(talk(1, 2).frames));
  file('b1.pcap', pcapFile(talk(2).frames));
  file('b2.pcap', gzipSync(pcapFile(talk(3).frames)));
  const { sink, settings } = await replay({ files: [a, join(folder, 'b?.pcap')] });
  assert.deepEqual(paths(sink), ['/1/0', '/1/1', '/2/0', '/3/0']);
  const value = (name: string, attributes = {}) => settings.meter.value(name, attributes);
  assert.equal(value('wirestitch_packet_packets'), 10 + 8 + 8);
  assert.equal(value('wirestitch_packet_flows'), 3);
  assert.equal(value('wirestitch_packet_sessions', { protocol: 'http', reason: 'complete' }), 4);
  assert.equal(value('otelcol_receiver_accepted_spans'), 4);
  assert.equal(value('wirestitch_packet_files', { outcome: 'read' }), 3);
  for (const name of settings.meter.names) {
    assert.ok(
      factory.metrics?.some((m) => m.name === name),
      name,
    );
  }
});

test('a connection goes on in the next file', async () => {
  const frames = talk(1, 2).frames;
  const first = file('r1.pcap', pcapFile(frames.slice(0, 4)));
  const second = file('r2.pcap', pcapFile(frames.slice(4)));
  const { sink } = await replay({ files: [first, second] });
  assert.deepEqual(paths(sink), ['/1/0', '/1/1']);
});

test('batches are bounded', async () => {
  const path = file('many.pcap', pcapFile(talk(1, 25).frames));
  const { sink } = await replay({ files: [path], max_batch_spans: 10 });
  assert.deepEqual(
    sink.batches.map((b) => b.itemCount),
    [10, 10, 5],
  );
});

test('a faulty file is reported with its place, the rest is read', async () => {
  const whole = pcapFile(talk(1).frames);
  const cut = file('cut.pcap', whole.subarray(0, whole.length - 5));
  const bad = file('bad.pcap', Buffer.from('this is no capture'));
  const broken = file('broken.pcap', gzipSync(whole).subarray(0, 60));
  const good = file('good.pcap', pcapFile(talk(2).frames));
  const { sink, settings } = await replay({ files: [cut, bad, broken, good] });
  assert.deepEqual(paths(sink), ['/1/0', '/2/0']);
  const errors = settings.logger.lines.filter((l) => l.level === 'error');
  assert.match(String(errors[0]?.fields.error), /at byte \d+: truncated: packet of \d+ bytes/);
  assert.match(String(errors[1]?.fields.error), /at byte 0: magic number/);
  assert.equal(errors.length, 3);
  assert.equal(settings.meter.value('wirestitch_packet_files', { outcome: 'faulty' }), 3);
});

test('a file that is not there stops the start', async () => {
  const start = (files: string[]) =>
    new PacketReceiver(testSettings(), config.parse({ files }), {}).start();
  await assert.rejects(
    start([join(folder, 'none.pcap')]),
    /cannot read capture file ".*none.pcap": ENOENT/,
  );
  await assert.rejects(start([join(folder, 'none*')]), /cannot find a capture file that matches/);
  await assert.rejects(start([folder]), /it is a directory/);
});

test('what the pipeline refuses is tried again, or counted', async () => {
  const path = file('one.pcap', pcapFile(talk(1).frames));
  const again = await replay({ files: [path] }, ({ sink }) =>
    sink.failures.push(retryable(), retryable()),
  );
  assert.deepEqual(paths(again.sink), ['/1/0']);
  const never = await replay({ files: [path] }, ({ sink }) => sink.failures.push(permanent()));
  assert.equal(never.sink.items, 0);
  assert.equal(never.settings.meter.value('otelcol_receiver_refused_spans'), 1);
});

test('without memory it waits, and shutdown ends the wait', async () => {
  const path = file('one.pcap', pcapFile(talk(1).frames));
  const settings = testSettings({ budgetBytes: 10 });
  const sink = collectingSink<'traces'>();
  const receiver = new PacketReceiver(settings, config.parse({ files: [path] }), { traces: sink });
  await receiver.start();
  while (settings.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  await receiver.shutdown();
  assert.equal(sink.items, 0);
  assert.equal(settings.clock.pending, 0);
});

function startTimes(sink: CollectingSink<'traces'>): bigint[] {
  const texts = sink.batches.map((b) => toJson(b)).join('');
  return [...texts.matchAll(/"startTimeUnixNano":"(\d+)"/g)].map((m) => BigInt(m[1]!));
}

test('times are original, or end now', async () => {
  const t = talk(1);
  const path = file('one.pcap', pcapFile(t.frames));
  const original = await replay({ files: [path] });
  assert.deepEqual(startTimes(original.sink), [t.frames[3]!.time]);
  const now = await replay({ files: [path], rebase_time: true });
  const last = t.frames.at(-1)!.time;
  const ended = startTimes(now.sink)[0]! + (last - t.frames[3]!.time);
  assert.equal(ended, BigInt(Date.UTC(2024, 0, 1)) * 1_000_000n);
});

test('one packet with a wrong time shifts nothing, holds nothing up and is counted', async () => {
  const { frames } = talk(1);
  const end = BigInt(Date.UTC(2024, 0, 1)) * 1_000_000n;
  for (const lie of [0n, 4_294_967_295n * 1_000_000_000n]) {
    for (const at of [0, 4, frames.length]) {
      const liar = { ...talk(2).frames[0]!, time: lie };
      const path = file('liar.pcap', pcapFile(frames.toSpliced(at, 0, liar)));
      const max = await replay({ files: [path], rebase_time: true });
      const ended = startTimes(max.sink)[0]! + (frames.at(-1)!.time - frames[3]!.time);
      assert.equal(ended, end);
      const original = await replay({ files: [path], rebase_time: true, speed: 'original' });
      const began = startTimes(original.sink)[0]! - (frames[3]!.time - frames[0]!.time);
      assert.equal(began, end);
      // Seconds of waiting, not years.
      const now = original.settings.clock.unixMs() - Date.UTC(2024, 0, 1);
      assert.ok(now <= 2000, `${now} ms`);
      const dropped = { reason: 'time_implausible' };
      assert.equal(max.settings.meter.value('wirestitch_packet_drops', dropped), 1);
    }
  }
});

test('at the original speed packets wait for their time', async () => {
  const t = talk(1).wait(60_000_000_000n);
  const frames = [
    ...t.frames,
    ...talk(2).frames.map((f) => ({ ...f, time: f.time + 60_000_000_000n })),
  ];
  // Pauses fall between reads: the first part must fill one.
  const filler = Array.from({ length: 40 }, () => t.frames.at(-1)!);
  const all = [...t.frames, ...filler, ...frames.slice(t.frames.length)];
  const path = file('slow.pcap', pcapFile(all));
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const keys = config.parse({ files: [path], speed: 'original' });
  const receiver = new PacketReceiver(settings, keys, { traces: sink });
  await receiver.start();
  const spin = async (until: () => boolean) => {
    for (let i = 0; i < 5000 && !until(); i++)
      await new Promise((resolve) => setImmediate(resolve));
  };
  await spin(() => sink.items === 1 && settings.clock.pending === 1);
  assert.equal(sink.items, 1);
  for (let i = 0; i < 100 && sink.items < 2; i++) {
    await settings.clock.advance(1000);
    await spin(() => settings.clock.pending === 1 || sink.items === 2);
  }
  assert.equal(sink.items, 2);
  await receiver.shutdown();
});

test('keys', () => {
  const parse = (keys: object) => config.safeParse({ files: ['x'], ...keys }).success;
  assert.ok(
    parse({ protocols: ['dns'], observation_point: 'server_nic', max_packet_size: '2MiB' }),
  );
  for (const bad of [
    { files: [] },
    { protocols: [] },
    { protocols: ['gopher'] },
    { speed: 'slow' },
    { observation_point: 'moon' },
    { max_flows: 0 },
    { max_batch_spans: 0 },
    { nonsense: 1 },
  ]) {
    assert.ok(!parse(bad), JSON.stringify(bad));
  }
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { kernelCounters, listenerKey, nameKey, processValue } from '../../agent/ebpf/maps.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { numberedSpans } from '../../testing/spans.ts';
import { config } from './config.ts';
import { Counters } from './counters.ts';
import { listeningPorts } from './listeners.ts';
import { Output } from './output.ts';
import { findCgroup } from './probe.ts';

test('keys', () => {
  const parse = (keys: object) => config.safeParse(keys).success;
  assert.ok(parse({}));
  assert.ok(parse({ allow: { processes: ['nginx', 12], ports: [80] }, ring_size: '1MiB' }));
  for (const bad of [
    { allow: { processes: [''] } },
    { allow: { processes: [0] } },
    { allow: { ports: [65_536] } },
    { allow: { users: ['me'] } },
    { payload_cap: 63 },
    { payload_cap: 4033 },
    { ring_size: 1 },
    { protocols: [] },
    { nonsense: 1 },
  ]) {
    assert.ok(!parse(bad), JSON.stringify(bad));
  }
  const defaults = config.parse({});
  assert.equal(defaults.ring_size, 16 << 20);
  assert.deepEqual(defaults.allow, { processes: [], cgroups: [], ports: [] });
});

test('ports that are listened on', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000
   1: 0100007F:1F91 0100007F:9C40 01 00000000:00000000 00:00000000
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0
`;
  assert.deepEqual(listeningPorts(text), [8080, 80]);
  assert.deepEqual(listeningPorts('\n x\n'), []);
});

test('keys and values of the kernel side, golden', () => {
  const hex = (b: Uint8Array) => Buffer.from(b).toString('hex');
  assert.equal(hex(nameKey('nginx')), `6e67696e78${'00'.repeat(11)}`);
  assert.equal(hex(nameKey('a-name-that-is-too-long')).slice(28), '2d00');
  assert.equal(hex(listenerKey(0xf000_0001, 80)), '50000000010000f0');
  const node = { capture: true, follow: 3, contextRegister: 2, fieldsOffset: 0x488 } as const;
  assert.equal(hex(processValue(node)), '0103020088040000');
  const two = Buffer.alloc(100);
  for (const at of [8, 58])
    for (let i = 0; i < 4; i++) two.writeBigUInt64LE(BigInt(i + 1), at + i * 8);
  assert.deepEqual(kernelCounters(two, 2), { events: 2, dropped: 4, unreadable: 6, untracked: 8 });
});

test('a cgroup that is not there is named', () => {
  assert.throws(
    () => findCgroup('/no/such/group'),
    /cannot find (cgroup "\/no\/such|the cgroup v2)/,
  );
});

test('without rights the start says what is missing', () => {
  const module = JSON.stringify(import.meta.resolve('./probe.ts'));
  const script = `const { Probe } = await import(${module});
    if (process.getuid() === 0) process.setuid(65534);
    const listed = { onlyListed: true, ports: [], idBase: 1n };
    try { Probe.open({ payloadCap: 64, ringBytes: 4096, ...listed }); }
    catch (error) { console.log(error.message); }`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  assert.match(child.stdout.toString(), /^cannot capture system calls: (it needs root|the kernel)/);
});

test('without rights the receiver says so in one line and stays idle, unless it is required', () => {
  const modules = ['./receiver.ts', './open.ts', './config.ts', '../../testing/settings.ts'];
  const [receiver, , keys, settings] = modules.map((name) => import.meta.resolve(name));
  const script = `
    for (const m of ${JSON.stringify(modules.map((m) => import.meta.resolve(m)))}) await import(m);
    await import(${JSON.stringify(import.meta.resolve('../../agent/tags/create.ts'))});
    const { EbpfReceiver } = await import(${JSON.stringify(receiver)});
    const { config } = await import(${JSON.stringify(keys)});
    const { testSettings } = await import(${JSON.stringify(settings)});
    if (process.getuid() === 0) process.setuid(65534);
    for (const required of [false, true]) {
      const settings = testSettings();
      const receiver = new EbpfReceiver(settings, config.parse({ required }), undefined);
      await receiver.start().catch((error) => console.log('rejects', error.message));
      for (const { level, message } of settings.logger.lines) console.log(level, message);
      await receiver.shutdown();
    }`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  const lines = child.stdout.toString().trim().split('\n');
  assert.equal(lines.length, 2, child.stderr.toString());
  const why = 'cannot capture system calls: (it needs root|the kernel).*';
  assert.match(lines[0]!, new RegExp(`^error ${why}; this receiver gives nothing$`));
  assert.match(lines[1]!, new RegExp(`^rejects ${why}$`));
});

test('what the pipeline refuses is counted, what it delays is sent again', async () => {
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const output = new Output(sink, settings, new Counters(settings));
  sink.failures.push(retryable(), permanent());
  output.send(numberedSpans([1, 2]));
  await new Promise((resolve) => setImmediate(resolve));
  output.send(numberedSpans([1, 2]));
  await settings.clock.advance(200);
  await new Promise((resolve) => setImmediate(resolve));
  await output.close();
  assert.equal(sink.batches.length, 1);
  assert.equal(settings.budget.used, 0);
  assert.equal(settings.logger.lines.filter((l) => l.level === 'error').length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../testing/ports.ts';
import { until } from '../testing/until.ts';
import { type FlatSpan, point, Scene, skipReason } from './ebpf/capture.ts';
import { alone } from './lib/alone.ts';

await alone();

const skip = skipReason('dnsmasq', 'dig');

test('DNS over UDP and TCP on any port, of a server that is bound to no address', {
  skip,
}, async () => {
  const scene = new Scene();
  const port = await freePort();
  let spans: FlatSpan[] = [];
  await scene.start();
  try {
    const options = ['--no-daemon', '--no-resolv', '--no-hosts', '--conf-file=/dev/null'];
    scene.spawn('dnsmasq', [...options, `--port=${port}`, '--address=/a.test/10.1.2.3']);
    const dig = ['-p', String(port), '+noall', '+answer'];
    const started = [...dig, '@127.0.0.1', '+tries=1', '+time=1', 'started.test'];
    await until(() => scene.run('dig', started).then(() => true), 'dnsmasq', undefined, 50);
    for (const more of [['@127.0.0.1'], ['@127.0.0.2'], ['@127.0.0.1', '+tcp']]) {
      const once = [...dig, ...more, '+tries=1', '+time=60', 'a.test'];
      assert.match(await scene.run('dig', once), /10\.1\.2\.3/);
    }
  } finally {
    spans = await scene.stop();
  }
  spans = spans.filter(({ attributes }) => attributes['dns.question.name'] === 'a.test');
  const served = spans.filter(({ attributes }) => attributes[point] === 'server_process');
  const ends = served.map(({ name, attributes: a }) =>
    [name, a['network.transport'], a['server.address'], a['server.port'], a['dns.answers']].join(
      ' ',
    ),
  );
  assert.deepEqual(ends, [
    `DNS A udp 127.0.0.1 ${port} 10.1.2.3`,
    `DNS A udp 127.0.0.2 ${port} 10.1.2.3`,
    `DNS A tcp 127.0.0.1 ${port} 10.1.2.3`,
  ]);
  const asked = spans.filter(({ attributes }) => attributes[point] === 'client_process');
  assert.equal(asked.length, 3);
});

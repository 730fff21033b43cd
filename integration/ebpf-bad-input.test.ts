import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../testing/ports.ts';
import { type FlatSpan, point, Scene, skipReason } from './ebpf/capture.ts';
import { listening, nginxConfig } from './ebpf/nginx.ts';
import { alone } from './lib/alone.ts';

await alone();

const skip = skipReason('nginx', 'hey', 'curl');
const reason = 'wirestitch.session.reason';

/** Runs a scene in a folder of its own. @returns its spans */
async function captured(
  keys: object,
  play: (scene: Scene, folder: string) => Promise<void>,
): Promise<{ scene: Scene; spans: FlatSpan[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-bad-'));
  const scene = new Scene(keys);
  let spans: FlatSpan[] = [];
  await scene.start();
  try {
    await play(scene, folder);
  } finally {
    spans = await scene.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { scene, spans };
}

function at(spans: readonly FlatSpan[], place: string): FlatSpan[] {
  return spans.filter(({ attributes }) => attributes[point] === place);
}

test('ten thousand short connections: two spans each, none lost, none invented', {
  skip,
}, async () => {
  const { scene, spans } = await captured({}, async (on, folder) => {
    const port = await freePort();
    on.spawn('nginx', ['-c', nginxConfig(folder, port, 1)]);
    await listening(port);
    const load = ['-n', '10000', '-c', '50', '-disable-keepalive'];
    await on.run('hey', [...load, `http://127.0.0.1:${port}/static/small?short`]);
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  const { meter } = scene.settings;
  assert.equal(meter.value('wirestitch_ebpf_dropped_events'), 0);
  assert.equal(meter.value('wirestitch_ebpf_sockets_evicted'), 0);
  const asked = spans.filter(({ attributes }) => attributes['url.query'] === 'short');
  assert.equal(spans.length, asked.length);
  assert.equal(at(asked, 'client_process').length, 10_000);
  assert.equal(at(asked, 'server_process').length, 10_000);
  assert.ok(asked.every(({ attributes }) => attributes['http.response.status_code'] === 200));
});

const HOLDER = `
const server = require('node:net').createServer((c) => c.once('data', () => {
  if (process.argv[1] === 'half') c.write('HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nhalf');
  console.log('asked');
}));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

test('servers that die in the middle: each request once, without an answer or with half of one', {
  skip,
}, async () => {
  const { spans } = await captured({}, async (on) => {
    for (const how of ['never', 'half']) {
      const { child, line } = await on.serve(process.execPath, ['-e', HOLDER, how]);
      const asked = once(child.stdout!, 'data');
      const client = on.run('curl', ['-s', `http://127.0.0.1:${line}/${how}`]);
      await asked;
      child.kill('SIGKILL');
      await assert.rejects(client, /curl ended with/);
    }
  });
  const lines = spans.map(({ attributes: a }) =>
    [
      ...[a['url.path'], a[point], a['http.response.status_code'] ?? '-', a[reason] ?? '-'],
      a['wirestitch.response.incomplete'] ?? '-',
    ].join(' '),
  );
  assert.deepEqual(lines.sort(), [
    '/half client_process 200 - connection_closed',
    '/half server_process 200 - connection_closed',
    '/never client_process - connection_closed -',
    '/never server_process - connection_closed -',
  ]);
});

test('names of processes with control characters are cleaned everywhere', { skip }, async () => {
  const { spans } = await captured({}, async (on, folder) => {
    const port = await freePort();
    on.spawn('nginx', ['-c', nginxConfig(folder, port, 1)]);
    await listening(port);
    const named = join(folder, 'cu\u001b[31m\nrl\u202e');
    copyFileSync('/usr/bin/curl', named);
    const url = `http://127.0.0.1:${port}/static/small`;
    await on.run(named, ['-s', '-o', '/dev/null', '-H', 'User-Agent: a', url]);
  });
  const [client] = at(spans, 'client_process');
  const values = Object.values({ ...client!.resource, ...client!.attributes }).flat();
  assert.ok(values.some((value) => String(value).startsWith('cu\ufffd[31m\ufffdrl')));
  for (const value of values) assert.doesNotMatch(String(value), /[\p{Cc}\u202a-\u202e]/u);
});

test('little of each call is captured: the same requests, and what is cut is said', {
  skip,
}, async () => {
  const { spans } = await captured({ payload_cap: 64 }, async (on, folder) => {
    const port = await freePort();
    on.spawn('nginx', ['-c', nginxConfig(folder, port, 1)]);
    await listening(port);
    const url = `http://127.0.0.1:${port}/static/small?cut`;
    await on.run('hey', ['-n', '200', '-c', '4', url]);
  });
  assert.ok(spans.length <= 400, `${spans.length} spans of 200 requests`);
  for (const { attributes } of spans) {
    assert.equal(attributes['url.query'] ?? 'cut', 'cut');
    assert.equal(attributes['http.request.method'] ?? 'GET', 'GET');
    const status = attributes['http.response.status_code'];
    assert.ok(status === undefined || status === 200, String(status));
  }
});

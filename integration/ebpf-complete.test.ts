import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../testing/ports.ts';
import { type FlatSpan, point, Scene, skipReason } from './ebpf/capture.ts';
import { listening, nginxConfig } from './ebpf/nginx.ts';
import { alone } from './lib/alone.ts';

await alone();

const skip = skipReason('nginx', 'hey', 'curl');

/** How often each line is there. */
function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function lineOf({ attributes: a }: FlatSpan): string {
  const query = a['url.query'] === undefined ? '' : `?${a['url.query']}`;
  const line = [a['http.request.method'], `${a['url.path']}${query}`];
  line.push(a['http.response.status_code'], a['http.request.size'], a['http.response.size']);
  return line.join(' ');
}

test('every request has its spans, and they say what server and client say', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-complete-'));
  const scene = new Scene();
  const port = await freePort();
  let spans: FlatSpan[] = [];
  let log: string[] = [];
  let byCurl: string[] = [];
  await scene.start();
  try {
    scene.spawn('nginx', ['-c', nginxConfig(folder, port, 1)]);
    await listening(port);
    const url = `http://127.0.0.1:${port}/static`;
    const rate = ['-n', '4000', '-c', '16', '-q', '125'];
    await scene.run('hey', [...rate, `${url}/small?kept`]);
    await scene.run('hey', ['-n', '320', '-c', '8', '-disable-keepalive', `${url}/small?new`]);
    await scene.run('hey', ['-n', '320', '-c', '8', `${url}/large`]);
    await scene.run('hey', ['-n', '160', '-c', '8', '-m', 'HEAD', `${url}/small`]);
    const post = ['-n', '160', '-c', '8', '-m', 'POST', '-d', 'y'.repeat(5000)];
    await scene.run('hey', [...post, `${url}/small`]);
    for (let i = 0; i < 10; i++) {
      const format = '%{method} %{http_code} %{size_header} %{size_download}\n';
      const told = await scene.run('curl', ['-s', '-o', '/dev/null', '-w', format, `${url}/c${i}`]);
      byCurl.push(told.trim());
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    log = readFileSync(join(folder, 'access.log'), 'utf8').trim().split('\n');
  } finally {
    spans = await scene.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  assert.equal(scene.settings.meter.value('wirestitch_ebpf_dropped_events'), 0);
  assert.equal(log.length, 4000 + 320 + 320 + 160 + 160 + 10);

  // A body that it throws away, nginx has not counted when it writes the line.
  log = log.map((line) => line.replace(/^(POST \S+ 405) (\d+)/, (_, p, n) => `${p} ${5000 + +n}`));
  const served = spans.filter((s) => s.attributes[point] === 'server_process').map(lineOf);
  assert.deepEqual([...counted(served)].sort(), [...counted(log)].sort());
  const asked = spans.filter((s) => s.attributes[point] === 'client_process');
  const lost = [...counted(log)].filter(([line, n]) => counted(asked.map(lineOf)).get(line) !== n);
  assert.deepEqual(lost, []);
  assert.equal(asked.length, log.length);

  const curl = asked.filter((s) => s.resource['service.name'] === 'curl');
  const told = curl.map(({ attributes: a }) => {
    const body = Number(a['http.response.body.size']);
    const head = Number(a['http.response.size']) - body;
    return `${a['http.request.method']} ${a['http.response.status_code']} ${head} ${body}`;
  });
  byCurl = byCurl.sort();
  assert.deepEqual(told.sort(), byCurl);
});

test('both ends of a request tell the same sequence numbers and heads', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-heads-'));
  const scene = new Scene();
  const port = await freePort();
  let spans: FlatSpan[] = [];
  await scene.start();
  try {
    scene.spawn('nginx', ['-c', nginxConfig(folder, port, 1)]);
    await listening(port);
    await scene.run('hey', ['-n', '200', '-c', '4', `http://127.0.0.1:${port}/static/small`]);
  } finally {
    spans = await scene.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const keys = [
    'wirestitch.tcp.request_sequence',
    'wirestitch.tcp.response_sequence',
    'wirestitch.request.head',
    'wirestitch.response.head',
    'client.port',
  ];
  const seen = (where: string) =>
    spans
      .filter((s) => s.attributes[point] === where)
      .map((s) => keys.map((key) => s.attributes[key]).join(' '))
      .sort();
  assert.equal(seen('client_process').length, 200);
  assert.deepEqual(seen('client_process'), seen('server_process'));
  assert.ok(!seen('client_process').some((line) => / {2}|undefined/.test(line)));
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { pcapFile, Talk, v4 } from '../../agent/testing/frames.ts';
import { printCaptures } from './agent-pcap.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-agent-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function capture(name: string, cut = 0): string {
  const t = new Talk(v4('10.0.0.1', 40000), v4('10.0.0.2', 80)).handshake();
  t.ask('GET /a?token=secret HTTP/1.1\r\nHost: shop\r\n\r\n');
  t.answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok').acknowledge().close();
  const file = pcapFile(t.frames);
  const path = join(folder, name);
  writeFileSync(path, file.subarray(0, file.length - cut));
  return path;
}

async function print(...files: string[]): Promise<{ code: number; lines: string[] }> {
  let text = '';
  const code = await printCaptures(files, {
    write: (piece) => {
      text += piece;
    },
  });
  return { code, lines: text.split('\n') };
}

test('requests and flows of a capture as tables', async () => {
  const { code, lines } = await print(capture('whole.pcap'));
  assert.equal(code, 0);
  assert.match(
    lines[0]!,
    /^TIME +CLIENT +SERVER +PROTOCOL +OPERATION +RESOURCE +RESULT +DURATION$/,
  );
  assert.match(
    lines[1]!,
    /10\.0\.0\.1:40000 +10\.0\.0\.2:80 +http +GET +shop\/a.* +200 +1\.000 ms$/,
  );
  assert.ok(!lines.join().includes('secret'));
  assert.match(lines[3]!, /^TIME .*PACKETS +PAYLOAD +RETRANSMITTED +RTT +ART +DURATION +CLOSE$/);
  assert.match(lines[4]!, /tcp http +6 \/ 3 +44 \/ 40 +0 \/ 0 +2\.000 ms +1\.000 ms .*normal$/);
  assert.equal(lines[6], '9 packets, 1 flows, 1 requests');
});

test('a damaged capture: what came before the damage, and exit code 1', async () => {
  const { code, lines } = await print(capture('cut.pcap', 10));
  assert.equal(code, 1);
  assert.match(lines[1]!, /GET/);
});

test('status: each thing on one line; without rights the reasons, and exit code 1', () => {
  const module = JSON.stringify(import.meta.resolve('./agent-status.ts'));
  const script = `const { printStatus } = await import(${module});
    if (process.getuid() === 0) process.setuid(65534);
    console.log('code', await printStatus(process.stdout));`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  const lines = child.stdout.toString().trim().split('\n');
  assert.equal(lines.pop(), 'code 1', child.stderr.toString());
  const state = (name: string) => lines.find((line) => line.slice(5).startsWith(name)) ?? '';
  assert.match(state('system calls'), /^off +system calls +cannot capture system calls: ./);
  assert.match(state('live packets'), /^off +live packets +./);
  assert.match(state('capture files'), /^on /);
  for (const line of lines) assert.match(line, /^(on {3}|off {2})\S.* {2}\S/);
});

test('a file that is not there is said', async () => {
  await assert.rejects(print(join(folder, 'none')), /cannot read capture file ".*none": ENOENT/);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bindDatagrams } from './datagrams.ts';
import { nativeFiles } from './load.ts';

const there = process.env.WIRESTITCH_NO_NATIVE !== '1' && nativeFiles('datagram.node').length > 0;

/** Python sends: Node cannot. */
const sender = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
for i in range(int(sys.argv[2])):
    s.send(b"line %d" % i)
s.send(b"x" * 60000)
`;

test('datagrams come whole and in order, and the last ones with the end', async (t) => {
  if (!there) return t.skip('native/build/datagram.node is not there');
  const folder = mkdtempSync(join(tmpdir(), 'datagrams-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 's.sock');
  let got = '';
  const socket = bindDatagrams(path, 1 << 20, (block) => {
    got += block.toString();
  });
  assert.ok(existsSync(path));
  assert.throws(() => bindDatagrams(path, 0, () => {}), /bind: Address already in use/);
  const child = spawn('python3', ['-c', sender, path, '20000'], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  await socket.close();
  const want = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join('');
  assert.ok(got === `${want}${'x'.repeat(60_000)}\n`, `${got.length} bytes came`);
});

test('a path that is too long, or has no folder', (t) => {
  if (!there) return t.skip('native/build/datagram.node is not there');
  assert.throws(() => bindDatagrams(`/tmp/${'x'.repeat(200)}`, 0, () => {}), /name too long/);
  assert.throws(() => bindDatagrams('/nowhere/at/all.sock', 0, () => {}), /No such file/);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostFiles } from './files.ts';
import { readProcess } from './read-process.ts';

const elsewhere = process.platform === 'linux' ? false : 'there is no /proc';
const executable = realpathSync(process.execPath);
const ready = "console.log('ready'); setInterval(() => {}, 1000);";

/** Starts Node by a link of another name, waits until its script runs, and reads it. */
async function readLinked(t: TestContext, link: string, script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'linked-'));
  symlinkSync(executable, join(folder, link));
  const child = spawn(join(folder, link), ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  await once(child.stdout, 'data');
  return readProcess(hostFiles, '/proc', child.pid!);
}

test('a real program that was started by a link', { skip: elsewhere }, async (t) => {
  const facts = await readLinked(t, 'shop-service', ready);
  assert.equal(facts?.calledAs, 'shop-service');
  assert.equal(basename(facts?.executable ?? ''), basename(executable));
  assert.equal(facts?.runtime, 'nodejs');
});

test('a real one that names itself otherwise', { skip: elsewhere }, async (t) => {
  const facts = await readLinked(t, 'shop-service', `process.title = 'a title: x'; ${ready}`);
  assert.equal(facts?.calledAs, '');
});

test('this program is called by its file', { skip: elsewhere }, () => {
  assert.equal(readProcess(hostFiles, '/proc', process.pid)?.calledAs, '');
});

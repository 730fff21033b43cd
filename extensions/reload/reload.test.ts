import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testSettings } from '../../testing/settings.ts';
import { ReloadExtension } from './extension.ts';
import { fingerprint } from './fingerprint.ts';
import { factory } from './index.ts';

test('one of watch and http is needed', () => {
  const fault = factory.config.safeParse({}).error?.issues[0]?.message;
  assert.equal(fault, 'neither watch nor http is configured: nothing would ever reload');
  assert.equal(factory.config.safeParse({ watch: {} }).success, true);
  assert.equal(factory.config.safeParse({ watch: { interval: '1ms' } }).success, false);
});

test('content decides, not time; a file that is gone counts', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-reload-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'a');
  const absent = await fingerprint([file]);
  writeFileSync(file, 'one');
  const one = await fingerprint([file]);
  writeFileSync(file, 'one');
  assert.equal(await fingerprint([file]), one);
  writeFileSync(file, 'two');
  assert.equal(new Set([absent, one, await fingerprint([file])]).size, 3);
});

test('files are looked at once in each interval, until it is shut down', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wirestitch-reload-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, 'one');
  const settings = testSettings();
  const reasons: string[] = [];
  const host = {
    ...settings.host,
    configFiles: () => [file],
    reload: async (reason: string) => {
      reasons.push(reason);
      return { changed: false as const, faults: [] };
    },
  };
  const extension = new ReloadExtension({ ...settings, host }, { watch: { interval: 1000 } });
  await extension.start();
  /** An interval goes by; then until there were so many reloads, or none came for a while. */
  const looks = async (wanted = -1): Promise<void> => {
    await settings.clock.advance(1000);
    for (let i = 0; i < (wanted < 0 ? 5 : 6000) && reasons.length !== wanted; i += 1) {
      await sleep(10);
    }
  };
  await looks();
  assert.deepEqual(reasons, []);
  writeFileSync(file, 'two');
  await looks(1);
  assert.deepEqual(reasons, ['a file has changed']);
  await looks();
  assert.equal(reasons.length, 1);
  await extension.shutdown();
  writeFileSync(file, 'three');
  await looks();
  assert.equal(reasons.length, 1);
});

/* The exporter `file` on disks that are full and in folders that are gone. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { factory } from '../../exporters/file/index.ts';
import { LogsBuilder } from '../../pdata/builder.ts';
import { parseJson } from '../../pdata/json.ts';
import { numbered, numbersFrom, numbersOf } from '../../testing/contract/numbered.ts';
import { offer } from '../../testing/contract/sender.ts';
import { counted, nodeOf, startExporting } from './exporting.ts';

const full = '/dev/full';
const noFull = existsSync(full) ? false : `there is no ${full}`;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'delivery-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('a full disk refuses for now, and nothing is counted as delivered', {
  skip: noFull,
}, async () => {
  const exporting = await startExporting(factory, 'traces', { path: full, append: true });
  const refusal = await offer(exporting.entry, numbered('traces', numbersFrom(0, 100)));
  assert.equal(refusal?.retryable, true);
  await exporting.component.shutdown();
  assert.equal(nodeOf(exporting).delivered, 0);
  assert.equal(counted(exporting, 'send_failed'), 100);
  assert.deepEqual(exporting.settings.book.check(), []);
});

test('what waits in memory when the disk is full at the end is counted', {
  skip: noFull,
}, async () => {
  const exporting = await startExporting(factory, 'traces', { path: full, append: true });
  assert.equal(await offer(exporting.entry, numbered('traces', numbersFrom(0, 5))), undefined);
  assert.equal(await offer(exporting.entry, numbered('traces', numbersFrom(5, 3))), undefined);
  await assert.rejects(exporting.component.shutdown(), /ENOSPC/);
  const { delivered, dropped } = nodeOf(exporting);
  assert.deepEqual([delivered, dropped], [0, { write_failed: 8 }]);
  assert.deepEqual(exporting.settings.book.check(), []);
});

const grouped = (path: string) => ({
  path: join(path, '*', 'out.jsonl'),
  group_by: { enabled: true, resource_attribute: 'service.name' },
});

/** Numbers in the files below a folder. */
function numbersBelow(path: string): number[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(path, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .flatMap((line) => numbersOf('logs', parseJson('logs', Buffer.from(line))));
}

test('groups whose folder cannot be made do not take the others with them', async (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'service-1'), 'no folder');
  const exporting = await startExporting(factory, 'logs', grouped(path));
  const refusal = await offer(exporting.entry, numbered('logs', numbersFrom(0, 30)));
  assert.equal(refusal?.retryable, false, 'it would come twice');
  await exporting.component.shutdown();
  const there = numbersBelow(path);
  assert.equal(there.length, 20);
  assert.equal(nodeOf(exporting).delivered, 20);
  assert.equal(counted(exporting, 'sent'), 20);
  assert.equal(counted(exporting, 'send_failed'), 10);
  assert.deepEqual(exporting.settings.book.check(), []);
});

test('items without a group are dropped once, whatever becomes of the others', async (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'broken'), 'no folder');
  const exporting = await startExporting(factory, 'logs', grouped(path));
  const batch = (service: string) => {
    const builder = new LogsBuilder();
    for (const resource of [{ 'service.name': service }, {}]) {
      builder.resource(resource);
      builder.scope('contract', '1');
      builder.record({ timeUnixNano: 1_700_000_000_000_000_000n, body: 'line' });
    }
    return builder.finish();
  };
  assert.equal((await offer(exporting.entry, batch('broken')))?.retryable, false);
  assert.deepEqual(nodeOf(exporting).dropped, {});
  assert.equal(await offer(exporting.entry, batch('fine')), undefined);
  assert.deepEqual(nodeOf(exporting).dropped, { no_path_segment: 1 });
  assert.equal(nodeOf(exporting).delivered, 1);
  await exporting.component.shutdown();
  assert.deepEqual(exporting.settings.book.check(), []);
});

test('a message that no file may hold is refused for good', async (t) => {
  const path = join(folder(t), 'out.jsonl');
  const exporting = await startExporting(factory, 'logs', { path, rotation: { max_megabytes: 1 } });
  const builder = new LogsBuilder();
  builder.resource({});
  builder.scope('contract', '1');
  builder.record({ timeUnixNano: 1n, body: 'x'.repeat(2 ** 20) });
  const refusal = await offer(exporting.entry, builder.finish());
  assert.equal(refusal?.retryable, false);
  assert.match(refusal.message, /exceeds maximum file size/);
  await exporting.component.shutdown();
});

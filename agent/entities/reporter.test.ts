import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logs } from '../../pdata/batch.ts';
import { toJson } from '../../pdata/json.ts';
import { hostEntity, processEntity } from './entity.ts';
import { EntityReporter } from './reporter.ts';

const host = { id: '3d1219c7c4c5404aaa1f6d2a48adfda4', name: 'h1' };
const second = (n: number): bigint => BigInt(1_790_000_000 + n) * 1_000_000_000n;
const place = { service: 'shop', serviceNamespace: 'prod', containerId: '' };
const shop = (pid: number, version = '1') =>
  processEntity(host, pid, second(-60), place, { 'service.version': version, 'process.pid': pid });

interface Json {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly { readonly logRecords: readonly Record<string, unknown>[] }[];
  }[];
}

function events(batch: Logs | undefined): string[] {
  if (batch === undefined) return [];
  const json = JSON.parse(toJson(batch)) as Json;
  const records = json.resourceLogs.flatMap((r) => r.scopeLogs.flatMap((s) => s.logRecords));
  return records.map(
    (r) => `${r.eventName} ${/"stringValue":"(\w+)"/.exec(JSON.stringify(r))?.[1]}`,
  );
}

test('an event has the form of the convention', () => {
  const reporter = new EntityReporter({ host, intervalSeconds: 300, limit: 10 });
  reporter.seen(shop(42), second(0));
  const json = JSON.parse(toJson(reporter.flush(second(1))!)) as Json;
  const text = (value: string) => ({ stringValue: value });
  const map = (pairs: Record<string, object>) => ({
    kvlistValue: { values: Object.entries(pairs).map(([key, value]) => ({ key, value })) },
  });
  const runs = { 'host.id': text(host.id) };
  const part = { 'service.namespace': text('prod'), 'service.name': text('shop') };
  const relationship = (type: string, to: string, id: Record<string, object>) =>
    map({ 'relationship.type': text(type), 'entity.type': text(to), 'entity.id': map(id) });
  const attributes = {
    'entity.type': text('process'),
    'entity.id': map({
      'host.id': text(host.id),
      'process.pid': text('42'),
      'process.creation.time': text(new Date(1_790_000_000_000 - 60_000).toISOString()),
    }),
    'entity.description': map({ 'service.version': text('1'), 'process.pid': { intValue: '42' } }),
    'entity.relationships': {
      arrayValue: {
        values: [relationship('runs_on', 'host', runs), relationship('part_of', 'service', part)],
      },
    },
    'entity.report.interval': { intValue: '300' },
    'wirestitch.entity.valid_from': { intValue: String(second(-60)) },
  };
  assert.deepEqual(json.resourceLogs[0]?.scopeLogs[0]?.logRecords, [
    {
      timeUnixNano: String(second(1)),
      severityNumber: 9,
      attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
      eventName: 'entity.state',
    },
  ]);
});

test('new, unchanged, changed, due again, ended', () => {
  const reporter = new EntityReporter({ host, intervalSeconds: 300, limit: 10 });
  reporter.seen(hostEntity(host, []), second(0));
  reporter.seen(shop(42), second(0));
  assert.deepEqual(events(reporter.flush(second(0))), [
    'entity.state host',
    'entity.state process',
  ]);
  reporter.seen(shop(42), second(10));
  assert.equal(reporter.flush(second(10)), undefined);
  reporter.seen(shop(42, '2'), second(20));
  assert.deepEqual(events(reporter.flush(second(20))), ['entity.state process']);
  assert.deepEqual(events(reporter.flush(second(300))), ['entity.state host']);
  assert.deepEqual(events(reporter.flush(second(320))), ['entity.state process']);
  reporter.ended(shop(42).id, second(330));
  reporter.ended(shop(42).id, second(331));
  assert.deepEqual(events(reporter.flush(second(332))), ['entity.delete process']);
  assert.equal(reporter.size, 1);
});

test('batches and the table are bounded', () => {
  const reporter = new EntityReporter({ host, intervalSeconds: 300, limit: 1500 });
  for (let pid = 1; pid <= 2000; pid++) reporter.seen(shop(pid), second(0));
  assert.equal(reporter.size, 1500);
  assert.equal(reporter.forgotten, 500);
  const sizes: number[] = [];
  for (let batch = reporter.flush(second(1)); batch; batch = reporter.flush(second(1))) {
    sizes.push(batch.itemCount);
  }
  assert.deepEqual(sizes, [1000, 500]);
  for (let pid = 1; pid <= 2000; pid++) reporter.ended(shop(pid).id, second(2));
  assert.equal(reporter.flush(second(3))?.itemCount, 1000);
  assert.equal(reporter.flush(second(3))?.itemCount, 500);
  assert.equal(reporter.flush(second(3)), undefined);
});

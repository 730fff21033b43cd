import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { toJson } from '../../pdata/json.ts';
import { fakeClock } from '../../testing/clock.ts';
import { testGates, testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { metricSpecs } from './metric-specs.ts';
import { HostMetricsReceiver } from './receiver.ts';

/** A host's /proc, /sys and /etc as plain files. */
const root = fileURLToPath(new URL('./testdata/root', import.meta.url));

interface Json {
  resourceMetrics: {
    resource?: { attributes?: Attribute[] };
    schemaUrl: string;
    scopeMetrics: {
      scope: { name: string };
      metrics: {
        name: string;
        unit: string;
        sum?: { dataPoints: Point[]; isMonotonic?: boolean };
        gauge?: { dataPoints: Point[] };
      }[];
    }[];
  }[];
}
interface Attribute {
  key: string;
  value: Record<string, unknown>;
}
interface Point {
  asInt?: string;
  asDouble?: number;
  startTimeUnixNano?: string;
  attributes?: Attribute[];
}

const label = (attributes: Attribute[] = []) =>
  attributes.map(({ key, value }) => `${key}=${Object.values(value)[0]}`).join(' ');

/** One line a point: `scraper metric unit {attributes} value @start`, of a process with its resource. */
function lines(json: Json): string[] {
  return json.resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.flatMap(({ name, unit, sum, gauge }) =>
        (sum ?? gauge)!.dataPoints.map((point) => {
          const kind = sum === undefined ? 'gauge' : sum.isMonotonic ? 'counter' : 'sum';
          const value = point.asInt ?? point.asDouble ?? 0;
          const scraper = scope.name.split('/').at(-1);
          const parts = [scraper, label(resource?.attributes), name, unit, kind];
          return [...parts, `{${label(point.attributes)}}`, value, `@${point.startTimeUnixNano}`]
            .filter((part) => part !== '')
            .join(' ');
        }),
      ),
    ),
  );
}

const everything = (name: keyof typeof metricSpecs) =>
  Object.fromEntries(metricSpecs[name].map((spec) => [spec.name, { enabled: true }]));

function start(
  scrapers: Record<string, unknown>,
  more: Record<string, unknown> = {},
  gates = testGates(),
) {
  const clock = fakeClock(1_700_100_000_000);
  const settings = testSettings({ id: 'host_metrics', clock, gates });
  const metrics = collectingSink<'metrics'>();
  const decoded = config.parse({ root_path: root, collection_interval: '10s', scrapers, ...more });
  const receiver = new HostMetricsReceiver(settings, decoded, { metrics });
  return { clock, settings, metrics, receiver };
}

async function scrape(
  scrapers: Record<string, unknown>,
  gates = testGates(),
): Promise<{ lines: string[]; log: string }> {
  const { clock, settings, metrics, receiver } = start(scrapers, {}, gates);
  await receiver.start();
  await clock.advance(1000);
  await receiver.idle();
  await receiver.shutdown();
  const all = metrics.batches.flatMap((batch) => lines(JSON.parse(toJson(batch)) as Json));
  return { lines: all, log: JSON.stringify(settings.logger.lines) };
}

const names = ['cpu', 'disk', 'load', 'memory', 'network', 'nfs', 'paging', 'processes'] as const;

test('every scraper reads a host that stands in files', async () => {
  const scrapers: Record<string, unknown> = {};
  for (const name of names) scrapers[name] = { metrics: everything(name) };
  const attributes = { 'process.cgroup': { enabled: true } };
  scrapers.process = { metrics: everything('process'), resource_attributes: attributes };
  scrapers.system = null;
  const wanted = readFileSync(new URL('./testdata/points.txt', import.meta.url), 'utf8');
  const { lines: got } = await scrape(scrapers);
  assert.deepEqual(got, wanted.trimEnd().split('\n'));
});

test('what cannot be read is told, the rest is emitted', async () => {
  const { lines: got, log } = await scrape({ process: null, filesystem: null });
  assert.match(log, /error reading process executable for pid 99/);
  assert.match(log, /unknown userid 4242/);
  assert.ok(got.some((line) => line.includes('process.executable.name=kworker/0:1')));
  assert.ok(got.some((line) => line.includes('mountpoint=/etc') && line.includes('mode=ro')));
  assert.ok(!got.some((line) => line.includes('mountpoint=/run')), 'no device');
  assert.ok(!got.some((line) => line.includes('data dir')), 'mounted a second time');
});

test('filters take and leave out by name', async () => {
  const { lines: got } = await scrape({
    disk: {
      include: { devices: ['^sd'], match_type: 'regexp' },
      exclude: { devices: ['sda1'], match_type: 'strict' },
    },
    network: { exclude: { interfaces: ['lo'], match_type: 'strict' } },
    process: {
      include: { names: ['init'], match_type: 'strict' },
      metrics: { 'process.disk.io': { enabled: false } },
    },
    filesystem: {
      include_virtual_filesystems: true,
      include_fs_types: { fs_types: ['ext4'], match_type: 'strict' },
      exclude_mount_points: { mount_points: ['/data'], match_type: 'regexp' },
    },
  });
  const devices = new Set(
    got.flatMap((line) => /device=(\S+)/.exec(line)?.[1]?.replace('}', '') ?? []),
  );
  assert.deepEqual([...devices].sort(), ['/dev/sda1', 'eth0', 'eth0:1', 'sda']);
  assert.ok(got.some((line) => line.includes('process.cpu.time')));
  assert.ok(!got.some((line) => line.includes('process.disk.io')));
});

test('utilization comes with the second reading; intervals are kept', async () => {
  const { clock, metrics, receiver, settings } = start({
    cpu: { metrics: { 'system.cpu.utilization': { enabled: true } } },
  });
  metrics.failures.push(retryable());
  await receiver.start();
  await clock.advance(1000);
  assert.equal(metrics.items, 0);
  await clock.advance(10_000);
  assert.equal(metrics.items, 32);
  assert.equal(settings.meter.value('otelcol_receiver_refused_metric_points'), 16);
  assert.equal(settings.meter.value('otelcol_receiver_accepted_metric_points'), 32);
  assert.equal(settings.meter.value('otelcol_scraper_scraped_metric_points'), 48);
  await receiver.shutdown();
  assert.equal(clock.pending, 0);
});

test('a logs pipeline is told that the host is there', async () => {
  const clock = fakeClock();
  const settings = testSettings({ id: 'host_metrics', clock });
  const logs = collectingSink<'logs'>();
  const decoded = config.parse({ root_path: root, scrapers: { load: null } });
  const receiver = new HostMetricsReceiver(settings, decoded, { logs });
  await receiver.start();
  await clock.advance(300_000);
  assert.equal(logs.items, 2);
  assert.match(toJson(logs.batches[0]!), /"entity_state"/);
  await receiver.shutdown();
});

test('configurations that cannot work are refused by key', () => {
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{}, /must specify at least one scraper/],
    [{ scrapers: { gpu: null } }, /gpu/],
    [{ scrapers: { load: null }, root_path: '/no/such/place' }, /invalid root_path/],
    [{ scrapers: { load: null }, collection_interval: '0s' }, /collection_interval/],
    [
      { scrapers: { cpu: { metrics: { 'system.cpu.heat': { enabled: true } } } } },
      /system.cpu.heat/,
    ],
    [{ scrapers: { disk: { include: { devices: ['a'] } } } }, /unrecognized match_type: ''/],
    [
      { scrapers: { disk: { include: { devices: ['('], match_type: 'regexp' } } } },
      /missing closing/,
    ],
    [{ scrapers: { process: { resource_attributes: { 'process.x': {} } } } }, /process.x/],
  ];
  for (const [given, message] of cases) {
    const result = config.safeParse(given);
    assert.ok(!result.success, JSON.stringify(given));
    assert.match(JSON.stringify(result.error.issues), message);
  }
});

test('any scraper section decodes or is refused', () => {
  const key = fc.constantFrom('cpu', 'disk', 'process', 'filesystem', 'x');
  fc.assert(
    fc.property(fc.dictionary(key, fc.anything({ maxDepth: 2 })), (scrapers) => {
      config.safeParse({ scrapers });
    }),
    { numRuns: 300 },
  );
});

test('used memory as the feature gate has it', async () => {
  const used = async (...set: string[]) => {
    const { lines: got } = await scrape({ memory: null }, testGates(...set));
    const line = got.find(
      (one) => one.includes('system.memory.usage') && one.includes('state=used'),
    );
    return Number(/\} (\d+) @/.exec(line ?? '')?.[1]);
  };
  const info = readFileSync(join(root, 'proc/meminfo'), 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(info)![1]) * 1024;
  assert.equal(await used(), kib('MemTotal') - kib('MemAvailable'));
  const unused = ['MemFree', 'Buffers', 'Cached', 'SReclaimable'].map(kib);
  assert.equal(
    await used('-receiver.hostmetricsreceiver.UseLinuxMemAvailable'),
    unused.reduce((left, bytes) => left - bytes, kib('MemTotal')),
  );
});

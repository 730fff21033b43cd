import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeClock } from '../../../testing/clock.ts';
import { testSettings } from '../../../testing/settings.ts';
import { until } from '../../../testing/until.ts';
import { config } from '../config/index.ts';
import type { TargetGroup } from '../target.ts';
import { dnsDiscoverer, type Lookups } from './dns.ts';
import { fileDiscoverer } from './file.ts';
import { httpDiscoverer } from './http.ts';

function jobOf(keys: object) {
  const { config: prometheus } = config.parse({
    config: { scrape_configs: [{ job_name: 'j', ...keys }] },
  });
  return prometheus!.scrape_configs[0]!;
}

const shown = (groups: readonly TargetGroup[] | undefined) =>
  groups?.map(({ targets, labels }) => [
    targets.map((one) => Object.fromEntries(one)),
    Object.fromEntries(labels),
  ]);

test('files: JSON and YAML by a pattern; one that breaks keeps what it had', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'targets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const one = join(folder, 'a.json');
  writeFileSync(one, '[{"targets":["h:1"],"labels":{"x":"y"}}]');
  writeFileSync(join(folder, 'a.yml'), '- targets: [i:2, j:3]\n');
  const clock = fakeClock();
  const settings = testSettings({ clock });
  const files = [join(folder, '*.json'), join(folder, 'a.yml')];
  const [given] = jobOf({ file_sd_configs: [{ files }] }).file_sd_configs;
  const discoverer = fileDiscoverer(settings, given!);
  t.after(() => discoverer.close());
  let rounds = 0;
  let found: readonly TargetGroup[] | undefined;
  discoverer.start((groups) => {
    rounds += 1;
    found = groups;
  });
  await until(() => rounds === 1);
  const yaml = [
    [{ __address__: 'i:2' }, { __address__: 'j:3' }],
    { __meta_filepath: join(folder, 'a.yml') },
  ];
  const json = [[{ __address__: 'h:1' }], { x: 'y', __meta_filepath: one }];
  assert.deepEqual(shown(found), [json, yaml]);
  writeFileSync(one, '[{"targets":');
  await clock.advance(5000);
  await until(() => rounds === 2);
  assert.deepEqual(shown(found), [json, yaml]);
  writeFileSync(one, '[]');
  await clock.advance(5000);
  await until(() => rounds === 3);
  assert.deepEqual(shown(found), [yaml]);
});

test('a server that lists targets; what it fails to say changes nothing', async (t) => {
  let body = '[{"targets":["h:1"]}]';
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/targets`;
  const clock = fakeClock();
  const settings = testSettings({ clock });
  const [given] = jobOf({ http_sd_configs: [{ url, refresh_interval: '10s' }] }).http_sd_configs;
  const discoverer = httpDiscoverer(settings, given!);
  t.after(() => discoverer.close());
  let found: readonly TargetGroup[] | undefined;
  discoverer.start((groups) => {
    found = groups;
  });
  await until(() => found !== undefined);
  assert.deepEqual(shown(found), [[[{ __address__: 'h:1' }], { __meta_url: url }]]);
  body = '[{"target":"x"}]';
  await clock.advance(10_000);
  await until(() => settings.logger.lines.length > 0);
  assert.match(String(settings.logger.lines[0]!.fields.error), /no groups of targets/);
  assert.equal(found?.length, 1);
});

test('DNS records of each kind', async () => {
  const lookups: Lookups = {
    resolveSrv: async () => [{ name: 'a.example', port: 9, priority: 1, weight: 1 }],
    resolve4: async () => ['10.0.0.1'],
    resolve6: async () => ['fd00::1'],
    resolveMx: async () => [{ exchange: 'mx.example', priority: 1 }],
    resolveNs: async () => ['ns.example'],
  } as unknown as Lookups;
  const look = async (type: string) => {
    const keys = { names: ['n.example'], type, port: 5 };
    const [given] = jobOf({ dns_sd_configs: [keys] }).dns_sd_configs;
    const discoverer = dnsDiscoverer(testSettings(), given!, lookups);
    const found = await new Promise<readonly TargetGroup[]>((r) => discoverer.start(r));
    await discoverer.close();
    const [target] = found[0]!.targets;
    return Object.fromEntries([...target!].filter(([name]) => name !== '__meta_dns_name'));
  };
  assert.deepEqual(await look('SRV'), {
    __address__: 'a.example:9',
    __meta_dns_srv_record_target: 'a.example.',
    __meta_dns_srv_record_port: '9',
  });
  assert.deepEqual(await look('a'), { __address__: '10.0.0.1:5' });
  assert.deepEqual(await look('AAAA'), { __address__: '[fd00::1]:5' });
  assert.deepEqual(await look('MX'), {
    __address__: 'mx.example:5',
    __meta_dns_mx_record_target: 'mx.example.',
  });
  assert.deepEqual(await look('NS'), {
    __address__: 'ns.example:5',
    __meta_dns_ns_record_target: 'ns.example.',
  });
});

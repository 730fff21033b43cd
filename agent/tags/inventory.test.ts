import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../../config/confmap/parse.ts';
import { type Inventory, readInventory } from './inventory.ts';

function read(text: string): Inventory {
  return readInventory(parseYaml(text, 'inventory.yaml'));
}

const at = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
const NOW = at('2026-06-01');

const file = `
services:
  - name: shop
    executable: /opt/shop/*
    command_line: '*--role=web*'
    attributes: { team: blue }
  - name: batch
    cgroup: '*/batch.slice/*'
  - name: old-web
    addresses: [10.1.2.3]
    valid_to: 2026-01-01
  - name: web
    addresses: [10.1.2.3, 10.7.0.0/16]
    ports: [443, 8000-8099]
    valid_from: 2026-01-01T00:00:00Z
hosts:
  - name: db1
    addresses: [10.1.2.3, 'fd00::1']
    zone: eu-1a
networks:
  - { name: all, cidr: 10.0.0.0/8 }
  - { name: office, cidr: 10.1.0.0/16, region: home }
zones:
  - { name: eu-1a, region: eu-1 }
`;

const process = { executable: '', commandLine: '', cgroup: '', unit: '', container: '' };

test('processes are matched by all patterns of an entry, the first entry counts', () => {
  const inventory = read(file);
  const find = (features: object) => inventory.serviceOf({ ...process, ...features }, NOW)?.name;
  assert.equal(find({ executable: '/opt/shop/bin', commandLine: 'x --role=web y' }), 'shop');
  assert.equal(find({ executable: '/opt/shop/bin', commandLine: 'x --role=job' }), undefined);
  assert.equal(find({ cgroup: '/a/batch.slice/b' }), 'batch');
  assert.equal(find({}), undefined);
});

test('addresses: the longest prefix, services before hosts, ports, and times', () => {
  const inventory = read(file);
  const find = (address: string, port = 1, time = NOW) =>
    inventory.endOf(address, port, time)?.name;
  assert.equal(find('10.1.2.3', 443), 'web');
  assert.equal(find('10.1.2.3', 8050), 'web');
  assert.equal(find('10.1.2.3', 22), 'db1');
  assert.equal(find('10.1.2.3', 22, at('2025-12-31T23:59:59Z')), 'old-web');
  assert.equal(find('10.1.2.3', 443, at('2026-01-01')), 'web');
  assert.equal(find('fd00::1'), 'db1');
  assert.equal(find('10.1.9.9'), 'office');
  assert.equal(find('10.9.9.9'), 'all');
  assert.equal(find('::ffff:10.9.9.9'), 'all');
  assert.equal(find('192.0.2.1'), undefined);
  assert.equal(find('not an address'), undefined);
});

test('entities carry zone and region', () => {
  const inventory = read(file);
  const entity = inventory.endOf('fd00::1', 1, NOW)?.entity;
  assert.deepEqual(entity?.identity, { 'host.name': 'db1' });
  assert.deepEqual(entity?.description, {
    'cloud.availability_zone': 'eu-1a',
    'cloud.region': 'eu-1',
    'host.ip': ['10.1.2.3', 'fd00::1'],
  });
  assert.equal(inventory.entities.length, 8);
});

test('faults say where', () => {
  const faults: readonly (readonly [text: string, message: RegExp])[] = [
    ['hosts: [{name: a}]', /inventory\.yaml:1:9: hosts::0: missing required key "addresses"/],
    ['hosts:\n  - name: a\n    addresses: [10.0.0.0/8]', /yaml:3:17: .*expected an IP address/],
    [
      'networks: [{name: a, cidr: 10.0.0.0/40}]',
      /yaml:1:22: .*an address or a CIDR block, got "10.0.0.0\/40"/,
    ],
    ['services: [{name: a, ports: [99-1]}]', /yaml:1:\d+: .*expected a port.*("99-1"|70000)/],
    ['services: [{name: a, ports: [70000]}]', /yaml:1:\d+: .*expected a port.*("99-1"|70000)/],
    ['services: [{name: a, valid_from: soon}]', /yaml:1:22: .*expected a time.*got "soon"/],
    [
      'services: [{name: a, addresses: [10.1.1.1], valid_from: 2026-02-01, valid_to: 2026-01-01}]',
      /valid_to must be after valid_from/,
    ],
    ['services: [{nam: a}]', /unknown key "nam".*"name"/],
    ['service: []', /yaml:1:1: .*unknown key "service"/],
    ['services: [{name: a}]', /finds nothing/],
  ];
  for (const [text, message] of faults) assert.throws(() => read(text), message, text);
});

test('an empty file names nobody', () => {
  assert.equal(read('').endOf('10.0.0.1', 1, NOW), undefined);
});

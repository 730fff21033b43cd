import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noContainers } from './objects/containers.ts';
import type { Pod } from './objects/pod.ts';
import { type Association, byConnection, byUid, part } from './store/identifier.ts';
import { PodTable } from './store/pod-table.ts';

function pod(uid: string, given: Partial<Pod> = {}): Pod {
  return {
    name: uid,
    uid,
    namespace: 'n',
    nodeName: '',
    ip: '10.0.0.1',
    hostNetwork: false,
    startedMs: 1000,
    isIgnored: false,
    attributes: new Map(),
    containers: noContainers,
    deploymentUid: '',
    statefulSetUid: '',
    daemonSetUid: '',
    jobUid: '',
    ...given,
  };
}

function tableOf(associations: readonly Association[] = [], max = 100) {
  const time = { now: 0 };
  return { time, table: new PodTable(associations, 120_000, () => time.now, max) };
}

test('a deleted pod stays for the grace period', () => {
  const { time, table } = tableOf();
  table.set(pod('a'));
  assert.equal(table.size, 3);
  table.delete(pod('a'));
  time.now = 119_999;
  assert.equal(table.sweep(), false);
  assert.equal(table.find(byConnection('10.0.0.1'))?.uid, 'a');
  time.now = 120_000;
  assert.equal(table.sweep(), true);
  assert.equal(table.size, 0);
  assert.equal(table.sweep(), false);
});

test('a pod that got the address meanwhile keeps it', () => {
  const { time, table } = tableOf();
  table.set(pod('a'));
  table.delete(pod('a'));
  table.set(pod('b', { startedMs: 2000 }));
  time.now = 120_000;
  table.sweep();
  assert.equal(table.find(byConnection('10.0.0.1'))?.uid, 'b');
  assert.equal(table.find(byUid('a')), undefined);
});

test('news of an older pod do not take the address of a newer one', () => {
  const { table } = tableOf();
  table.set(pod('new', { startedMs: 2000 }));
  table.set(pod('old', { startedMs: 1000 }));
  assert.equal(table.find(byConnection('10.0.0.1'))?.uid, 'new');
  table.delete(pod('old'));
  assert.equal(table.find(byUid('old'))?.uid, 'old');
  table.set(pod('unknown', { startedMs: undefined }));
  assert.equal(table.find(byConnection('10.0.0.1'))?.uid, 'unknown');
});

test('pods in the network of their node have no address of their own', () => {
  const { table } = tableOf();
  table.set(pod('a', { hostNetwork: true }));
  assert.equal(table.size, 1);
  assert.equal(table.find(byConnection('10.0.0.1')), undefined);
});

test('a container that is gone is forgotten after the grace period', () => {
  const association = [{ from: 'resource_attribute', name: 'container.id' }];
  const { time, table } = tableOf([association]);
  const withContainers = (...ids: string[]) => {
    const byId = new Map(ids.map((id) => [id, {} as never]));
    return pod('a', { containers: { byId, byName: new Map() } });
  };
  const id = (value: string) => part('resource_attribute', 'container.id', value);
  table.set(withContainers('one', 'two'));
  table.set(withContainers('two', 'three'));
  assert.equal(table.find(id('one'))?.uid, 'a');
  time.now = 120_000;
  table.sweep();
  assert.equal(table.find(id('one')), undefined);
  assert.equal(table.find(id('two'))?.uid, 'a');
  assert.equal(table.find(id('three'))?.uid, 'a');
});

test('a full table takes no more pods, and still knows those that it has', () => {
  const { table } = tableOf([], 4);
  table.set(pod('a'));
  table.set(pod('b', { ip: '10.0.0.2' }));
  table.set(pod('c', { ip: '10.0.0.3' }));
  assert.equal(table.size, 4);
  assert.equal(table.refused, 2);
  table.set(pod('a', { namespace: 'changed' }));
  assert.equal(table.find(byUid('a'))?.namespace, 'changed');
});

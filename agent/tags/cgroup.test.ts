import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCgroup } from './cgroup.ts';

const id = '0123456789abcdef'.repeat(4);
const uid = '8e2fbb6c-5d3a-4c83-9a0f-0a1b2c3d4e5f';
const uidUnderscore = uid.replaceAll('-', '_');

test('container ids and pods in the forms of the runtimes', () => {
  const containers: readonly (readonly [path: string, podUid: string])[] = [
    [`/docker/${id}`, ''],
    [`/system.slice/docker-${id}.scope`, ''],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`, ''],
    [`/machine.slice/libpod-${id}.scope/container`, ''],
    [`/libpod_parent/libpod-${id}`, ''],
    [`/default/${id}`, ''],
    [`/system.slice/nerdctl-${id}.scope`, ''],
    [`/kubepods/burstable/pod${uid}/${id}`, uid],
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uidUnderscore}.slice/cri-containerd-${id}.scope`,
      uid,
    ],
    [
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uidUnderscore}.slice/crio-${id}.scope`,
      uid,
    ],
    [
      `/system.slice/containerd.service/kubepods-burstable-pod${uidUnderscore}.slice:cri-containerd:${id}`,
      '',
    ],
    [`/kubepods/pod${uid}/${id}/init.scope`, uid],
    [`/ecs/0f1e2d3c/${id}`, ''],
  ];
  for (const [path, podUid] of containers) {
    const facts = parseCgroup(`0::${path}\n`);
    assert.equal(facts.containerId, id, path);
    assert.equal(facts.unit, '', path);
    assert.equal(facts.path, path);
    if (podUid !== '') assert.equal(facts.podUid, podUid, path);
    const first = parseCgroup(`12:memory:${path}\n1:name=systemd:${path}\n`);
    assert.deepEqual(first, facts);
  }
});

test('a container in a container: the inner one; the monitor beside one: none', () => {
  const inner = 'f'.repeat(64);
  assert.equal(parseCgroup(`0::/docker/${id}/docker/${inner}\n`).containerId, inner);
  assert.equal(parseCgroup(`0::/machine.slice/libpod-conmon-${id}.scope\n`).containerId, '');
  assert.equal(parseCgroup(`0::/x/crio-conmon-${id}.scope\n`).containerId, '');
});

test('systemd units', () => {
  const units: readonly (readonly [path: string, unit: string])[] = [
    ['/system.slice/nginx.service', 'nginx'],
    ['/system.slice/system-postgresql.slice/postgresql@15-main.service', 'postgresql@15-main'],
    ['/system.slice/foo\\x2dbar.service', 'foo-bar'],
    ['/user.slice/user-1000.slice/session-3.scope', ''],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope', ''],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service', 'shop'],
    ['/system.slice/shop.service/worker', 'shop'],
    ['/init.scope', ''],
    ['/', ''],
  ];
  for (const [path, unit] of units) {
    assert.equal(parseCgroup(`0::${path}\n`).unit, unit, path);
    assert.equal(parseCgroup(`4:memory:/\n1:name=systemd:${path}\n0::/\n`).unit, unit, path);
  }
});

test('any text is read', () => {
  const parts = fc.constantFrom(
    '/',
    ':',
    '\n',
    '0',
    'docker-',
    id,
    '.scope',
    '.service',
    '\u0007',
    'é',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(parts, fc.string()), { maxLength: 30 }), (texts) => {
      const facts = parseCgroup(texts.join(''));
      assert.match(facts.containerId, /^([0-9a-f]{64})?$/);
      assert.doesNotMatch(facts.path + facts.unit, /\p{Cc}/u);
    }),
  );
});

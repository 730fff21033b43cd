import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { containerName } from './container-names.ts';
import { hasSection } from './elf.ts';
import { FakeFiles } from './testing/fake-files.ts';

/** An executable with sections of these names. */
function executable(names: readonly string[]): Buffer {
  const all = ['', ...names, '.shstrtab'];
  const texts = Buffer.from(`${all.join('\0')}\0`);
  const file = Buffer.alloc(64 + all.length * 64 + texts.length);
  file.write('\x7fELF', 'latin1');
  file[4] = 2;
  file[5] = 1;
  file.writeBigUInt64LE(64n, 40);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(all.length, 60);
  file.writeUInt16LE(all.length - 1, 62);
  let at = 0;
  for (const [index, name] of all.entries()) {
    file.writeUInt32LE(at, 64 + index * 64);
    at += name.length + 1;
  }
  const last = 64 + (all.length - 1) * 64;
  file.writeBigUInt64LE(BigInt(64 + all.length * 64), last + 24);
  file.writeBigUInt64LE(BigInt(texts.length), last + 32);
  texts.copy(file, 64 + all.length * 64);
  return file;
}

function found(file: Uint8Array, name: string): boolean {
  const files = new FakeFiles();
  files.write('/x', file);
  return hasSection(files, '/x', name);
}

test('sections by name', () => {
  const file = executable(['.text', '.go.buildinfo']);
  assert.equal(found(file, '.go.buildinfo'), true);
  assert.equal(found(file, '.go'), false);
  assert.equal(found(executable(['.text']), '.go.buildinfo'), false);
});

test('damaged files have no sections, and are no error', () => {
  const file = executable(['.text', '.go.buildinfo']);
  const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(damage, fc.nat(file.length), (changes, length) => {
      const copy = Buffer.from(file);
      for (const [at, byte] of changes) copy[at] = byte;
      assert.equal(typeof found(copy.subarray(0, length), '.go.buildinfo'), 'boolean');
    }),
    { numRuns: 500 },
  );
  assert.equal(found(file.subarray(0, 200), '.go.buildinfo'), false);
});

test('names of containers in the files of Docker and podman', () => {
  const files = new FakeFiles();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [
    string,
    string,
    string,
    string,
  ];
  const docker = (id: string, content: string): void =>
    files.write(`/var/lib/docker/containers/${id}/config.v2.json`, content);
  docker(a, '{"Name":"/shop-web-1","Config":{"Labels":{"com.docker.compose.service":"web"}}}');
  docker(b, '{"Name":"/plain\\u001b","Config":{"Labels":null}}');
  docker(c, '{"Name":');
  files.write(
    '/var/lib/containers/storage/overlay-containers/containers.json',
    JSON.stringify([{ id: d, names: ['pod-web'] }, null, 5]),
  );
  assert.equal(containerName(files, '/', a), 'web');
  assert.equal(containerName(files, '/', b), 'plain\ufffd');
  assert.equal(containerName(files, '/', c), '');
  assert.equal(containerName(files, '/', d), 'pod-web');
  assert.equal(containerName(files, '/', '../../etc'), '');
});

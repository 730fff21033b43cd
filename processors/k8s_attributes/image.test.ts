import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalImage, parseImage, versionOf } from './objects/image.ts';

const digest = `sha256:${'ab12'.repeat(16)}`;

test('images are taken apart as registries do', () => {
  const cases: readonly [image: string, name: string | undefined, tag?: string, digest?: string][] =
    [
      ['alpine', 'alpine'],
      ['alpine:v1.0.0', 'alpine', 'v1.0.0'],
      ['example.com:5000/alpine/alpine:test', 'example.com:5000/alpine/alpine', 'test'],
      [`alpine@${digest}`, 'alpine', '', digest],
      [`reg/alpine:3@${digest}`, 'reg/alpine', '3', digest],
      ['[2001:db8::1]:5000/a/b:1', '[2001:db8::1]:5000/a/b', '1'],
      ['localhost/a__b/c--d', 'localhost/a__b/c--d'],
      ['', undefined],
      ['aaa:', undefined],
      ['Upper/case', 'Upper/case'],
      ['upper/CASE', undefined],
      ['a b', undefined],
      ['alpine@sha256:0123', undefined],
      [`alpine@md5:${'a'.repeat(32)}`, undefined],
      [`${'a'.repeat(256)}`, undefined],
    ];
  for (const [image, name, tag = '', by = ''] of cases) {
    const expected = name === undefined ? undefined : { name, tag, digest: by };
    assert.deepEqual(parseImage(image), expected, image);
  }
});

test('the version is the tag, the digest or both', () => {
  const version = (image: string) => versionOf(parseImage(image)!);
  assert.equal(version('a'), undefined);
  assert.equal(version('a:1'), '1');
  assert.equal(version(`a@${digest}`), digest);
  assert.equal(version(`a:1@${digest}`), `1@${digest}`);
});

test('only images with a digest are canonical, and their names are in full', () => {
  assert.equal(canonicalImage(`busybox@${digest}`), `docker.io/library/busybox@${digest}`);
  assert.equal(canonicalImage(`team/app@${digest}`), `docker.io/team/app@${digest}`);
  assert.equal(canonicalImage(`index.docker.io/app@${digest}`), `docker.io/library/app@${digest}`);
  assert.equal(canonicalImage(`reg.io/app:2@${digest}`), `reg.io/app:2@${digest}`);
  for (const image of ['busybox', 'busybox:1', digest, 'ab12'.repeat(16), '', 'a b']) {
    assert.equal(canonicalImage(image), undefined, image);
  }
});

test('no text makes it throw or take long', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[aA0._\-:/@[\]]{0,200}$/), (text) => {
      const parsed = parseImage(text);
      if (parsed !== undefined) assert.ok(text.startsWith(parsed.name));
      canonicalImage(text);
    }),
    { numRuns: 300 },
  );
});

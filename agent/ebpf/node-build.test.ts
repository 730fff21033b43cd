import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { Follow, followOf } from './follow.ts';
import { fieldsOffsetIn, readNodeBuild } from './node-build.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('the offset is that of the load before the fields are read', () => {
  const node24 = '48 85 db 74 1f 48 8b 83 88 04 00 00 f2 0f 10 00 48 8b 5d f8 c9 c3';
  assert.equal(fieldsOffsetIn(hex(node24)), 0x488);
  const throughR12 = '49 8b 84 24 80 04 00 00 4c 8b 65 f8 f2 0f 10 00 c3';
  assert.equal(fieldsOffsetIn(hex(throughR12)), 0x480);
});

test('code of another form gives no offset', () => {
  assert.equal(fieldsOffsetIn(hex('f2 0f 10 00')), undefined);
  assert.equal(fieldsOffsetIn(hex('48 8b 83 88 04 00 00 c3')), undefined);
  const two = '48 8b 83 88 04 00 00 48 8b 80 90 04 00 00 f2 0f 10 00';
  assert.equal(fieldsOffsetIn(hex(two)), undefined);
  const odd = '48 8b 83 81 04 00 00 f2 0f 10 00';
  assert.equal(fieldsOffsetIn(hex(odd)), undefined);
});

async function buildOf(path: string) {
  const file = await open(path);
  try {
    return await readNodeBuild(async (offset, length) => {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await file.close();
  }
}

test('this Node can be followed', { skip: process.arch !== 'x64' && 'x64 only' }, async () => {
  const found = await buildOf(process.execPath);
  assert.ok('build' in found, JSON.stringify(found));
  assert.equal(found.build.contextRegister, 2);
  assert.ok(found.build.fieldsOffset > 0x100 && found.build.fieldsOffset < 0x2000);
});

test('what is no Node says why', async () => {
  const read = async (bytes: Buffer) =>
    readNodeBuild(async (offset, length) => bytes.subarray(offset, offset + length));
  assert.deepEqual(await read(Buffer.from('#!/bin/sh\n')), { why: 'not an ELF file of 64 bits' });
  assert.deepEqual(await read(Buffer.alloc(0)), { why: 'not an ELF file of 64 bits' });
  const head = Buffer.alloc(64);
  hex('7f 45 4c 46 02 01').copy(head);
  head.writeUInt16LE(62, 18);
  assert.deepEqual(await read(head), { why: 'it has no symbols' });
  head.writeUInt16LE(183, 18);
  assert.deepEqual(await read(head), { why: 'not known how on arm64' });
});

test('how programs are followed', () => {
  const cases: [string, number][] = [
    ['/usr/sbin/nginx', Follow.loop],
    ['/usr/bin/python3.11', Follow.thread],
    ['/usr/sbin/php-fpm8.2', Follow.thread],
    ['/opt/node/bin/node', Follow.node],
    ['/usr/bin/java', Follow.blocking],
    ['/srv/app (deleted)', Follow.blocking],
    ['/srv/nginx (deleted)', Follow.loop],
  ];
  for (const [path, want] of cases) assert.equal(followOf(path), want, path);
});

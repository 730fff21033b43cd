import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { ClientInfo } from '../../component/consumer.ts';
import type { ClientAuth, Extension } from '../../component/extension.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';

async function start(given: object, extensions: ReadonlyMap<string, Extension> = new Map()) {
  const settings = realTimeSettings(systemClock, { id: 'headers_setter', extensions });
  const extension = factory.create(settings, factory.config.parse(given));
  await extension.start();
  const auth = extension.capabilities.clientAuth!;
  const ask = (sent: Record<string, string> = {}, client?: ClientInfo) =>
    auth.headers({ headers: new Map(Object.entries(sent)), client });
  return { extension, auth, ask };
}

test('actions', async () => {
  const one = async (action: string, sent: Record<string, string>) => {
    const { ask } = await start({ headers: [{ action, key: 'X-A', value: 'v' }] });
    return Object.fromEntries(await ask(sent));
  };
  assert.deepEqual(await one('insert', {}), { 'x-a': 'v' });
  assert.deepEqual(await one('insert', { 'x-a': '' }), { 'x-a': 'v' });
  assert.deepEqual(await one('insert', { 'x-a': 'old' }), {});
  assert.deepEqual(await one('update', {}), {});
  assert.deepEqual(await one('update', { 'x-a': 'old' }), { 'x-a': 'v' });
  assert.deepEqual(await one('upsert', { 'x-a': 'old' }), { 'x-a': 'v' });
  assert.deepEqual(await one('', {}), { 'x-a': 'v' });
  assert.deepEqual(await one('delete', { 'x-a': 'old' }), { 'x-a': undefined });
});

test('headers see what those before them did', async () => {
  const headers = [
    { action: 'upsert', key: 'a', value: '1' },
    { action: 'insert', key: 'A', value: '2' },
    { action: 'delete', key: 'b' },
    { action: 'insert', key: 'b', value: '3' },
  ];
  const { ask } = await start({ headers });
  assert.deepEqual(Object.fromEntries(await ask({ b: 'x' })), { a: '1', b: '3' });
});

test('values of the client', async () => {
  const headers = [
    { action: 'upsert', key: 'tenant', from_context: 'X-Tenant', default_value: 'nobody' },
    { action: 'upsert', key: 'who', from_attribute: 'subject' },
    { action: 'upsert', key: 'groups', from_attribute: 'membership' },
  ];
  const { ask } = await start({ headers });
  assert.deepEqual(Object.fromEntries(await ask()), { tenant: 'nobody', who: '', groups: '' });
  const metadata = new Map([['x-tenant', ['acme']]]);
  const auth = { subject: 'me', membership: ['a', 'b'] };
  assert.deepEqual(Object.fromEntries(await ask({}, { address: '', metadata, auth })), {
    tenant: 'acme',
    who: 'me',
    groups: '["a","b"]',
  });
  const twice = new Map([['x-tenant', ['a', 'b']]]);
  assert.throws(() => ask({}, { address: '', metadata: twice }), /2 source keys found/);
});

test('a file that changes, and the same array while it does not', { timeout: 30_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'headers-'));
  const value_file = join(dir, 'value');
  writeFileSync(value_file, 'one\n');
  const { extension, ask } = await start({ headers: [{ action: 'upsert', key: 'a', value_file }] });
  try {
    assert.deepEqual(ask(), [['a', 'one']]);
    assert.equal(ask(), ask());
    writeFileSync(value_file, 'two\n');
    while (JSON.stringify(ask()) !== '[["a","two"]]') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    await extension.shutdown();
    rmSync(dir, { recursive: true });
  }
});

test('credentials of another extension are added', async () => {
  const clientAuth: ClientAuth = { needsTls: true, headers: async () => [['authorization', 'x']] };
  const other = { capabilities: { clientAuth } } as Extension;
  const given = { headers: [{ key: 'a', value: 'b', action: 'upsert' }], additional_auth: 'other' };
  const { auth, ask } = await start(given, new Map([['other', other]]));
  assert.equal(auth.needsTls, true);
  assert.deepEqual(Object.fromEntries(await ask()), { a: 'b', authorization: 'x' });
  const { ask: alone } = await start(given);
  assert.throws(() => alone(), /cannot resolve authenticator "other"/);
});

test('configuration', () => {
  const message = (given: object) => factory.config.safeParse(given).error?.issues[0]?.message;
  assert.equal(message({}), 'missing headers configuration');
  assert.equal(message({ headers: [{ value: 'x' }] }), 'missing header name');
  assert.match(message({ headers: [{ key: 'a' }] }) ?? '', /missing header source/);
  const both = { key: 'a', value: 'x', from_context: 'y' };
  assert.match(message({ headers: [both] }) ?? '', /only one of/);
  assert.equal(message({ headers: [{ key: 'a', action: 'delete' }] }), undefined);
});

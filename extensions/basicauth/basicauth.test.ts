import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { parseBasic } from './header.ts';
import { factory } from './index.ts';

const settings = () => realTimeSettings(systemClock, { id: 'basicauth' });
const create = (given: object) => factory.create(settings(), factory.config.parse(given));
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const headers = (value?: string) =>
  new Map(value === undefined ? [] : [['authorization', [value]] as const]);

/** Made by htpasswd, openssl passwd and crypt(3). */
const entries: readonly (readonly [password: string, encoded: string])[] = [
  ['htpasswd-md5', '$apr1$FVVioVP7$ZdIWPG1p4E/ErujO7kA2n0'],
  ['openssl-md5', '$1$mvmz31IB$U9KpHBLegga2doA0e3s3N0'],
  ['htpasswd-sha', '{SHA}vFznddje0Ht4+pmO0FaxwrUKN/M='],
  ['htpasswd-bcrypt', '$2y$10$Q6GeMFPd0dAxhQULPDdAn.DFy6NDmLaU0A7e2XoJz7PFYAEADFKbC'],
  ['ππππππππ', '$2a$10$.TtQJ4Jr6isd4Hp.mVfZeuh6Gws4rOQ/vdBczhDx.19NFK0Y84Dle'],
  ['mickey', '$5$123456$2hClNSDw3lZ0X/9PFBSI2eCGMOS06v6IbChiRsjy6tA'],
  [
    'vinnie6',
    '$6$123456$By3XGEfRf2RwFvWYR0kHRVJGq2/IKwLEGQxwyncoP88TGiBzHMBmvrTNxHgyqrmhZ/M7CGtkfIw0rBRfewW.y1',
  ],
  [
    'x',
    '$6$rounds=1000$abc$zaWpAwySRl8PX4W2aEMJwxpN82bCKtDZP0RBdOD6W7BQlilBqAsWnAZuS10iUyJZneS8Ob1gxs1BZkqJi1nTi.',
  ],
  ['plain', 'plain'],
  ['with:colon', 'with:colon'],
];

test('passwords of every kind', async () => {
  const inline = entries.map(([, encoded], i) => `user${i}:${encoded}`).join('\n');
  const extension = create({ htpasswd: { inline } });
  await extension.start();
  const ask = async (user: string, password: string) =>
    extension.capabilities.serverAuth!.authenticate(headers(basic(user, password)), '');
  for (const [i, [password]] of entries.entries()) {
    const user = `user${i}`;
    const raw = basic(user, password).slice('Basic '.length);
    assert.deepEqual(await ask(user, password), { username: user, raw }, password);
    assert.deepEqual(await ask(user, password), { username: user, raw }, 'remembered');
    await assert.rejects(ask(user, `${password}x`), /invalid credentials/, password);
    await assert.rejects(ask(user, ''), /invalid credentials/, password);
  }
  await assert.rejects(ask('nobody', 'plain'), /invalid credentials/);
});

test('bad lines are left out, later lines and inline ones win', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'htpasswd-'));
  const file = join(dir, 'htpasswd');
  writeFileSync(file, 'a:first\nno colon\nb:$6$nosalt\nc:$2y$broken\na:second\n');
  const own = settings();
  const given = { htpasswd: { file, inline: 'd:inline\nb:x' } };
  const extension = factory.create(own, factory.config.parse(given));
  try {
    await extension.start();
    const ask = async (user: string, password: string) =>
      extension.capabilities.serverAuth!.authenticate(headers(basic(user, password)), '');
    await ask('a', 'second');
    await ask('d', 'inline');
    await ask('b', 'x');
    await assert.rejects(ask('c', '$2y$broken'), /invalid credentials/);
    const warned = own.logger.lines.map(({ fields }) => fields.line);
    assert.deepEqual(warned, [2, 3]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a file that is not there is named', async () => {
  const absent = create({ htpasswd: { file: '/nowhere/htpasswd' } });
  await assert.rejects(absent.start(), /cannot open htpasswd file "\/nowhere\/htpasswd"/);
});

test('an empty htpasswd is refused at start', async () => {
  await assert.rejects(create({ htpasswd: {} }).start(), /no credential source provided/);
});

test('headers that are none', () => {
  assert.throws(() => parseBasic(undefined), /no basic auth provided/);
  assert.throws(() => parseBasic('Bearer x'), /invalid authorization scheme prefix/);
  for (const bad of ['Basic !!', 'Basic ', 'Basic dXNlcg==', 'Basic dXNlcjp']) {
    assert.throws(() => parseBasic(bad), /invalid authorization format/, bad);
  }
  fc.assert(
    fc.property(
      fc.stringMatching(/^[^:]*$/u),
      fc.string({ unit: 'grapheme' }),
      (user, password) => {
        const login = parseBasic(basic(user, password));
        const sent = Buffer.from(`${user}:${password}`).toString();
        assert.equal(`${login.username}:${login.password}`, sent);
      },
    ),
  );
});

test('a client sends its user, from files that change', { timeout: 30_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'basicauth-'));
  const password_file = join(dir, 'password');
  writeFileSync(password_file, 'one\n');
  const extension = create({ client_auth: { username: 'u', password: 'inline', password_file } });
  try {
    await extension.start();
    const sent = () =>
      extension.capabilities.clientAuth!.headers({ headers: new Map(), client: undefined });
    assert.deepEqual(sent(), [['authorization', basic('u', 'one')]]);
    writeFileSync(password_file, 'two\n');
    while (JSON.stringify(sent()) !== JSON.stringify([['authorization', basic('u', 'two')]])) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    await extension.shutdown();
    rmSync(dir, { recursive: true });
  }
  const colon = create({ client_auth: { username: 'a:b' } });
  await assert.rejects(colon.start(), /invalid authorization format/);
});

test('configuration', () => {
  const message = (given: object) => factory.config.safeParse(given).error?.issues[0]?.message;
  const both = { htpasswd: { inline: 'a:b' }, client_auth: { username: 'a' } };
  assert.match(message(both) ?? '', /only one of `htpasswd` or `client_auth`/);
  assert.match(message({}) ?? '', /no credential source provided/);
  assert.equal(message({ client_auth: {} }), undefined);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';
import { parseKeys } from './keys.ts';

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

interface Key {
  readonly alg: string;
  readonly jwk: JWK;
  readonly secret: CryptoKey;
}

async function makeKey(alg: string, kid?: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { alg, jwk: kid === undefined ? jwk : { ...jwk, kid }, secret: privateKey };
}

/** A provider whose keys can be exchanged. */
async function provider(algorithms: readonly string[]) {
  const keys: JWK[] = [];
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    const found = request.url?.endsWith('openid-configuration')
      ? {
          issuer: url,
          jwks_uri: `${url}/keys`,
          id_token_signing_alg_values_supported: algorithms,
        }
      : { keys };
    response.end(JSON.stringify(found));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const url: string = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, keys, asked };
}

async function start(given: object, clock = systemClock) {
  const settings = realTimeSettings(clock, { id: 'oidc' });
  const extension = factory.create(settings, factory.config.parse(given));
  await extension.start();
  closers.push(() => void extension.shutdown());
  const ask = async (header?: string, name = 'authorization') => {
    const headers = new Map(header === undefined ? [] : [[name, [header]] as const]);
    return extension.capabilities.serverAuth!.authenticate(headers, '1.2.3.4:5');
  };
  return { ask, extension };
}

function sign(key: Key, claims: object, expires: string | number = '5m'): Promise<string> {
  const kid = key.jwk.kid === undefined ? {} : { kid: key.jwk.kid };
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: key.alg, ...kid })
    .setExpirationTime(expires)
    .sign(key.secret);
}

const kinds = ['RS256', 'RS512', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA'];

test('tokens of every kind of signature', async () => {
  const { url, keys } = await provider(kinds);
  const made = await Promise.all(kinds.map((alg) => makeKey(alg, `k-${alg}`)));
  keys.push(...made.map(({ jwk }) => jwk));
  const { ask } = await start({ issuer_url: url, audience: 'us' });
  for (const key of made) {
    const token = await sign(key, { iss: url, aud: ['them', 'us'], sub: key.alg, extra: 1 });
    const auth = await ask(`Bearer ${token}`);
    assert.equal(auth?.subject, key.alg);
    assert.deepEqual([auth?.membership, auth?.raw, auth?.extra], [[], token, 1]);
    assert.equal(await ask(`Bearer ${token}`), auth, 'remembered');
    const forged = `${token.slice(0, -8)}${token.endsWith('AAAAAAAA') ? 'BBBBBBBB' : 'AAAAAAAA'}`;
    await assert.rejects(ask(`Bearer ${forged}`), /failed to verify token/, key.alg);
  }
});

test('tokens that are not for us', async () => {
  const { url, keys } = await provider(['ES256']);
  const [key, other] = await Promise.all([makeKey('ES256', 'k'), makeKey('ES256', 'k')]);
  const rs = await makeKey('RS256', 'r');
  keys.push(key.jwk, rs.jwk);
  const { ask } = await start({ providers: [{ issuer_url: url, audience: 'us' }] });
  const good = { iss: url, aud: 'us', sub: 's' };
  const refuse = async (what: RegExp, token: string) =>
    assert.rejects(ask(`Bearer ${token}`), what);
  await ask(`Bearer ${await sign(key, good)}`);
  await refuse(/a different provider/, await sign(key, { ...good, iss: 'x' }));
  await refuse(/expected audience "us"/, await sign(key, { ...good, aud: 'them' }));
  await refuse(/expired/, await sign(key, good, Math.floor(Date.now() / 1000) - 1));
  const later = Math.floor(Date.now() / 1000) + 400;
  await refuse(/not before/, await sign(key, { ...good, nbf: later }, '1h'));
  await refuse(/failed to verify token/, await sign(other, good));
  await refuse(/failed to verify token/, await sign(rs, good)); // not offered by the provider
  const [head, body] = (await sign(key, good)).split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  await refuse(/failed to verify token/, `${none}.${body}.`);
  await refuse(/failed to verify token/, `${head}.${body}.`);
  await refuse(/failed to parse the token/, 'abc');
  await assert.rejects(ask(), /authentication didn't succeed/);
  await assert.rejects(ask('Bearer'), /invalid authorization header format/);
});

test('keys that the provider changes', async () => {
  const { url, keys, asked } = await provider(['EdDSA']);
  const [old, fresh] = await Promise.all([makeKey('EdDSA', 'old'), makeKey('EdDSA', 'fresh')]);
  keys.push(old.jwk);
  let ahead = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + ahead };
  const { ask } = await start({ issuer_url: url, ignore_audience: true }, clock);
  const claims = { iss: url, sub: 's' };
  await ask(`Bearer ${await sign(old, claims)}`);
  keys.splice(0, 1, fresh.jwk);
  const token = await sign(fresh, claims);
  await assert.rejects(ask(`Bearer ${token}`), /failed to verify token/);
  assert.equal(asked.filter((path) => path === '/keys').length, 1, 'not at once');
  ahead = 10_001;
  assert.equal((await ask(`Bearer ${token}`))?.subject, 's');
});

test('several providers, claims for name and groups, keys without ids', async () => {
  const [a, b] = await Promise.all([provider(['ES256']), provider(['ES256'])]);
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => makeKey('ES256')));
  a.keys.push(one!.jwk, two!.jwk);
  b.keys.push(three!.jwk);
  const { ask } = await start({
    attribute: 'X-Token',
    providers: [
      { issuer_url: a.url, audience: 'x', username_claim: 'name', groups_claim: 'groups' },
      { issuer_url: b.url, ignore_audience: true },
    ],
  });
  const claims = { iss: a.url, aud: 'x', name: 'me', groups: ['g', 1] };
  const auth = await ask(`T ${await sign(two!, claims)}`, 'x-token');
  assert.deepEqual([auth?.subject, auth?.membership], ['me', ['g', '1']]);
  const nameless = await sign(one!, { iss: a.url, aud: 'x', groups: [] });
  await assert.rejects(ask(`T ${nameless}`, 'x-token'), /username claim name not found/);
  await ask(`T ${await sign(three!, { iss: b.url })}`, 'x-token');
  const stranger = await sign(three!, { iss: 'http://c' });
  await assert.rejects(ask(`T ${stranger}`, 'x-token'), /no OIDC provider configured/);
});

test('a file of keys is followed', { timeout: 30_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'oidc-'));
  const file = join(dir, 'keys.json');
  const [old, fresh] = await Promise.all([makeKey('ES256'), makeKey('ES256')]);
  writeFileSync(file, JSON.stringify({ keys: [old.jwk, { kty: 'oct', k: 'AA' }] }));
  const provided = { issuer_url: 'https://nowhere', ignore_audience: true, public_keys_file: file };
  const { ask, extension } = await start({ providers: [provided] });
  try {
    const claims = { iss: 'https://nowhere', sub: 's' };
    await ask(`Bearer ${await sign(old, claims)}`);
    const token = await sign(fresh, claims);
    await assert.rejects(ask(`Bearer ${token}`), /failed to verify token/);
    writeFileSync(file, JSON.stringify({ keys: [fresh.jwk] }));
    for (;;) {
      const done = await ask(`Bearer ${token}`).then(
        () => true,
        () => false,
      );
      if (done) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    await extension.shutdown();
    rmSync(dir, { recursive: true });
  }
});

test('a provider that is not there, or another', async () => {
  await assert.rejects(start({ issuer_url: 'http://127.0.0.1:1', audience: 'x' }), /cannot get/);
  const { url } = await provider(['ES256']);
  const other = start({ issuer_url: `${url}/`, audience: 'x' });
  await assert.rejects(other, /issuer did not match/);
});

test('configuration', () => {
  const message = (given: object) => factory.config.safeParse(given).error?.issues[0]?.message;
  assert.equal(message({}), undefined);
  assert.match(message({ issuer_url: 'x' }) ?? '', /no Audience/);
  assert.match(message({ audience: 'x' }) ?? '', /no IssuerURL/);
  const one = { issuer_url: 'a', audience: 'b' };
  assert.match(message({ providers: [one, one] }) ?? '', /duplicate issuer URL found: a/);
  const loose = { ...one, issuer_url: 'c', ignore_issuer: true };
  assert.match(message({ providers: [one, loose] }) ?? '', /ignore_issuer/);
  const absent = { ...one, public_keys_file: '/nowhere' };
  assert.match(message({ providers: [absent] }) ?? '', /invalid public_keys_file "\/nowhere"/);
});

test('texts that are no key set', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.throws(() => parseKeys(text), /JWKS|no supported keys/);
    }),
  );
});

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { fakeClock } from '../../testing/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { TokenCache } from './cache.ts';
import { jwtBearer } from './config.ts';
import { factory } from './index.ts';
import { tokenOf } from './token.ts';

interface Seen {
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

/** A token server; `answer` gives status and body. */
async function tokenServer(answer: (seen: Seen, n: number) => [number, string, string?]) {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const one = { authorization: request.headers.authorization, form };
      seen.push(one);
      const [status, body, type = 'application/json'] = answer(one, seen.length);
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` };
}

async function start(given: object) {
  const settings = realTimeSettings(systemClock, { id: 'oauth2client' });
  const extension = factory.create(settings, factory.config.parse(given));
  await extension.start();
  const request = { headers: new Map(), client: undefined };
  return () => extension.capabilities.clientAuth!.headers(request);
}

const json = (fields: object) => JSON.stringify(fields);
const client = { client_id: 'a b', client_secret: 'c:d' };

test('client credentials: one token for many requests', async () => {
  const server = await tokenServer(() => [200, json({ access_token: 't', expires_in: 3600 })]);
  const given = { ...client, scopes: ['x', 'y'], endpoint_params: { audience: ['z'] } };
  const ask = await start({ ...given, token_url: server.url });
  const answers = await Promise.all([ask(), ask(), ask()]);
  for (const one of answers) assert.deepEqual(one, [['authorization', 'Bearer t']]);
  assert.ok(Array.isArray(ask()), 'at once when there is one');
  assert.equal(server.seen.length, 1);
  const [{ authorization, form } = assert.fail()] = server.seen;
  assert.equal(authorization, `Basic ${Buffer.from('a+b:c%3Ad').toString('base64')}`);
  assert.equal(form.toString(), 'grant_type=client_credentials&scope=x+y&audience=z');
});

test('a server that wants the secret in the body', async () => {
  const server = await tokenServer(({ authorization }, n) =>
    authorization === undefined
      ? [200, json({ access_token: `t${n}`, token_type: 'bearer', expires_in: 1 })]
      : [401, json({ error: 'invalid_client' })],
  );
  const ask = await start({ ...client, token_url: server.url });
  assert.deepEqual(await ask(), [['authorization', 'Bearer t2']]);
  assert.equal(server.seen[1]?.form.get('client_secret'), 'c:d');
});

test('what keeps a token away is said, without secrets', async () => {
  const server = await tokenServer(() => [
    400,
    json({ error: 'invalid_scope', error_description: 'no such scope' }),
  ]);
  const ask = await start({ ...client, token_url: server.url });
  await assert.rejects(Promise.resolve(ask()), (error: Error) => {
    assert.match(error.message, /failed to get security token.*400: invalid_scope: no such scope/);
    assert.doesNotMatch(error.message, /c:d/);
    return true;
  });
  const missing = await start({ ...client, client_id_file: '/nowhere', token_url: server.url });
  await assert.rejects(Promise.resolve(missing()), /cannot read credentials file "\/nowhere"/);
});

test('a signed assertion', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' });
  const server = await tokenServer(() => [200, 'access_token=t&token_type=MAC', 'text/plain']);
  const ask = await start({
    client_id: 'me',
    client_certificate_key: pem,
    client_certificate_key_id: 'k1',
    grant_type: jwtBearer,
    signature_algorithm: 'RS512',
    claims: { tenant: 5 },
    token_url: server.url,
  });
  assert.deepEqual(await ask(), [['authorization', 'MAC t']]);
  const assertion = server.seen[0]?.form.get('assertion') ?? '';
  const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, {
    issuer: 'me',
    subject: 'me',
    audience: server.url,
  });
  assert.deepEqual([protectedHeader.alg, protectedHeader.kid], ['RS512', 'k1']);
  assert.equal(payload.tenant, 5);
});

test('a token is renewed beside the requests', async () => {
  const clock = fakeClock();
  let tokens = 0;
  let fail = false;
  const failures: string[] = [];
  const fetch = async () => {
    if (fail) throw new Error('down');
    tokens += 1;
    return { authorization: `t${tokens}`, livesMs: 3_600_000 };
  };
  const cache = new TokenCache(fetch, clock, 300_000, ({ message }) => failures.push(message));
  const sent = async () => (await cache.headers())[0]?.[1];
  assert.equal(await sent(), 't1');
  await clock.advance(3_299_000);
  assert.equal(await sent(), 't1');
  fail = true;
  await clock.advance(2_000);
  assert.equal(await sent(), 't1', 'old one while the server is away');
  await clock.advance(1);
  assert.equal(await sent(), 't1');
  assert.deepEqual(failures, ['down'], 'one try in ten seconds');
  fail = false;
  await clock.advance(10_000);
  assert.equal(await sent(), 't1', 'the request does not wait');
  await clock.advance(0);
  assert.equal(await sent(), 't2');
  fail = true;
  await clock.advance(3_600_000);
  await assert.rejects(Promise.resolve(cache.headers()), /down/);
});

test('answers of token servers', () => {
  const read = (body: string, contentType = 'application/json') =>
    tokenOf({ status: 200, contentType, body });
  assert.deepEqual(read('{"access_token":"a","token_type":"BASIC","expires_in":"60"}'), {
    authorization: 'Basic a',
    livesMs: 60_000,
  });
  assert.throws(() => read('{}'), /missing access_token/);
  assert.throws(() => read('[]'), /missing access_token/);
  assert.throws(() => read('<html>'), /no JSON object/);
  assert.throws(() => read('{"access_token":"a\\r\\nb"}'), /no header value/);
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('application/json', 'text/plain'), (body, type) => {
      try {
        assert.match(read(body, type).authorization, /^\S+ \S+$/);
      } catch (error) {
        assert.ok(error instanceof Error && !error.message.startsWith('BUG'));
      }
    }),
  );
});

test('configuration', () => {
  const message = (given: object) => factory.config.safeParse(given).error?.issues[0]?.message;
  const good = { ...client, token_url: 'x' };
  assert.equal(message(good), undefined);
  assert.match(message({ ...good, client_id: '' }) ?? '', /client_id/);
  assert.match(message({ ...good, client_secret: '' }) ?? '', /client_secret/);
  assert.match(message({ ...good, token_url: '' }) ?? '', /token_url/);
  assert.match(message({ ...good, grant_type: 'password' }) ?? '', /grant_type/);
  assert.match(message({ ...good, grant_type: jwtBearer }) ?? '', /client_certificate_key/);
});

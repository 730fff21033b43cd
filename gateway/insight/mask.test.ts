import assert from 'node:assert/strict';
import test from 'node:test';
import { looksSecret, Mask, maskText } from './mask.ts';

test('keys that look like secrets', () => {
  const secret = [
    'authorization',
    'http.request.header.Authorization',
    'http.request.header.x-api-key',
    'http.response.header.set_cookie',
    'db.password',
    'userPassword',
    'clientSecret',
    'accessToken',
    'api_key',
    'apikey',
    'aws.secret.access.key',
    'session.id',
    'private-key',
  ];
  const open = ['http.route', 'gen_ai.usage.input_tokens', 'author', 'key', 'compass', 'tokenizer'];
  for (const key of secret) assert.equal(looksSecret(key), true, key);
  for (const key of open) assert.equal(looksSecret(key), false, key);
});

test('secrets inside texts', () => {
  const cases: [string, string][] = [
    ['GET http://bob:hunter2@host/x', 'GET http://bob:[REDACTED]@host/x'],
    ['/login?user=bob&password=hunter2&x=1', '/login?user=bob&password=[REDACTED]&x=1'],
    ['{"api_key": "abc def", "n": 1}', '{"api_key": [REDACTED], "n": 1}'],
    ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer [REDACTED]'],
    ['t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig', 't [REDACTED]'],
    ['SELECT * FROM tokens WHERE a = 1', 'SELECT * FROM tokens WHERE a = 1'],
    ['basic needs', 'basic needs'],
  ];
  for (const [text, shown] of cases) assert.equal(maskText(text), shown);
});

test('OTLP/JSON is copied without secrets, also in maps and by configured keys', () => {
  const mask = new Mask(['customer.*', 'IBAN']);
  const attribute = (key: string, value: unknown) => ({ key, value });
  const shown = mask.apply({
    attributes: [
      attribute('cookie', { stringValue: 'a=b' }),
      attribute('password', { intValue: '1234' }),
      attribute('customer.name', { stringValue: 'Bob' }),
      attribute('iban', { stringValue: 'DE1' }),
      attribute('body', {
        kvlistValue: { values: [attribute('token', { stringValue: 'x' })] },
      }),
      attribute('url', { stringValue: 'http://a:b@c/' }),
      attribute('count', { intValue: '5' }),
    ],
  });
  const hidden = { stringValue: '[REDACTED]' };
  assert.deepEqual(shown, {
    attributes: [
      attribute('cookie', hidden),
      attribute('password', hidden),
      attribute('customer.name', hidden),
      attribute('iban', hidden),
      attribute('body', { kvlistValue: { values: [attribute('token', hidden)] } }),
      attribute('url', { stringValue: 'http://a:[REDACTED]@c/' }),
      attribute('count', { intValue: '5' }),
    ],
  });
  assert.equal(mask.count, 6);
});

test('what is a secret only with what was cut off is masked, too', () => {
  const before = 'x'.repeat(2035);
  const shown = new Mask([]).apply(`${before} http://u:${'p'.repeat(100)}@h/`) as string;
  assert.equal(shown, `${before} http://u:[RE…`);
});

test('a password may contain an @', () => {
  assert.equal(maskText('http://u:p@ss@h:1/x@y'), 'http://u:[REDACTED]@h:1/x@y');
});

test('names before a secret word stay', () => {
  assert.equal(
    maskText('my.db-password = x, "client_secret":"y"'),
    'my.db-password = [REDACTED], "client_secret":[REDACTED]',
  );
});

test('long texts are cut', () => {
  const shown = new Mask([]).apply('x'.repeat(10_000)) as string;
  assert.equal(shown.length, 2049);
});

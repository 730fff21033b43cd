import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { duration, formatDuration, parseDuration } from './duration.ts';
import { endpoint, formatEndpoint, isLoopback, parseEndpoint } from './endpoint.ts';
import { headers, Secret, secret } from './secret.ts';
import { byteSize, parseByteSize } from './size.ts';
import { didYouMean, nearest } from './suggest.ts';

test('durations are read as Go reads them', () => {
  const f = (text: string, want: number | undefined) =>
    assert.equal(parseDuration(text), want, text);
  f('5s', 5000);
  f('1m30s', 90_000);
  f('1.5h', 5_400_000);
  f('200ms', 200);
  f('.5s', 500);
  f('1.s', 1000);
  f('0', 0);
  f('-10ms', -10);
  f('+1us', 0.001);
  f('1µs', 0.001);
  f('100ns', 0.0001);
  f('', undefined);
  f('5', undefined);
  f('s', undefined);
  f('5 s', undefined);
  f('5S', undefined);
  f('1d', undefined);
  f('.s', undefined);
  f('--1s', undefined);
  f('9999999999h', undefined);
});

test('a duration is written as Go writes it', () => {
  const f = (ms: number, want: string) => assert.equal(formatDuration(ms), want);
  f(0, '0s');
  f(90_000, '1m30s');
  f(3_600_000, '1h0m0s');
  f(1500, '1.5s');
  f(200, '200ms');
  f(0.001, '1µs');
  f(0.0001, '100ns');
  f(-61_000, '-1m1s');
});

test('a written duration is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (us) => {
      const read = parseDuration(formatDuration(us / 1000));
      assert.ok(Math.abs(read! - us / 1000) < 1e-3, `${us} ${read}`);
    }),
    { numRuns: 300 },
  );
});

test('any text is a duration or is not', () => {
  const piece = fc.constantFrom('1', '9', '.', 's', 'm', 'h', 'u', 'µ', 'n', '-', '+', ' ', 'e');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
      const read = parseDuration(parts.join(''));
      assert.ok(read === undefined || Number.isFinite(read));
    }),
  );
});

test('a duration in a configuration', () => {
  assert.equal(duration().parse('5s'), 5000);
  assert.equal(duration().parse(5_000_000), 5, 'integers are nanoseconds');
  assert.equal(duration().prefault('1s').parse(undefined), 1000);
  const message = (value: unknown) =>
    duration({ min: 1000, max: 60_000 }).safeParse(value).error?.issues[0]?.message;
  assert.equal(message('1ms'), 'must be at least 1s, got "1ms"');
  assert.equal(message('2h'), 'must be at most 1m0s, got "2h"');
  assert.match(message('soon') ?? '', /^expected a duration such as .*, got "soon"$/);
  assert.match(message(1.5) ?? '', /got 1.5$/);
});

test('byte sizes', () => {
  const f = (text: string, want: number | undefined) =>
    assert.equal(parseByteSize(text), want, text);
  f('0', 0);
  f('1048576', 2 ** 20);
  f('10MiB', 10 * 2 ** 20);
  f('1.5 GB', 1.5e9);
  f('2kb', 2000);
  f('3K', undefined);
  f('-1', undefined);
  f('1e3', undefined);
  f('', undefined);
  f('99999999TiB', undefined);
  assert.equal(byteSize().parse('1KiB'), 1024);
  assert.equal(
    byteSize({ min: 10 }).safeParse(5).error?.issues[0]?.message,
    'must be at least 10 bytes, got 5',
  );
  assert.equal(byteSize().safeParse(1.5).success, false);
});

test('endpoints', () => {
  const f = (text: string, host: string, port: number) =>
    assert.deepEqual(parseEndpoint(text), { host, port }, text);
  f('localhost:4317', 'localhost', 4317);
  f(':4317', '', 4317);
  f('[::1]:80', '::1', 80);
  f('0.0.0.0:0', '0.0.0.0', 0);
  for (const bad of ['', 'localhost', 'a:b', 'a:65536', '::1:80', '[::1]', 'http://a:1', '[a]:1']) {
    assert.equal(parseEndpoint(bad), undefined, bad);
  }
  assert.equal(formatEndpoint({ host: '::1', port: 80 }), '[::1]:80');
  assert.equal(
    endpoint().safeParse('x').error?.issues[0]?.message,
    'expected "host:port", got "x"',
  );
  assert.deepEqual(['localhost', '127.9.9.9', '::1', '0.0.0.0', ''].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

test('a secret shows itself only when asked', () => {
  const value = secret().parse('hunter2');
  assert.equal(value.reveal(), 'hunter2');
  const shown = [`${value}`, JSON.stringify({ value }), inspect({ value }), inspect(value)];
  for (const text of shown) {
    assert.ok(!text.includes('hunter2'), text);
    assert.ok(text.includes('[REDACTED]'), text);
  }
});

test('headers come as a map or a list', () => {
  const read = (value: unknown) =>
    headers()
      .parse(value)
      .map(([name, text]) => [name, text.reveal()]);
  assert.deepEqual(read({ a: '1', b: '2' }), [
    ['a', '1'],
    ['b', '2'],
  ]);
  assert.deepEqual(read([{ name: 'a', value: '1' }]), [['a', '1']]);
  const message = (value: unknown) => headers().safeParse(value).error?.issues[0]?.message;
  assert.equal(message({ 'a b': '1' }), 'invalid header name "a b"');
  assert.equal(message({ a: 'x\r\ny' }), 'the value of header "a" contains a line break');
  assert.ok(new Secret('x') instanceof Secret);
});

test('suggestions', () => {
  const keys = ['endpoint', 'max_request_body_size', 'tls', 'protocols'];
  const f = (word: string, want: string | undefined) => assert.equal(nearest(word, keys), want);
  f('endpont', 'endpoint');
  f('Endpoint', 'endpoint');
  f('max-request-body-size', 'max_request_body_size');
  f('tsl', 'tls');
  f('protocol', 'protocols');
  f('zzzzzz', undefined);
  f('', undefined);
  assert.equal(didYouMean('endpont', keys), ' (did you mean "endpoint"?)');
  assert.equal(didYouMean('zzzz', keys), '');
});

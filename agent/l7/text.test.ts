import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { hostPort, ipv6Text } from '../address.ts';
import { requestTable } from '../table.ts';
import { endpointOf, parseTarget } from './http1/target.ts';
import { redactQuery } from './obfuscate.ts';

test('query values that may be secrets are redacted', () => {
  const f = (query: string, want: string) => assert.equal(redactQuery(query), want);
  f('', '');
  f('a=1&b=2', 'a=1&b=2');
  f('access_token=abc&page=2', 'access_token=REDACTED&page=2');
  f('X-Goog-Signature=a;Password=b', 'X-Goog-Signature=REDACTED;Password=REDACTED');
  f('%74oken=abc', '%74oken=REDACTED');
  f('%zz=abc', '%zz=REDACTED');
  f('key=1&monkey=2', 'key=REDACTED&monkey=2');
  f('token', 'token');
  f('token=a=b&c', 'token=REDACTED&c');
  f('api-key=x&&', 'api-key=REDACTED&&');
});

test('a redacted value never shows', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const parameter = fc.tuple(fc.constantFrom('token', 'client_secret', 'a', 'q'), word);
  fc.assert(
    fc.property(fc.array(parameter, { maxLength: 6 }), (parameters) => {
      const redacted = redactQuery(parameters.map(([k, v]) => `${k}=<${v}>`).join('&'));
      const parts = redacted === '' ? [] : redacted.split('&');
      assert.equal(parts.length, parameters.length);
      for (const [i, [k, v]] of parameters.entries()) {
        const secret = k === 'token' || k === 'client_secret';
        assert.equal(parts[i], secret ? `${k}=REDACTED` : `${k}=<${v}>`);
      }
    }),
    { numRuns: 300 },
  );
});

test('request targets', () => {
  const f = (method: string, target: string) => Object.values(parseTarget(method, target));
  assert.deepEqual(f('GET', '/a?b=c?d'), ['http', '', '/a', 'b=c?d']);
  assert.deepEqual(f('OPTIONS', '*'), ['http', '', '*', '']);
  assert.deepEqual(f('GET', 'HTTPS://u:p@h:1?x'), ['https', 'REDACTED@h:1', '/', 'x']);
  assert.deepEqual(f('CONNECT', 'h:443'), ['', 'h:443', '', '']);
});

test('endpoints leave ids out', () => {
  const f = (path: string, segments: number, want: string) =>
    assert.equal(endpointOf(path, segments), want, path);
  f('/', 2, '/');
  f('/a/b/c', 2, '/a/b');
  f('/a/b/c', 0, '');
  f('//a//b', 2, '/a/b');
  f('/users/42/x', 3, '/users/{id}/x');
  f('/o/3fa85f64-5717-4562-b3fc-2c963f66afa6', 2, '/o/{id}');
  f('/h/deadbeef01', 2, '/h/{id}');
  f('/v1/facade', 2, '/v1/facade');
  f(`/x/${'y'.repeat(65)}`, 2, '/x/{id}');
  f('*', 2, '');
});

test('IPv6 addresses as RFC 5952 writes them', () => {
  const f = (words: readonly [number, number, number, number], want: string) =>
    assert.equal(ipv6Text(...words), want);
  f([0, 0, 0, 0], '::');
  f([0, 0, 0, 1], '::1');
  f([0x20010db8, 0, 0, 1], '2001:db8::1');
  f([0x20010db8, 0x10001, 0x10001, 0x10001], '2001:db8:1:1:1:1:1:1');
  f([0x20010db8, 0, 0x10000, 0x1], '2001:db8::1:0:0:1');
  f([0x20010000, 0x10000, 0x10000, 0x10000], '2001:0:1:0:1:0:1:0');
  f([0, 0, 0xffff, 0x0a000001], '::ffff:10.0.0.1');
  assert.equal(hostPort('::1', 80), '[::1]:80');
});

test('the table of requests cannot steer a terminal', () => {
  const row = {
    time: 't',
    client: 'c',
    server: 's',
    protocol: 'http',
    operation: 'GET',
    resource: '\x1b[31mred\u202e',
    result: '200',
    duration: '1 ms',
  };
  const [head, line] = requestTable([row, { ...row, resource: 'x'.repeat(100) }]).split('\n');
  assert.match(head!, /^TIME +CLIENT +SERVER +PROTOCOL +OPERATION +RESOURCE +RESULT +DURATION$/);
  assert.match(line!, /\\x1b\[31mred\\x202e/);
});

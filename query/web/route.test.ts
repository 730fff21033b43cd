import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReadError } from '../../storage/traces/reader.ts';
import { findRoute, WebError, type WebRoute, webError } from './route.ts';

function route(method: 'GET' | 'POST', path: string): WebRoute {
  return { method, path, handle: async () => ({ json: path }) };
}

const routes = [
  route('GET', '/api/v1/traces'),
  route('GET', '/api/v1/traces/:id'),
  route('POST', '/api/v1/traces/:id/rows'),
];

function found(method: string, path: string) {
  const at = findRoute(routes, method, path);
  return 'route' in at ? [at.route.path, at.params] : at;
}

test('a path finds its route, with what stands for its names', () => {
  assert.deepEqual(found('GET', '/api/v1/traces'), ['/api/v1/traces', {}]);
  assert.deepEqual(found('GET', '/api/v1/traces/a%2Fb'), ['/api/v1/traces/:id', { id: 'a/b' }]);
  assert.deepEqual(found('POST', '/api/v1/traces/x/rows'), [
    '/api/v1/traces/:id/rows',
    { id: 'x' },
  ]);
  assert.deepEqual(found('GET', '/api/v1/traces/x/rows'), ['POST']);
  for (const path of ['/', '/api/v1/trace', '/api/v1/traces/', '/api/v1/traces/a/b']) {
    assert.deepEqual(found('GET', path), []);
  }
  assert.throws(() => found('GET', '/api/v1/traces/%zz'), {
    reason: 'bad_request',
    message: 'cannot decode path segment "%zz"',
  });
});

test('any segment comes back as it was encoded, and no path throws anything else', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
      const [, params] = found('GET', `/api/v1/traces/${encodeURIComponent(id)}`);
      assert.deepEqual(params, { id });
    }),
  );
  fc.assert(
    fc.property(fc.string(), (path) => {
      try {
        findRoute(routes, 'GET', path);
      } catch (error) {
        assert.ok(error instanceof WebError);
      }
    }),
  );
});

test('failures of the storage say what to do; programming errors are none of them', () => {
  const slow = webError(new ReadError('cannot read traces: out of time', 'timeout'));
  assert.equal(slow?.status, 504);
  assert.match(slow?.hint ?? '', /shorter time range/);
  const own = new WebError('not_found', 'gone');
  assert.equal(webError(own), own);
  assert.equal(webError(new TypeError('x')), undefined);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { proxyFor } from './proxy.ts';
import { urlFault } from './url.ts';

/** By the rules and examples of golang.org/x/net/http/httpproxy. */
test('the proxy that the environment names', () => {
  const HTTP_PROXY = 'p:1';
  const HTTPS_PROXY = 'https://q:2';
  const of = (url: string, env: Record<string, string> = {}) =>
    proxyFor(url, { HTTP_PROXY, HTTPS_PROXY, ...env });
  assert.equal(of('http://a.b/x'), 'http://p:1');
  assert.equal(of('https://a.b'), 'https://q:2');
  assert.equal(proxyFor('http://a.b', { http_proxy: 'http://u:p@p:1' }), 'http://u:p@p:1');
  assert.equal(proxyFor('https://a.b', { HTTP_PROXY }), undefined);
  assert.equal(of('http://a.b', { REQUEST_METHOD: 'GET' }), undefined);
  for (const url of ['http://localhost:1', 'http://127.9.9.9', 'http://[::1]:5']) {
    assert.equal(of(url), undefined, url);
  }
  assert.throws(() => proxyFor('http://a', { HTTP_PROXY: 'http://[' }), /HTTP_PROXY is no URL/);
});

test('hosts without a proxy', () => {
  const through = (url: string, NO_PROXY: string) =>
    proxyFor(url, { HTTP_PROXY: 'http://p', NO_PROXY }) !== undefined;
  const cases: readonly (readonly [url: string, list: string, proxied: boolean])[] = [
    ['http://a.com', '*', false],
    ['http://a.com', 'b.com, A.com', false],
    ['http://x.a.com', 'a.com', false],
    ['http://xa.com', 'a.com', true],
    ['http://a.com', '.a.com', true],
    ['http://x.a.com', '.a.com', false],
    ['http://x.a.com', '*.a.com', false],
    ['http://a.com', 'a.com:80', false],
    ['http://a.com:81', 'a.com:80', true],
    ['http://10.1.2.3', '10.0.0.0/8', false],
    ['http://11.1.2.3', '10.0.0.0/8', true],
    ['http://10.1.2.3:99', '10.1.2.3', false],
    ['http://10.1.2.3', '10.1.2.4', true],
    ['http://[fe80::1]', 'fe80::/10', false],
    ['http://[2001:db8::1]:9', '[2001:db8::1]:9', false],
    ['http://a.com', '10.0.0.0/33, 5/x, ,:', true],
  ];
  for (const [url, list, proxied] of cases) {
    assert.equal(through(url, list), proxied, `${url} ${list}`);
  }
  fc.assert(fc.property(fc.string(), (list) => typeof through('http://a.com', list) === 'boolean'));
});

test('texts that are URLs for Go', () => {
  for (const good of ['', 'x', '/a', 'http://a', 'localhost:1', 'http://[::1]:1/x?y#z', 'a/b:c']) {
    assert.equal(urlFault(good), undefined, good);
  }
  for (const bad of [':a', '1.2.3.4:5', 'http://a:b', 'http://a b', 'http://[::1', 'a%zz', 'a\n']) {
    assert.notEqual(urlFault(bad), undefined, bad);
  }
  const url = fc.webUrl({ withFragments: true, withQueryParameters: true });
  fc.assert(fc.property(url, (text) => urlFault(text) === undefined));
});

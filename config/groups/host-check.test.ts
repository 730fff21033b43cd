import assert from 'node:assert/strict';
import test from 'node:test';
import { hostCheck } from './host-check.ts';

test('on loopback only names of this machine and the allowed ones pass', () => {
  const check = hostCheck('127.0.0.5:80', ['Me.example']);
  const good = ['localhost', 'LOCALHOST:9', '127.0.0.1:1', '[::1]', '[::1]:80', '127.0.0.5:80'];
  for (const host of [...good, 'me.example', 'ME.example:443']) {
    assert.equal(check(host), undefined, host);
  }
  const bad = ['evil.example', 'localhost.evil.example:80', 'me.example:x', '127.0.0.6', '::1'];
  for (const host of [...bad, '', undefined]) assert.notEqual(check(host), undefined, host);
  assert.equal(
    check('Evil.example:80'),
    'cannot answer for host "evil.example": not one of this server\'s',
  );
});

test('IPv6 addresses pass as they are written in a Host header', () => {
  assert.equal(hostCheck('[::1]:80', [])('[::1]:80'), undefined);
});

test('what others can reach is not checked', () => {
  for (const endpoint of ['0.0.0.0:80', ':80', 'gateway.example:80', '/run/api.sock']) {
    assert.equal(hostCheck(endpoint, ['me.example'])('evil.example'), undefined, endpoint);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peerAddress, peerHost } from './peer.ts';

test('addresses of the other end', () => {
  for (const [remoteAddress, host, address] of [
    ['10.1.2.3', '10.1.2.3', '10.1.2.3:5'],
    ['::ffff:10.1.2.3', '10.1.2.3', '10.1.2.3:5'],
    ['::FFFF:10.1.2.3', '10.1.2.3', '10.1.2.3:5'],
    ['::1', '::1', '[::1]:5'],
    ['2001:db8::2', '2001:db8::2', '[2001:db8::2]:5'],
    ['fe80::1%eth0', 'fe80::1%eth0', '[fe80::1%eth0]:5'],
    [undefined, '', ''],
  ] as const) {
    assert.equal(peerHost({ remoteAddress, remotePort: 5 }), host);
    assert.equal(peerAddress({ remoteAddress, remotePort: 5 }), address);
  }
});

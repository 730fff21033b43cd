import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedSum } from './bands.ts';
import { clusterService, isAddress, peerOf, withPort } from './peer-name.ts';
import type { PeerCalls } from './peer-rows.ts';

const nothing: PeerCalls = {
  service: 'shop',
  consumes: false,
  db: '',
  mq: '',
  protocol: '',
  peerService: '',
  host: '',
  port: 0,
  namespace: '',
  destination: '',
  red: new RedSum(),
};

test('the other end is named by what is said of it', () => {
  const f = (fields: Partial<PeerCalls>, want: string | undefined) => {
    const peer = peerOf({ ...nothing, ...fields });
    const text = peer === undefined ? undefined : `${peer.type}:${peer.name}`;
    assert.equal(text, want, JSON.stringify(fields));
  };
  f({}, undefined);
  f({ protocol: 'http' }, undefined);
  f({ db: 'postgresql' }, 'database:postgresql');
  f({ db: 'postgresql', namespace: 'orders' }, 'database:orders');
  f({ db: 'postgresql', namespace: 'orders', host: 'pg', port: 5432 }, 'database:pg:5432');
  f({ db: 'mysql', peerService: 'orders-db', host: 'pg' }, 'database:orders-db');
  f({ mq: 'kafka', destination: 'orders', host: 'k1', port: 9092 }, 'queue:orders');
  f({ mq: 'kafka', host: 'k1', port: 9092 }, 'queue:k1:9092');
  f({ mq: 'kafka' }, 'queue:kafka');
  f({ host: 'api.example.com', port: 443 }, 'external:api.example.com');
  f({ host: 'api.example.com', port: 80 }, 'external:api.example.com');
  f({ host: 'api.example.com', port: 8443 }, 'external:api.example.com:8443');
  f({ host: '10.1.2.3', port: 80 }, 'address:10.1.2.3:80');
  f({ host: '2001:db8::1', port: 443 }, 'address:[2001:db8::1]:443');
  f({ peerService: 'ledger', host: '10.1.2.3' }, 'external:ledger');
});

test('addresses are told from names', () => {
  for (const text of ['10.0.0.1', '10.0.0.1:80', '::1', '[::1]:443', '2001:db8::1']) {
    assert.ok(isAddress(text), text);
  }
  for (const text of ['', 'shop', 'shop:80', '10.0.0', '10.0.0.1:x', '[shop]:80', 'a:b:c']) {
    assert.ok(!isAddress(text), text);
  }
});

test('a port stands after its host', () => {
  assert.equal(withPort('shop', 0), 'shop');
  assert.equal(withPort('', 80), '');
  assert.equal(withPort('10.0.0.1', 80), '10.0.0.1:80');
  assert.equal(withPort('::1', 80), '[::1]:80');
});

test('names within a cluster give the service', () => {
  assert.equal(clusterService('cart.shop.svc.cluster.local:8080'), 'cart');
  assert.equal(clusterService('cart.shop.svc'), 'cart');
  assert.equal(clusterService('cart.shop'), undefined);
  assert.equal(clusterService('www.example.com'), undefined);
});

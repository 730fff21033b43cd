/** Unmodified clients of Zipkin: every span comes out with the values that it was given. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../testing/ports.ts';
import {
  type Got,
  installed,
  python,
  type Said,
  senders,
  sentBy,
  startGateway,
} from './zipkin-jaeger.ts';

const count = 1000;

/** What a client's spans have to be. */
interface Expectation {
  readonly service: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource?: Readonly<Record<string, unknown>>;
  readonly status?: (n: number) => Readonly<Record<string, unknown>>;
  readonly scope?: string;
}

function compare(said: readonly Said[], got: Map<string, Got>, wanted: Expectation): void {
  assert.equal(said.length, count);
  assert.equal(got.size, count);
  for (const { n, traceId, spanId } of said) {
    const span = got.get(spanId)!;
    assert.ok(span, `span ${n} is not there`);
    assert.equal(span.traceId, traceId.padStart(32, '0'));
    assert.equal(span.name, `op-${n}`);
    assert.equal(span.kind, wanted.kind);
    assert.deepEqual(span.resource, { 'service.name': wanted.service, ...wanted.resource });
    const own = { n: String(n), text: `größe ${n}` };
    const { error: _, ...attributes } = span.attributes;
    assert.deepEqual(attributes, { ...own, ...wanted.attributes });
    assert.deepEqual(span.events, [{ name: `note ${n}`, attributes: {} }]);
    assert.deepEqual(span.status, wanted.status?.(n) ?? {});
    assert.equal(span.scope, wanted.scope ?? '');
    assert.ok(BigInt(span.end) >= BigInt(span.start) && BigInt(span.start) > 1n);
  }
}

const local = { 'network.local.address': '10.1.2.3', 'net.host.port': '8080' };
const place = { ipv4: '10.1.2.3', port: '8080' };

for (const [client, path, wanted] of [
  ['v2', '/api/v2/spans', { service: 'node-shop', kind: 2, attributes: local }],
  ['v1', '/api/v1/spans', { service: 'node-shop', kind: 2, attributes: {}, resource: place }],
  [
    'otel',
    '/api/v2/spans',
    {
      service: 'otel-shop',
      kind: 3,
      attributes: {},
      resource: { 'host.name': 'box' },
      status: (n: number) => (n % 2 === 0 ? { code: 2 } : {}),
    },
  ],
] as const) {
  test(`spans of Node.js: ${client}`, { timeout: 120_000 }, async (t) => {
    if (!installed('zipkin') || !installed('@opentelemetry/exporter-zipkin')) {
      return t.skip("Zipkin's clients for Node.js are not installed");
    }
    const [port = 0] = await freePorts(1);
    const gateway = await startGateway(t, `zipkin: {endpoint: "127.0.0.1:${port}"}`);
    const script = join(senders, 'zipkin-node.cjs');
    const url = `http://127.0.0.1:${port}${path}`;
    const said = await sentBy(process.execPath, [script, client, url, String(count)]);
    compare(said, await gateway.spans(count), wanted);
  });
}

const peer = {
  'service.peer.name': 'back',
  'network.peer.address': '10.9.8.7',
  'net.peer.port': '9000',
};

for (const [encoding, path, wanted] of [
  ['v2', '/api/v2/spans', { service: 'python-shop', kind: 3, attributes: { ...local, ...peer } }],
  [
    'proto',
    '/api/v2/spans',
    { service: 'python-shop', kind: 3, attributes: { ...local, ...peer } },
  ],
  [
    'v1',
    '/api/v1/spans',
    { service: 'python-shop', kind: 3, attributes: { sa: true }, resource: place },
  ],
] as const) {
  test(`spans of py_zipkin: ${encoding}`, { timeout: 120_000 }, async (t) => {
    if (!existsSync(python)) return t.skip('the Python clients are not installed (.cache/python)');
    const [port = 0] = await freePorts(1);
    const gateway = await startGateway(t, `zipkin: {endpoint: "127.0.0.1:${port}"}`);
    const script = join(senders, 'zipkin-python.py');
    const url = `http://127.0.0.1:${port}${path}`;
    const said = await sentBy(python, [script, encoding, url, String(count)]);
    compare(said, await gateway.spans(count), wanted);
  });
}

/** Unmodified clients of Jaeger: every span comes out with the values that it was given. */
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

function compare(said: readonly Said[], got: Map<string, Got>, service: string): void {
  assert.equal(said.length, count);
  assert.equal(got.size, count);
  for (const { n, traceId, spanId } of said) {
    const span = got.get(spanId.padStart(16, '0'))!;
    assert.ok(span, `span ${n} is not there`);
    assert.equal(span.traceId, traceId.padStart(32, '0'));
    assert.equal(span.name, `op-${n}`);
    assert.equal(span.kind, 3);
    assert.equal(span.start, '1700000000000000000');
    assert.equal(span.end, '1700000000005000000');
    assert.equal(span.resource['service.name'], service);
    // The exporter of OpenTelemetry's SDK says on each span what its resource is.
    assert.equal(span.resource.region ?? span.attributes.region, 'eu');
    const { n: number, text, half, even } = span.attributes;
    // JavaScript's clients have one kind of number.
    assert.deepEqual([Number(number), text, half, even], [n, `größe ${n}`, n + 0.5, n % 2 === 0]);
    const [event] = span.events;
    assert.equal(span.events.length, 1);
    assert.equal(event?.name, `note ${n}`);
    assert.equal(Number(event?.attributes.size), n);
    assert.deepEqual(span.status, n % 2 === 0 ? { code: 2 } : {});
  }
}

for (const [client, protocol] of [
  ['udp', 'thrift_binary'],
  ['http', 'thrift_http'],
  ['otel-udp', 'thrift_binary'],
  ['otel-http', 'thrift_http'],
] as const) {
  test(`spans of Node.js: ${client}`, { timeout: 120_000 }, async (t) => {
    if (!installed('jaeger-client') || !installed('@opentelemetry/exporter-jaeger')) {
      return t.skip("Jaeger's clients for Node.js are not installed");
    }
    const [port = 0] = await freePorts(1);
    const endpoint = `{endpoint: "127.0.0.1:${port}"}`;
    const gateway = await startGateway(t, `jaeger: {protocols: {${protocol}: ${endpoint}}}`);
    const script = join(senders, 'jaeger-node.cjs');
    const args = [script, client, '127.0.0.1', String(port), String(count)];
    const said = await sentBy(process.execPath, args);
    compare(said, await gateway.spans(count), 'node-shop');
  });
}

test('spans of Python: udp', { timeout: 120_000 }, async (t) => {
  if (!existsSync(python)) return t.skip('the Python clients are not installed (.cache/python)');
  const [port = 0] = await freePorts(1);
  const endpoint = `{endpoint: "127.0.0.1:${port}"}`;
  const gateway = await startGateway(t, `jaeger: {protocols: {thrift_compact: ${endpoint}}}`);
  const script = join(senders, 'jaeger-python.py');
  const said = await sentBy(python, [script, '127.0.0.1', String(port), String(count)]);
  compare(said, await gateway.spans(count), 'python-shop');
});

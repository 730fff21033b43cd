/** Unmodified clients of Jaeger: every span is found again in the store, with all its values. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from '../../testing/ports.ts';
import { type Stored, startStored } from '../lib/stored.ts';
import { storedSpans } from '../lib/stored-spans.ts';
import { installed, python, type Said, senders, sentBy } from './said.ts';

const count = 1000;
const protocols = ['thrift_binary', 'thrift_http', 'thrift_compact', 'grpc'] as const;
const pythonOfGrpc = join(python, '../../../python-jaeger/bin/python');

let stored: Stored;
let ports: Readonly<Record<(typeof protocols)[number], number>>;

before(async () => {
  const [binary = 0, web = 0, compact = 0, grpc = 0] = await freePorts(protocols.length);
  ports = { thrift_binary: binary, thrift_http: web, thrift_compact: compact, grpc };
  const all = protocols.map((name) => `${name}: {endpoint: "127.0.0.1:${ports[name]}"}`);
  const config = `{protocols: {${all.join(', ')}}}`;
  stored = await startStored({ jaeger: { config, signals: ['traces'] } });
});

after(() => stored?.stop());

const at = (ms: number): string => `${1_700_000_000_000 + ms}000000`;

/** What is peculiar to a client. */
interface Peculiar {
  /** Milliseconds of the event and the end after the start. */
  readonly after?: readonly [number, number];
  /** Key of the attribute that has what others have as the event's name. */
  readonly eventKey?: string;
}

async function check(
  said: readonly Said[],
  service: string,
  { after: times = [2, 5], eventKey = '' }: Peculiar = {},
): Promise<void> {
  assert.equal(said.length, count);
  const spans = await storedSpans(stored, service, count);
  const got = new Map(spans.map((span) => [span.spanId, span]));
  for (const { n, traceId, spanId } of said) {
    const span = got.get(spanId.padStart(16, '0'))!;
    assert.ok(span, `span ${n} is not there`);
    assert.equal(span.traceId, traceId.padStart(32, '0'));
    assert.equal(span.parentSpanId, '');
    assert.equal(span.name, `op-${n}`);
    assert.equal(span.kind, 3);
    assert.equal(span.start, at(0));
    assert.equal(span.end, at(times[1]));
    assert.equal(span.resource['service.name'], service);
    // The exporter of OpenTelemetry's SDK says on each span what its resource is.
    assert.equal(span.resource.region ?? span.attributes.region, 'eu');
    const { n: number, text, half, even } = span.attributes;
    // JavaScript's clients have one kind of number.
    assert.deepEqual([Number(number), text, half, even], [n, `größe ${n}`, n + 0.5, n % 2 === 0]);
    const [event] = span.events;
    assert.equal(span.events.length, 1);
    const note = eventKey === '' ? event?.name : event?.attributes[eventKey];
    assert.equal(note, `note ${n}`);
    assert.equal(event?.time, at(times[0]));
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
  test(`spans of Node.js: ${client}`, { timeout: 300_000 }, async (t) => {
    if (!installed('jaeger-client') || !installed('@opentelemetry/exporter-jaeger')) {
      return t.skip("Jaeger's clients for Node.js are not installed");
    }
    const script = join(senders, 'jaeger-node.cjs');
    const args = [script, client, '127.0.0.1', String(ports[protocol]), String(count)];
    const said = await sentBy(process.execPath, args);
    await check(said, `node-${client}`);
  });
}

test('spans of Python: udp', { timeout: 300_000 }, async (t) => {
  if (!existsSync(python)) return t.skip('the Python clients are not installed (.cache/python)');
  const script = join(senders, 'jaeger-python.py');
  const said = await sentBy(python, [
    script,
    '127.0.0.1',
    String(ports.thrift_compact),
    String(count),
  ]);
  await check(said, 'python-shop');
});

test('spans of Python: grpc', { timeout: 300_000 }, async (t) => {
  if (!existsSync(pythonOfGrpc)) {
    return t.skip('the exporter for gRPC is not installed (.cache/python-jaeger)');
  }
  const script = join(senders, 'jaeger-grpc.py');
  const args = [script, '127.0.0.1', String(ports.grpc), String(count)];
  const peculiar = { after: [500, 1000], eventKey: 'message' } as const;
  await check(await sentBy(pythonOfGrpc, args), 'python-grpc', peculiar);
});

/** Unmodified clients of Zipkin: every span is found again in the store, with all its values. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../../testing/ports.ts';
import { type Stored, startStored } from '../lib/stored.ts';
import { type Got, storedSpans } from '../lib/stored-spans.ts';
import { installed, python, type Said, senders, sentBy } from './said.ts';

const count = 1000;

let stored: Stored;
let port: number;

before(async () => {
  port = await freePort();
  const config = `{endpoint: "127.0.0.1:${port}"}`;
  stored = await startStored({ zipkin: { config, signals: ['traces'] } });
});

after(() => stored?.stop());

/** What a client's spans have to be. */
interface Expectation {
  readonly service: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource?: Readonly<Record<string, unknown>>;
  readonly status?: (n: number) => Readonly<Record<string, unknown>>;
  readonly scope?: string;
  /** Of start, event and end, ns since 1970; without: the time of the test. */
  readonly times?: (n: number) => readonly string[];
}

const started = BigInt(Date.now()) * 1_000_000n;

function inOrder(...times: readonly (string | bigint)[]): boolean {
  const all = times.map(BigInt);
  return all.every((time, i) => i === 0 || time >= all[i - 1]!);
}

async function check(said: readonly Said[], wanted: Expectation): Promise<void> {
  assert.equal(said.length, count);
  const got = new Map<string, Got>();
  for (const span of await storedSpans(stored, wanted.service, count)) got.set(span.spanId, span);
  for (const { n, traceId, spanId } of said) {
    const span = got.get(spanId)!;
    assert.ok(span, `span ${n} is not there`);
    assert.equal(span.parentSpanId, '');
    assert.equal(span.traceId, traceId.padStart(32, '0'));
    assert.equal(span.name, `op-${n}`);
    assert.equal(span.kind, wanted.kind);
    assert.deepEqual(span.resource, { 'service.name': wanted.service, ...wanted.resource });
    const own = { n: String(n), text: `größe ${n}` };
    const { error: _, ...attributes } = span.attributes;
    assert.deepEqual(attributes, { ...own, ...wanted.attributes });
    assert.equal(span.events.length, 1);
    const [{ time, ...event }] = span.events as [Got['events'][0]];
    assert.deepEqual(event, { name: `note ${n}`, attributes: {} });
    assert.deepEqual(span.status, wanted.status?.(n) ?? {});
    assert.equal(span.scope, wanted.scope ?? '');
    const times = wanted.times?.(n);
    if (times !== undefined) assert.deepEqual([span.start, time, span.end], times);
    else assert.ok(inOrder(started, span.start, time, span.end, BigInt(Date.now()) * 1_000_000n));
  }
}

const local = { 'network.local.address': '10.1.2.3', 'net.host.port': '8080' };
const place = { ipv4: '10.1.2.3', port: '8080' };

for (const [client, path, wanted] of [
  ['v2', '/api/v2/spans', { service: 'node-v2', kind: 2, attributes: local }],
  ['v1', '/api/v1/spans', { service: 'node-v1', kind: 2, attributes: {}, resource: place }],
  [
    'otel',
    '/api/v2/spans',
    {
      service: 'node-otel',
      kind: 3,
      attributes: {},
      resource: { 'host.name': 'box' },
      status: (n: number) => (n % 2 === 0 ? { code: 2 } : {}),
      times: (n: number) =>
        [0, 2, 5].map((more) => String(1_700_000_000_000_000_000n + BigInt(n + more) * 1000n)),
    },
  ],
] as const) {
  test(`spans of Node.js: ${client}`, { timeout: 300_000 }, async (t) => {
    if (!installed('zipkin') || !installed('@opentelemetry/exporter-zipkin')) {
      return t.skip("Zipkin's clients for Node.js are not installed");
    }
    const script = join(senders, 'zipkin-node.cjs');
    const url = `http://127.0.0.1:${port}${path}`;
    const said = await sentBy(process.execPath, [script, client, url, String(count)]);
    await check(said, wanted);
  });
}

const peer = {
  'service.peer.name': 'back',
  'network.peer.address': '10.9.8.7',
  'net.peer.port': '9000',
};

const halfSecond = (n: number): string[] =>
  [0n, 250n, 500n].map((ms) => String((1_700_000_000_000n + BigInt(n) * 1000n + ms) * 1_000_000n));

for (const [encoding, path, wanted] of [
  ['v2', '/api/v2/spans', { attributes: { ...local, ...peer } }],
  ['proto', '/api/v2/spans', { attributes: { ...local, ...peer } }],
  ['v1', '/api/v1/spans', { attributes: { sa: true }, resource: place }],
] as const) {
  test(`spans of py_zipkin: ${encoding}`, { timeout: 300_000 }, async (t) => {
    if (!existsSync(python)) return t.skip('the Python clients are not installed (.cache/python)');
    const script = join(senders, 'zipkin-python.py');
    const url = `http://127.0.0.1:${port}${path}`;
    const said = await sentBy(python, [script, encoding, url, String(count)]);
    await check(said, { service: `python-${encoding}`, kind: 3, times: halfSecond, ...wanted });
  });
}

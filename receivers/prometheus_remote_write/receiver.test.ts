import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { type TestContext, test } from 'node:test';
import { compressSync } from 'snappy';
import { decodeMetrics } from '../../pdata/objects/index.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { message1, message2, type TestSeries } from '../../wire/prometheus/testing/message.ts';
import { config } from './config.ts';
import { remoteWriteReceiver } from './receiver.ts';

const protobuf = 'application/x-protobuf';
const version2 = `${protobuf};proto=io.prometheus.write.v2.Request`;
const up: TestSeries = {
  labels: { __name__: 'up', job: 'a' },
  samples: [{ value: 1, time: 1000 }],
};
const unnamed: TestSeries = { labels: { job: 'a' }, samples: [{ value: 1, time: 1000 }] };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

async function start(t: TestContext, given: object = {}, budgetBytes = 2 ** 26) {
  const settings = testSettings({ id: 'prometheus_remote_write', budgetBytes });
  const sink = collectingSink<'metrics'>();
  const keys = config.parse({ endpoint: '127.0.0.1:0', ...given });
  const receiver = remoteWriteReceiver(settings, keys, sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  const { port } = receiver.address as { port: number };
  const post = (
    body: Buffer,
    headers: Readonly<Record<string, string>> = {},
    path = '/api/v1/write',
    method = 'POST',
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ port, path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const send = (message: Buffer, type = protobuf): Promise<Answer> =>
    post(compressSync(message), { 'content-type': type, 'content-encoding': 'snappy' });
  const names = (): string[] =>
    sink.batches.flatMap((batch) =>
      decodeMetrics(batch).flatMap(({ scopes }) =>
        scopes.flatMap(({ items }) => items.map(({ name }) => name)),
      ),
    );
  return { settings, sink, post, send, names };
}

const written = ({ headers }: Answer): unknown[] =>
  ['samples', 'histograms', 'exemplars'].map(
    (what) => headers[`x-prometheus-remote-write-${what}-written`],
  );

test('takes version 1.0', async (t) => {
  const { send, names, settings } = await start(t);
  const answer = await send(message1([up]));
  assert.equal(answer.status, 204);
  assert.deepEqual(written(answer), [undefined, undefined, undefined]);
  assert.deepEqual(names(), ['up']);
  assert.equal(settings.meter.value('otelcol_receiver_accepted_metric_points'), 1);
  assert.equal(settings.budget.used, 0);
});

test('takes version 2.0 and says what was written', async (t) => {
  const { send, names } = await start(t);
  const histogram = { count: 1, sum: 1, schema: 0, zeroCount: 1, time: 5 };
  const exemplar = { labels: { a: 'b' }, value: 1, time: 5 };
  const answer = await send(
    message2([
      { ...up, exemplars: [exemplar] },
      { labels: { __name__: 'h' }, histograms: [histogram] },
    ]),
    version2,
  );
  assert.equal(answer.status, 204);
  assert.equal(answer.text, '');
  assert.deepEqual(written(answer), ['1', '1', '1']);
  assert.deepEqual(names(), ['up', 'h']);
});

test('keeps the good part of a request and names the bad one', async (t) => {
  const { send, names } = await start(t);
  const answer = await send(message2([up, unnamed, up]), version2);
  assert.equal(answer.status, 400);
  assert.match(answer.text, /^1 parts of the request were refused/);
  assert.match(answer.text, /series 1: it has no label __name__/);
  assert.deepEqual(written(answer), ['2', '0', '0']);
  assert.deepEqual(names(), ['up']);
  const first = await send(message1([unnamed]));
  assert.equal(first.status, 400);
  assert.deepEqual(names(), ['up']);
});

test('answers metadata alone, and uses it for what comes later', async (t) => {
  const { send, sink } = await start(t);
  const families = [{ name: 'c_total', type: 1, help: 'Things.', unit: '' }];
  assert.equal((await send(message1([], families))).status, 204);
  assert.equal(sink.items, 0);
  await send(message1([{ labels: { __name__: 'c_total' }, samples: [{ value: 1, time: 1 }] }]));
  const [metric] = decodeMetrics(sink.batches[0]!)[0]!.scopes[0]!.items;
  assert.equal(metric!.data.kind, 'sum');
  assert.equal(metric!.description, 'Things.');
});

test('takes senders that do not say that they compress, and other compressions', async (t) => {
  const { post, names } = await start(t);
  assert.equal((await post(compressSync(message1([up])))).status, 204);
  const plain = { 'content-encoding': 'identity', 'content-type': protobuf };
  assert.equal((await post(message1([up]), plain)).status, 204);
  assert.deepEqual(names(), ['up', 'up']);
});

test('refuses what it cannot read, by the code that says why', async (t) => {
  const { post, send, sink } = await start(t, { max_request_body_size: 10_000 });
  const body = compressSync(message1([up]));
  const type = (value: string) => ({ 'content-type': value, 'content-encoding': 'snappy' });
  const cases: readonly (readonly [Promise<Answer>, number, RegExp])[] = [
    [post(body, type('application/json')), 415, /"application\/json": expected application/],
    [post(body, type(`${protobuf};proto=other`)), 415, /unknown message, expected one of prom/],
    [post(body, type(`${protobuf};proto`)), 415, /no name=value/],
    [post(body, { 'content-type': protobuf, 'content-encoding': 'br' }), 415, /Content-Encoding/],
    [post(Buffer.from('no snappy'), type(protobuf)), 400, /snappy/],
    [send(Buffer.from([10, 50, 1])), 400, /cannot read the request: cut off at byte 2/],
    [send(message2([up])), 204, /^$/],
    [post(compressSync(Buffer.alloc(20_000)), type(protobuf)), 413, /over 10000 bytes/],
    [post(body, type(protobuf), '/other'), 404, /not found/],
    [post(body, type(protobuf), '/api/v1/write', 'PUT'), 405, /expected POST/],
  ];
  for (const [answer, status, text] of cases) {
    const got = await answer;
    assert.equal(got.status, status, got.text);
    assert.match(got.text, text);
  }
  assert.equal(sink.items, 0);
});

test('refuses a request that would become too large', async (t) => {
  const { send, settings } = await start(t);
  const samples = Array.from({ length: 5000 }, () => ({ value: 0, time: 0 }));
  const labels = { __name__: 'a', long: 'x'.repeat(3000) };
  const answer = await send(message2([{ labels, samples }]), version2);
  assert.equal(answer.status, 413);
  assert.deepEqual(written(answer), ['0', '0', '0']);
  assert.equal(settings.budget.used, 0);
});

test('passes on what the pipeline says', async (t) => {
  const { send, sink, settings } = await start(t);
  sink.failures.push(retryable('full', { retryAfterMs: 1500 }), permanent('never'));
  const later = await send(message2([up]), version2);
  assert.equal(later.status, 503);
  assert.equal(later.headers['retry-after'], '2');
  assert.equal(later.text, 'full\n');
  assert.deepEqual(written(later), ['0', '0', '0']);
  const never = await send(message2([up]), version2);
  assert.deepEqual([never.status, never.text], [400, 'never\n']);
  assert.equal(settings.meter.value('otelcol_receiver_refused_metric_points'), 2);
  assert.equal(settings.budget.used, 0);
});

test('refuses for want of memory, and says when to come again', async (t) => {
  const { send, settings } = await start(t, {}, 100_000);
  settings.budget.tryReserve(99_900);
  const answer = await send(message2([up]), version2);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
  assert.equal(settings.budget.used, 99_900);
});

test('hands on headers where it is asked to', async (t) => {
  const { post, sink } = await start(t, { include_metadata: true });
  await post(compressSync(message1([up])), { 'x-tenant': 'blue', 'content-encoding': 'snappy' });
  assert.deepEqual(sink.contexts[0]!.client.metadata.get('x-tenant'), ['blue']);
});

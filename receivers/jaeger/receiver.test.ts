import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Traces } from '../../pdata/batch.ts';
import { freePort } from '../../testing/ports.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { until } from '../../testing/until.ts';
import { spanTexts } from '../../wire/tagged-spans/testing.ts';
import { config } from './config.ts';
import { JaegerReceiver } from './receiver.ts';

const recordings = join(import.meta.dirname, '../../wire/jaeger/testdata');
const recording = (name: string) => readFileSync(join(recordings, name));

async function start(t: TestContext, protocols: Record<string, object>) {
  const settings = testSettings({ id: 'jaeger' });
  const sink = collectingSink<'traces'>();
  const given: Record<string, object> = {};
  for (const [name, keys] of Object.entries(protocols)) {
    given[name] = { endpoint: `127.0.0.1:${await freePort()}`, ...keys };
  }
  const receiver = new JaegerReceiver(settings, config.parse({ protocols: given }), sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  return { settings, sink, receiver };
}

const thrift = 'application/x-thrift';

async function postThrift(port: number, body: Buffer, type = thrift) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/traces?format=jaeger.thrift`, {
    method: 'POST',
    body,
    headers: { 'content-type': type },
  });
  return { status: answer.status, text: await answer.text() };
}

function call(t: TestContext, port: number, body: Buffer): Promise<ServiceError | undefined> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.after(() => client.close());
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/jaeger.api_v2.CollectorService/PostSpans',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      body,
      new Metadata(),
      (error) => resolve(error ?? undefined),
    );
  });
}

test('the same spans over all four protocols', async (t) => {
  const { sink, receiver, settings } = await start(t, {
    grpc: {},
    thrift_http: {},
    thrift_binary: {},
    thrift_compact: {},
  });
  const { status: answered } = await postThrift(
    receiver.port('thrift_http'),
    recording('all.jaeger.thrift'),
    'application/vnd.apache.thrift.binary; charset=x',
  );
  assert.equal(answered, 202);
  const udp = createSocket('udp4');
  t.after(() => void udp.close());
  udp.send(recording('all.emit-binary'), receiver.port('thrift_binary'), '127.0.0.1');
  await until(() => sink.batches.length === 2);
  udp.send(recording('all.emit-compact'), receiver.port('thrift_compact'), '127.0.0.1');
  await until(() => sink.batches.length === 3);
  const [first, second, third] = sink.batches.map(spanTexts);
  assert.equal(first?.length, 39);
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
  assert.equal(await call(t, receiver.port('grpc'), recording('all.jaeger.pb')), undefined);
  assert.equal(sink.batches[3]?.itemCount, 40);
  for (const [transport, spans] of [
    ['grpc', 40],
    ['collector_http', 39],
    ['udp_thrift_binary', 39],
    ['udp_thrift_compact', 39],
  ] as const) {
    const accepted = { transport, receiver: 'jaeger' };
    assert.equal(settings.meter.value('otelcol_receiver_accepted_spans', accepted), spans);
  }
});

test('Thrift over HTTP: what is refused', async (t) => {
  const { sink, receiver, settings } = await start(t, { thrift_http: {} });
  const port = receiver.port('thrift_http');
  const good = recording('counted.jaeger.thrift');
  assert.deepEqual(await postThrift(port, good, 'text/plain'), {
    status: 400,
    text: 'Unsupported content type: text/plain\n',
  });
  const cut = await postThrift(port, good.subarray(0, -20));
  assert.equal(cut.status, 400);
  assert.match(cut.text, /^Unable to process request body: cannot read Thrift at byte \d+: /);
  assert.equal((await fetch(`http://127.0.0.1:${port}/api/traces`)).status, 405);
  assert.equal((await fetch(`http://127.0.0.1:${port}/api/trace`)).status, 404);
  sink.failures.push(retryable(), permanent());
  for (const text of ['try later', 'bad data']) {
    const answer = await postThrift(port, good);
    assert.deepEqual(answer, { status: 500, text: `Cannot submit Jaeger batch: ${text}\n` });
  }
  assert.equal(sink.items, 0);
  assert.equal(settings.meter.value('otelcol_receiver_refused_spans'), 4);
  assert.equal(settings.budget.used, 0);
});

test('gRPC: what is refused', async (t) => {
  const { sink, receiver } = await start(t, { grpc: {} });
  const port = receiver.port('grpc');
  const broken = await call(t, port, Buffer.of(10, 5, 1));
  assert.equal(broken?.code, status.INVALID_ARGUMENT);
  // A trace id of two bytes beside a good span.
  const ids = '0a1000000000000000000000000000000001 1208 0000000000000002 1a0161'.replaceAll(
    ' ',
    '',
  );
  const spans = Buffer.from(`0a 26 0a 1f${ids} 0a 04 0a020102`.replaceAll(' ', ''), 'hex');
  spans[1] = spans.length - 2;
  spans[3] = ids.length / 2;
  const partly = await call(t, port, spans);
  assert.equal(partly?.code, status.INVALID_ARGUMENT);
  assert.match(partly?.details ?? '', /^1 of 2 spans are refused: span 1: .* an id of 2 bytes/);
  assert.equal(sink.items, 1);
  sink.failures.push(retryable());
  const later = await call(t, port, recording('counted.jaeger.thrift').subarray(0, 0));
  assert.equal(later, undefined);
  const refused = await call(t, port, recording('no-process.jaeger.pb'));
  assert.equal(refused?.code, status.UNAVAILABLE);
});

test('packets: too large, unreadable, too many', async (t) => {
  const { sink, receiver, settings } = await start(t, {
    thrift_compact: { max_packet_size: 600, workers: 1, queue_size: 2 },
  });
  const udp = createSocket('udp4');
  t.after(() => void udp.close());
  const port = receiver.port('thrift_compact');
  const packet = recording('counted.emit-compact');
  const errors = () => settings.logger.lines.filter(({ level }) => level === 'error');
  udp.send(recording('all.emit-compact'), port, '127.0.0.1');
  await until(() => errors().length === 1);
  udp.send(packet.subarray(0, -9), port, '127.0.0.1');
  await until(() => errors().length === 2);
  assert.equal(sink.items, 0);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { consume } = sink;
  let calls = 0;
  sink.consume = async (batch: Traces, ctx) => {
    calls += 1;
    await gate;
    return consume(batch, ctx);
  };
  for (let i = 0; i < 5; i += 1) udp.send(packet, port, '127.0.0.1');
  await until(() => errors().length === 4);
  assert.equal(calls, 1);
  open();
  await until(() => sink.items === 6);
  assert.equal(settings.budget.used, 0);
});

test('numbers with which nothing could be received are refused at start', async (t) => {
  for (const [keys, message] of [
    [{ workers: 0 }, 'number of processors must be greater than 0, called with 0'],
    [{ queue_size: -1 }, 'queue_size must not be negative, got -1'],
    [{ max_packet_size: 0 }, 'max_packet_size must be greater than 0, got 0'],
  ] as const) {
    await assert.rejects(start(t, { thrift_binary: keys }), { message });
  }
});

test('configuration', () => {
  const fault = (given: object) => config.safeParse(given).error?.issues[0]?.message ?? '';
  assert.match(fault({}), /must specify at least one protocol/);
  assert.match(fault({ protocols: null }), /./);
  assert.equal(fault({ protocols: { grpc: null } }), '');
  assert.match(
    fault({ protocols: { thrift_binary: { endpoint: 'localhost:65536' } } }),
    /invalid port number for the Thrift UDP Binary endpoint: port number must be between/,
  );
  assert.match(fault({ protocols: { grpc: { endpoint: '1234' } } }), /gRPC endpoint: endpoint is/);
  assert.match(fault({ protocols: { grpc: {} }, remote_sampling: {} }), /jaegerremotesampling/);
});

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import type { Consumer } from '../../component/consumer.ts';
import { permanent, retryable } from '../../testing/sinks.ts';
import { until } from '../../testing/until.ts';
import { proto, segment } from '../../wire/skywalking/testing.ts';
import { Code } from '../../wire/status/code.ts';
import { methods } from './methods.ts';
import {
  itemsOf,
  openStream,
  post,
  type Running,
  startReceiver,
  streamed,
  unary,
} from './testing.ts';

const collect = '/skywalking.v3.TraceSegmentReportService/collect';
const inSync = '/skywalking.v3.TraceSegmentReportService/collectInSync';
const keepAlive = '/skywalking.v3.ManagementService/keepAlive';

async function start(t: TestContext, ...given: Parameters<typeof startReceiver>): Promise<Running> {
  const running = await startReceiver(...given);
  t.after(running.close);
  return running;
}

const bad = segment([{}], { traceId: '' });
const spansJson = (operationName: string) => ({
  traceId: 'aaaabbbbccccddddeeeeffff00001111',
  traceSegmentId: '11112222333344445555666677778888',
  service: 'svc',
  serviceInstance: 'one',
  spans: [
    { spanId: 0, parentSpanId: -1, startTime: 1, endTime: 2, operationName, spanType: 'Exit' },
  ],
});

describe('gRPC', () => {
  it('answers every method, also by its older path', async (t) => {
    const { client } = await start(t);
    for (const { paths, streams, reply } of methods) {
      for (const path of paths) {
        const answer = streams ? streamed(client, path, []) : unary(client, path, Buffer.alloc(0));
        assert.deepEqual(Buffer.from(await answer), Buffer.from(reply ?? []), path);
      }
    }
  });

  it('does not know others', async (t) => {
    const { client } = await start(t);
    const ask = unary(client, '/skywalking.v3.EBPFProcessService/keepAlive', Buffer.alloc(0));
    await assert.rejects(ask, { code: grpc.status.UNIMPLEMENTED });
  });

  it('tells profilers that their data are not wanted, and counts them', async (t) => {
    const { client, settings } = await start(t);
    const { stream, answer } = openStream(client, '/skywalking.v10.AsyncProfilerTask/collect');
    stream.write(Buffer.of(1));
    assert.deepEqual([...(await answer)], [8, 2]);
    await streamed(client, '/skywalking.v3.ProfileTask/collectSnapshot', [Buffer.of(1)]);
    const book = settings.book.snapshot().nodes.find(({ node }) => node === 'skywalking');
    assert.deepEqual(book?.dropped, { profiling_not_supported: 2 });
  });

  it('keeps the good part of a stream and says what was bad', async (t) => {
    const { client, traces, settings } = await start(t);
    const answer = streamed(client, collect, [segment([{}, {}]), bad, segment([{}]), bad]);
    await assert.rejects(answer, {
      code: grpc.status.INVALID_ARGUMENT,
      details: '2 of 4 messages: cannot take a segment without traceId',
    });
    assert.equal(traces.items, 3);
    const labels = { receiver: 'skywalking', transport: 'grpc' };
    assert.equal(settings.meter.value('otelcol_receiver_accepted_spans', labels), 3);
  });

  it('keeps the good part of one message', async (t) => {
    const { client, traces } = await start(t);
    const segments = [spansJson('a'), { ...spansJson('b'), traceSegmentId: '' }];
    await assert.rejects(unary(client, inSync, proto('Segments', { segments })), {
      code: grpc.status.INVALID_ARGUMENT,
      details: '1 of 2 segments: cannot take a segment without traceSegmentId',
    });
    assert.equal(traces.items, 1);
    await assert.rejects(unary(client, inSync, Buffer.of(0x0a, 0x05)), {
      code: grpc.status.INVALID_ARGUMENT,
      details: 'length 5 of 0 bytes that are left at byte 2',
    });
    assert.equal(traces.items, 1);
  });

  it('says what the pipelines say', async (t) => {
    const { client, traces, settings } = await start(t);
    const answers: readonly (readonly [ReturnType<typeof retryable>, number])[] = [
      [retryable(), grpc.status.UNAVAILABLE],
      [retryable('full', { status: Code.RESOURCE_EXHAUSTED }), grpc.status.RESOURCE_EXHAUSTED],
      [permanent(), grpc.status.INTERNAL],
    ];
    for (const [failure, code] of answers) {
      traces.failures.push(failure);
      await assert.rejects(streamed(client, collect, [segment([{}])]), { code });
    }
    assert.equal(settings.meter.value('otelcol_receiver_refused_spans'), 3);
    assert.equal(traces.items, 0);
    assert.equal(settings.budget.used, 0);
  });

  it('delivers what a stream that stays open sends, and answers it at the end', async () => {
    const running = await startReceiver();
    const { client, traces, settings } = running;
    const { stream, answer } = openStream(client, collect);
    stream.write(segment([{}]));
    await until(() => traces.items === 1, 'the first segment');
    stream.write(segment([{}, {}]));
    await until(() => traces.items === 3, 'the second');
    assert.equal(traces.batches.length, 2);
    stream.write(segment([{}]));
    await new Promise((resolve) => setImmediate(resolve));
    await until(() => settings.budget.used > 0 || traces.items === 4, 'the third');
    const closed = running.receiver.shutdown();
    assert.equal((await answer).length, 0);
    await closed;
    client.close();
    assert.equal(traces.items, 4);
    assert.equal(settings.budget.used, 0);
  });

  it('keeps what a client sent that went away', async (t) => {
    const { client, traces, settings } = await start(t);
    const { stream } = openStream(client, collect);
    stream.write(segment([{}]));
    await until(() => settings.budget.used > 0, 'the segment');
    client.close();
    stream.destroy();
    await until(() => traces.items === 1, 'the batch');
    await until(() => settings.budget.used === 0, 'the memory');
  });

  it('lets a client wait while its batches are on their way', async (t) => {
    const running = await start(t);
    const waiting: (() => void)[] = [];
    let items = 0;
    const slow: Consumer<'traces'> = {
      mutates: false,
      consume(batch) {
        items += batch.itemCount;
        return new Promise((resolve) => void waiting.push(resolve));
      },
    };
    Object.assign(running.traces, { consume: slow.consume });
    const spans = Array.from({ length: 1000 }, (_, spanId) => ({ spanId }));
    const big = segment(spans);
    const { stream, answer } = openStream(running.client, collect);
    for (let i = 0; i < 60; i += 1) stream.write(big);
    stream.end();
    await until(() => waiting.length === 2, 'two batches');
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(waiting.length, 2);
    assert.ok(running.settings.budget.used < 8 << 20);
    const drain = setInterval(() => waiting.shift()?.(), 1);
    await answer;
    clearInterval(drain);
    assert.equal(items, 60_000);
    assert.equal(running.settings.budget.used, 0);
  });

  it('refuses when there is no memory', async (t) => {
    const { client, traces, settings } = await start(t, { budgetBytes: 20_000 });
    const spans = Array.from({ length: 200 }, (_, spanId) => ({ spanId }));
    const answer = streamed(client, collect, [segment(spans)]);
    await assert.rejects(answer, { code: grpc.status.UNAVAILABLE });
    assert.equal(traces.items, 0);
    await until(() => settings.budget.used === 0, 'the memory');
    await streamed(client, collect, [segment([{}])]);
    assert.equal(traces.items, 1);
  });
});

describe('pipelines', () => {
  it('that are not there: messages are answered and passed over, segments refused', async (t) => {
    const { client, httpPort } = await start(t, {}, ['metrics']);
    const properties = { service: 'svc', serviceInstance: 'one', properties: [] };
    await unary(client, keepAlive, Buffer.alloc(0));
    await streamed(client, '/skywalking.v3.LogReportService/collect', [Buffer.of(9)]);
    await unary(
      client,
      '/skywalking.v3.ManagementService/reportInstanceProperties',
      proto('Instance', properties),
    );
    await assert.rejects(streamed(client, collect, []), { code: grpc.status.UNIMPLEMENTED });
    assert.equal((await post(httpPort, '/v3/segments', [])).status, 404);
    assert.equal((await post(httpPort, '/v3/logs', [])).status, 200);
  });

  it('of traces alone: resources have what instances say of themselves', async (t) => {
    const { httpPort, traces } = await start(t, {}, ['traces']);
    const properties = [{ key: 'hostname', value: 'h1' }];
    const instance = { service: 'svc', serviceInstance: 'one', properties };
    assert.equal((await post(httpPort, '/v3/management/reportProperties', instance)).status, 200);
    await post(httpPort, '/v3/segment', spansJson('a'));
    const [span] = traces.batches.flatMap(itemsOf);
    assert.equal(span.resource['host.name'], 'h1');
  });
});

describe('HTTP', () => {
  it('takes every path', async (t) => {
    const { httpPort, traces, logs } = await start(t);
    const page = { service: 'web', serviceVersion: 'v1', pagePath: '/' };
    const bodies: readonly (readonly [string, unknown])[] = [
      ['/v3/segment', spansJson('a')],
      ['/v3/segments', [spansJson('b'), spansJson('c')]],
      ['/v3/logs', [{ service: 'svc', body: { text: { text: 'x' } } }]],
      ['/v3/events', [{ uuid: 'u', name: 'Upgrade', startTime: 1, layer: 'GENERAL' }]],
      ['/v3/management/reportProperties', { service: 'svc', serviceInstance: 'i' }],
      ['/v3/management/keepAlive', { service: 'svc', serviceInstance: 'i' }],
      ['/browser/perfData', page],
      ['/browser/perfData/webVitals', page],
      ['/browser/perfData/resources', [page, page]],
      ['/browser/perfData/webInteractions', [page]],
      ['/browser/errorLog', { ...page, category: 'js' }],
      ['/browser/errorLogs', [page]],
    ];
    for (const [path, body] of bodies) {
      const answer = await post(httpPort, path, body);
      assert.equal(answer.status, 200, `${path}: ${answer.body}`);
      assert.equal(answer.body, '{}');
      assert.equal(answer.headers['content-type'], 'application/json');
    }
    const spans = traces.batches.flatMap(itemsOf);
    assert.deepEqual(
      spans.map(({ name, kind }) => [name, kind]),
      ['a', 'b', 'c'].map((name) => [name, 3]),
    );
    assert.equal(logs.items, 10);
  });

  it('says what is wrong', async (t) => {
    const { httpPort, traces, settings } = await start(t);
    const says = async (
      path: string,
      body: unknown,
      status: number,
      text: RegExp,
      method = 'POST',
    ) => {
      const answer = await post(httpPort, path, body, method);
      assert.equal(answer.status, status);
      assert.match(answer.body, text);
    };
    await says(
      '/v3/segments',
      '{}',
      400,
      /^cannot read JSON at byte 0: expected '\[', found '\{'\n$/,
    );
    await says('/v3/segment', '', 400, /cannot read JSON at byte 0: expected an object/);
    const partly = [spansJson('a'), { ...spansJson('b'), traceId: '' }];
    await says(
      '/v3/segments',
      partly,
      400,
      /^1 of 2 messages: cannot take a segment without traceId\n$/,
    );
    assert.equal(traces.items, 1);
    await says('/v3/nothing', '{}', 404, /not found/);
    await says('/v3/segments', '', 405, /method not allowed/, 'GET');
    traces.failures.push(retryable(), permanent());
    const segments = [spansJson('a')];
    await says('/v3/segments', segments, 503, /try later/);
    await says('/v3/segments', segments, 500, /bad data/);
    assert.equal(traces.items, 1);
    assert.equal(settings.budget.used, 0);
  });

  it('refuses what there is no memory for', async (t) => {
    const { httpPort, traces, settings } = await start(t, { budgetBytes: 12_000 });
    const many = Array.from({ length: 60 }, () => spansJson('a'));
    const answer = await post(httpPort, '/v3/segments', many);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    assert.equal(traces.items, 0);
    assert.equal(settings.budget.used, 0);
  });
});

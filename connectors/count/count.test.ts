import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogsBuilder, MetricsBuilder, TracesBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { pointLines, startConnector } from '../../testing/connector.ts';
import { permanent } from '../../testing/sinks.ts';
import { numberedSpans } from '../../testing/spans.ts';
import { factory } from './index.ts';

const at = 1_700_000_000_000_000_000n;

function someSpans() {
  const builder = new TracesBuilder();
  for (const service of ['a', 'b']) {
    builder.resource({ 'service.name': service });
    builder.scope('s', '', { zone: 'z' });
    for (let i = 0; i < 3; i += 1) {
      builder.span({
        traceId: Buffer.alloc(16, 1),
        spanId: Buffer.alloc(8, i + 1),
        name: `GET ${i % 2}`,
        startTimeUnixNano: at - BigInt(i),
        endTimeUnixNano: at + 100n,
        attributes: { code: 200 + (i % 2), ...(i === 0 ? { extra: 'e' } : {}) },
        events: [{ timeUnixNano: at + 7n, name: 'e', attributes: { n: i } }],
      });
    }
  }
  return builder.finish();
}

const traces = ['traces', 'metrics'] as const;

test('spans and events of each resource, with the times that they span', async () => {
  const started = await startConnector(factory, traces, {});
  await started.send(someSpans());
  const [counts] = started.sink.batches;
  assert.deepEqual(pointLines(counts!), [
    'trace.span.count: 3',
    'trace.span.count: 3',
    'trace.span.event.count: 3',
    'trace.span.event.count: 3',
  ]);
  const text = toJson(counts!);
  assert.match(
    text,
    /"startTimeUnixNano":"1699999999999999998","timeUnixNano":"1700000000000000100"/,
  );
  assert.match(
    text,
    /"startTimeUnixNano":"1700000000000000007","timeUnixNano":"1700000000000000007"/,
  );
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
});

test('conditions and attributes; counts begin anew with each batch', async () => {
  const spans = {
    slow: { conditions: ['attributes["code"] == 201', 'name == "nothing"'] },
    by_code: { attributes: [{ key: 'code' }, { key: 'zone' }] },
    by_extra: { attributes: [{ key: 'extra', default_value: 'none' }, { key: 'service.name' }] },
    needs_extra: { attributes: [{ key: 'extra' }] },
  };
  const spanevents = { late: { conditions: ['attributes["n"] > 1'] } };
  const started = await startConnector(factory, traces, { spans, spanevents });
  for (let i = 0; i < 2; i += 1) await started.send(someSpans());
  for (const batch of started.sink.batches) {
    assert.deepEqual(pointLines(batch), [
      'by_code code=200 zone=z: 2',
      'by_code code=200 zone=z: 2',
      'by_code code=201 zone=z: 1',
      'by_code code=201 zone=z: 1',
      'by_extra extra=e service.name=a: 1',
      'by_extra extra=e service.name=b: 1',
      'by_extra extra=none service.name=a: 2',
      'by_extra extra=none service.name=b: 2',
      'late: 1',
      'late: 1',
      'needs_extra extra=e: 1',
      'needs_extra extra=e: 1',
      'slow: 1',
      'slow: 1',
    ]);
  }
  await started.stop();
});

test('metrics and their points; a metric without data refuses the batch', async () => {
  const started = await startConnector(factory, ['metrics', 'metrics'] as const, {});
  const builder = new MetricsBuilder();
  builder.metric('g');
  builder.gauge();
  builder.numberPoint({ timeUnixNano: at, value: 1 });
  builder.numberPoint({ timeUnixNano: at, value: 2 });
  await started.send(builder.finish());
  assert.deepEqual(pointLines(started.sink.batches[0]!), [
    'metric.count: 1',
    'metric.datapoint.count: 2',
  ]);
  const bare = Uint8Array.from([10, 9, 18, 7, 18, 5, 10, 3, 97, 98, 99]);
  await assert.rejects(started.send(parseRequest('metrics', bare)), {
    message: 'metric "abc": invalid metric type: Empty',
    retryable: true,
  });
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
});

test('a failing condition refuses the batch, and leaves nothing behind', async () => {
  const logs = { bad: { conditions: ['ParseJSON(body) != nil'] } };
  const started = await startConnector(factory, ['logs', 'metrics'] as const, { logs });
  const batch = (...bodies: string[]) => {
    const builder = new LogsBuilder();
    for (const body of bodies) builder.record({ timeUnixNano: at, body });
    return builder.finish();
  };
  await assert.rejects(started.send(batch('{}', '{')), /failed to eval condition/);
  await started.send(batch('{}'));
  assert.deepEqual(pointLines(started.sink.batches[0]!), ['bad: 1']);
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
});

test('a refusal of the counts is passed on', async () => {
  const started = await startConnector(factory, traces, {});
  started.sink.failures.push(permanent('no room'));
  await assert.rejects(started.send(numberedSpans([1])), { message: 'no room', retryable: false });
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
});

test('unknown keys are told', async () => {
  const given = { foo: 1, spans: { x: { bar: 2, attributes: [{ key: 'a', baz: 1 }] } } };
  const started = await startConnector(factory, traces, given);
  const [line] = started.settings.logger.lines;
  assert.deepEqual(line?.fields, {
    keys: ['foo', 'spans::x::bar', 'spans::x::attributes::0::baz'],
  });
  await started.stop();
});

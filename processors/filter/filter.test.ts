import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { LogReader, type MessageView, SpanField, SpanReader } from '../../pdata/readers.ts';
import { randomRequest } from '../../pdata/testing/random-request.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { numberedSpans, spanNumbers } from '../../testing/spans.ts';
import { config } from './config.ts';
import { factory } from './index.ts';

async function run<S extends Signal>(signal: S, options: object, batch: Batch<S>) {
  const sink = collectingSink<S>();
  const settings = testSettings();
  const processor = factory.create(signal, settings, config.parse(options), sink);
  await processor.consume(batch, background);
  return { out: sink.batches[0] as Batch<S> | undefined, settings };
}

const hex = ({ bytes, start, end }: MessageView) =>
  Buffer.from(bytes.subarray(start, end)).toString('hex');

/** Spans or log records with what holds them. */
function items(batch: Batch<'traces'> | Batch<'logs'>, takes: (item: MessageView) => boolean) {
  const reader =
    batch.signal === 'traces' ? new SpanReader(batch) : new LogReader(batch as Batch<'logs'>);
  const out: string[] = [];
  while (reader.nextAnyItem()) {
    if (takes(reader.item))
      out.push([reader.resource, reader.scope, reader.item].map(hex).join(' '));
  }
  return out;
}

test('what no condition takes stays byte for byte', async () => {
  let taken = 0;
  for (let seed = 1; seed < 300; seed += 1) {
    const shape = { unknown: seed % 2 === 0, wild: seed % 3 === 0 };
    const batch = parseRequest('traces', randomRequest('traces', seed, shape));
    const options = { trace_conditions: ['span.kind == SPAN_KIND_SERVER or span.name == "a"'] };
    const { out } = await run('traces', options, batch);
    const expected = items(batch, (item) => {
      const name = item.string(SpanField.name);
      return !(item.uint(SpanField.kind) === 2 || name === 'a');
    });
    taken += batch.itemCount - expected.length;
    assert.deepEqual(out === undefined ? [] : items(out, () => true), expected, `${seed}`);
    if (out === undefined) continue;
    assert.equal(out.itemCount, expected.length);
    const again = parseRequest('traces', Buffer.concat(out.ranges()));
    assert.deepEqual(
      items(again, () => true),
      expected,
      `${seed}: read again`,
    );
  }
  assert.ok(taken > 50, `${taken}`);
});

test('span events go one by one', async () => {
  const names = (batch: Batch<'traces'>): string[][] => {
    const reader = new SpanReader(batch);
    const all: string[][] = [];
    while (reader.nextAnyItem()) {
      const events: string[] = [];
      while (reader.nextEvent()) events.push(`${reader.event.string(2)} ${hex(reader.event)}`);
      all.push(events);
    }
    return all;
  };
  let taken = 0;
  for (let seed = 1; seed < 300; seed += 1) {
    const shape = { unknown: seed % 2 === 0, wild: seed % 3 === 0 };
    const batch = parseRequest('traces', randomRequest('traces', seed, shape));
    const options = { trace_conditions: ['IsMatch(spanevent.name, "^(a|k1)?$")'] };
    const { out } = await run('traces', options, batch);
    if (out === undefined) {
      assert.equal(batch.itemCount, 0);
      continue;
    }
    const expected = names(batch).map((list) => list.filter((one) => !/^(a|k1)? /.test(one)));
    taken += names(batch).flat().length - expected.flat().length;
    const again = parseRequest('traces', Buffer.concat(out.ranges()));
    assert.deepEqual(names(again), expected, `${seed}`);
  }
  assert.ok(taken > 20, `${taken}`);
});

test('tags and lengths of more bytes than they need', async () => {
  const field = (tag: readonly number[], body: readonly number[]) => [...tag, body.length, ...body];
  const event = (name: number) => field([0xda, 0x00], field([0x92, 0x00], [name]));
  const padded = (name: number) => [0xda, 0x80, 0x00, 0x84, 0x00, ...field([0x92, 0x00], [name])];
  const [a, b, c] = [97, 98, 99] as const;
  const events = [event(a), event(b), padded(a), padded(c), event(a)].flat();
  const span = field([0x92, 0x00], [...events, ...field([0x2a], [65])]);
  const bytes = Uint8Array.from(field([0x8a, 0x00], field([0x92, 0x00], span)));
  const options = { trace_conditions: ['spanevent.name == "a"'] };
  const { out } = await run('traces', options, parseRequest('traces', bytes));
  const again = parseRequest('traces', Buffer.concat(out!.ranges()));
  const names = [...toJson(again).matchAll(/"name":"(.)"/g)].map(([, name]) => name);
  assert.deepEqual(names, ['A', 'b', 'c']);
});

test('a batch that loses nothing is handed on as it is, one that loses all is not', async () => {
  const batch = numberedSpans([1, 2, 3]);
  const kept = await run('traces', { trace_conditions: ['span.name == "other"'] }, batch);
  assert.equal(kept.out, batch);
  const gone = await run('traces', { trace_conditions: ['IsMatch(span.name, "^span")'] }, batch);
  assert.equal(gone.out, undefined);
  const whole = await run('traces', { traces: { resource: ['true'] } }, batch);
  assert.equal(whole.out, undefined);
});

test('lists are ORed, groups follow each other', async () => {
  const { out } = await run(
    'traces',
    {
      trace_conditions: [
        { context: 'span', conditions: ['name == "span 1"', 'name == "span 3"'] },
        { context: 'span', conditions: ['name == "span 4"'] },
      ],
    },
    numberedSpans([1, 2, 3, 4, 5]),
  );
  assert.deepEqual(spanNumbers(out!), [2, 5]);
});

test('metrics go with their last data point', async () => {
  const point = (value: string) => ({
    asInt: '1',
    attributes: [{ key: 'a', value: { stringValue: value } }],
  });
  const list = [
    { name: 'one', gauge: { dataPoints: [point('x'), point('y')] } },
    { name: 'two', sum: { dataPoints: [point('x')] } },
    { name: 'empty', gauge: {} },
  ];
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] };
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  const options = { metric_conditions: ['datapoint.attributes["a"] == "x"'] };
  const { out } = await run('metrics', options, parseJson('metrics', bytes));
  const json = toJson(out!);
  assert.match(json, /"one"/);
  assert.doesNotMatch(json, /"two"/);
  assert.doesNotMatch(json, /"stringValue":"x"/);
  assert.equal(out!.itemCount, 1);
});

test('a condition that fails does not hold, or refuses the batch for now', async () => {
  const conditions = ['Substring(span.name, 0, 1000) == "a"', 'span.name == "span 2"'];
  const { out, settings } = await run(
    'traces',
    { trace_conditions: conditions },
    numberedSpans([1, 2, 3]),
  );
  assert.deepEqual(spanNumbers(out!), [1, 3]);
  assert.equal(settings.logger.lines.filter(({ level }) => level === 'warn').length, 1);
  const propagate = { error_mode: 'propagate', trace_conditions: conditions };
  await assert.rejects(run('traces', propagate, numberedSpans([1])), (error) => {
    assert.ok(error instanceof PipelineError);
    return error.retryable;
  });
});

test('oldest keys: what is included stays, what is excluded goes', async () => {
  const include = { match_type: 'regexp', span_names: ['^span [1-3]$'] };
  const exclude = { match_type: 'strict', span_names: ['span 2'] };
  const { out } = await run('traces', { spans: { include, exclude } }, numberedSpans([1, 2, 3, 4]));
  assert.deepEqual(spanNumbers(out!), [1, 3]);
});

test('configurations that cannot be are refused with the reason', () => {
  for (const [options, reason] of [
    [{ error_mode: 'loud' }, /error_mode/],
    [{ trace_conditions: ['name == "a"'] }, /context/],
    [{ trace_conditions: ['span.nme == "a"'] }, /nme/],
    [{ traces: { span: ['name == '] } }, /invalid syntax/],
    [
      { traces: { span: ['true'] }, spans: { include: { match_type: 'strict', services: ['a'] } } },
      /spans|ottl/,
    ],
    [{ spans: { include: { match_type: 'strict' } } }, /at least one of/],
    [{ spans: { include: { match_type: 'glob', services: ['a'] } } }, /match_type/],
    [
      { metrics: { include: { match_type: 'expr', expressions: ['MetricName ==='] } } },
      /unexpected token/,
    ],
    [{ logs: { include: { match_type: 'regexp', bodies: ['('] } } }, /\(/],
    [{ conditions: [] }, /conditions/],
  ] as const) {
    const decoded = config.safeParse(options);
    assert.equal(decoded.success, false, JSON.stringify(options));
    assert.match(JSON.stringify(decoded.error.issues), reason, JSON.stringify(options));
  }
});

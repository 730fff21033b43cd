import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background, type Consumer } from '../../component/consumer.ts';
import type { Traces } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { settle } from '../../testing/clock.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent } from '../../testing/sinks.ts';
import { factory } from './index.ts';

interface TestSpan {
  readonly trace: number;
  readonly name?: string;
  readonly parent?: boolean;
  readonly ms?: number;
  readonly error?: boolean;
  readonly attributes?: Record<string, string | bigint | boolean>;
}

const traceId = (n: number) => {
  const id = Buffer.alloc(16, 0xab);
  id.writeUInt32BE(n, 12);
  return id;
};

/** A request with the given spans, those of a service side by side. */
export function spans(list: readonly TestSpan[], service = 'svc'): Traces {
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': service });
  builder.scope('lib', '1');
  const start = 1_700_000_000_000_000_000n;
  list.forEach((span, i) => {
    const spanId = Buffer.alloc(8, 1);
    spanId.writeUInt32BE(i, 4);
    builder.span({
      traceId: traceId(span.trace),
      spanId,
      ...(span.parent === false ? {} : { parentSpanId: Buffer.alloc(8, 7) }),
      name: span.name ?? `s${i}`,
      startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(span.ms ?? 1) * 1_000_000n,
      ...(span.error ? { statusCode: 2 } : {}),
      ...(span.attributes ? { attributes: span.attributes } : {}),
    });
  });
  return builder.finish();
}

/** Names of the spans in the batches of a sink, with their traces. */
function names(batches: readonly Traces[]): string[] {
  return batches.flatMap((batch) => {
    const json = JSON.parse(toJson(batch)) as {
      resourceSpans: { scopeSpans: { spans: { traceId: string; name: string }[] }[] }[];
    };
    return json.resourceSpans.flatMap((r) =>
      r.scopeSpans.flatMap((s) =>
        s.spans.map((span) => `${Number.parseInt(span.traceId.slice(24), 16)}:${span.name}`),
      ),
    );
  });
}

async function started(given: unknown, settings: TestSettings = testSettings()) {
  const sink = collectingSink<'traces'>();
  const { book } = settings;
  book.node('source', 'source');
  const next: Consumer<'traces'> = book.edge('test', 'sink', sink);
  book.node('sink', 'source');
  const processor = factory.create('traces', settings, factory.config.parse(given), next);
  await processor.start();
  const entry = book.edge('source', 'test', processor);
  const send = (list: readonly TestSpan[], service?: string) =>
    entry.consume(spans(list, service), background);
  const stop = async () => {
    await processor.shutdown();
    assert.equal(settings.budget.used, 0);
    assert.equal(settings.clock.pending, 0);
    assert.deepEqual(book.check(), []);
  };
  return { settings, sink, processor, send, stop, names: () => names(sink.batches) };
}

const always = [{ name: 'all', type: 'always_sample' }];
const errors = [{ name: 'e', type: 'status_code', status_code: { status_codes: ['ERROR'] } }];
const prefix = 'otelcol_processor_tail_sampling_';

test('a trace is decided as a whole, after decision_wait', async () => {
  const { settings, send, stop, names } = await started({ decision_wait: '2s', policies: errors });
  await send([
    { trace: 1, name: 'a' },
    { trace: 2, name: 'b' },
  ]);
  await settings.clock.advance(1000);
  await send([{ trace: 1, name: 'c', error: true }], 'other');
  await settings.clock.advance(1000);
  assert.deepEqual(names(), []);
  await settings.clock.advance(1000);
  assert.deepEqual(names(), ['1:a', '1:c']);
  const { meter } = settings;
  const sampled = { sampled: 'true', decision: 'sampled' };
  assert.equal(meter.value(`${prefix}global_count_traces_sampled`, sampled), 1);
  assert.equal(meter.value(`${prefix}count_traces_sampled`, { policy: 'e', ...sampled }), 1);
  assert.equal(meter.value(`${prefix}count_traces_sampled`, { decision: 'not_sampled' }), 1);
  assert.equal(meter.value(`${prefix}new_trace_id_received`), 2);
  assert.equal(meter.value(`${prefix}sampling_traces_on_memory`), 2);
  await stop();
});

test('spans that come late follow the decision, with and without a cache', async () => {
  for (const decision_cache of [{}, { sampled_cache_size: 10, non_sampled_cache_size: 10 }]) {
    const config = { decision_wait: '1s', policies: errors, decision_cache };
    const { settings, send, stop, names } = await started(config);
    await send([
      { trace: 1, error: true, name: 'a' },
      { trace: 2, name: 'b' },
    ]);
    await settings.clock.advance(2000);
    await send([
      { trace: 2, name: 'c' },
      { trace: 1, name: 'd' },
      { trace: 2, name: 'e' },
    ]);
    await settle();
    assert.deepEqual(names(), ['1:a', '1:d']);
    const { meter } = settings;
    const cached = 'sampled_cache_size' in decision_cache;
    assert.equal(meter.value(`${prefix}early_releases_from_cache_decision`), cached ? 3 : 0);
    assert.equal(meter.value(`${prefix}sampling_late_span_age`), cached ? 0 : 2);
    assert.equal(meter.value(`${prefix}sampling_traces_on_memory`), cached ? 0 : 2);
    await stop();
  }
});

test('the oldest trace goes when there are too many', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    num_traces: 2,
    policies: always,
  });
  await send([{ trace: 1 }, { trace: 2 }, { trace: 3 }]);
  await settings.clock.advance(3000);
  assert.deepEqual(names(), ['2:s1', '3:s2']);
  assert.equal(settings.meter.value(`${prefix}sampling_trace_dropped_too_early`), 1);
  await stop();
});

test('block_on_overflow lets senders wait, and takes decided traces out', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    num_traces: 2,
    block_on_overflow: true,
    policies: always,
  });
  let taken = 0;
  const sent = [
    send([{ trace: 1 }, { trace: 2 }, { trace: 3 }]).then(() => taken++),
    send([{ trace: 4 }]).then(() => taken++),
  ];
  await settle();
  assert.equal(taken, 0);
  await settings.clock.advance(2000);
  assert.equal(taken, 2);
  await Promise.all(sent);
  await settings.clock.advance(2000);
  assert.deepEqual(names(), ['1:s0', '2:s1', '3:s2', '4:s0']);
  await stop();
});

test('a sender that waits when the processor is shut down has its spans decided', async () => {
  const { send, stop, names } = await started({
    num_traces: 1,
    block_on_overflow: true,
    policies: always,
  });
  const sent = send([{ trace: 1 }, { trace: 2 }]);
  await settle();
  await stop();
  await sent;
  assert.deepEqual(names(), ['1:s0', '2:s1']);
});

test('a trace that is too large is dropped at once, and what comes of it later', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    maximum_trace_size_bytes: 300,
    policies: always,
  });
  const big = { big: 'x'.repeat(300) };
  await send([{ trace: 1 }, { trace: 2, attributes: big }]);
  await send([{ trace: 2 }]);
  await settings.clock.advance(2000);
  assert.deepEqual(names(), ['1:s0']);
  assert.equal(settings.meter.value(`${prefix}traces_dropped_too_large`), 1);
  await stop();
});

test('a span without parent brings the decision forward', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '10s',
    decision_wait_after_root_received: '2s',
    policies: always,
  });
  await send([{ trace: 1 }, { trace: 2, parent: false }]);
  await settings.clock.advance(3000);
  assert.deepEqual(names(), ['2:s1']);
  await settings.clock.advance(8000);
  assert.deepEqual(names(), ['2:s1', '1:s0']);
  await stop();
});

test('shutdown decides what waits, or drops it', async () => {
  for (const drop of [false, true]) {
    const { send, stop, names } = await started({
      drop_pending_traces_on_shutdown: drop,
      policies: always,
    });
    await send([{ trace: 1 }, { trace: 2 }]);
    await stop();
    assert.deepEqual(names(), drop ? [] : ['1:s0', '2:s1']);
  }
});

test('span-ingest samples when a span matches, with all that came before', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    sampling_strategy: 'span-ingest',
    policies: errors,
  });
  await send([
    { trace: 1, name: 'a' },
    { trace: 2, name: 'b' },
  ]);
  await send([{ trace: 1, name: 'c', error: true }]);
  await settle();
  assert.deepEqual(names(), ['1:a', '1:c']);
  await send([{ trace: 1, name: 'd' }]);
  await settings.clock.advance(2000);
  await send([{ trace: 2, name: 'e', error: true }]);
  await settle();
  assert.deepEqual(names(), ['1:a', '1:c', '1:d', '2:e']);
  await stop();
});

test('what the next refuses is dropped, logged and accounted for', async () => {
  const { settings, sink, send, stop } = await started({ decision_wait: '1s', policies: always });
  sink.failures.push(permanent('full'));
  await send([{ trace: 1 }, { trace: 2 }]);
  await settings.clock.advance(2000);
  const node = settings.book.snapshot().nodes.find(({ node }) => node === 'test');
  assert.deepEqual(node?.dropped, { refused_by_next: 2 });
  const line = settings.logger.lines.find(({ level }) => level === 'warn');
  assert.equal(line?.message, 'Error sending spans to destination');
  await stop();
});

test('what does not fit into memory is refused, and nothing of it kept', async () => {
  const settings = testSettings({ budgetBytes: 2 ** 20 });
  const { send, stop } = await started({ policies: always }, settings);
  const attributes = { big: 'x'.repeat(4000) };
  const many = Array.from({ length: 100 }, (_, trace) => ({ trace, attributes }));
  await send([{ trace: 1 }]).catch(() => undefined);
  await assert.rejects(async () => {
    for (let i = 0; i < 10; i += 1) await send(many);
  }, /memory budget exhausted/);
  await stop();
});

/** A successor of a running processor, as a reload makes it. */
async function reloaded(before: unknown, after: unknown, between: () => Promise<void>) {
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const make = (given: unknown) =>
    factory.create('traces', settings, factory.config.parse(given), sink);
  const old = make(before);
  await old.start();
  await old.consume(
    spans([
      { trace: 1, name: 'a' },
      { trace: 2, name: 'b', error: true },
    ]),
    background,
  );
  await settings.clock.advance(2500);
  await old.consume(
    spans([
      { trace: 3, name: 'c' },
      { trace: 4, name: 'd', error: true },
    ]),
    background,
  );
  await between();
  const successor = make(after);
  await successor.takeOver!(old);
  await successor.start();
  await old.shutdown();
  const send = (list: readonly TestSpan[]) => successor.consume(spans(list), background);
  const stop = async () => {
    await successor.shutdown();
    assert.equal(settings.budget.used, 0);
    assert.equal(settings.clock.pending, 0);
    assert.equal(settings.meter.gauges, 0);
  };
  return { settings, send, stop, names: () => names(sink.batches) };
}

test('another configuration goes on with what waits and what was decided', async () => {
  for (const block_on_overflow of [false, true]) {
    const before = { decision_wait: '1s', policies: errors };
    const after = { decision_wait: '20s', policies: always, block_on_overflow };
    const { settings, send, stop, names } = await reloaded(before, after, async () => {});
    assert.deepEqual(names(), ['2:b']);
    await send([
      { trace: 1, name: 'late' },
      { trace: 2, name: 'late' },
      { trace: 5, name: 'new' },
    ]);
    await settings.clock.advance(3000);
    assert.deepEqual(names(), ['2:b', '2:late', '3:c', '4:d']);
    await stop();
    assert.deepEqual(names().slice(4), ['5:new']);
  }
});

test('a shorter wait and smaller caches apply to what is there', async () => {
  const caches = { sampled_cache_size: 10, non_sampled_cache_size: 10 };
  const before = { decision_wait: '1s', policies: errors, decision_cache: caches };
  const after = {
    decision_wait: '1s',
    policies: errors,
    decision_cache: { sampled_cache_size: 10 },
  };
  const { settings, send, stop, names } = await reloaded(before, after, async () => {});
  await send([
    { trace: 2, name: 'late' },
    { trace: 1, name: 'again', error: true },
  ]);
  await settings.clock.advance(3000);
  assert.deepEqual(names(), ['2:b', '2:late', '4:d', '1:again']);
  await stop();
});

test('a successor that cannot be had leaves the other as it is', async () => {
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const make = (given: unknown) =>
    factory.create('traces', settings, factory.config.parse(given), sink);
  const old = make({ policies: always });
  await old.start();
  await old.consume(spans([{ trace: 1 }]), background);
  const bad = make({ policies: [{ name: 'x', type: 'nonsense' }] });
  await assert.rejects(bad.takeOver!(old), /unknown sampling policy type nonsense/);
  await old.shutdown();
  assert.deepEqual(names(sink.batches), ['1:s0']);
});

test('faults in policies end the start, with the name of the policy', async () => {
  const bad = async (policies: readonly object[], text: RegExp, more: object = {}) => {
    const config = factory.config.parse({ policies, ...more });
    const processor = factory.create('traces', testSettings(), config, collectingSink());
    await assert.rejects(processor.start(), text);
    await processor.shutdown();
  };
  const one = (type: string, keys: object = {}) => [{ name: 'p', type, [type]: keys }];
  await bad([{ type: 'always_sample' }], /policy name cannot be empty/);
  await bad([...always, ...always], /duplicate policy name "all"/);
  await bad(
    one('nonsense'),
    /for "p": unknown sampling policy type nonsense|cannot use "nonsense"/,
  );
  await bad(one('status_code'), /expected at least one status code/);
  await bad(one('status_code', { status_codes: ['BAD'] }), /unknown status code "BAD"/);
  await bad(one('numeric_attribute', { key: 'a' }), /at least one of min_value and max_value/);
  const regex = { key: 'a', values: ['('], enabled_regex_matching: true };
  await bad(one('string_attribute', regex), /invalid regex `\(`/);
  await bad(one('ottl_condition'), /expected at least one OTTL condition/);
  await bad(one('ottl_condition', { span: ['name =='] }), /unable to parse OTTL condition/);
  await bad([{ name: 'p', type: 'latency', latencyy: {} }], /cannot use "latencyy"/);
  const composite = { name: 'x', type: 'not', not: {} };
  await bad(one('composite', { composite_sub_policy: [composite] }), /cannot use "not"/);
  const ingest = { sampling_strategy: 'span-ingest' };
  await bad(one('rate_limiting', { spans_per_second: 1 }), /policy "p" is stateful/, ingest);
  await bad(always, /decision_wait/, { decision_wait: '1000000h' });
});

test('traces that come while a batch is decided wait for theirs', async () => {
  const settings = testSettings();
  const seen: Traces[] = [];
  let processor: ReturnType<typeof factory.create<'traces'>> | undefined;
  let late = 20_000;
  const next: Consumer<'traces'> = {
    mutates: false,
    async consume(batch) {
      seen.push(batch);
      await processor!.consume(spans([{ trace: late++, name: 'late' }]), background);
    },
  };
  const config = factory.config.parse({ decision_wait: '1s', policies: always });
  processor = factory.create('traces', settings, config, next);
  await processor.start();
  const many = Array.from({ length: 20_000 }, (_, trace) => ({ trace, name: 'first' }));
  await processor.consume(spans(many), background);
  await settings.clock.advance(2000);
  const first = names(seen);
  assert.ok(seen.length > 2, String(seen.length));
  assert.equal(first.length, 20_000);
  assert.ok(first.every((name) => name.endsWith(':first')));
  await processor.shutdown();
});

test('a decided trace that is forgotten while its late spans come begins anew', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    num_traces: 1,
    policies: always,
  });
  await send([{ trace: 1, name: 'a' }]);
  await settings.clock.advance(2000);
  await send([
    { trace: 2, name: 'b' },
    { trace: 1, name: 'c' },
  ]);
  await settings.clock.advance(2000);
  assert.deepEqual(names(), ['1:a', '1:c']);
  assert.equal(settings.meter.value(`${prefix}sampling_traces_on_memory`), 1);
  await stop();
});

test('gates add counts, and write the policy into scopes', async () => {
  const plain = testSettings();
  const gate = (name: string) => ({
    id: `processor.tailsamplingprocessor.${name}`,
    ...{ enabled: true, stage: 'alpha', description: '', from: '', to: '' },
  });
  const gates = () =>
    ['recordpolicy', 'metricstatcountspanssampled', 'metricstatcountbytessampled'].map(gate);
  const view = { ...plain.host.view, gates };
  const settings = { ...plain, host: { ...plain.host, view } };
  const composite = {
    max_total_spans_per_second: 10,
    composite_sub_policy: [{ name: 'inner', type: 'always_sample' }],
    rate_allocation: [{ policy: 'inner', percent: 100 }],
  };
  const { sink, send, stop } = await started(
    {
      decision_wait: '1s',
      decision_cache: { sampled_cache_size: 5 },
      policies: [{ name: 'outer', type: 'composite', composite }, ...always],
    },
    settings,
  );
  await send([{ trace: 1 }, { trace: 1 }]);
  await settings.clock.advance(2000);
  await send([{ trace: 1 }]);
  await settle();
  const json = sink.batches.map(toJson);
  for (const text of json)
    assert.match(text, /tailsampling.policy","value":\{"stringValue":"outer"/);
  assert.match(json[0]!, /tailsampling.composite_policy","value":\{"stringValue":"inner"/);
  assert.doesNotMatch(json[0]!, /cached_decision/);
  assert.match(json[1]!, /tailsampling.cached_decision","value":\{"boolValue":true/);
  assert.equal(plain.meter.value(`${prefix}count_spans_sampled`, { policy: 'all' }), 2);
  assert.ok(plain.meter.value(`${prefix}count_bytes_sampled`, { policy: 'all' }) > 100);
  await stop();
});

test('span-ingest marks the spans that decided only', async () => {
  const plain = testSettings();
  const id = 'processor.tailsamplingprocessor.recordpolicy';
  const gate = { id, enabled: true, stage: 'alpha', description: '', from: '', to: '' };
  const view = { ...plain.host.view, gates: () => [gate] };
  const settings = { ...plain, host: { ...plain.host, view } };
  const config = { sampling_strategy: 'span-ingest', policies: errors };
  const { sink, send, stop, names } = await started(config, settings);
  await send([{ trace: 1, name: 'a' }], 'one');
  await send([{ trace: 1, name: 'b' }], 'two');
  await send([{ trace: 1, name: 'c', error: true }], 'three');
  await settle();
  assert.deepEqual(names(), ['1:a', '1:b', '1:c']);
  assert.equal(toJson(sink.batches[0]!).match(/tailsampling.policy/g)?.length, 1);
  await stop();
});

test('decided traces are forgotten sooner where memory is short', async () => {
  const settings = testSettings({ budgetBytes: 2 ** 22 });
  const { sink, send, stop } = await started(
    { decision_wait: '1s', num_traces: 1_000_000_000, policies: errors },
    settings,
  );
  for (let i = 0; i < 60; i += 1) {
    const list = Array.from({ length: 2000 }, (_, n) => ({ trace: i * 2000 + n }));
    await send(list);
    await settings.clock.advance(1000);
    assert.ok(settings.budget.used <= settings.budget.limit);
  }
  await settings.clock.advance(2000);
  assert.equal(sink.items, 0);
  const remembered = settings.meter.value(`${prefix}sampling_traces_on_memory`);
  assert.ok(remembered > 1000 && remembered < 60_000, String(remembered));
  await stop();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultStitchOptions, type StitchSpan } from '../../stitch/span.ts';
import { stitch } from '../../stitch/stitch.ts';
import { makeClicks } from '../../stitch/testing/clicks.ts';
import { baseNs, sdk, seen } from '../../stitch/testing/spans.ts';
import type { StoredSpan, StoredTrace } from '../../storage/traces/model.ts';
import { ReadError, type TraceReader, type TraceSummary } from '../../storage/traces/reader.ts';
import { WholeTraces } from '../whole-traces.ts';
import { createStitchedReader, type StitchedOptions } from './reader.ts';
import { type Memory, memory, stored } from './testing/memory.ts';

const laterMs = Number(baseNs / 1_000_000n) + 60_000;

function reader(store: Memory, options: Partial<StitchedOptions> = {}): TraceReader {
  return createStitchedReader({
    ...defaultStitchOptions,
    reader: store.reader,
    keys: store.keys,
    now: () => laterMs,
    maxRounds: 30,
    reachNs: 30_000_000_000n,
    timeoutMs: 8_000,
    onFailure: () => {},
    ...options,
  });
}

/** Parents by span id, '' for none, leading zeros left out. */
function tree(trace: StoredTrace | undefined): Record<string, string> {
  const short = (id: string): string => id.replace(/^0+/, '');
  return Object.fromEntries(
    (trace?.spans ?? []).map((span) => [short(span.spanId), short(span.parentSpanId)]),
  );
}

function tags(span: StoredSpan | undefined): Record<string, string> {
  const found = (span?.attributes ?? []).filter((a) => a.key.startsWith('wirestitch.stitch.'));
  return Object.fromEntries(
    found.map(({ key, value }) => [key.slice(18), value.type === 'string' ? value.value : '']),
  );
}

const message = { requestSequence: 7, responseSequence: 8 };
/** A call from one process to another, and what that process calls then. */
const chain = [
  seen('1', 'client_process', { ...message, host: 'a', pid: 1, at: 0, ms: 20 }),
  seen('2', 'server_process', {
    ...message,
    ...{ host: 'b', pid: 2, at: 1, ms: 18 },
    syscallRequest: 'aa',
  }),
  seen('3', 'client_process', {
    ...{ requestSequence: 70, responseSequence: 80, clientPort: 9, host: 'b', pid: 2 },
    ...{ at: 2, ms: 10, syscallRequest: 'aa', syscallResponse: 'bb' },
  }),
];
const ids = chain.map((span) => span.traceId);

test('a trace opens whole under each of its ids, and then has them as aliases', async () => {
  const store = memory(chain.map(stored));
  for (const id of ids) {
    const [trace, ...more] = await reader(memory(chain.map(stored))).getTraces([id]);
    assert.deepEqual(more, []);
    assert.deepEqual(tree(trace), { 1: '', 2: '1', 3: '2' });
    assert.ok(trace!.spans.every((span) => span.traceId === id));
    assert.deepEqual([...trace!.ids!].sort(), ids);
    assert.equal(trace!.truncated, false);
  }
  await reader(store).getTraces([ids[2]!]);
  const written = store.aliases.map(({ from, to, reason }) => [from, to, reason]);
  assert.deepEqual(written, [
    [ids[1], ids[0], 'tcp_sequence'],
    [ids[2], ids[0], 'syscall'],
  ]);
  assert.ok(store.aliases.every(({ startNs }) => startNs === baseNs));
});

test('what is known is not written again, neither by the same reader nor by the next', async () => {
  const store = memory(chain.map(stored));
  const first = reader(store);
  await first.getTraces([ids[0]!]);
  await first.getTraces([ids[1]!]);
  await reader(store).getTraces([ids[2]!]);
  assert.deepEqual([store.aliases.length, store.calls.joins], [2, 1]);
});

test('a trace that was searched to the end and is old enough is not searched again', async () => {
  const store = memory(chain.map(stored));
  const opened = reader(store);
  await opened.getTraces([ids[0]!]);
  const { keys } = store.calls;
  assert.ok(keys > 0);
  for (const id of ids) assert.equal((await opened.getTraces([id]))[0]!.spans.length, 3);
  assert.equal(store.calls.keys, keys);
  await opened.getTraces([ids[0]!, sdk('1', { trace: 'f77' }).traceId]);
  assert.equal(store.calls.keys, keys);
});

test('while spans are young, or others share their keys, it is searched again', async () => {
  const again = async (store: Memory, options: Partial<StitchedOptions>) => {
    const opened = reader(store, options);
    await opened.getTraces([ids[0]!]);
    const { keys } = store.calls;
    await opened.getTraces([ids[0]!]);
    return store.calls.keys > keys;
  };
  const young = () => Number(baseNs / 1_000_000n) + 39_000;
  assert.equal(await again(memory(chain.map(stored)), { now: young }), true);
  const rival = seen('9', 'server_process', {
    ...{ host: 'b', pid: 2, at: 1, syscallRequest: 'aa', serverPort: 81 },
  });
  const store = memory([...chain, rival].map(stored));
  assert.equal(await again(store, {}), true);
  const [trace] = await reader(store).getTraces([ids[2]!]);
  assert.deepEqual(tags(trace!.spans[0]).unlinked, 'ambiguous');
  assert.equal(await again(memory(chain.map(stored)), {}), false);
});

test('joins of spans that are seconds old are shown and not yet written', async () => {
  const store = memory(chain.map(stored));
  const now = () => Number(baseNs / 1_000_000n) + 3_000;
  const [trace] = await reader(store, { now }).getTraces([ids[0]!]);
  assert.equal(trace!.spans.length, 3);
  assert.deepEqual(store.aliases, []);
});

test('tags say what a link rests on and what the ids were', async () => {
  const orphan = seen('4', 'server_nic', { trace: 'abc', parent: 'def', at: 500 });
  const store = memory([...chain, orphan].map(stored));
  const [trace, other] = await reader(store).getTraces([ids[0]!, orphan.traceId]);
  assert.deepEqual(tags(trace!.spans[0]), { unlinked: 'no_evidence' });
  assert.deepEqual(tags(trace!.spans[1]), {
    rule: 'tcp_sequence',
    evidence: 'request sequence 7, response sequence 8, 10.0.0.1:40000 > 10.0.0.2:80',
    trace_id: ids[1],
  });
  assert.deepEqual(tags(trace!.spans[2]), {
    rule: 'syscall',
    evidence: 'request and call aa in process b/2',
    trace_id: ids[2],
  });
  assert.deepEqual(tags(other!.spans[0]), { unlinked: 'parent_not_stored' });
  assert.deepEqual(tree(other), { 4: 'def' });
});

test('spans of an SDK keep what they have; where the parent moves, the old one stays as a tag', async () => {
  const spans = [
    sdk('10', { trace: 'a', kind: 3, ms: 30 }),
    seen('1', 'client_nic', { ...message, trace: 'a', parent: '10', at: 1, ms: 20 }),
    seen('2', 'server_nic', { ...message, trace: 'a', parent: '10', at: 2, ms: 18 }),
    sdk('11', { trace: 'a', parent: '10', at: 3, ms: 15 }),
  ];
  const [trace] = await reader(memory(spans.map(stored))).getTraces([spans[0]!.traceId]);
  assert.deepEqual(tree(trace), { 10: '', 1: '10', 2: '1', 11: '2' });
  const [client, , , server] = trace!.spans;
  assert.deepEqual(tags(client), {});
  assert.equal(client!.attributes[0]!.key, 'kept');
  const evidence = `trace ${spans[0]!.traceId}, span ${spans[0]!.spanId}`;
  assert.deepEqual(tags(server), {
    rule: 'span_id',
    evidence,
    parent_span_id: spans[0]!.spanId,
  });
});

test('a plain trace is given back as it is, and nothing is searched', async () => {
  const store = memory([sdk('1'), sdk('2', { parent: '1' })].map(stored));
  const id = sdk('1').traceId;
  const [trace] = await reader(store).getTraces([id]);
  const [inner] = await store.reader.getTraces([id]);
  assert.deepEqual(trace, inner);
  assert.deepEqual([store.calls.keys, store.calls.joins], [0, 0]);
});

test('limits end the search and are said', async () => {
  const opened = async (options: Partial<StitchedOptions>) =>
    (await reader(memory(chain.map(stored)), options).getTraces([ids[0]!]))[0]!;
  const one = await opened({ maxRounds: 1 });
  assert.deepEqual([one.spans.length, one.truncated], [2, true]);
  const few = await opened({ maxSpans: 2 });
  assert.deepEqual([few.spans.length, few.truncated], [2, true]);
  const none = await opened({ maxSpans: 0 });
  assert.deepEqual([none.spans.length, tags(none.spans[0]).unlinked], [1, 'limit']);
});

test('a search that fails leaves the trace as far as it is known', async () => {
  const store = memory(chain.map(stored));
  store.failure = new ReadError('out of time', 'timeout');
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const [trace] = await reader(store, { onFailure }).getTraces([ids[1]!]);
  assert.deepEqual([trace!.spans.length, trace!.truncated], [1, true]);
  assert.deepEqual(failures, [store.failure]);
});

test('an alias that later data speak against is not followed', async () => {
  const store = memory([...chain, seen('9', 'client_nic', { at: 900 })].map(stored));
  const stranger = seen('9', 'client_nic').traceId;
  store.aliases.push({ from: stranger, to: ids[0]!, reason: 'syscall', startNs: baseNs });
  const [trace] = await reader(store).getTraces([ids[0]!]);
  assert.deepEqual(tree(trace), { 1: '', 2: '1', 3: '2' });
});

test('a list shows a joined trace once', async () => {
  const plain = sdk('50', { trace: '5' });
  const store = memory([...chain, plain].map(stored));
  const wanted = [ids[1]!, plain.traceId, ids[0]!].map((traceId) => ({ traceId }));
  const options = { reader: reader(store), maxSpans: 100, distinct: true };
  const traces = await Array.fromAsync(new WholeTraces(wanted, options).read());
  assert.deepEqual(
    traces.map((trace) => trace.traceId),
    [ids[1], plain.traceId],
  );
});

/** A summary as the inner reader gives it: of one part. */
function summaryOf(span: StitchSpan): TraceSummary {
  const stats = { spanCount: 1, errorSpanCount: 0 };
  return {
    traceId: span.traceId,
    rootServiceName: span.service,
    rootOperationName: 'GET',
    startUnixNano: span.startNs,
    endUnixNano: span.endNs,
    orphanSpanCount: 0,
    services: [{ name: span.service, ...stats }],
    ...stats,
  };
}

test('a list of found traces shows a joined one once, as a whole', async () => {
  const plain = sdk('50', { trace: '5', service: 'plain' });
  const named = chain.map((span, i) => ({ ...span, service: `s${i}` }));
  const store = memory([...named, plain].map(stored));
  const found = [named[1]!, plain, named[2]!, named[0]!].map(summaryOf);
  const list = await reader(store).joinFound!(found);
  assert.deepEqual(
    list.map((t) => [t.traceId, t.spanCount, t.services.length, t.rootServiceName]),
    [
      [ids[1], 3, 3, 's0'],
      [plain.traceId, 1, 1, 'plain'],
    ],
  );
  assert.deepEqual([list[0]!.startUnixNano, list[0]!.orphanSpanCount], [baseNs, 0]);
  assert.equal(list[1], found[1]);
  const few = await reader(memory(named.map(stored)), { maxSpans: 1 }).joinFound!(found);
  assert.equal(few.length, 4, 'beyond the limit parts stay parts');
});

test('what was joined before is not read again for a list once it is settled', async () => {
  const store = memory(chain.map(stored));
  const { traceId } = chain[1]!;
  const before = { ...summaryOf(chain[1]!), joined: true };
  const lists = reader(store, { now: () => laterMs + 120_000 });
  assert.deepEqual(await lists.joinFound!([before]), [before]);
  assert.equal(store.calls.traces, 0);
  const [whole, ...more] = await lists.joinFound!([before, summaryOf(chain[2]!)]);
  assert.deepEqual([whole, more], [before, []], 'a part that came later is of the same trace');
  const [fresh] = await reader(store, { now: () => laterMs - 60_000 }).joinFound!([before]);
  assert.deepEqual([fresh?.traceId, fresh?.spanCount], [traceId, 3]);
});

test('where nothing is captured a list costs one small statement in half a minute', async () => {
  const plain = sdk('50', { trace: '5', service: 'plain' });
  const store = memory([stored(plain)]);
  let ms = laterMs;
  const lists = reader(store, { now: () => ms });
  const found = [summaryOf(plain)];
  for (let i = 0; i < 3; i++) assert.equal(await lists.joinFound!(found), found);
  assert.deepEqual(store.calls, { traces: 0, keys: 0, joins: 0, services: 1 });
  ms += 31_000;
  store.failure = new ReadError('out of time', 'timeout');
  assert.equal(await lists.joinFound!(found), found);
  assert.equal(store.calls.services, 2);
});

test('the search finds what rules over all spans would join', async () => {
  const traffic = fc.record({
    seed: fc.nat(),
    clicks: fc.integer({ min: 1, max: 10 }),
    services: fc.integer({ min: 1, max: 6 }),
    withinMs: fc.constantFrom(1, 100),
    lost: fc.constantFrom(0, 0.1),
    crowded: fc.constantFrom(0, 0.2),
  });
  await fc.assert(
    fc.asyncProperty(traffic, fc.nat(), async (options, choice) => {
      const { spans } = makeClicks(options);
      const all = stitch(spans);
      const rootOf = new Map(all.joins.map(({ from, to }) => [from, to]));
      const root = (id: string): string => rootOf.get(id) ?? id;
      const asked = spans[choice % spans.length]?.traceId;
      if (asked === undefined) return;
      const [trace] = await reader(memory(spans.map(stored))).getTraces([asked]);
      const want = spans.flatMap((span, i) => {
        if (root(span.traceId) !== root(asked)) return [];
        const { parent } = all.links[i]!;
        return [`${span.spanId} ${parent === -1 ? span.parentSpanId : spans[parent]!.spanId}`];
      });
      const got = trace!.spans.map((span) => `${span.spanId} ${span.parentSpanId}`);
      assert.deepEqual(got.sort(), want.sort());
    }),
    { numRuns: 150 },
  );
});

test('while a large captured trace is joined, others have their turn', async () => {
  const [one] = [seen('1', 'client_process', { ...message, host: 'a', pid: 1 })].map(stored);
  const spans = Array.from({ length: 20_000 }, (_, i) => ({
    ...one!,
    spanId: (i + 1).toString(16).padStart(16, '0'),
  }));
  const store = memory([]);
  let turns = 0;
  const turn = (): void => void (turns++ < 10_000 && setImmediate(turn));
  const stop = new AbortController();
  const inner: TraceReader = {
    ...store.reader,
    async getTraces() {
      setImmediate(turn);
      return [{ traceId: one!.traceId, spans, truncated: false }];
    },
  };
  const opened = reader(store, { reader: inner });
  const [trace] = await opened.getTraces([one!.traceId]);
  assert.equal(trace!.spans.length, 20_000);
  assert.ok(turns >= 20, `${turns} turns`);
  turns = 10_000;
  const left = opened.getTraces([one!.traceId], { signal: stop.signal });
  setImmediate(() => stop.abort(new ReadError('gone', 'unavailable')));
  await assert.rejects(left, /gone/);
});

// Captured spans and spans of an SDK, sent by OTLP and read through both of Jaeger's APIs: one
// trace for each click, whichever of its ids is asked for.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { type AllInOne, eventually, postOtlp, startAllInOne } from './lib/all-in-one.ts';
import { scratch } from './lib/program.ts';
import { type Click, click } from './stitch/clicks.ts';

const folder = scratch();
let program: AllInOne;
let clicks: readonly Click[] = [];
/** Clicks of their own time, which are only listed. */
let listed: readonly Click[] = [];
const listedAgo = 300_000_000_000n;
let startNs = 0n;

const clickCount = 12;
const plainTrace = 'd'.repeat(32);

before(async () => {
  program = await startAllInOne(folder.path, {});
  // Older than the age from which joins are written down.
  startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
  // They begin within 1 ms, so that all of them are under way at once; every third has no SDK.
  clicks = Array.from({ length: clickCount }, (_, n) =>
    click(n, n % 3 !== 2, startNs + BigInt(n) * 80_000n),
  );
  listed = [100, 101, 102].map((n) => click(n, true, startNs - listedAgo + BigInt(n) * 1000n));
  const plain = { traceId: plainTrace, spanId: 'd'.repeat(16), name: 'plain', kind: 2 };
  const times = { startTimeUnixNano: `${startNs}`, endTimeUnixNano: `${startNs + 1n}` };
  const requests = [
    ...[...clicks, ...listed].map(({ request }) => request),
    { resourceSpans: [{ scopeSpans: [{ spans: [{ ...plain, ...times }] }] }] },
  ];
  for (const request of requests) {
    assert.equal(await postOtlp(program.otlpHttp, '/v1/traces', request), 200);
  }
  const count = [...clicks, ...listed].reduce((sum, { spans }) => sum + spans.length, 1);
  await eventually(`${count} spans`, async () => {
    const stored = await program.scalar('SELECT count() FROM wirestitch.spans').catch(() => '0');
    return Number(stored) === count;
  });
});

after(async () => {
  try {
    assert.equal(await program?.stop(), 0);
  } finally {
    folder.remove();
  }
});

interface Shown {
  readonly traceId: string;
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly tags: Readonly<Record<string, string>>;
}

interface V1Trace {
  readonly traceID: string;
  readonly spans: readonly {
    readonly traceID: string;
    readonly spanID: string;
    readonly operationName: string;
    readonly references: readonly { readonly traceID: string; readonly spanID: string }[];
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
    readonly warnings: readonly string[] | null;
  }[];
}

interface V3Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes?: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: string };
  }[];
}

async function json<T>(path: string): Promise<T> {
  const response = await fetch(`${program.jaeger}${path}`);
  assert.equal(response.status, 200, path);
  return (await response.json()) as T;
}

function shownV1(trace: V1Trace): Shown[] {
  return trace.spans.map((span) => {
    assert.equal(span.traceID, trace.traceID);
    assert.ok(span.references.every((r) => r.traceID === trace.traceID));
    assert.deepEqual(span.warnings ?? [], []);
    return {
      traceId: trace.traceID,
      name: span.operationName,
      spanId: span.spanID,
      parentSpanId: span.references[0]?.spanID ?? '',
      tags: Object.fromEntries(span.tags.map(({ key, value }) => [key, String(value)])),
    };
  });
}

async function openV1(id: string): Promise<Shown[]> {
  const { data } = await json<{ data: V1Trace[] }>(`/api/traces/${id}`);
  assert.equal(data.length, 1);
  return shownV1(data[0]!);
}

async function openV3(id: string): Promise<Shown[]> {
  type Answer = {
    result: { resourceSpans: { scopeSpans: { spans: V3Span[] }[] }[] };
  };
  const { result } = await json<Answer>(`/api/v3/traces/${id}`);
  const spans = result.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));
  return spans.map((span) => ({
    traceId: span.traceId,
    name: span.name,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? '',
    tags: Object.fromEntries(
      (span.attributes ?? []).map(({ key, value }) => [
        key,
        value.stringValue ?? value.intValue ?? '',
      ]),
    ),
  }));
}

/** The click as it must be shown: all its spans, each under its true parent, and why. */
function assertWhole({ spans }: Click, shown: readonly Shown[], id: string): void {
  const idOf = new Map(spans.map(({ name, spanId }) => [name, spanId]));
  const want = spans.map(({ name, spanId, parent }) => [name, spanId, idOf.get(parent) ?? '']);
  const got = shown.map(({ name, spanId, parentSpanId }) => [name, spanId, parentSpanId]);
  assert.deepEqual(got.sort(), want.sort());
  for (const span of spans) {
    const { traceId, tags } = shown.find(({ spanId }) => spanId === span.spanId)!;
    assert.equal(traceId, id);
    const rule = tags['wirestitch.stitch.rule'] ?? '';
    assert.equal(rule, span.rule, span.name);
    assert.equal((tags['wirestitch.stitch.evidence'] ?? '') !== '', rule !== '', span.name);
    assert.equal(
      tags['wirestitch.stitch.trace_id'],
      span.traceId === id ? undefined : span.traceId,
    );
  }
}

const aliasCount = () =>
  program.scalar('SELECT count() FROM (SELECT DISTINCT * FROM wirestitch.trace_alias)');

/** Spans of each trace in the list of a service, of a second from `fromNs`. */
async function summarySizes(service: string, fromNs: bigint): Promise<number[]> {
  const at = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString();
  type Summaries = { summaries: { spanCount: number }[] };
  const { summaries } = await json<Summaries>(
    `/api/v3/trace-summaries?query.service_name=${encodeURIComponent(service)}` +
      `&query.search_depth=100&query.start_time_min=${at(fromNs - 1_000_000n)}` +
      `&query.start_time_max=${at(fromNs + 1_000_000_000n)}`,
  );
  return summaries.map((s) => s.spanCount).sort();
}

test('a list shows whole clicks that nobody has opened', async () => {
  const want = listed.map(({ spans }) => spans.length).sort();
  assert.deepEqual(await summarySizes('shop', startNs - listedAgo), want);
});

test('every click opens whole under each of its ids, through both APIs', async () => {
  for (const [n, made] of clicks.entries()) {
    const ids = [...new Set(made.spans.map(({ traceId }) => traceId))];
    // Begin elsewhere each time: nothing is joined before.
    const turned = [...ids.slice(n % ids.length), ...ids.slice(0, n % ids.length)];
    for (const id of turned) {
      assertWhole(made, await openV1(id), id);
      assertWhole(made, await openV3(id), id);
    }
  }
});

test('joins are written down once and for all', async () => {
  const parts = [...clicks, ...listed].map(
    ({ spans }) => new Set(spans.map(({ traceId }) => traceId)).size - 1,
  );
  const want = parts.reduce((a, b) => a + b);
  assert.equal(Number(await aliasCount()), want);
  for (const { spans } of clicks) await openV1(spans.at(-1)!.traceId);
  assert.equal(Number(await program.scalar('SELECT count() FROM wirestitch.trace_alias')), want);
  const reasons = await program.scalar(
    `SELECT arraySort(groupUniqArray(reason)) FROM wirestitch.trace_alias`,
  );
  assert.match(reasons, /'datagram'.*'syscall'.*'tcp_sequence'/);
});

test('a search answers with one trace for each click', async () => {
  const range = `start=${startNs / 1000n - 1n}&end=${startNs / 1000n + 1_000_000n}`;
  for (const service of ['mysqld', 'nginx', '10.2.0.53:53']) {
    const name = encodeURIComponent(service);
    const { data } = await json<{ data: V1Trace[] }>(
      `/api/traces?service=${name}&${range}&limit=100`,
    );
    assert.equal(data.length, clickCount, service);
    const sizes = data.map((trace) => shownV1(trace).length).sort();
    assert.deepEqual(sizes, clicks.map(({ spans }) => spans.length).sort());
    assert.deepEqual(await summarySizes(service, startNs), sizes);
  }
});

test('a trace that nothing was captured of stays as it is', async () => {
  const [span, ...more] = await openV1(plainTrace);
  assert.deepEqual(more, []);
  assert.deepEqual(
    Object.keys(span!.tags).filter((key) => key.startsWith('wirestitch.')),
    [],
  );
});

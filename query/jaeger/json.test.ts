import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StoredTrace } from '../../storage/traces/model.ts';
import { otlpJsonTraces } from '../shown/stored-from-otlp.ts';
import { Items, writeJson } from './json-text.ts';
import { type V1Options, type V1Trace, v1Trace } from './json-v1.ts';
import { v3Groups } from './json-v3.ts';

/** testdata: one OTLP request and what Jaeger 2.13.0 answered for it. */
function data(name: string): string {
  return readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8');
}

const stored = otlpJsonTraces(Buffer.from(data('request.json')));
const disabled = { maxClockSkewNs: 0n };
const trace = stored[0] ?? assert.fail('no trace in testdata');

async function written<T>(value: unknown): Promise<T> {
  let text = '';
  await writeJson(value, 0, async (piece) => {
    text += piece;
  });
  return JSON.parse(text) as T;
}

const toV1 = async (of: StoredTrace, options: V1Options) =>
  written<V1Trace>(await v1Trace(of, options));

function expected(name: string): V1Trace {
  return (JSON.parse(data(name)) as { data: V1Trace[] }).data[0] ?? assert.fail(`${name} is empty`);
}

test('v1 as stored equals Jaeger field by field', async () => {
  assert.deepEqual(await toV1(trace, { raw: true, ...disabled }), expected('v1-raw.json'));
});

test('v1 adjusted equals Jaeger field by field', async () => {
  const ours = await toV1(trace, { raw: false, ...disabled });
  const theirs = expected('v1.json');
  // Jaeger orders spans by process, and numbers processes in no fixed order.
  const named = ({ spans, processes }: V1Trace) =>
    spans
      .map(({ processID, ...span }) => ({ ...span, process: processes[processID] }))
      .sort((a, b) => (a.spanID < b.spanID ? -1 : 1));
  assert.deepEqual(named(ours), named(theirs));
  assert.equal(Object.keys(ours.processes).length, Object.keys(theirs.processes).length);
});

interface V3Span {
  spanId: string;
}
interface V3Group {
  resource: { attributes?: { key: string }[] };
  scopeSpans: { scope: object; spans: V3Span[] }[];
}

test('v3 equals Jaeger but for what Jaeger moves and repeats', async () => {
  const ours = await written<V3Group[]>(new Items(v3Groups(trace, { raw: false, ...disabled })));
  const theirs = (JSON.parse(data('v3.json')) as { result: { resourceSpans: V3Group[] } }).result;
  const spans = (groups: V3Group[]) =>
    groups.flatMap((g) => g.scopeSpans.flatMap((s) => s.spans)).map(withoutMoved);
  assert.deepEqual(spans(ours), spans(theirs.resourceSpans));
  const front = theirs.resourceSpans[0]?.resource.attributes ?? [];
  assert.deepEqual(
    ours[0]?.resource.attributes,
    // Jaeger gives one span's library attribute to the resource of all of them.
    front.filter((a) => a.key !== 'telemetry.sdk.language'),
  );
  // Jaeger's ingest gives a name to a resource that has none; ours stays as it was sent.
  assert.deepEqual(ours[2]?.resource, {});
});

function withoutMoved(span: V3Span & { attributes?: { key: string }[] }): unknown {
  const left = span.attributes?.filter((a) => a.key !== 'telemetry.sdk.language');
  const { attributes: _, ...rest } = span;
  return left === undefined || left.length === 0 ? rest : { ...rest, attributes: left };
}

test('a trace that is not whole says so', async () => {
  const cut = { ...trace, truncated: true };
  const said = `only ${trace.spans.length} spans of this trace are shown`;
  assert.deepEqual((await toV1(cut, { raw: true, ...disabled })).warnings, [said]);
  const groups = (raw: boolean) => v3Groups(cut, { raw, ...disabled });
  assert.match(JSON.stringify(await written(new Items(groups(false)))), new RegExp(said));
  assert.doesNotMatch(JSON.stringify(await written(new Items(groups(true)))), new RegExp(said));
});

test('clock skew within the limit is mended and said', async () => {
  const mended = await toV1(trace, { raw: false, maxClockSkewNs: 10n ** 10n });
  const select = mended.spans.find((s) => s.operationName === 'SELECT');
  const parent = mended.spans.find((s) => s.operationName === 'inner');
  assert.equal(select?.startTime, (parent?.startTime ?? 0) + 25_000);
  assert.deepEqual(select?.warnings, ["This span's timestamps were adjusted by 1.125s"]);
});

test('a span that was sent twice is shown once, others that share its id stay', async () => {
  const [first, second] = trace.spans;
  assert.ok(first !== undefined && second !== undefined);
  const twice = {
    ...trace,
    spans: [first, { ...first }, { ...second, spanId: first.spanId, name: 'other' }],
  };
  const shown = await toV1(twice, { raw: false, ...disabled });
  assert.deepEqual(
    shown.spans.map((s) => s.operationName),
    ['GET /', 'other'],
  );
  assert.deepEqual(
    shown.spans[1]?.warnings?.[0],
    'duplicate span IDs; skipping clock skew adjustment',
  );
});

test('a server span that shares its id with the client becomes its child', async () => {
  const [base] = trace.spans;
  assert.ok(base !== undefined);
  const id = 'abababababababab';
  const call = { ...base, spanId: id, parentSpanId: '', kind: 3, name: 'call', links: [] };
  const serve = { ...call, kind: 2, name: 'serve' };
  const inside = { ...call, spanId: 'cdcdcdcdcdcdcdcd', parentSpanId: id, kind: 1, name: 'inside' };
  const shown = await toV1({ ...trace, spans: [call, serve, inside] }, { raw: false, ...disabled });
  const served = shown.spans.find((s) => s.operationName === 'serve');
  assert.notEqual(served?.spanID, id);
  assert.equal(served?.references[0]?.spanID, id);
  const child = shown.spans.find((s) => s.operationName === 'inside');
  assert.equal(child?.references[0]?.spanID, served?.spanID);
});

test('many different spans of one id are told apart once each', { timeout: 60_000 }, async () => {
  const [base] = trace.spans;
  const spans = Array.from({ length: 20_000 }, (_, i) => ({ ...base!, name: `op ${i % 15_000}` }));
  const shown = await toV1({ ...trace, spans }, { raw: false, ...disabled });
  assert.equal(shown.spans.length, 15_000);
});

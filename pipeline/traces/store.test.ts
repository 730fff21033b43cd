import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Traces } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { decodeTraces, type ResourceGroup, type Span } from '../../pdata/objects/index.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { SpanField, SpanReader } from '../../pdata/readers.ts';
import { seededRandom } from '../../testing/random.ts';
import { createBudget } from '../budget.ts';
import { compactTraces } from './compact.ts';
import { eachResource, SpanGrouper } from './grouper.ts';
import { Outgoing } from './outgoing.ts';
import { TraceStore } from './store.ts';
import { TraceView } from './trace-view.ts';
import { TraceWriter } from './write.ts';

interface Given {
  readonly resource: string;
  readonly scopes: readonly (readonly { readonly trace: number; readonly size: number }[])[];
}

const ids = Array.from({ length: 6 }, (_, n) => Buffer.alloc(16, n === 0 ? 0 : n));
let made = 0;

function request(groups: readonly Given[]): Traces {
  const builder = new TracesBuilder();
  for (const { resource, scopes } of groups) {
    builder.resource(resource === '' ? {} : { name: resource }, 'https://r.example.com');
    scopes.forEach((spans, i) => {
      builder.scope(`scope ${i}`, '1', {}, 'https://s.example.com');
      for (const { trace, size } of spans) {
        made += 1;
        const spanId = Buffer.alloc(8);
        spanId.writeUInt32BE(made);
        builder.span({
          traceId: trace === 0 ? new Uint8Array(0) : ids[trace]!,
          spanId,
          ...(trace % 2 === 0 ? { parentSpanId: Buffer.alloc(8, 3) } : {}),
          name: `span ${made}`,
          startTimeUnixNano: 1n,
          endTimeUnixNano: 2n,
          attributes: { payload: 'x'.repeat(size) },
        });
      }
    });
  }
  const batch = builder.finish();
  return parseRequest('traces', batch.ranges()[0] ?? new Uint8Array(0));
}

const spanOf = fc.record({ trace: fc.nat({ max: 5 }), size: fc.constantFrom(0, 10, 200, 70_000) });
const given = fc.array(
  fc.record({
    resource: fc.constantFrom('', 'a', 'b'),
    scopes: fc.array(fc.array(spanOf, { maxLength: 5 }), { maxLength: 3 }),
  }),
  { maxLength: 3 },
);

/** Every span of a batch with all that stands around it. */
function spansOf(groups: readonly ResourceGroup<Span>[], urls: boolean): string[] {
  return groups.flatMap(({ resource, scopes, schemaUrl }) =>
    scopes.flatMap((scope) =>
      scope.items.map((item) =>
        JSON.stringify([
          [...resource.attributes],
          urls ? schemaUrl : '',
          scope.scope.name,
          scope.scope.version,
          urls ? scope.schemaUrl : '',
          item.name,
          Buffer.from(item.traceId).toString('hex').replace(/^0+$/, ''),
          [...item.attributes],
        ]),
      ),
    ),
  );
}

const traceOf = (span: string) => (JSON.parse(span) as string[])[6]!;

class Model {
  readonly budget = createBudget(2 ** 28);
  readonly store: TraceStore;
  readonly writer: TraceWriter;
  readonly outgoing: Outgoing;
  readonly view: TraceView;
  readonly #grouper = new SpanGrouper(5);
  readonly #side = new SpanGrouper(6);

  constructor(whole: boolean) {
    this.store = new TraceStore(this.budget, seededRandom(3));
    this.writer = new TraceWriter(this.store, whole);
    this.outgoing = new Outgoing(this.store, this.writer);
    this.view = new TraceView(this.store, this.writer);
  }

  take(batch: Traces, keep?: (trace: number) => boolean): void {
    for (const bytes of batch.ranges()) {
      eachResource(bytes, (start, end) => {
        this.#grouper.scan(bytes, start, end);
        if (keep === undefined) {
          this.#add(this.#grouper);
          return;
        }
        const kept = compactTraces(this.#grouper, (t) => keep(this.#grouper.ids[t * 4]! & 255));
        this.#side.scan(kept, 0, kept.length);
        this.#add(this.#side);
      });
    }
  }

  #add(grouper: SpanGrouper): void {
    const { store } = this;
    const { block, offset } = store.place(grouper.bytes, grouper.group, grouper.end);
    for (let trace = 0; trace < grouper.traceCount; trace += 1) {
      const [a, b, c, d] = grouper.ids.subarray(trace * 4, trace * 4 + 4);
      let row = store.ids.find(a!, b!, c!, d!);
      if (row < 0) row = store.add(a!, b!, c!, d!, 0);
      store.append(row, grouper, trace, block, offset - grouper.group);
    }
    store.blocks.release(block, 1);
  }

  row(trace: number): number {
    const word = trace * 0x01010101;
    return this.store.ids.find(word, word, word, word);
  }
}

test('what was stored by trace is what came, in its order', () => {
  fc.assert(
    fc.property(fc.array(given, { maxLength: 4 }), fc.boolean(), (requests, whole) => {
      const model = new Model(whole);
      const came: string[] = [];
      for (const groups of requests) {
        const batch = request(groups);
        came.push(...spansOf(decodeTraces(batch), whole));
        model.take(batch);
      }
      for (let trace = 0; trace < ids.length; trace += 1) {
        const row = model.row(trace);
        const id = trace === 0 ? '' : ids[trace]!.toString('hex');
        const wanted = came.filter((span) => traceOf(span) === id);
        assert.equal(row >= 0, wanted.length > 0);
        if (row < 0) continue;
        const size = model.writer.measure(model.store.firstRun[row]!);
        model.outgoing.add(row);
        assert.equal(model.outgoing.bytes, size);
        const batch = model.outgoing.take()!;
        assert.equal(batch.byteLength, size);
        for (const bytes of batch.ranges()) parseRequest('traces', bytes);
        assert.deepEqual(spansOf(decodeTraces(batch), whole), wanted);
        assert.equal(model.store.remove(row), wanted.length);
      }
      assert.equal(model.store.held, 0);
      model.store.close();
      assert.equal(model.budget.used, 0);
    }),
    { numRuns: 150 },
  );
});

test('a view reads the spans of a row as a reader reads what is written', () => {
  fc.assert(
    fc.property(given, (groups) => {
      const model = new Model(false);
      model.take(request(groups));
      for (let trace = 0; trace < ids.length; trace += 1) {
        const row = model.row(trace);
        if (row < 0) continue;
        const { view } = model;
        view.open(row, model.store.firstRun[row]!);
        assert.equal(view.encodedSize(), model.writer.measure(model.store.firstRun[row]!));
        model.outgoing.add(row);
        const reader = new SpanReader(model.outgoing.take()!);
        for (let i = 0; i < view.spanCount; i += 1) {
          assert.ok(reader.nextAnyItem());
          assert.equal(view.span(i).string(SpanField.name), reader.name);
          const resource = view.resource(view.groupOf(i));
          const bytes = Buffer.from(resource.bytes.subarray(resource.start, resource.end));
          const { start, end } = reader.resource;
          assert.ok(bytes.equals(reader.resource.bytes.subarray(start, end)));
        }
        assert.ok(!reader.nextAnyItem());
        model.store.remove(row);
      }
      model.store.close();
    }),
    { numRuns: 100 },
  );
});

test('a compacted ResourceSpans has the spans of the traces that are kept', () => {
  fc.assert(
    fc.property(given, fc.nat({ max: 5 }), (groups, kept) => {
      const model = new Model(false);
      const batch = request(groups);
      model.take(batch, (trace) => trace === kept);
      const id = kept === 0 ? '' : ids[kept]!.toString('hex');
      const wanted = spansOf(decodeTraces(batch), false).filter((span) => traceOf(span) === id);
      const row = model.row(kept);
      assert.equal(row >= 0 ? model.store.heldSpans(row) : 0, wanted.length);
      if (row < 0) return;
      model.outgoing.add(row);
      assert.deepEqual(spansOf(decodeTraces(model.outgoing.take()!), false), wanted);
    }),
    { numRuns: 100 },
  );
});

test('spans without a parent are told', () => {
  const grouper = new SpanGrouper(1);
  const scopes = [[1, 2, 2].map((trace) => ({ trace, size: 0 }))];
  const [bytes] = request([{ resource: 'a', scopes }]).ranges();
  eachResource(bytes!, (start, end) => grouper.scan(bytes!, start, end));
  assert.deepEqual([...grouper.roots.subarray(0, grouper.traceCount)], [1, 0]);
  assert.deepEqual([...grouper.counts.subarray(0, grouper.traceCount)], [1, 2]);
});

test('memory is used again, and given back when it is not needed', () => {
  const budget = createBudget(2 ** 26);
  const store = new TraceStore(budget, seededRandom(1));
  const outgoing = new Outgoing(store, new TraceWriter(store));
  const grouper = new SpanGrouper(1);
  const one = request([{ resource: 'a', scopes: [[{ trace: 1, size: 70_000 }]] }]).ranges()[0]!;
  const spend = (times: number) => {
    for (let i = 0; i < times; i += 1) {
      assert.ok(store.blocks.hasRoom(one.length));
      eachResource(one, (start, end) => grouper.scan(one, start, end));
      const { block, offset } = store.place(one, grouper.group, grouper.end);
      const row = store.add(i, 0, 0, 0, 0);
      store.append(row, grouper, 0, block, offset - grouper.group);
      store.blocks.release(block, 1);
    }
    const held = store.blocks.count;
    for (let i = 0; i < times; i += 1) store.remove(store.ids.find(i, 0, 0, 0));
    return held;
  };
  const held = spend(200);
  assert.ok(held >= 13 && held <= 17, String(held));
  assert.equal(spend(200), held);
  for (let i = 0; i < 12; i += 1) store.blocks.trim();
  assert.ok(store.blocks.count <= 2, String(store.blocks.count));
  assert.equal(outgoing.take(), undefined);
  store.close();
  assert.equal(budget.used, 0);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { loadOtlpEditAddon } from '../../native/otlp.ts';
import type { Batch, Logs, Metrics, Traces } from '../batch.ts';
import { parseRequest } from '../parse.ts';
import { Writer } from '../proto/writer.ts';
import { GroupReader, LogReader, MetricReader, SpanReader } from '../readers.ts';
import type { Signal } from '../signal.ts';
import { randomRequest } from '../testing/random-request.ts';
import { WireError } from '../wire-error.ts';
import { type ActionConfig, compileActions } from './actions.ts';
import { compileProgram } from './program.ts';

const addon = loadOtlpEditAddon();

function skipped(t: TestContext): boolean {
  if (addon === undefined) t.skip('the addon otlp-edit is not built, or switched off');
  return addon === undefined;
}

const noContext = (): undefined => undefined;

function throughOverlay(
  given: Batch<Signal>,
  actions: readonly ActionConfig[],
  target: 'items' | 'resources',
): Buffer {
  const batch = given.editable();
  const apply = compileActions(actions);
  if (target === 'resources') {
    const reader = new GroupReader(batch);
    while (reader.nextResource()) apply(reader.resource, noContext);
  } else {
    const reader =
      batch.signal === 'traces'
        ? new SpanReader(batch as Traces)
        : batch.signal === 'logs'
          ? new LogReader(batch as Logs)
          : new MetricReader(batch as Metrics);
    while (reader.nextAnyItem()) apply(reader.item, noContext);
  }
  return Buffer.concat(batch.ranges());
}

const keys = ['a', 'service.name', 'http.method', 'größe', 'k1', 'x'.repeat(130), 'absent', 'new'];
const action: fc.Arbitrary<ActionConfig> = fc.record({
  action: fc.constantFrom('insert', 'update', 'upsert', 'delete'),
  key: fc.constantFrom(...keys),
  value: fc.oneof(fc.string({ maxLength: 200 }), fc.integer(), fc.boolean(), fc.constant(null)),
});

function parsed(signal: Signal, bytes: Uint8Array): Batch<Signal> | undefined {
  try {
    return parseRequest(signal, bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

test('the program writes the bytes that the overlay writes', (t) => {
  if (skipped(t)) return;
  const done = { changed: 0, same: 0, left: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom<Signal>('traces', 'metrics', 'logs', 'profiles'),
      fc.nat(),
      fc.record({ unknown: fc.boolean(), wild: fc.boolean() }),
      fc.array(action, { minLength: 1, maxLength: 6 }),
      fc.constantFrom<'items' | 'resources'>('items', 'resources'),
      (signal, seed, shape, actions, wanted) => {
        const batch = parsed(signal, randomRequest(signal, seed, shape));
        if (batch === undefined) return;
        const target = signal === 'profiles' ? 'resources' : wanted;
        const result = compileProgram(actions, target)!(batch);
        if (result === undefined) done.left += 1;
        else {
          done[result === batch ? 'same' : 'changed'] += 1;
          const expected = throughOverlay(batch, actions, target);
          assert.deepEqual(Buffer.concat(result.ranges()), expected);
          assert.equal(result.itemCount, batch.itemCount);
        }
      },
    ),
    { numRuns: 1500 },
  );
  assert.ok(done.changed > 100 && done.same > 100 && done.left > 100, JSON.stringify(done));
});

/** One group with a resource, a scope and spans with these attributes. */
function request(spans: readonly (readonly string[])[]): Uint8Array {
  const w = new Writer();
  const group = w.open(1, 2);
  w.tag(1, 2);
  w.varint(0);
  const scope = w.open(2, 2);
  w.tag(1, 2);
  w.varint(0);
  for (const names of spans) {
    const span = w.open(2, 2);
    for (const name of names) {
      const attribute = w.open(9);
      w.stringField(1, name);
      const value = w.open(2);
      w.stringField(1, `value of ${name}`);
      w.close(value);
      w.close(attribute);
    }
    w.close(span);
  }
  w.close(scope);
  w.close(group);
  return w.take();
}

test('repeated keys, deletions that are taken back, lengths that grow and shrink', (t) => {
  if (skipped(t)) return;
  const twice = ['a', 'b', 'a', 'c', 'a'];
  const many = Array.from({ length: 80 }, (_, i) => `k${i % 40}`);
  const spans = [twice, [], many, ['b'], Array.from({ length: 60 }, () => 'a')];
  const cases: ActionConfig[][] = [
    [{ action: 'delete', key: 'a' }],
    [
      { action: 'delete', key: 'a' },
      { action: 'insert', key: 'a', value: 'again' },
    ],
    [
      { action: 'insert', key: 'z', value: 1 },
      { action: 'delete', key: 'z' },
      { action: 'insert', key: 'y', value: 2 },
      { action: 'upsert', key: 'z', value: 'last' },
    ],
    [{ action: 'update', key: 'b', value: 'v'.repeat(20_000) }],
    many.slice(0, 32).map((key) => ({ action: 'delete', key })),
  ];
  const batch = parseRequest('traces', request(spans));
  for (const actions of cases) {
    const result = compileProgram(actions, 'items')!(batch);
    assert.ok(result !== undefined && result !== batch);
    assert.deepEqual(
      Buffer.concat(result.ranges()),
      throughOverlay(batch as Batch<Signal>, actions, 'items'),
    );
  }
});

test('more repetitions than it counts are left to the overlay', (t) => {
  if (skipped(t)) return;
  const batch = parseRequest('traces', request([Array.from({ length: 70 }, () => 'a')]));
  assert.equal(compileProgram([{ action: 'delete', key: 'a' }], 'items')!(batch), undefined);
});

test('actions that need more than keys and values have no program', () => {
  const more: ActionConfig[] = [
    { action: 'delete', pattern: 'a.*' },
    { action: 'hash', key: 'a' },
    { action: 'insert', key: 'a', from_attribute: 'b' },
    { action: 'upsert', key: 'a', from_context: 'x' },
    { action: 'convert', key: 'a', converted_type: 'int' },
  ];
  for (const one of more) {
    const actions: ActionConfig[] = [{ action: 'delete', key: 'k' }, one];
    assert.equal(compileProgram(actions, 'items'), undefined);
  }
  const wide = Array.from({ length: 33 }, (_, i) => ({ action: 'delete', key: `${i}` }) as const);
  assert.equal(compileProgram(wide, 'items'), undefined);
});

test('what is no request at all is left alone', (t) => {
  if (addon === undefined) return t.skip('the addon otlp-edit is not built, or switched off');
  const steps = Int32Array.of(3, 0, 0, 0);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(2), (bytes, signal) => {
      const size = addon.edit(bytes, signal, false, Int32Array.of(0, 1), steps, Buffer.from('a'));
      assert.ok(size >= -2);
      if (size >= 0) addon.take(new Uint8Array(size));
    }),
    { numRuns: 500 },
  );
  assert.throws(() => addon.take(new Uint8Array(77)), /BUG/);
});

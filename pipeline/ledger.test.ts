import assert from 'node:assert/strict';
import test from 'node:test';
import { background, type Consumer } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import { oneSpan } from '../gateway/testing/service.ts';
import { Ledger } from './ledger.ts';

const taker: Consumer<'traces'> = { mutates: false, consume: async () => {} };

function refuser(error: unknown): Consumer<'traces'> {
  return { mutates: true, consume: () => Promise.reject(error) };
}

test('what is refused is counted by status, and not as passed', async () => {
  const ledger = new Ledger();
  const full = new PipelineError('full', { retryable: true });
  const edge = ledger.edge('a', 'b', refuser(full));
  assert.equal(edge.mutates, true);
  for (let i = 0; i < 3; i++) await assert.rejects(edge.consume(oneSpan(), background), full);
  const bad = ledger.edge('a', 'b', refuser(new Error('why')));
  await assert.rejects(bad.consume(oneSpan(), background), { message: 'why' });
  const [snapshot] = ledger.snapshot().edges;
  assert.deepEqual(snapshot, {
    from: 'a',
    to: 'b',
    items: 0,
    refused: [
      { status: 'UNAVAILABLE', retryable: true, items: 3, message: 'full' },
      { status: 'INTERNAL', retryable: false, items: 1, message: 'BUG: why' },
    ],
  });
  assert.deepEqual(ledger.check(), []);
});

test('a tap sees each batch before its far end, and how that ended', async () => {
  const ledger = new Ledger();
  const events: string[] = [];
  const far: Consumer<'traces'> = {
    mutates: false,
    consume: async () => void events.push('taken'),
  };
  const edge = ledger.edge('a', 'b', far);
  const look = (name: string) => () => {
    events.push(`${name} looks`);
    return (error?: unknown) => void events.push(`${name} ${error === undefined ? 'ok' : 'bad'}`);
  };
  assert.deepEqual([ledger.hasEdge('a', 'b'), ledger.hasEdge('b', 'a')], [true, false]);
  const first = ledger.tap('a', 'b', look('first'));
  const second = ledger.tap('a', 'b', look('second'));
  await edge.consume(oneSpan(), background);
  assert.deepEqual(events.splice(0), [
    'first looks',
    'second looks',
    'taken',
    'first ok',
    'second ok',
  ]);
  first();
  await edge.consume(oneSpan(), background);
  assert.deepEqual(events.splice(0), ['second looks', 'taken', 'second ok']);
  second();
  await edge.consume(oneSpan(), background);
  assert.deepEqual(events, ['taken']);
});

test('a tap stays on an edge that is made later, or again', async () => {
  const ledger = new Ledger();
  let seen = 0;
  const stop = ledger.tap('a', 'b', () => {
    seen++;
    return undefined;
  });
  for (let i = 0; i < 2; i++) await ledger.edge('a', 'b', taker).consume(oneSpan(), background);
  assert.equal(seen, 2);
  stop();
  await ledger.edge('a', 'b', taker).consume(oneSpan(), background);
  assert.equal(seen, 2);
});

test('queues of a node are added up while they are there; the newest failed attempt', () => {
  const ledger = new Ledger();
  const node = ledger.node('exporter/x');
  const state = () => ledger.snapshot().nodes[0]!;
  assert.equal(state().queue, undefined);
  const hide = node.queue!(() => ({ size: 3, capacity: 10, unit: 'items' }));
  node.queue!(() => ({ size: 1, capacity: 10, unit: 'items' }));
  assert.deepEqual(state().queue, { size: 4, capacity: 20, unit: 'items' });
  hide();
  assert.deepEqual(state().queue, { size: 1, capacity: 10, unit: 'items' });
  assert.equal(state().failing, undefined);
  node.attempted!({ error: 'refused', unixMs: 1 });
  node.attempted!({ error: 'still', unixMs: 2 });
  assert.deepEqual(state().failing, { error: 'still', unixMs: 2, attempts: 2 });
  node.attempted!();
  assert.equal(state().failing, undefined);
});

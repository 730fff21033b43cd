import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../testing/clock.ts';
import { type StartedConnector, startConnector } from '../../testing/connector.ts';
import { permanent, retryable } from '../../testing/sinks.ts';
import { numberedSpans, spanNumbers } from '../../testing/spans.ts';
import { factory } from './index.ts';

const pipelines = ['traces/a', 'traces/b', 'traces/c'];
const levels = [['traces/a'], ['traces/b'], ['traces/c']];
const direct = { priority_levels: levels, sending_queue: { enabled: false } };

type Started = StartedConnector<'traces', 'traces'>;

const start = (given: unknown): Promise<Started> =>
  startConnector(factory, ['traces', 'traces'] as const, given, { pipelines });

const got = ({ pipelines: sinks }: Started, id: string) =>
  sinks.get(`traces/${id}`)!.batches.flatMap(spanNumbers);

async function finish(started: Started): Promise<void> {
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
  assert.equal(started.settings.clock.pending, 0);
}

test('a refused batch goes to the next level, and so do those that follow', async () => {
  const started = await start(direct);
  started.pipelines.get('traces/a')!.failures.push(permanent());
  started.pipelines.get('traces/b')!.failures.push(retryable());
  await started.send(numberedSpans([1, 2]));
  await started.send(numberedSpans([3]));
  assert.deepEqual(got(started, 'c'), [1, 2, 3]);
  await finish(started);
});

test('every interval the better levels are tried first', async () => {
  const started = await start({ ...direct, retry_interval: '1m' });
  const first = started.pipelines.get('traces/a')!;
  first.failures.push(permanent(), permanent());
  await started.send(numberedSpans([1]));
  await started.settings.clock.advance(60_000);
  await started.send(numberedSpans([2]));
  assert.deepEqual(got(started, 'b'), [1, 2]);
  await started.send(numberedSpans([3]));
  await started.settings.clock.advance(60_000);
  await started.send(numberedSpans([4]));
  await started.send(numberedSpans([5]));
  assert.deepEqual(got(started, 'b'), [1, 2, 3]);
  assert.deepEqual(got(started, 'a'), [4, 5]);
  await started.settings.clock.advance(0);
  assert.equal(started.settings.clock.pending, 0);
  await finish(started);
});

test('when no level takes data the sender is told to come again, until one is tried again', async () => {
  const started = await start({ ...direct, retry_interval: '1m' });
  for (const sink of started.pipelines.values()) sink.failures.push(permanent('broken'));
  await assert.rejects(started.send(numberedSpans([1])), {
    message: 'All provided pipelines return errors: broken',
    retryable: true,
  });
  await assert.rejects(started.send(numberedSpans([2])), /All provided pipelines return errors/);
  await started.settings.clock.advance(60_000);
  await started.send(numberedSpans([3]));
  assert.deepEqual(got(started, 'a'), [3]);
  await finish(started);
});

test('all pipelines of a level get the data; one refusal fails the level', async () => {
  const given = { ...direct, priority_levels: [['traces/a', 'traces/b'], ['traces/c']] };
  const started = await start(given);
  await started.send(numberedSpans([1]));
  started.pipelines.get('traces/b')!.failures.push(permanent());
  await started.send(numberedSpans([2]));
  assert.deepEqual(got(started, 'a'), [1, 2]);
  assert.deepEqual(got(started, 'b'), [1]);
  assert.deepEqual(got(started, 'c'), [2]);
  await finish(started);
});

test('with its queue the sender does not wait, and what nobody takes is accounted for', async () => {
  const started = await start({ priority_levels: levels });
  for (const sink of started.pipelines.values()) sink.failures.push(permanent());
  await started.send(numberedSpans([1, 2]));
  await settle();
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
  const node = started.settings.book.snapshot().nodes.find((one) => one.node === 'test')!;
  assert.equal(
    Object.values(node.dropped).reduce((sum, n) => sum + n, 0),
    2,
  );
});

test('pipelines that it does not feed are told', () => {
  const config = factory.config.parse(direct);
  assert.deepEqual(factory.checkPipelines!(config, ['traces/a', 'traces/c']), [
    'Error registering consumer: missing consumer: "traces/b"',
  ]);
});

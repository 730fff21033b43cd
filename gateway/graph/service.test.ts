import assert from 'node:assert/strict';
import test from 'node:test';
import { background } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import { buildService, oneSpan } from '../testing/service.ts';

const everything = `
receivers: {test: , unused: }
processors: {pass: , pass/edit: {mutates: true}}
exporters: {keep: , keep/2: }
connectors: {join: }
extensions: {aside/1: , aside/2: }
service:
  extensions: [aside/2, aside/1]
  pipelines:
    traces/in: {receivers: [test], processors: [pass], exporters: [keep, join]}
    traces/out: {receivers: [join], processors: [pass, pass/edit], exporters: [keep, keep/2]}
    logs: {receivers: [test], exporters: [keep]}
`.replace('unused:', 'test/unused:');

test('one instance of each kind, started from the far end and stopped from the near end', async () => {
  const { probe, service } = await buildService(everything);
  await service.start();
  const started = [
    'extension aside/2',
    'extension aside/1',
    'exporter keep@traces',
    'exporter keep/2@traces',
    'processor pass/edit@traces',
    'processor pass@traces',
    'connector join@traces-traces',
    'processor pass@traces',
    'exporter keep@logs',
    'receiver test',
  ];
  const ready = ['ready aside/2', 'ready aside/1'];
  assert.deepEqual(probe.events, [...started.map((name) => `start ${name}`), ...ready]);
  probe.events.length = 0;
  await service.shutdown();
  assert.deepEqual(probe.events, [
    'not ready aside/2',
    'not ready aside/1',
    ...started.toReversed().map((name) => `stop ${name}`),
  ]);
  probe.events.length = 0;
  await service.shutdown();
  assert.deepEqual(probe.events, [], 'a second shutdown does nothing');
});

test('a receiver gets a consumer for each signal that a pipeline wants', async () => {
  const { probe, service } = await buildService(everything);
  await service.start();
  assert.deepEqual(Object.keys(probe.receivers.get('test') ?? {}), ['traces', 'logs']);
  assert.equal(probe.receivers.has('test/unused'), false);
  await service.shutdown();
});

test('a batch reaches every exporter and the ledger balances', async () => {
  const { probe, service, ledger } = await buildService(everything);
  await service.start();
  const sent = oneSpan();
  await probe.receivers.get('test')!.traces!.consume(sent, background);
  assert.equal(probe.taken.get('keep@traces')?.length, 2, 'from both pipelines');
  assert.equal(probe.taken.get('keep/2@traces')?.length, 1);
  assert.ok(probe.taken.get('keep@traces')?.includes(sent), 'who does not edit shares the batch');
  assert.notEqual(probe.taken.get('keep/2@traces')?.[0], sent, 'behind an editor it is a copy');
  const bytes = (ranges: readonly Uint8Array[]) => Buffer.concat(ranges);
  const copy = probe.taken.get('keep/2@traces')![0]!;
  assert.deepEqual(bytes(copy.ranges()), bytes(sent.ranges()));
  assert.deepEqual(ledger.check(), []);
  const edge = ledger.snapshot().edges.find((e) => e.from === 'receiver/test');
  assert.equal(edge?.items, 1);
  await service.shutdown();
});

test('all branches are tried and their refusals come back together', async () => {
  const { probe, service, ledger } = await buildService(`
receivers: {test: }
exporters: {keep: , keep/2: , keep/3: }
service:
  pipelines:
    traces: {receivers: [test], exporters: [keep, keep/2]}
    traces/2: {receivers: [test], exporters: [keep/3]}
`);
  await service.start();
  probe.refusals.set('keep', new PipelineError('first full', { retryable: true, retryAfterMs: 5 }));
  probe.refusals.set('keep/3', new PipelineError('third full', { retryable: true }));
  const consumer = probe.receivers.get('test')!.traces!;
  await assert.rejects(consumer.consume(oneSpan(), background), (error) => {
    assert.ok(error instanceof PipelineError);
    assert.equal(error.retryable, true);
    assert.match(error.message, /first full.*third full/);
    return true;
  });
  assert.equal(probe.taken.get('keep/2@traces')?.length, 1);
  assert.deepEqual(ledger.check(), []);
  await service.shutdown();
});

test('when a component cannot start, what has started is stopped', async () => {
  const { probe, service } = await buildService(`
receivers: {test: }
exporters: {keep: , keep/bad: {fail: start}}
extensions: {aside: }
service:
  extensions: [aside]
  pipelines: {traces: {receivers: [test], exporters: [keep, keep/bad]}}
`);
  await assert.rejects(service.start(), {
    message: 'cannot start exporter/keep/bad@traces: told to fail',
  });
  assert.deepEqual(probe.events, [
    'start extension aside',
    'start exporter keep@traces',
    'start exporter keep/bad@traces',
    'stop exporter keep/bad@traces',
    'stop exporter keep@traces',
    'stop extension aside',
  ]);
});

test('when an extension fails as everything runs, everything is stopped', async () => {
  const { probe, service } = await buildService(`
receivers: {test: }
exporters: {keep: }
extensions: {aside: {fail: ready}}
service:
  extensions: [aside]
  pipelines: {traces: {receivers: [test], exporters: [keep]}}
`);
  await assert.rejects(service.start(), { message: 'told to fail' });
  const stopped = ['stop receiver test', 'stop exporter keep@traces', 'stop extension aside'];
  assert.deepEqual(probe.events.slice(-3), stopped);
});

test('a component that cannot stop does not keep the others from it', async () => {
  const { probe, service } = await buildService(`
receivers: {test: {fail: shutdown}}
exporters: {keep: }
service:
  pipelines: {traces: {receivers: [test], exporters: [keep]}}
`);
  await service.start();
  await assert.rejects(service.shutdown(), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.match(String(error.errors[0]), /cannot shut down receiver\/test: told to fail/);
    return true;
  });
  assert.deepEqual(probe.events.slice(-2), ['stop receiver test', 'stop exporter keep@traces']);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { background } from '../../component/consumer.ts';
import { buildService, oneSpan } from '../testing/service.ts';

async function running(yaml: string) {
  const { probe, service, ledger, fatal, decode } = await buildService(yaml);
  await service.start();
  probe.events.length = 0;
  const change = async (next: string) => service.change(await decode(next));
  const send = () => probe.receivers.get('test')!.traces!.consume(oneSpan(), background);
  const taken = (name: string): number => probe.taken.get(name)?.length ?? 0;
  return { probe, service, ledger, fatal, change, send, taken };
}

const first = `
receivers: {test: }
processors: {pass: }
exporters: {keep: }
extensions: {aside: }
service:
  extensions: [aside]
  pipelines:
    traces: {receivers: [test], processors: [pass], exporters: [keep]}
`;

test('the same configuration changes nothing', async () => {
  const { probe, service, change } = await running(first);
  const changes = await change(first);
  assert.deepEqual(changes, { started: [], replaced: [], stopped: [], kept: 4 });
  assert.deepEqual(probe.events, []);
  await service.shutdown();
});

test('only what says something else is replaced, its senders keep their consumer', async () => {
  const { probe, service, ledger, change, send, taken } = await running(first);
  await send();
  const changes = await change(first.replace('pass: ', 'pass: {endpoint: "localhost:2"}'));
  assert.deepEqual(changes.replaced, ['processor/pass@traces']);
  assert.deepEqual(probe.events, ['stop processor pass@traces', 'start processor pass@traces']);
  await send();
  assert.equal(taken('keep@traces'), 2);
  assert.deepEqual(ledger.check(), []);
  await service.shutdown();
});

test('pipelines get other members while the rest runs', async () => {
  const { probe, service, change, send, taken } = await running(first);
  const next = first
    .replace('exporters: {keep: }', 'exporters: {keep/2: , keep/3: }')
    .replace('exporters: [keep]', 'exporters: [keep/2, keep/3]')
    .replace('processors: [pass],', '');
  const changes = await change(next);
  assert.deepEqual(changes, {
    started: ['exporter/keep/2@traces', 'exporter/keep/3@traces'],
    replaced: [],
    stopped: ['processor/pass@traces', 'exporter/keep@traces'],
    kept: 2,
  });
  assert.deepEqual(probe.events, [
    'start exporter keep/2@traces',
    'start exporter keep/3@traces',
    'stop processor pass@traces',
    'stop exporter keep@traces',
  ]);
  await send();
  assert.deepEqual(
    [taken('keep@traces'), taken('keep/2@traces'), taken('keep/3@traces')],
    [0, 1, 1],
  );
  await service.shutdown();
});

test('a receiver is there before the one that it replaces goes', async () => {
  const { probe, service, change, send, taken } = await running(first);
  await change(first.replace('{test: }', '{test: {endpoint: "localhost:3"}}'));
  assert.deepEqual(probe.events, ['start receiver test', 'stop receiver test']);
  await send();
  assert.equal(taken('keep@traces'), 1);
  await service.shutdown();
});

test('an extension is replaced, with what names it', async () => {
  const { probe, service, change } = await running(
    first.replace('pass: ', 'pass: {endpoint: aside}'),
  );
  const next = first
    .replace('pass: ', 'pass: {endpoint: aside}')
    .replace('aside: ', 'aside: {mutates: true}');
  const changes = await change(next);
  assert.deepEqual(changes.replaced, ['extension/aside', 'processor/pass@traces']);
  assert.deepEqual(probe.events, [
    'not ready aside',
    'start extension aside',
    'stop extension aside',
    'stop processor pass@traces',
    'start processor pass@traces',
    'ready aside',
  ]);
  await service.shutdown();
});

test('when something cannot start, what ran before runs again', async () => {
  const { probe, service, ledger, fatal, change, send, taken } = await running(first);
  const next = first
    .replace('pass: ', 'pass: {endpoint: "localhost:2"}')
    .replace('{test: }', '{test: {fail: start}}')
    .replace('exporters: {keep: }', 'exporters: {keep: , keep/new: }')
    .replace('exporters: [keep]', 'exporters: [keep, keep/new]');
  await assert.rejects(change(next), { message: 'cannot start receiver/test: told to fail' });
  assert.deepEqual(fatal, []);
  probe.events.length = 0;
  await send();
  assert.equal(taken('keep@traces'), 1);
  assert.equal(taken('keep/new@traces'), 0);
  assert.deepEqual(ledger.check(), []);
  assert.deepEqual((await change(first)).kept, 4);
  await service.shutdown();
});

test('batches wait while an instance is replaced, none is refused', async () => {
  const { probe, service, change, send, taken } = await running(first);
  const sends: Promise<void>[] = [];
  let changing = true;
  const watch = new Proxy(probe.events, {
    set(target, key, value) {
      if (changing && value === 'stop exporter keep@traces') sends.push(send(), send());
      return Reflect.set(target, key, value);
    },
  });
  Object.assign(probe, { events: watch });
  await change(
    first.replace('exporters: {keep: }', 'exporters: {keep: {endpoint: "localhost:9"}}'),
  );
  changing = false;
  assert.equal(sends.length, 2);
  await Promise.all(sends);
  assert.equal(taken('keep@traces'), 2);
  await service.shutdown();
});

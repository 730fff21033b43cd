import assert from 'node:assert/strict';
import test from 'node:test';
import { background } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { TapSample } from '../../component/insight.ts';
import { buildService, oneSpan } from '../testing/service.ts';

const yaml = `
receivers: {test: }
processors: {pass: }
exporters: {keep: , keep/2: }
connectors: {join: }
service:
  pipelines:
    traces: {receivers: [test], processors: [pass], exporters: [keep, join]}
    traces/2: {receivers: [join], exporters: [keep/2]}
`;

async function running(text = yaml) {
  const { service, probe, decode } = await buildService(text);
  await service.start();
  const { insight } = service.host.view;
  const send = () => probe.receivers.get('test')!.traces!.consume(oneSpan(), background);
  return { service, insight, probe, decode, send };
}

test('lanes are made of nodes; a connector ends one and begins another', async () => {
  const { insight, service } = await running();
  assert.deepEqual(insight.graph().lanes, [
    {
      id: 'traces',
      signal: 'traces',
      receivers: ['receiver/test'],
      processors: ['processor/pass@traces'],
      exporters: ['exporter/keep@traces', 'connector/join@traces-traces'],
    },
    {
      id: 'traces/2',
      signal: 'traces',
      receivers: ['connector/join@traces-traces'],
      processors: [],
      exporters: ['exporter/keep/2@traces'],
    },
  ]);
  const known = new Set(insight.graph().nodes.map(({ name }) => name));
  for (const { from, to } of insight.graph().edges) assert.ok(known.has(from) && known.has(to));
  await service.shutdown();
});

test('numbers of nodes and edges, past the fan-outs between them', async () => {
  const { insight, service, probe, send } = await running();
  await send();
  probe.refusals.set('keep', new PipelineError('no http://a:b@c', { retryable: true }));
  await assert.rejects(send());
  const { nodes, edges, memory } = insight.numbers();
  const edge = (from: string, to: string) =>
    edges.find((one) => one.from === from && one.to === to)!;
  assert.equal(edge('receiver/test', 'processor/pass@traces').items, 1);
  const toKeep = edge('processor/pass@traces', 'exporter/keep@traces');
  const [refused] = toKeep.refused;
  assert.deepEqual([toKeep.items, refused?.items], [1, 1]);
  assert.equal(refused?.message, 'no http://a:[REDACTED]@c');
  assert.equal(edge('connector/join@traces-traces', 'exporter/keep/2@traces').items, 2);
  assert.equal(edges.length, insight.graph().edges.length);
  assert.equal(nodes.length, insight.graph().nodes.length);
  assert.ok(nodes.every(({ status }) => status === 'StatusOK'));
  assert.ok(memory.rss > 0 && memory.budgetLimit > 0);
  await service.shutdown();
});

test('a tap on an edge behind a fan-out shows what passes', async () => {
  const { insight, service, send } = await running();
  const samples: TapSample[] = [];
  const stop = insight.tap(
    { from: 'processor/pass@traces', to: 'exporter/keep@traces' },
    { batchesPerSecond: 1, items: 5, mask: [] },
    (sample) => samples.push(sample) > 0,
  );
  await send();
  stop();
  assert.equal(samples.length, 1);
  assert.match(JSON.stringify(samples[0]!.otlp), /"name":"a"/);
  await service.shutdown();
});

test('what an edge did before and behind a fan-out is one, for numbers and taps', async () => {
  const { insight, service, probe, decode, send } = await running();
  const edge = { from: 'processor/pass@traces', to: 'exporter/keep@traces' };
  const samples: TapSample[] = [];
  const options = { batchesPerSecond: 1000, items: 5, mask: [] };
  const stop = insight.tap(edge, options, (sample) => samples.push(sample) > 0);
  probe.refusals.set('keep', new PipelineError('down', { retryable: true }));
  await assert.rejects(send());
  await service.change(
    await decode(yaml.replace('[keep, join]', '[keep]').replace(/ {4}traces.2.*/, '')),
  );
  probe.refusals.set('keep', new PipelineError('still down', { retryable: true }));
  await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(send());
  stop();
  const numbers = insight.numbers().edges.find(({ to }) => to === edge.to)!;
  assert.deepEqual(
    numbers.refused.map(({ items }) => items),
    [2],
  );
  assert.deepEqual(
    samples.map(({ refused }) => refused),
    ['down', 'still down'],
  );
  await service.shutdown();
});

test('another configuration has a higher version and its own graph', async () => {
  const { insight, service, decode } = await running();
  assert.equal(insight.version(), 1);
  await service.change(await decode(yaml.replace('[keep, join]', '[join]')));
  assert.equal(insight.version(), 2);
  assert.ok(!insight.graph().nodes.some(({ name }) => name === 'exporter/keep@traces'));
  assert.equal(insight.numbers().nodes.length, insight.graph().nodes.length);
  await service.shutdown();
});

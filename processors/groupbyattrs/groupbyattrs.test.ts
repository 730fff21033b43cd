import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { background } from '../../component/consumer.ts';
import { LogsBuilder, MetricsBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { decodeLogs } from '../../pdata/objects/index.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { factory } from './index.ts';

type Attributes = Record<string, string>;

function logs(groups: readonly { resource: Attributes; records: readonly Attributes[] }[]) {
  const builder = new LogsBuilder();
  for (const { resource, records } of groups) {
    builder.resource(resource);
    builder.scope('lib', '1');
    for (const attributes of records) builder.record({ timeUnixNano: 1n, body: 'x', attributes });
  }
  return builder.finish();
}

async function run(keys: readonly string[], batch: ReturnType<typeof logs>) {
  const sink = collectingSink<'logs'>();
  const settings = testSettings();
  const processor = factory.create('logs', settings, factory.config.parse({ keys }), sink);
  await processor.consume(batch, background);
  const [out] = sink.batches;
  for (const bytes of out!.ranges()) parseRequest('logs', bytes);
  return { groups: decodeLogs(out!), settings, out: out! };
}

const prefix = 'otelcol_processor_groupbyattrs_';

test('attributes move to resources, and resources that are alike are joined', async () => {
  const batch = logs([
    { resource: { a: '1', host: 'old' }, records: [{ host: 'h', x: '1' }, { x: '2' }] },
    { resource: { host: 'h', a: '1' }, records: [{ x: '3' }, { host: 'g' }] },
  ]);
  const { groups, settings } = await run(['host', 'none'], batch);
  const shape = groups.map(({ resource, scopes }) => [
    Object.fromEntries(resource.attributes),
    scopes.flatMap(({ items }) => items.map((item) => Object.fromEntries(item.attributes))),
  ]);
  assert.deepEqual(shape, [
    [{ a: '1', host: 'h' }, [{ x: '1' }, { x: '3' }]],
    [{ a: '1', host: 'old' }, [{ x: '2' }]],
    [{ a: '1', host: 'g' }, [{}]],
  ]);
  assert.equal(settings.meter.value(`${prefix}num_grouped_logs`), 2);
  assert.equal(settings.meter.value(`${prefix}num_non_grouped_logs`), 2);
});

test('without keys nothing but the grouping changes', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const attributes = fc.dictionary(name, fc.constantFrom('1', '2'), {
    maxKeys: 3,
    noNullPrototype: true,
  });
  const group = fc.record({
    resource: attributes,
    records: fc.array(attributes, { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(group, { maxLength: 5 }),
      fc.array(name, { maxLength: 3 }),
      async (groups, keys) => {
        const batch = logs(groups);
        const { groups: out } = await run(keys, batch);
        const flat = (list: ReturnType<typeof decodeLogs>) =>
          list
            .flatMap(({ resource, scopes }) =>
              scopes.flatMap(({ items }) =>
                items.map((item) => {
                  const all = new Map([...resource.attributes, ...item.attributes]);
                  return JSON.stringify([...all].sort());
                }),
              ),
            )
            .sort();
        assert.deepEqual(flat(out), flat(decodeLogs(batch)));
        const resources = out.map(({ resource }) =>
          JSON.stringify([...resource.attributes].sort()),
        );
        assert.equal(new Set(resources).size, resources.length);
      },
    ),
    { numRuns: 200 },
  );
});

test('points of one metric are divided among resources', async () => {
  const builder = new MetricsBuilder();
  builder.resource({});
  builder.scope('lib');
  builder.metric('m', 's');
  builder.sum(2, true);
  const time = { timeUnixNano: 1n };
  builder.numberPoint({ ...time, value: 1, attributes: { host: 'a', k: 'v' } });
  builder.numberPoint({ ...time, value: 2, attributes: { host: 'b' } });
  builder.numberPoint({ ...time, value: 3, attributes: { host: 'a' } });
  const sink = collectingSink<'metrics'>();
  const settings = testSettings();
  const config = factory.config.parse({ keys: ['host'] });
  await factory.create('metrics', settings, config, sink).consume(builder.finish(), background);
  const json = JSON.parse(toJson(sink.batches[0]!)) as {
    resourceMetrics: {
      scopeMetrics: { metrics: { sum: { dataPoints: unknown[]; isMonotonic: boolean } }[] }[];
    }[];
  };
  const sums = json.resourceMetrics.map((r) => r.scopeMetrics[0]!.metrics[0]!.sum);
  assert.deepEqual(
    sums.map(({ dataPoints }) => dataPoints.length),
    [2, 1],
  );
  assert.ok(sums.every(({ isMonotonic }) => isMonotonic));
});

test('what the next refuses is refused; a key that is given twice is said', async () => {
  const sink = collectingSink<'logs'>();
  sink.failures.push(retryable());
  const settings = testSettings();
  const config = factory.config.parse({ keys: ['a', 'a', ''] });
  const processor = factory.create('logs', settings, config, sink);
  await assert.rejects(processor.consume(logs([]), background), /try later/);
  assert.equal(settings.logger.lines[0]?.message, 'A grouping key is already present');
});

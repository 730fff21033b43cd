import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { background } from '../../component/consumer.ts';
import { parseJson } from '../../pdata/json.ts';
import { testSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';
import { createSampler } from './sampler.ts';
import { renderBatch } from './text/render.ts';

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const attributes = [{ key: 'k', value: { stringValue: 'v' } }];
const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };

const traces = parseJson(
  'traces',
  json({
    resourceSpans: [
      {
        resource,
        scopeSpans: [
          {
            scope: { name: 'lib', version: '1.2' },
            spans: [
              {
                traceId: '5b8efff798038103d269b633813fc60c',
                spanId: 'eee19b7ec3c1b174',
                name: 'GET /',
                kind: 2,
                startTimeUnixNano: '1581452772000000321',
                endTimeUnixNano: '1581452773000000789',
                attributes: [
                  ...attributes,
                  { key: 'n', value: { intValue: '7' } },
                  {
                    key: 'm',
                    value: {
                      kvlistValue: {
                        values: [
                          { key: 'b', value: { boolValue: true } },
                          { key: 'a', value: { arrayValue: { values: [{ doubleValue: 1.5 }] } } },
                        ],
                      },
                    },
                  },
                ],
                events: [{ name: 'e', timeUnixNano: '1581452773000000123', attributes }],
                links: [
                  { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174' },
                ],
                status: { code: 2, message: 'boom' },
              },
            ],
          },
        ],
      },
    ],
  }),
);

const logs = parseJson(
  'logs',
  json({
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: '1581452773000000789',
                severityNumber: 10,
                severityText: 'Info',
                body: { stringValue: 'hello' },
                attributes,
              },
            ],
          },
        ],
      },
    ],
  }),
);

const point = { timeUnixNano: '1581452773000000789', attributes };
const metrics = parseJson(
  'metrics',
  json({
    resourceMetrics: [
      {
        resource,
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'requests',
                unit: '1',
                sum: {
                  isMonotonic: true,
                  aggregationTemporality: 2,
                  dataPoints: [{ ...point, asInt: '123' }],
                },
              },
              { name: 'load', gauge: { dataPoints: [{ ...point, asDouble: 1.5 }] } },
              {
                name: 'latency',
                histogram: {
                  aggregationTemporality: 1,
                  dataPoints: [
                    {
                      ...point,
                      count: '3',
                      sum: 12.5,
                      bucketCounts: ['1', '2'],
                      explicitBounds: [10],
                      exemplars: [{ timeUnixNano: '0', asDouble: 15 }],
                    },
                  ],
                },
              },
              {
                name: 'spread',
                exponentialHistogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    {
                      ...point,
                      count: '4',
                      scale: 0,
                      zeroCount: '1',
                      positive: { offset: 0, bucketCounts: ['2'] },
                      negative: { offset: 1, bucketCounts: ['1'] },
                    },
                  ],
                },
              },
              {
                name: 'sizes',
                summary: {
                  dataPoints: [
                    { ...point, count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  }),
);

test('texts', async (t) => {
  for (const batch of [traces, logs, metrics]) {
    for (const verbosity of ['normal', 'detailed'] as const) {
      await t.test(`${batch.signal} ${verbosity}`, async () => {
        const file = join(import.meta.dirname, `testdata/${batch.signal}-${verbosity}.txt`);
        assert.equal(renderBatch(batch, verbosity), await readFile(file, 'utf8'));
      });
    }
  }
});

test('counts go to the log', async () => {
  const settings = testSettings({ id: 'debug' });
  for (const batch of [traces, logs, metrics]) {
    const exporter = factory.create(batch.signal, settings, factory.config.parse({}));
    await exporter.start();
    await exporter.consume(batch as never, background);
    await exporter.shutdown();
  }
  assert.deepEqual(
    settings.logger.lines.map(({ message, fields }) => [message, fields]),
    [
      ['Traces', { 'resource spans': 1, spans: 1 }],
      ['Logs', { 'resource logs': 1, 'log records': 1 }],
      ['Metrics', { 'resource metrics': 1, metrics: 5, 'data points': 5 }],
    ],
  );
});

test('detailed texts go to a file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'debug-'));
  try {
    const path = join(dir, 'out.txt');
    const config = factory.config.parse({
      verbosity: 'normal',
      use_internal_logger: false,
      output_paths: [path],
    });
    const exporter = factory.create('logs', testSettings({ id: 'debug' }), config);
    await exporter.start();
    await exporter.consume(logs, background);
    await exporter.shutdown();
    const head = 'Logs\t{"resource logs":1,"log records":1}\n';
    assert.equal(await readFile(path, 'utf8'), `${head}ResourceLog #0\nScopeLog #0\nhello k=v\n`);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('sampling starts anew each second', async () => {
  const { clock } = testSettings({ id: 'debug' });
  const sample = createSampler({ sampling_initial: 2, sampling_thereafter: 3 }, clock);
  const take = (n: number) => Array.from({ length: n }, () => (sample() ? 'x' : '.')).join('');
  assert.equal(take(9), 'xx..x..x.');
  await clock.advance(1000);
  assert.equal(take(3), 'xx.');
  const none = createSampler({ sampling_initial: 0, sampling_thereafter: 0 }, clock);
  assert.equal(none(), false);
});

test('what cannot be is refused', () => {
  for (const config of [{ verbosity: 'loud' }, { sampling_initial: -1 }, { sending_queue: {} }]) {
    assert.equal(factory.config.safeParse(config).success, false, JSON.stringify(config));
  }
});

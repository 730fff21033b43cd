import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { background } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import { parseJson } from '../../pdata/json.ts';
import { testSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';
import { createSampler } from './sampler.ts';
import { renderBatch } from './text/render.ts';

const testdata = join(import.meta.dirname, 'testdata');

function request<S extends Signal>(signal: S) {
  return parseJson(signal, readFileSync(join(testdata, `${signal}.json`)));
}

const [traces, logs, metrics] = [request('traces'), request('logs'), request('metrics')];

// The expected texts are what the Go collector 0.155 wrote for the same requests.
test('texts', async (t) => {
  for (const batch of [traces, logs, metrics]) {
    for (const verbosity of ['normal', 'detailed'] as const) {
      await t.test(`${batch.signal} ${verbosity}`, async () => {
        const file = join(testdata, `${batch.signal}-${verbosity}.txt`);
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
      ['Traces', { 'resource spans': 1, spans: 2 }],
      ['Logs', { 'resource logs': 1, 'log records': 2 }],
      ['Metrics', { 'resource metrics': 1, metrics: 6, 'data points': 7 }],
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
    const golden = join(testdata, 'logs-normal.txt');
    const head = 'Logs\t{"resource logs":1,"log records":2}\n';
    assert.equal(await readFile(path, 'utf8'), head + (await readFile(golden, 'utf8')));
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
  for (const config of [
    { verbosity: 'loud' },
    { sampling_initial: 'x' },
    { sending_queue: { queue_size: 0 } },
  ]) {
    assert.equal(factory.config.safeParse(config).success, false, JSON.stringify(config));
  }
});

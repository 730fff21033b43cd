// What the program says of itself, compared with what the Go collector was recorded to say: names,
// kinds, units, scopes, attributes of own metrics by scenario and level, and as they are scraped.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { readConfig } from '../gateway/load.ts';
import { startProgram } from '../gateway/run.ts';
import { freePort } from '../testing/ports.ts';
import { kafkaObstacle } from './lib/kafka.ts';
import { differences } from './telemetry-names/compare.ts';
import {
  type Level,
  listen,
  type Outcome,
  readScenario,
  recordedFile,
  startHere,
} from './telemetry-names/lib.ts';
import { page, recordedLines } from './telemetry-names/list.ts';

const folder = join(import.meta.dirname, 'telemetry-names/testdata');

describe('own metrics', { concurrency: 3 }, () => {
  for (const file of globSync('*.yaml', { cwd: folder }).sort()) {
    const scenario = readScenario(file);
    test(basename(file, '.yaml'), async (t) => {
      const obstacle = scenario.needsKafka ? kafkaObstacle() : '';
      if (obstacle !== '') return t.skip(obstacle);
      const text = readFileSync(recordedFile(scenario.name), 'utf8');
      const recorded = JSON.parse(text) as Readonly<Record<Level, Outcome>>;
      for (const level of scenario.levels) {
        const mine = await listen(scenario, level, startHere);
        assert.deepEqual(differences(mine, recorded[level]), [], level);
      }
    });
  }
});

test('the table of metrics says what was recorded', () => {
  const lines = new Set(readFileSync(page, 'utf8').split('\n'));
  const missing = recordedLines().filter((line) => !lines.has(line));
  assert.deepEqual(missing, [], 'node integration/telemetry-names/list.ts writes it');
});

const least = (metrics: string, port: number): string => `
receivers: {otlp: {protocols: {http: {endpoint: "localhost:0"}}}}
exporters: {nop: {}}
service:
  telemetry: {logs: {level: fatal}, metrics: ${metrics.replace('PORT', String(port))}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
`;

async function start(metrics: string, port: number) {
  return startProgram(await readConfig([`yaml:${least(metrics, port)}`], {}));
}

const reader = '[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: PORT}}}}]';

test('level none: nobody is told', async () => {
  const port = await freePort();
  const program = await start(`{level: none, readers: ${reader}}`, port);
  try {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`), /fetch failed/);
  } finally {
    await program.shutdown('test');
  }
});

test('a view that does not go with a metric keeps the program from starting', async () => {
  const selector = '{instrument_name: otelcol_process_memory_rss}';
  const views = `[{selector: ${selector}, stream: {aggregation: {sum: {}}}}]`;
  const port = await freePort();
  await assert.rejects(
    start(`{level: detailed, readers: ${reader}, views: ${views}}`, port),
    /incompatible aggregation/,
  );
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toJson } from '../../pdata/json.ts';
import { fakeClock } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { shortPoints } from '../../testing/short-points.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { Aggregator } from './aggregator.ts';
import { config } from './config.ts';

interface Case {
  readonly name: string;
  readonly config: object;
  readonly lines: readonly string[];
}

const folder = join(import.meta.dirname, 'testdata');
const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
const golden = read<Record<string, string[]>>('golden.json');

for (const { name, config: given, lines } of read<Case[]>('cases.json')) {
  test(`as the Go collector: ${name}`, async () => {
    const clock = fakeClock(Date.UTC(2026, 0, 1));
    const sink = collectingSink<'metrics'>();
    const aggregator = new Aggregator(testSettings({ clock }), config.parse(given), sink);
    aggregator.start();
    const packet = Buffer.from(lines.join('\n'));
    aggregator.take(packet, 0, packet.length, '127.0.0.1', '1', false);
    await clock.advance(60_000);
    await aggregator.stop();
    const points = shortPoints(sink.batches.map((batch) => JSON.parse(toJson(batch))));
    assert.deepEqual(points, golden[name]);
  });
}

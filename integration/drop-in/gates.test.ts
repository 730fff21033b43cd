// The feature gates of the Go collector are here, on or off as there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { FeatureGates, viewGates } from '../../gateway/config/gates.ts';

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'gates.json'), 'utf8'),
) as Readonly<Record<string, { readonly enabled: boolean; readonly stage: string }>>;

test('every gate, its stage, and whether it is on', () => {
  const ours = new Map(viewGates(new FeatureGates()).map((gate) => [gate.id, gate]));
  const different = Object.entries(recorded).filter(([id, { enabled, stage }]) => {
    const gate = ours.get(id);
    return gate?.enabled !== enabled || gate.stage !== stage;
  });
  assert.deepEqual(different, []);
});

test('what can be set there can be set here, but for what is not built', () => {
  const refused: string[] = [];
  for (const [id, { enabled, stage }] of Object.entries(recorded)) {
    if (stage === 'Stable' || stage === 'Deprecated') continue;
    try {
      new FeatureGates().apply(enabled ? `-${id}` : id);
    } catch {
      refused.push(id);
    }
  }
  assert.deepEqual(refused, [
    'exporter.file.nativeCompression',
    'ottl.contexts.enableOTelColContext',
    'ottl.functions.enableLambda',
    'processor.tailsamplingprocessor.tailstorageextension',
    'telemetry.newPipelineTelemetry',
  ]);
});

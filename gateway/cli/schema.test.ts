import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { registry } from '../components.ts';
import { configJsonSchema } from './schema.ts';

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
const validate = ajv.compile(await configJsonSchema(registry));

/** Paths of faults, without those of alternatives that were tried. */
function faults(text: string): string[] {
  validate(parse(text, { version: '1.1' }));
  return [...new Set((validate.errors ?? []).map((error) => error.instancePath))];
}

const examples = join(import.meta.dirname, '../../config/examples');

test('every example meets the schema', async (t) => {
  const names = readdirSync(examples).filter((name) => name.endsWith('.yaml'));
  assert.ok(names.length >= 4);
  for (const name of names) {
    await t.test(name, () => {
      assert.deepEqual(faults(readFileSync(join(examples, name), 'utf8')), []);
    });
  }
});

test('what decoding takes besides: null, references, older types, names', () => {
  const good = [
    'processors: {batch: }',
    'processors: {batch/a.b: {timeout: "${env:T}", send_batch_size: null}}',
    'processors: {batch: {timeout: 5}}',
    'exporters: {otlp: {endpoint: "a:1"}, otlp_grpc/2: {endpoint: "a:1"}}',
    'processors: "${file:processors.yaml}"',
    'service: {pipelines: {traces/x: {receivers: [otlp], exporters: ["${env:E}"]}}}',
  ];
  for (const text of good) assert.deepEqual(faults(text), [], text);
});

test('faults are found where they are', () => {
  const f = (text: string, path: string) => {
    const found = faults(text);
    assert.ok(found.includes(path), `${text}: ${found.join(' ')}`);
  };
  f('nonsense: 1', '');
  f('processors: {nonsense: }', '/processors');
  f('processors: {batch/: }', '/processors');
  f('processors: {batch: {timeout: soon}}', '/processors/batch/timeout');
  f('processors: {batch: {send_batch_size: "5"}}', '/processors/batch/send_batch_size');
  f('processors: {batch: {nonsense: 1}}', '/processors/batch');
  f('service: {pipelines: {spans: {}}}', '/service/pipelines');
  f('service: {extensions: zpages}', '/service/extensions');
  f('service: {nonsense: 1}', '/service');
});

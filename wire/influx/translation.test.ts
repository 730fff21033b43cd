/**
 * What influx2otel, the Go collector's translation, makes of the same lines
 * (testdata/translation.json): the same, or for a reason something else.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toJson } from '../../pdata/json.ts';
import { shortPoints } from '../../testing/short-points.ts';
import { LineMetrics } from './line-metrics.ts';

interface Case {
  readonly name: string;
  readonly text: readonly string[];
  /** Points, or the error of the whole request. */
  readonly theirs: readonly string[] | string;
  /** Why ours differ. */
  readonly differs?: string;
}

const file = join(import.meta.dirname, 'testdata/translation.json');

for (const { name, text, theirs, differs } of JSON.parse(readFileSync(file, 'utf8')) as Case[]) {
  test(`${name}${differs === undefined ? '' : `: ${differs}`}`, () => {
    const request = { unitNs: 1, nowMs: 0, reserve: () => true };
    const { batch, badLines } = new LineMetrics().convert(Buffer.from(text.join('\n')), request);
    const ours = shortPoints([JSON.parse(toJson(batch!))]);
    assert.equal(badLines, 0);
    if (differs === undefined) assert.deepEqual(ours, theirs);
    else assert.notDeepEqual(ours, theirs);
  });
}

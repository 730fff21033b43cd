// Expressions of every function give what they give in the Go collector.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startInside } from '../lib/run.ts';
import { verdictCases } from './cases/verdicts.ts';
import { groups } from './cases.ts';
import { differences } from './differences.ts';
import { evaluate, type Results } from './play.ts';
import { refusal } from './refusal.ts';

// the peer was asked where clocks show UTC
process.env.TZ = 'UTC';

const folder = join(import.meta.dirname, 'testdata');

function recorded(): Results {
  const files = groups.map(({ name }) => join(folder, `${name}.json`));
  for (const file of files) assert.ok(existsSync(file), `${file}: nothing was recorded`);
  const parts = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Results);
  return Object.assign({}, ...parts) as Results;
}

test('functions of the language give what they give in the Go collector', async () => {
  const found = differences(groups, await evaluate(groups, startInside), recorded());
  assert.deepEqual(found.lines.slice(0, 10), []);
});

test('every function has at least twenty cases', () => {
  for (const { name, expressions = [], statements = [], inputs } of groups) {
    assert.ok((expressions.length + statements.length) * inputs.length >= 20, name);
  }
});

test('expressions are taken and refused as the Go collector does', async () => {
  const said = JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as Record<
    string,
    string | null
  >;
  for (const expression of verdictCases) {
    const theirs = said[expression];
    assert.notEqual(theirs, undefined, `${expression}: nothing was recorded`);
    const ours = await refusal(expression);
    assert.equal(ours === null, theirs === null, `${expression}\nhere ${ours}\npeer ${theirs}`);
  }
});

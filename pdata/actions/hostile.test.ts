/** Messages with thousands of attributes: edits take steps in proportion to them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stepsOf } from '../../testing/steps.ts';
import { parseJson, toJson } from '../json.ts';
import { itemReader } from '../readers.ts';
import { type ActionConfig, compileActions } from './actions.ts';

/** A span with `count` attributes, whose keys are those of `keyOf`. */
function spanOf(count: number, keyOf: (i: number) => string): Uint8Array {
  const entries = Array.from({ length: count }, (_, i) => {
    return `{"key":"${keyOf(i)}","value":{"stringValue":"v${i % 7}"}}`;
  });
  return new TextEncoder().encode(
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[${entries.join()}]}]}]}]}`,
  );
}

/** The attributes as they are written after the actions. */
function edited(body: Uint8Array, actions: readonly ActionConfig[]): string {
  const batch = parseJson('traces', body).editable();
  const apply = compileActions(actions);
  const reader = itemReader(batch);
  while (reader.nextAnyItem()) apply(reader.item, () => undefined);
  const parsed = JSON.parse(toJson(batch)) as {
    resourceSpans: { scopeSpans: { spans: { attributes?: unknown }[] }[] }[];
  };
  return JSON.stringify(parsed.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.attributes ?? []);
}

function growsLinearly(keyOf: (i: number) => string, actions: readonly ActionConfig[]): void {
  const [small, large] = [spanOf(300, keyOf), spanOf(1200, keyOf)];
  const run = (body: Uint8Array) => () => void edited(body, actions);
  run(small)();
  const ratio = stepsOf(run(large)) / stepsOf(run(small));
  assert.ok(ratio < 6, `4 times the attributes take ${ratio.toFixed(1)} times the steps`);
}

const same = (): string => 'a';
const distinct = (i: number): string => `k${i}`;

describe('attributes of hostile messages', () => {
  it('are set and deleted among thousands with one key', () => {
    growsLinearly(same, [{ action: 'update', key: 'a', value: 1n }]);
    growsLinearly(same, [{ action: 'delete', key: 'a' }]);
    growsLinearly(
      (i) => (i % 2 === 0 ? 'a' : 'b'),
      [
        { action: 'upsert', key: 'a', value: 'x' },
        { action: 'hash', key: 'b' },
        { action: 'delete', key: 'a' },
      ],
    );
  });

  it('are deleted and hashed by pattern', () => {
    for (const action of ['delete', 'hash'] as const) {
      growsLinearly(distinct, [{ action, pattern: '^k' }]);
      growsLinearly(same, [{ action, pattern: '^a' }]);
      growsLinearly(distinct, [
        { action: 'hash', pattern: '^k1' },
        { action, pattern: '^k' },
      ]);
    }
  });

  it('come out as those of small ones do', () => {
    const body = spanOf(100, (i) => `k${i % 40}`);
    const hash = edited(body, [{ action: 'hash', pattern: '^k1' }]);
    const entries = JSON.parse(hash) as { key: string; value: { stringValue: string } }[];
    const matching = entries.filter(({ key }) => key.startsWith('k1'));
    assert.equal(new Set(matching.map(({ key }) => key)).size, matching.length);
    assert.equal(matching.length, 11);
    assert.ok(matching.every(({ value }) => /^[0-9a-f]{64}$/.test(value.stringValue)));
    // 100 attributes: keys k0 to k19 come three times, the others twice
    assert.equal(entries.length, 100 - 3 * 11 + 11);
    const rest = JSON.parse(edited(body, [{ action: 'delete', pattern: '^k1' }])) as unknown[];
    assert.equal(rest.length, entries.length - 11);
    assert.equal(edited(body, [{ action: 'delete', pattern: '.' }]), '[]');
  });
});

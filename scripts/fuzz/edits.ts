import { type ActionConfig, compileActions } from '../../pdata/actions/actions.ts';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { itemReader } from '../../pdata/readers.ts';
import { randomRequest } from '../../pdata/testing/random-request.ts';
import { WireError } from '../../pdata/wire-error.ts';
import type { Target } from './targets.ts';

const kinds = ['insert', 'update', 'upsert', 'delete', 'hash', 'convert'] as const;
const keys = ['', 'a', 'service.name', 'http.method', 'new', 'x'.repeat(130)];
const patterns = ['.', '^h', 'a|e', 'm$'];

/** Actions that a byte stands for. */
function actionOf(byte: number): ActionConfig {
  const action = kinds[byte % kinds.length]!;
  const key = keys[(byte >> 3) % keys.length]!;
  if (action === 'convert') return { action, key, converted_type: 'int' };
  const matches = byte > 127 && (action === 'delete' || action === 'hash');
  return matches
    ? { action, pattern: patterns[byte % 4]! }
    : { action, key: key || 'k', value: 'v' };
}

/** Edits what can be read; the result must be readable, with the same items. */
export const edits: Target = {
  name: 'edits of attributes',
  seeds: () =>
    Array.from({ length: 40 }, (_, seed) =>
      Buffer.from(randomRequest('traces', seed, { unknown: true, wild: true })),
    ),
  run(input) {
    const before = parseRequest('traces', input);
    const batch = before.editable();
    const apply = compileActions([...input.subarray(-8)].map(actionOf));
    const reader = itemReader(batch);
    while (reader.nextAnyItem()) apply(reader.item, () => undefined);
    const after = parseRequest('traces', Buffer.concat(batch.ranges()));
    if (after.itemCount !== before.itemCount) {
      throw new Error(`${after.itemCount} items of ${before.itemCount}`);
    }
    toJson(after);
  },
  refusal: (error) => error instanceof WireError,
};

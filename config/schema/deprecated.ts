import { eachKey } from './each-key.ts';
import type { ConfigIssue } from './issue.ts';
import type { ConfNode, ConfPath } from './node.ts';
import { type AnySchema, metaOf } from './shape.ts';

/**
 * A line for each key that is set and whose schema says `.meta({deprecated: true})`, with
 * `replacedBy: 'key'` beside it when another key does the same, else with `instead: 'text'`.
 */
export function deprecations(node: ConfNode, schema: AnySchema, path: ConfPath): ConfigIssue[] {
  const found: ConfigIssue[] = [];
  eachKey(node, [schema], path, ({ at }, key, schemas, steps) => {
    const old = schemas.find((s) => metaOf(s, 'deprecated') === true);
    if (old === undefined) return;
    const message = `${JSON.stringify(key)} is deprecated${insteadOf(old)}`;
    found.push({ at, path: steps, message });
  });
  return found;
}

/** What to do instead of setting a deprecated key, with what joins it to a sentence. */
export function insteadOf(schema: AnySchema): string {
  const replacedBy = metaOf(schema, 'replacedBy');
  if (typeof replacedBy === 'string') return `; use ${JSON.stringify(replacedBy)} instead`;
  const instead = metaOf(schema, 'instead');
  return typeof instead === 'string' ? `; ${instead}` : '';
}

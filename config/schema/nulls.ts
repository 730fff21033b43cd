import { formatDuration } from './duration.ts';
import { eachKey } from './each-key.ts';
import { encode } from './encode.ts';
import type { ConfigIssue } from './issue.ts';
import { nullField } from './materialize.ts';
import type { ConfNode, ConfPath } from './node.ts';
import { type AnySchema, hasDefault } from './shape.ts';

/**
 * A line for each key that is there without a value and is therefore zero though its default is
 * something else: what the Go collector does, and what nobody means.
 */
export function zeroedDefaults(node: ConfNode, schema: AnySchema, path: ConfPath): ConfigIssue[] {
  const found: ConfigIssue[] = [];
  eachKey(node, [schema], path, ({ at, value }, key, schemas, steps) => {
    if (value.kind !== 'scalar' || value.value !== null || schemas.length !== 1) return;
    const message = zeroed(value, schemas[0]!);
    if (message !== undefined) found.push({ at, path: [...steps, key], message });
  });
  return found;
}

function zeroed(node: ConfNode & { kind: 'scalar' }, schema: AnySchema): string | undefined {
  if (!hasDefault(schema)) return undefined;
  const given = nullField(node, schema, false);
  if (given === undefined || given === null || typeof given === 'object') return undefined;
  const fallback = encode(undefined, schema, { unredacted: false, duration: formatDuration });
  const zeros: unknown[] = [given, undefined, null, '0s'];
  if (zeros.includes(fallback) || typeof fallback === 'object') return undefined;
  const zero = JSON.stringify(given);
  return `has no value, which means ${zero} and not its default ${JSON.stringify(fallback)}`;
}

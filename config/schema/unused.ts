import { z } from 'zod';
import { eachKey } from './each-key.ts';
import type { ConfigIssue } from './issue.ts';
import { materialize } from './materialize.ts';
import type { ConfNode, ConfPath } from './node.ts';
import { type AnySchema, metaOf } from './shape.ts';

/**
 * A line for each key that is set, to something else than its default, and whose schema says
 * `.meta({unused: 'why'})`: it is accepted because the Go collector has it, and changes nothing.
 */
export function unusedKeys(node: ConfNode, schema: AnySchema, path: ConfPath): ConfigIssue[] {
  const found: ConfigIssue[] = [];
  eachKey(node, [schema], path, ({ at, value }, key, schemas, steps) => {
    const without = schemas.find((s) => typeof metaOf(s, 'unused') === 'string');
    if (without === undefined || isUsual(value, without)) return;
    const why = String(metaOf(without, 'unused'));
    found.push({ at, path: [...steps, key], message: `changes nothing here: ${why}` });
  });
  return found;
}

/** Whether a value is what would hold without it. */
function isUsual(node: ConfNode, schema: AnySchema): boolean {
  if (node.kind === 'scalar' && node.value === null) return true;
  const given = z.safeParse(schema, materialize(node, schema));
  const usual = z.safeParse(schema, undefined);
  if (!given.success || !usual.success) return false;
  return JSON.stringify(given.data) === JSON.stringify(usual.data);
}

import type { ConfigIssue } from './issue.ts';
import type { ConfNode, ConfPath } from './node.ts';
import { type AnySchema, childSchemas, metaOf } from './shape.ts';

/**
 * A line for each key that is set and whose schema says `.meta({deprecated: 'text'})`, e.g.
 * `"dimension" is deprecated: use "dimensions"`.
 */
export function deprecations(node: ConfNode, schema: AnySchema, path: ConfPath): ConfigIssue[] {
  const found: ConfigIssue[] = [];
  const walk = (here: ConfNode, schemas: readonly AnySchema[], steps: ConfPath): void => {
    if (here.kind === 'list') {
      const inner = schemas.flatMap((s) => childSchemas(s, 0));
      here.items.forEach((item, i) => {
        walk(item, inner, [...steps, i]);
      });
    } else if (here.kind === 'map') {
      for (const [key, { at, value }] of here.entries) {
        const inner = schemas.flatMap((s) => childSchemas(s, key));
        const why = inner.map((s) => metaOf(s, 'deprecated')).find((text) => text !== undefined);
        if (typeof why === 'string') {
          const message = `${JSON.stringify(key)} is deprecated: ${why}`;
          found.push({ at, path: steps, message });
        }
        walk(value, inner, [...steps, key]);
      }
    }
  };
  walk(node, [schema], path);
  return found;
}

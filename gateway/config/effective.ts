import type { Kind } from '../../component/factory.ts';
import { type ConfNode, define, type MapNode } from '../../config/schema/node.ts';
import { type AnySchema, childSchemas, flagged } from '../../config/schema/shape.ts';
import type { ProgramConfig } from './program.ts';
import { sectionOf } from './sections.ts';

const masked = '[REDACTED]';

/** A tree as plain values; what a schema calls secret is masked. */
function plain(node: ConfNode, schemas: readonly AnySchema[]): unknown {
  if (node.kind === 'map') {
    const out: Record<string, unknown> = {};
    for (const [key, { value }] of node.entries) {
      define(
        out,
        key,
        plain(
          value,
          schemas.flatMap((schema) => childSchemas(schema, key)),
        ),
      );
    }
    return out;
  }
  if (node.kind === 'list') {
    return node.items.map((item, i) =>
      plain(
        item,
        schemas.flatMap((schema) => childSchemas(schema, i)),
      ),
    );
  }
  if (node.value !== null && schemas.some((schema) => flagged(schema, 'secret'))) return masked;
  return typeof node.value === 'bigint' ? Number(node.value) : node.value;
}

/** The configuration as it was written, after merging and references, with secrets masked. */
export function effectiveConfig(root: MapNode, config: ProgramConfig): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [section, { value }] of root.entries) {
    const kind = (Object.keys(sectionOf) as Kind[]).find((k) => sectionOf[k] === section);
    if (kind === undefined || value.kind !== 'map') {
      define(out, section, plain(value, []));
      continue;
    }
    const components: Record<string, unknown> = {};
    for (const [key, { value: given }] of value.entries) {
      const schema = config.components[kind].get(idOf(key))?.factory.config;
      define(components, key, plain(given, schema === undefined ? [] : [schema]));
    }
    define(out, section, components);
  }
  return out;
}

/** `type[/name]` as the table of components has it. */
function idOf(key: string): string {
  return key
    .split('/')
    .map((part) => part.trim())
    .join('/');
}

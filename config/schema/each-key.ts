import type { ConfNode, ConfPath, MapEntry } from './node.ts';
import { type AnySchema, childSchemas } from './shape.ts';

/** @param path of the map that holds the key; `schemas` are what its value may have to meet */
type Visit = (entry: MapEntry, key: string, schemas: readonly AnySchema[], path: ConfPath) => void;

/** Visits each key that is set at or below a node, outer keys before those inside them. */
export function eachKey(
  node: ConfNode,
  schemas: readonly AnySchema[],
  path: ConfPath,
  visit: Visit,
): void {
  if (node.kind === 'list') {
    const inner = schemas.flatMap((s) => childSchemas(s, 0));
    node.items.forEach((item, i) => {
      eachKey(item, inner, [...path, i], visit);
    });
  } else if (node.kind === 'map') {
    for (const [key, entry] of node.entries) {
      const inner = schemas.flatMap((s) => childSchemas(s, key));
      visit(entry, key, inner, path);
      eachKey(entry.value, inner, [...path, key], visit);
    }
  }
}

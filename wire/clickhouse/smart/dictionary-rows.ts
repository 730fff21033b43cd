import type { Block } from '../block.ts';
import {
  type Operation,
  operationsBlock,
  resourcesBlock,
  scopesBlock,
} from './dictionary-tables.ts';
import type { InternedSet } from './sets.ts';
import type { WrittenRows } from './written-rows.ts';

/** What the spans of one day refer to. */
export interface DictionaryRows {
  readonly day: number;
  readonly resources: Iterable<InternedSet>;
  readonly scopes: Iterable<InternedSet>;
  readonly operations: readonly Operation[];
}

/** Adds blocks of the rows that are not known to be written, and their keys. */
export function sealDictionaries(
  rows: DictionaryRows,
  written: WrittenRows,
  blocks: Block[],
  keys: string[],
): void {
  const { day } = rows;
  const take = (key: string): boolean => {
    if (written.has(key)) return false;
    keys.push(key);
    return true;
  };
  const named = (set: InternedSet): boolean =>
    set.inline.length === 0 &&
    take(`${day} ${set.kind} ${set.idHigh.toString(36)} ${set.idLow.toString(36)}`);
  const resources = [...rows.resources].filter(named);
  if (resources.length > 0) blocks.push(resourcesBlock(day, resources));
  const scopes = [...rows.scopes].filter(named);
  if (scopes.length > 0) blocks.push(scopesBlock(day, scopes));
  const operations = rows.operations.filter(({ service, name, kind }) =>
    take(`${day} operation ${kind} ${latin1(service)}\0${latin1(name)}`),
  );
  if (operations.length > 0) blocks.push(operationsBlock(day, operations));
}

function latin1(text: Uint8Array): string {
  return Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1');
}

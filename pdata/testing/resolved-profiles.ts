import type { Batch } from '../batch.ts';
import { toJson } from '../json.ts';

type Json = Record<string, unknown>;

/** Names of index fields in JSON, with the table that each points into. */
const tables: Readonly<Record<string, string>> = {
  keyStrindex: 'stringTable',
  stringValueStrindex: 'stringTable',
  unitStrindex: 'stringTable',
  typeStrindex: 'stringTable',
  filenameStrindex: 'stringTable',
  nameStrindex: 'stringTable',
  systemNameStrindex: 'stringTable',
  mappingIndex: 'mappingTable',
  functionIndex: 'functionTable',
  stackIndex: 'stackTable',
  linkIndex: 'linkTable',
  attributeIndices: 'attributeTable',
  locationIndices: 'locationTable',
};

const zeroOf = (name: string): unknown => (name === 'stringTable' ? '' : {});

/**
 * The groups of a profiles batch as JSON objects with what indices name in their place: a single
 * index of 0 is the zero value, one beyond its table is `beyond`.
 */
export function resolvedProfiles(batch: Batch<'profiles'>): Json[] {
  const root = JSON.parse(toJson(batch)) as Json;
  const dictionary = (root.dictionary ?? {}) as Record<string, unknown[]>;
  const entry = (name: string, index: number): unknown => {
    const list = dictionary[name] ?? [];
    return index in list ? resolve(list[index]) : index === 0 ? zeroOf(name) : 'beyond';
  };
  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const fields = Object.entries(value).map(([key, inner]) => {
      const name = tables[key];
      if (name === undefined) return [key, resolve(inner)];
      if (Array.isArray(inner)) return [key, inner.map((index) => entry(name, Number(index)))];
      return [key, inner === 0 ? zeroOf(name) : entry(name, Number(inner))];
    });
    return Object.fromEntries(fields);
  }
  return ((root.resourceProfiles ?? []) as unknown[]).map((group) => resolve(group) as Json);
}

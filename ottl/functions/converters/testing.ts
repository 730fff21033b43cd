import type { OttlValue } from '../../values.ts';
import type { Environment, Getter } from '../types.ts';
import { converters } from './index.ts';

const environment: Environment = {
  clock: { unixMs: () => Date.UTC(2024, 0, 3, 12) },
  random: { bytes: (length) => new Uint8Array(length).fill(0xab) },
};

/** An argument that no statement would know beforehand. */
export function dynamic<T>(value: T): Getter<T> {
  return { isLiteral: false, get: () => value };
}

/** What a converter gives for arguments by name. */
export function convert(name: string, args: Readonly<Record<string, unknown>>): OttlValue {
  const entry = converters.find((converter) => converter.name === name);
  if (entry === undefined) throw new Error(`BUG: no converter ${name}`);
  return entry.make(args, environment)(undefined as never);
}

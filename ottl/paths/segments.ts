import { OttlError, OttlRuntimeError } from '../errors.ts';
import type { Getter } from '../functions/types.ts';
import { quote } from '../grammar/quote.ts';
import type { Place } from '../place.ts';
import { type OttlValue, typeName } from '../values.ts';

/** One index of a path: a text, a number, or what an expression gives. */
export interface Key {
  readonly text?: string;
  readonly number?: bigint;
  readonly expression?: Getter;
}

/** A segment of a path that contexts take apart; it notes what they used. */
export class Segment {
  readonly name: string;
  readonly next: Segment | undefined;
  /** The whole path as written. */
  readonly path: string;
  readonly #keys: readonly Key[];
  #used = false;
  #keysUsed = false;

  constructor(name: string, keys: readonly Key[], path: string, next: Segment | undefined) {
    this.name = name;
    this.#keys = keys;
    this.path = path;
    this.next = next;
  }

  /** The indexes, none = undefined. */
  keys(): readonly Key[] | undefined {
    if (this.#keys.length === 0) return undefined;
    this.#keysUsed = true;
    return this.#keys;
  }

  /** The segment after this one, which counts as used. */
  step(): Segment | undefined {
    if (this.next !== undefined) this.next.#used = true;
    return this.next;
  }

  /** To be called on the first segment. */
  begin(): this {
    this.#used = true;
    return this;
  }

  /** @throws OttlError for a segment or index that nothing looked at */
  checkUsed(): void {
    if (!this.#used) {
      throw new OttlError(
        `the path section ${quote(this.name)} was not used by the context - this likely means you are using extra path sections`,
      );
    }
    if (this.#keys.length > 0 && !this.#keysUsed) {
      throw new OttlError(
        `the keys indexing ${quote(this.name)} were not used by the context - this likely means you are trying to index a path that does not support indexing`,
      );
    }
    this.next?.checkUsed();
  }
}

/** An error for a segment that a context does not know. */
export function unknownSegment(name: string, path: string, context: string): OttlError {
  return new OttlError(
    `segment ${quote(name)} from path ${quote(path)} is not a valid path nor a valid OTTL keyword for the ${context} context`,
  );
}

function wrongKey(value: OttlValue, wanted: 'string' | 'int64'): OttlRuntimeError {
  return new OttlRuntimeError(
    `could not resolve key for map/slice, expecting '${wanted}' but got '${typeName(value)}'`,
  );
}

/** @throws OttlRuntimeError when the index is no text */
export function textKey(key: Key, place: Place): string {
  if (key.text !== undefined) return key.text;
  if (key.expression === undefined) {
    throw new OttlRuntimeError('unable to resolve a string index in map: invalid key type');
  }
  const value = key.expression.get(place);
  if (typeof value === 'string') return value;
  throw wrongKey(value, 'string');
}

/** @throws OttlRuntimeError when the index is no integer */
export function numberKey(key: Key, place: Place): bigint {
  if (key.number !== undefined) return key.number;
  if (key.expression === undefined) {
    throw new OttlRuntimeError('unable to resolve an integer index in slice: invalid key type');
  }
  const value = key.expression.get(place);
  if (typeof value === 'bigint') return value;
  throw wrongKey(value, 'int64');
}

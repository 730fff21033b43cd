import { AttributeKey } from '../../pdata/attribute-key.ts';
import { noBytes } from '../../pdata/proto/cursor.ts';
import { type MessageView, ValueView } from '../../pdata/readers.ts';
import type { GoRegexp } from '../../pdata/regexp/index.ts';
import { encodeValue } from '../../pdata/values.ts';
import type { SeriesKey } from '../../pipeline/series/key.ts';
import type { DimensionConfig } from './config.ts';
import { compileGlob } from './glob.ts';

/** Where values of dimensions are looked for, the most specific place first. */
export interface Places {
  /** Bytes and found positions (see AttributeScan) of the span, the event if any, the resource. */
  readonly scans: readonly { bytes: Uint8Array; readonly found: Int32Array }[];
  /** The same messages, for patterns; bound only when there are any. */
  readonly views: readonly MessageView[];
}

interface NamedDimension {
  readonly name: string;
  /** Index in the names that scans look for. */
  readonly index: number;
  readonly defaultValue: Uint8Array | undefined;
}

/** Attributes of a new series in their order: encoded AnyValues. */
export type SeriesAttributes = Map<string, Uint8Array>;

const patternMark = 0xffff;

/** A configured list of dimensions. */
export class Dimensions {
  readonly #named: readonly NamedDimension[];
  readonly #globs: readonly GoRegexp[];
  readonly #value = new ValueView();
  readonly #encoder = new TextEncoder();
  /** The AnyValue that was found last. */
  #bytes: Uint8Array = noBytes;
  #start = 0;
  #end = 0;

  /** @param names all names that scans look for; those of `list` are added */
  constructor(list: readonly DimensionConfig[], names: string[]) {
    const named = list.filter(({ name }) => name !== '');
    this.#named = named.map(({ name, default: value }) => {
      if (!names.includes(name)) names.push(name);
      const defaultValue = value === undefined ? undefined : encodeValue(value);
      return { name, index: names.indexOf(name), defaultValue };
    });
    this.#globs = list.filter(({ glob }) => glob !== '').map(({ glob }) => compileGlob(glob));
  }

  get isEmpty(): boolean {
    return this.#named.length === 0 && this.#globs.length === 0;
  }

  get hasPatterns(): boolean {
    return this.#globs.length > 0;
  }

  /** Adds the values that are there to the key of a series. */
  appendKey(key: SeriesKey, places: Places): void {
    for (const dimension of this.#named) {
      if (!this.#locate(dimension, places)) continue;
      key.byte(dimension.index);
      key.byte(dimension.index >>> 8);
      key.value(this.#value, this.#bytes, this.#start, this.#end);
    }
    if (this.#globs.length === 0) return;
    for (const [name, bytes] of this.#matching(places)) {
      key.byte(patternMark);
      key.byte(patternMark >>> 8);
      const text = this.#encoder.encode(name);
      key.part(text, 0, text.length);
      key.value(this.#value, bytes, 0, bytes.length);
    }
  }

  /** Adds the values that are there to the attributes of a series. */
  appendAttributes(attributes: SeriesAttributes, places: Places): void {
    for (const dimension of this.#named) {
      if (!this.#locate(dimension, places)) continue;
      attributes.set(dimension.name, this.#bytes.slice(this.#start, this.#end));
    }
    for (const [name, bytes] of this.#matching(places)) attributes.set(name, bytes);
  }

  /** Finds the value of a dimension. */
  #locate({ index, defaultValue }: NamedDimension, places: Places): boolean {
    const at = index * 2;
    const { scans } = places;
    for (let i = 0; i < scans.length; i += 1) {
      const { bytes, found } = scans[i]!;
      if (found[at]! < 0) continue;
      this.#bytes = bytes;
      this.#start = found[at]!;
      this.#end = found[at + 1]!;
      return true;
    }
    if (defaultValue === undefined) return false;
    this.#bytes = defaultValue;
    this.#start = 0;
    this.#end = defaultValue.length;
    return true;
  }

  /** Attributes whose name a pattern matches: by name, those of the span first. */
  #matching(places: Places): [string, Uint8Array][] {
    const out: [string, Uint8Array][] = [];
    if (this.#globs.length === 0) return out;
    const [span, ...others] = places.views;
    if (span === undefined) return out;
    const own = this.#collect(span, () => true);
    out.push(...own);
    // of event and resource the event counts, and the span before both
    const rest = new Map<string, Uint8Array>();
    for (const view of others) {
      const fresh = (name: string) => !rest.has(name) && !span.find(new AttributeKey(name));
      for (const [name, bytes] of this.#collect(view, fresh)) rest.set(name, bytes);
    }
    out.push(...[...rest].sort(byName));
    return out;
  }

  #collect(view: MessageView, fresh: (name: string) => boolean): [string, Uint8Array][] {
    const found = new Map<string, Uint8Array>();
    view.rewind();
    while (view.nextAttribute()) {
      const name = view.keyText();
      if (found.has(name) || !fresh(name)) continue;
      if (this.#globs.some((glob) => glob.test(name))) found.set(name, view.value.copy());
    }
    return [...found].sort(byName);
  }
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

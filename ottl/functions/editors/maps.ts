import { OttlError } from '../../errors.ts';
import { copyValue, type OttlList, type OttlMap, type OttlValue } from '../../values.ts';
import { defineFunction } from '../types.ts';

/** Editor `merge_maps`: puts a map's entries into another; on equal keys the strategy decides. */
export const mergeMaps = defineFunction({
  name: 'merge_maps',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'source', type: 'map' },
    { name: 'strategy', type: 'literalString' },
  ],
  make({ target, source, strategy }) {
    if (strategy !== 'insert' && strategy !== 'update' && strategy !== 'upsert') {
      throw new OttlError(
        `invalid value for strategy, ${strategy}, must be 'insert', 'update' or 'upsert'`,
      );
    }
    return (place) => {
      const map = target.get(place);
      for (const [key, value] of [...source.get(place)]) {
        if (strategy !== 'upsert' && map.has(key) !== (strategy === 'update')) continue;
        map.set(key, copyValue(value));
      }
      target.set(place, map);
      return null;
    };
  },
});

/** One run of flatten. */
class Flattener {
  readonly result: OttlMap = new Map();
  readonly #depth: bigint;
  /** How often a key was taken; undefined = a later value replaces an earlier one. */
  readonly #taken: Map<string, number> | undefined;

  constructor(depth: bigint, resolveConflicts: boolean) {
    this.#depth = depth;
    this.#taken = resolveConflicts ? new Map() : undefined;
  }

  map(map: OttlMap, prefix: string, depth: bigint): void {
    const before = prefix === '' ? '' : `${prefix}.`;
    for (const [key, value] of map) this.#value(key, value, depth, before);
  }

  #list(list: OttlList, prefix: string, depth: bigint): void {
    list.forEach((value, i) => {
      this.#value(String(i), value, depth + 1n, prefix);
    });
  }

  #value(name: string, value: OttlValue, depth: bigint, prefix: string): void {
    const key = prefix + name;
    if (value instanceof Map && depth < this.#depth) this.map(value, key, depth + 1n);
    else if (Array.isArray(value) && depth < this.#depth) this.#elements(key, value, depth);
    else this.#put(key, value, key);
  }

  #elements(key: string, list: OttlList, depth: bigint): void {
    const deeper = depth + 1n < this.#depth;
    list.forEach((element, i) => {
      const name = `${key}.${i}`;
      if (element instanceof Map && deeper) this.map(element, name, depth + 2n);
      else if (Array.isArray(element) && deeper) this.#list(element, name, depth + 2n);
      else this.#put(key, element, name);
    });
  }

  /** @param plain the key when conflicts are not resolved */
  #put(key: string, value: OttlValue, plain: string): void {
    const taken = this.#taken;
    if (taken === undefined) {
      this.result.set(plain, copyValue(value));
      return;
    }
    if (!this.result.has(key)) {
      taken.set(key, 0);
      this.result.set(key, copyValue(value));
      return;
    }
    const count = taken.get(key) ?? 0;
    taken.set(key, count + 1);
    this.result.set(`${key}.${count}`, copyValue(value));
  }
}

/** Editor `flatten`: brings nested values of a map to its top, with dotted keys. */
export const flatten = defineFunction({
  name: 'flatten',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'prefix', type: 'literalString', optional: true },
    { name: 'depth', type: 'literalInt', optional: true },
    { name: 'resolve_conflicts', type: 'literalBool', optional: true },
  ],
  make({ target, prefix = '', depth = 1n << 62n, resolve_conflicts: resolve = false }) {
    if (depth < 1n) {
      throw new OttlError(`invalid depth '${depth}' for flatten function, must be greater than 0`);
    }
    return (place) => {
      const run = new Flattener(depth, resolve);
      run.map(target.get(place), prefix, 0n);
      target.set(place, run.result);
      return null;
    };
  },
});

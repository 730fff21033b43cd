import { OttlRuntimeError } from '../errors.ts';
import { copyValue, typeName } from '../values.ts';
import type { PathAccess } from './access.ts';
import { getNested, setNested } from './nested.ts';
import type { Segment } from './segments.ts';

const wholeCache: PathAccess = {
  isLiteral: false,
  get: (place) => place.cache,
  set(place, value) {
    if (value === null || value === place.cache) return;
    if (!(value instanceof Map)) {
      throw new OttlRuntimeError(
        `unsupported type provided for setting a pcommon.Map: ${typeName(value)}`,
      );
    }
    const copy = [...value].map(([key, inner]) => [key, copyValue(inner)] as const);
    place.cache.clear();
    for (const [key, inner] of copy) place.cache.set(key, inner);
  },
};

/** `cache`: a map that lives as long as statements run on one item. */
export function cachePath(segment: Segment): PathAccess {
  const keys = segment.keys();
  if (keys === undefined) return wholeCache;
  return {
    isLiteral: false,
    get: (place) => getNested(place.cache, keys, place),
    set(place, value) {
      setNested(place.cache, keys, place, value);
    },
  };
}

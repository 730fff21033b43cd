import { deleteAttribute, deleteCurrent } from '../../../pdata/overlay.ts';
import { AttributeKey, type MessageView } from '../../../pdata/readers.ts';
import type { GoRegexp } from '../../../pdata/regexp/index.ts';
import { OttlError } from '../../errors.ts';
import type { PathAccess, ViewOf } from '../../paths/access.ts';
import type { Place } from '../../place.ts';
import { defineFunction, type Evaluate, literalOf, type MapTarget } from '../types.ts';
import { fixedPattern, patternOf } from './patterns.ts';

/** The message whose attributes a target is; undefined for other maps. */
export function attributesView(target: MapTarget): ViewOf | undefined {
  const { spot } = target as unknown as PathAccess;
  return spot?.kind === 'attributes' ? spot.view : undefined;
}

/** Takes attributes out in place. */
function deleteWhere(view: ViewOf, drop: (message: MessageView) => boolean): Evaluate {
  return (place) => {
    const message = view(place);
    message.rewind();
    while (message.nextAttribute()) if (drop(message)) deleteCurrent(message);
    return null;
  };
}

/** Takes entries out of any map. */
function removeWhere(target: MapTarget, drop: (key: string, place: Place) => boolean): Evaluate {
  return (place) => {
    const map = target.get(place);
    for (const key of [...map.keys()]) if (drop(key, place)) map.delete(key);
    target.set(place, map);
    return null;
  };
}

/** Editor `delete_key`: takes one key out of a map. */
export const deleteKey = defineFunction({
  name: 'delete_key',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'key', type: 'string' },
  ],
  make({ target, key }) {
    const view = attributesView(target);
    const literal = literalOf(key);
    if (view !== undefined && literal !== undefined) {
      const attribute = new AttributeKey(literal);
      return (place) => {
        deleteAttribute(view(place), attribute);
        return null;
      };
    }
    return (place) => {
      const map = target.get(place);
      map.delete(key.get(place));
      target.set(place, map);
      return null;
    };
  },
});

function matches(message: MessageView, pattern: GoRegexp): boolean {
  const key = message.keyBytes();
  return pattern.testBytes(key, 0, key.length);
}

function matchingKeys(name: string, keep: boolean) {
  return defineFunction({
    name,
    parameters: [
      { name: 'target', type: 'mapTarget' },
      { name: 'pattern', type: 'string' },
    ],
    make({ target, pattern }) {
      const compiled = patternOf(name, pattern);
      const fixed = fixedPattern(pattern, compiled);
      const view = attributesView(target);
      if (view !== undefined && fixed !== undefined) {
        return deleteWhere(view, (message) => matches(message, fixed) !== keep);
      }
      return removeWhere(target, (key, place) => compiled(place).test(key) !== keep);
    },
  });
}

/** Editor `delete_matching_keys`: takes out keys that a pattern is found in. */
export const deleteMatchingKeys = matchingKeys('delete_matching_keys', false);
/** Editor `keep_matching_keys`: takes out keys that a pattern is not found in. */
export const keepMatchingKeys = matchingKeys('keep_matching_keys', true);

/** Editor `keep_keys`: takes out all keys but those listed. */
export const keepKeys = defineFunction({
  name: 'keep_keys',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'keys', type: 'stringList' },
  ],
  make({ target, keys }) {
    const view = attributesView(target);
    if (view !== undefined && keys.every((key) => key.isLiteral)) {
      const wanted = keys.map((key) => new AttributeKey(literalOf(key)!));
      return deleteWhere(view, (message) => {
        for (const key of wanted) if (message.keyIs(key)) return false;
        return true;
      });
    }
    return (place) => {
      const map = target.get(place);
      const kept = new Set(keys.map((key) => key.get(place)));
      for (const key of [...map.keys()]) if (!kept.has(key)) map.delete(key);
      target.set(place, map);
      return null;
    };
  },
});

/** How many entries go: what is over the limit, those with priority first of all. */
export const limit = defineFunction({
  name: 'limit',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'limit', type: 'literalInt' },
    { name: 'priority_keys', type: 'literalStringList' },
  ],
  make({ target, limit: most, priority_keys: priority }) {
    if (most < 0n) {
      throw new OttlError(`invalid limit for limit function, ${most} cannot be negative`);
    }
    if (most < BigInt(priority.length)) {
      throw new OttlError(
        `invalid limit for limit function, ${most} cannot be less than number of priority attributes ${priority.length}`,
      );
    }
    const kept = new Set(priority);
    return (place) => {
      const map = target.get(place);
      if (BigInt(map.size) <= most) return null;
      let count = BigInt(priority.filter((key) => map.has(key)).length);
      for (const key of [...map.keys()]) {
        if (kept.has(key)) continue;
        if (count < most) count += 1n;
        else map.delete(key);
      }
      target.set(place, map);
      return null;
    };
  },
});

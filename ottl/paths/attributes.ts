import {
  copyAttribute,
  deleteAttribute,
  setAttribute,
  setTextAttribute,
} from '../../pdata/overlay.ts';
import {
  AttributeKey,
  AttributeKeys,
  type MessageView,
  type ValueView,
} from '../../pdata/readers.ts';
import { OttlRuntimeError } from '../errors.ts';
import type { Place } from '../place.ts';
import { type OttlMap, type OttlValue, typeName } from '../values.ts';
import type { PathAccess, ViewOf } from './access.ts';
import { readAttributes, readValue, valueBytes } from './bytes.ts';
import { checkStorable, getNested, isStorable, setNested } from './nested.ts';
import { type Key, textKey } from './segments.ts';

const noValue = new Uint8Array(0);
/** Keys that were computed and are kept in their encoded form. */
const maxKeys = 256;

/** The attribute key that an index names, encoded once where that can be. */
function keyReader(key: Key): (place: Place) => AttributeKey {
  if (key.text !== undefined) {
    const fixed = new AttributeKey(key.text);
    return () => fixed;
  }
  const known = new AttributeKeys(maxKeys);
  return (place) => known.of(textKey(key, place));
}

function sameBytes(value: ValueView, bytes: Uint8Array): boolean {
  const { start, end } = value;
  if (end - start !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i += 1) if (value.bytes[start + i] !== bytes[i]) return false;
  return true;
}

/** Makes the attributes of a message those of a map; what is the same stays as it is. */
function writeAttributes(view: MessageView, map: OttlMap): void {
  const gone: AttributeKey[] = [];
  view.rewind();
  while (view.nextAttribute()) {
    const key = view.keyText();
    if (!map.has(key)) gone.push(new AttributeKey(key));
  }
  for (const key of gone) deleteAttribute(view, key);
  for (const [name, value] of map) {
    checkStorable(value, null);
    const key = new AttributeKey(name);
    const bytes = valueBytes(value);
    if (!view.find(key) || !sameBytes(view.value, bytes)) setAttribute(view, key, bytes);
  }
}

/** Sets an attribute; what cannot be stored leaves an empty one where there was none. */
function storeAttribute(view: MessageView, key: AttributeKey, value: OttlValue): void {
  if (value === null) return;
  if (typeof value === 'string') {
    setTextAttribute(view, key, value);
    return;
  }
  if (isStorable(value)) {
    setAttribute(view, key, valueBytes(value));
    return;
  }
  const current = view.find(key) ? readValue(view.value) : undefined;
  if (current === undefined) setAttribute(view, key, noValue);
  checkStorable(value, current ?? null);
}

/** Gives the attribute `key` the value that a view found. */
export function moveAttribute(view: MessageView, key: AttributeKey, value: ValueView): void {
  copyAttribute(view, key, value.bytes, value.start, value.end);
}

function oneAttribute(view: ViewOf, keyOf: (place: Place) => AttributeKey, fixed: boolean) {
  const access: PathAccess = {
    isLiteral: false,
    get(place) {
      const message = view(place);
      return message.find(keyOf(place)) ? readValue(message.value) : null;
    },
    set(place, value) {
      storeAttribute(view(place), keyOf(place), value);
    },
  };
  if (!fixed) return access;
  const key = keyOf(undefined as never);
  return { ...access, spot: { kind: 'attribute', view, key } } as const;
}

function nestedAttribute(
  view: ViewOf,
  keyOf: (place: Place) => AttributeKey,
  keys: readonly Key[],
): PathAccess {
  return {
    isLiteral: false,
    get(place) {
      const message = view(place);
      if (!message.find(keyOf(place))) return null;
      return getNested(readValue(message.value), keys, place, 1);
    },
    set(place, value) {
      const message = view(place);
      const key = keyOf(place);
      const current = message.find(key) ? readValue(message.value) : null;
      let changed = current;
      try {
        changed = setNested(current, keys, place, value, 1);
      } finally {
        // what was made on the way to a failure stays
        setAttribute(message, key, valueBytes(changed));
      }
    },
  };
}

function allAttributes(view: ViewOf): PathAccess {
  return {
    isLiteral: false,
    spot: { kind: 'attributes', view },
    get: (place) => readAttributes(view(place)),
    set(place, value) {
      if (value === null) return;
      if (!(value instanceof Map)) {
        throw new OttlRuntimeError(
          `unsupported type provided for setting a pcommon.Map: ${typeName(value)}`,
        );
      }
      writeAttributes(view(place), value);
    },
  };
}

/** `attributes` of a message, or with indexes something inside. */
export function attributesAccess(view: ViewOf, keys: readonly Key[] | undefined): PathAccess {
  if (keys === undefined) return allAttributes(view);
  const keyOf = keyReader(keys[0]!);
  if (keys.length > 1) return nestedAttribute(view, keyOf, keys);
  return oneAttribute(view, keyOf, keys[0]!.text !== undefined);
}

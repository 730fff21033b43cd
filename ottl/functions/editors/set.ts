import { setAttribute, setStringField } from '../../../pdata/overlay.ts';
import { ValueType } from '../../../pdata/readers.ts';
import type { PathAccess, Spot } from '../../paths/access.ts';
import { moveAttribute } from '../../paths/attributes.ts';
import { valueBytes } from '../../paths/bytes.ts';
import { checkStorable } from '../../paths/nested.ts';
import { defineFunction, type Evaluate, type Getter, literalOf, type Target } from '../types.ts';

/** Sets an attribute to a literal or to another attribute, all of it in bytes. */
function setBytes(target: Spot & { kind: 'attribute' }, value: Getter): Evaluate | undefined {
  const { view, key } = target;
  const literal = literalOf(value);
  if (literal !== undefined && literal !== null) {
    try {
      checkStorable(literal, null);
    } catch {
      return undefined;
    }
    const bytes = valueBytes(literal);
    return (place) => {
      setAttribute(view(place), key, bytes);
      return null;
    };
  }
  const source = (value as { path?: PathAccess }).path?.spot;
  if (source?.kind !== 'attribute' && source?.kind !== 'any') return undefined;
  return (place) => {
    const from = source.view(place);
    const found =
      source.kind === 'attribute' ? from.find(source.key) : from.findField(source.field);
    if (found && from.value.type !== ValueType.empty) moveAttribute(view(place), key, from.value);
    return null;
  };
}

function setText({ view, field }: Spot & { kind: 'text' }, value: Getter): Evaluate | undefined {
  const literal = literalOf(value);
  if (typeof literal !== 'string') return undefined;
  return (place) => {
    setStringField(view(place), field, literal);
    return null;
  };
}

function fastSet(target: Target, value: Getter): Evaluate | undefined {
  const { spot } = target as PathAccess;
  if (spot?.kind === 'attribute') return setBytes(spot, value);
  return spot?.kind === 'text' ? setText(spot, value) : undefined;
}

/** Gives a path a value; nil leaves it as it is. */
export const set = defineFunction({
  name: 'set',
  parameters: [
    { name: 'target', type: 'target' },
    { name: 'value', type: 'any' },
  ],
  make: ({ target, value }) =>
    fastSet(target, value) ??
    ((place) => {
      const given = value.get(place);
      if (given !== null) target.set(place, given);
      return null;
    }),
});

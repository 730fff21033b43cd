import { OttlError, OttlRuntimeError } from '../../errors.ts';
import { checkStorable } from '../../paths/nested.ts';
import { copyValue, type OttlList } from '../../values.ts';
import { defineFunction } from '../types.ts';

/** Editor `append`: adds values to a list; what is no list becomes the first element of one. */
export const append = defineFunction({
  name: 'append',
  parameters: [
    { name: 'target', type: 'target' },
    { name: 'value', type: 'any', optional: true },
    { name: 'values', type: 'anyList', optional: true },
  ],
  make({ target, value, values = [] }) {
    const added = value === undefined ? values : [value, ...values];
    if (value === undefined && added.length === 0) {
      throw new OttlError(
        "at least one of the optional arguments ('value' or 'values') must be provided",
      );
    }
    return (place) => {
      const before = target.get(place);
      if (before instanceof Map) throw new OttlRuntimeError('<Invalid value type pcommon.Map>');
      const list: OttlList = before === null ? [] : Array.isArray(before) ? [...before] : [before];
      for (const getter of added) {
        const element = getter.get(place);
        checkStorable(element, null);
        if (element instanceof Map) throw new OttlRuntimeError('<Invalid value type pcommon.Map>');
        list.push(copyValue(element));
      }
      target.set(place, list);
      return null;
    };
  },
});

function checkBounds(start: bigint, end: bigint, length: bigint): void {
  if (start < 0n || start >= length) {
    throw new OttlRuntimeError(`startIndex ${start} out of bounds for slice of length ${length}`);
  }
  if (end < start) {
    throw new OttlRuntimeError(`endIndex ${end} cannot be less than startIndex ${start}`);
  }
  if (end > length) {
    throw new OttlRuntimeError(
      `deletion range [${start}:${end}] out of bounds for slice of length ${length}`,
    );
  }
}

/** Editor `delete_index`: takes elements [start, end) out of a list; without an end, one. */
export const deleteIndex = defineFunction({
  name: 'delete_index',
  parameters: [
    { name: 'target', type: 'listTarget' },
    { name: 'start_index', type: 'int' },
    { name: 'end_index', type: 'int', optional: true },
  ],
  make:
    ({ target, start_index: startIndex, end_index: endIndex }) =>
    (place) => {
      const list = target.get(place);
      const start = startIndex.get(place);
      const end = endIndex === undefined ? start + 1n : endIndex.get(place);
      if (start !== 0n || end !== BigInt(list.length)) checkBounds(start, end, BigInt(list.length));
      target.set(
        place,
        list.filter((_, i) => BigInt(i) < start || BigInt(i) >= end),
      );
      return null;
    },
});

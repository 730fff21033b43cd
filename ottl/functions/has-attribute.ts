import { AttributeKey, MessageView } from '../../pdata/readers.ts';
import { OttlRuntimeError } from '../errors.ts';
import { repeated } from '../paths/parts.ts';
import type { Place } from '../place.ts';
import { defineFunction } from './types.ts';

/** Field of the attributes in data points, by the field of Metric that holds them. */
const attributeFields: Readonly<Record<number, number>> = { 5: 7, 7: 7, 9: 9, 10: 1, 11: 7 };

/** Text of the first point that has the attribute, '' for another value; undefined = none has it. */
function firstValue(place: Place, key: AttributeKey, point: MessageView): string | undefined {
  const field = attributeFields[place.walk.dataKind ?? 0];
  if (field === undefined) throw new OttlRuntimeError('unknown metric type');
  point.attributeField = field;
  for (const bytes of repeated(place.data!, 1)) {
    point.bindBytes(bytes, 0, bytes.length);
    if (point.find(key)) return point.value.string();
  }
  return undefined;
}

/** Whether the first data point with an attribute has it with the given text. */
export const hasAttributeOnDatapoint = defineFunction({
  name: 'HasAttrOnDatapoint',
  parameters: [
    { name: 'key', type: 'literalString' },
    { name: 'expected_val', type: 'literalString' },
  ],
  make({ key, expected_val: wanted }) {
    const attribute = new AttributeKey(key);
    const point = new MessageView();
    return (place) => firstValue(place, attribute, point) === wanted;
  },
});

/** Whether a data point of the metric has an attribute. */
export const hasAttributeKeyOnDatapoint = defineFunction({
  name: 'HasAttrKeyOnDatapoint',
  parameters: [{ name: 'key', type: 'literalString' }],
  make({ key }) {
    const attribute = new AttributeKey(key);
    const point = new MessageView();
    return (place) => firstValue(place, attribute, point) !== undefined;
  },
});

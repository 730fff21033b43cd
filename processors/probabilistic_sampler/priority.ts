import { AttributeKey, type MessageView, ValueType } from '../../pdata/readers.ts';
import { alwaysSample, neverSample, type Threshold, thresholdFor } from './threshold.ts';

/** The threshold that an item asks for by an attribute, undefined = it does not. */
export type Priority = (item: MessageView) => Threshold | undefined;

const spanKey = new AttributeKey('sampling.priority');

/** Numbers as Go's strconv.ParseFloat reads them, hexadecimal ones aside. */
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinite = /^([+-]?)inf(?:inity)?$/i;

function parseFloat64(text: string): number {
  if (decimal.test(text)) return Number(text);
  const match = infinite.exec(text);
  if (match === null) return Number.NaN;
  return match[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** OpenTracing's sampling.priority of a span: 0 = never, more = always. */
export function spanPriority(item: MessageView): Threshold | undefined {
  if (!item.find(spanKey)) return undefined;
  const { value } = item;
  let number = Number.NaN;
  if (value.type === ValueType.int || value.type === ValueType.double) number = value.number();
  else if (value.type === ValueType.string) number = parseFloat64(value.string());
  if (number === 0) return neverSample;
  return number > 0 ? alwaysSample : undefined;
}

/** The attribute of a log record that holds its percentage. */
export function logPriority(attribute: string, precision: number): Priority {
  if (attribute === '') return () => undefined;
  const key = new AttributeKey(attribute);
  return (item) => {
    if (!item.find(key)) return undefined;
    const { type } = item.value;
    if (type !== ValueType.int && type !== ValueType.double) return undefined;
    const percent = item.value.number();
    return percent === 0 ? undefined : thresholdFor(percent / 100, precision);
  };
}

import type { AnyValue, KeyValue } from './otlp-json.ts';

/** A value with its type: `Str(x)`, `Int(1)`, `Map({"k":"v"})`, `Empty()`. */
export function typedValue(value: AnyValue | undefined): string {
  if (value === undefined) return 'Empty()';
  if (value.stringValue !== undefined) return `Str(${value.stringValue})`;
  if (value.boolValue !== undefined) return `Bool(${value.boolValue})`;
  if (value.intValue !== undefined) return `Int(${value.intValue})`;
  if (value.doubleValue !== undefined) return `Double(${value.doubleValue})`;
  if (value.arrayValue !== undefined) return `Slice(${plainValue(value)})`;
  if (value.kvlistValue !== undefined) return `Map(${plainValue(value)})`;
  if (value.bytesValue !== undefined) return `Bytes(${value.bytesValue})`;
  return 'Empty()';
}

/** A value as text: texts as they are, lists and maps as JSON with sorted keys. */
export function plainValue(value: AnyValue | undefined): string {
  const plain = toPlain(value);
  if (typeof plain === 'string') return plain;
  return plain === null ? '' : JSON.stringify(plain);
}

function toPlain(value: AnyValue | undefined): unknown {
  if (value?.intValue !== undefined) {
    const number = Number(value.intValue);
    return Number.isSafeInteger(number) ? number : value.intValue;
  }
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(toPlain);
  if (value?.kvlistValue !== undefined) {
    const pairs = value.kvlistValue.values ?? [];
    const sorted = pairs.toSorted((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
    return Object.fromEntries(sorted.map((pair) => [pair.key ?? '', toPlain(pair.value)]));
  }
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? value?.bytesValue ?? null;
}

/** ` key=value key=value`, '' for none. */
export function inlineAttributes(attributes: readonly KeyValue[] | undefined): string {
  return (attributes ?? []).map((a) => ` ${a.key ?? ''}=${plainValue(a.value)}`).join('');
}

/** Nanoseconds since 1970 as Go prints a time: `2020-02-11 20:26:13.000000789 +0000 UTC`. */
export function goTime(unixNano: string | undefined): string {
  const nanos = BigInt(unixNano ?? '0');
  const seconds = nanos / 1_000_000_000n;
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return `${date}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`;
}

/** A number with six digits after the point. */
export function fixed(value: number | string | undefined): string {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number.toFixed(6) : String(value);
}

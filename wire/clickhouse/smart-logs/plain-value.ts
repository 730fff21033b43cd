import { AttributeList } from '../attribute-list.ts';
import { readVarint, Scan, skipField } from '../scan.ts';
import { typedJson } from '../smart/typed-json.ts';
import { int64At, Kind, ValueAt } from '../value-at.ts';

/* Readers for events that come seldom: they make objects. */

const decoder = new TextDecoder();

/** Where an AnyValue lies. */
export interface ValueRange {
  readonly start: number;
  readonly end: number;
}

/** The pairs of attributes by key; the first of equal keys. */
export function pairsOf(b: Uint8Array, list: AttributeList): Map<string, ValueRange> {
  const pairs = new Map<string, ValueRange>();
  for (let i = 0; i < list.count; i++) {
    const key = decoder.decode(b.subarray(list.keyStart[i], list.keyEnd[i]));
    if (pairs.has(key)) continue;
    pairs.set(key, { start: list.valueStart[i]!, end: list.valueEnd[i]! });
  }
  return pairs;
}

/** The pairs of a value that is a map; undefined when it is none. */
export function mapAt(
  b: Uint8Array,
  range: ValueRange | undefined,
): Map<string, ValueRange> | undefined {
  const elements = elementsOf(b, range, Kind.MAP);
  if (elements === undefined) return undefined;
  const list = new AttributeList();
  for (const { start, end } of elements) list.add(b, start, end);
  return pairsOf(b, list);
}

/** The elements of a value that is an array; undefined when it is none. */
export function arrayAt(b: Uint8Array, range: ValueRange | undefined): ValueRange[] | undefined {
  return elementsOf(b, range, Kind.ARRAY);
}

/** Both ArrayValue and KeyValueList have their elements in field 1. */
function elementsOf(
  b: Uint8Array,
  range: ValueRange | undefined,
  kind: number,
): ValueRange[] | undefined {
  const value = located(b, range);
  if (value?.kind !== kind) return undefined;
  const scan = new Scan();
  const elements: ValueRange[] = [];
  for (let p = value.start; p < value.end; ) {
    if (b[p] !== 10) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    elements.push({ start: p, end: p + scan.value });
    p += scan.value;
  }
  return elements;
}

/** A value as text: a string as it is, any other as typed JSON. */
export function textAt(b: Uint8Array, range: ValueRange): string {
  const value = located(b, range)!;
  if (value.kind === Kind.STRING) return decoder.decode(b.subarray(value.start, value.end));
  return decoder.decode(typedJson(b, range.start, range.end));
}

/** A value that is a string; undefined when it is none. */
export function stringAt(b: Uint8Array, range: ValueRange | undefined): string | undefined {
  return located(b, range)?.kind === Kind.STRING ? textAt(b, range!) : undefined;
}

/** A value that is an int; undefined when it is none. */
export function intAt(b: Uint8Array, range: ValueRange | undefined): bigint | undefined {
  const value = located(b, range);
  return value?.kind === Kind.INT ? int64At(b, value.start) : undefined;
}

function located(b: Uint8Array, range: ValueRange | undefined): ValueAt | undefined {
  if (range === undefined) return undefined;
  const value = new ValueAt();
  value.locate(b, range.start, range.end);
  return value;
}

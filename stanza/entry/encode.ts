import { ExprTime, printValue, type Value, type ValueMap } from '../../expr/index.ts';
import type { Logs } from '../../pdata/batch.ts';
import { Double, LogsBuilder } from '../../pdata/builder.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import type { Entry } from './entry.ts';
import { severityText } from './severity.ts';

const empty: ValueMap = new Map();

/** Writes the fields of an AnyValue. */
function writeValue(w: Writer, value: Value): void {
  if (value === null) return;
  if (typeof value === 'string') w.stringField(1, value);
  else if (typeof value === 'boolean') w.uintField(2, value ? 1 : 0);
  else if (typeof value === 'bigint') w.intField(3, value);
  else if (typeof value === 'number') w.doubleField(4, value);
  else if (value instanceof Uint8Array) w.bytesField(7, value);
  else if (value instanceof ExprTime) w.stringField(1, printValue(value));
  else if (value instanceof Map) {
    const at = w.open(6);
    writeMap(w, 1, value);
    w.close(at);
  } else {
    const at = w.open(5);
    for (const element of value) {
      const inner = w.open(1);
      writeValue(w, element);
      w.close(inner);
    }
    w.close(at);
  }
}

function writeMap(w: Writer, field: number, map: ValueMap): void {
  for (const [key, value] of map) {
    const at = w.open(field);
    w.stringField(1, key);
    const inner = w.open(2);
    writeValue(w, value);
    w.close(inner);
    w.close(at);
  }
}

/** Identifies equal maps: the order of keys does not matter. */
function mapKey(map: ValueMap): string {
  if (map.size === 0) return '';
  const keys = [...map.keys()].sort();
  return JSON.stringify(keys.map((key) => [key, valueKey(map.get(key)!)]));
}

function valueKey(value: Value): unknown {
  if (typeof value === 'bigint') return { i: value.toString() };
  if (value instanceof Map) return { m: mapKey(value) };
  if (Array.isArray(value)) return value.map(valueKey);
  if (value instanceof Uint8Array) return { b: Buffer.from(value).toString('latin1') };
  return value instanceof ExprTime ? { t: value.ns.toString() } : value;
}

/** Whether maps are plainly equal: the same keys in the same order with the same simple values. */
function isSame(a: ValueMap, b: ValueMap): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  const others = b.entries();
  for (const [key, value] of a) {
    const [otherKey, other] = others.next().value!;
    if (key !== otherKey || value !== other) return false;
  }
  return true;
}

interface ResourceGroup {
  readonly resource: ValueMap;
  readonly scopes: Map<string, Entry[]>;
}

/** Turns entries into a batch, grouped by resource and scope in order of appearance. */
export function encodeEntries(entries: readonly Entry[]): Logs {
  const builder = new LogsBuilder();
  writeEntries(builder, entries);
  return builder.finish();
}

/** Adds entries to a batch, with a resource of their own. */
export function writeEntries(builder: LogsBuilder, entries: readonly Entry[]): void {
  const groups = new Map<string, ResourceGroup>();
  let lastResource: ValueMap | undefined;
  let last: ResourceGroup | undefined;
  for (const entry of entries) {
    const resource = entry.resource ?? empty;
    if (last === undefined || !isSame(resource, lastResource!)) {
      const key = mapKey(resource);
      last = groups.get(key);
      if (last === undefined) {
        last = { resource, scopes: new Map() };
        groups.set(key, last);
      }
      lastResource = resource;
    }
    const list = last.scopes.get(entry.scopeName);
    if (list === undefined) last.scopes.set(entry.scopeName, [entry]);
    else list.push(entry);
  }
  for (const { resource, scopes } of groups.values()) {
    builder.resource(attributesOf(resource));
    for (const [name, list] of scopes) {
      builder.scope(name);
      for (const entry of list) writeEntry(builder, entry);
    }
  }
}

/** Resource attributes in the form that the builder takes. */
function attributesOf(map: ValueMap): Map<string, Parameters<LogsBuilder['attribute']>[2]> {
  type Wanted = Parameters<LogsBuilder['attribute']>[2];
  const convert = (value: Value): Wanted => {
    if (typeof value === 'number') return new Double(value);
    if (value instanceof ExprTime) return printValue(value);
    if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, convert(v)]));
    return Array.isArray(value) ? value.map(convert) : value;
  };
  return new Map([...map].map(([key, value]) => [key, convert(value)]));
}

function writeEntry(builder: LogsBuilder, entry: Entry): void {
  const w = builder.writer;
  const at = builder.openRecord();
  if (entry.timestamp !== 0n) w.bigFixed64Field(1, entry.timestamp);
  if (entry.severity !== 0) w.uintField(2, entry.severity);
  const text = entry.severityText === '' ? severityText(entry.severity) : entry.severityText;
  if (text !== '') w.stringField(3, text);
  if (entry.body !== null) {
    const body = w.open(5, 2);
    writeValue(w, entry.body);
    w.close(body);
  }
  if (entry.attributes !== undefined) writeMap(w, 6, entry.attributes);
  const flags = entry.traceFlags?.[0] ?? 0;
  if (flags !== 0) w.fixed32Field(8, flags);
  writeId(w, 9, entry.traceId, 16);
  writeId(w, 10, entry.spanId, 8);
  if (entry.observed !== 0n) w.bigFixed64Field(11, entry.observed);
  builder.closeRecord(at);
}

/** Ids of another length are cut or filled up with zeros. */
function writeId(w: Writer, field: number, id: Uint8Array | undefined, size: number): void {
  if (id === undefined || id.every((byte) => byte === 0)) return;
  const whole = new Uint8Array(size);
  whole.set(id.subarray(0, size));
  w.bytesField(field, whole);
}

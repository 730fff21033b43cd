import { tagHashes, tagShard, typedTagHashes } from '../schema/spans.ts';
import type { Binder } from './bind.ts';

/**
 * What a tag `key=value` of a search can mean. Values compare by their string form, so `5` may be
 * the string, the int or the double, and `true` the string or the bool.
 */
export interface TagForms {
  readonly key: string;
  readonly value: string;
  readonly int: string | undefined;
  readonly float: string | undefined;
  readonly bool: 'true' | 'false' | undefined;
  /** Typed JSON texts of everything that is not a string. */
  readonly other: readonly string[];
  /** False when only a string can have this form. */
  readonly typed: boolean;
}

const maxInt = 2n ** 63n - 1n;

/** What the text of a tag can be: a string always, and a value of each type that is written so. */
export function tagForms(key: string, value: string): TagForms {
  const int = /^-?(0|[1-9]\d*)$/.test(value) && value !== '-0' ? BigInt(value) : undefined;
  const inRange = int !== undefined && int <= maxInt && int >= -maxInt - 1n;
  const float = floatForm(value);
  const other = [value];
  if (float !== undefined && !other.includes(float)) other.push(float);
  const bool = value === 'true' || value === 'false' ? value : undefined;
  const json = value === '' || value === 'null' || /^[[{"]/.test(value);
  const typed = json || int !== undefined || float !== undefined || bool !== undefined;
  return { key, value, int: inRange ? value : undefined, float, bool, other, typed };
}

/** The double that `value` is the string form of, as typed JSON writes it. */
function floatForm(value: string): string | undefined {
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return undefined;
  const number = Number(value);
  if (!Number.isFinite(number)) return undefined;
  const text = Object.is(number, -0) ? '-0' : String(number);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const nestedLists = ['events', 'links'];

/**
 * True for rows of `spans` that have the tag as a string, among the attributes of the span or one
 * of its events or links; with the hint that lets INDEX tags_N leave out the granules without it.
 */
export function withString(tag: TagForms, bind: Binder): string {
  const key = bind.text(tag.key);
  const value = bind.text(tag.value);
  return `${hint(tagHashes(tagShard(tag.key)), key, [value])} AND ${hasString(tag, bind)}`;
}

/** The same for every other type of value, with the hint for INDEX typed_tags. */
export function withTyped(tag: TagForms, bind: Binder): string {
  const values = otherTexts(tag).map((text) => bind.text(text));
  if (tag.int) values.push(bind.int(BigInt(tag.int)));
  if (tag.float) values.push(bind.float(tag.float));
  if (tag.bool) values.push(`toBool(${tag.bool})`);
  return `${hint(typedTagHashes, bind.text(tag.key), values)} AND ${hasTyped(tag, bind)}`;
}

/** {@link withString} without the hint. */
export function hasString(tag: TagForms, bind: Binder): string {
  const key = bind.text(tag.key);
  const value = bind.text(tag.value);
  const is = [inMap('attributes_string', key, value, tag.value === '')];
  const nested = inMap('m', key, value, tag.value === '');
  for (const list of nestedLists) is.push(`arrayExists(m -> ${nested}, \`${list}.attributes\`)`);
  return `(${is.join(' OR ')})`;
}

/** {@link withTyped} without the hint. */
export function hasTyped(tag: TagForms, bind: Binder): string {
  const key = bind.text(tag.key);
  const is: string[] = [];
  if (tag.int) is.push(inMap('attributes_int', key, bind.int(BigInt(tag.int)), tag.int === '0'));
  if (tag.float) {
    is.push(inMap('attributes_float', key, bind.float(tag.float), Number(tag.float) === 0));
  }
  if (tag.bool) is.push(inMap('attributes_bool', key, tag.bool, tag.bool === 'false'));
  is.push(inOthers('attributes_other', key, tag, bind));
  const nested = inOthers('m', key, tag, bind);
  for (const list of nestedLists) {
    is.push(`arrayExists(m -> ${nested}, \`${list}.attributes_other\`)`);
  }
  return `(${is.join(' OR ')})`;
}

/** A missing key reads as the type's default, so a default needs the key checked as well. */
function inMap(map: string, key: string, value: string, isDefault: boolean): string {
  const equal = `${map}[${key}] = ${value}`;
  return isDefault ? `(mapContains(${map}, ${key}) AND ${equal})` : equal;
}

function otherTexts(tag: TagForms): string[] {
  return tag.other.map((text) => (text === '' ? 'null' : text));
}

function inOthers(map: string, key: string, tag: TagForms, bind: Binder): string {
  const texts = otherTexts(tag).map((text) => bind.text(text));
  return `${map}[${key}] IN (${texts.join(', ')})`;
}

/** Filters no rows itself. */
function hint(hashes: string, key: string, values: readonly string[]): string {
  const wanted = [...new Set(values)].map((value) => `cityHash64(${key}, ${value})`);
  return `indexHint(hasAny(${hashes}, [${wanted.join(', ')}]))`;
}

/** True for rows of `resources` and `scopes` that have the tag. */
export function onSet(tag: TagForms, bind: Binder): string {
  const key = bind.text(tag.key);
  const strings = inMap('attributes', key, bind.text(tag.value), tag.value === '');
  if (!tag.typed) return strings;
  return `(${strings} OR ${inOthers('attributes_other', key, tag, bind)})`;
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['UNSET', 'OK', 'ERROR'];

const entityColumns: ReadonlyMap<string, string> = new Map([
  ['wirestitch.client.entity', 'client_entity'],
  ['wirestitch.server.entity', 'server_entity'],
]);

/** Entities are shown as signed numbers; 0 is none. */
function entityId(value: string): bigint {
  const id = /^-?(0|[1-9]\d{0,18})$/.test(value) ? BigInt(value) : 0n;
  return BigInt.asIntN(64, id) === id ? BigInt.asUintN(64, id) : 0n;
}

/**
 * Tags that stand for fields of the span, by the names that Jaeger shows them under; undefined for
 * every other tag.
 */
export function fieldTag(key: string, value: string, bind: Binder): string | undefined {
  if (key === 'error' && (value === 'true' || value === 'false')) {
    return `status_code ${value === 'true' ? '=' : '!='} 2`;
  }
  if (key === 'span.kind' && kinds.includes(value)) return `kind = ${kinds.indexOf(value)}`;
  if (key === 'otel.status_code' && statuses.includes(value)) {
    return `status_code = ${statuses.indexOf(value)}`;
  }
  const entity = entityColumns.get(key);
  if (entity !== undefined) return `${entity} = ${entityId(value)} AND ${entity} != 0`;
  if (key === 'otel.status_description') return `status_message = ${bind.text(value)}`;
  if (key === 'w3c.tracestate') return `trace_state = ${bind.text(value)}`;
  return undefined;
}

/** Condition on `scopes` for the tags that stand for fields of the scope. */
export function scopeFieldTag(key: string, value: string, bind: Binder): string | undefined {
  if (key === 'otel.scope.name') return `name = ${bind.text(value)}`;
  if (key === 'otel.scope.version') return `version = ${bind.text(value)}`;
  return undefined;
}

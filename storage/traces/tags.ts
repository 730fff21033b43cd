import { nestedTagHashes, tagHashes } from '../schema/spans.ts';
import { quoteString } from '../sql.ts';

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
}

const maxInt = 2n ** 63n - 1n;

export function tagForms(key: string, value: string): TagForms {
  const int = /^-?(0|[1-9]\d*)$/.test(value) && value !== '-0' ? BigInt(value) : undefined;
  const inRange = int !== undefined && int <= maxInt && int >= -maxInt - 1n;
  const float = floatForm(value);
  const other = [value];
  if (float !== undefined && !other.includes(float)) other.push(float);
  return {
    key,
    value,
    int: inRange ? value : undefined,
    float,
    bool: value === 'true' || value === 'false' ? value : undefined,
    other,
  };
}

/** The double that `value` is the string form of, as typed JSON writes it. */
function floatForm(value: string): string | undefined {
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return undefined;
  const number = Number(value);
  if (!Number.isFinite(number)) return undefined;
  const text = Object.is(number, -0) ? '-0' : String(number);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** True for rows of `spans` that have the tag among the span's own attributes. */
export function onSpan(tag: TagForms): string {
  const key = quoteString(tag.key);
  const is = [inMap('attributes_string', key, quoteString(tag.value), tag.value === '')];
  if (tag.int) is.push(inMap('attributes_int', key, tag.int, tag.int === '0'));
  if (tag.float) {
    is.push(inMap('attributes_float', key, `toFloat64(${tag.float})`, Number(tag.float) === 0));
  }
  if (tag.bool) is.push(inMap('attributes_bool', key, tag.bool, tag.bool === 'false'));
  is.push(inOthers('attributes_other', key, tag.other));
  return `(${is.join(' OR ')})`;
}

/** True for rows of `spans` that have the tag among the attributes of an event or a link. */
export function onNested(tag: TagForms): string {
  const key = quoteString(tag.key);
  const strings = inMap('m', key, quoteString(tag.value), tag.value === '');
  const others = inOthers('m', key, tag.other);
  const is = ['events', 'links'].flatMap((name) => [
    `arrayExists(m -> ${strings}, \`${name}.attributes\`)`,
    `arrayExists(m -> ${others}, \`${name}.attributes_other\`)`,
  ]);
  return `(${is.join(' OR ')})`;
}

/** A missing key reads as the type's default, so a default needs the key checked as well. */
function inMap(map: string, key: string, value: string, isDefault: boolean): string {
  const equal = `${map}[${key}] = ${value}`;
  return isDefault ? `(mapContains(${map}, ${key}) AND ${equal})` : equal;
}

function inOthers(map: string, key: string, texts: readonly string[]): string {
  const nonEmpty = texts.map((text) => (text === '' ? 'null' : text));
  return `${map}[${key}] IN (${nonEmpty.map(quoteString).join(', ')})`;
}

/**
 * Lets INDEX tags leave out the granules in which no span has any form of the tag; filters no rows
 * itself.
 */
export function tagHint(tag: TagForms): string {
  const typed: string[] = [];
  if (tag.int) typed.push(`toInt64(${tag.int})`);
  if (tag.float) typed.push(`toFloat64(${tag.float})`);
  if (tag.bool) typed.push(`toBool(${tag.bool})`);
  return hint(tagHashes, tag, typed);
}

/** The same for events and links. */
export function nestedHint(tag: TagForms): string {
  return hint(nestedTagHashes, tag, []);
}

function hint(hashes: string, tag: TagForms, typed: readonly string[]): string {
  const texts = new Set([tag.value, ...tag.other.map((text) => (text === '' ? 'null' : text))]);
  const values = [...[...texts].map(quoteString), ...typed];
  const wanted = values.map((value) => `cityHash64(${quoteString(tag.key)}, ${value})`);
  return `indexHint(hasAny(${hashes}, [${wanted.join(', ')}]))`;
}

/** True for rows of `resources` and `scopes` that have the tag. */
export function onSet(tag: TagForms): string {
  const key = quoteString(tag.key);
  const strings = inMap('attributes', key, quoteString(tag.value), tag.value === '');
  return `(${strings} OR ${inOthers('attributes_other', key, tag.other)})`;
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['UNSET', 'OK', 'ERROR'];

/**
 * Tags that stand for fields of the span, by the names that Jaeger shows them under; undefined for
 * every other tag.
 */
export function fieldTag(key: string, value: string): string | undefined {
  if (key === 'error' && (value === 'true' || value === 'false')) {
    return `status_code ${value === 'true' ? '=' : '!='} 2`;
  }
  if (key === 'span.kind' && kinds.includes(value)) return `kind = ${kinds.indexOf(value)}`;
  if (key === 'otel.status_code' && statuses.includes(value)) {
    return `status_code = ${statuses.indexOf(value)}`;
  }
  if (key === 'otel.status_description') return `status_message = ${quoteString(value)}`;
  if (key === 'w3c.tracestate') return `trace_state = ${quoteString(value)}`;
  return undefined;
}

/** Condition on `scopes` for the tags that stand for fields of the scope. */
export function scopeFieldTag(key: string, value: string): string | undefined {
  if (key === 'otel.scope.name') return `name = ${quoteString(value)}`;
  if (key === 'otel.scope.version') return `version = ${quoteString(value)}`;
  return undefined;
}

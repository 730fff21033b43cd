import { tagKeys } from '../schema/spans.ts';
import type { Binder } from './bind.ts';
import { type AttributeMap, attributeMaps, fieldOf, hasKey, scopeField } from './fields.ts';
import type { TraceFilter } from './reader.ts';
import { hasString, hasTyped, onSet, tagForms } from './tags.ts';

/** Conditions on `resource_id` and `scope_id` that say which sets a filter is true for. */
export interface FilterSets {
  /** Spans whose resource or scope has the key; '' = none. Only where the filter needs it. */
  readonly has: string;
  /** Spans whose resource or scope has the key with a value that fits; '' = none. */
  readonly fits: string;
}

/** No resource and no scope has the key. */
export const noSets: FilterSets = { has: '', fits: '' };

/** True for filters that ask for what a span does not have. */
export function isNegative({ op }: TraceFilter): boolean {
  return op === '!=' || op === '!~' || op === '!exists';
}

/** True for filters that a resource or scope can fulfil. */
export function asksSets({ key }: TraceFilter): boolean {
  return fieldOf(key) === undefined;
}

/**
 * The condition of a filter over rows of `spans`: exact, with a hint for the index over keys.
 * @param sets what the dictionaries say of it
 */
export function filterCondition(filter: TraceFilter, sets: FilterSets, bind: Binder): string {
  const field = fieldOf(filter.key);
  if (field !== undefined) {
    const fits = textFits(filter, field.text, bind);
    if (filter.op === 'exists') return field.exists;
    if (filter.op === '!exists') return `NOT (${field.exists})`;
    const both = (one: string) => (field.exists === '1' ? one : `(${field.exists} AND ${one})`);
    return both(isNegative(filter) ? `NOT ${fits}` : fits);
  }
  if (filter.op === 'exists')
    return keyHint(filter, sets.has, bind) + hasAnywhere(filter, sets, bind);
  if (filter.op === '!exists') return `NOT ${hasAnywhere(filter, sets, bind)}`;
  const fits = anyOf(spanPlaces(filter, bind), sets.fits);
  if (isNegative(filter)) return `${hasAnywhere(filter, sets, bind)} AND NOT ${fits}`;
  // Keys are cheap to read: values are read only where there are some.
  const has = hasAnywhere(filter, { ...sets, has: sets.fits }, bind);
  return `${keyHint(filter, sets.fits, bind)}${has} AND ${fits}`;
}

/** For INDEX keys, where no resource or scope can fulfil the filter; filters no rows itself. */
function keyHint({ key }: TraceFilter, inSets: string, bind: Binder): string {
  if (inSets !== '' || key === 'event') return '';
  return `indexHint(has(${tagKeys}, cityHash64(${bind.text(key)}))) AND `;
}

function anyOf(places: readonly string[], more: string): string {
  const all = more === '' ? places : [...places, more];
  return all.length === 0 ? '0' : `(${all.join(' OR ')})`;
}

/** Names of events count as values of the key `event`. */
function hasAnywhere({ key }: TraceFilter, sets: FilterSets, bind: Binder): string {
  const places = attributeMaps.map((map) => hasKey(map, key, bind));
  if (key === 'event') places.push('notEmpty(`events.name`)');
  return anyOf(places, sets.has);
}

function spanPlaces(filter: TraceFilter, bind: Binder): string[] {
  const places: string[] = [];
  if (isEquality(filter)) {
    const forms = tagForms(filter.key, filter.value);
    places.push(hasString(forms, bind));
    if (forms.typed) places.push(hasTyped(forms, bind));
  } else {
    for (const map of attributeMaps) {
      const one = mapFits(filter, map, bind);
      if (one !== undefined) places.push(one);
    }
  }
  if (filter.key === 'event') {
    const name = textFits(filter, 'n', bind);
    places.push(`arrayExists(n -> ${name}, \`events.name\`)`);
  }
  return places;
}

function isEquality({ op }: TraceFilter): boolean {
  return op === '=' || op === '!=';
}

/** True for rows that have a fitting value in the map; undefined where none of its type fits. */
function mapFits(filter: TraceFilter, map: AttributeMap, bind: Binder): string | undefined {
  if (!canFit(filter, map.type)) return undefined;
  const key = bind.text(filter.key);
  const inOne = (column: string): string => {
    const fits = valueFits(filter, { text: `${column}[${key}]`, type: map.type }, bind);
    // A missing key reads as the type's default, which only a few of the filters fit.
    return defaultNeverFits(filter, map.type)
      ? fits
      : `(mapContains(${column}, ${key}) AND ${fits})`;
  };
  return map.nested ? `arrayExists(m -> ${inOne('m')}, ${map.column})` : inOne(map.column);
}

/** False where no value of the type can fit, so that its column is not read. */
function canFit({ op, value }: TraceFilter, type: AttributeMap['type']): boolean {
  const numeric = type === 'int' || type === 'float';
  switch (op) {
    case '>':
    case '>=':
    case '<':
    case '<=':
      return type !== 'bool';
    case 'contains':
      if (type === 'bool') return 'true'.includes(value) || 'false'.includes(value);
      return !numeric || /^[-+.\deinfa]*$/.test(value);
    default:
      return true;
  }
}

function defaultNeverFits({ op, value }: TraceFilter, type: AttributeMap['type']): boolean {
  const text = type === 'string' || type === 'json';
  if (isComparison(op)) return text;
  return op === 'contains' && text && value !== '';
}

function isComparison(op: TraceFilter['op']): op is '>' | '>=' | '<' | '<=' {
  return op === '>' || op === '>=' || op === '<' || op === '<=';
}

/** An expression and the type of what it gives. */
interface Value {
  readonly text: string;
  readonly type: AttributeMap['type'];
}

/** Whether one value fits; for `!=` and `!~` whether it is equal or matches. Never NULL. */
function valueFits({ op, value }: TraceFilter, { text, type }: Value, bind: Binder): string {
  const isText = type === 'string' || type === 'json';
  if (isComparison(op)) {
    const number = numberOf(value, bind);
    if (!isText) return `${text} ${op} ${number}`;
    return `ifNull(toFloat64OrNull(${text}) ${op} ${number}, 0)`;
  }
  const form = isText ? text : `toString(${text})`;
  if (op === 'contains') return `position(${form}, ${bind.text(value)}) > 0`;
  if (op === '=~' || op === '!~') return `match(${form}, ${bind.text(wholeMatch(value))})`;
  return `${form} = ${bind.text(value)}`;
}

/** {@link valueFits} of an expression that gives a string. */
export function textFits(filter: TraceFilter, text: string, bind: Binder): string {
  return valueFits(filter, { text, type: 'string' }, bind);
}

const int64 = 2n ** 63n;

/** An integer stays one: ClickHouse compares it with either type exactly. */
function numberOf(value: string, bind: Binder): string {
  if (/^[-+]?\d{1,19}$/.test(value)) {
    const int = BigInt(value.replace(/^\+/, ''));
    if (int >= -int64 && int < int64) return bind.int(int);
  }
  return bind.float(String(Number(value)));
}

/** True for what `>` and its like can compare with. */
export function isNumber(value: string): boolean {
  return /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(value) && Number.isFinite(Number(value));
}

/** The pattern that matches where `pattern` matches a whole value. */
function wholeMatch(pattern: string): string {
  return `^(?:${pattern})$`;
}

/** Conditions on rows of `resources` or `scopes`: that they have the key, that its value fits. */
export interface SetConditions {
  readonly has: string;
  readonly fits: string;
}

const setMaps: readonly AttributeMap[] = [
  { column: 'attributes', type: 'string', nested: false },
  { column: 'attributes_other', type: 'json', nested: false },
];

/**
 * Conditions on a row of resources or scopes: that it has the key of a filter, and that it fits.
 */
export function setConditions(
  filter: TraceFilter,
  table: 'resources' | 'scopes',
  bind: Binder,
): SetConditions {
  const field = table === 'scopes' ? scopeField(filter.key) : undefined;
  const key = bind.text(filter.key);
  const has =
    field === undefined
      ? `(mapContains(attributes, ${key}) OR mapContains(attributes_other, ${key}))`
      : `notEmpty(${field})`;
  if (filter.op === 'exists' || filter.op === '!exists') return { has, fits: has };
  if (field !== undefined) return { has, fits: `${has} AND ${textFits(filter, field, bind)}` };
  if (isEquality(filter)) return { has, fits: onSet(tagForms(filter.key, filter.value), bind) };
  const fits = setMaps.flatMap((map) => mapFits(filter, map, bind) ?? []);
  return { has, fits: anyOf(fits, '') };
}

import type { Place } from '../../ottl/index.ts';
import { encodeValue } from '../../pdata/builder.ts';
import {
  AttributeKey,
  LogField,
  type MessageView,
  SpanField,
  type ValueView,
} from '../../pdata/readers.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import type { AttributeValue } from '../../pdata/values.ts';
import type { LogMatch, MetricMatch, SpanMatch } from './config.ts';
import { expressionTest } from './expressions.ts';
import { severityNumber } from './severity.ts';

/*
 * The oldest forms: `include` and `exclude` with lists of texts. Within a list one text has to
 * match, of several lists all.
 */

export type Test = (place: Place) => boolean;
type TextTest = (text: string) => boolean;

/** @throws Error for another match type or a bad pattern */
function textTest(type: string, list: readonly string[]): TextTest {
  if (type === 'strict') {
    const set = new Set(list);
    return (text) => set.has(text);
  }
  if (type !== 'regexp') {
    throw new Error(`unrecognized match_type: '${type}', valid types are: [regexp strict]`);
  }
  const patterns = [...new Set(list)].map(compileRegexp);
  return (text) => patterns.some((pattern) => pattern.test(text));
}

type Wanted = readonly { readonly key: string; readonly value?: unknown }[];

const kinds = ['Empty', 'Str', 'Bool', 'Int', 'Double', 'Slice', 'Map', 'Bytes'];

function kindOf(value: unknown): string {
  if (typeof value === 'boolean') return 'Bool';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'Int' : 'Double';
  return Array.isArray(value) ? 'Slice' : 'Map';
}

/** Text of a value where patterns are matched with; undefined for lists, maps and bytes. */
function plainText(value: ValueView): string | undefined {
  const kind = kinds[value.type];
  return kind === 'Slice' || kind === 'Map' || kind === 'Bytes' || kind === 'Empty'
    ? undefined
    : value.toText();
}

function valueTest(type: string, key: string, value: unknown): (found: ValueView) => boolean {
  if (type === 'regexp') {
    if (typeof value !== 'string') {
      throw new Error(
        `match_type=regexp for "${key}" only supports Str, but found ${kindOf(value)}`,
      );
    }
    const matches = textTest(type, [value]);
    return (found) => {
      const text = plainText(found);
      return text !== undefined && matches(text);
    };
  }
  if (type !== 'strict') textTest(type, []);
  const bytes = encodeValue(value as AttributeValue);
  return (found) => {
    const own = found.bytes.subarray(found.start, found.end);
    return Buffer.compare(own, bytes) === 0;
  };
}

/** All of the attributes have to be there. @throws Error */
function attributesTest(type: string, wanted: Wanted): (view: MessageView) => boolean {
  const tests = wanted.map(({ key, value }) => {
    if (key === '') throw new Error("can't have empty key in the list of attributes");
    const name = new AttributeKey(key);
    if (value === undefined || value === null) return (view: MessageView) => view.find(name);
    const matches = valueTest(type, key, value);
    return (view: MessageView) => view.find(name) && matches(view.value);
  });
  return (view) => tests.every((test) => test(view));
}

const serviceName = new AttributeKey('service.name');
const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (name) => `SPAN_KIND_${name}`,
);

function checkSpanMatch(match: SpanMatch): void {
  const foreign = [
    ['log_bodies', match.log_bodies.length],
    ['log_severity_texts', match.log_severity_texts.length],
    ['log_severity_number', match.log_severity_number === undefined ? 0 : 1],
    ['metric_names', match.metric_names.length],
  ] as const;
  for (const [key, count] of foreign) {
    if (count > 0) throw new Error(`${key} should not be specified for trace spans`);
  }
  const { services, span_names: names, attributes, libraries, resources } = match;
  const lists = [services, names, attributes, libraries, resources, match.span_kinds];
  if (lists.every((list) => list.length === 0)) {
    throw new Error(
      'at least one of "attributes", "libraries",  or "resources" field must be specified',
    );
  }
  if (
    match.match_type === 'strict' &&
    match.span_kinds.some((kind) => !spanKinds.slice(1).includes(kind))
  ) {
    throw new Error(
      `span_kinds string must match one of the standard span kinds when match_type=strict: [${spanKinds.slice(1).sort().join(' ')}]`,
    );
  }
}

function librariesTest(match: SpanMatch): Test[] {
  return match.libraries.map(({ name, version }) => {
    const named = textTest(match.match_type, [name]);
    const versioned = version === undefined ? () => true : textTest(match.match_type, [version]);
    return ({ scope }) => named(scope.string(1)) && versioned(scope.string(2));
  });
}

/** @throws Error for what spans cannot be matched by */
export function spanMatch(match: SpanMatch): Test {
  checkSpanMatch(match);
  const { match_type: type } = match;
  const tests = librariesTest(match);
  if (match.services.length > 0) {
    const matches = textTest(type, match.services);
    tests.push(({ resource }) =>
      matches(resource.find(serviceName) ? resource.value.toText() : '<nil-service-name>'),
    );
  }
  if (match.span_names.length > 0) {
    const matches = textTest(type, match.span_names);
    tests.push(({ item }) => matches(item.string(SpanField.name)));
  }
  if (match.span_kinds.length > 0) {
    const matches = textTest(type, match.span_kinds);
    tests.push(({ item }) => matches(spanKinds[item.uint(SpanField.kind)] ?? ''));
  }
  pushAttributes(tests, type, match.resources, match.attributes);
  return (place) => tests.every((test) => test(place));
}

function pushAttributes(tests: Test[], type: string, resources: Wanted, attributes: Wanted): void {
  if (resources.length > 0) {
    const matches = attributesTest(type, resources);
    tests.push(({ resource }) => matches(resource));
  }
  if (attributes.length > 0) {
    const matches = attributesTest(type, attributes);
    tests.push(({ item }) => matches(item));
  }
}

/** @returns undefined when nothing is asked for. @throws Error */
export function logMatch(match: LogMatch): Test | undefined {
  const { match_type: type, severity_number: severity } = match;
  const tests: Test[] = [];
  if (match.bodies.length > 0) {
    const matches = textTest(type, match.bodies);
    tests.push(({ item }) => matches(item.findField(LogField.body) ? item.value.toText() : ''));
  }
  if (match.severity_texts.length > 0) {
    const matches = textTest(type, match.severity_texts);
    tests.push(({ item }) => matches(item.string(LogField.severityText)));
  }
  if (severity !== undefined) {
    const min = severityNumber(severity.min) ?? 0;
    tests.push(({ item }) => {
      const number = item.uint(LogField.severityNumber);
      return number === 0 ? severity.match_undefined : number >= min;
    });
  }
  pushAttributes(tests, type, match.resource_attributes, match.record_attributes);
  return tests.length === 0 ? undefined : (place) => tests.every((test) => test(place));
}

/** What a metric is matched by, beside its resource; undefined = any. @throws Error */
export function metricMatch(match: MetricMatch): Test | undefined {
  if (match.match_type === 'expr') {
    return match.expressions.length === 0 ? undefined : expressionTest(match.expressions);
  }
  if (match.metric_names.length === 0) return undefined;
  const matches = textTest(match.match_type, match.metric_names);
  return ({ metric }) => matches(metric!.string(1));
}

/** What the resource of a metric is matched by. @throws Error */
export function metricResourceMatch(match: MetricMatch): Test {
  const matches = attributesTest(match.match_type, match.resource_attributes);
  return ({ resource }) => matches(resource);
}

/** True for what is to go: what is not included, or is excluded. */
export function skipTest(include: Test | undefined, exclude: Test | undefined): Test | undefined {
  if (include === undefined) return exclude;
  if (exclude === undefined) return (place) => !include(place);
  return (place) => !include(place) || exclude(place);
}

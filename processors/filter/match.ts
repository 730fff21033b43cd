import type { Place } from '../../ottl/index.ts';
import {
  attributesTest,
  knownKinds,
  libraryTests,
  logTests,
  spanTests,
  type TextTest,
  textTestOf,
} from '../../pdata/actions/item-tests.ts';
import { encodeValue } from '../../pdata/builder.ts';
import { type MessageView, ValueType, type ValueView } from '../../pdata/readers.ts';
import type { AttributeValue } from '../../pdata/values.ts';
import type { LogMatch, MetricMatch, SpanMatch } from './config.ts';
import { expressionTest } from './expressions.ts';
import { severityNumber } from './severity.ts';

/*
 * The oldest forms: `include` and `exclude` with lists of texts. Within a list one text has to
 * match, of several lists all.
 */

/**
 * Whether the item at a place is meant. @throws OttlRuntimeError from conditions that are
 * expressions
 */
export type Test = (place: Place) => boolean;

/** @throws Error for another match type or a bad pattern */
function textTest(type: string, list: readonly string[]): TextTest {
  const test = textTestOf(type, list);
  if (test !== undefined) return test;
  throw new Error(`unrecognized match_type: '${type}', valid types are: [regexp strict]`);
}

const textsOf = (type: string) => (list: readonly string[]) => textTest(type, list);

type Wanted = readonly { readonly key: string; readonly value?: unknown }[];

function kindOf(value: unknown): string {
  if (typeof value === 'boolean') return 'Bool';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'Int' : 'Double';
  return Array.isArray(value) ? 'Slice' : 'Map';
}

/** Text of a value where patterns are matched with; undefined for lists, maps and bytes. */
function plainText(value: ValueView): string | undefined {
  const { type } = value;
  const isNumber = type === ValueType.int || type === ValueType.double;
  const isPlain = isNumber || type === ValueType.string || type === ValueType.bool;
  return isPlain ? value.toText() : undefined;
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

function wantedTest(type: string, wanted: Wanted): (view: MessageView) => boolean {
  return attributesTest(wanted, (key, value) => valueTest(type, key, value));
}

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
    match.span_kinds.some((kind) => !knownKinds.includes(kind))
  ) {
    throw new Error(
      `span_kinds string must match one of the standard span kinds when match_type=strict: [${[...knownKinds].sort().join(' ')}]`,
    );
  }
}

/** @throws Error for what spans cannot be matched by */
export function spanMatch(match: SpanMatch): Test {
  checkSpanMatch(match);
  const { match_type: type } = match;
  const texts = textsOf(type);
  const tests: Test[] = [...libraryTests(texts, match.libraries), ...spanTests(texts, match)];
  pushAttributes(tests, type, match.resources, match.attributes);
  return (place) => tests.every((test) => test(place));
}

function pushAttributes(tests: Test[], type: string, resources: Wanted, attributes: Wanted): void {
  if (resources.length > 0) {
    const matches = wantedTest(type, resources);
    tests.push(({ resource }) => matches(resource));
  }
  if (attributes.length > 0) {
    const matches = wantedTest(type, attributes);
    tests.push(({ item }) => matches(item));
  }
}

/** @returns undefined when nothing is asked for. @throws Error */
export function logMatch(match: LogMatch): Test | undefined {
  const { match_type: type, bodies, severity_texts: severityTexts, severity_number } = match;
  const severity = severity_number && {
    ...severity_number,
    min: severityNumber(severity_number.min) ?? 0,
  };
  const tests: Test[] = logTests(textsOf(type), { bodies, severityTexts, severity });
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
  const matches = wantedTest(match.match_type, match.resource_attributes);
  return ({ resource }) => matches(resource);
}

/** True for what is to go: what is not included, or is excluded. */
export function skipTest(include: Test | undefined, exclude: Test | undefined): Test | undefined {
  if (include === undefined) return exclude;
  if (exclude === undefined) return (place) => !include(place);
  return (place) => !include(place) || exclude(place);
}

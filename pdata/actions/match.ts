import { encodeValue } from '../builder.ts';
import { type MessageView, ValueType, type ValueView } from '../readers.ts';
import type { Signal } from '../signal.ts';
import type { AttributeValue } from '../values.ts';
import { decimal } from './decimal.ts';
import {
  attributesTest,
  knownKinds,
  libraryTests,
  logTests,
  spanTests,
  type TextTest,
  textTestOf,
} from './item-tests.ts';
import type { Choice, Match } from './match-config.ts';

/** What a walk stands on. `metric` is there for metrics only. */
export interface Place {
  readonly resource: MessageView;
  readonly scope: MessageView;
  readonly item: MessageView;
  readonly metric?: MessageView;
}

type Matches = (place: Place) => boolean;

/** Conditions that a signal does not know, and of those it knows one must be there. */
const conditions: Readonly<
  Record<
    string,
    { readonly refused: readonly (keyof Match)[]; readonly one: readonly (keyof Match)[] }
  >
> = {
  traces: {
    refused: ['log_bodies', 'log_severity_texts', 'log_severity_number', 'metric_names'],
    one: ['services', 'span_names', 'span_kinds', 'attributes', 'libraries', 'resources'],
  },
  logs: {
    refused: ['span_names', 'services', 'span_kinds', 'metric_names'],
    one: [
      'log_bodies',
      'log_severity_texts',
      'log_severity_number',
      'attributes',
      'libraries',
      'resources',
    ],
  },
  metrics: {
    refused: [
      'span_names',
      'span_kinds',
      'log_bodies',
      'log_severity_texts',
      'log_severity_number',
      'services',
      'attributes',
      'libraries',
    ],
    one: ['metric_names', 'resources'],
  },
};

function isGiven(match: Match, key: keyof Match): boolean {
  const value = match[key];
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function checkConditions(signal: Signal, match: Match): void {
  const rule = conditions[signal];
  if (rule === undefined) throw new Error(`cannot choose items of ${signal}`);
  const refused = rule.refused.find((key) => isGiven(match, key));
  if (refused !== undefined) {
    throw new Error(`${refused} should not be specified for ${signal}: it is not valid there`);
  }
  if (rule.one.some((key) => isGiven(match, key))) return;
  const names = rule.one.map((key) => JSON.stringify(key)).join(', ');
  throw new Error(`at least one of ${names} must be specified`);
}

/** A test of texts, in the way that match_type asks for. */
function textTest(type: string, wanted: readonly string[]): TextTest {
  const test = textTestOf(type, wanted);
  if (test !== undefined) return test;
  const got = JSON.stringify(type);
  throw new Error(`unrecognized match_type: ${got}, valid types are: regexp, strict`);
}

/** A number, text or boolean as text; undefined for others, which no pattern matches. */
function plainText(value: ValueView): string | undefined {
  const { type } = value;
  if (type === ValueType.double) return decimal(value.number());
  const plain = type === ValueType.string || type === ValueType.bool || type === ValueType.int;
  return plain ? value.toText() : undefined;
}

function valueTest(
  type: string,
  key: string,
  value: AttributeValue,
): (found: ValueView) => boolean {
  if (type === 'regexp') {
    if (typeof value !== 'string') {
      const quoted = JSON.stringify(key);
      throw new Error(`match_type=regexp for ${quoted} only supports Str, but found another type`);
    }
    const matches = textTest(type, [value]);
    return (found) => {
      const text = plainText(found);
      return text !== undefined && matches(text);
    };
  }
  textTest(type, []);
  const bytes = encodeValue(value);
  return (found) => sameValue(found, bytes);
}

function sameValue(value: ValueView, bytes: Uint8Array): boolean {
  const { start, end } = value;
  return Buffer.compare(value.bytes.subarray(start, end), bytes) === 0;
}

function checkKinds({ match_type: type, span_kinds: kinds }: Match): void {
  if (type !== 'strict' || kinds.every((kind) => knownKinds.includes(kind))) return;
  const known = knownKinds.join(' ');
  throw new Error(
    `span_kinds string must match one of the standard span kinds when match_type=strict: ${known}`,
  );
}

/**
 * A condition as a function: true when all that is given holds.
 * @throws Error when the signal does not know a condition, or one cannot be used
 */
function compileMatch(signal: Signal, match: Match): Matches {
  checkConditions(signal, match);
  const type = match.match_type;
  if (signal === 'metrics') {
    // metrics are chosen by name alone, and by nothing with match_type expr, which has no key here
    if (match.metric_names.length === 0 || type === 'expr') return () => true;
    const test = textTest(type, match.metric_names);
    return ({ metric }) => metric !== undefined && test(metric.string(1));
  }
  const texts = (wanted: readonly string[]) => textTest(type, wanted);
  const values = (key: string, value: AttributeValue) => valueTest(type, key, value);
  const tests: Matches[] = libraryTests(texts, match.libraries);
  if (match.attributes.length > 0) {
    const test = attributesTest(match.attributes, values);
    tests.push(({ item }) => test(item));
  }
  if (match.resources.length > 0) {
    const test = attributesTest(match.resources, values);
    tests.push(({ resource }) => test(resource));
  }
  if (signal === 'traces') {
    checkKinds(match);
    tests.unshift(...spanTests(texts, match));
  } else {
    const { log_bodies: bodies, log_severity_texts: severityTexts } = match;
    const severity = match.log_severity_number;
    tests.unshift(...logTests(texts, { bodies, severityTexts, severity }));
  }
  return (place) => tests.every((test) => test(place));
}

/** Whether a compiled condition of metrics chooses at all; see {@link compileMatch}. */
function choosesNothing(signal: Signal, match: Match): boolean {
  return signal === 'metrics' && (match.metric_names.length === 0 || match.match_type === 'expr');
}

/**
 * Which items `include` and `exclude` leave; undefined = all.
 * @throws Error when the signal does not know a condition, or one cannot be used
 */
export function compileChoice(signal: Signal, { include, exclude }: Choice): Matches | undefined {
  const compile = (match: Match | undefined) => {
    if (match === undefined) return undefined;
    const compiled = compileMatch(signal, match);
    return choosesNothing(signal, match) ? undefined : compiled;
  };
  const included = compile(include);
  const excluded = compile(exclude);
  if (included === undefined && excluded === undefined) return undefined;
  return (place) => (included?.(place) ?? true) && !(excluded?.(place) ?? false);
}

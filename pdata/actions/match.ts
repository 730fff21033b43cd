import { encodeValue } from '../builder.ts';
import {
  AttributeKey,
  LogField,
  type MessageView,
  SpanField,
  ValueType,
  type ValueView,
} from '../readers.ts';
import { compileRegexp } from '../regexp/index.ts';
import type { Signal } from '../signal.ts';
import { decimal } from './decimal.ts';
import type { Choice, Match } from './match-config.ts';

/** What a walk stands on. `metric` is there for metrics only. */
export interface Place {
  readonly resource: MessageView;
  readonly scope: MessageView;
  readonly item: MessageView;
  readonly metric?: MessageView;
}

export type Matches = (place: Place) => boolean;

type TextTest = (text: string) => boolean;

const serviceName = new AttributeKey('service.name');

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (name) => `SPAN_KIND_${name}`,
);

type KeyValues = Match['attributes'];

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
  if (type === 'regexp') {
    const patterns = wanted.map(compileRegexp);
    return (text) => patterns.some((pattern) => pattern.test(text));
  }
  if (type !== 'strict') {
    const got = JSON.stringify(type);
    throw new Error(`unrecognized match_type: ${got}, valid types are: regexp, strict`);
  }
  const set = new Set(wanted);
  return (text) => set.has(text);
}

/** A number, text or boolean as text; undefined for others, which no pattern matches. */
function plainText(value: ValueView): string | undefined {
  const { type } = value;
  if (type === ValueType.double) return decimal(value.number());
  const plain = type === ValueType.string || type === ValueType.bool || type === ValueType.int;
  return plain ? value.toText() : undefined;
}

/** All of the keys must be there, with their values where given. */
function attributesTest(type: string, wanted: KeyValues): (view: MessageView) => boolean {
  const tests = wanted.map(({ key, value }) => {
    if (key === '') throw new Error("can't have empty key in the list of attributes");
    const name = new AttributeKey(key);
    if (value === undefined) return (view: MessageView) => view.find(name);
    if (type === 'regexp') {
      if (typeof value !== 'string') {
        const quoted = JSON.stringify(key);
        throw new Error(
          `match_type=regexp for ${quoted} only supports Str, but found another type`,
        );
      }
      const matches = textTest(type, [value]);
      return (view: MessageView) => {
        const text = view.find(name) ? plainText(view.value) : undefined;
        return text !== undefined && matches(text);
      };
    }
    textTest(type, []);
    const bytes = encodeValue(value);
    return (view: MessageView) => view.find(name) && sameValue(view.value, bytes);
  });
  return (view) => tests.every((test) => test(view));
}

function sameValue(value: ValueView, bytes: Uint8Array): boolean {
  const { start, end } = value;
  return Buffer.compare(value.bytes.subarray(start, end), bytes) === 0;
}

function librariesTest(type: string, wanted: Match['libraries']): Matches {
  const tests = wanted.map(({ name, version }) => {
    const named = textTest(type, [name]);
    const versioned = version === undefined ? () => true : textTest(type, [version]);
    return (scope: MessageView) => named(scope.string(1)) && versioned(scope.string(2));
  });
  return ({ scope }) => tests.every((test) => test(scope));
}

function severityTest({
  min,
  match_undefined,
}: NonNullable<Match['log_severity_number']>): Matches {
  return ({ item }) => {
    const number = item.uint(LogField.severityNumber);
    return number === 0 ? match_undefined : number >= min;
  };
}

function spanTests(type: string, match: Match): Matches[] {
  const tests: Matches[] = [];
  if (match.span_kinds.length > 0 && type === 'strict') {
    const unknown = match.span_kinds.find((kind) => spanKinds.indexOf(kind) < 1);
    if (unknown !== undefined) {
      const known = spanKinds.slice(1).join(' ');
      throw new Error(
        `span_kinds string must match one of the standard span kinds when match_type=strict: ${known}`,
      );
    }
  }
  if (match.services.length > 0) {
    const test = textTest(type, match.services);
    tests.push(({ resource }) =>
      test(resource.find(serviceName) ? resource.value.toText() : '<nil-service-name>'),
    );
  }
  if (match.span_names.length > 0) {
    const test = textTest(type, match.span_names);
    tests.push(({ item }) => test(item.string(SpanField.name)));
  }
  if (match.span_kinds.length > 0) {
    const test = textTest(type, match.span_kinds);
    tests.push(({ item }) => test(spanKinds[item.uint(SpanField.kind)] ?? ''));
  }
  return tests;
}

function logTests(type: string, match: Match): Matches[] {
  const tests: Matches[] = [];
  if (match.log_bodies.length > 0) {
    const test = textTest(type, match.log_bodies);
    tests.push(({ item }) => test(item.findField(LogField.body) ? item.value.toText() : ''));
  }
  if (match.log_severity_texts.length > 0) {
    const test = textTest(type, match.log_severity_texts);
    tests.push(({ item }) => test(item.string(LogField.severityText)));
  }
  if (match.log_severity_number) tests.push(severityTest(match.log_severity_number));
  return tests;
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
  const tests: Matches[] = [];
  if (match.libraries.length > 0) tests.push(librariesTest(type, match.libraries));
  if (match.attributes.length > 0) {
    const test = attributesTest(type, match.attributes);
    tests.push(({ item }) => test(item));
  }
  if (match.resources.length > 0) {
    const test = attributesTest(type, match.resources);
    tests.push(({ resource }) => test(resource));
  }
  tests.unshift(...(signal === 'traces' ? spanTests(type, match) : logTests(type, match)));
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

import type { Signal } from '../../component/signals.ts';
import { encodeValue } from '../../pdata/builder.ts';
import {
  AttributeKey,
  LogField,
  type MessageView,
  SpanField,
  ValueType,
  type ValueView,
} from '../../pdata/readers.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import type { Match } from './config.ts';

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

/** Conditions that each signal knows. */
const conditionsOf: Readonly<Partial<Record<Signal, readonly (keyof Match)[]>>> = {
  traces: ['services', 'span_names', 'span_kinds', 'attributes', 'resources', 'libraries'],
  logs: [
    'log_bodies',
    'log_severity_texts',
    'log_severity_number',
    'attributes',
    'resources',
    'libraries',
  ],
  metrics: ['metric_names', 'resources'],
};

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (name) => `SPAN_KIND_${name}`,
);

function textTest(regexp: boolean, wanted: readonly string[]): TextTest {
  if (regexp) {
    const patterns = wanted.map(compileRegexp);
    return (text) => patterns.some((pattern) => pattern.test(text));
  }
  const set = new Set(wanted);
  return (text) => set.has(text);
}

type KeyValues = NonNullable<Match['attributes']>;

/** All of the keys must be there, with their values where given. */
function attributesTest(regexp: boolean, wanted: KeyValues): (view: MessageView) => boolean {
  const tests = wanted.map(({ key, value }) => {
    const name = new AttributeKey(key);
    if (value === undefined) return (view: MessageView) => view.find(name);
    if (regexp) {
      const pattern = compileRegexp(String(value));
      return (view: MessageView) => view.find(name) && pattern.test(view.value.toText());
    }
    const bytes = encodeValue(value);
    return (view: MessageView) => view.find(name) && sameValue(view.value, bytes);
  });
  return (view) => tests.every((test) => test(view));
}

function sameValue(value: ValueView, bytes: Uint8Array): boolean {
  const { start, end } = value;
  return Buffer.compare(value.bytes.subarray(start, end), bytes) === 0;
}

function librariesTest(regexp: boolean, wanted: NonNullable<Match['libraries']>): Matches {
  const tests = wanted.map(({ name, version }) => {
    const named = textTest(regexp, [name]);
    const versioned = version === undefined ? () => true : textTest(regexp, [version]);
    return (scope: MessageView) => named(scope.string(1)) && versioned(scope.string(2));
  });
  return ({ scope }) => tests.some((test) => test(scope));
}

function bodyTest(test: TextTest): Matches {
  return ({ item }) =>
    item.findField(LogField.body) &&
    item.value.type === ValueType.string &&
    test(item.value.string());
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

/**
 * The condition as a function: true when all given conditions hold.
 *
 * @throws Error when the signal does not know a condition
 */
export function compileMatch(signal: Signal, match: Match): Matches {
  const regexp = match.match_type === 'regexp';
  const known = conditionsOf[signal] ?? [];
  for (const [name, value] of Object.entries(match)) {
    if (value === undefined || name === 'match_type') continue;
    if (!known.includes(name as keyof Match)) {
      throw new Error(`cannot match ${signal} by ${name}; known are ${known.join(', ')}`);
    }
  }
  const tests: Matches[] = [];
  const texts = (
    wanted: readonly string[] | undefined,
    make: (test: TextTest) => Matches,
  ): void => {
    if (wanted !== undefined) tests.push(make(textTest(regexp, wanted)));
  };
  texts(match.services, (test) => ({ resource }) => {
    return test(resource.find(serviceName) ? resource.value.toText() : '');
  });
  texts(
    match.span_names,
    (test) =>
      ({ item }) =>
        test(item.string(SpanField.name)),
  );
  texts(match.span_kinds, (test) => ({ item }) => {
    return test(spanKinds[item.uint(SpanField.kind)] ?? '');
  });
  texts(match.log_bodies, bodyTest);
  texts(
    match.log_severity_texts,
    (test) =>
      ({ item }) =>
        test(item.string(LogField.severityText)),
  );
  texts(
    match.metric_names,
    (test) =>
      ({ metric }) =>
        metric !== undefined && test(metric.string(1)),
  );
  if (match.log_severity_number) tests.push(severityTest(match.log_severity_number));
  if (match.libraries) tests.push(librariesTest(regexp, match.libraries));
  if (match.resources) {
    const test = attributesTest(regexp, match.resources);
    tests.push(({ resource }) => test(resource));
  }
  if (match.attributes) {
    const test = attributesTest(regexp, match.attributes);
    tests.push(({ item }) => test(item));
  }
  return (place) => tests.every((test) => test(place));
}

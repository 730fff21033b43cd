import { AttributeKey, LogField, type MessageView, SpanField, type ValueView } from '../readers.ts';
import { compileRegexp } from '../regexp/index.ts';

/** What a walk stands on. */
interface Place {
  readonly resource: MessageView;
  readonly scope: MessageView;
  readonly item: MessageView;
}

type Test = (place: Place) => boolean;
/** Whether a text is one of those wanted. */
export type TextTest = (text: string) => boolean;

/** Makes a test of texts that one of those wanted has to match. */
type TextTests = (wanted: readonly string[]) => TextTest;

/**
 * A test of texts in the way that a match_type asks for.
 *
 * @returns undefined for another match_type than strict and regexp
 * @throws Error for a bad pattern
 */
export function textTestOf(type: string, wanted: readonly string[]): TextTest | undefined {
  const set = new Set(wanted);
  if (type === 'strict') return (text) => set.has(text);
  if (type !== 'regexp') return undefined;
  const patterns = [...set].map(compileRegexp);
  return (text) => patterns.some((pattern) => pattern.test(text));
}

interface Wanted<V> {
  readonly key: string;
  readonly value?: V;
}

/**
 * All of the keys have to be there, with their values where given.
 *
 * @throws Error for an empty key, and what `valueTest` throws
 */
export function attributesTest<V>(
  wanted: readonly Wanted<V>[],
  valueTest: (key: string, value: NonNullable<V>) => (found: ValueView) => boolean,
): (view: MessageView) => boolean {
  const tests = wanted.map(({ key, value }) => {
    if (key === '') throw new Error("can't have empty key in the list of attributes");
    const name = new AttributeKey(key);
    if (value === undefined || value === null) return (view: MessageView) => view.find(name);
    const matches = valueTest(key, value);
    return (view: MessageView) => view.find(name) && matches(view.value);
  });
  return (view) => tests.every((test) => test(view));
}

interface Library {
  readonly name: string;
  readonly version?: string | undefined;
}

/** A test for each instrumentation scope that is wanted. */
export function libraryTests(texts: TextTests, libraries: readonly Library[]): Test[] {
  return libraries.map(({ name, version }) => {
    const named = texts([name]);
    const versioned = version === undefined ? () => true : texts([version]);
    return ({ scope }) => named(scope.string(1)) && versioned(scope.string(2));
  });
}

const serviceName = new AttributeKey('service.name');

/** Names of the kinds of spans by their numbers. */
const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (name) => `SPAN_KIND_${name}`,
);

/** The kinds of spans that can be wanted. */
export const knownKinds: readonly string[] = spanKinds.slice(1);

interface WantedSpans {
  readonly services: readonly string[];
  readonly span_names: readonly string[];
  readonly span_kinds: readonly string[];
}

/** A test for each list that is not empty. */
export function spanTests(
  texts: TextTests,
  { services, span_names: names, span_kinds: kinds }: WantedSpans,
): Test[] {
  const tests: Test[] = [];
  if (services.length > 0) {
    const test = texts(services);
    tests.push(({ resource }) =>
      test(resource.find(serviceName) ? resource.value.toText() : '<nil-service-name>'),
    );
  }
  if (names.length > 0) {
    const test = texts(names);
    tests.push(({ item }) => test(item.string(SpanField.name)));
  }
  if (kinds.length > 0) {
    const test = texts(kinds);
    tests.push(({ item }) => test(spanKinds[item.uint(SpanField.kind)] ?? ''));
  }
  return tests;
}

interface WantedLogs {
  readonly bodies: readonly string[];
  readonly severityTexts: readonly string[];
  /** Lowest number, and whether 0 matches. */
  readonly severity: { readonly min: number; readonly match_undefined: boolean } | undefined;
}

/** A test for each condition that is given. */
export function logTests(
  texts: TextTests,
  { bodies, severityTexts, severity }: WantedLogs,
): Test[] {
  const tests: Test[] = [];
  if (bodies.length > 0) {
    const test = texts(bodies);
    tests.push(({ item }) => test(item.findField(LogField.body) ? item.value.toText() : ''));
  }
  if (severityTexts.length > 0) {
    const test = texts(severityTexts);
    tests.push(({ item }) => test(item.string(LogField.severityText)));
  }
  if (severity !== undefined) {
    tests.push(({ item }) => {
      const number = item.uint(LogField.severityNumber);
      return number === 0 ? severity.match_undefined : number >= severity.min;
    });
  }
  return tests;
}

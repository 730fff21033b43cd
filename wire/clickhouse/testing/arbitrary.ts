import fc from 'fast-check';
import type { Attribute, Event, Group, Link, LogRecord, Span, Value } from './otlp-model.ts';

const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('service.name', 'http.route', 'a', 'b', 'k8s.pod.name') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
);
// Unpaired surrogates have no UTF-8.
const text = word.map((value) => value.toWellFormed());

const double = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 5, Number.NaN, Infinity, -Infinity, 1e21, 1e-7, 2 ** -44, 0.1, 5e-324),
);

const int = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(-300n, 300n),
  fc.constantFrom(0n, 2n ** 28n - 1n, 2n ** 28n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
);

export const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value; attribute: Attribute }>(
  (tie) => ({
    attribute: fc.tuple(text, tie('value')),
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      { weight: 4, arbitrary: text.map((string) => ({ string })) },
      { weight: 2, arbitrary: int.map((int) => ({ int })) },
      { weight: 2, arbitrary: double.map((double) => ({ double })) },
      { weight: 1, arbitrary: fc.boolean().map((bool) => ({ bool })) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ bytes })) },
      { weight: 1, arbitrary: fc.constant({ empty: true } as const) },
      {
        weight: 1,
        arbitrary: fc.array(tie('value'), { maxLength: 4 }).map((array) => ({ array })),
      },
      {
        weight: 1,
        arbitrary: fc.array(tie('attribute'), { maxLength: 4 }).map((map) => ({ map })),
      },
    ),
  }),
).value;

export const attributes = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.tuple(text, value), { maxLength: 6 }) },
  { weight: 1, arbitrary: fc.array(fc.tuple(text, value), { minLength: 30, maxLength: 40 }) },
);

const id = (length: number) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ minLength: length, maxLength: length }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(length)) },
  );

const NOW = 1_790_000_000_000_000_000n;

/** Mostly around one day, sometimes from nowhere. */
export const time = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt(NOW, NOW + 3_600_000_000_000n) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0n, 1n, 2n ** 63n - 1n, NOW + 400n * 86_400_000_000_000n),
  },
);

const event: fc.Arbitrary<Event> = fc.record({
  time,
  name: text,
  attributes,
  dropped: fc.nat(300),
});

const link: fc.Arbitrary<Link> = fc.record({
  traceId: id(16),
  spanId: id(8),
  state: text,
  attributes,
  dropped: fc.nat(300),
  flags: fc.nat(),
});

export const span: fc.Arbitrary<Span> = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentId: id(8),
  state: text,
  name: text,
  kind: fc.integer({ min: 0, max: 7 }),
  start: time,
  end: time,
  attributes,
  dropped: fc.tuple(fc.nat(), fc.nat(200), fc.nat(3)),
  events: fc.array(event, { maxLength: 3 }),
  links: fc.array(link, { maxLength: 3 }),
  status: fc.record({ code: fc.integer({ min: 0, max: 3 }), message: text }),
  flags: fc.nat(),
});

export const logRecord: fc.Arbitrary<LogRecord> = fc.record({
  time: fc.oneof(time, fc.constant(0n)),
  observed: time,
  severity: fc.integer({ min: 0, max: 24 }),
  severityText: text,
  body: value,
  attributes,
  flags: fc.nat(),
  traceId: id(16),
  spanId: id(8),
  eventName: text,
});

/** Groups of items with resource and scope. */
export function groups<Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<Group<Item>[]> {
  const scope = fc.record({
    name: text,
    version: text,
    attributes,
    dropped: fc.nat(1000),
    url: text,
    items: fc.array(item, { maxLength: 4 }),
  });
  const group = fc.record({ attributes, url: text, scopes: fc.array(scope, { maxLength: 3 }) });
  return fc.array(group, { maxLength: 3 });
}

/** What came out of a program, in a form in which only meaning differs. */
import { type Json, type Received, type Sent, sent } from './sink.ts';

/** One span, log record or data point with all that stands around it. */
export type Item = Json;

export type Output = { readonly [S in Sent]: Item[] };

const groups = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const;

const kinds = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;

const list = (object: Json, key: string): Json[] => (object[key] as Json[] | undefined) ?? [];

/**
 * Flattens what came to a sorted list of items. Which items came together does not count, nor the
 * order of attributes; fields that have their default are left out.
 * @param ignored names of fields, and `@key` for attributes, that are left out everywhere
 */
export function canonical(received: Received, ignored: ReadonlySet<string>): Output {
  const of = (signal: Sent): Item[] =>
    received[signal]
      .flatMap((request) => [...flatten(signal, request)])
      .map((item) => tidy(item, ignored) as Item)
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return Object.fromEntries(sent.map((signal) => [signal, of(signal)])) as Output;
}

function* flatten(signal: Sent, request: Json): Generator<Item> {
  const [outer, inner, items] = groups[signal];
  for (const group of list(request, outer)) {
    for (const scoped of list(group, inner)) {
      const around = {
        resource: group.resource ?? {},
        resourceSchemaUrl: group.schemaUrl,
        scope: scoped.scope ?? {},
        schemaUrl: scoped.schemaUrl,
      };
      for (const item of list(scoped, items)) {
        if (signal === 'metrics') yield* points(around, item);
        else yield { item, ...around };
      }
    }
  }
}

function* points(around: Json, metric: Json): Generator<Item> {
  const kind = kinds.find((k) => metric[k] !== undefined);
  if (kind === undefined) {
    yield { item: metric, ...around };
    return;
  }
  const { dataPoints, ...data } = metric[kind] as Json;
  for (const point of (dataPoints as Json[] | undefined) ?? [undefined]) {
    yield { item: { ...metric, [kind]: data, kind, point }, ...around };
  }
}

function tidy(value: unknown, ignored: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return tidyList(value, ignored);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !ignored.has(key))
    .map(([key, field]): [string, unknown] => [key, tidy(field, ignored)])
    .filter(([key, field]) => !isDefault(key, field))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function tidyList(values: readonly unknown[], ignored: ReadonlySet<string>): unknown[] {
  const attributes = values.every(
    (v) => typeof v === 'object' && v !== null && 'key' in v && Object.keys(v).length <= 2,
  );
  if (!attributes) return values.map((value) => tidy(value, ignored));
  return (values as Json[])
    .filter(({ key }) => !ignored.has(`@${String(key)}`))
    .map((pair) => ({ key: pair.key, value: tidy(pair.value ?? {}, ignored) }))
    .sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1));
}

/** Values of attributes are kept as they are: `{intValue: "0"}` is not absent. */
function isDefault(key: string, value: unknown): boolean {
  if (value === undefined) return true;
  if (/Value$/.test(key) || key === 'value' || key === 'asInt' || key === 'asDouble') return false;
  if (value === '' || value === 0 || value === '0' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

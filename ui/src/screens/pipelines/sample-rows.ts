/** A sample of a tap as rows that people read: one for each span, record or point. */
import type { Signal, TapSample } from '../../../../query/web/contract/pipelines.ts';

export interface Pair {
  readonly key: string;
  readonly value: string;
  readonly masked: boolean;
}

export interface ItemRow {
  /** What it is: a span's name, a record's body, a metric with its value. */
  readonly title: string;
  /** `shop`: the service, '' = not said. */
  readonly service: string;
  /** A few words beside the title: kind and duration, severity, unit. */
  readonly notes: readonly string[];
  readonly isError: boolean;
  /** Attributes of the item. */
  readonly attributes: readonly Pair[];
  /** Ids, times and other fields. */
  readonly fields: readonly Pair[];
  /** Attributes of its resource. */
  readonly resource: readonly Pair[];
}

const redacted = '[REDACTED]';

type Json = Readonly<Record<string, unknown>>;

/** Rows of a sample; what is not as OTLP/JSON says is left out. */
export function rowsOf({ signal, otlp }: Pick<TapSample, 'signal' | 'otlp'>): readonly ItemRow[] {
  const names = lists[signal];
  return items(otlp, names.resources).flatMap((group) => {
    const resource = pairs(of(group.resource).attributes);
    const service = resource.find(({ key }) => key === 'service.name')?.value ?? '';
    return items(group, names.scopes).flatMap((scope) =>
      items(scope, names.items).flatMap((item) =>
        readers[signal](item).map((row) => ({ ...row, service, resource })),
      ),
    );
  });
}

const lists: Readonly<Record<Signal, { resources: string; scopes: string; items: string }>> = {
  traces: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  logs: { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
  metrics: { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
  profiles: { resources: 'resourceProfiles', scopes: 'scopeProfiles', items: 'profiles' },
};

type Row = Omit<ItemRow, 'service' | 'resource'>;

const readers: Readonly<Record<Signal, (item: Json) => readonly Row[]>> = {
  traces: spanRow,
  logs: logRow,
  metrics: metricRows,
  profiles: (item) => [row('profile', { fields: fields(item, ['profileId']) })],
};

const spanKinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

function spanRow(span: Json): readonly Row[] {
  const ns = nanos(span.endTimeUnixNano) - nanos(span.startTimeUnixNano);
  const isError = of(span.status).code === 2;
  const kind = spanKinds[Number(span.kind ?? 0)] ?? '';
  const message = text(of(span.status).message);
  const notes = [kind, milliseconds(ns), isError ? `error ${message}`.trim() : ''];
  return [
    row(text(span.name), {
      notes,
      isError,
      attributes: pairs(span.attributes),
      fields: fields(span, ['traceId', 'spanId', 'parentSpanId', 'startTimeUnixNano']),
    }),
  ];
}

function logRow(record: Json): readonly Row[] {
  const severity = text(record.severityText) || severityName(Number(record.severityNumber ?? 0));
  return [
    row(anyValue(record.body), {
      notes: [severity, text(record.eventName)],
      isError: Number(record.severityNumber ?? 0) >= 17,
      attributes: pairs(record.attributes),
      fields: fields(record, ['timeUnixNano', 'observedTimeUnixNano', 'traceId', 'spanId']),
    }),
  ];
}

const metricKinds = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];

function metricRows(metric: Json): readonly Row[] {
  const kind = metricKinds.find((name) => name in metric) ?? '';
  const data = of(metric[kind]);
  const temporality = ['', 'delta', 'cumulative'][Number(data.aggregationTemporality ?? 0)] ?? '';
  const unit = text(metric.unit);
  return items(data, 'dataPoints').map((point) => {
    const value = pointValue(point);
    const attributes = pairs(point.attributes);
    const first = attributes.slice(0, notedAttributes).map((one) => `${one.key}=${one.value}`);
    return row(`${text(metric.name)} = ${value}${shownUnit(unit)}`, {
      notes: [...first, temporality, kind],
      attributes,
      fields: fields(point, ['timeUnixNano', 'startTimeUnixNano', 'count', 'sum', 'min', 'max']),
    });
  });
}

/** Attributes of a point that stand beside its value. */
const notedAttributes = 2;

/** `1` and annotations in braces say what is counted, and are no unit to be read. */
function shownUnit(unit: string): string {
  return unit === '' || unit === '1' || unit.startsWith('{') ? '' : ` ${unit}`;
}

function pointValue(point: Json): string {
  const value = point.asInt ?? point.asDouble;
  if (value !== undefined) return String(value);
  return `${text(point.count) || '0'} values, sum ${text(point.sum) || '0'}`;
}

function row(title: string, given: Partial<Row>): Row {
  const { notes = [], isError = false, attributes = [], fields: own = [] } = given;
  return { title, notes: notes.filter((note) => note !== ''), isError, attributes, fields: own };
}

function of(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function items(value: unknown, key: string): readonly Json[] {
  const list = of(value)[key];
  return Array.isArray(list) ? list.map(of) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function pairs(attributes: unknown): readonly Pair[] {
  if (!Array.isArray(attributes)) return [];
  return attributes.map(of).map(({ key, value }) => pair(text(key), anyValue(value)));
}

function pair(key: string, value: string): Pair {
  return { key, value, masked: value.includes(redacted) };
}

function fields(item: Json, names: readonly string[]): readonly Pair[] {
  return names.flatMap((name) => {
    const value = text(item[name]);
    return value === '' || value === '0' ? [] : [pair(name, value)];
  });
}

/** An AnyValue of OTLP/JSON as text. */
export function anyValue(value: unknown): string {
  const given = of(value);
  const [kind] = Object.keys(given);
  const inner = kind === undefined ? undefined : given[kind];
  if (kind === 'arrayValue') return `[${items(inner, 'values').map(anyValue).join(', ')}]`;
  if (kind === 'kvlistValue') {
    const list = pairs(of(inner).values);
    return `{${list.map((one) => `${one.key}: ${one.value}`).join(', ')}}`;
  }
  return typeof inner === 'boolean' ? String(inner) : text(inner);
}

function nanos(value: unknown): bigint {
  const digits = text(value);
  return /^\d{1,20}$/.test(digits) ? BigInt(digits) : 0n;
}

function milliseconds(ns: bigint): string {
  return `${Number(ns / 1000n) / 1000} ms`;
}

function severityName(number: number): string {
  const names = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  return number >= 1 && number <= 24 ? names[Math.floor((number - 1) / 4)]! : '';
}

/** Whether any text of a row has `wanted` in it, in any case. */
export function matches(one: ItemRow, wanted: string): boolean {
  const low = wanted.trim().toLowerCase();
  if (low === '') return true;
  const has = (given: string) => given.toLowerCase().includes(low);
  const inPairs = (list: readonly Pair[]) =>
    list.some(({ key, value }) => has(`${key}=${value}`) || has(`${key}: ${value}`));
  const heads = [one.title, one.service, ...one.notes].some(has);
  return heads || [one.attributes, one.fields, one.resource].some(inPairs);
}

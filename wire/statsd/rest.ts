/** Counter, gauge, histogram, timer, distribution, set. */
export type MetricType = 'c' | 'g' | 'h' | 'ms' | 'd' | 's';

/** What the attribute `metric_type` calls them. */
const typeNames: Readonly<Record<MetricType, string>> = {
  c: 'counter',
  g: 'gauge',
  h: 'histogram',
  ms: 'timing',
  d: 'distribution',
  s: 'set',
};

/** What stands after a line's value. */
export interface Rest {
  readonly type: MetricType;
  /** 0 = none. */
  readonly rate: number;
  /** Seconds since 1970; 0 = none. */
  readonly timestamp: number;
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

interface Options {
  readonly metricType: boolean;
  readonly simpleTags: boolean;
}

/**
 * Reads `type[|@rate][|#tag:value,...][|c:container][|Tseconds]`; an empty part ends it.
 * @returns why it is not taken
 */
export function parseRest(text: string, options: Options): Rest | string {
  const [type = '', ...parts] = text.split('|');
  if (!Object.hasOwn(typeNames, type)) return `unsupported metric type: ${type.slice(0, 200)}`;
  const known = type as MetricType;
  const attributes = new Map<string, string>();
  let rate = 0;
  let timestamp = 0;
  for (const part of parts) {
    if (part === '') break;
    if (part.startsWith('@')) {
      const given = floatOf(part.slice(1));
      if (given === undefined) return `parse sample rate: ${part.slice(1, 200)}`;
      rate = given;
    } else if (part.startsWith('#')) {
      const fault = addTags(part.slice(1), options.simpleTags, attributes);
      if (fault !== '') return fault;
    } else if (part.startsWith('c:')) {
      if (part !== 'c:') attributes.set('container.id', part.slice(2));
    } else if (part.startsWith('T')) {
      if (known !== 'c' && known !== 'g') return 'only GAUGE and COUNT metrics support a timestamp';
      if (!/^\d{1,11}$/.test(part.slice(1))) return `invalid timestamp: ${part.slice(1, 200)}`;
      timestamp = Number(part.slice(1));
    } else return `unrecognized message part: ${part.slice(0, 200)}`;
  }
  if (options.metricType) attributes.set('metric_type', typeNames[known]);
  return { type: known, rate, timestamp, attributes: sorted(attributes) };
}

function sorted(attributes: ReadonlyMap<string, string>): [string, string][] {
  return [...attributes].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @returns what is wrong, or '' */
function addTags(text: string, simple: boolean, attributes: Map<string, string>): string {
  for (const tag of text.split(',')) {
    if (tag === '') continue;
    const colon = tag.indexOf(':');
    const key = colon < 0 ? tag : tag.slice(0, colon);
    const value = colon < 0 ? '' : tag.slice(colon + 1);
    if (key === '' || (value === '' && !simple)) {
      return `invalid tag format: ${JSON.stringify(tag.slice(0, 200))}`;
    }
    attributes.set(key, value);
  }
  return '';
}

/** A decimal number, or an infinity or NaN, which mean nothing as a rate. */
function floatOf(text: string): number | undefined {
  if (/^[+-]?(inf|infinity)$|^nan$/i.test(text)) return 0;
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

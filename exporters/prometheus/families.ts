import type { Logger } from '../../component/settings.ts';
import type { ExposedMetric, Family, Labels } from '../../wire/prometheus/exposition/model.ts';
import { type LabelRules, labelName } from '../../wire/prometheus/names/label-name.ts';
import {
  metricName,
  type NamedKind,
  type NameRules,
  TranslationFault,
} from '../../wire/prometheus/names/metric-name.ts';
import { identifying } from './accumulator.ts';
import type { LastPoint, Origin, Series } from './series.ts';
import { createdOf, timeOf, valueOfPoint } from './values.ts';

/** How series become families. */
export interface PageRules {
  readonly names: NameRules;
  readonly labels: LabelRules;
  /** Before `target_info`; '' = nothing. */
  readonly targetNamespace: string;
  readonly constLabels: Labels;
  readonly scopeLabels: boolean;
  readonly times: boolean;
}

/** What a family was first seen as. */
interface Known {
  readonly type: Family['type'];
  readonly help: string;
  seenMs: number;
}

interface OpenFamily {
  readonly type: Family['type'];
  readonly help: string;
  readonly metrics: Map<string, ExposedMetric>;
}

const scopeFields: readonly string[] = ['name', 'version', 'schema_url'];

/** Sorts series into families, each of one type. */
export class Families {
  readonly #rules: PageRules;
  readonly #logger: Logger;
  readonly #expirationMs: number;
  /** Types and texts that hold as long as the family is there. */
  readonly #known = new Map<string, Known>();

  constructor(rules: PageRules, expirationMs: number, logger: Logger) {
    this.#rules = rules;
    this.#expirationMs = expirationMs;
    this.#logger = logger;
  }

  /** Families in the order of their names, their metrics in the order of their labels. */
  page(series: Iterable<Series>, nowMs: number): Family[] {
    const open = new Map<string, OpenFamily>();
    const targets = new Map<string, Origin>();
    const all = [...series];
    for (const { origin } of all) {
      const { job, instance } = origin;
      if (job && instance) targets.set(`${job}\u0000${instance}`, origin);
    }
    for (const origin of targets.values())
      this.#attempt('target_info', () => this.#target(open, origin));
    for (const one of all) this.#attempt(one.name, () => this.#add(open, one, nowMs));
    this.expire(nowMs);
    return [...open]
      .sort(([a], [b]) => compareBytes(a, b))
      .map(([name, { type, help, metrics }]) => ({
        name,
        type,
        help,
        metrics: [...metrics.values()].sort(compareMetrics),
      }));
  }

  /** Forgets families that have not been seen for long. */
  expire(nowMs: number): void {
    for (const [name, { seenMs }] of this.#known) {
      if (seenMs < nowMs - this.#expirationMs) this.#known.delete(name);
    }
  }

  #attempt(name: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof TranslationFault)) throw error;
      this.#logger.error(`failed to convert metric ${name}: ${error.message}`);
    }
  }

  #add(open: Map<string, OpenFamily>, series: Series, nowMs: number): void {
    const { last, unit } = series;
    const name = metricName(this.#rules.names, series.name, unit, kindOf(last));
    const type = typeOf(last);
    const help = this.#claim(name, type, series.description, nowMs);
    const metric: ExposedMetric = {
      labels: this.#labels(series),
      value: valueOfPoint(last),
      timeMs: this.#rules.times ? timeOf(last) : undefined,
      createdUnixNano: createdOf(last),
    };
    put(open, name, type, help, metric);
  }

  /** @returns the help that a family is shown with */
  #claim(name: string, type: Family['type'], help: string, nowMs: number): string {
    const known = this.#known.get(name);
    if (known === undefined) {
      this.#known.set(name, { type, help, seenMs: nowMs });
      return help;
    }
    if (known.type !== type) {
      throw new TranslationFault(
        'instrument type conflict, using existing type definition. ' +
          `instrument: ${name}, existing: ${known.type}, dropped: ${type}`,
      );
    }
    known.seenMs = nowMs;
    return known.help;
  }

  #labels({ attributes, origin }: Series): Labels {
    const rules = this.#rules;
    const pairs: [string, string][] = [];
    for (const [key, text] of attributes) pairs.push([labelName(rules.labels, key), text]);
    if (rules.scopeLabels) {
      for (const [key, text] of origin.scopeAttributes) {
        if (scopeFields.includes(key)) continue;
        pairs.push([labelName(rules.labels, `otel_scope_${key}`), text]);
      }
      pairs.push(['otel_scope_name', origin.scopeName]);
      pairs.push(['otel_scope_version', origin.scopeVersion]);
      pairs.push(['otel_scope_schema_url', origin.scopeSchemaUrl]);
    }
    if (origin.job !== undefined) pairs.push(['job', origin.job]);
    if (origin.instance !== undefined) pairs.push(['instance', origin.instance]);
    return checked([...pairs, ...rules.constLabels.map(([name, text]) => [name, text] as const)]);
  }

  #target(open: Map<string, OpenFamily>, { resource, job, instance }: Origin): void {
    const labels = new Map<string, string>();
    for (const [key, text] of resource) {
      if (identifying.includes(key)) continue;
      const name = labelName(this.#rules.labels, key);
      const before = labels.get(name);
      labels.set(name, before === undefined ? text : `${before};${text}`);
    }
    labels.set('job', job ?? '');
    labels.set('instance', instance ?? '');
    const { targetNamespace } = this.#rules;
    const name = targetNamespace === '' ? 'target_info' : `${targetNamespace}_target_info`;
    const metric: ExposedMetric = {
      labels: checked([...labels]),
      value: { kind: 'number', value: 1 },
    };
    put(open, name, 'gauge', 'Target metadata', metric);
  }
}

/** Labels in the order of their names. @throws TranslationFault for what a scrape cannot have */
function checked(pairs: (readonly [string, string])[]): Labels {
  const sorted = pairs.sort(([a], [b]) => compareBytes(a, b));
  for (const [i, [name]] of sorted.entries()) {
    if (name.startsWith('__')) {
      throw new TranslationFault(`${JSON.stringify(name)} is not a valid label name`);
    }
    if (i > 0 && sorted[i - 1]![0] === name) {
      throw new TranslationFault(`duplicate label name ${JSON.stringify(name)}`);
    }
  }
  return sorted;
}

function put(
  open: Map<string, OpenFamily>,
  name: string,
  type: Family['type'],
  help: string,
  metric: ExposedMetric,
): void {
  let family = open.get(name);
  if (family === undefined) {
    const clash = suffixClash(open, name, type);
    if (clash !== undefined) {
      throw new TranslationFault(`collected metric named ${JSON.stringify(name)} ${clash}`);
    }
    family = { type, help, metrics: new Map() };
    open.set(name, family);
  } else if (family.type !== type) {
    throw new TranslationFault(`collected metric ${name} should be a ${family.type}`);
  }
  const key = JSON.stringify([metric.labels, metric.timeMs]);
  if (family.metrics.has(key)) {
    const quoted = JSON.stringify(name);
    throw new TranslationFault(
      `${quoted} was collected before with the same name and label values`,
    );
  }
  family.metrics.set(key, metric);
}

/** Series of histograms and summaries have names of their own, which no other family may have. */
function suffixClash(
  open: ReadonlyMap<string, OpenFamily>,
  name: string,
  type: Family['type'],
): string | undefined {
  const suffix = ['_count', '_sum', '_bucket'].find((end) => name.endsWith(end));
  const other = suffix === undefined ? undefined : open.get(name.slice(0, -suffix.length))?.type;
  if (other === 'histogram' || (other === 'summary' && suffix !== '_bucket')) {
    return `collides with a ${other}`;
  }
  const own = { histogram: ['_count', '_sum', '_bucket'], summary: ['_count', '_sum'] };
  const suffixes = type === 'histogram' || type === 'summary' ? own[type] : [];
  const taken = suffixes.find((end) => open.has(name + end));
  return taken === undefined ? undefined : `collides with ${name}${taken}`;
}

function kindOf(last: LastPoint): NamedKind {
  if (last.kind === 'gauge') return 'gauge';
  return last.kind === 'sum' && last.monotonic ? 'counter' : 'other';
}

function typeOf(last: LastPoint): Family['type'] {
  switch (last.kind) {
    case 'gauge':
      return 'gauge';
    case 'sum':
      return last.monotonic ? 'counter' : 'gauge';
    case 'summary':
      return 'summary';
    default:
      return 'histogram';
  }
}

function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareMetrics(a: ExposedMetric, b: ExposedMetric): number {
  if (a.labels.length !== b.labels.length) return a.labels.length - b.labels.length;
  for (const [i, [, text]] of a.labels.entries()) {
    const order = compareBytes(text, b.labels[i]![1]);
    if (order !== 0) return order;
  }
  return (a.timeMs ?? 0) - (b.timeMs ?? 0);
}

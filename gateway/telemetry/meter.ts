import type { MetricObject, MetricValue, MetricValueWithName } from 'prom-client';
import type {
  Attributes,
  Counter,
  Histogram,
  InstrumentOptions,
  Meter,
} from '../../component/settings.ts';
import { type Naming, prometheusName } from './prometheus-name.ts';
import { SeriesTable, seriesKey } from './series.ts';

/** A metric as prom-client takes it from a collector. */
type Snapshot = MetricObject & {
  values: (MetricValue<string> | MetricValueWithName<string>)[];
};

interface Instrument {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly options: InstrumentOptions;
  readonly instrument: unknown;
  read(): Snapshot;
}

interface Cell {
  value: number;
}

interface Buckets {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** The program's meter, which can also be read. */
export interface ReadableMeter extends Meter {
  /**
   * Everything measured so far in the Prometheus text format.
   * @param naming what is added to names; default: nothing
   */
  expose(naming?: Naming): Promise<{ readonly contentType: string; readonly text: string }>;
}

const levels = ['none', 'basic', 'normal', 'detailed'] as const;

/** How much is measured; `none` measures what the program itself needs: everything basic. */
export type Level = (typeof levels)[number];

const nothing: Counter & Histogram = { add: () => {}, record: () => {} };

/**
 * A meter whose instruments cost a map look-up and an addition; prom-client, which writes the text
 * format, is loaded at the first `expose()`.
 * @param level instruments of a higher level measure nothing
 */
export function createMeter(level: Level = 'detailed'): ReadableMeter {
  const measures = (options: InstrumentOptions): boolean =>
    levels.indexOf(options.level ?? 'basic') <= Math.max(1, levels.indexOf(level));
  const instruments = new Map<string, Instrument>();
  const instrument = <T>(
    name: string,
    kind: Instrument['kind'],
    options: InstrumentOptions,
    make: () => Made<T>,
  ): T => {
    const known = instruments.get(name);
    if (known !== undefined) {
      if (known.kind !== kind) throw new Error(`BUG: metric ${name} is a ${known.kind}`);
      return known.instrument as T;
    }
    const made = make();
    instruments.set(name, { kind, options, ...made });
    return made.instrument;
  };
  return {
    counter: (name, options) =>
      measures(options)
        ? instrument(name, 'counter', options, () => makeCounter(name, options))
        : nothing,
    histogram: (name, options, bounds) =>
      measures(options)
        ? instrument(name, 'histogram', options, () => makeHistogram(name, options, bounds))
        : nothing,
    gauge: (name, options, observe, attributes) =>
      measures(options)
        ? instrument(name, 'gauge', options, () => makeGauge(name, options))(
            observe,
            attributes ?? {},
          )
        : () => {},
    expose: (naming) => expose(instruments, naming ?? { units: false, suffixes: false }),
  };
}

interface Made<T> {
  readonly instrument: T;
  read(): Snapshot;
}

function makeCounter(name: string, options: InstrumentOptions): Made<Counter> {
  const table = new SeriesTable<Cell>(() => ({ value: 0 }));
  return {
    instrument: {
      add(value, attributes) {
        table.get(attributes).value += value;
      },
    },
    read: () => snapshot(name, options, 'counter', table),
  };
}

function makeHistogram(
  name: string,
  options: InstrumentOptions,
  bounds: readonly number[],
): Made<Histogram> {
  const create = (): Buckets => ({
    counts: new Array<number>(bounds.length + 1).fill(0),
    sum: 0,
    count: 0,
  });
  const table = new SeriesTable<Buckets>(create);
  return {
    instrument: {
      record(value, attributes) {
        const series = table.get(attributes);
        let i = 0;
        while (i < bounds.length && value > bounds[i]!) i++;
        series.counts[i]!++;
        series.sum += value;
        series.count++;
      },
    },
    read() {
      const values: MetricValueWithName<string>[] = [];
      for (const { attributes, value } of table.entries()) {
        let below = 0;
        value.counts.forEach((count, i) => {
          below += count;
          const le = bounds[i] ?? '+Inf';
          const labels = { ...labelsOf(attributes), le };
          values.push({ value: below, labels, metricName: `${name}_bucket` });
        });
        const labels = labelsOf(attributes);
        values.push({ value: value.sum, labels, metricName: `${name}_sum` });
        values.push({ value: value.count, labels, metricName: `${name}_count` });
      }
      return { name, help: options.description, type: 'histogram' as never, values, ...rest };
    },
  };
}

const rest = { aggregator: 'sum' as const, collect: () => {} };

type Observe = () => number;

function makeGauge(
  name: string,
  options: InstrumentOptions,
): Made<(observe: Observe, attributes: Attributes) => () => void> {
  const observers = new Map<string, { attributes: Attributes; observes: Set<Observe> }>();
  return {
    instrument(observe, attributes) {
      const key = seriesKey(attributes);
      const series = observers.get(key) ?? { attributes, observes: new Set<Observe>() };
      observers.set(key, series);
      series.observes.add(observe);
      return () => {
        series.observes.delete(observe);
        if (series.observes.size === 0 && observers.get(key) === series) observers.delete(key);
      };
    },
    read() {
      const values = [...observers.values()].map(({ attributes, observes }) => ({
        value: [...observes].reduce((sum, observe) => sum + observe(), 0),
        labels: labelsOf(attributes),
      }));
      const type = options.monotonic === true ? 'counter' : 'gauge';
      return { name, help: options.description, type: type as never, values, ...rest };
    },
  };
}

function snapshot(
  name: string,
  options: InstrumentOptions,
  type: string,
  table: SeriesTable<Cell>,
): Snapshot {
  const values = [...table.entries()].map(({ attributes, value }) => ({
    value: value.value,
    labels: labelsOf(attributes),
  }));
  return { name, help: options.description, type: type as never, values, ...rest };
}

/** Attribute names as Prometheus label names. */
function labelsOf(attributes: Attributes): Record<string, string> {
  const out: Record<string, string> = {};
  const names = Object.keys(attributes).sort();
  for (const key of names) {
    out[key.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')] = attributes[key]!;
  }
  return out;
}

async function expose(instruments: ReadonlyMap<string, Instrument>, naming: Naming) {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  for (const [name, instrument] of instruments) {
    const read = instrument.read();
    if (read.values.length === 0) continue;
    const full = prometheusName(name, read.type as unknown as string, instrument.options, naming);
    const renamed = full === name ? read : rename(read, name, full);
    registry.registerMetric({ name: full, get: async () => renamed } as never);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function rename(read: Snapshot, name: string, full: string): Snapshot {
  const values = read.values.map((value) =>
    'metricName' in value && value.metricName !== undefined
      ? { ...value, metricName: full + value.metricName.slice(name.length) }
      : value,
  );
  return { ...read, name: full, values };
}

import type { MetricObject, MetricValue, MetricValueWithName } from 'prom-client';
import type {
  Attributes,
  Counter,
  Histogram,
  InstrumentOptions,
  Meter,
} from '../../component/settings.ts';
import { SeriesTable, seriesKey } from './series.ts';

/** A metric as prom-client takes it from a collector. */
type Snapshot = MetricObject & {
  values: (MetricValue<string> | MetricValueWithName<string>)[];
};

interface Instrument {
  readonly kind: 'counter' | 'gauge' | 'histogram';
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
  /** Everything measured so far in the Prometheus text format. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * A meter whose instruments cost a map look-up and an addition; prom-client, which writes the text
 * format, is loaded at the first `expose()`.
 */
export function createMeter(): ReadableMeter {
  const instruments = new Map<string, Instrument>();
  const instrument = <T>(name: string, kind: Instrument['kind'], make: () => Made<T>): T => {
    const known = instruments.get(name);
    if (known !== undefined) {
      if (known.kind !== kind) throw new Error(`BUG: metric ${name} is a ${known.kind}`);
      return known.instrument as T;
    }
    const made = make();
    instruments.set(name, { kind, ...made });
    return made.instrument;
  };
  return {
    counter: (name, options) => instrument(name, 'counter', () => makeCounter(name, options)),
    histogram: (name, options, bounds) =>
      instrument(name, 'histogram', () => makeHistogram(name, options, bounds)),
    gauge: (name, options, observe, attributes) =>
      instrument(name, 'gauge', () => makeGauge(name, options))(observe, attributes ?? {}),
    expose: () => expose(instruments),
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
  const observers = new Map<string, { attributes: Attributes; observe: Observe }>();
  return {
    instrument(observe, attributes) {
      const key = seriesKey(attributes);
      const observer = { attributes, observe };
      observers.set(key, observer);
      return () => {
        if (observers.get(key) === observer) observers.delete(key);
      };
    },
    read() {
      const values = [...observers.values()].map(({ attributes, observe }) => ({
        value: observe(),
        labels: labelsOf(attributes),
      }));
      return { name, help: options.description, type: 'gauge' as never, values, ...rest };
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
  for (const [key, value] of Object.entries(attributes)) {
    out[key.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')] = value;
  }
  return out;
}

async function expose(instruments: ReadonlyMap<string, Instrument>) {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  for (const [name, instrument] of instruments) {
    const metric = { name, get: async () => instrument.read() };
    registry.registerMetric(metric as never);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

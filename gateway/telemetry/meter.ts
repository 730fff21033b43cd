import type {
  Attributes,
  Counter,
  Histogram,
  InstrumentOptions,
  Meter,
} from '../../component/settings.ts';
import { SeriesTable, seriesKey } from './series.ts';

/** What was measured of one instrument; attributes in the order they were given. */
export interface Reading {
  readonly name: string;
  readonly options: InstrumentOptions;
  /** A gauge that only grows is a counter. */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly points: readonly Point[];
}

export interface Point {
  readonly attributes: Attributes;
  /** Of a histogram: the sum. */
  readonly value: number;
  readonly buckets?: BucketPoint;
}

export interface BucketPoint {
  /** Ascending, inclusive upper bounds. */
  readonly bounds: readonly number[];
  /** One more than bounds, not cumulative. */
  readonly counts: readonly number[];
  readonly count: number;
}

interface Instrument {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly instrument: unknown;
  read(): Reading;
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
  /** Everything measured so far; instruments without a point are left out. */
  collect(): Reading[];
  /** From now on instruments of a higher level are left out. */
  setLevel(level: Level): void;
}

const levels = ['none', 'basic', 'normal', 'detailed'] as const;

/** How much is told; `none` is as `basic`: nobody asks then. */
export type Level = (typeof levels)[number];

/**
 * A meter whose instruments cost a map look-up and an addition; prom-client, which writes the text
 * format, is loaded at the first request.
 * @param level instruments of a higher level are left out by `collect`
 */
export function createMeter(level: Level = 'detailed'): ReadableMeter {
  let told = level;
  const isTold = ({ options, points }: Reading): boolean =>
    points.length > 0 &&
    levels.indexOf(options.level ?? 'basic') <= Math.max(1, levels.indexOf(told));
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
    collect: () => [...instruments.values()].map((one) => one.read()).filter(isTold),
    setLevel: (next) => {
      told = next;
    },
  };
}

interface Made<T> {
  readonly instrument: T;
  read(): Reading;
}

function makeCounter(name: string, options: InstrumentOptions): Made<Counter> {
  const table = new SeriesTable<Cell>(() => ({ value: 0 }));
  return {
    instrument: {
      add(value, attributes) {
        table.get(attributes).value += value;
      },
    },
    read: () => ({
      name,
      options,
      kind: 'counter',
      points: [...table.entries()].map(({ attributes, value }) => ({
        attributes,
        value: value.value,
      })),
    }),
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
      const points = [...table.entries()].map(({ attributes, value }) => ({
        attributes,
        value: value.sum,
        buckets: { bounds, counts: value.counts, count: value.count },
      }));
      return { name, options, kind: 'histogram', points };
    },
  };
}

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
      const points = [...observers.values()].map(({ attributes, observes }) => ({
        attributes,
        value: [...observes].reduce((sum, observe) => sum + observe(), 0),
      }));
      return { name, options, kind: options.monotonic === true ? 'counter' : 'gauge', points };
    },
  };
}

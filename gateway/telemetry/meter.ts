import type {
  Attributes,
  Counter,
  Histogram,
  InstrumentOptions,
  Meter,
} from '../../component/settings.ts';
import type { Point, Reading, ReadingKind } from './reading.ts';
import { scopeOf } from './scopes.ts';
import { seriesKey } from './series.ts';
import { type Aggregation, bucketStore, exponentialStore, type Store, sumStore } from './stores.ts';
import { filterPoints, type Identity, isCompatible, type View } from './views.ts';

/** The program's meter, which can also be read. */
export interface ReadableMeter extends Meter {
  /** Everything measured so far; instruments without a point are left out. */
  collect(): Reading[];
  /** From now on metrics of a higher level are left out. */
  setLevel(level: Level): void;
  /**
   * From now on metrics are told as views say; those that are kept in another way begin anew.
   * @throws Error for a view that does not go with a metric; nothing changed then
   */
  setViews(views: readonly View[]): void;
}

const levels = ['none', 'basic', 'normal', 'detailed'] as const;

/** How much is told; `none` is as `basic`: nobody asks then. */
export type Level = (typeof levels)[number];

interface State {
  rank: number;
  views: readonly View[];
}

interface Instrument {
  readonly registered: 'counter' | 'gauge' | 'histogram';
  readonly instrument: unknown;
  read(): readonly Reading[];
  /** The views are others now. */
  changed(): void;
}

/** Attributes that tell failures apart, and only those who want to know it in detail. */
const detailedAttributes: ReadonlySet<string> = new Set(['error.type', 'error.permanent']);
const failures = /^otelcol_exporter_send_failed_/;

function rankOf(level: Level): number {
  return Math.max(1, levels.indexOf(level));
}

/**
 * A meter whose instruments cost a map look-up and an addition; prom-client, which writes the text
 * format, is loaded at the first request.
 * @param level metrics of a higher level are left out by `collect`, and not measured
 */
export function createMeter(level: Level = 'detailed'): ReadableMeter {
  const state: State = { rank: rankOf(level), views: [] };
  const instruments = new Map<string, Instrument>();
  const instrument = <T>(
    name: string,
    registered: Instrument['registered'],
    make: () => Omit<Instrument, 'registered' | 'instrument'> & { instrument: T },
  ): T => {
    const known = instruments.get(name);
    if (known !== undefined) {
      if (known.registered !== registered) {
        throw new Error(`BUG: metric ${name} is a ${known.registered}`);
      }
      return known.instrument as T;
    }
    const made = make();
    instruments.set(name, { registered, ...made });
    return made.instrument;
  };
  return {
    counter: (name, options) =>
      instrument(name, 'counter', () => makeCounter(new Told(name, 'counter', options, state))),
    histogram: (name, options, bounds) =>
      instrument(name, 'histogram', () =>
        makeHistogram(new Told(name, 'histogram', options, state), bounds),
      ),
    gauge: (name, options, observe, attributes) =>
      instrument(name, 'gauge', () =>
        makeGauge(new Told(name, gaugeType(options), options, state)),
      )(observe, attributes ?? {}),
    collect: () =>
      [...instruments.values()].flatMap((one) => one.read()).filter((r) => r.points.length > 0),
    setLevel(next) {
      state.rank = rankOf(next);
    },
    setViews(next) {
      const before = state.views;
      state.views = next;
      try {
        for (const one of instruments.values()) one.changed();
      } catch (error) {
        state.views = before;
        for (const one of instruments.values()) one.changed();
        throw error;
      }
    },
  };
}

function gaugeType({ monotonic, upDown }: InstrumentOptions): string {
  if (monotonic === true) return 'observable_counter';
  return upDown === true ? 'observable_up_down_counter' : 'observable_gauge';
}

/** What an instrument is called, and the views that match it. */
class Told {
  readonly identity: Identity;
  readonly #rank: number;
  readonly #state: State;

  constructor(name: string, type: string, options: InstrumentOptions, state: State) {
    const { description, unit, level = 'basic' } = options;
    this.identity = { name, description, unit, scope: scopeOf(name), type };
    this.#rank = levels.indexOf(level);
    this.#state = state;
  }

  get enabled(): boolean {
    return this.#rank <= this.#state.rank;
  }

  /**
   * Each names another metric: of two that say the same name the first counts.
   * @throws Error for a view that wants values kept in a way that does not go with the instrument
   */
  views(): readonly View[] {
    const names = new Set<string>();
    const { name, type } = this.identity;
    if (name === 'target_info') return []; // it is the endpoint's, not measured
    return this.#state.views.filter((view) => {
      if (!view.matches(this.identity)) return false;
      if (!isCompatible(type, view.aggregation)) {
        const way = view.aggregation.type;
        throw new Error(`incompatible aggregation: a view keeps ${name}, a ${type}, as ${way}`);
      }
      const key = `${view.name || name}\n${view.aggregation.type}`;
      const isNew = !names.has(key);
      names.add(key);
      return isNew;
    });
  }

  /** @param view undefined = there is none for it */
  reading(kind: ReadingKind, points: readonly Point[], view: View | undefined): Reading {
    const { name, description, unit, scope } = this.identity;
    const hidden = this.#state.rank < rankOf('detailed') && failures.test(name);
    const seen = hidden
      ? filterPoints(points, kind, (key) => !detailedAttributes.has(key))
      : points;
    return {
      name: view?.name || name,
      description: view?.description || description,
      unit,
      scope,
      kind,
      points: view === undefined ? seen : filterPoints(seen, kind, view.keeps),
    };
  }
}

/** The stores of an instrument, one for each view that keeps it. */
class Stores {
  readonly #told: Told;
  readonly #fallback: () => Store;
  #all: { readonly view: View | undefined; readonly store: Store }[] = [];
  /** The way that values are kept, to see whether other views want another. */
  #ways = '';

  constructor(told: Told, fallback: () => Store) {
    this.#told = told;
    this.#fallback = fallback;
    this.changed();
  }

  changed(): void {
    const views = this.#told.views();
    const kept: readonly (View | undefined)[] =
      views.length === 0
        ? [undefined]
        : views.filter(({ aggregation: way }) => way.type !== 'drop');
    const ways = JSON.stringify(kept.map((view) => view?.aggregation ?? { type: 'default' }));
    const before = this.#all;
    this.#all = kept.map((view, i) => ({
      view,
      store: (ways === this.#ways ? before[i]?.store : undefined) ?? this.#make(view?.aggregation),
    }));
    this.#ways = ways;
  }

  #make(way: Aggregation = { type: 'default' }): Store {
    if (way.type === 'explicit') return bucketStore(way.bounds, way.extremes);
    if (way.type === 'exponential') {
      return exponentialStore(way.maxSize, way.maxScale, way.extremes);
    }
    return way.type === 'sum' ? sumStore() : this.#fallback();
  }

  add(value: number, attributes: Attributes | undefined): void {
    for (const { store } of this.#all) store.add(value, attributes);
  }

  read(): Reading[] {
    if (!this.#told.enabled) return [];
    return this.#all.map(({ view, store }) => this.#told.reading(store.kind, store.points(), view));
  }
}

function makeCounter(told: Told) {
  const stores = new Stores(told, sumStore);
  const instrument: Counter = {
    add: (value, attributes) => {
      if (told.enabled) stores.add(value, attributes);
    },
  };
  return { instrument, read: () => stores.read(), changed: () => stores.changed() };
}

function makeHistogram(told: Told, bounds: readonly number[]) {
  const stores = new Stores(told, () => bucketStore(bounds, true));
  const instrument: Histogram = {
    get enabled() {
      return told.enabled;
    },
    record: (value, attributes) => {
      if (told.enabled) stores.add(value, attributes);
    },
  };
  return { instrument, read: () => stores.read(), changed: () => stores.changed() };
}

type Observe = () => number;

const observedKinds: Readonly<Record<string, ReadingKind>> = {
  observable_counter: 'counter',
  observable_up_down_counter: 'updown',
  observable_gauge: 'gauge',
};

function makeGauge(told: Told) {
  told.views();
  const observers = new Map<string, { attributes: Attributes; observes: Set<Observe> }>();
  const kind = observedKinds[told.identity.type]!;
  const points = (): Point[] => {
    const found: Point[] = [];
    for (const { attributes, observes } of observers.values()) {
      let sum = Number.NaN;
      for (const observe of observes) {
        const value = observe();
        if (!Number.isNaN(value)) sum = Number.isNaN(sum) ? value : sum + value;
      }
      if (!Number.isNaN(sum)) found.push({ attributes, value: sum });
    }
    return found;
  };
  return {
    instrument(observe: Observe, attributes: Attributes): () => void {
      const key = seriesKey(attributes);
      const series = observers.get(key) ?? { attributes, observes: new Set<Observe>() };
      observers.set(key, series);
      series.observes.add(observe);
      return () => {
        series.observes.delete(observe);
        if (series.observes.size === 0 && observers.get(key) === series) observers.delete(key);
      };
    },
    read(): Reading[] {
      if (!told.enabled) return [];
      const views = told.views();
      if (views.length === 0) return [told.reading(kind, points(), undefined)];
      return views.flatMap((view) => observed(told, kind, view, points()));
    },
    changed: () => void told.views(),
  };
}

/** What is observed can be kept in buckets, too: one value a reading. */
function observed(
  told: Told,
  kind: ReadingKind,
  view: View,
  points: readonly Point[],
): readonly Reading[] {
  const way = view.aggregation;
  if (way.type === 'drop') return [];
  if (way.type !== 'explicit' && way.type !== 'exponential') {
    return [told.reading(kind, points, view)];
  }
  const store =
    way.type === 'explicit'
      ? bucketStore(way.bounds, way.extremes)
      : exponentialStore(way.maxSize, way.maxScale, way.extremes);
  for (const { attributes, value } of points) store.add(value, attributes);
  return [told.reading(store.kind, store.points(), view)];
}

import type { Attributes } from '../../component/settings.ts';

const maxSeries = 2000;
const overflow: Attributes = { 'otel.metric.overflow': 'true' };
const none: Attributes = {};

/**
 * The time series of one instrument by their attributes. Attribute objects are remembered, so that
 * a kept object is found without comparing. Beyond 2000 series new ones share one that is marked
 * `otel.metric.overflow`.
 */
export class SeriesTable<T> {
  readonly #byObject = new WeakMap<Attributes, T>();
  readonly #byKey = new Map<string, { attributes: Attributes; value: T }>();
  readonly #create: () => T;

  constructor(create: () => T) {
    this.#create = create;
  }

  get(attributes: Attributes = none): T {
    const known = this.#byObject.get(attributes);
    if (known !== undefined) return known;
    const value = this.#find(attributes);
    this.#byObject.set(attributes, value);
    return value;
  }

  #find(attributes: Attributes): T {
    const key = seriesKey(attributes);
    const found = this.#byKey.get(key);
    if (found !== undefined) return found.value;
    if (this.#byKey.size >= maxSeries && attributes !== overflow) return this.#find(overflow);
    const value = this.#create();
    this.#byKey.set(key, { attributes: { ...attributes }, value });
    return value;
  }

  /** Every series with its attributes. */
  entries(): Iterable<{ readonly attributes: Attributes; readonly value: T }> {
    return this.#byKey.values();
  }
}

/** Equal for attributes with equal names and values in any order. */
export function seriesKey(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

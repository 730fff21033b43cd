import type { SeriesSet } from './series-set.ts';

/** What is counted for one resource. */
export interface ResourceSeries {
  /** Fields of its Resource message: the attributes. */
  readonly fields: Uint8Array;
  /** Series of calls and durations together, or apart when their dimensions differ. */
  readonly calls: SeriesSet;
  /** Undefined = no durations. */
  readonly durations: SeriesSet | undefined;
  /** Undefined = no events. */
  readonly events: SeriesSet | undefined;
  /** Clock.monotonicMs() of the last batch that had it. */
  seenMs: number;
}

/**
 * All that a span_metrics connector knows between two batches. Resources are kept in the order in
 * which they were last used; those that the limit put out stay in `evicted` until an export.
 */
export class SpanMetricsState {
  readonly resources = new Map<string, ResourceSeries>();
  readonly evicted = new Map<string, ResourceSeries>();
  /** Delta: when a series was exported last, ns since 1970, by key, oldest use first. */
  readonly lastTimes = new Map<string, number>();
  /** Whether spans came since the last export. */
  dirty = false;
  /** Of the hashes in the tables. */
  seed: number;
  /** What `collector.instance.id` says. */
  instanceId: string;
  readonly #limit: number;

  /** @param limit resources at most */
  constructor(limit: number, own: { readonly seed: number; readonly instanceId: string }) {
    this.#limit = limit;
    this.seed = own.seed;
    this.instanceId = own.instanceId;
  }

  /** Takes everything out of another state whose series are of the same kind. */
  adopt(other: SpanMetricsState): void {
    this.seed = other.seed;
    this.instanceId = other.instanceId;
    this.dirty = other.dirty;
    for (const [key, resource] of other.evicted) this.evicted.set(key, resource);
    for (const [key, resource] of other.resources) this.put(key, resource);
    for (const [key, ns] of other.lastTimes) this.lastTimes.set(key, ns);
    other.evicted.clear();
    other.resources.clear();
    other.lastTimes.clear();
    other.dirty = false;
  }

  get(key: string): ResourceSeries | undefined {
    const known = this.resources.get(key) ?? this.evicted.get(key);
    if (known !== undefined) this.put(key, known);
    return known;
  }

  put(key: string, resource: ResourceSeries): void {
    this.evicted.delete(key);
    this.resources.delete(key);
    this.resources.set(key, resource);
    if (this.resources.size <= this.#limit) return;
    const [oldest] = this.resources;
    this.evicted.set(...oldest!);
    this.resources.delete(oldest![0]);
  }

  /** Resources to export: those in use, longest unused first, then those that were put out. */
  *all(): Generator<ResourceSeries> {
    yield* this.resources.values();
    yield* this.evicted.values();
  }

  get bytes(): number {
    let sum = 0;
    for (const { fields, calls, durations, events } of this.all()) {
      sum += fields.length + 500 + calls.bytes + (events?.bytes ?? 0);
      if (durations !== undefined && durations !== calls) sum += durations.bytes;
    }
    return sum;
  }
}

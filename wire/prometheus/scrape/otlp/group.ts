import type { ExposedExemplar } from '../exposition.ts';
import type { NativePoint } from '../native.ts';

/** The part of a point that a sample is. */
export type Role = 'value' | 'sum' | 'count' | 'created' | 'bound' | 'native' | 'none';

/** What histograms and summaries have. */
export class Parts {
  hasCount = false;
  hasSum = false;
  count = 0;
  sum = 0;
  /** Upper bounds or quantiles with their values; `width` of them count. */
  readonly bounds: number[] = [];
  readonly values: number[] = [];
  width = 0;
  /** Bounds whose series end: they count where all of the point does. */
  readonly ended: number[] = [];
  native: NativePoint | undefined;

  begin(): void {
    this.hasCount = false;
    this.hasSum = false;
    this.count = 0;
    this.sum = 0;
    this.width = 0;
    this.ended.length = 0;
    this.native = undefined;
  }

  addBound(bound: number, value: number): void {
    const { width } = this;
    if (this.bounds[width] !== bound) this.bounds[width] = bound;
    this.values[width] = value;
    this.width = width + 1;
  }

  /** Puts bounds in order, as they nearly always are. @param stale whether the point ends */
  sortBounds(stale: boolean): void {
    if (stale) for (const bound of this.ended) this.addBound(bound, 0);
    const { bounds, values, width } = this;
    for (let i = 1; i < width; i += 1) {
      const bound = bounds[i]!;
      if (bounds[i - 1]! <= bound) continue;
      const value = values[i]!;
      let at = i;
      for (; at > 0 && bounds[at - 1]! > bound; at -= 1) {
        bounds[at] = bounds[at - 1]!;
        values[at] = values[at - 1]!;
      }
      bounds[at] = bound;
      values[at] = value;
    }
  }
}

/** An exemplar with its time, milliseconds since 1970. */
export interface TimedExemplar {
  readonly exemplar: ExposedExemplar;
  readonly timeMs: number;
}

/** The samples of one point: kept from scrape to scrape, filled anew in each. */
export class Group {
  /** Fields of its attributes: bytes [from, to) of the layout's. */
  readonly from: number;
  readonly to: number;
  /** Of a histogram or summary. */
  readonly parts: Parts | undefined;
  /** Number of the transaction that filled it last. */
  turn = 0;
  timeMs = 0;
  hasValue = false;
  stale = false;
  value = 0;
  /** Seconds since 1970; 0 = not said. */
  created = 0;
  exemplars: TimedExemplar[] | undefined;

  constructor(from: number, to: number, parts: Parts | undefined) {
    this.from = from;
    this.to = to;
    this.parts = parts;
  }

  begin(turn: number, timeMs: number): void {
    this.turn = turn;
    this.timeMs = timeMs;
    this.hasValue = false;
    this.stale = false;
    this.created = 0;
    this.exemplars = undefined;
    this.parts?.begin();
  }

  /** Whether what came makes a point. */
  get isPoint(): boolean {
    return this.parts === undefined ? this.hasValue : this.parts.hasCount;
  }

  /** Takes a sample. @param stale whether its series ends */
  add(role: Role, bound: number, value: number, stale: boolean): void {
    if (role === 'value') {
      this.hasValue = true;
      this.value = value;
      this.stale = stale;
    } else if (role === 'created') this.created = stale ? 0 : value;
    else if (this.parts !== undefined) this.#addPart(this.parts, role, bound, value, stale);
  }

  #addPart(parts: Parts, role: Role, bound: number, value: number, stale: boolean): void {
    if (role === 'bound') {
      if (stale) parts.ended.push(bound);
      else parts.addBound(bound, value);
    } else if (role === 'sum') {
      parts.hasSum = true;
      parts.sum = value;
      this.stale ||= stale;
    } else if (role === 'count') {
      parts.hasCount = true;
      parts.count = value;
      this.stale ||= stale;
    } else if (role === 'native') {
      parts.hasCount = true;
      this.stale = stale;
    }
  }

  addNative(point: NativePoint): void {
    if (this.parts === undefined) return;
    this.parts.native = point;
    this.parts.hasCount = true;
  }

  addExemplar(exemplar: TimedExemplar): void {
    this.exemplars ??= [];
    this.exemplars.push(exemplar);
  }
}

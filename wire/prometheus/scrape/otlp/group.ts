import type { ExposedExemplar } from '../exposition.ts';
import type { NativePoint } from '../native.ts';
import type { PointKind } from './family-of.ts';
import { attributeBytes, type Labels } from './labels.ts';

/** The part of a point that a sample is. */
export type Role = 'value' | 'sum' | 'count' | 'created' | 'bound' | 'native' | 'none';

/** The samples of one point: kept from scrape to scrape, filled anew in each. */
export class Group {
  /** Fields of the point. */
  readonly attributes: Uint8Array;
  /** Number of the transaction that filled it last. */
  turn = 0;
  timeMs = 0;
  hasValue = false;
  hasCount = false;
  hasSum = false;
  stale = false;
  value = 0;
  count = 0;
  sum = 0;
  /** Seconds since 1970; 0 = not said. */
  created = 0;
  /** Upper bounds or quantiles with their values; `width` of them count. */
  readonly bounds: number[] = [];
  readonly values: number[] = [];
  width = 0;
  /** Bounds whose series end: they count where all of the point does. */
  readonly ended: number[] = [];
  native: NativePoint | undefined;
  readonly exemplars: { readonly exemplar: ExposedExemplar; readonly timeMs: number }[] = [];

  constructor(labels: Labels, kind: PointKind) {
    this.attributes = attributeBytes(labels, kind);
  }

  begin(turn: number, timeMs: number): void {
    this.turn = turn;
    this.timeMs = timeMs;
    this.hasValue = false;
    this.hasCount = false;
    this.hasSum = false;
    this.stale = false;
    this.count = 0;
    this.sum = 0;
    this.created = 0;
    this.width = 0;
    this.ended.length = 0;
    this.native = undefined;
    this.exemplars.length = 0;
  }

  /** Takes a sample. @param stale whether its series ends */
  add(role: Role, bound: number, value: number, stale: boolean): void {
    switch (role) {
      case 'value':
        this.hasValue = true;
        this.value = value;
        this.stale = stale;
        return;
      case 'sum':
        this.hasSum = true;
        this.sum = value;
        this.stale ||= stale;
        return;
      case 'count':
        this.hasCount = true;
        this.count = value;
        this.stale ||= stale;
        return;
      case 'created':
        this.created = stale ? 0 : value;
        return;
      case 'bound':
        if (stale) this.ended.push(bound);
        else this.#addBound(bound, value);
        return;
      default:
    }
  }

  #addBound(bound: number, value: number): void {
    this.bounds[this.width] = bound;
    this.values[this.width] = value;
    this.width += 1;
  }

  /** Puts bounds in order, as they nearly always are; with those that end where all does. */
  sortBounds(): void {
    if (this.stale) for (const bound of this.ended) this.#addBound(bound, 0);
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

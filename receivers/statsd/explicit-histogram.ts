import type { Writer } from '../../pdata/proto/writer.ts';
import { wholeField } from '../../pipeline/series/explicit.ts';

/** One histogram with given upper bounds, inclusive and ascending. */
export class ExplicitHistogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;
  #min = 0;
  #max = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  record(value: number, times: number): void {
    this.#min = this.#count === 0 ? value : Math.min(this.#min, value);
    this.#max = this.#count === 0 ? value : Math.max(this.#max, value);
    this.#count += times;
    this.#sum += value * times;
    const found = this.#bounds.findIndex((bound) => value <= bound);
    this.#counts[found < 0 ? this.#bounds.length : found]! += times;
  }

  /** Writes the fields of a HistogramDataPoint but times and attributes. */
  write(w: Writer): void {
    wholeField(w, 4, this.#count);
    w.doubleField(5, this.#sum);
    const counts = w.open(6);
    for (const count of this.#counts) {
      w.fixed64((count % 4294967296) >>> 0, Math.floor(count / 4294967296));
    }
    w.close(counts);
    const bounds = w.open(7);
    for (const bound of this.#bounds) w.double(bound);
    w.close(bounds);
    w.doubleField(11, this.#min);
    w.doubleField(12, this.#max);
  }
}

import type { Writer } from '../../pdata/proto/writer.ts';
import { grown } from '../grown.ts';
import { wholeField } from './explicit.ts';
import { Column } from './table.ts';

/** Trace id, span id. */
const idBytes = 24;

/**
 * Exemplars of the series of a table: up to `limit` of each, forgotten at each flush. A chain per
 * series runs backwards through one pool.
 */
export class Exemplars {
  readonly #limit: number;
  /** Newest exemplar + 1 (0 = none), and how many there are. */
  readonly #chains = new Column(2);
  #ids = new Uint8Array(0);
  #values = new Float64Array(0);
  #before = new Int32Array(0);
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return (
      this.#chains.bytes + this.#ids.length + this.#values.byteLength + this.#before.byteLength
    );
  }

  /** @param traceId first byte of the 16 in `b`; @param spanId first byte of the 8, -1 = none */
  add(series: number, b: Uint8Array, traceId: number, spanId: number, value: number): void {
    this.#chains.open(series);
    const chains = this.#chains.values;
    if (chains[series * 2 + 1]! >= this.#limit) return;
    const at = this.#count;
    if (at === this.#values.length) this.#grow();
    this.#count += 1;
    for (let i = 0; i < 16; i += 1) this.#ids[at * idBytes + i] = b[traceId + i]!;
    for (let i = 0; i < 8; i += 1) {
      this.#ids[at * idBytes + 16 + i] = spanId < 0 ? 0 : b[spanId + i]!;
    }
    this.#values[at] = value;
    this.#before[at] = chains[series * 2]! - 1;
    chains[series * 2] = at + 1;
    chains[series * 2 + 1]! += 1;
  }

  #grow(): void {
    const capacity = Math.max(16, this.#values.length * 2);
    this.#ids = grown(this.#ids, capacity * idBytes);
    this.#values = grown(this.#values, capacity);
    this.#before = grown(this.#before, capacity);
  }

  /**
   * Writes the exemplars of a series as field `field` of its point, oldest first.
   * @param timeNs nanoseconds since 1970
   */
  write(w: Writer, field: number, series: number, timeNs: number): void {
    this.#chains.open(series);
    const order: number[] = [];
    let at = this.#chains.values[series * 2]! - 1;
    for (; at >= 0; at = this.#before[at]!) order.push(at);
    for (const one of order.reverse()) {
      const opened = w.open(field);
      wholeField(w, 2, timeNs);
      w.doubleField(3, this.#values[one]!);
      const id = one * idBytes;
      if (this.#ids.subarray(id + 16, id + 24).some((byte) => byte !== 0)) {
        w.bytesField(4, this.#ids.subarray(id + 16, id + 24));
      }
      w.bytesField(5, this.#ids.subarray(id, id + 16));
      w.close(opened);
    }
  }

  clear(): void {
    this.#chains.values.fill(0);
    this.#count = 0;
  }

  reorder(left: Int32Array): void {
    this.#chains.reorder(left);
  }
}

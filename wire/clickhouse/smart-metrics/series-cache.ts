import { ByteBuffer } from '../byte-buffer.ts';
import { Dictionary } from '../dictionary.ts';

/** Limits of {@link SeriesCache}. */
export interface SeriesLimits {
  /** Series remembered; beyond, all are forgotten and found anew (rows are written again). */
  readonly remembered: number;
  /** Bytes of what they are known by. */
  readonly bytes: number;
}

export const defaultSeriesLimits: SeriesLimits = {
  remembered: 500_000,
  bytes: 128 * 1024 * 1024,
};

const NEVER = -1;

/**
 * What the writer knows of series, by a number that is given at first sight of their bytes. Numbers
 * hold until `makeRoom` forgets them.
 */
export class SeriesCache {
  readonly #limits: SeriesLimits;
  readonly #seen = new Dictionary();
  readonly #heads = new Dictionary();
  readonly #probe = new ByteBuffer(512);
  /** The series that came after each: scrapes come in the same order again and again. */
  #next = new Int32Array(1024);
  #last = 0;
  /** Halves of the id. */
  idLow = new Uint32Array(1024);
  idHigh = new Uint32Array(1024);
  /** Largest scale of its values, 0 to 15. */
  scale = new Uint8Array(1024);
  /** Values in a row that no scale gave. */
  misses = new Uint8Array(1024);
  /** Day whose row of the series is known to be stored. */
  storedDay = new Int32Array(1024).fill(NEVER);
  /** Sealed batch and day whose row of the series is among the rows to be written. */
  batch = new Int32Array(1024).fill(NEVER);
  batchDay = new Int32Array(1024).fill(NEVER);

  constructor(limits: SeriesLimits = defaultSeriesLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Forgets everything where there is too much. To be called between metrics. */
  makeRoom(): void {
    const bytes = this.#seen.content.length + this.#heads.content.length;
    if (this.#seen.size < this.#limits.remembered && bytes < this.#limits.bytes) return;
    this.#seen.reset();
    this.#heads.reset();
    this.#last = 0;
    this.scale.fill(0);
    this.misses.fill(0);
    this.storedDay.fill(NEVER);
    this.batch.fill(NEVER);
  }

  /** The number of what all series of one metric share. */
  head(bytes: ByteBuffer): number {
    return this.#heads.id(bytes.bytes, 0, bytes.length);
  }

  /** Begins to look for a series; attributes follow. */
  begin(head: number): ByteBuffer {
    const probe = this.#probe;
    probe.length = 0;
    probe.u32(head);
    return probe;
  }

  /** The number of the series that `begin` and what was added to its answer make; new: `size`. */
  find(): number {
    const { bytes, length } = this.#probe;
    let found = this.#next[this.#last]!;
    if (!this.#seen.is(found, bytes, 0, length)) {
      found = this.#seen.id(bytes, 0, length);
      if (found === this.idLow.length) this.#grow();
      this.#next[this.#last] = found;
    }
    this.#last = found;
    return found;
  }

  #grow(): void {
    const from = this.idLow.length;
    this.#next = grown(this.#next, new Int32Array(from * 2));
    this.idLow = grown(this.idLow, new Uint32Array(from * 2));
    this.idHigh = grown(this.idHigh, new Uint32Array(from * 2));
    this.scale = grown(this.scale, new Uint8Array(from * 2));
    this.misses = grown(this.misses, new Uint8Array(from * 2));
    this.storedDay = grown(this.storedDay, new Int32Array(from * 2).fill(NEVER));
    this.batch = grown(this.batch, new Int32Array(from * 2).fill(NEVER));
    this.batchDay = grown(this.batchDay, new Int32Array(from * 2).fill(NEVER));
  }
}

function grown<T extends Uint8Array | Int32Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
